"""Consent in Python: statements, receipts as files, and the command line."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import fields, replace

import pytest

from medtrust import cli
from medtrust.consent import Confidentiality, Consent, DataClass, Facts, Purpose, Terms, decide
from medtrust.consent_receipt import from_json, read_receipt, to_json, write_receipt
from medtrust.consent_terms import CONSENT, REVOKE, REVOKE_ALL, REVOKE_ALL_OF, flags_of, level_of, names_of
from medtrust.deploy import AddressBook
from medtrust.errors import InputError
from medtrust.types import ZERO_HASH, name_hash
from tests.consents import WARD, give_ether, patient_client, valid_consent, valid_request
from tests.world import FAR, ORGANISATIONS, USA

TERMS_TYPE = (
    "Terms(uint32 purposes,uint32 dataClasses,uint8 sensitivity,uint16 jurisdiction,bytes32 facility,uint64 dataFrom,"
    "uint64 dataUntil,bool onward,bytes32 parent,bytes32 document,bytes32 salt)"
)


@pytest.fixture
def receipt(world):
    """A consent that the patient signed."""
    return world.acting_as(world.patient).consent.sign(valid_consent(world))


class TestStatements:
    """
    given each statement -> it has the EIP-712 type that wallets show
    given a consent      -> every field counts in its id
    """

    def test_have_their_types(self):
        assert CONSENT.type_string == (
            "Consent(address patient,bytes32 grantee,uint64 accessFrom,uint64 accessUntil,uint32 maxUses,uint64 epoch,"
            f"Terms terms){TERMS_TYPE}"
        )
        assert REVOKE.type_string == "Revoke(address patient,bytes32 consent,uint64 deadline)"
        assert REVOKE_ALL.type_string == "RevokeAll(address patient,uint64 epoch,uint64 deadline)"
        assert REVOKE_ALL_OF.type_string == (
            "RevokeAllOf(address patient,bytes32 grantee,uint64 epoch,uint64 deadline)"
        )

    def test_every_field_counts(self, receipt, stranger):
        consent = receipt.consent
        changed = [_other(consent, one.name, stranger.address) for one in fields(Consent) if one.name != "terms"]
        changed += [replace(consent, terms=_other(consent.terms, one.name, stranger.address)) for one in fields(Terms)]

        assert len({consent.id, *(one.id for one in changed)}) == 1 + 6 + 11


class TestFits:
    """
    given a number beyond its type, a short hash, an address without its checksum -> raises InputError with the field
    """

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"access_until": 1 << 64}, "consent.accessUntil"),
            ({"max_uses": -1}, "consent.maxUses"),
            ({"grantee": b"\x01"}, "consent.grantee"),
            ({"patient": "0x" + "ab" * 20}, "consent.patient"),
            ({"patient": "nobody"}, "consent.patient"),
        ],
    )
    def test_refuses_a_consent(self, receipt, change, place):
        with pytest.raises(InputError) as caught:
            replace(receipt.consent, **change)
        assert caught.value.place == place

    @pytest.mark.parametrize(
        ("change", "place"),
        [({"jurisdiction": 1 << 16}, "terms.jurisdiction"), ({"salt": bytes(31)}, "terms.salt")],
    )
    def test_refuses_terms(self, receipt, change, place):
        with pytest.raises(InputError) as caught:
            replace(receipt.consent.terms, **change)
        assert caught.value.place == place

    def test_refuses_a_request(self, world):
        with pytest.raises(InputError) as caught:
            valid_request(world, data_at=-1)
        assert caught.value.place == "request.dataAt"


class TestNames:
    """
    given names in any case, with spaces and dashes -> reads them; what it reads it writes
    given a name that is none                       -> raises InputError that lists those that are
    """

    def test_reads_what_it_writes(self):
        assert flags_of(DataClass, " vital-signs,Claim ", place="x") == DataClass.VITAL_SIGNS | DataClass.CLAIM
        assert names_of(Purpose.HPAYMT | Purpose.TREAT) == ["TREAT", "HPAYMT"]
        assert level_of("r", place="x") is Confidentiality.R

    @pytest.mark.parametrize("name", ["", "treatment", "TREAT HPAYMT", "1"])
    def test_refuses_other_names(self, name):
        with pytest.raises(InputError) as caught:
            flags_of(Purpose, name, place="--purpose")
        assert caught.value.place == "--purpose"
        assert "TREAT, ETREAT" in caught.value.expected

    @pytest.mark.parametrize("code", ["", "X", "4"])
    def test_refuses_other_labels(self, code):
        with pytest.raises(InputError) as caught:
            level_of(code, place="--sensitivity")
        assert caught.value.expected == "one of U, L, M, N, R, V"


class TestDraft:
    """
    given a signer -> a consent of that patient for the epoch of now, with a salt of its own each time
    given none     -> raises InputError
    """

    def test_writes_for_the_epoch_of_now(self, world):
        client = patient_client(world)
        client.revoke_all()
        drafts = [client.draft(world.hospital, Purpose.TREAT, DataClass.CLAIM, until=FAR) for _ in range(2)]

        assert drafts[0].patient == world.patient.address
        assert drafts[0].epoch == 1 << 32
        assert drafts[0].terms.salt != drafts[1].terms.salt
        client.grant(drafts[0])
        assert client.record_of(world.patient.address, drafts[0].id).granted_at > 0

    def test_needs_a_signer(self, world):
        with pytest.raises(InputError):
            world.suite.acting_as(None).consent.draft(world.hospital, Purpose.TREAT, DataClass.CLAIM, until=FAR)

    def test_signs_for_its_own_signer_alone(self, world, attacker):
        with pytest.raises(InputError) as caught:
            world.acting_as("attacker").consent.sign(valid_consent(world))
        assert caught.value.found == attacker.address


class TestReceipt:
    """
    given a receipt
      when it is written and read -> the same; codes stand there by name; its owner alone can read it
      when any field is changed   -> raises InputError: the id is that of another consent
      when a field is missing or of another kind -> raises InputError with the file and the field
    given its signature           -> genuine; not for another deployment, nor with another field
    """

    def test_comes_back_as_it_was(self, receipt, tmp_path):
        file = tmp_path / "consent.json"
        write_receipt(file, receipt)
        written = json.loads(file.read_text(encoding="utf-8"))

        assert read_receipt(file) == receipt
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert written["consent"]["terms"]["purposes"] == ["TREAT", "HPAYMT"]
        assert written["consent"]["terms"]["dataClasses"] == ["MEDICATION", "LABORATORY"]
        assert written["consent"]["terms"]["sensitivity"] == "N"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("accessUntil", FAR),
            ("epoch", 1),
            ("terms.purposes", ["HMARKT"]),
            ("terms.sensitivity", "V"),
            ("terms.onward", True),
        ],
    )
    def test_refuses_a_changed_one(self, receipt, field, value):
        raw = to_json(receipt)
        inner, _, name = field.rpartition(".")
        (raw["consent"][inner] if inner else raw["consent"])[name] = value
        with pytest.raises(InputError) as caught:
            from_json(raw)
        assert caught.value.place == "receipt.id"

    @pytest.mark.parametrize(
        ("path", "value", "place"),
        [
            (("format",), "consent/2", "receipt.format"),
            (("consent",), None, "receipt.consent"),
            (("consent", "maxUses"), "2", "consent.maxUses"),
            (("consent", "epoch"), True, "consent.epoch"),
            (("consent", "accessFrom"), -1, "consent.accessFrom"),
            (("consent", "patient"), "0x12", "consent.patient"),
            (("consent", "terms", "purposes"), [], "terms.purposes"),
            (("consent", "terms", "purposes"), ["MAGIC"], "terms.purposes"),
            (("consent", "terms", "salt"), "0x12", "terms.salt"),
            (("signature",), "0xzz", "receipt.signature"),
            (("domain", "chainId"), "1", "domain.chainId"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, receipt, tmp_path, path, value, place):
        raw = to_json(receipt)
        *outer, name = path
        target = raw
        for one in outer:
            target = target[one]
        target[name] = value
        file = tmp_path / "consent.json"
        file.write_text(json.dumps(raw), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_receipt(file)
        assert (caught.value.file, caught.value.place) == (str(file), place)

    def test_knows_a_genuine_signature(self, receipt):
        elsewhere = replace(receipt.domain, chain_id=receipt.domain.chain_id + 1)

        assert receipt.is_genuine
        assert not replace(receipt, domain=elsewhere).is_genuine
        assert not replace(receipt, consent=replace(receipt.consent, epoch=1)).is_genuine
        assert not replace(receipt, signature=receipt.signature[:64]).is_genuine


class TestHistory:
    """
    given grants, a use and revocations -> all of this patient, oldest first, and of no other
    given it                            -> what the chain stores, and each verdict of the past, can be computed from it
    """

    def test_tells_everything_in_its_order(self, world, receipt, stranger):
        client = patient_client(world)
        request = valid_request(world)
        world.acting_as("relayer").consent.grant_by_sig(receipt)
        world.acting_as("stranger").consent.grant(valid_consent(world, patient=stranger.address))
        world.chain.mine(seconds=100)
        used = world.acting_as("hospital").consent.use(receipt.consent, request.commitment(WARD)).at
        client.revoke_all_of(world.clinic)
        world.chain.mine(seconds=100)
        client.revoke_all_of(world.hospital)
        client.revoke_all()
        client.revoke(receipt.id)
        world.chain.mine(seconds=100)
        history = client.history(world.patient.address)

        assert [event.name for event in history] == [
            "ConsentGranted",
            "ConsentUsed",
            "GranteeConsentsRevoked",
            "GranteeConsentsRevoked",
            "ConsentsRevoked",
            "ConsentRevoked",
        ]
        assert history[1].values["requestCommitment"] == request.commitment(WARD) != request.commitment(ZERO_HASH)
        facts = Facts(
            record=client.record_of(world.patient.address, receipt.id),
            ends=client.ends_of(world.patient.address),
            grantee_ends=client.ends_of(world.patient.address, world.hospital),
            jurisdiction=USA,
        )
        for at in (used - 200, used, world.chain.now() - 1):
            assert decide(receipt.consent, request, facts, now=world.chain.now(), at=at) == client.check_at(
                receipt.consent, request, at
            )
        stored = {"grantedAt": facts.record.granted_at, "usedAt": used, "uses": 1, "revokedAt": facts.record.revoked_at}
        told = {name: value for event in history for name, value in event.values.items() if name in stored}
        assert told == stored


@pytest.fixture
def medtrust(world, tmp_path, capsys, monkeypatch):
    """Run a command of the world's chain in this process: (exit code, what it printed as JSON)."""
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path))
    monkeypatch.setenv("MEDTRUST_KEY", world.patient.key.hex())
    book = AddressBook(world.chain.id, tmp_path)
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))

    def go(*words):
        monkeypatch.setattr(sys, "argv", ["medtrust", "consent", *words, "--chain", world.chain.target, "--json"])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return code, json.loads(capsys.readouterr().out)

    return go


class TestCommands:
    """
    given a patient without ETH
      when signed, granted by another, asked, revoked and asked again -> each command says what happened, and in time
      the one thing that refuses, with exit 1
      when everything is revoked through another                      -> the epoch advances
    given a patient with ETH -> revokes alone
    given a value that does not fit -> exit 2, with the field
    """

    HOSPITAL = ORGANISATIONS["hospital"].identifier

    def _sign(self, medtrust, file, *more):
        return medtrust(
            "sign", self.HOSPITAL, file, "--purpose", "treat", "--class", "immunization", "--until", "+10d", *more
        )

    @staticmethod
    def _check(medtrust, file, *more):
        code, told = medtrust("check", file, "--actor", "hospital", "--class", "immunization", *more)
        return code, told["reason"]

    def test_tell_the_story_of_a_consent(self, medtrust, world, tmp_path):
        file = str(tmp_path / "receipt.json")
        code, signed = self._sign(medtrust, file, "--uses", "3", "--facility", "ward 3", "--jurisdiction", "840")
        assert code == 0
        ask = ("--facility", "ward 3", "--purpose")
        assert self._check(medtrust, file, *ask, "treat") == (0, "NONE")
        assert self._check(medtrust, file, *ask, "hmarkt") == (1, "PURPOSE")
        assert self._check(medtrust, file, *ask, "treat", "--sensitivity", "R") == (1, "SENSITIVITY")
        assert self._check(medtrust, file, *ask, "treat", "--jurisdiction", "156") == (1, "JURISDICTION")
        assert self._check(medtrust, file, "--purpose", "treat") == (1, "FACILITY")
        assert self._check(medtrust, file, *ask, "treat", "--for", "urn:gs1:gln:0614141000012") == (1, "ORGANISATION")

        code, granted = medtrust("grant", file, "--as", "relayer")
        assert (code, granted["consent"]) == (0, signed["id"])
        assert [event["event"] for event in granted["events"]] == ["ConsentGranted"]
        assert medtrust("grant", file, "--as", "relayer")[1]["events"] == []
        granted_at = granted["at"]
        world.chain.mine(seconds=100)

        code, revoked = medtrust("revoke", file, "--sender", "relayer")
        assert (code, [event["event"] for event in revoked["events"]]) == (0, ["ConsentRevoked"])
        assert self._check(medtrust, file, *ask, "treat") == (1, "REVOKED")
        assert self._check(medtrust, file, *ask, "treat", "--at", str(granted_at)) == (0, "NONE")
        code, shown = medtrust("show", file)
        assert (code, shown["record"]["grantedAt"], shown["record"]["uses"]) == (0, granted_at, 0)
        code, history = medtrust("history", world.patient.address)
        assert (code, [event["event"] for event in history]) == (0, ["ConsentGranted", "ConsentRevoked"])

    @pytest.mark.parametrize("grantee", [(), (HOSPITAL,)])
    @pytest.mark.parametrize("sender", [(), ("--sender", "relayer")])
    def test_revoke_everything(self, medtrust, world, tmp_path, grantee, sender):
        if not sender:
            give_ether(world, world.patient.address)
        file = str(tmp_path / "receipt.json")
        self._sign(medtrust, file)
        code, done = medtrust("revoke-all", *grantee, *sender)

        assert (code, len(done["events"])) == (0, 1)
        assert self._check(medtrust, file, "--purpose", "treat") == (1, "EPOCH")

    def test_revoke_alone_with_ether(self, medtrust, world, tmp_path):
        give_ether(world, world.patient.address)
        _, signed = self._sign(medtrust, str(tmp_path / "receipt.json"))
        code, done = medtrust("revoke", signed["id"])

        assert (code, done["events"][0]["consent"]) == (0, signed["id"])

    @pytest.mark.parametrize(
        ("words", "place"),
        [
            (("--jurisdiction", "70000"), "terms.jurisdiction"),
            (("--sensitivity", "X"), "--sensitivity"),
            (("--facility", "0x12"), "--facility"),
        ],
    )
    def test_name_the_value_that_does_not_fit(self, medtrust, tmp_path, words, place):
        code, told = self._sign(medtrust, str(tmp_path / "receipt.json"), *words)

        assert (code, told["place"]) == (2, place)
        assert not (tmp_path / "receipt.json").exists()


def _other(value: Consent | Terms, field: str, address: str):
    """The same with one field changed."""
    old = getattr(value, field)
    new = {bool: lambda: not old, int: lambda: old + 1, bytes: lambda: name_hash("another"), str: lambda: address}
    return replace(
        value, **{field: new[bool if isinstance(old, bool) else int if isinstance(old, int) else type(old)]()}
    )
