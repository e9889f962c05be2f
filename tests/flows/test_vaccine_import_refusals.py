"""What an import of doses refuses, whole or in part, and what it takes from lots in stock."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from medtrust import samples
from medtrust.drugs import RecallClass, RecallDepth
from medtrust.errors import InputError
from medtrust.stock import Stock
from medtrust.types import ZERO_HASH
from medtrust.vaccination import Advisory, Status
from tests.flows.imports import GTIN, LOT, LOT_NUMBER, anchored_roots, certificates, files_in
from tests.world import GENESIS

pytestmark = pytest.mark.usefixtures("own_home")


class TestLots:
    """
    given a lot in stock that was commissioned   -> anchored with it; no advisory; a recall shows at once
    given a lot in stock that nobody commissioned -> the dose is refused with file, place and why
    given a lot that is recalled                 -> refused; but what was anchored before the recall ends the same again
    given a lot that is not in stock             -> anchored as not traced
    given two products in stock with one lot     -> refused, not guessed
    """

    def test_anchors_with_the_lot(self, world, do_import, sample, stock):
        report = do_import(sample("vxu_v04.hl7"), stock=stock)
        (certificate,) = certificates(report)
        assert (certificate.dose.lot, report.batches[0].lots, report.issued[0].is_traced) == (LOT, (LOT,), True)
        client = world.suite.vaccination
        assert (client.batches_of(world.clinic)[0].values["lots"], client.verify(certificate).advisories) == ([LOT], 0)
        world.acting_as("maker").drugs.recall(world.maker, LOT, RecallClass.CLASS_II, depth=RecallDepth.CONSUMER)
        verdict = client.verify(certificate)
        assert (verdict.status, verdict.advisories) == (Status.ACTIVE, Advisory.RECALLED_LOT)

    def test_refuses_a_lot_that_nobody_commissioned(self, world, do_import, sample):
        with samples.path("stock.json") as path:
            report = do_import(sample("vxu_v04.hl7"), stock=Stock.read(path))
        (refusal,) = report.refused
        assert (refusal.place, refusal.expected) == ("RXA[1]", "a lot in use")
        assert refusal.found == f"lot {LOT_NUMBER} of {GTIN}, which is unknown"
        assert (report.is_complete, anchored_roots(world)) == (False, [])

    def test_refuses_a_recalled_lot_unless_it_was_anchored_before(self, world, do_import, sample, stock, tmp_path):
        vxu = sample("vxu_v04.hl7")
        do_import(vxu, stock=stock)
        before = files_in(tmp_path / "out")
        world.acting_as("maker").drugs.recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        do_import(vxu, stock=stock)
        assert files_in(tmp_path / "out") == before
        report = do_import(vxu, sample("immunizations_bundle.json"), stock=stock)
        assert {refusal.found for refusal in report.refused} == {f"lot {LOT_NUMBER} of {GTIN}, which is recalled"}
        assert len(anchored_roots(world)) == 1

    def test_anchors_a_lot_that_is_not_in_stock_as_not_traced(self, do_import, sample, stock):
        report = do_import(sample("vxu_v04.hl7", ("mt2026a", "mt2026b")), stock=stock)
        assert (certificates(report)[0].dose.lot, report.batches[0].lots) == (ZERO_HASH, ())

    def test_does_not_guess_between_two_products(self, do_import, sample, stock):
        twice = Stock([*stock._lots, replace(stock._lots[0], gtin="00361414567887")])
        report = do_import(sample("vxu_v04.hl7"), stock=twice)
        (refusal,) = report.refused
        assert (refusal.place, refusal.found) == (
            "RXA[1]",
            f"{LOT_NUMBER} of the products {GTIN}, 00361414567887",
        )


class TestRefusals:
    """
    given one bad entry, strict        -> nothing is anchored; the report names file, segment, field, found, expected
    given one bad entry, lenient       -> the good ones are anchored; the report is fed back once it is mended
    given a file of another kind       -> refused as a whole
    given a day that has not begun     -> refused
    given a file that is not there     -> InputError
    given another import at work       -> InputError, nothing is anchored
    """

    def test_refuses_whole_by_default(self, world, do_import, sample):
        bad = sample("vxu_v04.hl7", ("20261005", "20261399"))
        report = do_import(bad, sample("immunizations_bundle.json"))
        (refusal,) = report.refused
        assert (refusal.file, refusal.place, refusal.found) == (str(bad), "RXA[1]-3", "20261399")
        assert "YYYYMMDD" in refusal.expected
        assert (report.is_complete, report.issued, anchored_roots(world)) == (False, (), [])
        assert json.loads(report.path.read_text())["refused"][0]["place"] == "RXA[1]-3"

    def test_anchors_the_rest_and_takes_the_report_back(self, world, do_import, sample):
        bad = sample("vxu_v04.hl7", ("20261005", "20261399"))
        report = do_import(bad, sample("immunizations_bundle.json"), strict=False)
        assert (len(report.issued), len(report.refused)) == (3, 1)
        bad.write_bytes(samples.read("vxu_v04.hl7").replace(b"20261005", b"20261004"))
        mended = do_import(report.path)
        assert (len(mended.issued), mended.refused, mended.issued[0].source.file) == (1, (), str(bad))
        assert len(anchored_roots(world)) == 2

    def test_refuses_a_file_of_another_kind(self, do_import, tmp_path):
        path = tmp_path / "letter.txt"
        path.write_text("Dear doctor")
        (refusal,) = do_import(path).refused
        assert (refusal.file, refusal.place) == (str(path), "beginning")

    def test_refuses_a_day_that_has_not_begun(self, do_import, sample):
        tomorrow = f"{date.fromtimestamp(GENESIS).year + 5}1005"
        report = do_import(sample("vxu_v04.hl7", ("20261005", tomorrow)))
        assert [refusal.place for refusal in report.refused] == ["RXA[1]"]
        assert "a day that has begun" in report.refused[0].expected

    def test_raises_for_a_file_that_is_not_there(self, do_import, tmp_path):
        with pytest.raises(InputError) as caught:
            do_import(tmp_path / "none.hl7")
        assert caught.value.file == str(tmp_path / "none.hl7")

    def test_raises_while_another_import_is_at_work(self, world, do_import, sample):
        vxu = sample("vxu_v04.hl7")

        def again(stage: str, done: int, total: int) -> None:
            if stage == "seal":
                do_import(vxu)

        with pytest.raises(InputError) as caught:
            do_import(vxu, progress=again)
        assert (caught.value.found, anchored_roots(world)) == ("another import at work", [])
