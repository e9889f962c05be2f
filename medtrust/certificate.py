"""Vaccination certificates: fields of a dose with the proof that an organisation anchored it, as JSON or QR text."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import rfc8785

from medtrust.disclosure import OpenField, SealedFields, check_fields
from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.merkle import leaf_encoder, process_proof, proof_lengths
from medtrust.types import bytes32, checksum_address, is_text, organisation_id

__all__ = ["LONGEST_TEXT", "MAX_BATCH", "Certificate", "Dose", "Flaw", "batch_id", "dose_id", "dose_leaf"]

MAX_BATCH: Final = 2**20
"""How many doses one batch may have."""

LONGEST_TEXT: Final = 64 * 1024
"""How many characters a certificate may have, as JSON or as QR text; a real one has under 6,000."""

_SCHEMA: Final = "cert/1"
_PREFIX: Final = "MT1:"
_MAX_FIELDS: Final = 32
_LEAF_TYPES: Final = ("bytes32", "uint32", "address", "bytes32", "bytes32")
_MEMBERS: Final = ("t", "iss", "ch", "reg", "root", "size", "at", "i", "sub", "lot", "fields", "proof", "shown")


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose as the leaf of a batch commits to it.

    `index` its place in the batch, a random permutation · `holder` the person's pseudonym (ERC-55) · `lot` its 32-byte
    id in DrugProvenance, zero if it is not traced · `fields` root of the salted fields.
    """

    index: int
    holder: str
    lot: bytes
    fields: bytes


def dose_leaf(organisation: bytes, dose: Dose) -> bytes:
    """Return the leaf of `dose` in a batch of `organisation` (32 bytes), as VaccinationRegistry computes it."""
    values = (organisation, dose.index, dose.holder, dose.lot, dose.fields)
    return keccak256(keccak256(leaf_encoder(_LEAF_TYPES)(values)))


def batch_id(organisation: bytes, root: bytes) -> bytes:
    """Return the 32-byte id of a batch, as VaccinationRegistry computes it."""
    return keccak256(organisation + root)


def dose_id(organisation: bytes, root: bytes, index: int) -> bytes:
    """Return the 32-byte id of the dose at a place of a batch, as VaccinationRegistry computes it."""
    return keccak256(batch_id(organisation, root) + index.to_bytes(32, "big"))


@dataclass(frozen=True, slots=True)
class Flaw:
    """The one thing in a certificate that does not hold: its name, and what it means for people."""

    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a holder shows: fields, the dose they belong to, and the way up to the batch that was anchored.

    `issuer` identifier URI of the organisation · `chain_id`, `registry` where it is anchored · `root`, `size` the
    batch · `anchored_at` Unix seconds · `proof` siblings of the dose · `shown` the fields, each with salt and proof.
    """

    issuer: str
    chain_id: int
    registry: str
    root: bytes
    size: int
    anchored_at: int
    dose: Dose
    proof: tuple[bytes, ...]
    shown: tuple[OpenField, ...]

    @property
    def organisation(self) -> bytes:
        """The 32-byte id of the issuer."""
        return organisation_id(self.issuer)

    @property
    def dose_id(self) -> bytes:
        """The 32-byte id of its dose."""
        return dose_id(self.organisation, self.root, self.dose.index)

    @property
    def leaf(self) -> bytes:
        """The leaf of its dose."""
        return dose_leaf(self.organisation, self.dose)

    @property
    def values(self) -> dict[str, str]:
        """What is shown: values by field name."""
        return {field.name: field.value for field in self.shown}

    def show(self, names: Sequence[str]) -> Certificate:
        """Copy the certificate with these fields alone.

        Raises `InputError` if it does not hold one of them.
        """
        held = {field.name: field for field in self.shown}
        for name in names:
            if name not in held:
                raise InputError(place="field", found=repr(name), expected=f"one of {', '.join(held)}")
        return replace(self, shown=tuple(held[name] for name in dict.fromkeys(names)))

    def flaw(self) -> Flaw | None:
        """Name the first thing that does not fit together, from the fields up to the root; None if all does.

        That the batch was anchored, by whom, and what became of the dose, only the chain can say.
        """
        return self._flaw_of_fields() or self._flaw_of_proof()

    def _flaw_of_fields(self) -> Flaw | None:
        if not self.shown:
            return Flaw("NothingShown", "the certificate shows no field")
        wrong = [field for field in self.shown if not check_fields(self.dose.fields, [field])]
        if len(wrong) == len(self.shown) > 1:
            return Flaw("FieldsChanged", "the fields do not belong to this dose: one of them or their root was changed")
        if wrong:
            return Flaw("FieldChanged", f"the field {wrong[0].name!r} was changed: it reads {wrong[0].value!r}")
        if len(self.values) != len(self.shown):
            return Flaw("FieldShownTwice", "a field is shown twice")
        if self.values.get("sub", self.dose.holder) != self.dose.holder:
            return Flaw("HolderMismatch", f"the dose is of {self.dose.holder}, the field 'sub' names another person")
        return None

    def _flaw_of_proof(self) -> Flaw | None:
        if not 1 <= self.size <= MAX_BATCH or not 0 <= self.dose.index < self.size:
            return Flaw("IndexBeyondBatch", f"dose {self.dose.index} of a batch of {self.size}")
        lengths = proof_lengths(self.size)
        if len(self.proof) not in lengths:
            steps = " or ".join(map(str, lengths))
            sentence = f"the proof has {len(self.proof)} steps, in a batch of {self.size} it has {steps}"
            return Flaw("ProofLength", sentence)
        if process_proof(self.leaf, self.proof) != self.root:
            parts = "issuer, index, holder, lot, proof or root"
            return Flaw("DoseNotInBatch", f"the dose does not stand under the root of the batch: {parts} was changed")
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: bytes as hexadecimal with 0x."""
        return {
            "t": _SCHEMA,
            "iss": self.issuer,
            "ch": self.chain_id,
            "reg": self.registry,
            "root": _hex(self.root),
            "size": self.size,
            "at": self.anchored_at,
            "i": self.dose.index,
            "sub": self.dose.holder,
            "lot": _hex(self.dose.lot),
            "fields": _hex(self.dose.fields),
            "proof": [_hex(sibling) for sibling in self.proof],
            "shown": [
                {"n": field.name, "v": field.value, "s": _hex(field.salt), "p": [_hex(node) for node in field.proof]}
                for field in self.shown
            ],
        }

    def _to_short_dict(self) -> dict[str, Any]:
        """Return the JSON object without the proofs of the fields, if all are shown: who reads it rebuilds them."""
        short = self.to_dict()
        if _with_proofs(self.shown) == self.shown:
            for field in short["shown"]:
                del field["p"]
        return short

    def to_json(self) -> bytes:
        """Return the canonical JSON text (RFC 8785)."""
        return rfc8785.dumps(self.to_dict())

    def to_text(self) -> str:
        """Return the text of its QR code: "MT1:" and the JSON, deflated, in base 32.

        QR codes pack such text best, and whoever reads it needs nothing but a standard library. The fewer fields are
        shown, the smaller it is; proofs of fields are left out where all are shown.
        """
        packed = base64.b32encode(zlib.compress(rfc8785.dumps(self._to_short_dict()), 9)).decode()
        return _PREFIX + packed.rstrip("=")

    @classmethod
    def parse(cls, text: str | bytes) -> Certificate:
        """Read a certificate from its JSON or its QR text.

        Raises `InputError`, which names the member, for anything that no certificate has; `flaw` judges the rest.
        """
        if len(text) > LONGEST_TEXT:
            raise InputError(place="certificate", found=f"{len(text)} characters", expected=f"at most {LONGEST_TEXT}")
        try:
            plain = (text if isinstance(text, str) else text.decode("utf-8-sig")).strip()
        except UnicodeDecodeError:
            raise InputError(place="certificate", found="no UTF-8", expected="JSON or MT1:… text") from None
        return cls._from_dict(_load(_unpack(plain) if plain.startswith(_PREFIX) else plain))

    @classmethod
    def _from_dict(cls, raw: Mapping[str, Any]) -> Certificate:
        for member in _MEMBERS:
            if member not in raw:
                raise InputError(place=member, found="nothing", expected=f"a certificate of form {_SCHEMA}")
        if raw["t"] != _SCHEMA:
            raise InputError(place="t", found=repr(raw["t"]), expected=_SCHEMA)
        issuer = _text(raw, "iss")
        organisation_id(issuer)
        dose = Dose(
            index=_number(raw, "i", below=2**32),
            holder=checksum_address(_text(raw, "sub"), place="sub"),
            lot=bytes32(_text(raw, "lot"), place="lot"),
            fields=bytes32(_text(raw, "fields"), place="fields"),
        )
        return cls(
            issuer=issuer,
            chain_id=_number(raw, "ch", below=2**53),
            registry=checksum_address(_text(raw, "reg"), place="reg"),
            root=bytes32(_text(raw, "root"), place="root"),
            size=_number(raw, "size", below=2**32),
            anchored_at=_number(raw, "at", below=2**53),
            dose=dose,
            proof=_hashes(raw["proof"], "proof"),
            shown=_open_fields(raw["shown"]),
        )


def _with_proofs(shown: Sequence[OpenField]) -> tuple[OpenField, ...]:
    """Rebuild the proofs of fields that are all that their object has."""
    values = {field.name: field.value for field in shown}
    if not shown or len(values) != len(shown):
        return tuple(shown)
    return SealedFields(values, {field.name: field.salt for field in shown}).open()


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _unpack(text: str) -> str:
    """Inflate QR text, up to the length that a certificate may have and no further."""
    packed = text[len(_PREFIX) :]
    try:
        deflated = base64.b32decode(packed + "=" * (-len(packed) % 8))
        inflater = zlib.decompressobj()
        plain = inflater.decompress(deflated, LONGEST_TEXT)
    except (binascii.Error, ValueError, zlib.error):
        raise InputError(place="certificate", found="damaged QR text", expected="MT1: and base 32 text") from None
    if not inflater.eof:
        expected = f"a whole one of at most {LONGEST_TEXT} characters"
        raise InputError(place="certificate", found="QR text that does not end", expected=expected)
    return plain.decode("utf-8", errors="replace")


def _load(text: str) -> Mapping[str, Any]:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(place="certificate", found="no JSON", expected="JSON or MT1:… text") from None
    if not isinstance(raw, dict):
        raise InputError(place="certificate", found=type(raw).__name__, expected="a JSON object")
    return raw


def _text(raw: Mapping[str, Any], member: str, place: str = "") -> str:
    value = raw.get(member)
    if not is_text(value):
        raise InputError(place=place or member, found=ascii(value), expected="text")
    return str(value)


def _number(raw: Mapping[str, Any], member: str, *, below: int) -> int:
    value = raw[member]
    if type(value) is not int or not 0 <= value < below:
        raise InputError(place=member, found=repr(value), expected=f"a whole number below {below}")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MAX_FIELDS:
        raise InputError(place=place, found="something else", expected=f"a list of at most {_MAX_FIELDS}")
    return value


def _hashes(value: Any, place: str) -> tuple[bytes, ...]:
    found = []
    for step, one in enumerate(_list(value, place)):
        if not isinstance(one, str):
            raise InputError(place=f"{place}[{step}]", found=repr(one), expected="0x and 64 hexadecimal digits")
        found.append(bytes32(one, place=f"{place}[{step}]"))
    return tuple(found)


def _open_fields(raw: Any) -> tuple[OpenField, ...]:
    listed = _list(raw, "shown")
    shown = [_open_field(one, f"shown[{place}]") for place, one in enumerate(listed)]
    are_all = not any("p" in one for one in listed)
    return _with_proofs(shown) if are_all else tuple(shown)


def _open_field(raw: Any, place: str) -> OpenField:
    if not isinstance(raw, dict):
        raise InputError(place=place, found=type(raw).__name__, expected="a JSON object")
    return OpenField(
        name=_text(raw, "n", f"{place}.n"),
        value=_text(raw, "v", f"{place}.v"),
        salt=bytes32(_text(raw, "s", f"{place}.s"), place=f"{place}.s"),
        proof=_hashes(raw.get("p", []), f"{place}.p"),
    )
