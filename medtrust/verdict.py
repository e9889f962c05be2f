"""Verdicts: what stands about a certificate, whoever made it and however it was checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Final

from medtrust.errors import CheckRefused

__all__ = ["Advisory", "Status", "Verdict"]


class Status(IntEnum):
    """How a dose stands."""

    UNKNOWN = 0
    ACTIVE = 1
    SUPERSEDED = 2
    REVOKED = 3
    ISSUER_UNTRUSTED = 4


class Advisory(IntFlag):
    """What a reader of a dose should know beside its status; the bits of the library `Advisories`."""

    RECALLED_LOT = 1 << 0
    QUARANTINED_LOT = 1 << 1
    UNTRACED_LOT = 1 << 2
    DISPUTED = 1 << 3
    ENTERED_IN_ERROR = 1 << 4

    @property
    def names(self) -> tuple[str, ...]:
        """What each of them is called."""
        return tuple(str(one.name) for one in Advisory if one in self)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What each of them means for people."""
        return tuple(_ADVISORIES[one] for one in Advisory if one in self)


_ADVISORIES: Final = {
    Advisory.RECALLED_LOT: "the lot was recalled",
    Advisory.QUARANTINED_LOT: "the lot is held back while it is examined",
    Advisory.UNTRACED_LOT: "the lot is not traced on the chain: a recall would not show here",
    Advisory.DISPUTED: "the holder says that the record of this dose is wrong",
    Advisory.ENTERED_IN_ERROR: "the dose was never given as recorded",
}


@dataclass(frozen=True)
class Verdict:
    """What stands about a certificate.

    `reason` names why, `sentence` says it for people. `issuer` is the identifier that the certificate names: whoever
    reads it must decide whether to trust that organisation. `signer` and `anchored_at` (Unix seconds) come from the
    chain, "" and 0 if it is UNKNOWN. `shown` are the proven fields, empty if it is UNKNOWN. `bearer` says that whoever
    holds the certificate can show it: nothing was asked of the holder. `successor` is the id of the dose that took the
    place of one that is SUPERSEDED, as 0x and 64 digits, else "".

    `form` is "medtrust", or that of a foreign certificate, "dcc" or "shc": of those `signer` is the id of the key,
    `anchored_at` is 0, and `shown` all that somebody who is trusted signed, even where it holds no more.
    """

    status: Status
    reason: str
    sentence: str
    advisories: Advisory
    issuer: str
    signer: str
    anchored_at: int
    shown: dict[str, Any]
    bearer: bool = True
    successor: str = ""
    form: str = "medtrust"

    @property
    def is_valid(self) -> bool:
        """Whether the dose is ACTIVE; advisories do not change that."""
        return self.status is Status.ACTIVE

    def require_valid(self) -> Verdict:
        """Return the verdict if it is valid; raises `CheckRefused` with its reason otherwise."""
        if not self.is_valid:
            raise CheckRefused(self.reason, self.sentence)
        return self
