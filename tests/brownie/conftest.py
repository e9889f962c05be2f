"""Who takes part, and what stands before each test, in Brownie's own fixtures; what a test does is undone after it."""

from __future__ import annotations

import brownie
import pytest

from medtrust.types import ZERO_HASH, organisation_id

USA = 840
DOLLAR = 10**6
"""In the smallest unit of the token."""
FAR = 4_000_000_000
"""A time beyond every test (Unix seconds)."""

ROLES = (
    "steward",
    "authority",
    "hospital",
    "maker",
    "wholesaler",
    "pharmacy",
    "insurer",
    "regulator",
    "patient",
    "attacker",
)


def _account(place):
    @pytest.fixture(scope="session")
    def account(accounts):
        return accounts[place]

    return account


for _place, _name in enumerate(ROLES):
    globals()[_name] = _account(_place)


@pytest.fixture(scope="module", autouse=True)
def _each_module_starts_anew(module_isolation):
    pass


@pytest.fixture(autouse=True)
def _each_test_is_undone(fn_isolation):
    pass


def _decoded(value):
    if hasattr(value, "address"):
        return value.address.lower()
    return str(bytes(value) if isinstance(value, bytes) else value)  # its hex strings are bytes that print as hex


@pytest.fixture(scope="session")
def reverts():
    """Expect a custom error by name and with all its values, as Brownie decodes them."""

    def expect(error, *values):
        return brownie.reverts(f"{error}: {', '.join(map(_decoded, values))}")

    return expect


@pytest.fixture(scope="module")
def accreditation(AccreditationRegistry, steward, authority):
    """The registry with one jurisdiction."""
    registry = steward.deploy(AccreditationRegistry, steward)
    registry.openJurisdiction(USA, authority, {"from": steward})
    return registry


@pytest.fixture(scope="module")
def accredit(accreditation, authority):
    """Register an organisation whose administrator and signer is `account`, with these roles; return its id."""

    def register(account, *roles):
        organisation = organisation_id(f"urn:example:organisation:{account.address.lower()}")
        accreditation.register(organisation, USA, account, FAR, {"from": authority})
        for role in roles:
            accreditation.accredit(organisation, role, FAR, {"from": authority})
        accreditation.addSigner(organisation, account, sum(roles), FAR, ZERO_HASH, {"from": account})
        return organisation

    return register


@pytest.fixture(scope="module")
def provenance(DrugProvenance, accreditation, patients, steward):
    """The registry of medicines, with nothing in it."""
    return steward.deploy(DrugProvenance, accreditation, patients)


@pytest.fixture(scope="module")
def patients(PatientRegistry, accreditation, steward):
    """The registry of patients, with nothing in it."""
    return steward.deploy(PatientRegistry, accreditation)


@pytest.fixture(scope="module")
def vaccination(VaccinationRegistry, accreditation, provenance, patients, steward):
    """The registry of doses, with nothing in it."""
    return steward.deploy(VaccinationRegistry, accreditation, provenance, patients)


@pytest.fixture(scope="module")
def consents(ConsentRegistry, accreditation, patients, steward):
    """The registry of consents, with nothing in it."""
    return steward.deploy(ConsentRegistry, accreditation, patients)


@pytest.fixture(scope="module")
def emergencies(EmergencyAccess, accreditation, patients, steward):
    """Where data are opened in emergencies, with nothing in it."""
    return steward.deploy(EmergencyAccess, accreditation, patients)


@pytest.fixture(scope="module")
def exchange(RecordExchange, accreditation, steward):
    """The exchange of records, with nothing in it."""
    return steward.deploy(RecordExchange, accreditation)


@pytest.fixture(scope="module")
def token(Stablecoin, insurer):
    """The money, of which the insurer has a million and has left it to nobody yet."""
    money = insurer.deploy(Stablecoin)
    money.mint(insurer, 1_000_000 * DOLLAR, {"from": insurer})
    return money


@pytest.fixture(scope="module")
def pool(InsurancePool, accreditation, token, steward):
    """The pool, with no account in it."""
    return steward.deploy(InsurancePool, accreditation, token)


@pytest.fixture(scope="module")
def visits(VisitRegistry, accreditation, patients, steward):
    """The registry of visits, with nothing in it."""
    return steward.deploy(VisitRegistry, accreditation, patients)


@pytest.fixture(scope="module")
def claims(InsuranceClaims, accreditation, patients, visits, pool, steward):
    """What decides about visits, with no plan in it."""
    return steward.deploy(InsuranceClaims, accreditation, patients, visits, pool)
