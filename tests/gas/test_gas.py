"""Gas is deterministic: each operation costs what is recorded, and no more than its budget."""

from __future__ import annotations

import re

import pytest

from tests.gas.frame import Operation, measure, operations, recorded
from tests.world import ROOT, World


@pytest.fixture(autouse=True)
def _only_on_anvil(request):
    if request.config.getoption("--chain") != "anvil":
        pytest.skip("what is recorded was measured on Anvil")


class TestGas:
    """
    given any operation -> it costs what tests/gas.json records, and no more than its budget
    given the record    -> it names every operation and no other
    given a guide       -> each figure of its paragraph on gas is one that is recorded
    """

    @pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
    def test_costs_what_is_recorded_and_within_budget(self, operation: Operation, session_world: World):
        gas = measure(operation, session_world)
        assert gas <= (operation.budget or gas)
        assert gas == recorded()[operation.name], "a change of gas is recorded with `make gas WRITE=1` and explained"

    def test_names_every_operation_and_no_other(self):
        assert list(recorded()) == [operation.name for operation in operations()]

    @pytest.mark.parametrize("guide", ["consent", "insurance", "provenance", "records", "vaccination"])
    def test_the_guides_say_what_is_recorded(self, guide: str):
        text = (ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8")
        (paragraph,) = (one for one in text.split("\n\n") if one.startswith("Gas ("))
        sizes = {4_096, 65_536, 101_000}
        figures = {int(figure.replace(",", "")) for figure in re.findall(r"\b\d{1,3},\d{3}\b", paragraph)} - sizes
        assert figures
        assert figures <= set(recorded().values())
