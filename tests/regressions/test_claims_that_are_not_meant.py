"""Reports, tests, replacements, second payers and contradictions were read as claims to be paid, without a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from medtrust import samples
from medtrust.billing import read_bills
from medtrust.errors import InputError
from tests.standards.support import KEY, ORGANISATION, dft, reading, refusal

X12 = samples.read("visit_837p.x12").decode()
HL7 = samples.read("visit_dft_p03.hl7").decode()


def in_x12(old: str, new: str) -> str:
    assert X12.count(old) == 1, old
    return X12.replace(old, new)


def in_fhir(change: Callable[[dict[str, Any]], Any]) -> str:
    claim = json.loads(samples.read("visit_claim.json"))
    change(claim)
    return json.dumps(claim)


def bill_of(text: str) -> Any:
    (bill,) = read_bills(text.encode(), name="file", key=KEY, organisation=ORGANISATION)
    return bill


def at(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}+00:00").astimezone(timezone.utc).timestamp())


class TestTests:
    """
    given an interchange or a message that is a test -> read; billed only where that is meant
    given one of production                          -> billed
    """

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            (in_x12("*0*P*:", "*0*T*:"), "ISA[1]-15"),
            (in_x12("*0*P*:", "*0*I*:"), "ISA[1]-15"),
            (HL7.replace("|P|2.5.1", "|T|2.5.1"), "MSH[1]-11"),
            (HL7.replace("|P|2.5.1", "|D|2.5.1"), "MSH[1]-11"),
        ],
    )
    def test_are_read_and_not_billed(self, text: str, place: str) -> None:
        bill, now = bill_of(text), at("2026-10-05")
        assert len(reading(text).objects) == 2
        with pytest.raises(InputError) as caught:
            bill.check_live(now)
        assert (caught.value.place, caught.value.found) == (place, "a test")
        bill.check_live(now, test=True)

    @pytest.mark.parametrize("name", ["visit_837p.x12", "visit_dft_p03.hl7", "visit_claim.json", "visit.json"])
    def test_samples_are_of_production(self, name: str) -> None:
        bill_of(samples.read(name).decode()).check_live(at("2026-10-05"))


class TestTimes:
    """
    given a visit that starts, ends 15 minutes ahead, a second more -> billed, refused at its day
    """

    def test_of_the_future_are_refused(self) -> None:
        bill = bill_of(samples.read("visit.json").decode())
        start = at("2026-10-05")
        bill.check_live(start - 900)
        with pytest.raises(InputError, match="start: found 2026-10-05, in the future"):
            bill.check_live(start - 901)

    def test_of_an_end_in_the_future_are_refused(self) -> None:
        document = json.loads(samples.read("visit.json"))
        document["visit"]["end"] = "2026-10-07"
        bill = bill_of(json.dumps(document))
        bill.check_live(at("2026-10-07") - 900)
        with pytest.raises(InputError, match="end: found 2026-10-07, in the future"):
            bill.check_live(at("2026-10-07") - 901)


class TestX12:
    """
    when it reports or demands money back (BHT06)   -> refused there
    when a payer comes after another (SBR01)        -> read, and no bill: `claim coordinate` is named
    when a line is for no diagnosis of the claim    -> refused there
    """

    @pytest.mark.parametrize("purpose", ["RP", "31"])
    def test_of_another_purpose_is_refused(self, purpose: str) -> None:
        found = reading(in_x12("*CH~", f"*{purpose}~"))
        assert (refusal(found)[:2], found.records) == (("BHT[1]-6", purpose), ())

    @pytest.mark.parametrize("order", ["S", "T", "U"])
    def test_of_a_later_payer_is_no_bill(self, order: str) -> None:
        text = in_x12("SBR*P*", f"SBR*{order}*")
        assert len(reading(text).objects) == 2
        with pytest.raises(InputError, match=r"CLM\[1\]: SBR: found .* `claim coordinate`"):
            bill_of(text)

    @pytest.mark.parametrize(
        ("pointer", "place"), [("2", "SV1[1]-7"), ("0", "SV1[1]-7"), ("x", "SV1[1]-7"), ("1:2", "SV1[1]-7.2")]
    )
    def test_for_no_diagnosis_is_refused(self, pointer: str, place: str) -> None:
        found = reading(in_x12("*120.5*UN*1***1~", f"*120.5*UN*1***{pointer}~"))
        assert refusal(found)[0].startswith(place)
        both = in_x12("HI*ABK:Z23", "HI*ABK:Z23*ABF:E119").replace("*120.5*UN*1***1~", "*120.5*UN*1***1:2~")
        assert reading(both).refusals == ()


class TestHl7:
    """
    when a charge is missing, or stands twice            -> refused at its number
    when the amount of a line is not units times price   -> refused at the price
    """

    @pytest.mark.parametrize(
        ("charges", "place"),
        [
            (({1: "1"}, {1: "1"}), "FT1[2]-1"),
            (({1: "1"}, {1: "3"}), "FT1[2]-1"),
            (({1: "2"},), "FT1[1]-1"),
            (({2: "T-1"}, {2: "T-1"}), "FT1[2]-2"),
            (({10: "2", 12: "60&USD"},), "FT1[1]-12.1"),
            (({12: "120.50&EUR"},), "FT1[1]-12.1"),
        ],
    )
    def test_is_refused(self, charges: tuple[dict[int, str], ...], place: str) -> None:
        found = reading(dft(charges=charges))
        assert refusal(found)[0] == place
        assert [one.schema for one in found.objects] == ["enc/1"]

    @pytest.mark.parametrize("charge", [{10: "2", 12: "60.25&USD"}, {1: "", 2: ""}, {12: "120.50&USD"}])
    def test_is_read(self, charge: dict[int, str]) -> None:
        assert reading(dft(charges=(charge,))).refusals == ()


class TestFhir:
    """
    when rules or extensions that nobody here knows change the meaning -> refused there
    when the coverage is not active, or another's      -> refused there
    when it stands for a claim before                  -> refused there; an associated one is none
    when a line is not unitPrice x quantity x factor   -> refused at net
    """

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            (lambda one: one.update(modifierExtension=[{"url": "http://x"}]), "modifierExtension"),
            (lambda one: one.update(implicitRules="http://x"), "implicitRules"),
            (lambda one: one["item"][1].update(modifierExtension=[{"url": "http://x"}]), "item[1].modifierExtension"),
            (
                lambda one: one["contained"][3].update(modifierExtension=[{"url": "http://x"}]),
                "contained[3].modifierExtension",
            ),
            (lambda one: one["contained"][4].update(implicitRules="http://x"), "contained[4].implicitRules"),
            (lambda one: one["contained"][3].update(status="cancelled"), "contained[3].status"),
            (lambda one: one["contained"][3].pop("status"), "contained[3].status"),
            (
                lambda one: one["contained"][3].update(beneficiary={"reference": "Patient/9"}),
                "contained[3].beneficiary.reference",
            ),
            (
                lambda one: one["contained"][3].update(beneficiary={"identifier": {"system": "urn:x:1", "value": "9"}}),
                "contained[3].beneficiary.reference",
            ),
            (
                lambda one: one.update(related=[{"relationship": {"coding": [{"code": "prior"}]}}]),
                "related[0].relationship",
            ),
            (lambda one: one.update(related=[{}]), "related[0].relationship"),
            (lambda one: one["item"][0].update(factor=0.5), "item[0].net.value"),
            (lambda one: one["item"][0].update(quantity={"value": 2}), "item[0].net.value"),
            (lambda one: one["item"][0]["unitPrice"].update(value=120.51), "item[0].net.value"),
            (lambda one: one["item"][0]["unitPrice"].update(currency="EUR"), "item[0].net.currency"),
        ],
    )
    def test_is_refused(self, change: Callable[[dict[str, Any]], Any], place: str) -> None:
        found = reading(in_fhir(change))
        assert refusal(found)[0] == f"Claim.{place}"
        assert all(one.schema == "enc/1" for one in found.objects)

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: one.update(related=[{"relationship": {"coding": [{"code": "associated"}]}}]),
            lambda one: one["item"][0].update(factor=0.5, unitPrice={"value": 241, "currency": "USD"}),
            lambda one: one["item"][0].update(factor=0.333, unitPrice={"value": 361.86, "currency": "USD"}),
            lambda one: one["item"][0].update(quantity={"value": 2}, unitPrice={"value": 60.25, "currency": "USD"}),
            lambda one: one["contained"][3].pop("beneficiary"),
        ],
    )
    def test_is_read(self, change: Callable[[dict[str, Any]], Any]) -> None:
        found = reading(in_fhir(change))
        assert [str(one) for one in found.refusals] == []
        assert found.objects[1].to_dict()["tot"] == "19050"
