"""Identifiers: who assigned a number, written alike whether HL7 v2 or FHIR says it."""

from __future__ import annotations

import re

from medtrust.canonical import canonical_text
from medtrust.standards.codes import converted_name

__all__ = ["UNIVERSAL_ID_TYPES", "authority_of_hd", "authority_of_uri", "identifier_uri", "is_uri"]

# HL7 table 0301. A converter that writes one of these for an authority has lost who it was.
UNIVERSAL_ID_TYPES = frozenset(
    ("CAP", "CLIA", "CLIP", "DNS", "EUI64", "GUID", "HCD", "HL7", "ISO", "L", "M", "N", "Random", "URI", "UUID")
)

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

# Numbering systems with a URI scheme of their own.
_GLN = "urn:oid:1.3.88"
_NPI = {"urn:oid:2.16.840.1.113883.4.6": "http://hl7.org/fhir/sid/us-npi"}


def authority_of_hd(namespace: str, universal_id: str, kind: str) -> str:
    """Return the authority that an HL7 v2 hierarchic designator (HD) names.

    The universal id wins, because it is unique beyond one sender: "urn:oid:…" for ISO, "urn:uuid:…" for UUID and GUID,
    a URI as it is, any other kind as "kind:id". Otherwise the namespace, which its sender alone understands.
    """
    universal_id, kind = canonical_text(universal_id), canonical_text(kind)
    if not universal_id:
        return canonical_text(namespace)
    if kind == "ISO":
        return f"urn:oid:{universal_id}"
    if kind in ("UUID", "GUID"):
        return f"urn:uuid:{universal_id.lower()}"
    return universal_id if is_uri(universal_id) else f"{kind}:{universal_id}"


def authority_of_uri(system: str) -> str:
    """Return the authority that the `system` of a FHIR identifier names: the URI, or what a converter's URL ends in.

    Only a converter's URL is cut down to its last part: two hospitals may both write ".../mrn", and are two.
    """
    system = canonical_text(system)
    return converted_name(system) or (system.lower() if system.lower().startswith("urn:uuid:") else system)


def is_uri(text: str) -> bool:
    """Say whether `text` is a URI."""
    return bool(_URI.fullmatch(text))


def identifier_uri(authority: str, value: str) -> str:
    """Write an organisation's identifier as one URI: "urn:gs1:gln:…", "…|value", or `value` where it is a URI itself.

    Returns "" if there is no authority that is a URI, because a bare number names nobody.
    """
    if not value:
        return ""
    if authority == _GLN:
        return f"urn:gs1:gln:{value}"
    if authority in ("urn:ietf:rfc:3986", "") and is_uri(value):
        return value
    authority = _NPI.get(authority, authority)
    return f"{authority}|{value}" if is_uri(authority) and " " not in value else ""
