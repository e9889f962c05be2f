"""What a SMART Health Card should look like inside: its types and its FHIR Bundle, by the framework's profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from medtrust.errors import CheckRefused

__all__ = ["HEALTH_CARD", "check_bundle", "check_types", "types_of"]

_NAMESPACE = "https://smarthealth.cards#"
HEALTH_CARD = f"{_NAMESPACE}health-card"
_KINDS = {"Immunization": f"{_NAMESPACE}immunization", "Observation": f"{_NAMESPACE}laboratory"}
_COVID = f"{_NAMESPACE}covid19"
_KNOWN = frozenset((HEALTH_CARD, _COVID, "VerifiableCredential", *_KINDS.values()))
# CVX codes of vaccines against COVID-19: 207 to 230, from 300 on, and 500 to 521 for those that others license.
_COVID_VACCINE = re.compile(r"20[78]|21[0-9]|22[0-9]|230|3[0-9]{2}|5(?:0[0-9]|1[0-9]|2[01])")
_DEEPEST = 64
_SHORT_URL = re.compile(r"resource:[0-9]+")


def check_types(types: list[str], bundle: Mapping[str, Any]) -> None:
    """Check that the types of a card fit its Bundle, where it names more than that it is a health card.

    Raises `CheckRefused` with reason "TypeUnknown" or "TypeMissing".
    """
    for kind in types:
        if kind not in _KNOWN:
            raise CheckRefused("TypeUnknown", f"{kind!r} is no type of a health card")
    if set(types) <= {HEALTH_CARD}:
        return
    for kind in types_of(bundle):
        if kind not in types:
            raise CheckRefused(
                "TypeMissing", f"the Bundle holds what {kind!r} stands for, and the card does not name it"
            )


def types_of(bundle: Mapping[str, Any]) -> list[str]:
    """Return the types that a card of this Bundle has: that it is a health card, and what its resources are about."""
    resources = [entry.get("resource", {}) for entry in bundle.get("entry", []) if isinstance(entry, dict)]
    found = {_KINDS[kind] for one in resources if (kind := one.get("resourceType")) in _KINDS}
    if any(_COVID_VACCINE.fullmatch(code) for one in resources for code in _vaccine_codes(one)):
        found.add(_COVID)
    return [HEALTH_CARD, *sorted(found)]


def _vaccine_codes(resource: Mapping[str, Any]) -> Iterator[str]:
    concept = resource.get("vaccineCode")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield coding["code"]


def check_bundle(bundle: Mapping[str, Any]) -> None:
    """Check the Bundle of a card: short references that lead somewhere, nothing empty, one patient.

    Raises `CheckRefused` with reason "BundleBroken", "BundleReference", "BundleMeta", "BundleEmptyValue" or
    "BundleProfile".
    """
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries) or not entries:
        raise CheckRefused("BundleBroken", "the Bundle has no entries")
    urls = [entry.get("fullUrl") for entry in entries]
    for index, url in enumerate(urls):
        if not isinstance(url, str) or not _SHORT_URL.fullmatch(url) or url in urls[:index]:
            raise CheckRefused("BundleReference", f"entry[{index}].fullUrl is {url!r}, expected resource:0, each once")
    for index, entry in enumerate(entries):
        _check_resource(entry.get("resource"), f"entry[{index}].resource", urls)
    patients = sum(entry["resource"].get("resourceType") == "Patient" for entry in entries)
    if patients != 1:
        raise CheckRefused("BundleProfile", f"the Bundle is of {patients} patients, a card is of one")


def _check_resource(resource: Any, place: str, urls: list[Any]) -> None:
    if not isinstance(resource, dict):
        raise CheckRefused("BundleBroken", f"{place} is no resource")
    if "meta" in resource and (not isinstance(resource["meta"], dict) or set(resource["meta"]) != {"security"}):
        raise CheckRefused("BundleMeta", f"{place}.meta may have security alone")
    for path, value in _members(resource, place, _DEEPEST):
        if value in ("", [], {}):
            raise CheckRefused("BundleEmptyValue", f"{path} is empty")
        if path.endswith(".reference") and value not in urls:
            raise CheckRefused("BundleReference", f"{path} is {value!r}, which no entry is called")


def _members(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth == 0:
        raise CheckRefused("BundleBroken", "the Bundle is too deep a structure")
    yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _members(member, f"{path}.{name}", depth - 1)
    if isinstance(value, list):
        for index, member in enumerate(value):
            yield from _members(member, f"{path}[{index}]", depth - 1)
