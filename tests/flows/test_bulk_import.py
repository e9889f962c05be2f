"""From very large files to packs of certificates: the same result as an import in memory, in pieces, side by side."""

from __future__ import annotations

import json
import random
import signal
from datetime import date
from pathlib import Path

import pytest

from medtrust import samples
from medtrust.bench.doses import write_doses
from medtrust.bulk.importing import import_bulk
from medtrust.bulk.report import BulkReport, read_pack
from medtrust.certificate import Certificate
from medtrust.drugs import RecallClass, RecallDepth
from medtrust.errors import InputError
from medtrust.importer import import_files
from medtrust.packing import PackedLot
from medtrust.standards import pieces, read_mapping
from medtrust.stock import Stock
from tests.doses import CLINIC
from tests.flows.imports import GTIN, KEY, LOT_NUMBER, anchored_roots, files_in
from tests.world import GENESIS

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def small_pieces(monkeypatch):
    """Cut files into pieces of some hundred bytes, as if they were a thousand times as long."""
    monkeypatch.setattr(pieces, "PIECE", 2000)
    monkeypatch.setattr("medtrust.bulk.scan.PIECE", 500)
    monkeypatch.setattr("medtrust.bulk.merge._SLICE", 16)


@pytest.fixture
def do_bulk(world, tmp_path):
    """Import files in bulk as the clinic, in this process unless told otherwise."""

    def do(*paths: Path, out: str = "bulk", **options: object) -> BulkReport:
        named = {"workers": 1, **options}
        return import_bulk(paths, world.acting_as("clinic"), CLINIC, KEY, out=tmp_path / out, **named)

    return do


@pytest.fixture
def in_memory(world, chain, tmp_path, monkeypatch):
    """Import the same files in memory, in the same state of the chain, and undo that."""

    def do(*paths: Path, **options: object) -> tuple[list[bytes], dict[bytes, Certificate], object]:
        snapshot = chain.request("evm_snapshot")
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home-in-memory"))
        report = import_files(paths, world.acting_as("clinic"), CLINIC, KEY, out=tmp_path / "in-memory", **options)
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
        chain.request("evm_revert", snapshot)
        found = [Certificate.parse(one.certificate.read_bytes()) for one in report.issued]
        return [batch.root for batch in report.batches], {one.dose.fields: one for one in found}, report

    return do


def certificates(report: BulkReport) -> dict[bytes, Certificate]:
    """Return every certificate of a report by the root of its fields, which is its own."""
    found = [one.certificate for pack in report.packs for one in read_pack(pack)]
    assert len({one.dose.fields for one in found}) == len(found)
    return {one.dose.fields: one for one in found}


def problems(report: BulkReport, what: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in report.problems.read_text().splitlines()]
    return [one for one in found if one["what"] == what]


def without_time(certificate: Certificate) -> dict[str, object]:
    return {name: value for name, value in certificate.to_dict().items() if name != "at"}


class TestSameAsInMemory:
    """
    given doses as messages and as resources, cut into many pieces, some of them twice
      -> the roots, the certificates but for their time, and the counts are those of an import in memory
      -> every certificate is valid on the chain
      when two workers share the work -> the same
    given a table                      -> the same, its lines counted on
    given withdrawn, updated and not-done doses -> the same
    """

    @pytest.mark.parametrize("workers", [1, 2])
    def test_from_messages_and_resources(self, world, do_bulk, in_memory, small_pieces, tmp_path, workers):
        files = write_doses(tmp_path / "in", 300, seed=7)
        roots, expected, other = in_memory(*files, batch_size=128)
        report = do_bulk(*files, batch_size=128, workers=workers)
        assert [batch.root for batch in report.batches] == roots
        assert [batch.size for batch in report.batches] == [128, 128, 44]
        found = certificates(report)
        assert {key: without_time(one) for key, one in found.items()} == {
            key: without_time(one) for key, one in expected.items()
        }
        assert (report.counts["anchored"], report.counts["duplicate"]) == (300, len(other.intake.duplicates))
        assert len(report.packs) >= 3
        some = list(found.values())[::37]
        assert all(world.suite.vaccination.verify(one).is_valid for one in some)
        assert all(one.flaw() is None for one in found.values())

    def test_from_a_table(self, do_bulk, in_memory, small_pieces, tmp_path):
        mapping = read_mapping(samples.read("csv_mapping.yaml").decode(), name="mapping")
        header, row = samples.read("immunizations.csv").decode().splitlines()
        rows = [row.replace("700101", str(700000 + number)).replace("waited", "waited,\nlong") for number in range(60)]
        rows[41] = rows[41].replace("05.10.2026", "never")
        table = tmp_path / "doses.csv"
        table.write_text("\n".join([header, *rows]) + "\n")
        roots, expected, other = in_memory(table, mapping=mapping, strict=False)
        report = do_bulk(table, mapping=mapping, strict=False)
        assert [batch.root for batch in report.batches] == roots
        assert set(certificates(report)) == set(expected)
        assert [(one["place"], one["found"]) for one in problems(report, "refused")] == [
            (other.refused[0].place, other.refused[0].found)
        ]

    def test_from_updates_and_withdrawals(self, do_bulk, in_memory, small_pieces, tmp_path):
        (messages, _) = write_doses(tmp_path / "in", 40, seed=3, resources=0)
        lines = messages.read_bytes().split(b"MSH|")[1:]
        changed = [b"MSH|" + one for one in lines]
        changed += [
            changed[3].replace(b"|CP|A", b"|CP|D"),
            changed[5].replace(b"|CP|A", b"|CP|U").replace(b"|20290630|", b"X|20290630|"),
        ]
        changed += [changed[7].replace(b"|CP|A", b"|RE|A"), changed[9]]
        messages.write_bytes(b"".join(changed))
        roots, expected, other = in_memory(messages)
        report = do_bulk(messages)
        assert [batch.root for batch in report.batches] == roots
        assert set(certificates(report)) == set(expected)
        counts = {name: report.counts[name] for name in ("duplicate", "withdrawn", "notDone", "refused")}
        assert counts == {"duplicate": 2, "withdrawn": 1, "notDone": 1, "refused": 0}
        assert (len(other.intake.duplicates), len(other.intake.withdrawn)) == (2, 1)


class TestAcrossImports:
    """
    given doses that another import anchored, in memory or in bulk -> known, not anchored again
    given doses that a bulk import anchored, and an import in memory -> known there, too
    given an import that is done again                             -> the same files, and no transaction
    given an anchored dose that a file withdraws                   -> named with its batch, and whether it was revoked
    """

    def test_anchors_nothing_twice(self, world, do_bulk, small_pieces, tmp_path):
        first = write_doses(tmp_path / "a", 30, seed=1)
        again = [*first, *write_doses(tmp_path / "b", 30, seed=2)]
        do_bulk(*first)
        second = do_bulk(*again, out="second")
        counts = {name: second.counts[name] for name in ("known", "anchored")}
        assert counts == {"known": 30, "anchored": 30}
        third = import_files(again, world.acting_as("clinic"), CLINIC, KEY, out=tmp_path / "third")
        assert (len(third.known), len(third.issued)) == (60, 0)

    def test_knows_what_was_anchored_in_memory(self, world, do_bulk, tmp_path):
        files = write_doses(tmp_path / "a", 12, seed=4)
        import_files(files, world.acting_as("clinic"), CLINIC, KEY, out=tmp_path / "first")
        report = do_bulk(*files)
        assert (report.counts["known"], report.counts["anchored"], report.packs) == (12, 0, ())

    def test_ends_the_same_when_done_again(self, world, do_bulk, small_pieces, tmp_path):
        files = write_doses(tmp_path / "in", 50, seed=5)
        do_bulk(*files, batch_size=20)
        before = {path.name: path.read_bytes() for path in (tmp_path / "bulk").iterdir()}
        block = world.chain.block_number()
        do_bulk(*files, batch_size=20)
        assert {path.name: path.read_bytes() for path in (tmp_path / "bulk").iterdir()} == before
        assert world.chain.block_number() == block

    def test_names_what_is_to_be_revoked(self, world, do_bulk, tmp_path):
        (messages, _) = write_doses(tmp_path / "in", 5, seed=6, resources=0)
        first = do_bulk(messages)
        withdrawal = tmp_path / "withdrawal.hl7"
        withdrawal.write_bytes(messages.read_bytes().replace(b"|CP|A", b"|CP|D"))
        world.acting_as("clinic").vaccination.revoke(world.clinic, first.batches[0].root, 2)
        report = do_bulk(withdrawal, out="second")
        found = {one["index"]: one["revoked"] for one in problems(report, "withdrawn")}
        assert found == {0: False, 1: False, 2: True, 3: False, 4: False}


class TestRefusals:
    """
    given one bad entry, strict    -> nothing is anchored; file, place, found and expected stand in the problems
    given one bad entry, lenient   -> the others are anchored; the report is fed back once it is mended
    given a lot that is recalled   -> its doses are refused, unless they were anchored before
    given a file of another kind   -> refused as a whole
    given a file that is not there -> InputError
    """

    def test_refuse_whole_by_default(self, do_bulk, tmp_path):
        (messages, _) = write_doses(tmp_path / "in", 5, seed=8, resources=0)
        messages.write_bytes(
            messages.read_bytes().replace(b"|115^^CVX|", b"|99999^^CVX|").replace(b"|140^^CVX|", b"|9^^XX|")
        )
        report = do_bulk(messages)
        assert (report.is_complete, report.packs, report.batches) == (False, (), ())
        found = problems(report, "refused")
        assert len(found) == report.counts["refused"] > 0
        assert {(one["file"], one["found"]) for one in found} <= {(str(messages), "99999"), (str(messages), "XX")}
        assert all(str(one["place"]).startswith("message[") for one in found)

    def test_take_the_report_back(self, do_bulk, tmp_path):
        (messages, _) = write_doses(tmp_path / "in", 6, seed=8, resources=0)
        good = messages.read_bytes()
        messages.write_bytes(good.replace(b"RXA|0|1|20", b"RXA|0|1|99", 1))
        report = do_bulk(messages, strict=False)
        assert (report.counts["anchored"], report.counts["refused"]) == (5, 1)
        messages.write_bytes(good)
        mended = do_bulk(report.path, out="mended")
        assert (mended.counts["anchored"], mended.counts["known"]) == (1, 5)

    def test_ask_about_lots(self, world, do_bulk, tmp_path):
        regulator, maker = world.acting_as("regulator"), world.acting_as("maker")
        regulator.drugs.assign_prefix(world.regulator, world.maker, "0361414")
        packed = PackedLot(GTIN, LOT_NUMBER, KEY, packs=("1", "2"))
        maker.drugs.commission(world.maker, packed, prefix_digits=7, expiry=date(2028, 6, 30))
        with samples.path("stock.json") as path:
            stock = Stock.read(path)
        vxu = tmp_path / "vxu.hl7"
        vxu.write_bytes(samples.read("vxu_v04.hl7"))
        first = do_bulk(vxu, stock=stock)
        assert (first.counts["traced"], len(first.batches[0].lots)) == (1, 1)
        maker.drugs.recall(world.maker, packed.id, RecallClass.CLASS_II, depth=RecallDepth.CONSUMER)
        assert do_bulk(vxu, stock=stock).counts == first.counts
        other = tmp_path / "other.hl7"
        other.write_bytes(samples.read("vxu_v04.hl7").replace(b"700101", b"700102"))
        refused = problems(do_bulk(other, stock=stock, out="other"), "refused")
        assert [one["found"] for one in refused] == [f"lot {LOT_NUMBER} of {GTIN}, which is recalled"]

    def test_refuse_a_file_of_another_kind(self, do_bulk, tmp_path):
        letter = tmp_path / "letter.txt"
        letter.write_text("Dear doctor")
        (refusal,) = problems(do_bulk(letter), "refused")
        assert (refusal["file"], refusal["place"]) == (str(letter), "beginning")

    def test_raise_for_a_file_that_is_not_there(self, do_bulk, tmp_path):
        with pytest.raises(InputError) as caught:
            do_bulk(tmp_path / "none.hl7")
        assert caught.value.file == str(tmp_path / "none.hl7")

    def test_refuse_a_day_that_has_not_begun(self, do_bulk, tmp_path):
        later = str(date.fromtimestamp(GENESIS).year + 5).encode()
        vxu = tmp_path / "vxu.hl7"
        vxu.write_bytes(samples.read("vxu_v04.hl7").replace(b"|20261005||", b"|" + later + b"1005||"))
        (refusal,) = problems(do_bulk(vxu), "refused")
        assert "a day that has begun" in str(refusal["expected"])


class TestCommands:
    """
    given very large files -> import --bulk anchors them, says how many, and exits 0; unpack gives verifiable files
    given a refusal        -> exit 1; --qr with --bulk -> exit 2
    """

    def test_import_and_unpack(self, command, tmp_path):
        files = [str(path) for path in write_doses(tmp_path / "in", 40, seed=9)]
        out = tmp_path / "packs"
        done = command("import", *files, "--bulk", "--as", "clinic", "--out", str(out), "--json")
        assert done.code == 0, done.stderr
        answer = json.loads(done.stdout)
        assert (answer["counts"]["anchored"], answer["complete"], len(answer["packs"])) == (40, True, 1)
        pack, place = out / answer["packs"][0], "message[3] RXA[1]"
        unpacked = command("unpack", str(pack), "--out", str(tmp_path / "one"), "--place", place, "--json")
        (one,) = json.loads(unpacked.stdout)
        assert (one["file"], one["place"]) == (files[0], place)
        assert command("verify", str(tmp_path / "one" / one["certificate"])).code == 0
        assert command("unpack", str(pack), "--place", "nowhere").code == 1

    def test_exit_codes(self, command, tmp_path):
        letter = tmp_path / "letter.txt"
        letter.write_text("Dear doctor")
        named = ["--bulk", "--as", "clinic", "--out", str(tmp_path / "out")]
        assert command("import", str(letter), *named).code == 1
        assert command("import", str(letter), *named, "--qr", "svg").code == 2


class TestKilled:
    """
    given a bulk import that is killed with -9 again and again, after a few steps each time, until it ends
      -> the same roots, the same certificates byte for byte, each batch anchored once, nothing left of its work
    """

    def test_ends_the_same_after_many_lives(self, world, chain, command, tmp_path):
        if chain.id == 1337:
            pytest.skip("the times of blocks can be repeated on Anvil alone")
        files = [str(path) for path in write_doses(tmp_path / "in", 36, seed=11)]
        key = tmp_path / "clinic.key"
        key.touch(mode=0o600)
        key.write_text(KEY.hex())
        options = ["--bulk", "--workers", "1", "--as", "clinic", "--batch-size", "16", "--key", str(key)]

        def run(name: str, die_at: int = 0) -> int:
            arguments = ["import", *files, *options, "--out", str(tmp_path / name)]
            done = command(*arguments, home=f"home-{name}", die_at=die_at)
            assert done.code in (0, -signal.SIGKILL), done.stderr
            return done.code

        chain.request("anvil_setBlockTimestampInterval", 1)
        try:
            snapshot = chain.request("evm_snapshot")
            assert run("whole") == 0
            expected, roots = files_in(tmp_path / "whole"), anchored_roots(world)
            assert (len(expected), len(roots)) == (3 + 2, 3)
            chain.request("evm_revert", snapshot)
            chance, lives = random.Random(20261123), 1
            while run("killed", die_at=chance.randrange(6, 28)) != 0:
                lives += 1
                assert lives < 200
        finally:
            chain.request("anvil_removeBlockTimestampInterval")
        assert lives > 5
        assert files_in(tmp_path / "killed") == expected
        assert anchored_roots(world) == roots
        assert [path.name for path in (tmp_path / "home-killed").rglob("*.work")] == []
