"""Commands about emergencies: what each prints, and what each refuses with which exit code."""

from __future__ import annotations

import pytest

from medtrust.consent import DataClass
from medtrust.emergency import EVERYTHING, Verdict
from medtrust.keccak import keccak256
from tests.emergencies import staff
from tests.world import ORGANISATIONS

DAY = 86_400
HOSPITAL = ORGANISATIONS["hospital"].identifier
RECEIPT = {"transaction", "block", "at", "gasUsed", "events"}
WHY = "unconscious, no papers"


@pytest.fixture
def her(world):
    """The address of a patient with ETH, whose account is called stranger."""
    return world.account("stranger").address


@pytest.fixture
def open_(as_json, world):
    """A hospital with a doctor and, by the account of the carrier, an officer; opens data as the doctor."""
    staff(world)

    def go(*more, patient="stranger", why=WHY):
        code, told = as_json("emergency", "open", patient, "hospital", "--why", why, *more, "--as", "doctor")
        assert code == 0, told
        return told

    return go


def salted(told, words):
    """What reaches the chain of words, by the salt that a command prints."""
    return "0x" + keccak256(bytes.fromhex(told["salt"][2:]) + words.encode()).hex()


class TestOpen:
    """
    open -> the session's number, its end and its salt; the reason is on the chain as a hash of both, never in words
      without classes -> all; without hours -> four
      what the patient withholds -> listed, and in words for people
    """

    def test_opens(self, open_, world, her):
        told = open_("--class", "allergy,medication", "--hours", "2")
        (event,) = told["events"]
        assert set(told) == {*RECEIPT, "number", "salt", "withheld"}
        assert (told["number"], told["withheld"], event["event"]) == (0, [], "EmergencyOpened")
        assert event["reason"] == salted(told, WHY)
        assert WHY not in str(told)
        assert (event["patient"], event["actor"]) == (her, world.account("doctor").address)
        assert event["classes"] == DataClass.ALLERGY | DataClass.MEDICATION
        assert event["until"] - event["openedAt"] == 2 * 3600

    def test_opens_all_for_four_hours(self, open_):
        first, second = open_(), open_()
        assert (first["number"], second["number"]) == (0, 1)
        assert first["events"][0]["classes"] == EVERYTHING
        assert first["events"][0]["until"] - first["events"][0]["openedAt"] == 4 * 3600
        assert salted(first, WHY) != salted(second, WHY)

    def test_tells_what_is_withheld(self, open_, as_json, command):
        as_json("emergency", "rule", "stranger", "genetics,imaging", "--as", "stranger")
        assert open_("--class", "genetics,allergy")["withheld"] == ["GENETICS"]
        code, told, _ = command("emergency", "open", "stranger", HOSPITAL, "--why", WHY, "--as", "doctor")
        assert code == 0
        assert "session 1 is open until" in told
        assert "the patient withholds, also now: IMAGING, GENETICS" in told


class TestRule:
    """rule -> classes by their names, all to deny, none to allow; alone or sent by another"""

    @pytest.mark.parametrize("sender", [(), ("--sender", "relayer")])
    @pytest.mark.parametrize(
        ("withhold", "mask"),
        [("genetics,mental-health", DataClass.GENETICS | DataClass.MENTAL_HEALTH), ("all", EVERYTHING), ("none", 0)],
    )
    def test_changes(self, as_json, world, her, withhold, mask, sender):
        code, told = as_json("emergency", "rule", "stranger", withhold, *sender, "--as", "stranger")
        assert (code, told["events"][-1]) == (0, {"event": "RuleChanged", "patient": her, "withheld": mask})
        assert world.suite.emergency.withheld_of(her) == mask


class TestCheck:
    """
    check -> open, exit 0, for who opened it, the class and the time; anything else is not open, exit 1
    """

    def test_says_whether_it_is_open(self, open_, as_json, command, world):
        until = open_("--class", "allergy", "--hours", 1)["events"][0]["until"]

        def ask(number=0, patient="stranger", actor="doctor", data_class="allergy"):
            words = (HOSPITAL, number, patient, "--actor", actor, "--class", data_class)
            return as_json("emergency", "check", *words)

        assert ask() == (0, {"isOpen": True})
        for other in ({"number": 1}, {"patient": "maker"}, {"actor": "carrier"}, {"data_class": "genetics"}):
            assert ask(**other) == (1, {"isOpen": False})
        words = ("emergency", "check", "hospital", 0, "stranger", "--actor", "doctor", "--class", "allergy")
        assert command(*words)[:2] == (0, "open\n")
        world.chain.travel(until - 1)
        assert ask() == (0, {"isOpen": True})
        world.chain.travel(until)
        assert ask() == (1, {"isOpen": False})
        assert command(*words)[:2] == (1, "not open\n")


class TestReview:
    """
    review   -> the verdict by its name in any case; findings as a salted hash
    contest  -> by the patient, alone or sent by another; overrule -> by the authority
    show     -> sessions that run, also reviewed ones, that wait, those overdue, since when suspended; for people, too
    restore  -> by the authority, once every review is done
    history  -> what was opened, contested and ruled
    """

    def test_reviews(self, open_, as_json, world):
        open_()
        for name, verdict in (("needs-information", "NEEDS_INFORMATION"), ("Justified", "JUSTIFIED")):
            words = ("hospital", 0, name, "--why", "the log", "--as", "carrier")
            code, told = as_json("emergency", "review", *words)
            (event,) = told["events"]
            assert (code, event["event"], event["verdict"]) == (0, "EmergencyReviewed", Verdict[verdict])
            assert event["findings"] == salted(told, "the log")
        assert world.suite.emergency.session_of(world.hospital, 0).verdict is Verdict.JUSTIFIED

    @pytest.mark.parametrize("sender", [(), ("--sender", "relayer")])
    def test_is_contested_and_overruled(self, open_, as_json, world, sender):
        open_()
        as_json("emergency", "review", "hospital", 0, "justified", "--why", "the log", "--as", "carrier")
        words = ("hospital", 0, "--why", "I was at home")
        code, told = as_json("emergency", "contest", *words, *sender, "--as", "stranger")
        assert (code, told["events"][-1]["event"]) == (0, "EmergencyContested")
        assert told["events"][-1]["grounds"] == salted(told, "I was at home")
        code, told = as_json("emergency", "overrule", "hospital", 0, "--why", "no ambulance", "--as", "authority")
        assert (code, told["events"][0]["event"]) == (0, "ReviewOverruled")
        assert told["events"][0]["findings"] == salted(told, "no ambulance")
        assert world.suite.emergency.session_of(world.hospital, 0).verdict is Verdict.UNJUSTIFIED
        code, told = as_json("emergency", "history", "stranger")
        assert (code, [one["event"] for one in told]) == (0, ["EmergencyOpened", "EmergencyContested"])

    def test_shows_what_runs(self, open_, as_json, command, world):
        until = open_("--hours", 1)["events"][0]["until"]
        as_json("emergency", "review", "hospital", 0, "justified", "--why", "the log", "--as", "carrier")
        code, told = as_json("emergency", "show", HOSPITAL)
        assert (code, told["unreviewed"]) == (0, [])
        assert [(one["number"], one["verdict"]) for one in told["running"]] == [(0, "JUSTIFIED")]
        shown = command("emergency", "show", "hospital")[1]
        assert all(word in shown for word in ("yes", "done", "JUSTIFIED")), shown
        world.chain.travel(until)
        assert as_json("emergency", "show", HOSPITAL)[1]["running"] == []
        assert "JUSTIFIED" not in command("emergency", "show", "hospital")[1]

    def test_shows_who_waits_and_restores(self, open_, as_json, command, world, her):
        opened = open_("--class", "allergy")
        code, told = as_json("emergency", "show", HOSPITAL)
        (waiting,) = told["unreviewed"]
        assert (code, told["overdue"], told["reviews"]["suspended_from"]) == (0, [], 0)
        assert (waiting["number"], waiting["patient"], waiting["verdict"]) == (0, her, "NONE")
        assert (waiting["classes"], waiting["review_until"]) == (["ALLERGY"], opened["at"] + 7 * DAY)
        assert "not suspended" in command("emergency", "show", "hospital")[1]

        world.chain.travel(opened["at"] + 7 * DAY)
        code, told = as_json("emergency", "show", "hospital")
        assert (told["overdue"], told["reviews"]["suspended_from"]) == ([0], opened["at"] + 7 * DAY)
        shown = command("emergency", "show", "hospital")[1]
        assert "OVERDUE" in shown
        assert "suspended since" in shown
        code, told = as_json("emergency", "restore", "hospital", "--as", "authority")
        assert (code, told["error"], told["values"]["number"]) == (4, "ReviewOverdue", 0)
        as_json("emergency", "review", "hospital", 0, "unjustified", "--why", "curious", "--as", "carrier")
        code, told = as_json("emergency", "restore", "hospital", "--as", "authority")
        assert (code, told["events"][0]["event"]) == (0, "EmergencyCareRestored")


MISUSED = [
    (("open", "nobody", "hospital", "--why", "x", "--as", "doctor"), "address", "'nobody'"),
    (("open", "stranger", "no uri", "--why", "x", "--as", "doctor"), "organisation", "'no uri'"),
    (("open", "stranger", "0x12", "--why", "x", "--as", "doctor"), "organisation", None),
    (("open", "stranger", "hospital", "--why", "x"), "signer", "none"),
    (("open", "stranger", "hospital", "--why", "x", "--class", "blood", "--as", "doctor"), "--class", "'blood'"),
    (("review", "hospital", "0", "fine", "--why", "x", "--as", "carrier"), "verdict", "'fine'"),
    (("review", "hospital", "0", "none", "--why", "x", "--as", "carrier"), "verdict", "'none'"),
    (("contest", "hospital", "0", "--why", "x", "--sender", "relayer"), "signer", "none"),
    (("rule", "stranger", "some", "--as", "stranger"), "withhold", "'some'"),
    (("check", "hospital", "0", "stranger", "--actor", "0x12", "--class", "allergy"), "address", "'0x12'"),
    (("check", "hospital", "0", "stranger", "--actor", "doctor", "--class", "x"), "--class", "'x'"),
    (("restore", "hospital", "--as", "missing.json"), "account", "'missing.json'"),
]
USAGE = [
    ("open", "stranger", "hospital", "--as", "doctor"),
    ("open", "stranger", "hospital", "--why", "x", "--hours", "25", "--as", "doctor"),
    ("review", "hospital", "first", "justified", "--why", "x"),
    ("check", "hospital", "0", "stranger", "--class", "allergy"),
    ("fly",),
]
REFUSED = [
    (("open", "stranger", "hospital", "--why", "x", "--as", "attacker"), "NotAuthorised"),
    (("review", "hospital", "0", "justified", "--why", "x", "--as", "carrier"), "UnknownSession"),
    (("review", "hospital", "0", "justified", "--why", "x", "--as", "attacker"), "NotAuthorised"),
    (("contest", "hospital", "7", "--why", "x", "--as", "stranger"), "UnknownSession"),
    (("rule", "stranger", "all", "--as", "attacker"), "NotController"),
    (("overrule", "hospital", "0", "--why", "x", "--as", "hospital"), "NotAuthority"),
    (("overrule", "hospital", "0", "--why", "x", "--as", "authority"), "UnknownSession"),
    (("restore", "hospital", "--as", "authority"), "NotSuspended"),
    (("restore", "hospital", "--as", "hospital"), "NotAuthority"),
]


class TestExitCodes:
    """
    given a value that does not fit     -> 2, with place, what was found and what was expected; nothing is sent
    given an option or a number that is none -> 2, and how the command is used
    given nobody at the address         -> 3
    given a contract that refuses       -> 4, with error, values and sentence; and in words for people
    """

    @pytest.mark.parametrize(("words", "place", "found"), MISUSED)
    def test_2_names_what_does_not_fit(self, as_json, world, words, place, found):
        before = world.chain.block_number()
        code, told = as_json("emergency", *words)
        assert (code, told["error"], told["place"]) == (2, "InputError", place), told
        assert found is None or told["found"] == found
        assert told["expected"]
        assert told["message"].endswith(f"{place}: found {told['found']}, expected {told['expected']}")
        assert world.chain.block_number() == before

    @pytest.mark.parametrize("words", USAGE)
    def test_2_shows_how_it_is_used(self, command, words):
        code, output, errors = command("emergency", *words)
        assert (code, output) == (2, "")
        assert errors.startswith("Usage: ")
        assert "medtrust emergency" in errors
        assert "Traceback" not in errors

    def test_3_when_nobody_answers(self, as_json, command):
        code, told = as_json("emergency", "show", "hospital", "--chain", "http://127.0.0.1:9")
        assert (code, told["error"]) == (3, "ChainUnreachable")
        code, output, errors = command("emergency", "show", "hospital", "--chain", "http://127.0.0.1:9")
        assert (code, output) == (3, "")
        assert errors.startswith("no chain: ")

    @pytest.mark.parametrize(("words", "error"), REFUSED)
    def test_4_names_the_error(self, as_json, world, words, error):
        staff(world)
        before = world.chain.block_number()
        code, told = as_json("emergency", *words)
        assert (code, told["error"], told["contract"]) == (4, error, "EmergencyAccess"), told
        assert told["values"]
        assert told["sentence"].endswith(".")
        assert world.chain.block_number() == before

    def test_4_says_it_to_people(self, command):
        words, error = REFUSED[0]
        code, output, errors = command("emergency", *words)
        assert (code, output) == (4, "")
        assert errors.startswith(f"the contract refused: {error}(")
