"""Suite: one object for one chain, and who acts."""

from __future__ import annotations

import pytest

from medtrust import Suite, wallet
from medtrust.accreditation import AccreditationClient, Role
from medtrust.deploy import PLAN, AddressBook
from medtrust.errors import ChainUnreachable, InputError, NotDeployed, Reverted
from medtrust.files import write_json
from medtrust.suite import find_target
from tests.world import FAR

CLIENTS = {
    "accreditation": "AccreditationRegistry",
    "consent": "ConsentRegistry",
    "drugs": "DrugProvenance",
    "emergency": "EmergencyAccess",
    "insurance": "InsuranceClaims",
    "patients": "PatientRegistry",
    "pool": "InsurancePool",
    "records": "RecordExchange",
    "token": "token",
    "vaccination": "VaccinationRegistry",
    "visits": "VisitRegistry",
}


@pytest.fixture
def deployments(world, tmp_path):
    book = AddressBook(world.chain.id, tmp_path)
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    return tmp_path


@pytest.fixture
def target(session_node):
    return session_node.url


class TestConnect:
    """
    given a URL and the folder of the books -> every contract can be called, and each client is made once
    given nobody there                      -> ChainUnreachable
    given a folder without a book           -> NotDeployed at the first contract
    given a signer as name, key, account, nothing -> who signs
    given a name that is none               -> InputError
    """

    @pytest.mark.parametrize(("client", "contract"), CLIENTS.items())
    def test_reaches_every_contract(self, target, deployments, world, client, contract):
        suite = Suite.connect(target, deployments=deployments)
        found = getattr(suite, client)
        assert found.address == world.address(contract)
        assert found.first_block == world.suite.book.get(contract).block
        assert getattr(suite, client) is found

    def test_has_a_client_for_every_contract(self):
        assert set(CLIENTS.values()) == {"token", *(step.contract for step in PLAN)}

    def test_refuses_where_nobody_is(self, deployments):
        with pytest.raises(ChainUnreachable):
            Suite.connect("http://127.0.0.1:9", deployments=deployments)

    def test_refuses_a_folder_without_a_book(self, target, tmp_path):
        suite = Suite.connect(target, deployments=tmp_path / "empty")
        with pytest.raises(NotDeployed, match="names no AccreditationRegistry"):
            suite.accreditation  # noqa: B018

    @pytest.mark.parametrize("signer", ["authority", wallet.role("authority"), wallet.role("authority").key.hex()])
    def test_signs_as_told(self, target, deployments, world, signer):
        signer = "0x" + signer if isinstance(signer, str) and len(signer) == 64 else signer
        suite = Suite.connect(target, signer=signer, deployments=deployments)
        receipt = suite.accreditation.accredit(world.clinic, Role.INSURER, until=FAR)
        assert receipt.event("RoleAccredited").values["role"] == Role.INSURER
        assert world.suite.accreditation.is_accredited(world.clinic, Role.INSURER)

    def test_reads_without_a_signer_and_does_not_write(self, target, deployments, world, monkeypatch):
        monkeypatch.delenv("MEDTRUST_KEY", raising=False)
        suite = Suite.connect(target, deployments=deployments)
        assert suite.accreditation.is_accredited(world.clinic, Role.HOSPITAL)
        with pytest.raises(InputError, match="an account that signs"):
            suite.accreditation.accredit(world.clinic, Role.INSURER, until=FAR)

    @pytest.mark.parametrize("signer", ["nobody", "0x12"])
    def test_refuses_a_signer_that_is_none(self, target, deployments, signer):
        with pytest.raises(InputError):
            Suite.connect(target, signer=signer, deployments=deployments)


class TestActingAs:
    """given another signer -> a copy that signs as that one; the first is as it was"""

    def test_copies(self, target, deployments, world, hospital, attacker):
        mine = Suite.connect(target, signer="authority", deployments=deployments)
        theirs = mine.acting_as("attacker")
        with pytest.raises(Reverted) as caught:
            theirs.accreditation.accredit(world.clinic, Role.INSURER, until=FAR)
        assert caught.value.values["caller"] == attacker.address
        assert mine.accreditation.accredit(world.clinic, Role.INSURER, until=FAR).block

    def test_copies_a_client(self, world, attacker):
        client = world.suite.accreditation
        other = client.acting_as(attacker)
        assert type(other) is AccreditationClient
        assert (other.address, other.first_block) == (client.address, client.first_block)
        assert client.signer is not attacker


class TestTarget:
    """
    given "local" and a chain that `medtrust up` started -> that one
    given "local" and none                               -> port 8545
    given "local" and what `medtrust up` left is broken  -> InputError with the file
    given anything else                                  -> itself
    """

    def test_finds_what_is_up(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        assert find_target("local") == "http://127.0.0.1:8545"
        write_json(tmp_path / "local.json", {"target": "somewhere"})
        assert find_target("local") == "somewhere"
        assert find_target("http://other:1") == "http://other:1"

    def test_refuses_what_is_broken(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        (tmp_path / "local.json").write_text("{")
        with pytest.raises(InputError) as caught:
            find_target("local")
        assert caught.value.file == str(tmp_path / "local.json")
