"""Canonical JSON: the fast writer agrees with the general one on everything that it takes."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from medtrust.canonical_json import canonical_json

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NAMES = st.text(st.characters(max_codepoint=127), max_size=6)
VALUES = st.recursive(
    TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


class TestCanonicalJson:
    """
    given text, whole numbers, truth values, lists and objects of them -> the bytes of RFC 8785
    given half a character                                             -> ValueError, as from the general writer
    """

    @given(VALUES)
    def test_agrees_with_the_general_writer(self, value: object) -> None:
        assert canonical_json(value) == rfc8785.dumps(value)

    @pytest.mark.parametrize("control", [chr(number) for number in (*range(32), 127, 0x2028, 0xFFFF, 0x10FFFF)])
    def test_escapes_as_the_standard_says(self, control: str) -> None:
        assert canonical_json({"a": control}) == rfc8785.dumps({"a": control})

    def test_refuses_half_a_character(self) -> None:
        with pytest.raises(ValueError, match="surrogates not allowed"):
            canonical_json("\ud800")
