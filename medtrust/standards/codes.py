"""Codes: whose they are, which exist, and which vaccine, maker, diagnosis or amount they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from medtrust.standards.cdc_2025_11 import CVX_CODES, MVX_CODES, NDC_LINES

__all__ = [
    "CodeUnknown",
    "charge_code",
    "coding_system",
    "converted_name",
    "diagnosis_code",
    "is_vaccine",
    "maker_code",
    "minor_units",
    "national_drug_code",
    "vaccine_code",
    "written_form",
]

_CVX = frozenset(CVX_CODES.split())
_MVX = frozenset(MVX_CODES.split())
_NO_VACCINE = "998"

# What HL7 v2 (table 0396) and FHIR call a code system, beside the names with which canonical objects do.
_SYSTEMS = {
    "cvx": ("CVX", "HL70292", "http://hl7.org/fhir/sid/cvx", "urn:oid:2.16.840.1.113883.12.292"),
    "mvx": (
        "MVX",
        "HL70227",
        "http://hl7.org/fhir/sid/mvx",
        "http://terminology.hl7.org/CodeSystem/MVX",
        "urn:oid:2.16.840.1.113883.12.227",
    ),
    "ndc": ("NDC", "http://hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69"),
    "cpt": ("C4", "CPT", "CPT4", "http://www.ama-assn.org/go/cpt", "urn:oid:2.16.840.1.113883.6.12"),
    "hcpcs": (
        "HCPCS",
        "HPC",
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes",
    ),
    "icd-10-cm": ("I10C", "ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"),
    "icd-10": ("I10", "ICD10", "ICD-10", "http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3"),
    "icd-9-cm": ("I9", "I9C", "I9CDX", "http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.103"),
    "sct": ("SCT", "SNM3", "http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96"),
    "loinc": ("LN", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"),
    "nip001": ("NIP001",),
}
_SYSTEM_BY_NAME = {name: system for system, names in _SYSTEMS.items() for name in names}

# Converters from HL7 v2 to FHIR write a v2 name as the last part of a URL of their own.
_CONVERTED = re.compile(r"https?://[^/]+/v2-to-fhir-converter/(?:CodeSystem|Identifier)/(.+)")

_AMOUNT = re.compile(r"[0-9]{1,20}\.?[0-9]{0,6}")
_NDC_PARTS = re.compile(r"([0-9]{4,5})-([0-9]{3,4})-([0-9]{1,2})")
_NDC_LENGTHS = {(5, 4, 2), (5, 4, 1), (5, 3, 2), (4, 4, 2)}

# ISO 4217: how many digits stand behind the point in each currency that is in use.
_CURRENCIES = (
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
    (2, "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC"),
    (2, "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR"),
    (2, "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD"),
    (2, "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN"),
    (2, "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"),
)
_DIGITS = {currency: digits for digits, currencies in _CURRENCIES for currency in currencies.split()}


@dataclass(eq=False)
class CodeUnknown(Exception):
    """A code that nothing sure can be said about.

    `index` of the coding it stands in, `part` "system" or "code", what was found and what was expected.
    """

    index: int
    part: str
    found: str
    expected: str


def coding_system(name: str) -> str:
    """Return our name of a code system that is written as an HL7 v2 name, a FHIR URI, an OID or a converter's URL.

    Returns "" if it is unknown.
    """
    return _SYSTEM_BY_NAME.get(converted_name(name) or name, "")


def written_form(name: str) -> str:
    """Return a name of HL7 v2 or FHIR for a system that goes by ours, such as "cpt"; any other name as it is."""
    return _SYSTEMS[name][0] if name in _SYSTEMS else name


def converted_name(uri: str) -> str:
    """Return the HL7 v2 name that a converter wrote into `uri`; "" if it is no such URL."""
    match = _CONVERTED.fullmatch(uri) if uri.startswith("http") else None
    return match[1] if match else ""


def vaccine_code(codings: Sequence[tuple[str, str]]) -> str:
    """Return the CVX code that `codings`, pairs of (system as written, code), agree on.

    A CVX code stands for itself; an NDC is looked up in the pinned table. Codes of other systems, such as CPT, are
    let by if one of these two is there, and so is an NDC that the table does not have beside a CVX code. Raises
    `CodeUnknown` if none is there, if a code is not in the table, if an NDC means several vaccines, or if two
    codings contradict each other.
    """
    agreed: frozenset[str] = frozenset()
    problem: CodeUnknown | None = None
    for index, (name, code) in enumerate(codings):
        system = coding_system(name)
        if system not in ("cvx", "ndc") or not code:
            continue
        try:
            meant = _vaccines(index, system, code)
        except CodeUnknown as unknown:
            if system == "cvx":
                raise
            problem = problem or unknown
            continue
        if agreed and not agreed & meant:
            raise CodeUnknown(index, "code", code, f"a code for CVX {min(agreed)}, which another coding gives")
        agreed = agreed & meant or meant
    if len(agreed) != 1:
        raise problem or _unclear(codings, agreed)
    return next(iter(agreed))


def _vaccines(index: int, system: str, code: str) -> frozenset[str]:
    if system == "cvx":
        cvx = code.zfill(2) if code.isascii() and code.isdigit() else code
        if cvx not in _CVX:
            raise CodeUnknown(index, "code", code, "a CVX code of CDC's table of 2025-11")
        return frozenset((cvx,))
    try:
        ndc = national_drug_code(code)
    except ValueError as error:
        raise CodeUnknown(index, "code", code, str(error)) from error
    if ndc not in _CVX_BY_NDC:
        raise CodeUnknown(index, "code", code, "an NDC of a vaccine in CDC's table of 2025-11")
    return _CVX_BY_NDC[ndc]


def _unclear(codings: Sequence[tuple[str, str]], agreed: frozenset[str]) -> CodeUnknown:
    for index, (name, code) in enumerate(codings):
        system = coding_system(name)
        if agreed and system == "ndc":
            return CodeUnknown(index, "code", code, f"a CVX code beside it: it means {' and '.join(sorted(agreed))}")
        if code and not system:
            return CodeUnknown(index, "system", name or "nothing", "the code system CVX or NDC")
    found = ", ".join(f"{name} {code}".strip() for name, code in codings if name or code) or "nothing"
    return CodeUnknown(0, "code", found, "a code of CVX or NDC")


def national_drug_code(code: str) -> str:
    """Write an NDC as its 11 digits (5-4-2): 49281-0215-88, 49281-215-88 and 49281021588 are one.

    Raises `ValueError` for anything else: ten digits without hyphens can be read in three ways.
    """
    if re.fullmatch(r"[0-9]{11}", code):
        return code
    match = _NDC_PARTS.fullmatch(code)
    if not match or tuple(map(len, match.groups())) not in _NDC_LENGTHS:
        raise ValueError("an NDC of 11 digits, or of 10 or 11 with hyphens")
    labeler, product, package = match.groups()
    return labeler.zfill(5) + product.zfill(4) + package.zfill(2)


def is_vaccine(cvx: str) -> bool:
    """Say whether `cvx` stands for a vaccine: 998 says that none was given."""
    return cvx != _NO_VACCINE


def maker_code(system: str, code: str) -> str:
    """Return the MVX code of a maker, "" if `code` is none of the table or `system` (as written) is not MVX."""
    return code if coding_system(system) == "mvx" and code in _MVX else ""


def diagnosis_code(system: str, code: str) -> str:
    """Write a diagnosis: a code of ICD-10 or ICD-10-CM as it is, of another system behind its name ("sct|29857009").

    Raises `CodeUnknown` if the system is unknown or there is no code.
    """
    known = coding_system(system)
    if not code:
        raise CodeUnknown(0, "code", "nothing", "a diagnosis code")
    if known in ("icd-10", "icd-10-cm"):
        return code
    return f"{known or _named(system)}|{code}"


def charge_code(system: str, code: str) -> tuple[str, str]:
    """Return the (system, code) of what was charged: a known system by our name, another by its URI.

    Raises `CodeUnknown` if the system is neither or there is no code.
    """
    if not code:
        raise CodeUnknown(0, "code", "nothing", "the code of what is charged")
    return coding_system(system) or _named(system), code


def _named(system: str) -> str:
    if re.fullmatch(r"(?:https?://|urn:)\S+", system) and not converted_name(system):
        return system
    raise CodeUnknown(0, "system", system or "nothing", "a code system that is known, or a URI")


def minor_units(amount: str, currency: str) -> str:
    """Write a decimal `amount` in the minor units of `currency` (ISO 4217): "120.5" USD is "12050".

    Raises `ValueError` if it is no amount, is negative, or is finer than the currency.
    """
    if currency not in _DIGITS:
        raise ValueError("a currency of ISO 4217")
    if not _AMOUNT.fullmatch(amount):
        raise ValueError(f"an amount in {currency}, not negative")
    scaled = Decimal(amount).scaleb(_DIGITS[currency])
    if scaled != scaled.to_integral_value():
        raise ValueError(f"an amount of {currency} that its minor unit divides")
    return str(int(scaled))


def _by_ndc() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in NDC_LINES.split("\n"):
        cvx, *ndcs = line.split() or [""]
        for ndc in ndcs:
            table.setdefault(ndc, set()).add(cvx)
    return {ndc: frozenset(cvxs) for ndc, cvxs in table.items()}


_CVX_BY_NDC = _by_ndc()
