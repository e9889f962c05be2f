"""A line of another day than its visit was decided by the visit's day, and so paid outside its own coverage."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from medtrust import samples
from medtrust.billing import read_bills
from medtrust.errors import InputError
from medtrust.plan_file import read_plan
from medtrust.quote import quote
from tests.standards.support import KEY, ORGANISATION, dft, reading, refusal

X12 = samples.read("visit_837p.x12").decode()
VISIT = json.loads(samples.read("visit.json"))
CLAIM = json.loads(samples.read("visit_claim.json"))


def quoted(data: bytes | str) -> Any:
    raw = data.encode() if isinstance(data, str) else data
    (bill,) = read_bills(raw, name="file", key=KEY, organisation=ORGANISATION)
    return quote(read_plan(json.loads(samples.read("plan.json"))), bill)


def later_in_x12() -> str:
    """The sample, its second line a week later."""
    first, second, rest = X12.split("DTP*472*D8*20261005", 2)
    return f"{first}DTP*472*D8*20261005{second}DTP*472*D8*20261012{rest}"


def plain(start: str, end: str, *days: str) -> str:
    lines = [{**line, "day": day} for line, day in zip(VISIT["lines"], days, strict=True)]
    return json.dumps({**VISIT, "visit": {**VISIT["visit"], "start": start, "end": end}, "lines": lines})


def fhir(start: str, end: str, second: dict[str, Any]) -> str:
    claim = json.loads(samples.read("visit_claim.json"))
    claim["contained"][4]["period"] = {"start": start, "end": end}
    del claim["item"][1]["servicedDate"]
    claim["item"][1].update(second)
    return json.dumps(claim)


LATER = {
    "x12": (later_in_x12(), "DTP[2]-3"),
    "plain": (plain("2026-10-05", "2026-10-12", "2026-10-05", "2026-10-12", "2026-10-05"), "document.lines[1].day"),
    "hl7v2": (dft(visit={45: "20261012"}, charges=({}, {4: "20261012"})), "FT1[2]-4"),
    "fhir": (fhir("2026-10-05", "2026-10-12", {"servicedDate": "2026-10-12"}), "Claim.item[1].servicedDate"),
    "fhir period": (
        fhir("2026-10-05", "2026-10-12", {"servicedPeriod": {"start": "2026-10-12"}}),
        "Claim.item[1].servicedPeriod.start",
    ),
}


class TestLines:
    """
    given a claim with a line of a later day of its visit -> is read, with that day; a quote is refused at the line
    given a line before, on, after the days of its visit  -> is refused there, is read, is refused there
    given a stay of one line of many days                 -> is quoted by its first day
    given a visit that ends before, on its start          -> is refused at its end, is read
    """

    @pytest.mark.parametrize("name", list(LATER))
    def test_of_another_day_are_read_and_not_quoted(self, name: str) -> None:
        text, place = LATER[name]
        visit, claim = reading(text).objects
        assert (visit.start, visit.end, claim.ln[1].d) == ("2026-10-05", "2026-10-12", "2026-10-12")
        with pytest.raises(InputError) as caught:
            quoted(text)
        assert (caught.value.place, caught.value.found) == (place, "2026-10-12")
        assert caught.value.expected == "2026-10-05, the day of the visit: each day is a visit of its own"

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (plain("2026-10-05", "2026-10-06", "2026-10-05", "{}", "2026-10-05"), "document.lines[1].day"),
            (dft(visit={45: "20261006"}, charges=({}, {4: "{}"})), "FT1[2]-4"),
            (fhir("2026-10-05", "2026-10-06", {"servicedDate": "{}"}), "Claim.item[1].servicedDate"),
        ],
    )
    def test_outside_the_visit_are_refused(self, data: str, place: str) -> None:
        for day, taken in (("2026-10-04", 1), ("2026-10-05", 2), ("2026-10-06", 2), ("2026-10-07", 1)):
            found = reading(data.replace("{}", day if "[1]" in place else day.replace("-", "")))
            assert len(found.records) == taken, day
            if taken == 1:
                assert refusal(found) == (place, day, "a day of the visit, 2026-10-05 to 2026-10-06")

    def test_of_a_stay_are_quoted_by_its_first_day(self) -> None:
        stay = X12.replace("HC:99213*120.5*UN*1", "HC:99231*120.5*UN*3").replace("11:B:1", "21:B:1")
        stay = stay.replace("DTP*472*D8*20261005", "DTP*472*RD8*20261005-20261007", 1)
        visit, claim = reading(stay).objects
        assert (visit.cls, visit.end, claim.ln[0].d, claim.ln[0].q) == ("IMP", "2026-10-07", "2026-10-05", "3")
        assert quoted(stay).explanation.visit.served_at == 1_791_158_400

    @pytest.mark.parametrize(("day", "taken"), [("2026-10-04", 0), ("2026-10-05", 2), ("2026-10-06", 2)])
    def test_of_visits_that_end_before_they_start(self, day: str, taken: int) -> None:
        days = ("2026-10-05",) * 3
        alone = {**CLAIM, "billablePeriod": {"start": "2026-10-05", "end": day}}
        alone = {**alone, "item": [{k: v for k, v in one.items() if k != "encounter"} for one in CLAIM["item"]]}
        sources = {
            "document.visit.end": plain("2026-10-05", day, *days),
            "PV1[1]-45": dft(visit={45: day.replace("-", "")}),
            "Claim.contained[4].period.end": fhir("2026-10-05", day, {"servicedDate": "2026-10-05"}),
            "Claim.billablePeriod.end": json.dumps(alone),
        }
        for place, data in sources.items():
            found = reading(data)
            assert len(found.records) == taken, place
            if not taken:
                assert refusal(found) == (place, day, "2026-10-05, when it starts, or later")


class TestBill:
    """
    given a bill that was made in Python, without places -> names the line
    """

    def test_names_the_line(self) -> None:
        (bill,) = read_bills(samples.read("visit.json"), name="file", key=KEY, organisation=ORGANISATION)
        lines = (bill.claim.ln[0], replace(bill.claim.ln[1], d="2026-10-06"), bill.claim.ln[2])
        moved = replace(bill, claim=replace(bill.claim, ln=lines), days=())
        with pytest.raises(InputError, match=r"ln\[2\]\.d: found 2026-10-06"):
            quote(read_plan(json.loads(samples.read("plan.json"))), moved)
