"""FHIR claims: a Claim, and an ExplanationOfBenefit with what was decided, as claim/1."""

from __future__ import annotations

import json
from decimal import Decimal

from medtrust.canonical import Claim, ClaimLine, Encounter, canonical_decimal, canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.fhir_eob import decided_lines, submitted, submitted_total
from medtrust.standards.fhir_json import Node
from medtrust.standards.fhir_source import Source, check_rules, choice, codings, day, refuse_code
from medtrust.standards.fhir_visits import visit_of_claim, visit_of_encounter
from medtrust.standards.loss import DEFAULTED, MAPPED, Marks
from medtrust.standards.reading import Record

__all__ = ["read_claim", "read_explanation"]


def read_claim(resource: Node, source: Source) -> None:
    """Read a Claim and its visit, which stands when the claim is refused.

    The visit is the Encounter that the lines name; one that the Claim contains is an object of its own. Where they
    name none, the Claim itself says when, where and who.
    """
    _read(resource, source, {})


def read_explanation(resource: Node, source: Source) -> None:
    """Read an ExplanationOfBenefit as the claim that it explains; what was decided is preserved beside it."""
    _read(resource, source, {"decision": ""})


def _read(resource: Node, source: Source, beside: dict[str, str]) -> None:
    marks: Marks = {}
    try:
        encounter = _encounter_of(resource, source, marks)
        if encounter is None:
            _check_kind(resource, marks)
            visit, patient = visit_of_claim(resource, source, marks)
        else:
            visit, patient = visit_of_encounter(encounter, source, marks)
        if encounter is None or encounter.resource is resource or source.library.is_beside(encounter):
            source.reader.records.append(Record(visit, (encounter or resource).path, patient))
            source.marks.update(marks)
        claim, policy = _claim(resource, visit, source, marks)
        if beside:
            beside = {"decision": json.dumps(decided_lines(resource, marks), sort_keys=True)}
        beside = {"policy": policy, **beside}
        days = tuple(f"{item.path}.{_day_name(item)}" for item in resource.children("item"))
        source.reader.records.append(Record(claim, resource.path, patient, beside=beside, days=days))
        source.marks.update(marks)
    except InputError as error:
        source.reader.refuse(error)


def _check_kind(resource: Node, marks: Marks) -> None:
    """Refuse what asks or foretells, what is no longer or not yet a claim, and what has no lines."""
    choice(resource, "use", {"claim": "claim"}, marks)
    choice(resource, "status", {"active": "active"}, marks)
    check_rules(resource)
    if resource.value.get("resourceType") == "Claim":
        _check_related(resource)
    if not resource.children("item"):
        raise resource.error("item", "", "a line")


def _check_related(resource: Node) -> None:
    """Refuse what stands for a claim that was filed before, as X12 does (CLM05-3)."""
    for related in resource.children("related"):
        kinds = {code for _, code in codings(related.child("relationship"))}
        if kinds != {"associated"}:
            expected = "associated: what was filed before is corrected by voiding it"
            raise related.error("relationship", " ".join(sorted(kinds)), expected)


def _encounter_of(resource: Node, source: Source, marks: Marks) -> Node | None:
    """Return the one Encounter that the lines of a claim name, None if they name none."""
    found: dict[str, Node] = {}
    for item in resource.children("item"):
        for reference in item.children("encounter"):
            encounter = source.library.find(reference, "Encounter")
            if encounter is None:
                raise reference.error("reference", reference.text("reference"), "an Encounter in this file")
            found[encounter.path] = encounter
            marks[reference.path] = MAPPED
    if len(found) > 1:
        raise resource.error("item[0].encounter", f"{len(found)} visits", "one for the whole claim")
    return next(iter(found.values()), None)


def _claim(resource: Node, visit: Encounter, source: Source, marks: Marks) -> tuple[Claim, str]:
    _check_kind(resource, marks)
    patient = source.patient(resource.child("patient"), marks)
    if source.reader.pseudonym(patient) != visit.sub:
        raise resource.error("patient", "another patient", "the patient of the visit")
    payer, policy = _insurance(resource, patient, source, marks)
    lines, currency = _lines(resource, visit, marks)
    total = sum(int(line.amt) for line in lines)
    stated = submitted_total(resource) if isinstance(resource.value.get("total"), list) else resource.child("total")
    _check_total(stated, total, currency, marks)
    claim = Claim(
        enc=visit.core_hash().hex(),
        payer=payer,
        pol=source.reader.policy_number(payer, policy),
        cur=currency,
        tot=str(total),
        dx=_diagnoses(resource, source, marks),
        ln=lines,
    )
    return claim, policy


def _insurance(resource: Node, patient: PatientIdentifier, source: Source, marks: Marks) -> tuple[str, str]:
    """Return the payer's URI and the policy number, from the coverage claimed under."""
    insurances = resource.children("insurance")
    focal = [insurance for insurance in insurances if insurance.value.get("focal") is True] or insurances
    if len(focal) != 1:
        raise resource.error("insurance", f"{len(focal)} of them", "one that is focal")
    reference = focal[0].child("coverage")
    marks[reference.path] = marks[f"{focal[0].path}.focal"] = MAPPED
    coverage = source.library.find(reference, "Coverage")
    if coverage:
        _check_coverage(coverage, resource, patient, source, marks)
    payers = coverage.children("payor")[:1] if coverage else []
    uris = [source.organisation(payer, marks) for payer in (*payers, resource.child("insurer"))]
    payer = next(filter(None, uris), "") or _called([*payers, resource.child("insurer"), reference], source, marks)
    if not payer:
        raise resource.error("insurer", "no identifier that is a URI", "the payer, here or in the coverage")
    for node in source.identifiers(reference, "Coverage"):
        if value := canonical_text(node.text("value")):
            marks[node.path] = MAPPED
            return payer, value
    if coverage and (value := canonical_text(coverage.text("subscriberId"))):
        marks[f"{coverage.path}.subscriberId"] = MAPPED
        return payer, value
    if source.reader.policy:
        return payer, source.reader.policy
    raise reference.error("identifier", "", "the policy number, here or in a Coverage in this file")


def _check_coverage(coverage: Node, resource: Node, patient: PatientIdentifier, source: Source, marks: Marks) -> None:
    """Refuse a coverage that is not in force, or of somebody else."""
    check_rules(coverage)
    choice(coverage, "status", {"active": "active"}, marks)
    beneficiary = coverage.child("beneficiary")
    written = beneficiary.text("reference")
    if not beneficiary.value or (written and written == resource.child("patient").text("reference")):
        return
    try:
        is_hers = source.patient(beneficiary, {}) == patient
    except InputError:
        is_hers = False
    if not is_hers:
        raise beneficiary.error("reference", written, "the patient of the claim")
    marks[beneficiary.path] = MAPPED


def _called(references: list[Node], source: Source, marks: Marks) -> str:
    """Return the URI of the payer that goes by a name or a number that the reader was told of, "" if none does."""
    for reference in references:
        found = source.library.find(reference, "Organization", "Coverage", "Patient", "RelatedPerson")
        said = (("display", reference), ("reference", reference), ("value", reference.child("identifier")))
        for name, node in (*said, ("name", found)):
            uri = source.reader.payers.get(canonical_text(node.text(name)), "") if node else ""
            if uri and node:
                marks[f"{node.path}.{name}"] = MAPPED
                return uri
    return ""


def _lines(resource: Node, visit: Encounter, marks: Marks) -> tuple[tuple[ClaimLine, ...], str]:
    """Return the lines, in the order in which they stand, and their one currency."""
    items = resource.children("item")
    found = [_line(number, item, visit, marks) for number, item in enumerate(items, 1)]
    for item, (_, currency) in zip(items, found, strict=True):
        if currency != found[0][1]:
            raise item.error("net.currency", currency, f"{found[0][1]}, as on the lines before it")
    return tuple(line for line, _ in found), found[0][1]


def _line(number: int, item: Node, visit: Encounter, marks: Marks) -> tuple[ClaimLine, str]:
    concept = item.child("productOrService")
    pairs = codings(concept) or [("", "")]
    known = [pair for pair in pairs if codes.coding_system(pair[0])]
    try:
        system, code = codes.charge_code(*(known or pairs)[0])
    except codes.CodeUnknown as unknown:
        refuse_code(concept, unknown)
    marks[f"{concept.path}.coding"] = MAPPED
    quantity = item.child("quantity")
    try:
        units = canonical_decimal(quantity.number("value") or "1")
    except ValueError as error:
        raise quantity.error("value", quantity.number("value"), "a decimal number of at most 10 digits") from error
    marks[f"{quantity.path}.value"] = MAPPED if quantity.value else DEFAULTED
    amount, currency = _amount(item, units, marks)
    return ClaimLine(n=number, sys=system, c=code, q=units, amt=amount, d=_served(item, visit, marks)), currency


def _served(item: Node, visit: Encounter, marks: Marks) -> str:
    """Return the day of a line: its own, else the first of its period, else the first of the visit."""
    if "servicedDate" in item.value:
        served = day(item, "servicedDate", marks)
    elif "servicedPeriod" in item.value:
        served = day(item.child("servicedPeriod"), "start", marks)
    else:
        marks[f"{item.path}.servicedDate"] = DEFAULTED
        return visit.start
    if not visit.includes(served):
        raise item.error(_day_name(item), served, f"a day of the visit, {visit.days}")
    return served


def _day_name(item: Node) -> str:
    """Return where a line says its day, or would."""
    is_period = "servicedPeriod" in item.value and "servicedDate" not in item.value
    return "servicedPeriod.start" if is_period else "servicedDate"


def _amount(item: Node, units: str, marks: Marks) -> tuple[str, str]:
    """Return the amount in minor units and its currency: `net`, the whole line, else `unitPrice` times quantity and
    factor; an explanation may say it among what was decided.
    """
    net, price = item.child("net"), item.child("unitPrice")
    is_whole = "net" in item.value
    if not (net.value or price.value) and (told := submitted(item)) is not None:
        net, is_whole = told, True
    times = Decimal(units) * Decimal(item.number("factor") or "1")
    amount, currency = _money(item, net, "net", Decimal(1)) if is_whole else _money(item, price, "unitPrice", times)
    if is_whole and price.value and not item.children("detail"):
        _check_product(item, net, price, times)
    for path in (net.path if is_whole else price.path, f"{item.path}.unitPrice", f"{item.path}.factor"):
        if path.rpartition(".")[2] in item.value or path == net.path:
            marks[path] = MAPPED
    return amount, currency


def _check_product(item: Node, net: Node, price: Node, times: Decimal) -> None:
    """Refuse a line that is not what its parts make, to the smallest amount of its currency."""
    currency = net.text("currency")
    if price.text("currency") != currency:
        raise item.error("net.currency", currency, f"{price.text('currency')}, as of unitPrice")
    product = Decimal(price.number("value") or "0") * times
    if abs(product - Decimal(net.number("value"))) * Decimal(codes.minor_units("1", currency)) >= 1:
        expected = f"{product:f}, which is unitPrice times quantity and factor"
        raise item.error("net.value", net.number("value"), expected)


def _money(item: Node, money: Node, name: str, times: Decimal) -> tuple[str, str]:
    """Return an amount, so many times, in minor units, and its currency."""
    currency = money.text("currency")
    try:
        whole = Decimal(canonical_decimal(money.number("value"))) * times
        return codes.minor_units(format(whole, "f"), currency), currency
    except ValueError as error:
        expected = f"an amount and its currency: {error}"
        raise item.error(name, f"{money.number('value')} {currency}".strip(), expected) from error


def _check_total(money: Node, total: int, currency: str, marks: Marks) -> None:
    """Refuse a claim whose lines do not add up to the total that it states."""
    if not money.value:
        return
    try:
        stated = codes.minor_units(money.number("value"), money.text("currency"))
    except ValueError as error:
        raise money.error("value", money.number("value"), str(error)) from error
    if (stated, money.text("currency")) != (str(total), currency):
        expected = f"{total} minor units of {currency}, the sum of the lines"
        raise money.error("value", f"{stated} of {money.text('currency')}", expected)
    marks[money.path] = MAPPED


def _diagnoses(resource: Node, source: Source, marks: Marks) -> tuple[str, ...]:
    """Return the diagnoses by their sequence, each once, written in the claim or in the Condition that it names."""
    diagnoses = resource.children("diagnosis")
    found: dict[str, None] = {}
    for diagnosis in sorted(diagnoses, key=lambda node: Decimal(node.number("sequence") or "0")):
        concept = diagnosis.child("diagnosisCodeableConcept")
        reference = diagnosis.child("diagnosisReference")
        if reference.value:
            condition = source.library.find(reference, "Condition")
            if condition is None:
                raise reference.error("reference", reference.text("reference"), "a Condition in this file")
            marks[reference.path] = MAPPED
            concept = condition.child("code")
        try:
            found[codes.diagnosis_code(*(codings(concept) or [("", "")])[0])] = None
        except codes.CodeUnknown as unknown:
            refuse_code(concept, unknown)
        marks[f"{concept.path}.coding"] = MAPPED
    return tuple(found)
