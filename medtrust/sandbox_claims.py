"""The sample visit in the sandbox: what must have happened before an act is done first, if it has not; for scripts."""

from __future__ import annotations

import json
from typing import Final

from medtrust import samples
from medtrust.accreditation import Role
from medtrust.billing import Billing, Filed, read_bills
from medtrust.money import parse_amount
from medtrust.plan import Plan, Policy
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS, connect
from medtrust.visit import Visit

__all__ = ["FUNDS", "filed", "insured", "published", "waiting"]

FUNDS: Final = "10000.00"
"""What the insurer brings into its account, in coins."""

_MEMBER: Final = "0x000000000000000000000000000000000000bEEF"
_FROM, _UNTIL = 1_767_225_600, 1_798_761_600
_DAY: Final = 86_400


def published() -> Plan:
    """Publish the sample plan as the insurer."""
    plan, _ = Billing(connect("insurer")).publish(json.loads(samples.read("plan.json")))
    return plan


def insured() -> Policy:
    """Enrol the sample's patient for 2026; the insurer's account is open and holds money, the clinic has a payee."""
    insurer = connect("insurer")
    policy = Policy(published().id, _MEMBER, _FROM, _UNTIL)
    account = insurer.pool.account_of(ORGANISATIONS["insurer"].id)
    if account is None or account.free == 0:
        amount = parse_amount(FUNDS, insurer.token.decimals())
        insurer.token.mint(insurer.signer_address, amount)
        Billing(insurer).fund(ORGANISATIONS["insurer"].id, amount)
    Billing(insurer).enrol(policy)
    clinic = connect("clinic")
    if not clinic.pool.payee_of(ORGANISATIONS["clinic"].id).account:
        clinic.pool.name_payee(ORGANISATIONS["clinic"].id, clinic.signer_address)
    return policy


def filed(data: bytes | None = None, name: str = "visit_claim.json") -> Filed:
    """Record the first visit in `data`, or the sample's, as the clinic; one that stands already is not sent again."""
    policy = insured()
    clinic = Billing(connect("clinic"))
    identifier = ORGANISATIONS["clinic"].identifier
    key = registry_key(identifier)
    bill = read_bills(data or samples.read(name), name=name, key=key, organisation=identifier)[0]
    visit = clinic.visit(bill, {"": policy.id}, key=key)
    chain = clinic.suite.chain
    if chain.is_local and chain.now() < visit.served_at:
        chain.travel(visit.served_at + _DAY)
    return clinic.file([visit], Role.HOSPITAL)[0]


def waiting() -> list[Visit]:
    """List the recorded visits whose claims are not settled."""
    suite = connect("clinic")
    return [visit for visit in suite.visits.recorded() if Billing(suite).explain(visit).waits_for]
