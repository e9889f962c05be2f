"""The trailer of a batch that ends after its name ended the reader with an IndexError."""

from __future__ import annotations

import pytest

from medtrust.standards.er7 import Message, messages


class TestBareTrailer:
    """
    given a trailer without a field -> read, as one with empty fields
    """

    @pytest.mark.parametrize("trailer", [b"BTS", b"FTS", b"BTS|", b"BTS\r"])
    def test_is_read(self, trailer: bytes) -> None:
        (found,) = messages(trailer)
        assert isinstance(found, Message)
        assert found.header.name == trailer[:3].decode()
