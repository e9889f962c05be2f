"""FHIR R4 Consent: one read as a consent, with what became of every field, or refused where it says something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from medtrust.canonical import canonical_text
from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose, Terms
from medtrust.errors import InputError
from medtrust.standards import fhir_consent_codes as codes
from medtrust.standards.fhir_consent_time import FOREVER, span
from medtrust.standards.fhir_json import Library, Node, parse, present
from medtrust.standards.identifiers import authority_of_uri, identifier_uri
from medtrust.standards.loss import DEFAULTED, MAPPED, LossReport, Marks
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, bytes32, checksum_address, organisation_id

__all__ = ["ConsentReading", "read_consent"]

_IN_ROOT: Final = (
    *("resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "status", "scope"),
    *("category", "patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference", "policy"),
    *("policyRule", "verification", "provision"),
)
_IN_PROVISION: Final = (
    *("id", "extension", "modifierExtension", "type", "period", "actor", "action", "securityLabel", "purpose"),
    *("class", "dataPeriod"),
)
_IN_PERIOD: Final = ("id", "extension", "start", "end")
_IN_ACTOR: Final = ("id", "extension", "role", "reference")
_RECIPIENTS: Final = ("IRCP", "PRCP")
_EXTENSIONS: Final = {
    "max-uses": "valueUnsignedInt",
    "jurisdiction": "valueCoding",
    "facility": "valueIdentifier",
    "parent": "valueIdentifier",
    "obligation": "valueBoolean",
}

_PURPOSE_CODES: Final = tuple(name for name in Purpose.__members__ if name != "OBLIGATION")
"""OBLIGATION is a mark of ours and no purpose of HL7: it stands in an extension that modifies."""


@dataclass(frozen=True)
class ConsentReading:
    """What a FHIR Consent says, and what became of every field of it.

    `patient` is the address and `id` the 32-byte id that it names, each empty if it names none. `outline` is the
    consent without what FHIR does not carry: no patient unless it is named, epoch 0, salt zero. `organisation` is the
    identifier URI of the grantee, "" if only its id is known.
    """

    patient: str
    id: bytes
    organisation: str
    outline: Consent
    loss: LossReport

    def consent(self, *, salt: bytes, epoch: int = 0, patient: str = "") -> Consent:
        """Complete the consent, to be signed by its patient: `salt` is 32 bytes, `epoch` what the registry answers.

        Raises `InputError` if nobody says who the patient is, two say it differently, or the document names the id of
        another consent than this.
        """
        address = patient or self.patient
        if not address or (self.patient and address != self.patient):
            expected = "the address of the patient" if not address else f"the patient {self.patient}"
            raise InputError(place="Consent.patient", found=address or "nothing", expected=expected)
        found = replace(self.outline, patient=address, epoch=epoch, terms=replace(self.outline.terms, salt=salt))
        if self.id and found.id != self.id:
            expected = f"{_hex(self.id)}, as the document says"
            raise InputError(place="Consent.identifier", found=_hex(found.id), expected=expected)
        return found


def read_consent(data: bytes, *, name: str, key: bytes, directory: Mapping[str, str] | None = None) -> ConsentReading:
    """Read the one FHIR R4 Consent that `data` (JSON; a resource, or a Bundle with it) holds.

    `name` is what a refusal calls the source; `key` (32 bytes) is that of the ledger; `directory` maps references that
    lead out of the file to identifier URIs of organisations. It is a consent if it is an active permit at the root, to
    one organisation, for named purposes of HL7 v3, and nothing narrows it that a consent has no word for; no data
    class named is every class, as in FHIR; no label named is N at most; no action named is access and use. One label
    is a high-water mark, as FHIR R4 says of `provision.securityLabel`. Raises `InputError` with the path of the first
    thing that cannot be expressed.
    """
    try:
        return _Reading(data, directory or {}).result(key)
    except InputError as error:
        raise error.within(name) from None


class _Reading:
    """One document while it is read, and the marks of its ledger."""

    def __init__(self, data: bytes, directory: Mapping[str, str]) -> None:
        self.marks: Marks = {}
        self.directory = directory
        found = list(parse(data))
        if len(found) != 1:
            raise InputError(place="document", found=f"{len(found)} documents", expected="one Consent")
        self.path, document, _ = found[0]
        if isinstance(document, InputError):
            raise document
        self.document: Mapping[str, Any] = document
        self.library = Library()
        self.library.add(document, self.path)
        consents = [one for one in self.library.resources if one.value.get("resourceType") == "Consent"]
        if len(consents) != 1:
            raise InputError(place=self.path, found=f"{len(consents)} of them", expected="one Consent")
        self.root = consents[0]
        self.provision = self.root.child("provision")

    def result(self, key: bytes) -> ConsentReading:
        """Read it whole."""
        self._shape()
        self._header()
        self._type()
        organisation, grantee = self._grantee()
        since, until = self._window("period")
        narrowed = self._extensions()
        data_from, data_until = self._window("dataPeriod")
        terms = Terms(
            purposes=self._purposes() | narrowed.get("obligation", 0),
            data_classes=self._data_classes(),
            sensitivity=self._label(),
            jurisdiction=narrowed.get("jurisdiction", 0),
            facility=narrowed.get("facility", ZERO_HASH),
            data_from=data_from,
            data_until=0 if data_until == FOREVER else data_until,
            onward=self._is_onward(),
            parent=narrowed.get("parent", ZERO_HASH),
            document=self._named(self.root.child("sourceReference"), codes.DOCUMENT),
            salt=ZERO_HASH,
        )
        patient = self._patient()
        uses = narrowed.get("max-uses", UNLIMITED)
        outline = Consent(patient or ZERO_ADDRESS, grantee, since, until, uses, 0, terms)
        id_ = self._named(self.root, codes.CONSENT)
        loss = LossReport(key)
        loss.add(lambda marks: present(self.document, self.path, marks), self.marks)
        return ConsentReading(patient, b"" if id_ == ZERO_HASH else id_, organisation, outline, loss)

    def _shape(self) -> None:
        """Refuse members that nobody knows, and that may narrow what is permitted."""
        _only(self.root, _IN_ROOT)
        _only(self.provision, _IN_PROVISION)
        for name in ("period", "dataPeriod"):
            _only(self.provision.child(name), _IN_PERIOD)
        for actor in self.provision.children("actor"):
            _only(actor, _IN_ACTOR)
        for node in (*self.root.children("policy"), *self.root.children("verification")):
            if "modifierExtension" in node.value:
                raise node.error("modifierExtension", "an extension that modifies", "none that nobody knows")
        for name, value in self.provision.value.items():
            if value in ([], {}, None):
                raise self.provision.error(name, "nothing", "something, or no such member")

    def _header(self) -> None:
        self.marks[f"{self.root.path}.resourceType"] = MAPPED
        if self.root.text("status") != "active":
            raise self.root.error("status", self.root.text("status"), "active")
        self.marks[f"{self.root.path}.status"] = MAPPED
        scopes = self.root.child("scope").children("coding")
        if not scopes:
            raise self.root.error("scope", "", "patient-privacy or research")
        for coding in scopes:
            self._code(coding, codes.SCOPE, ("patient-privacy", "research"))
        for category in self.root.children("category"):
            for coding in category.children("coding"):
                if (coding.text("system"), coding.text("code")) == (codes.LOINC, "59284-0"):
                    self._mark(coding, "system", "code")
        for policy in self.root.children("policy"):
            if policy.text("uri") == codes.POLICY:
                self._mark(policy, "uri")

    def _type(self) -> None:
        """Require a permit: said at the root, or left unsaid under a policy that denies, to which it is the exception.

        FHIR R4 has no type at the root; IHE PCF says it there. Under a policy of opting in an exception takes away.
        """
        rule = self.root.child("policyRule").children("coding")
        is_out = [(one.text("system"), one.text("code")) for one in rule] == [(codes.ACT_CODE, "OPTOUT")]
        if is_out:
            self._mark(rule[0], "system", "code")
        if "type" not in self.provision.value and is_out and self.provision.value:
            self.marks[f"{self.provision.path}.type"] = DEFAULTED
            return
        if self.provision.text("type") != "permit":
            expected = "permit, as what is left out or denied takes away from a policy that stands elsewhere"
            raise self.provision.error("type", self.provision.text("type"), expected)
        self._mark(self.provision, "type")

    def _grantee(self) -> tuple[str, bytes]:
        actors = self.provision.children("actor")
        if len(actors) != 1:
            raise self.provision.error("actor", f"{len(actors)} of them", "one organisation")
        roles = actors[0].child("role").children("coding")
        if not roles:
            raise actors[0].error("role", "", " or ".join(_RECIPIENTS))
        for role in roles:
            self._code(role, codes.PARTICIPATION, _RECIPIENTS)
        reference = actors[0].child("reference")
        if reference.text("type") == "Organization":
            self._mark(reference, "type")
        if reference.text("type") not in ("", "Organization"):
            raise reference.error("type", reference.text("type"), "Organization")
        for node in self._identifiers(reference, "Organization"):
            authority, value = authority_of_uri(node.text("system")), canonical_text(node.text("value"))
            if authority == codes.ORGANISATION:
                self._mark(node, "system", "value")
                return "", bytes32(value, place=f"{node.path}.value")
            if uri := identifier_uri(authority, value):
                self._mark(node, "system", "value")
                self._mark(reference, "reference")
                return uri, organisation_id(uri)
        written = reference.text("reference")
        if written not in self.directory:
            expected = "an organisation with an identifier that is a URI, here, in this file or in the directory"
            raise reference.error("reference", written, expected)
        self._mark(reference, "reference")
        return self.directory[written], organisation_id(self.directory[written])

    def _identifiers(self, reference: Node, kind: str) -> list[Node]:
        """Return the identifiers of what a Reference leads to, else its own one; those that are old name nobody."""
        resource = self.library.find(reference, kind)
        own = [reference.child("identifier")] if "identifier" in reference.value else []
        found = resource.children("identifier") if resource else own
        return [one for one in found if one.text("use") != "old"]

    def _window(self, name: str) -> tuple[int, int]:
        """Return the half-open interval of a Period; a bound that is not there does not bind."""
        period = self.provision.child(name)
        start, end = (span(period, bound, self.marks) for bound in ("start", "end"))
        if name == "period":
            for bound in ("start", "end"):
                self.marks.setdefault(f"{period.path}.{bound}", DEFAULTED)
        since, until = start[0] if start else 0, end[1] if end else FOREVER
        if until <= since:
            raise period.error("end", period.text("end"), f"not before {period.text('start')}")
        return since, until

    def _extensions(self) -> dict[str, Any]:
        """Read what narrows the consent; an extension that modifies and is not known must not be passed over."""
        found: dict[str, Any] = {}
        for node in self.provision.children("modifierExtension"):
            name = node.text("url").removeprefix(codes.EXTENSION)
            if node.text("url") != codes.EXTENSION + name or name not in _EXTENSIONS or name in found:
                raise node.error("url", node.text("url"), f"once each of {', '.join(_EXTENSIONS)}")
            _only(node, ("id", "url", _EXTENSIONS[name]))
            found[name] = self._extension(node, name)
            self._mark(node, "url")
        return found

    def _extension(self, node: Node, name: str) -> Any:
        if name == "max-uses":
            value = node.number("valueUnsignedInt")
            if not value.isdigit() or int(value) >= UNLIMITED:
                raise node.error("valueUnsignedInt", value, "a whole number")
            self._mark(node, "valueUnsignedInt")
            return int(value)
        if name == "obligation":
            if node.value.get("valueBoolean") is not True:
                raise node.error("valueBoolean", str(node.value.get("valueBoolean")), "true, or no such extension")
            self._mark(node, "valueBoolean")
            return Purpose.OBLIGATION
        if name == "jurisdiction":
            coding = node.child("valueCoding")
            return int(self._code(coding, codes.COUNTRY, tuple(f"{one:03}" for one in range(1, 1000)), "three digits"))
        identifier = node.child("valueIdentifier")
        system = codes.FACILITY if name == "facility" else codes.CONSENT
        if identifier.text("system") != system:
            raise identifier.error("system", identifier.text("system"), system)
        self._mark(identifier, "system", "value")
        return bytes32(identifier.text("value"), place=f"{identifier.path}.value")

    def _purposes(self) -> int:
        found = [Purpose[self._code(one, codes.PURPOSE, _PURPOSE_CODES)] for one in self.provision.children("purpose")]
        if not found:
            raise self.provision.error("purpose", "", "at least one purpose of use")
        return sum(set(found))

    def _data_classes(self) -> int:
        """Read the classes of data; each must be named whole."""
        if "class" not in self.provision.value:
            self.marks[f"{self.provision.path}.class"] = DEFAULTED
            return sum(DataClass)
        by_code = {code: one for one, group in codes.CLASSES.items() for code in group}
        named: set[tuple[str, str]] = set()
        for node in self.provision.children("class"):
            code = (node.text("system"), node.text("code"))
            if code not in by_code:
                raise node.error("code", "|".join(code), "a class of data that is known")
            self._mark(node, "system", "code")
            named.add(code)
        for index, node in enumerate(self.provision.children("class")):
            group = codes.CLASSES[by_code[(node.text("system"), node.text("code"))]]
            if missing := [code for code in group if code not in named]:
                expected = f"{', '.join(code for _, code in missing)} with it, as one class of data"
                raise self.provision.error(f"class[{index}]", node.text("code"), expected)
        return sum({by_code[code] for code in named})

    def _label(self) -> int:
        labels = self.provision.children("securityLabel")
        if not labels:
            self.marks[f"{self.provision.path}.securityLabel"] = DEFAULTED
            return Confidentiality.N
        found = [self._code(label, codes.CONFIDENTIALITY, tuple(Confidentiality.__members__)) for label in labels]
        if len(found) > 1:
            raise self.provision.error("securityLabel[1]", found[1], "one label, the highest")
        return Confidentiality[found[0]]

    def _is_onward(self) -> bool:
        if "action" not in self.provision.value:
            self.marks[f"{self.provision.path}.action"] = DEFAULTED
            return False
        found = {
            self._code(coding, codes.ACTIONS, ("access", "use", "disclose"))
            for action in self.provision.children("action")
            for coding in action.children("coding")
        }
        if not {"access", "use"} <= found:
            raise self.provision.error("action", " and ".join(sorted(found)), "access and use among them")
        return "disclose" in found

    def _patient(self) -> str:
        """Return the address that the patient is named by, "" if none; who agreed counts if it is the patient."""
        for node in self._identifiers(self.root.child("patient"), "Patient"):
            if node.text("system") == codes.PATIENT:
                self._mark(node, "system", "value")
                for performer in self.root.children("performer"):
                    agreed = performer.child("identifier")
                    if (agreed.text("system"), agreed.text("value")) == (codes.PATIENT, node.text("value")):
                        self._mark(agreed, "system", "value")
                return checksum_address(node.text("value"), place=f"{node.path}.value")
        return ""

    def _named(self, owner: Node, system: str) -> bytes:
        """Return the 32 bytes that an identifier of this system names, zero if there is none."""
        is_list = isinstance(owner.value.get("identifier"), list)
        for node in owner.children("identifier") if is_list else [owner.child("identifier")]:
            if node.text("system") == system:
                self._mark(node, "system", "value")
                self._mark(owner, "type")
                return bytes32(node.text("value"), place=f"{node.path}.value")
        return ZERO_HASH

    def _code(self, coding: Node, system: str, known: tuple[str, ...], expected: str = "") -> str:
        """Return the code of a Coding of this system, which must be among those that are known."""
        if coding.text("system") != system:
            raise coding.error("system", coding.text("system"), system)
        if coding.text("code") not in known:
            raise coding.error("code", coding.text("code"), expected or " or ".join(known))
        self._mark(coding, "system", "code")
        return coding.text("code")

    def _mark(self, node: Node, *names: str) -> None:
        for name in names:
            self.marks[f"{node.path}.{name}"] = MAPPED


def _only(node: Node, known: tuple[str, ...]) -> None:
    for name in node.value:
        if name not in known:
            raise node.error(name, "a member that a consent has no word for", " or ".join(known))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
