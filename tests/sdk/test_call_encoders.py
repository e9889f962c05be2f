"""Encoders that are made once write the same bytes as the general one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from medtrust import artifacts
from medtrust.abi import Interface, interface
from medtrust.bench.encoding import call_encoders
from medtrust.deploy import PLAN
from medtrust.drug_types import Offer

CONTRACTS = [step.contract for step in PLAN]


def anything(draw: random.Random, item: Mapping[str, Any]) -> Any:
    """A value of a type, structs as mappings or sequences."""
    kind: str = item["type"]
    if kind.endswith("[]"):
        return [anything(draw, {**item, "type": kind[:-2]}) for _ in range(draw.randrange(4))]
    if kind == "tuple":
        values = {one["name"]: anything(draw, one) for one in item["components"]}
        return values if draw.random() < 0.5 else tuple(values.values())
    if kind == "string":
        return "é" * draw.randrange(40)
    if kind == "bytes":
        return draw.randbytes(draw.randrange(70))
    if kind == "bool":
        return draw.random() < 0.5
    if kind == "address":
        return "0x" + draw.randbytes(20).hex()
    if kind.startswith("bytes"):
        return draw.randbytes(int(kind[5:]))
    bits = int(kind.lstrip("uint"))
    return draw.getrandbits(bits) if kind.startswith("u") else draw.getrandbits(bits - 1) - (1 << (bits - 2))


class TestCallEncoders:
    """
    given any function of any contract, any values -> the bytes of the general encoder
    given a dataclass for a struct                 -> its fields in their order
    when a value does not fit                      -> raises ValueError or OverflowError
    """

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_writes_what_the_general_one_writes(self, contract):
        face = Interface(artifacts.load(contract))
        encoders, draw = call_encoders(face), random.Random(1)
        for name, item in face.functions.items():
            for _ in range(5):
                values = [anything(draw, one) for one in item["inputs"]]
                assert encoders[name](values) == face.encode_call(name, values)

    def test_takes_dataclasses(self):
        face = interface("DrugProvenance")
        offer = Offer(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, 4, b"\x05" * 32, 6, 7)
        assert call_encoders(face)["refuse"]([offer]) == face.encode_call("refuse", [offer])

    @pytest.mark.parametrize("value", [b"", b"\x01" * 31, b"\x01" * 33])
    def test_refuses_what_does_not_fit(self, value):
        encoders = call_encoders(interface("DrugProvenance"))
        with pytest.raises(ValueError, match=f"{len(value)} bytes are no bytes32"):
            encoders["endOf"]([value])

    def test_refuses_too_many_values(self):
        with pytest.raises(ValueError):
            call_encoders(interface("DrugProvenance"))["endOf"]([bytes(32), bytes(32)])
