"""How a lot is packed: ids, the tree of trees, and paths that prove units."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.packing import Container, PackedLot, Step, container_id, lot_id, pack_id, path_leads_to
from tests.drugs_world import CASE, GTIN, PALLET, SERIAL, packed, sscc

KEY = b"\x05" * 32


class TestIds:
    """
    any product, lot, serial, SSCC        -> the hash of the ABI encoding that the contract computes
    the same text as lot, serial and SSCC -> three ids
    """

    @given(st.integers(0, 10**14 - 1), st.text(max_size=70))
    def test_are_those_of_the_contract(self, number, text):
        gtin = f"{number:014}"
        assert lot_id(gtin, text) == keccak256(encode(["bytes32", "uint64", "string"], [b"lot", number, text]))
        assert pack_id(gtin, text) == keccak256(encode(["bytes32", "uint64", "string"], [b"sgtin", number, text]))
        assert container_id(text) == keccak256(encode(["bytes32", "string"], [b"sscc", text]))

    def test_never_meet(self):
        assert len({lot_id(GTIN, "1"), pack_id(GTIN, "1"), container_id("1")}) == 3


@st.composite
def hierarchies(draw: st.DrawFn) -> list[Container]:
    """Some pallets of some cases of some packs, each named once."""
    numbers = iter(range(10_000))

    def container(depth: int) -> Container:
        count = draw(st.integers(1, 4))
        if depth == 0:
            return Container(sscc(next(numbers)), packs=tuple(f"S{next(numbers)}" for _ in range(count)))
        return Container(sscc(next(numbers)), containers=tuple(container(depth - 1) for _ in range(count)))

    return [container(draw(st.integers(0, 2))) for _ in range(draw(st.integers(1, 4)))]


class TestPackedLot:
    """
    given any hierarchy
      each unit         -> has a path that leads to it, and to nothing else in another lot or with another root
      the key           -> changes every salt, and so the root
    given a unit        -> it has the name that is printed on it
    when a place is empty, or holds packs and containers -> InputError
    when a serial or an SSCC is packed twice             -> InputError
    when it is 9 levels deep                             -> InputError; 8 are allowed
    when a unit is not in the lot                        -> InputError
    """

    @given(hierarchies())
    def test_proves_every_unit(self, containers):
        lot = PackedLot(GTIN, "A", KEY, containers=containers)
        units = list(lot.units())
        assert lot.size == sum(1 for unit in units if lot.name(unit).startswith("S"))
        for unit in units:
            path = lot.path(unit)
            assert path[-1].unit == unit
            assert path_leads_to(path, lot=lot.id, root=lot.root, size=lot.size)
            assert not path_leads_to(path, lot=lot_id(GTIN, "B"), root=lot.root, size=lot.size)
            assert not path_leads_to(path, lot=lot.id, root=bytes(32), size=lot.size)

    def test_depends_on_the_key(self):
        one, other = (PackedLot(GTIN, "A", bytes([n]) * 32, packs=["1", "2"]) for n in (1, 2))
        assert one.root != other.root
        salts = {lot.path(unit)[-1].content for lot in (one, other) for unit in lot.units()}
        assert len(salts) == 4

    def test_names_what_is_printed(self):
        lot = packed()
        assert lot.name(container_id(PALLET)) == PALLET
        assert lot.name(container_id(CASE)) == CASE
        assert lot.name(pack_id(GTIN, SERIAL)) == SERIAL
        assert [lot.name(step.unit) for step in lot.path(pack_id(GTIN, SERIAL))] == [PALLET, CASE, SERIAL]

    @pytest.mark.parametrize(
        ("containers", "packs", "place", "found"),
        [
            ([], [], "lot", "nothing"),
            ([Container("1")], [], "lot, container 1", "nothing"),
            ([Container("1", packs=("a",))], ["b"], "lot", "both packs and containers"),
            (
                [Container("1", packs=("a",), containers=(Container("2", packs=("b",)),))],
                [],
                "lot, container 1",
                "both packs and containers",
            ),
            ([], ["a", "b", "a"], "lot", "a a second time"),
            ([Container("1", packs=("a",)), Container("2", packs=("a",))], [], "lot, container 2", "a a second time"),
            ([Container("1", packs=("a",)), Container("1", packs=("b",))], [], "lot", "1 a second time"),
            (
                [Container("1", containers=(Container("1", packs=("a",)),))],
                [],
                "lot, container 1",
                "1 a second time",
            ),
        ],
    )
    def test_refuses_what_cannot_be_packed(self, containers, packs, place, found):
        with pytest.raises(InputError) as caught:
            PackedLot(GTIN, "A", KEY, containers=containers, packs=packs)
        assert (caught.value.place, caught.value.found) == (place, found)

    @pytest.mark.parametrize(("levels", "fits"), [(7, True), (8, True), (9, False)])
    def test_bounds_the_depth(self, levels, fits):
        inner = Container(str(levels - 1), packs=("a",))
        for level in range(levels - 2, 0, -1):
            inner = Container(str(level), containers=(inner,))
        if not fits:
            with pytest.raises(InputError, match="more than 8 levels"):
                PackedLot(GTIN, "A", KEY, containers=[inner])
            return
        lot = PackedLot(GTIN, "A", KEY, containers=[inner])
        path = lot.path(pack_id(GTIN, "a"))
        assert len(path) == levels
        assert path_leads_to(path, lot=lot.id, root=lot.root, size=1)

    def test_has_no_path_to_what_it_does_not_hold(self):
        for ask in (packed().path, packed().name):
            with pytest.raises(InputError, match="a unit of lot MT2026A"):
                ask(pack_id(GTIN, "9-9-9"))


class TestPathLeadsTo:
    """
    given a valid path
      when any byte of it changes      -> false
      when a step is left out or added -> false
    when there is no path              -> false
    """

    @given(st.integers(0, 2), st.integers(0, 31), st.integers(1, 255), st.data())
    def test_refuses_every_change(self, level, at, change, data):
        lot = packed()
        path = list(lot.path(pack_id(GTIN, SERIAL)))
        step = path[level]
        # The content of a container is not read: the step after it proves it.
        words = ["unit", "content"] if step is path[-1] else ["unit"]
        part = data.draw(st.sampled_from([*words, *range(len(step.proof))]))
        if isinstance(part, str):
            path[level] = replace(step, **{part: _changed(getattr(step, part), at, change)})
        else:
            proof = list(step.proof)
            proof[part] = _changed(proof[part], at, change)
            path[level] = replace(step, proof=tuple(proof))
        assert not path_leads_to(tuple(path), lot=lot.id, root=lot.root, size=lot.size)

    def test_refuses_a_missing_or_added_step(self):
        lot = packed()
        path = lot.path(pack_id(GTIN, SERIAL))
        for other in ((), path[1:], path[:1] + path[2:], (*path, Step(bytes(32), bytes(32)))):
            assert not path_leads_to(other, lot=lot.id, root=lot.root, size=lot.size)


def _changed(value: bytes, at: int, change: int) -> bytes:
    return value[:at] + bytes((value[at] ^ change,)) + value[at + 1 :]
