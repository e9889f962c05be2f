"""The parts of a bulk import: digests in a file, trees in mapped memory, rows, workers that end too early."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust.bulk.crew import Crew
from medtrust.bulk.report import read_pack
from medtrust.bulk.rows import KNOWN, SETTLED, Row, marked_rows, resolve
from medtrust.digest_file import DigestFile
from medtrust.errors import InputError, MedtrustError
from medtrust.import_journal import Journal, PlannedBatch
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree
from medtrust.stock import Stock, StockedLot

SETUP = {"organisation": "urn:example:1", "key": "11" * 32, "stock": "[]", "mapping": "", "now": 1_791_368_400}
DIGESTS = sorted(keccak256(bytes([number])) for number in range(10))


def row(digest: bytes, number: int = 0, *, kind: str = "a", **changed: str) -> Row:
    values = {"sub": "0x" + "11" * 20, "vc": "115", "d": "2026-10-05", "number": "A1", "mvx": "SKB"}
    more = {"patient_key": "22" * 32, "lot": "", "product": "", **changed}
    return Row(f"{digest.hex()}000000000000{number:08x}", kind, "000000", f"RXA[{number}]", **{**values, **more})


class TestDigestFile:
    """
    given digests in a file -> a part of them by index, slice and iteration, as of a list
    when the index is beyond -> IndexError
    given a journal of them  -> read as planned, without the digests in it
    """

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "name.digests"
        path.write_bytes(b"".join(DIGESTS))
        return path

    def test_is_a_part_of_the_file(self, file):
        part = DigestFile(file, 2, 5)
        assert (list(part), len(part), part[0], part[-1]) == (DIGESTS[2:7], 5, DIGESTS[2], DIGESTS[6])
        assert (part[1:3], DIGESTS[3] in part, DIGESTS[8] in part) == (DIGESTS[3:5], True, False)
        assert part == DIGESTS[2:7]
        assert part != DIGESTS[2:6]

    @pytest.mark.parametrize("index", [5, -6])
    def test_ends(self, file, index):
        with pytest.raises(IndexError):
            DigestFile(file, 2, 5)[index]

    def test_is_kept_by_name_in_a_journal(self, tmp_path, file):
        journal = Journal(tmp_path)
        journal.save("name", [PlannedBatch(bytes(32), (), DigestFile(journal.digest_path("name"), 2, 5), "0x12")])
        (loaded,) = journal.load("name")
        assert (list(loaded.digests), loaded.size, loaded.transaction) == (DIGESTS[2:7], 5, "0x12")
        assert DIGESTS[2].hex() not in (tmp_path / "name.json").read_text()


class TestTreeInMappedMemory:
    """
    given a tree of any size, dumped and loaded         -> the same root, leaves and proofs
    given a tree whose levels are hashed in small steps -> the same nodes
    """

    def test_is_hashed_in_steps_of_any_size(self, monkeypatch):
        leaves = [keccak256(number.to_bytes(2, "big")) for number in range(70)]
        whole = [list(MerkleTree(leaves[:size]).nodes()) for size in range(1, 71)]
        for together in (1, 3, 16):
            monkeypatch.setattr("medtrust.merkle._TOGETHER", together)
            assert [list(MerkleTree(leaves[:size]).nodes()) for size in range(1, 71)] == whole

    @given(st.integers(1, 70))
    def test_is_the_same(self, size):
        tree = MerkleTree([keccak256(number.to_bytes(2, "big")) for number in range(size)])
        nodes, positions = (memoryview(bytes(part)) for part in tree.dump())
        loaded = MerkleTree.load(nodes, positions)
        assert (loaded.root, len(loaded)) == (tree.root, size)
        assert [loaded.proof(index) for index in range(size)] == [tree.proof(index) for index in range(size)]
        assert [loaded.leaf(index) for index in range(size)] == [tree.leaf(index) for index in range(size)]


class TestResolve:
    """
    given rows of several runs        -> each digest once, in their order; the first place stands
    given one that is known           -> reported with its batch, not yielded
    given a lot that cannot be used   -> refused, unless it is settled
    given a plan                      -> what is not settled is refused
    """

    def test_yields_each_once(self):
        problems: list[dict[str, object]] = []
        runs = [
            [row(DIGESTS[0]).line(), row(DIGESTS[3], 1).line()],
            [row(DIGESTS[0], 2).line(), row(DIGESTS[1], 3).line()],
        ]
        found = list(resolve(runs, lambda lot: "", problems.append, is_planned=False))
        assert [(one.digest, one.place) for one in found] == [
            (DIGESTS[0].hex(), "RXA[0]"),
            (DIGESTS[1].hex(), "RXA[3]"),
            (DIGESTS[3].hex(), "RXA[1]"),
        ]
        assert problems == [{"what": "duplicate", "file": "000000", "place": "RXA[2]", "differs": []}]

    def test_leaves_out_what_is_known(self):
        problems: list[dict[str, object]] = []
        known = marked_rows([PlannedBatch(bytes(32), (), DIGESTS[:2])], KNOWN)
        found = list(resolve([known, [row(DIGESTS[1]).line()]], lambda lot: "", problems.append, is_planned=False))
        assert (found, problems) == (
            [],
            [{"what": "known", "file": "000000", "place": "RXA[0]", "root": "00" * 32, "index": 1}],
        )

    @pytest.mark.parametrize("is_settled", [False, True])
    def test_asks_about_lots(self, is_settled):
        problems: list[dict[str, object]] = []
        settled = marked_rows([PlannedBatch(bytes(32), (), DIGESTS[:1])] if is_settled else [], SETTLED)
        runs = [settled, [row(DIGESTS[0], lot="33" * 32, product="00361414567894").line()]]
        found = list(resolve(runs, lambda lot: "recalled", problems.append, is_planned=is_settled))
        assert (len(found), len(problems)) == ((1, 0) if is_settled else (0, 1))

    def test_keeps_to_the_plan(self):
        problems: list[dict[str, object]] = []
        settled = marked_rows([PlannedBatch(bytes(32), (), DIGESTS[:1])], SETTLED)
        runs = [settled, [row(DIGESTS[0]).line(), row(DIGESTS[1]).line()]]
        found = list(resolve(runs, lambda lot: "", problems.append, is_planned=True))
        assert [one.digest for one in found] == [DIGESTS[0].hex()]
        assert [one["what"] for one in problems] == ["refused"]


class TestCrew:
    """
    given a worker that ends within its task -> MedtrustError, and no worker stays
    given no tasks                           -> nothing
    """

    def test_says_that_a_worker_ended(self, capfd):
        with Crew(2, SETUP) as crew, pytest.raises(MedtrustError, match="a worker of the import ended"):
            list(crew.do([{"do": "nothing that is known"}]))
        assert all(worker.poll() is not None for worker in crew._workers)
        assert "KeyError" in capfd.readouterr().err

    @pytest.mark.parametrize("size", [1, 2])
    def test_does_nothing_without_tasks(self, size):
        with Crew(size, SETUP) as crew:
            assert list(crew.do([])) == []
            assert crew.peak > 0


class TestPack:
    """given a line that is no certificate -> InputError with file and line"""

    @pytest.mark.parametrize("line", ["", "{}", '{"certificate": {"t": "cert/2"}, "file": "a", "place": "b"}', "[1]"])
    def test_names_the_line(self, tmp_path, line):
        pack = tmp_path / "pack.ndjson"
        pack.write_text(line + "\n")
        with pytest.raises(InputError) as caught:
            list(read_pack(pack))
        assert (caught.value.file, caught.value.place.split(",")[0]) == (str(pack), "line 1")


class TestStock:
    """given a stock, written and read -> the same"""

    def test_is_read_back(self):
        stock = Stock([StockedLot("00361414567894", "A1", "2028-06-30", "115", "SKB")])
        assert Stock.from_json(stock.to_json()).to_json() == stock.to_json()
