"""Who may do what: a stage on which every act could happen, and one row for each function that changes anything."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.drugs import Item, RecallClass, RecallDepth, State
from medtrust.emergency import Verdict
from medtrust.packing import container_id
from medtrust.patients import Scope
from medtrust.plan import Policy
from medtrust.record_terms import Question
from medtrust.sandbox import STAFF, employ
from medtrust.types import ZERO_HASH, name_hash
from tests.consents import DAY, give_ether, valid_consent, valid_terms
from tests.doses import batch_of
from tests.drugs_world import CASE, PALLET, assign_prefix, commission, drugs, move, offer, pack, packed, path_of, sscc
from tests.insurance_world import COIN, insure
from tests.world import CHINA, FAR, USA, World

__all__ = ["AUTHORITY", "ROWS", "Row", "Stage", "actors"]

SOMEBODY = "0x00000000000000000000000000000000000000b0"
GUARDIAN_SEED = "test test test test test test test test test test test junk"
OTHERS = [f"0x{number:040d}" for number in range(1, 5)]

AUTHORITY = {
    "NotAdjudicator",
    "NotAdmin",
    "NotAuthorised",
    "NotAuthority",
    "NotController",
    "NotGuardian",
    "NotSteward",
    "NotSuccessor",
    "NotVisitRegistry",
}
"""The errors that say that the caller is not the one who may."""


def actors(world: World) -> dict[str, LocalAccount]:
    """Everyone who calls: the named accounts, the patient and her guardian."""
    guardian = wallet.pseudonym(GUARDIAN_SEED, "guardian")
    return {**{name: wallet.role(name) for name in wallet.ROLES}, "patient": world.patient, "guardian": guardian}


class Stage:
    """A world in which each act of `ROWS` could happen next."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.patient = world.patient.address
        self.guardian = actors(world)["guardian"]
        for account in (self.patient, self.guardian.address):
            give_ether(world, account)
        self._appoint()
        world.chain.mine(seconds=8 * DAY)
        world.acting_as(self.guardian).patients.recover(self.patient, SOMEBODY)
        world.chain.mine(seconds=2 * DAY)
        self.now = world.chain.now()
        for prepare in (self._consent, self._emergencies, self._goods, self._doses, self._money, self._records):
            prepare()
        world.acting_as("authority").accreditation.offer_authority(USA, world.account("regulator").address)
        self.now = world.chain.now()

    def _appoint(self) -> None:
        hers = self.world.acting_as(self.world.patient).patients
        hers.add_guardian(self.patient, self.guardian.address, Scope(127), until=FAR)

    def _consent(self) -> None:
        hers = self.world.acting_as(self.world.patient).consent
        self.consent = valid_consent(self.world)
        hers.grant(self.consent)
        self.draft = valid_consent(self.world, terms=valid_terms(self.world, salt=name_hash("another")))

    def _emergencies(self) -> None:
        """Session 0 is justified and contested, 1 waits; the clinic is over its quota."""
        world = self.world
        for colleague in STAFF.values():
            employ(world.suite, colleague)
        care, officer = world.acting_as("doctor").emergency, world.acting_as("officer").emergency
        for _ in range(2):
            care.open(self.patient, world.hospital, ZERO_HASH, period=3600)
        officer.review(world.hospital, 0, Verdict.JUSTIFIED)
        world.acting_as(world.patient).emergency.contest(world.hospital, 0)
        registry = world.acting_as("authority").accreditation
        for role in (Role.EMERGENCY_CARE, Role.PRIVACY_OFFICER):
            registry.accredit(world.clinic, role, until=FAR)
        staff = [wallet.pseudonym(GUARDIAN_SEED, name) for name in ("nurse", "auditor")]
        for account, role in zip(staff, (Role.EMERGENCY_CARE, Role.PRIVACY_OFFICER), strict=True):
            give_ether(world, account.address)
            registry.add_signer(world.clinic, account.address, role, until=FAR, unit=name_hash(str(role)))
        nurse, auditor = (world.acting_as(one).emergency for one in staff)
        for number, patient in enumerate(OTHERS):
            nurse.open(patient, world.clinic, ZERO_HASH)
            auditor.review(world.clinic, number, Verdict.UNJUSTIFIED)

    def _goods(self) -> None:
        """Pallet at the wholesaler, one case at the pharmacy, one on its way to it."""
        assign_prefix(self.world)
        commission(self.world)
        move(self.world, container_id(PALLET), "maker", "wholesaler")
        move(self.world, container_id(CASE), "wholesaler", "pharmacy")
        self.offer = offer(self.world, container_id(sscc(12)), "wholesaler", "pharmacy", seconds=DAY)
        drugs(self.world, "wholesaler").ship(self.offer, path_of(self.offer.unit))
        self.next_offer = offer(self.world, container_id(sscc(13)), "wholesaler", "pharmacy", seconds=DAY)
        self._shelf()

    def _shelf(self) -> None:
        """At the pharmacy one pack is dispensed, one in a box, one in quarantine; another lot is recalled."""
        ours, shop = self.world.pharmacy, drugs(self.world, "pharmacy")
        shop.dispense(ours, packed().id, "1-1-3", path_of(pack("1-1-3")))
        packing = shop.pack(ours, [packed().id], name_hash("box"), [self.item("1-1-4")])
        self.mix = packing.event("UnitPacked").values["mix"]
        shop.flag_suspect(ours, self.item("1-1-5"))
        commission(self.world, packed("MT2026C"))
        maker, other = drugs(self.world, "maker"), packed("MT2026C").id
        maker.recall(self.world.maker, other, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)

    def item(self, serial: str) -> Item:
        """A pack with its path."""
        return Item(packed().id, pack(serial), path_of(pack(serial)))

    def _doses(self) -> None:
        self.batch = batch_of(3)
        self.world.acting_as("clinic").vaccination.anchor(self.world.clinic, self.batch.root, self.batch.size)

    def _money(self) -> None:
        """One visit is recorded and paid, another is held, none attested."""
        self.insured = insure(self.world)
        self.visit = self.insured.visit()
        self.insured.record(self.visit)
        self.next_visit = self.insured.visit(1)
        insurance = self.world.acting_as("insurer").insurance
        insurance.hold(self.world.insurer, self.world.hospital, self.now + DAY)
        held = self.insured.visit(2)
        self.insured.record(held)
        self.paid, self.held = insurance.dossier_of(self.visit), insurance.dossier_of(held)

    def _records(self) -> None:
        world = self.world
        asking, keeping = world.acting_as("clinic").records, world.acting_as("hospital").records
        self.record = name_hash("record")
        keeping.anchor(world.hospital, self.record, name_hash("commitment"))
        self.open_question, self.answered, self.next_question = (
            Question(world.clinic, world.hospital, name_hash(name)) for name in ("first", "second", "third")
        )
        for question in (self.open_question, self.answered):
            asking.request(question, deadline=self.now + 10 * DAY)
        keeping.respond(self.answered, name_hash("delivery"))

    def dose(self, place: int) -> dict[str, Any]:
        return {"organisation": self.world.clinic, "root": self.batch.root, "index": place}

    def appointment(self) -> dict[str, Any]:
        who = {"patient": self.patient, "guardian": SOMEBODY, "scope": 1}
        return {**who, "from": 0, "until": FAR, "evidence": ZERO_HASH}

    def plan(self) -> Any:
        """Another version of the plan."""
        plan = self.insured.plan
        return replace(plan, terms=replace(plan.terms, waiting_days=11))


@dataclass(frozen=True)
class Row:
    """Who may call a function so, and with what; `past` is the error that shows that the caller was let past the gate.

    Everyone may where nobody is named: then all get the same answer, `past`, or it is done for all.
    """

    by: frozenset[str]
    arguments: Callable[[Stage], tuple[Any, ...]]
    past: str = ""


def _row(by: str, arguments: Callable[[Stage], tuple[Any, ...]], past: str = "") -> Row:
    return Row(frozenset(by.split()), arguments, past)


NOBODY = frozenset({"nobody"})
HER = "patient guardian"
HOUSE = "hospital doctor officer"
"""The signers of the hospital: each acts for it as one who takes part."""


def _unsigned(*arguments: Any) -> tuple[Any, ...]:
    """A statement that nobody signed, good until far."""
    return (*arguments, {"nonce": secrets.randbits(64), "deadline": FAR, "signature": bytes(65)})


ACCREDITATION = {
    "openJurisdiction": _row("steward", lambda s: (CHINA, SOMEBODY)),
    "offerAuthority": _row("authority", lambda s: (USA, SOMEBODY)),
    "acceptAuthority": _row("regulator", lambda s: (USA,)),
    "appoint": _row("authority", lambda s: (USA, SOMEBODY, 1, FAR)),
    "register": _row("authority", lambda s: (name_hash("new"), USA, SOMEBODY, FAR)),
    "accredit": _row("authority", lambda s: (s.world.hospital, int(Role.LABORATORY), FAR)),
    "suspend": _row("authority", lambda s: (s.world.hospital, int(Role.HOSPITAL))),
    "compromise": _row("authority", lambda s: (s.world.hospital, int(Role.HOSPITAL), 0, s.now)),
    "changeAdmin": _row("hospital authority", lambda s: (s.world.hospital, SOMEBODY)),
    "addSigner": _row("hospital authority", lambda s: (s.world.hospital, SOMEBODY, 0, FAR, ZERO_HASH)),
    "removeSigner": _row("hospital authority", lambda s: (s.world.hospital, wallet.role("doctor").address)),
    "compromiseSigner": _row("hospital authority", lambda s: (s.world.hospital, wallet.role("doctor").address, s.now)),
}
PATIENTS = {
    "rotate": _row("patient", lambda s: (s.patient, SOMEBODY)),
    "addGuardian": _row("patient", lambda s: (s.appointment(),)),
    "removeGuardian": _row("patient", lambda s: (s.patient, s.guardian.address)),
    "changeThreshold": _row("patient", lambda s: (s.patient, 1)),
    "hide": _row("patient", lambda s: (s.patient, 1)),
    "veto": _row("patient", lambda s: (s.patient,)),
    "freeze": _row(HER, lambda s: (s.patient, s.now + DAY)),
    "recover": _row("guardian", lambda s: (s.patient, SOMEBODY)),
    "resign": _row("guardian", lambda s: (s.patient,)),
    "finishRecovery": _row("", lambda s: (s.patient,)),
    "allowHiding": _row("authority", lambda s: (USA, 1)),
    "rotateBySig": _row("", lambda s: _unsigned(s.patient, SOMEBODY), "InvalidSignature"),
    "addGuardianBySig": _row("", lambda s: _unsigned(s.appointment()), "InvalidSignature"),
    "removeGuardianBySig": _row("", lambda s: _unsigned(s.patient, s.guardian.address), "InvalidSignature"),
    "changeThresholdBySig": _row("", lambda s: _unsigned(s.patient, 1), "InvalidSignature"),
    "hideBySig": _row("", lambda s: _unsigned(s.patient, 1), "InvalidSignature"),
    "vetoBySig": _row("", lambda s: _unsigned(s.patient, 0), "InvalidSignature"),
    "freezeBySig": _row("", lambda s: _unsigned(s.patient, s.now + DAY), "InvalidSignature"),
    "recoverBySig": _row("", lambda s: _unsigned(s.patient, SOMEBODY), "InvalidSignature"),
    "resignBySig": _row("", lambda s: _unsigned(s.patient), "InvalidSignature"),
}
CONSENTS = {
    "grant": _row(HER, lambda s: (s.draft.outer,)),
    "revoke": _row(HER, lambda s: (s.patient, s.consent.id)),
    "revokeAll": _row(HER, lambda s: (s.patient,)),
    "revokeAllOf": _row(HER, lambda s: (s.patient, s.world.hospital)),
    "accept": _row(HOUSE, lambda s: (s.consent.outer, ZERO_HASH)),
    "decline": _row(HOUSE, lambda s: (s.consent.outer,)),
    "use": _row(HOUSE, lambda s: (s.consent.outer, ZERO_HASH)),
    "grantBySig": _row("", lambda s: (s.draft.outer, bytes(65)), "InvalidSignature"),
    "revokeBySig": _row("", lambda s: (s.patient, s.consent.id, FAR, bytes(65)), "InvalidSignature"),
    "revokeAllBySig": _row("", lambda s: (s.patient, 0, FAR, bytes(65)), "InvalidSignature"),
    "revokeAllOfBySig": _row("", lambda s: (s.patient, s.world.hospital, 0, FAR, bytes(65)), "InvalidSignature"),
}
EMERGENCIES = {
    "open": _row("doctor hospital", lambda s: (SOMEBODY, s.world.hospital, ZERO_HASH, 1, 0)),
    "review": _row("officer hospital", lambda s: (s.world.hospital, 1, int(Verdict.JUSTIFIED), ZERO_HASH)),
    "changeRule": _row(HER, lambda s: (s.patient, 1)),
    "contest": _row(HER, lambda s: (s.world.hospital, 1, ZERO_HASH)),
    "overrule": _row("authority", lambda s: (s.world.hospital, 0, ZERO_HASH)),
    "restore": _row("authority", lambda s: (s.world.clinic,)),
    "changeRuleBySig": _row("", lambda s: _unsigned(s.patient, 1), "InvalidSignature"),
    "contestBySig": _row("", lambda s: _unsigned(s.world.hospital, 1, ZERO_HASH), "InvalidSignature"),
}
GOODS = {
    "assignPrefix": _row("regulator", lambda s: (s.world.regulator, s.world.maker, 361415, 7)),
    "commission": _row("maker", lambda s: (s.world.maker, 361414567894, 7, "MT2026B", FAR, 1, name_hash("root"))),
    "ship": _row("wholesaler", lambda s: (s.next_offer, path_of(s.next_offer.unit))),
    "changePolicy": _row("maker", lambda s: (s.world.maker, 361414567894, 7, (200, 800, 700, 60, 300, DAY))),
    "receiveUnit": _row("pharmacy", lambda s: (s.offer,)),
    "receiveExcept": _row("pharmacy", lambda s: (s.offer, [s.item("1-2-1")], [])),
    "refuse": _row("pharmacy", lambda s: (s.offer,)),
    "takeBack": _row("wholesaler", lambda s: (s.offer,)),
    "report": _row("", lambda s: (s.offer, (ZERO_HASH, *(0,) * 8), bytes(65)), "OfferNotLive"),
    "pack": _row("pharmacy", lambda s: (s.world.pharmacy, [packed().id], 1, name_hash("tote"), [s.item("1-1-2")])),
    "unpack": _row("pharmacy", lambda s: (s.world.pharmacy, s.mix, name_hash("box"), [s.item("1-1-4")])),
    "end": _row("pharmacy", lambda s: (s.world.pharmacy, s.item("1-1-2"), int(State.DESTROYED))),
    "dispense": _row(
        "pharmacy", lambda s: (s.world.pharmacy, packed().id, "1-1-1", path_of(pack()), (ZERO_HASH, 0, 0))
    ),
    "undo": _row("pharmacy", lambda s: (s.world.pharmacy, s.item("1-1-3"), [])),
    "flagSuspect": _row("pharmacy", lambda s: (s.world.pharmacy, s.item("1-1-2"))),
    "flagShipment": _row("maker", lambda s: (s.offer, s.world.maker)),
    "resolve": _row("maker", lambda s: (s.world.maker, packed().id, pack("1-1-5"), True, name_hash("reasons"))),
    "recall": _row("maker", lambda s: (s.world.maker, packed().id, 1, 1)),
    "acknowledge": _row("wholesaler", lambda s: (s.world.wholesaler, packed("MT2026C").id, ZERO_HASH)),
}
DOSES = {
    "anchor": _row("clinic", lambda s: (s.world.clinic, name_hash("root"), 3, [])),
    "revoke": _row("clinic authority", lambda s: (s.world.clinic, s.batch.root, 0)),
    "enterInError": _row("clinic authority", lambda s: (s.world.clinic, s.batch.root, 0)),
    "recordOnce": _row("clinic", lambda s: (s.world.clinic, [name_hash("dose 2 of hepb")])),
    "amend": _row("clinic", lambda s: (s.dose(0), s.dose(1), ZERO_HASH)),
    "dispute": _row(HER, lambda s: (s.patient, name_hash("dose"), ZERO_HASH)),
    "disputeBySig": _row("", lambda s: (s.patient, name_hash("dose"), ZERO_HASH, FAR, bytes(65)), "InvalidSignature"),
    "nameHeir": _row("authority", lambda s: (s.world.clinic, s.world.hospital)),
}
VISITS = {
    "record": _row("hospital", lambda s: (s.next_visit, int(Role.HOSPITAL), b"")),
    "attest": _row("", lambda s: (s.visit, bytes(65)), "InvalidSignature"),
    "void": _row("hospital", lambda s: (s.visit,)),
}
CLAIMS = {
    "publish": _row("insurer", lambda s: (s.plan(),)),
    "enrol": _row("insurer", lambda s: (Policy(s.insured.plan.id, SOMEBODY, s.now, s.now + DAY),)),
    "hold": _row("insurer", lambda s: (s.world.insurer, s.world.clinic, s.now + DAY)),
    "settle": _row("", lambda s: (s.visit,), "ClaimSettled"),
    "decide": _row("insurer", lambda s: (s.held, s.world.insurer, COIN)),
    "appeal": _row(HOUSE, lambda s: (s.paid, b"")),
    "coordinate": _row("", lambda s: (s.visit, s.paid, s.insured.policy.id, b"", b""), "InvalidSignature"),
    "reverse": _row("", lambda s: (s.paid,), "VisitStands"),
    "onVisit": Row(NOBODY, lambda s: (s.visit, ZERO_HASH, (bytes(24), 0, 0, False))),
}
POOL = {
    "open": _row("insurer", lambda s: (s.world.insurer, s.world.address("InsuranceClaims")), "AccountExists"),
    "withdraw": _row("insurer", lambda s: (s.world.insurer, SOMEBODY, COIN)),
    "windDown": _row("insurer", lambda s: (s.world.insurer,)),
    "cover": Row(NOBODY, lambda s: (s.world.insurer, COIN, FAR)),
    "reserve": Row(NOBODY, lambda s: (s.world.insurer, name_hash("claim"), COIN)),
    "pay": Row(NOBODY, lambda s: (s.world.insurer, s.world.hospital, ZERO_HASH, COIN)),
    "reclaim": Row(NOBODY, lambda s: (s.world.insurer, s.world.hospital, name_hash("claim"), COIN, False)),
    "draw": _row("", lambda s: (s.world.insurer, s.world.hospital, 1), "NothingOwed"),
    "guarantee": _row("", lambda s: (s.world.insurer,), "StillAccredited"),
    "namePayee": _row("hospital", lambda s: (s.world.hospital, SOMEBODY)),
    "deposit": _row("", lambda s: (s.world.insurer, 0), "NothingReceived"),
    "withdrawOwed": _row("", lambda s: (s.world.hospital,), "NothingOwed"),
}
RECORDS = {
    "anchor": _row("hospital", lambda s: (s.world.hospital, name_hash("new"), name_hash("commitment"), bytes(24), 0)),
    "rotate": _row("hospital", lambda s: (s.world.hospital, s.record)),
    "publishKey": _row("hospital", lambda s: (s.world.hospital, name_hash("key"))),
    "request": _row("clinic", lambda s: (s.next_question, s.now + DAY)),
    "respond": _row("hospital", lambda s: (s.open_question, name_hash("delivery"))),
    "refuse": _row("hospital", lambda s: (s.open_question, ZERO_HASH)),
    "acknowledge": _row("clinic", lambda s: (s.answered, name_hash("delivery"))),
    "dispute": _row("clinic", lambda s: (s.answered, name_hash("delivery"), ZERO_HASH)),
}

ROWS: Mapping[str, Mapping[str, Row]] = {
    "AccreditationRegistry": ACCREDITATION,
    "PatientRegistry": PATIENTS,
    "ConsentRegistry": CONSENTS,
    "EmergencyAccess": EMERGENCIES,
    "DrugProvenance": GOODS,
    "VaccinationRegistry": DOSES,
    "VisitRegistry": VISITS,
    "InsurancePool": POOL,
    "InsuranceClaims": CLAIMS,
    "RecordExchange": RECORDS,
}
"""Every function that changes anything, by its contract."""
