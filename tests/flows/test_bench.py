"""The parts of `make bench` measure what they say, on little: doses come through, trees agree, signers are found."""

from __future__ import annotations

from medtrust.bench.doses import write_doses
from medtrust.bench.foreign import bench_foreign
from medtrust.bench.imports import bench_import, bench_verification
from medtrust.bench.invented_visits import KINDS
from medtrust.bench.sending import bench_sending
from medtrust.bench.signing import bench_signing
from medtrust.bench.trees import bench_trees
from medtrust.bench.year import bench_year
from tests.world import ROOT


class TestDoses:
    """
    given a seed         -> the same files, as many different doses as asked for
    given another        -> others
    """

    def test_are_the_same_for_the_same_seed(self, tmp_path):
        first, again, other = (
            write_doses(tmp_path / name, 50, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
        )
        assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]
        assert first[0].read_bytes() != other[0].read_bytes()
        messages, lines = (file.read_text() for file in first)
        assert messages.count("MSH|") + lines.count("\n") == 50 + sum(
            f'"dose-{number}"' in lines and f"|{number}|P|" in messages for number in range(50)
        )


class TestBench:
    """
    given a few doses  -> all of them certified, and certificates verified with and without a chain
    given a few leaves -> our tree and those of JavaScript, which agree
    given certificates of others -> two rates, all of them valid
    given statements   -> two rates
    given transactions -> two rates; all of them stand in blocks
    given a short year of visits, half of them false -> each is caught or missed, as the rules of the plan can see it
    """

    def test_imports_and_verifies(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
        with bench_import(ROOT, tmp_path, 200, 1, lambda stage, done, total: None) as (figures, imported):
            found = {figure.what.strip(): figure.value for figure in [*figures, *bench_verification(imported)]}
        assert found["of them certified"] == 200
        assert all(value > 0 for value in found.values())
        assert len(found) == 8

    def test_builds_trees_beside_those_of_others(self, tmp_path):
        figures = list(bench_trees(ROOT, tmp_path, 1000, 300))
        assert [figure.unit for figure in figures] == ["s", "s", "s", "s", "s", "s", "times", "s", "s", "times"]
        assert all(figure.value > 0 for figure in figures)

    def test_sends(self, tmp_path):
        assert [figure.goal for figure in bench_sending(ROOT, tmp_path, 20)] == ["", ">= 1,500"]

    def test_verifies_certificates_of_others(self):
        assert [figure.goal for figure in bench_foreign(3)] == [">= 1,861", ""]

    def test_signs(self):
        assert [figure.goal for figure in bench_signing(20)] == [">= 5,000", ">= 5,000"]

    def test_lives_a_year(self, tmp_path):
        told = bench_year(ROOT, tmp_path, 480, days=12, fraud=0.5, progress=lambda said: None)
        found = {figure.what.strip(): figure.value for figure in told}
        assert found["visits recorded, decided and paid or held"] == 480
        for kind in KINDS:
            assert found[f"{kind}: caught"] + found[f"{kind}: missed"] == 40
        for kind in ("same encounter twice", "charge above the fee", "excluded pair"):
            assert found[f"{kind}: missed"] <= 2  # what the insurer was silent about
        assert 0 < found["impossible day: missed"] <= 20  # as many as the plan pays a provider without a look
        assert 0 < found["phantom visit: missed"] < 40  # until the plan asks for a signature
