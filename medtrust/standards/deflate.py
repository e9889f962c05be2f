"""Inflating what strangers deflated, up to a bound and no further."""

from __future__ import annotations

import zlib

from medtrust.errors import CheckRefused

__all__ = ["RAW", "ZLIB", "inflate"]

ZLIB = 15
RAW = -15


def inflate(deflated: bytes, form: int, *, most: int) -> bytes:
    """Inflate a whole stream of the form `ZLIB` (RFC 1950) or `RAW` (RFC 1951) to at most `most` bytes.

    Raises `CheckRefused` with reason "CompressionBroken" or "TooLarge".
    """
    inflater = zlib.decompressobj(form)
    try:
        plain = inflater.decompress(deflated, most + 1)
    except zlib.error:
        wanted = "zlib (RFC 1950)" if form == ZLIB else "raw DEFLATE (RFC 1951)"
        raise CheckRefused("CompressionBroken", f"the content is not compressed as {wanted}") from None
    if len(plain) > most:
        raise CheckRefused("TooLarge", f"the content inflates to more than {most} bytes")
    if not inflater.eof or inflater.unused_data:
        raise CheckRefused("CompressionBroken", "the compressed content does not end where the certificate does")
    return plain
