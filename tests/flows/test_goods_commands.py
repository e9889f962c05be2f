"""The commands of goods beyond their straight way: what they print as JSON, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli import app
from medtrust.cli.common import exit_code
from medtrust.deploy import AddressBook
from medtrust.drugs import mark_of
from medtrust.errors import MedtrustError
from medtrust.lotfile import LotFile
from medtrust.nullifier import prescription_nullifier
from medtrust.packing import container_id, pack_id
from tests.drugs_world import sscc

GTIN = "00361414567894"
PALLET, CASE, OTHER_CASE = "(00)103614140000000015", "(00)003614140000000032", "(00)003614140000000025"
CODE = f"(01){GTIN}(17)280630(10)MT2026A(21)BW7K00005"
NEXT = CODE.replace("00005", "00006")
BOX = f"(00){sscc(7001)}"
PROGRAMME = "urn:x:all-pharmacies"


@pytest.fixture
def run(world, tmp_path, monkeypatch):
    """Run a command of the group `drug`; returns its exit code and its JSON, or the error with its values."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEDTRUST_CHAIN", world.chain.target)

    def command(*words: str):
        done = CliRunner().invoke(app, ["drug", *words, "--json"], catch_exceptions=True)
        if isinstance(done.exception, MedtrustError):
            return exit_code(done.exception), done.exception
        return done.exit_code, json.loads(done.output)

    return command


@pytest.fixture
def lot(run, tmp_path):
    """The file of the sample lot, which is commissioned."""
    path = tmp_path / "lot.json"
    path.write_bytes(samples.read("lot.json"))
    run("prefix", "0361414", "maker", "--by", "regulator", "--as", "regulator")
    assert run("commission", str(path), "--as", "maker")[0] == 0
    return str(path)


@pytest.fixture
def stocked(run, lot):
    """The pallet at the wholesaler, a case of it at the pharmacy."""
    for code, sender, receiver in ((PALLET, "maker", "wholesaler"), (CASE, "wholesaler", "pharmacy")):
        run("ship", code, "--file", lot, "--from", sender, "--to", receiver, "--as", sender)
        assert run("receive", code, "--file", lot, "--as", receiver)[1]["state"] == "HELD"
    return lot


def at(name: str, file: str) -> tuple[str, ...]:
    return ("--file", file, "--by", name, "--as", name)


class TestHands:
    """
    return            -> on its way to its seller, whom the answer names
    receive --missing -> the unit is the sender's again, and the answer says so
    pack, unpack      -> the answer names the mix; end -> the unit
    """

    def test_name_what_they_did(self, world, run, stocked):
        _, back = run("return", CODE, *at("pharmacy", stocked))
        assert back["receiver"] == "0x" + world.wholesaler.hex()
        assert run("receive", CODE, "--file", stocked, "--as", "wholesaler")[1]["state"] == "HELD"
        assert run("return", PALLET, *at("maker", stocked))[0] == 4
        _, packed = run("pack", BOX, "--unit", OTHER_CASE, "--unit", CODE, *at("wholesaler", stocked))
        assert [one["event"] for one in packed["events"]] == ["MixRegistered", "UnitPacked", "UnitPacked"]
        assert packed["mix"] == packed["events"][0]["mix"]
        assert run("unpack", BOX, "--unit", CODE, *at("wholesaler", stocked))[0] == 0
        assert run("unpack", PALLET, "--unit", CODE, *at("wholesaler", stocked))[0] == 2
        _, ended = run("end", BOX, "destroyed", *at("wholesaler", stocked))
        assert ended["unit"] == "0x" + container_id(BOX[4:]).hex()
        code, refused = run("verify", CODE.replace("00005", "00001"), "--file", stocked)
        assert (code, refused.reason) == (1, "DESTROYED")

    def test_say_what_is_missing(self, run, lot):
        run("ship", PALLET, "--file", lot, "--from", "maker", "--to", "wholesaler", "--as", "maker")
        words = ("--missing", CASE, "--missing", OTHER_CASE)
        _, answer = run("receive", PALLET, "--file", lot, *words, "--as", "wholesaler")
        assert [one["event"] for one in answer["events"]] == ["MissingReported"] * 2 + ["UnitReceived"]


class TestDispense:
    """
    --part, --prescription -> a portion, and the keyed hash that pharmacies of a programme share
    a second fill          -> exit 4; undo -> it can be filled again
    a part that is none    -> exit 2
    """

    def test_takes_parts_and_prescriptions(self, run, stocked, tmp_path):
        key = tmp_path / "shared.key"
        shared = ("--prescription", "RX-1", "--refill", "2", "--programme", PROGRAMME, "--key", str(key))
        _, answer = run("dispense", CODE, "--part", "10/30", *shared, *at("pharmacy", stocked))
        secret = bytes.fromhex(key.read_text().strip())
        assert answer["prescription"] == "0x" + prescription_nullifier(secret, PROGRAMME, "RX-1", 2).hex()
        assert (answer["events"][0]["portion"], answer["events"][0]["whole"]) == (10, 30)
        code, refused = run("dispense", NEXT, *shared, *at("pharmacy", stocked))
        assert (code, refused.error) == (4, "PrescriptionFilled")
        _, undone = run("undo", CODE, *at("pharmacy", stocked))
        assert undone["pack"] == "0x" + pack_id(GTIN, "BW7K00005").hex()
        assert run("dispense", NEXT, *shared, *at("pharmacy", stocked))[0] == 0

    @pytest.mark.parametrize("part", ["10", "0/30", "31/30", "1/65536", "-1/3", "a/b"])
    def test_refuses_what_is_no_part(self, run, stocked, part):
        code, refused = run("dispense", CODE, f"--part={part}", *at("pharmacy", stocked))
        assert (code, refused.place) == (2, "--part")


class TestSafety:
    """
    suspect, resolve      -> the unit is stopped and free again; the salt of the reason is in the answer
    suspect of a shipment -> stopped for its sender, as who oversees it; received no more
    resolve without a reason -> exit 2
    recall --status       -> the numbers; exit 1 once a partner is late, and so does late
    recall without a word -> exit 2; --status of a lot that is not recalled -> exit 2
    trace --svg           -> a picture with a row for each act
    """

    def test_stops_and_frees(self, run, stocked):
        run("suspect", stocked, "--unit", CASE, "--by", "pharmacy", "--as", "pharmacy")
        assert run("verify", CODE, "--file", stocked)[1].reason == "QUARANTINED"
        words = ("--unit", CASE, "--by", "regulator", "--as", "regulator", "--cleared", "--why", "a torn label")
        _, answer = run("resolve", stocked, *words)
        assert answer["salt"] != "0x" + "00" * 32
        assert run("verify", CODE, "--file", stocked, "--holder", "pharmacy")[1]["code"] == "OK"

    def test_stops_what_is_on_its_way(self, world, run, stocked):
        run("ship", CASE, "--file", stocked, "--from", "pharmacy", "--to", "hospital", "--as", "pharmacy")
        code, refused = run("suspect", stocked, "--unit", CASE, "--by", "pharmacy", "--as", "pharmacy")
        assert (code, refused.error) == (4, "NotAuthorised")
        assert run("suspect", stocked, "--unit", CASE, "--by", "maker", "--as", "maker")[0] == 0
        assert run("receive", CASE, "--file", stocked, "--as", "hospital")[0] == 2
        assert run("verify", CODE, "--file", stocked)[1].reason == "QUARANTINED"
        custody = world.suite.drugs.custody_of(LotFile.read(Path(stocked)).packed.id, container_id(CASE[4:]))
        assert custody.custodian == mark_of(world.pharmacy)

    def test_needs_a_reason_to_set_free(self, run, stocked):
        words = ("--unit", CASE, "--by", "regulator", "--as", "regulator", "--cleared")
        code, refused = run("resolve", stocked, *words)
        assert (code, refused.place) == (2, "--why")

    def test_says_how_far_a_recall_has_come(self, world, run, stocked, tmp_path):
        assert run("recall", stocked, "--status")[0] == 2
        assert run("recall", stocked, "--as", "regulator")[1].place == "--by, --class"
        run("recall", stocked, "--by", "regulator", "--class", "1", "--as", "regulator")
        run("acknowledge", stocked, "--by", "wholesaler", "--as", "wholesaler")
        run("end", CASE, "destroyed", *at("pharmacy", stocked))
        code, status = run("recall", stocked, "--status")
        packs = {"with its maker": 12, "held": 8, "destroyed": 4}
        assert (code, status["size"], status["packs"], status["percentage"]) == (0, 24, packs, "66.6")
        assert status["holders"] == [{"organisation": "0x" + world.wholesaler.hex(), "packs": 8}]
        assert run("late", stocked) == (0, [])
        world.chain.mine(seconds=86_400)
        code, late = run("late", stocked)
        assert (code, [one["name"] for one in late]) == (1, ["Brightwater Biologics", "Corner Pharmacy"])
        code, status = run("recall", stocked, "--status")
        assert (code, len(status["late"]), status["answers"]) == (1, 2, "33.3")

        picture = tmp_path / "way.svg"
        _, steps = run("trace", CODE, "--file", stocked, "--svg", str(picture))
        circles = list(ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}circle"))
        assert len(circles) == len(steps) == 7
        assert [one.get("class") for one in circles][-2:] == ["stop", "end"]

    @pytest.mark.parametrize("flagged", [True, False])
    def test_finds_scans_that_cannot_be_true(self, run, tmp_path, flagged):
        scans = json.loads(samples.read("scans.json"))
        scans["scans"] = scans["scans"] if flagged else scans["scans"][-1:]
        path = tmp_path / "scans.json"
        path.write_text(json.dumps(scans))
        code, found = run("scans", str(path))
        assert (code, [one["kind"] for one in found]) == ((1, ["travel", "ended"]) if flagged else (0, []))
        path.write_text('{"scans": [{}]}')
        code, refused = run("scans", str(path))
        assert (code, refused.file, refused.place) == (2, str(path), "scans[0].code")


class TestColdChain:
    """
    policy        -> laid down, shown; none -> said
    report        -> exit 1 where the product was too warm, with its figures
    --check       -> agrees, or exit 1 with the first number that does not
    without --readings -> quarantined; readings that are none -> exit 2 with file and place
    """

    @pytest.fixture
    def cold(self, world, run, lot, tmp_path):
        path = tmp_path / "cold.json"
        path.write_bytes(samples.read("cold_lot.json"))
        words = ("--low", "2", "--high", "8", "--excursion", "10", "--gap", "15", "--within", "24", "--as", "maker")
        assert run("policy", str(path)) == (0, None)
        assert run("policy", str(path), *words)[1]["policy"]["max_excursion"] == 600
        run("commission", str(path), "--as", "maker")
        return str(path)

    def readings(self, world, path, *celsius: str) -> str:
        now = world.chain.now()
        lines = [f"{now - 600 * n},{one}" for n, one in enumerate(celsius)]
        path.write_text("\n".join(["time,celsius", *lines[::-1]]))
        return str(path)

    def test_judges_what_a_logger_measured(self, world, run, cold, tmp_path):
        file, pallet = ("--file", cold), "(00)103614140000003009"
        shown = run("policy", cold)[1]
        assert (shown["lowest"], shown["highest"], shown["max_kinetic"], shown["max_gap"]) == (200, 800, 800, 900)
        warm = self.readings(world, tmp_path / "warm.csv", "5", "9.5", "5")
        since = ("--logged-from", str(world.chain.now() - 1200))
        logged = ("--from", "maker", "--to", "wholesaler", "--logger", "carrier", *since, "--as", "maker")
        assert run("ship", pallet, *file, *logged)[0] == 0
        assert run("receive", pallet, *file, "--as", "wholesaler")[1]["state"] == "AWAITING"
        bring = ("--logger", "carrier", "--as", "wholesaler")
        code, answer = run("report", pallet, *file, "--readings", warm, *bring)
        assert (code, answer["state"], answer["summary"]["excursion"]) == (1, "QUARANTINED", 1200)
        assert run("report", pallet, *file, "--readings", warm, "--check")[1]["highest"] == 950
        other = self.readings(world, tmp_path / "other.csv", "5", "7.5", "5")
        code, refused = run("report", pallet, *file, "--readings", other, "--check")
        assert (code, refused.reason, "report." in refused.sentence) == (1, "NOT_THE_READINGS", True)

    def test_gives_up_and_refuses(self, world, run, cold, tmp_path):
        file, case = ("--file", cold), "(00)003614140000003019"
        run("ship", case, *file, "--from", "maker", "--to", "pharmacy", "--logger", "carrier", "--as", "maker")
        run("receive", case, *file, "--as", "pharmacy")
        bad = tmp_path / "bad.csv"
        bad.write_text("time,celsius\nsoon,5\n")
        code, refused = run("report", case, *file, "--readings", str(bad), "--logger", "carrier", "--as", "pharmacy")
        assert (code, refused.file, refused.place) == (2, str(bad), "line 2.time")
        assert run("policy", cold, "--low", "cold", "--high", "8", "--as", "maker")[1].place == "--low"
        code, answer = run("report", case, *file, "--as", "pharmacy")
        assert (code, answer["events"][0]["state"]) == (0, 3)
        file_of = LotFile.read(tmp_path / "cold.json")
        assert world.suite.drugs.lot_of(file_of.packed.id).is_cold
