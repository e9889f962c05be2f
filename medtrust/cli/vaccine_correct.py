"""Corrections: what a clinic, its heir or the authority withdraws or corrects, and what a holder disputes."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, open_suite, organisation, receipt_answer, when
from medtrust.cli.vaccine_options import CertificateArgument, HolderKeyOption, read_certificate
from medtrust.holder import find_key
from medtrust.reasons import committed
from medtrust.types import ZERO_HASH
from medtrust.wallet import from_key

__all__ = ["amend", "dispute", "enter_in_error", "heir", "revoke"]

WhyOption = Annotated[str, typer.Option("--why", help="In words; only a salted hash of it reaches the chain.")]


def revoke(
    certificate: CertificateArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Withdraw the dose of a certificate for ever, as its issuer, its heir or the authority of its jurisdiction."""
    given = read_certificate(certificate)
    receipt = open_suite(chain, as_).vaccination.revoke(given.organisation, given.root, given.dose.index)
    receipt_answer(receipt, f"withdrew dose {given.dose.index} of the batch 0x{given.root.hex()}", as_json=json_)


def enter_in_error(
    certificate: CertificateArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Withdraw a dose that was never given as recorded, for ever; it reads REVOKED, entered in error."""
    given = read_certificate(certificate)
    receipt = open_suite(chain, as_).vaccination.enter_in_error(given.organisation, given.root, given.dose.index)
    text = f"dose {given.dose.index} of the batch 0x{given.root.hex()} was entered in error"
    receipt_answer(receipt, text, as_json=json_)


def amend(
    certificate: CertificateArgument,
    correction: Annotated[str, typer.Argument(help="The certificate of the dose that takes its place.")],
    why: WhyOption = "",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Let another dose, anchored before, take the place of a dose for ever, as its issuer or the issuer's heir."""
    old, new = read_certificate(certificate), read_certificate(correction)
    salt, reason = committed(why) if why else (ZERO_HASH, ZERO_HASH)
    receipt = open_suite(chain, as_).vaccination.amend(old, new, reason=reason)
    text = f"dose 0x{new.dose_id.hex()} took the place of 0x{old.dose_id.hex()}; keep the salt 0x{salt.hex()}"
    receipt_answer(receipt, text, as_json=json_, old=old.dose_id, successor=new.dose_id, salt=salt)


def dispute(
    certificate: CertificateArgument,
    why: WhyOption = "",
    holder_key: HolderKeyOption = None,
    sender: Annotated[str | None, typer.Option(help="Who sends and pays for what the holder signs.")] = None,
    until: Annotated[
        str, typer.Option(help="Last moment in which it may be sent: a date, or +N with s, h, d.")
    ] = "+1h",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Say, as its holder, that a dose is recorded wrongly; signed, and sent by --sender, a holder needs no ETH."""
    given = read_certificate(certificate)
    salt, statement = committed(why) if why else (ZERO_HASH, ZERO_HASH)
    suite = open_suite(chain, as_)
    holder, dose = given.dose.holder, given.dose_id
    if sender is None and holder_key is None:
        receipt = suite.vaccination.dispute(holder, dose, statement=statement)
    else:
        signer = suite.acting_as(from_key("0x" + find_key(given, as_, holder_key).hex())).vaccination
        deadline = when(until, suite.chain, default=0)
        signed = signer.sign_dispute(holder, dose, deadline=deadline, statement=statement)
        receipt = suite.acting_as(sender or as_).vaccination.send_dispute(signed)
    text = f"dose 0x{dose.hex()} reads DISPUTED from now on; keep the salt 0x{salt.hex()}"
    receipt_answer(receipt, text, as_json=json_, dose=dose, salt=salt)


def heir(
    identifier: Annotated[str, typer.Argument(help="The organisation: its identifier, id, or sandbox name.")],
    successor: Annotated[str, typer.Argument(help="The organisation that took over its work, or none.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Say, as the authority, which organisation corrects and withdraws the doses of another from now on."""
    named = ZERO_HASH if successor == "none" else organisation(successor)
    receipt = open_suite(chain, as_).vaccination.name_heir(organisation(identifier), named)
    receipt_answer(receipt, f"the heir of {identifier} is {successor}", as_json=json_)
