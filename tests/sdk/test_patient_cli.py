"""Commands about who decides for a patient: what each prints, and what each refuses with which exit code."""

from __future__ import annotations

import pytest

from medtrust.patients import Capacity, Scope
from medtrust.types import ZERO_HASH
from tests.world import FAR

DAY = 86_400
RECEIPT = {"transaction", "block", "at", "gasUsed", "events"}
GUARDIANS = ("clinic", "insurer", "pharmacy")


@pytest.fixture
def her(world):
    """The address of a patient with ETH, whose account is called stranger."""
    return world.account("stranger").address


@pytest.fixture
def hers(world):
    """The registry as this patient."""
    return world.acting_as("stranger").patients


@pytest.fixture
def guarded(world, her, hers):
    """Three guardians who may grant, freeze and recover, whose time to protect has come."""
    for name in GUARDIANS:
        scope = Scope.GRANT | Scope.FREEZE | Scope.RECOVER
        hers.add_guardian(her, world.account(name).address, scope, until=FAR)
    world.chain.mine(seconds=7 * DAY)


def done(answer, *events):
    """Require that a command was done with these events, and return the values of the last."""
    code, told = answer
    assert (code, [event["event"] for event in told["events"]]) == (0, list(events)), told
    assert set(told) >= RECEIPT
    assert told["transaction"].startswith("0x")
    assert told["gasUsed"] > 21_000
    return told["events"][-1]


class TestController:
    """
    rotate       -> another account decides; by name or address, alone or sent by another
    freeze       -> nothing is given until then
    hide         -> classes by their names, none for none
    allow-hiding -> as the authority of a jurisdiction
    threshold    -> another number of votes, later
    """

    def test_rotates(self, as_json, world, her):
        maker = world.account("maker").address
        event = done(as_json("patient", "rotate", "stranger", "maker", "--as", "stranger"), "ControllerRotated")
        assert event == {"event": "ControllerRotated", "patient": her, "controller": maker}
        back = as_json("patient", "rotate", her, her, "--sender", "relayer", "--as", "maker")
        assert done(back, "NonceUsed", "ControllerRotated")["controller"] == her
        assert world.suite.patients.controller_of(her) == her

    def test_freezes(self, as_json, world, her):
        until = world.chain.now() + DAY
        event = done(as_json("patient", "freeze", her, "--until", until, "--as", "stranger"), "FreezeBegun")
        assert (event["patient"], event["until"]) == (her, until)
        assert world.suite.patients.capacity_of(her, her, Scope.GRANT) is Capacity.FROZEN
        later = as_json("patient", "freeze", her, "--until", "+2d", "--sender", "relayer", "--as", "stranger")
        assert done(later, "NonceUsed", "FreezeBegun")["from"] == event["from"]

    @pytest.mark.parametrize("sender", [(), ("--sender", "relayer")])
    def test_hides(self, as_json, world, her, sender):
        done(as_json("patient", "allow-hiding", 840, "sexual-health,genetics", "--as", "authority"), "HidingAllowed")
        code, told = as_json("patient", "hide", her, "sexual_health,imaging", *sender, "--as", "stranger")
        assert (code, told["events"][-1]["event"]) == (0, "HiddenClassesChanged")
        assert world.suite.patients.hidden_of(her, 840) == 1 << 19
        as_json("patient", "hide", her, "none", "--as", "stranger")
        assert world.suite.patients.hidden_of(her, 840) == 0

    def test_asks_for_votes(self, as_json, world, her):
        event = done(as_json("patient", "threshold", her, 2, "--as", "stranger"), "ThresholdChanged")
        assert (event["threshold"], event["from"]) == (2, world.chain.now() + 7 * DAY)


class TestGuardians:
    """
    guardian        -> appointed for a scope by its names, from and until a time, on some evidence
    remove-guardian -> by the patient; resign -> by the guardian
    show            -> everything in one answer, and as a table for people
    """

    @pytest.mark.parametrize("sender", [(), ("--sender", "relayer")])
    def test_appoints_and_removes(self, as_json, world, her, sender):
        evidence, clinic = "0x" + "5a" * 32, world.account("clinic").address
        words = ("--scope", "grant,freeze", "--until", FAR, "--evidence", evidence, *sender, "--as", "stranger")
        code, told = as_json("patient", "guardian", her, "clinic", *words)
        event = told["events"][-1]
        assert (code, event["event"], event["guardian"], event["evidence"]) == (0, "GuardianAdded", clinic, evidence)
        guardian = world.suite.patients.guardian_of(her, clinic)
        assert (guardian.scope, guardian.valid_until) == (Scope.GRANT | Scope.FREEZE, FAR)
        code, told = as_json("patient", "remove-guardian", her, "clinic", *sender, "--as", "stranger")
        assert (code, told["events"][-1]["event"]) == (0, "GuardianRemoved")
        assert not world.suite.patients.is_guardian(her, clinic, Scope.GRANT)

    @pytest.mark.parametrize(("sender", "events"), [((), ()), (("--sender", "relayer"), ("NonceUsed",))])
    def test_resigns(self, as_json, world, her, guarded, sender, events):
        answer = as_json("patient", "resign", her, *sender, "--as", "clinic")
        assert done(answer, *events, "GuardianResigned")["guardian"] == world.account("clinic").address

    def test_shows_everything(self, as_json, command, world, her, guarded):
        code, told = as_json("patient", "show", "stranger")
        assert (code, told["patient"], told["control"]["controller"]) == (0, her, her)
        assert set(told["guardians"]) == {world.account(name).address for name in GUARDIANS}
        assert told["guardians"][world.account("clinic").address]["valid_until"] == FAR
        assert told["recovery"]["total"] == 3
        assert [event["event"] for event in told["history"]] == ["GuardianAdded"] * 3
        assert told["history"][0]["evidence"] == "0x" + ZERO_HASH.hex()
        code, shown, errors = command("patient", "show", her)
        assert (code, errors) == (0, "")
        assert all(said in shown for said in ("controller", "frozen until", "GRANT, FREEZE, RECOVER", "2096-10-02"))
        assert "recovery" not in shown


class TestRecovery:
    """
    recover         -> a vote, and with enough of them a time; finish-recovery -> the new controller, later
    veto            -> refuses it, by the patient, alone or sent by another
    """

    def test_recovers(self, as_json, command, world, her, guarded):
        maker = world.account("maker").address
        code, told = as_json("patient", "recover", her, "maker", "--as", "clinic")
        assert (code, told["recovery"]["votes"], told["recovery"]["ready_at"]) == (0, 0, 0)
        code, told = as_json("patient", "recover", her, "maker", "--sender", "relayer", "--as", "insurer")
        assert (told["recovery"]["votes"], told["recovery"]["needed"]) == (2, 2)
        assert [event["event"] for event in told["events"]] == ["NonceUsed", "RecoveryVoted", "RecoveryBegun"]
        shown = command("patient", "show", her)[1].replace("│", " ").split()
        assert "2 of 3 votes, 2 needed" in " ".join(shown)
        code, told = as_json("patient", "finish-recovery", her, "--as", "relayer")
        assert (code, told["error"], told["values"]["patient"]) == (4, "RecoveryNotReady", her)
        world.chain.mine(seconds=2 * DAY)
        event = done(as_json("patient", "finish-recovery", her, "--as", "relayer"), "PatientRecovered")
        assert event["controller"] == maker == world.suite.patients.controller_of(her)

    @pytest.mark.parametrize("sender", [(), ("--sender", "relayer")])
    def test_vetoes(self, as_json, world, her, guarded, sender):
        for name in GUARDIANS[:2]:
            as_json("patient", "recover", her, "maker", "--as", name)
        code, told = as_json("patient", "veto", her, *sender, "--as", "stranger")
        assert (code, told["events"][-1]["event"]) == (0, "RecoveryVetoed")
        assert world.suite.patients.recovery_of(her).ready_at == 0


MISUSED = [
    (("rotate", "0x12", "maker", "--as", "stranger"), "address", "'0x12'"),
    (("rotate", "stranger", "nobody", "--as", "stranger"), "address", "'nobody'"),
    (("rotate", "stranger", "maker"), "signer", "none"),
    (("rotate", "stranger", "maker", "--sender", "relayer"), "signer", "none"),
    (("rotate", "stranger", "maker", "--as", "no-such-keystore.json"), "account", "'no-such-keystore.json'"),
    (("guardian", "stranger", "clinic", "--scope", "grant,fly", "--as", "stranger"), "--scope", "'fly'"),
    (("guardian", "stranger", "clinic", "--scope", "", "--as", "stranger"), "--scope", "''"),
    (("guardian", "stranger", "clinic", "--scope", "grant", "--until", "soon", "--as", "stranger"), "time", "'soon'"),
    (
        ("guardian", "stranger", "clinic", "--scope", "read", "--evidence", "0x12", "--as", "stranger"),
        "--evidence",
        None,
    ),
    (("hide", "stranger", "everything", "--as", "stranger"), "classes", "'everything'"),
    (("allow-hiding", "840", "gene", "--as", "authority"), "classes", "'gene'"),
    (("freeze", "stranger", "--until", "tomorrow", "--as", "stranger"), "time", "'tomorrow'"),
    (("show", "0x" + "zz" * 20), "address", None),
]
REFUSED = [
    (("rotate", "stranger", "maker", "--as", "attacker"), "NotController"),
    (("remove-guardian", "stranger", "clinic", "--as", "stranger"), "NotGuardian"),
    (("guardian", "stranger", "stranger", "--scope", "grant", "--as", "stranger"), "InvalidGuardian"),
    (("guardian", "stranger", "clinic", "--scope", "grant", "--until", "1", "--as", "stranger"), "InvalidInterval"),
    (("freeze", "stranger", "--until", "+8d", "--as", "stranger"), "InvalidFreeze"),
    (("recover", "stranger", "maker", "--as", "attacker"), "NotGuardian"),
    (("resign", "stranger", "--as", "attacker"), "NotGuardian"),
    (("veto", "stranger", "--as", "stranger"), "RecoveryNotReady"),
    (("finish-recovery", "stranger", "--as", "relayer"), "RecoveryNotReady"),
    (("allow-hiding", "840", "genetics", "--as", "stranger"), "NotAuthority"),
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
        code, told = as_json("patient", *words)
        assert (code, told["error"], told["place"]) == (2, "InputError", place), told
        assert found is None or told["found"] == found
        assert told["expected"]
        assert told["message"].endswith(f"{place}: found {told['found']}, expected {told['expected']}")
        assert world.chain.block_number() == before

    @pytest.mark.parametrize(
        "words",
        [
            ("rotate",),
            ("threshold", "stranger", "300"),
            ("guardian", "stranger", "clinic"),
            ("show", "--nothing"),
            ("fly",),
        ],
    )
    def test_2_shows_how_it_is_used(self, command, words):
        code, output, errors = command("patient", *words)
        assert (code, output) == (2, "")
        assert errors.startswith("Usage: ")
        assert "medtrust patient" in errors
        assert "Traceback" not in errors

    def test_3_when_nobody_answers(self, as_json, command):
        code, told = as_json("patient", "show", "stranger", "--chain", "http://127.0.0.1:9")
        assert (code, told["error"]) == (3, "ChainUnreachable")
        code, output, errors = command("patient", "show", "stranger", "--chain", "http://127.0.0.1:9")
        assert (code, output) == (3, "")
        assert errors.startswith("no chain: ")

    @pytest.mark.parametrize(("words", "error"), REFUSED)
    def test_4_names_the_error(self, as_json, world, words, error):
        before = world.chain.block_number()
        code, told = as_json("patient", *words)
        assert (code, told["error"], told["contract"]) == (4, error, "PatientRegistry"), told
        assert told["values"]
        assert told["sentence"].endswith(".")
        assert world.chain.block_number() == before

    def test_4_says_it_to_people(self, command):
        words, error = REFUSED[0]
        code, output, errors = command("patient", *words)
        assert (code, output) == (4, "")
        assert errors.startswith(f"the contract refused: {error}(")
