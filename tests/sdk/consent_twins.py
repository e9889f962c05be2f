"""A registry of consents on an EVM of its own and, beside it, what was done to it, for Python to decide alike."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields, replace
from typing import Any

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.artifacts import load
from medtrust.consent import UNLIMITED, Consent, DataClass, Facts, Purpose, Record, Request, Terms
from medtrust.consent_terms import CONSENT
from medtrust.signing import Domain, sign
from medtrust.types import ZERO_HASH, name_hash
from tests.invariants.machine import LocalContract, LocalEvm
from tests.world import CHINA, FAR, USA

SEED = 20_261_123
DAY = 86_400
WARD = name_hash("ward 3")
STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
CHAIN_ID = 1
PATIENTS = {wallet.role(name).address: bytes(wallet.role(name).key) for name in ("doctor", "stranger")}
ACTORS = [wallet.role(name).address for name in ("hospital", "clinic", "insurer", "attacker")]
GRANTEES = [name_hash(name) for name in ("hospital", "clinic", "insurer")]
GUARDIAN = wallet.role("relayer").address
NOWHERE = name_hash("an organisation that nobody registered")


@dataclass
class Line:
    """Since when and until when something held (Unix seconds)."""

    begins: int
    ends: int = FAR

    def holds(self, at: int) -> bool:
        return self.begins <= at < self.ends


@dataclass
class Model:
    """The contract and, beside it, plain Python that remembers what was done to it."""

    host: LocalEvm
    accreditation: LocalContract
    registry: LocalContract
    keys: LocalContract
    frozen: dict[str, Line] = field(default_factory=dict)
    jurisdictions: dict[bytes, int] = field(default_factory=dict)
    standing: dict[bytes, Line] = field(default_factory=dict)
    signers: dict[tuple[bytes, str], Line] = field(default_factory=dict)
    records: dict[bytes, Record] = field(default_factory=dict)
    ends: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.host.now

    @property
    def domain(self) -> Domain:
        return Domain("ConsentRegistry", "1", CHAIN_ID, self.registry.address)

    def facts(self, consent: Consent, request: Request, at: int, *, is_signed: bool | None) -> Facts:
        signer = self.signers.get((consent.grantee, request.actor))
        standing = self.standing.get(consent.grantee)
        return Facts(
            record=self.records.get(consent.id, Record()),
            ends=self.ends_of(consent.patient, ZERO_HASH),
            grantee_ends=self.ends_of(consent.patient, consent.grantee),
            is_signed=is_signed,
            jurisdiction=self.jurisdictions.get(consent.grantee, 0),
            is_accredited=standing is not None and standing.holds(at),
            is_actor=signer is not None and signer.holds(at),
            is_frozen=consent.patient in self.frozen and self.frozen[consent.patient].holds(at),
            hidden=int(DataClass.LABORATORY) if self.jurisdictions.get(consent.grantee) == USA else 0,
        )

    def ends_of(self, patient: str, grantee: bytes) -> list[int]:
        return self.ends.setdefault((patient, grantee), [])

    def epoch(self, patient: str, grantee: bytes) -> int:
        return len(self.ends_of(patient, ZERO_HASH)) << 32 | len(self.ends_of(patient, grantee))

    def sign(self, consent: Consent) -> bytes:
        return sign(PATIENTS[consent.patient], CONSENT.digest(self.domain, consent.message))

    # What can happen

    def draft(self, dice: random.Random) -> Consent:
        patient = dice.choice(list(PATIENTS))
        grantee = dice.choice([*GRANTEES, NOWHERE]) if dice.random() < 0.1 else dice.choice(GRANTEES)
        begins = self.now + dice.choice([-DAY, 0, 0, 1, DAY])
        terms = Terms(
            purposes=int(dice.choice([Purpose.TREAT, Purpose.TREAT | Purpose.HPAYMT, UNLIMITED >> 1, 0, UNLIMITED])),
            data_classes=int(dice.choice([DataClass.LABORATORY, sum(DataClass), UNLIMITED])),
            sensitivity=dice.choice([0, 4, 4, 5, 6, 255]),
            jurisdiction=dice.choice([0, 0, USA, USA, CHINA]),
            facility=dice.choice([ZERO_HASH, WARD]),
            data_from=dice.choice([0, self.now - DAY]),
            data_until=dice.choice([0, self.now, self.now + DAY]),
            onward=dice.random() < 0.5,
            parent=WARD if dice.random() < 0.02 else ZERO_HASH,
            document=ZERO_HASH,
            salt=dice.randbytes(32),
        )
        consent = Consent(
            patient=patient,
            grantee=grantee,
            access_from=begins,
            access_until=begins + dice.choice([1, DAY, 30 * DAY, 300 * DAY]),
            max_uses=dice.choice([0, 1, 2, UNLIMITED, UNLIMITED, UNLIMITED]),
            epoch=self.epoch(patient, grantee) + dice.choice([0] * 12 + [1, 1 << 32]),
            terms=terms,
        )
        if self.consents and dice.random() < 0.5:
            consent = self.under(dice.choice(self.consents[-12:]), consent, dice)
        self.consents.append(consent)
        return consent

    def under(self, parent: Consent, other: Consent, dice: random.Random) -> Consent:
        """A consent that stands on a parent and is as wide, or in one field what another is."""
        terms = replace(parent.terms, parent=parent.id, salt=other.terms.salt, onward=other.terms.onward)
        child = replace(parent, grantee=other.grantee, terms=terms, epoch=self.epoch(parent.patient, other.grantee))
        if dice.random() < 0.5:
            return child
        name = dice.choice([one.name for one in fields(Terms) if one.name not in ("parent", "salt")])
        return replace(child, terms=replace(terms, **{name: getattr(other.terms, name)}))

    def line_of(self, consent: Consent) -> list[Consent]:
        """The consents on which one stands, the first of all first, then itself."""
        known = {one.id: one for one in self.consents}
        line = [consent]
        while line[0].terms.parent in known:
            line.insert(0, known[line[0].terms.parent])
        return line

    def grant(self, consent: Consent, *, by: str = "") -> None:
        self.registry.send(by or consent.patient, "grant", consent.outer)
        record = self.records.get(consent.id, Record())
        if record.granted_at == 0:
            self.records[consent.id] = replace(record, granted_at=self.now, is_by_guardian=by == GUARDIAN)

    def answer(self, consent: Consent, *, is_declined: bool) -> None:
        actor = next(actor for (grantee, actor) in self.signers if grantee == consent.grantee)
        act = ("decline", consent.outer) if is_declined else ("accept", consent.outer, WARD)
        self.registry.send(actor, *act)
        record = self.records.get(consent.id, Record())
        self.records[consent.id] = replace(record, **{"declined_at" if is_declined else "accepted_at": self.now})

    def freeze(self, patient: str) -> None:
        self.keys.send(patient, "freeze", patient, self.now + DAY)
        known = self.frozen.get(patient)
        begins = known.begins if known and known.holds(self.now) else self.now
        self.frozen[patient] = Line(begins, self.now + DAY)

    def revoke(self, consent: Consent) -> None:
        self.registry.send(consent.patient, "revoke", consent.patient, consent.id)
        record = self.records.get(consent.id, Record())
        if record.revoked_at == 0:
            self.records[consent.id] = replace(record, revoked_at=self.now)

    def revoke_all(self, patient: str) -> None:
        self.registry.send(patient, "revokeAll", patient)
        self.ends_of(patient, ZERO_HASH).append(self.now)

    def revoke_all_of(self, patient: str, grantee: bytes) -> None:
        self.registry.send(patient, "revokeAllOf", patient, grantee)
        self.ends_of(patient, grantee).append(self.now)

    def use(self, consent: Consent) -> None:
        actor = next(actor for (grantee, actor) in self.signers if grantee == consent.grantee)
        self.registry.send(actor, "use", consent.outer, WARD)
        record = self.records[consent.id]
        self.records[consent.id] = replace(record, used_at=self.now, uses=record.uses + 1)

    def suspend(self, grantee: bytes) -> None:
        self.accreditation.send(AUTHORITY, "suspend", grantee, int(Role.PARTICIPANT))
        self.standing[grantee].ends = self.now

    def remove_signer(self, grantee: bytes, actor: str) -> None:
        self.accreditation.send(AUTHORITY, "removeSigner", grantee, actor)
        self.signers[grantee, actor].ends = self.now


def new_model() -> Model:
    """Three organisations, one of them in another jurisdiction, with a signer each, and a second one at the first."""
    host = LocalEvm()
    accreditation = host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
    keys = host.deploy(load("PatientRegistry"), accreditation.address, by=STEWARD)
    registry = host.deploy(load("ConsentRegistry"), accreditation.address, keys.address, by=STEWARD)
    model = Model(host, accreditation, registry, keys)
    for number in (USA, CHINA):
        accreditation.send(STEWARD, "openJurisdiction", number, AUTHORITY)
    for grantee, number in zip(GRANTEES, (USA, USA, CHINA), strict=True):
        accreditation.send(AUTHORITY, "register", grantee, number, AUTHORITY, FAR)
        model.jurisdictions[grantee] = number
        model.standing[grantee] = Line(host.now)
    for grantee, actor in ((0, 0), (0, 1), (1, 1), (2, 2)):
        accreditation.send(AUTHORITY, "addSigner", GRANTEES[grantee], ACTORS[actor], 0, FAR, ZERO_HASH)
        model.signers[GRANTEES[grantee], ACTORS[actor]] = Line(host.now)
    keys.send(AUTHORITY, "allowHiding", USA, int(DataClass.LABORATORY))
    for patient in PATIENTS:
        keys.send(patient, "addGuardian", (patient, GUARDIAN, 1, 0, FAR, ZERO_HASH))
        keys.send(patient, "hide", patient, (1 << 32) - 1)
    return model


def request_for(consent: Consent, model: Model, dice: random.Random) -> Request:
    """A request that the consent's terms cover, if they cover any."""
    terms = consent.terms
    actors = [actor for grantee, actor in model.signers if grantee == consent.grantee] or ACTORS
    return Request(
        actor=dice.choice(actors),
        organisation=consent.grantee,
        purpose=int(Purpose.TREAT),
        data_class=int(DataClass.LABORATORY),
        sensitivity=min(terms.sensitivity, dice.choice([1, 4])),
        facility=terms.facility,
        jurisdiction=terms.jurisdiction,
        data_at=max(terms.data_from, (terms.data_until or model.now) - 1),
    )


def flipped(request: Request, dice: random.Random) -> Request:
    """The request with one field changed at random."""
    name = dice.choice([one.name for one in fields(Request)])
    edge = 1 << dice.choice([0, 1, 6, 20, 21, 25, 26, 31, 32, 255])
    values: dict[str, list[Any]] = {
        "actor": ACTORS,
        "organisation": [*GRANTEES, NOWHERE],
        "purpose": [0, 3, edge, edge | 1, int(Purpose.HMARKT)],
        "data_class": [0, 3, edge, edge | 1, int(DataClass.GENETICS)],
        "sensitivity": [*range(8), 255, edge],
        "facility": [ZERO_HASH, WARD, NOWHERE],
        "jurisdiction": [0, USA, CHINA, USA + (1 << 16)],
        "data_at": [0, request.data_at - 1, request.data_at + 1, request.data_at + DAY, 2**64 - 1],
    }
    return replace(request, **{name: dice.choice(values[name])})
