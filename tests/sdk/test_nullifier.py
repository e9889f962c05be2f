"""Nullifiers of prescriptions: the same for pharmacies that share a key, and for nobody else."""

from __future__ import annotations

import pytest

from medtrust.errors import InputError
from medtrust.nullifier import prescription_nullifier

KEY, PROGRAMME = b"\x07" * 32, "urn:x:all-pharmacies"


class TestPrescription:
    """
    given the same prescription and refill -> the same 32 bytes, whatever spaces are around the number
    given another key, programme, number or refill -> others
    when the number or the refill is none, or the key is short -> InputError, ValueError
    """

    def test_is_the_same_wherever_it_is_filled(self):
        found = prescription_nullifier(KEY, PROGRAMME, "RX-1", 2)
        assert found == prescription_nullifier(KEY, PROGRAMME, " RX-1 ", 2)
        assert len(found) == 32

    def test_differs_in_everything(self):
        every = [
            prescription_nullifier(KEY, PROGRAMME, "RX-1"),
            prescription_nullifier(KEY, PROGRAMME, "RX-1", 1),
            prescription_nullifier(KEY, PROGRAMME, "RX-2"),
            prescription_nullifier(KEY, PROGRAMME + "RX", "-1"),
            prescription_nullifier(b"\x08" * 32, PROGRAMME, "RX-1"),
        ]
        assert len(set(every)) == 5

    @pytest.mark.parametrize("number", ["", " ", "x" * 65])
    def test_refuses_what_is_no_number(self, number):
        with pytest.raises(InputError) as caught:
            prescription_nullifier(KEY, PROGRAMME, number)
        assert caught.value.place == "prescription"
        assert prescription_nullifier(KEY, PROGRAMME, "x" * 64)

    @pytest.mark.parametrize(("refill", "is_one"), [(-1, False), (0, True), (99, True), (100, False)])
    def test_knows_a_hundred_fills(self, refill, is_one):
        if is_one:
            assert prescription_nullifier(KEY, PROGRAMME, "RX-1", refill)
        else:
            with pytest.raises(InputError, match="from 0 to 99"):
                prescription_nullifier(KEY, PROGRAMME, "RX-1", refill)

    def test_needs_a_whole_key(self):
        with pytest.raises(ValueError, match="32 bytes"):
            prescription_nullifier(b"short", PROGRAMME, "RX-1")
