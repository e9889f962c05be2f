"""Commands about consents: letters of how they stand, what an organisation answers, lines, and guardians."""

from __future__ import annotations

import json

import pytest

from medtrust import wallet
from medtrust.consent import DataClass, Purpose
from medtrust.consent_receipt import read_receipt
from medtrust.patients import Scope
from tests.world import ORGANISATIONS

HOSPITAL = ORGANISATIONS["hospital"].identifier
PARENT = "stranger"
CHILD = "insurer"


@pytest.fixture
def sign(as_json):
    """Sign a consent of the doctor's account to the hospital; returns what is printed."""

    def go(file, *more, grantee="hospital", purpose="treat"):
        words = (
            "--purpose",
            purpose,
            "--class",
            "laboratory,sexual_health",
            "--until",
            2_000_000_000,
            "--as",
            "doctor",
        )
        code, told = as_json("consent", "sign", grantee, file, *words, *more)
        assert code == 0, told
        return told

    return go


@pytest.fixture
def ask(as_json):
    """Ask whether a consent lets the hospital at a class; returns (exit code, reason)."""

    def go(file, *more, data_class="laboratory", actor="hospital"):
        words = ("--actor", actor, "--purpose", "treat", "--class", data_class)
        code, told = as_json("consent", "check", file, *words, *more)
        return code, told["reason"]

    return go


class TestAnswers:
    """
    given terms that must be accepted first
      when the organisation has not          -> NOT_ACCEPTED, exit 1
      when it accepts in words               -> permitted; a salted hash of them is on the chain, the salt is printed
      when it answers again, either way      -> exit 4, AlreadyAnswered
    given any consent that it declines       -> DECLINED
    when another accepts                     -> exit 4, NotAuthorised
    """

    def test_accepts_before_it_reads(self, sign, ask, as_json):
        sign("bound.json", purpose="treat,obligation")
        assert ask("bound.json") == (1, "NOT_ACCEPTED")
        code, told = as_json("consent", "accept", "bound.json", "--to", "destroyed after a year", "--as", "hospital")
        (event,) = told["events"]
        assert (code, event["event"], event["consent"]) == (0, "ConsentAccepted", told["consent"])
        assert len(told["salt"]) == 66
        assert event["obligations"] not in ("0x" + "00" * 32, told["salt"])
        assert ask("bound.json") == (0, "NONE")
        for act in ("accept", "decline"):
            code, refused = as_json("consent", act, "bound.json", "--as", "hospital")
            assert (code, refused["error"], refused["values"]["consent"]) == (4, "AlreadyAnswered", told["consent"])

    def test_declines(self, sign, ask, as_json):
        sign("consent.json")
        assert ask("consent.json") == (0, "NONE")
        code, told = as_json("consent", "decline", "consent.json", "--as", "hospital")
        assert (code, [event["event"] for event in told["events"]]) == (0, ["ConsentDeclined"])
        assert ask("consent.json") == (1, "DECLINED")

    @pytest.mark.parametrize("act", ["accept", "decline"])
    def test_reverts_when_it_is_another(self, sign, as_json, attacker, act):
        sign("consent.json")
        code, told = as_json("consent", act, "consent.json", "--as", "attacker")
        assert (code, told["error"], told["values"]["signer"]) == (4, "NotAuthorised", attacker.address)


class TestUse:
    """
    given a consent for one use -> recorded once, with the request as a salted hash; then USES, and exit 4
    when it was only signed     -> exit 4, NotGranted
    """

    USE = ("--purpose", "treat", "--class", "laboratory", "--as", "hospital")

    def test_counts(self, sign, ask, as_json):
        sign("once.json", "--uses", 1)
        code, told = as_json("consent", "use", "once.json", *self.USE)
        assert (code, told["error"]) == (4, "NotGranted")
        as_json("consent", "grant", "once.json", "--as", "relayer")
        code, told = as_json("consent", "use", "once.json", *self.USE)
        assert (code, told["uses"], told["events"][0]["event"]) == (0, 1, "ConsentUsed")
        assert (told["request"]["actor"], told["request"]["purpose"]) == (wallet.role("hospital").address, 1)
        assert ask("once.json") == (1, "USES")
        code, told = as_json("consent", "use", "once.json", *self.USE)
        assert (code, told["error"], told["values"]) == (4, "UsesExhausted", {"maxUses": 1})


class TestLine:
    """
    given a consent that stands on another -> permitted where both are shown; alone, PARENT
      when the parent is revoked           -> REVOKED, which the answer says of the parent
    """

    def test_is_asked_with_its_parent(self, sign, ask, as_json):
        parent = sign("parent.json", "--onward")
        child = sign("child.json", "--parent", "parent.json", "--until", 1_900_000_000, grantee="clinic")
        assert child["consent"]["terms"]["parent"] == parent["id"]
        assert ask("child.json", "--under", "parent.json", actor="clinic") == (0, "NONE")
        assert ask("child.json", actor="clinic") == (1, "PARENT")
        as_json("consent", "revoke", "parent.json", "--as", "doctor")
        words = ("--actor", "clinic", "--purpose", "treat", "--class", "laboratory", "--under", "parent.json")
        code, told = as_json("consent", "check", "child.json", *words)
        assert (code, told["reason"], told["consent"]) == (1, "REVOKED", parent["id"])


class TestGuardian:
    """
    given a guardian for GRANT -> signs a consent for the patient, which anyone grants, or itself
      what the patient hides   -> HIDDEN
      when it was not granted  -> SIGNATURE: a guardian's receipt alone is none
    given its end              -> exit 4, InvalidSignature, NotController; what it granted stands
    """

    @pytest.fixture
    def guarded(self, world):
        """The account of a child, whose parent may grant and revoke for a day."""
        parent, child = (world.account(name).address for name in (PARENT, CHILD))
        until = world.chain.now() + 86_400
        patients = world.acting_as(CHILD).patients
        patients.add_guardian(child, parent, Scope.GRANT | Scope.REVOKE, until=until)
        patients.hide(child, DataClass.SEXUAL_HEALTH)
        world.acting_as("authority").patients.allow_hiding(840, DataClass.SEXUAL_HEALTH)
        return until

    @pytest.mark.parametrize("how", [("--as", "relayer"), ("--direct", "--as", PARENT)])
    def test_grants_within_its_time(self, world, guarded, sign, ask, as_json, how):
        told = sign("consent.json", "--patient", CHILD, "--as", PARENT)
        assert told["consent"]["patient"] == world.account(CHILD).address
        assert ask("consent.json") == (1, "SIGNATURE")
        code, granted = as_json("consent", "grant", "consent.json", *how)
        assert (code, granted["events"][0]["isByGuardian"]) == (0, True)
        assert ask("consent.json") == (0, "NONE")
        assert ask("consent.json", data_class="sexual_health") == (1, "HIDDEN")

        world.chain.travel(guarded)
        sign("late.json", "--patient", CHILD, "--as", PARENT)
        code, refused = as_json("consent", "grant", "late.json", *how)
        expected = "NotController" if "--direct" in how else "InvalidSignature"
        assert (code, refused["error"], world.account(CHILD).address in refused["values"].values()) == (
            4,
            expected,
            True,
        )
        assert ask("consent.json") == (0, "NONE")

    def test_revokes_for_the_patient(self, guarded, sign, ask, as_json, command):
        sign("consent.json", "--patient", CHILD, "--as", PARENT)
        as_json("consent", "grant", "consent.json", "--direct", "--as", PARENT)
        code, told = as_json("consent", "revoke", "consent.json", "--patient", CHILD, "--as", PARENT)
        assert (code, [event["event"] for event in told["events"]]) == (0, ["ConsentRevoked"])
        assert ask("consent.json") == (1, "REVOKED")
        code, told, _ = command("consent", "history", CHILD)
        said = " ".join(told.replace("│", " ").split())
        assert code == 0
        assert "ConsentGranted, by a guardian" in said
        assert "ConsentRevoked" in said


class TestReceipt:
    """
    given a consent with everything in it -> a letter on the terminal and in a file, in each language: the obligation,
    its parent, who granted it, what the organisation answered, and what an emergency opens
    `show --json` -> the same facts by their names
    when the organisation is another -> exit 2, with the option
    """

    @pytest.fixture
    def parent(self, world, sign):
        """A signed consent that another stands on, and a patient who rules what is never opened."""
        world.acting_as("doctor").emergency.change_rule(world.account("doctor").address, DataClass.GENETICS)
        return sign("parent.json", "--onward")["id"]

    def test_tells_everything(self, command, as_json, sign, parent, home):
        sign("consent.json", "--parent", "parent.json", "--uses", 3, purpose="treat,obligation")
        command("consent", "grant", "consent.json", "--as", "relayer")
        command("consent", "accept", "consent.json", "--as", "hospital")
        command("consent", "use", "consent.json", *TestUse.USE)
        code, told, errors = command("consent", "receipt", "consent.json", "--grantee", HOSPITAL)
        assert (code, errors) == (0, "")
        for said in (
            "For what: treating you\n",
            "On which condition: only once the organisation has accepted its obligations\n",
            f"Under which consent: only while consent {parent} stands, and never wider than it\n",
            f"Who may use your data: St. Brannoc Hospital ({HOSPITAL})\n",
            " by you, in the transaction 0x",
            "What the organisation answered: accepted on ",
            "Used: 1 so far, last on ",
            "Withdrawn: not so far\n",
            "; never opened, as you ruled: genetics\n",
        ):
            assert said in told
        code, _, _ = command("consent", "receipt", "consent.json", "--language", "zh", "--out", "letter.txt")
        chinese = (home / "letter.txt").read_text("utf-8")
        assert code == 0
        assert all(said in chinese for said in ("您的同意书", parent, "由您授予", "已于", "绝不调阅", "遗传信息"))
        code, told = as_json("consent", "receipt", "consent.json", "--language", "zh")
        assert (code, told["language"], told["text"]) == (0, "zh", chinese)

    def test_show_has_the_same_facts(self, as_json, sign, parent):
        told = sign("consent.json", "--parent", "parent.json", purpose="treat,obligation")
        as_json("consent", "grant", "consent.json", "--as", "relayer")
        code, shown = as_json("consent", "show", "consent.json")
        record = shown["record"]
        assert (code, shown["id"], shown["consent"]) == (0, told["id"], told["consent"])
        assert record.pop("grantedAt") > 0
        assert record == {
            "isByGuardian": False,
            "acceptedAt": 0,
            "declinedAt": 0,
            "usedAt": 0,
            "uses": 0,
            "revokedAt": 0,
            "isCurrentEpoch": True,
            "controller": wallet.role("doctor").address,
            "withheldInEmergencies": ["GENETICS"],
        }

    def test_show_says_it_to_people(self, command, sign, parent):
        sign("consent.json", "--parent", "parent.json", purpose="treat,obligation")
        code, told, _ = command("consent", "show", "consent.json")
        assert code == 0
        assert all(
            said in told for said in ("stands on", "passing on", "OBLIGATION", "opened, except GENETICS", "never")
        )

    def test_reverts_when_the_organisation_is_another(self, as_json, sign):
        sign("consent.json")
        code, told = as_json("consent", "receipt", "consent.json", "--grantee", "urn:gs1:gln:1")
        assert (code, told["place"], told["found"]) == (2, "--grantee", "urn:gs1:gln:1")


class TestBadFiles:
    """
    given a file that is no receipt       -> exit 2, with file, place, what was found and what was expected
    given one that was changed            -> exit 2, at its id
    given none                            -> exit 2, with the file
    """

    @pytest.mark.parametrize("act", ["show", "receipt", "accept", "decline", "grant"])
    def test_names_what_is_wrong(self, sign, as_json, home, act):
        told = sign("consent.json")
        written = json.loads((home / "consent.json").read_text("utf-8"))
        written["consent"]["maxUses"] = 7
        (home / "changed.json").write_text(json.dumps(written), "utf-8")
        code, refused = as_json(
            "consent", act, "changed.json", *(() if act in ("show", "receipt") else ("--as", "doctor"))
        )
        assert (code, refused["file"], refused["place"]) == (2, "changed.json", "receipt.id")
        assert told["id"] in refused["found"]
        assert refused["expected"] != refused["found"]

    def test_names_the_file_that_is_not_there(self, as_json):
        code, refused = as_json("consent", "show", "nowhere.json")
        assert (code, refused["file"]) == (2, "nowhere.json")


def test_a_document_counts(sign, home):
    """What the patient read is in the terms by its hash, so that another text gives another consent."""
    (home / "read.txt").write_text("what the patient read", "utf-8")
    told = sign("consent.json", "--document", "read.txt")
    terms = read_receipt(home / "consent.json").consent.terms
    assert (told["consent"]["terms"]["document"], terms.purposes) == ("0x" + terms.document.hex(), Purpose.TREAT)
    assert terms.document != bytes(32)
