"""Amounts that a program computed have many digits behind the point: they once ended a whole reading."""

from __future__ import annotations

import json

from tests.standards.support import immunization, reading, refusal
from tests.standards.test_fhir_claims import decided, document, explanation

LONG = 28.104000000000003


class TestLongDecimals:
    """
    given such an amount of a dose, or in a decision -> kept as it is written
    given such a quantity or charge in a claim       -> refused with its path
    """

    def test_of_a_dose_is_kept(self) -> None:
        found = reading(json.dumps(immunization(doseQuantity={"value": LONG})))
        assert (found.refusals, found.records[0].beside["amount"]) == ((), str(LONG))

    def test_in_a_decision_is_kept(self) -> None:
        bill = explanation()
        bill["item"][0]["adjudication"][1] = decided("eligible", LONG)
        found = reading(json.dumps(bill))
        assert found.refusals == ()
        assert json.loads(found.records[1].beside["decision"])[0]["allowed"] == str(LONG)

    def test_of_a_line_is_refused(self) -> None:
        for name, place in (("quantity", "quantity.value"), ("net", "net")):
            claim = document()
            claim["item"][0][name] = {"value": LONG, "currency": "USD"}
            assert refusal(reading(json.dumps(claim)))[0] == f"Claim.item[0].{place}"
