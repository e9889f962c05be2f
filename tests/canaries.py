"""Canaries: invented personal data, every form in which they could leak, and a search for them in what was seen."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from itertools import permutations
from pathlib import Path
from typing import Any

from medtrust.chain import Chain
from medtrust.keccak import keccak256
from tests.traces import fragments, words

__all__ = ["BORN", "CANARIES", "LOT", "Canary", "Seen", "dates", "plant"]

_SEPARATORS = ("", " ", "|", "^", ",", ";")
_HEX = re.compile(rb"(?:0x)?((?:[0-9a-fA-F]{2}){4,})")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Canary:
    """One value of a person; a date has all the forms in which people write it."""

    kind: str
    value: str | date

    @property
    def texts(self) -> tuple[str, ...]:
        """How people write it, longest forms alone: what is shorter is found by chance."""
        if isinstance(self.value, date):
            return dates(self.value)
        return tuple({self.value, self.value.lower(), self.value.upper()})

    @property
    def numbers(self) -> tuple[int, ...]:
        """As which numbers it could stand in a word."""
        if isinstance(self.value, date):
            midnight = datetime(self.value.year, self.value.month, self.value.day, tzinfo=timezone.utc)
            return int(f"{self.value:%Y%m%d}"), (self.value - _EPOCH).days, int(midnight.timestamp())
        return (int(self.value), int(self.value, 16)) if self.value.isdigit() else ()


def dates(day: date) -> tuple[str, ...]:
    """The ways in which people write a date, with its year in full."""
    return tuple(f"{day:{form}}" for form in ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d"))


BORN = date(1977, 8, 13)
LOT = Canary("lot", "ZKLOT77Q4V")
"""A lot that nobody commissioned, so that it is known from the doses alone."""

CANARIES = (
    Canary("family name", "Zanthorpe-Wixley"),
    Canary("given name", "Qwillomena"),
    Canary("birth date", BORN),
    Canary("record number", "839201746652"),
    Canary("street", "9 Canary Wharfing"),
    Canary("telephone", "774301928264"),
    Canary("member number", "ZK-9052-417"),
    Canary("encounter", "W-7719-3350"),
    Canary("diagnosis", "Confirmed canary syndrome"),
    Canary("note", "left arm; she asked twice about the budgerigar"),
    LOT,
)

_PLANTED = {
    "Quint": "Zanthorpe-Wixley",
    "Marisol": "Qwillomena",
    "19840309": f"{BORN:%Y%m%d}",
    "1984-03-09": f"{BORN:%Y-%m-%d}",
    "700101": "839201746652",
    "14 Harbour Steps": "9 Canary Wharfing",
    "5550142": "774301928264",
    "MM-4471-882": "ZK-9052-417",
    "V-2026-1005": "W-7719-3350",
    "Encounter for immunization": "Confirmed canary syndrome",
    "Left deltoid": "left arm; she asked twice about the budgerigar",
}


def plant(content: bytes) -> bytes:
    """A sample with canaries in the place of its person."""
    text = content.decode("utf-8")
    for old, new in _PLANTED.items():
        text = text.replace(old, new)
    return text.encode("utf-8")


@dataclass
class Seen:
    """What was seen of a run, by where: raw bytes, searched as they are, as what their hexadecimal says, as words."""

    places: dict[str, list[bytes]] = field(default_factory=dict)

    def note(self, where: str, *found: bytes | str) -> None:
        raw = [one.encode("utf-8") if isinstance(one, str) else one for one in found]
        self.places.setdefault(where, []).extend(raw)

    def note_traffic(self, method: str, asked: Any, answered: Any) -> None:
        """What went to a node and came back: calldata, events, the reasons of what was refused."""
        self.note("traffic", json.dumps([method, asked, answered], default=_plain, ensure_ascii=False))

    def note_chain(self, chain: Chain) -> None:
        """The state of a chain with all its storage, and every transaction in it with its events."""
        self.note("state", gzip.decompress(bytes.fromhex(chain.request("anvil_dumpState")[2:])))
        for number in range(chain.block_number() + 1):
            block = chain.request("eth_getBlockByNumber", hex(number), True)
            self.note("blocks", json.dumps(block, default=_plain))
        logs = chain.request("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
        self.note("events", json.dumps(logs, default=_plain))

    def note_folder(self, where: str, folder: Path) -> None:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.note(f"{where}/{file.relative_to(folder).as_posix()}", file.read_bytes())

    def found(self, canaries: Iterable[Canary] = CANARIES) -> list[str]:
        """Where which canary is, and in which form; sorted, each once."""
        needles = dict(_needles(canaries))
        marks = dict(_marks(canaries))
        numbers = {number.to_bytes(32, "big"): one.kind for one in canaries for number in one.numbers}
        places = self.places.items()
        return sorted({hit for where, raw in places for hit in _search(where, raw, needles, marks, numbers)})


def _search(
    where: str, raw: list[bytes], needles: Mapping[bytes, str], marks: Mapping[bytes, str], numbers: Mapping[bytes, str]
) -> Iterator[str]:
    text = b"\n".join(raw)
    hidden = {bytes.fromhex(found.decode()) for found in _HEX.findall(text)}
    decoded = b"\n".join(hidden)
    for needle, form in needles.items():
        if needle in text or needle in decoded:
            yield f"{where}: {form}"
    told = words(one[skip:] for one in hidden for skip in ((0, 4) if len(one) % 32 == 4 else (0,)))
    for mark in fragments(told) & marks.keys():
        yield f"{where}: {marks[mark]}"
    for word in told & numbers.keys():
        yield f"{where}: {numbers[word]} as a number"


def _needles(canaries: Iterable[Canary]) -> Iterator[tuple[bytes, str]]:
    """Each text in the encodings of texts, and the encodings of those in letters."""
    for canary in canaries:
        for text in canary.texts:
            for name in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
                raw = text.encode(name)
                yield raw, f"{canary.kind} in {name}"
                yield raw.hex().encode(), f"{canary.kind} in {name}, hexadecimal"
                yield raw.hex().upper().encode(), f"{canary.kind} in {name}, hexadecimal"
                for form in _base64(raw):
                    yield form, f"{canary.kind} in {name}, base64"
            yield base64.b32encode(text.encode())[:-8] or text.encode(), f"{canary.kind} in base32"
            yield text[::-1].encode(), f"{canary.kind} backwards"


def _base64(raw: bytes) -> Iterator[bytes]:
    """What of it stands in base64 wherever it begins, in both alphabets."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw)
        inner = whole[-(-before * 8 // 6) : -4 if (before + len(raw)) % 3 else None]
        if len(inner) >= 8:
            yield inner
            yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def _marks(canaries: Iterable[Canary]) -> Iterator[tuple[bytes, str]]:
    """The first bytes of each hash without a salt, of every text and of every two of them."""
    known = [(one.kind, text) for one in canaries for text in one.texts]
    joined = [
        (f"{first[0]} with {second[0]}", f"{first[1]}{mark}{second[1]}")
        for first, second in permutations(known, 2)
        if first[0] != second[0]
        for mark in _SEPARATORS
    ]
    for kind, text in (*known, *joined):
        raw = text.encode("utf-8")
        yield keccak256(raw)[:8], f"{kind} in keccak256"
        for name in ("sha256", "sha1", "md5", "sha3_256"):
            yield hashlib.new(name, raw, usedforsecurity=False).digest()[:8], f"{kind} in {name}"


def _plain(value: Any) -> str:
    return "0x" + bytes(value).hex() if isinstance(value, (bytes, bytearray)) else str(value)
