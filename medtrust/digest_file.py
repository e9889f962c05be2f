"""Digest files: the keyed hashes of very many doses, 32 bytes each in ascending order, read without loading them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

__all__ = ["DIGEST", "DigestFile"]

DIGEST = 32
"""How many bytes a digest has."""

_BLOCK = 4096


class DigestFile(Sequence[bytes]):
    """`size` digests of a file, from the one at `first` on."""

    def __init__(self, path: Path, first: int, size: int) -> None:
        self.path, self.first, self.size = path, first, size

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(bytes.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # like a list: compared by what it holds

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not -self.size <= index < self.size:
            raise IndexError(f"digest {index} of {self.size}")
        at = DIGEST * (self.first + index % self.size)
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return view[at : at + DIGEST]

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self.path.open("rb") as file:
            file.seek(DIGEST * self.first)
            while left:
                block = file.read(DIGEST * min(left, _BLOCK))
                yield from (block[at : at + DIGEST] for at in range(0, len(block), DIGEST))
                left -= len(block) // DIGEST
