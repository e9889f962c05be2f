"""Tourist: unconscious, far from home; a doctor opens her record in one act, and only so far and so long."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.blobs import FolderBlobs
from medtrust.chain import Event
from medtrust.consent import Confidentiality, DataClass, Decision, Reason, Verdict, with_emergency
from medtrust.custodian import Custodian
from medtrust.keccak import keccak256
from medtrust.record_background import serving
from medtrust.record_reader import RecordReader
from medtrust.record_service import RecordService, emergency_rule
from medtrust.story.stage import Beat, Stage, clock, require
from medtrust.vault import Vault
from medtrust.wrapping import PrivateKey

__all__ = ["open_in_an_emergency"]

_DAY = 86_400
_OPENED = DataClass.ALLERGY | DataClass.MEDICATION | DataClass.GENETICS
_RECORDS = {
    DataClass.ALLERGY: {"resourceType": "AllergyIntolerance", "code": {"text": "penicillin"}, "criticality": "high"},
    DataClass.GENETICS: {"resourceType": "Observation", "code": {"text": "a variant that runs in the family"}},
}


def open_in_an_emergency(stage: Stage) -> Iterator[Beat]:
    """Keep a tourist's records at home, rule what is never opened, open the rest in one act, and close by itself."""
    tourist = stage.person("tourist")
    yield Beat("chapter", "The unconscious tourist")
    custodian, records = _keep(stage, tourist)
    yield from _rule(stage, tourist)
    key = PrivateKey.generate()
    stage.as_("hospital").records.publish_key(stage.id("hospital"), key.public.fingerprint)
    with serving(RecordService(custodian, emergency=emergency_rule(custodian.suite))) as url:
        reader = RecordReader(stage.as_("doctor"), stage.id("hospital"), key, url, stage.id("clinic"))
        yield from _open(stage, tourist, reader, records)
        other = RecordReader(stage.as_("hospital"), stage.id("hospital"), key, url, stage.id("clinic"))
        session = stage.kept["session"]
        yield stage.refusal(
            "A colleague who did not open it asks for the same record.",
            lambda: other.break_glass(records[DataClass.ALLERGY], session["number"]),
        )
        stage.suite.chain.travel(session["until"])
        yield stage.refusal(
            f"4 hours after, to the second ({clock(session['until'])}), it has ended by itself, for the doctor too.",
            lambda: reader.break_glass(records[DataClass.ALLERGY], session["number"]),
        )


def _keep(stage: Stage, tourist: LocalAccount) -> tuple[Custodian, dict[DataClass, bytes]]:
    """Seal and anchor the records at the clinic at home; returns their ids by their class."""
    folder = stage.folder / "records"
    vault, blobs = Vault(folder / "vault"), FolderBlobs(folder / "blobs")
    custodian = Custodian(stage.as_("clinic"), stage.id("clinic"), vault, blobs, PrivateKey.generate())
    custodian.publish_key()
    records = {}
    for data_class, resource in _RECORDS.items():
        held = custodian.store(
            _content(data_class),
            patient=tourist.address,
            data_class=data_class,
            sensitivity=Confidentiality.N,
            data_at=stage.suite.chain.now() - _DAY,
            kind=str(resource["resourceType"]),
        )
        records[data_class] = custodian.anchor(held.record).record
    return custodian, records


def _content(data_class: DataClass) -> bytes:
    return json.dumps(_RECORDS[data_class]).encode()


def _rule(stage: Stage, tourist: LocalAccount) -> Iterator[Beat]:
    yield Beat(
        "narration",
        f"{stage.title('clinic')} keeps her records, encrypted, and serves them to others. No hospital here has a "
        "consent of hers.",
    )
    deadline = stage.suite.chain.now() + _DAY
    rule = stage.as_(tourist).emergency.sign_change_rule(tourist.address, DataClass.GENETICS, deadline=deadline)
    yield stage.transaction(
        "Before she travels, she rules what no emergency ever opens: her genetic data.",
        stage.as_("relayer").emergency.change_rule_by_sig(rule),
        "emergency changeRuleBySig",
    )


def _open(stage: Stage, tourist: LocalAccount, reader: RecordReader, records: dict[DataClass, bytes]) -> Iterator[Beat]:
    allergy = records[DataClass.ALLERGY]
    yield stage.refusal(
        f"She lies unconscious at {stage.title('hospital')}; a bracelet shows her address, "
        f"{tourist.address}. The doctor asks the clinic.",
        lambda: reader.break_glass(allergy, 0),
    )
    reason = keccak256(secrets.token_bytes(32) + b"unconscious, no one to ask")
    receipt = stage.as_("doctor").emergency.open(tourist.address, stage.id("hospital"), reason, classes=_OPENED)
    session = _session(receipt.event("EmergencyOpened"))
    stage.kept["session"] = session
    yield stage.transaction(
        "In one act, asking nobody, the doctor opens allergies, medicines and genetic data for 4 hours: session "
        f"{session['number']} of the hospital. The reason is a salted hash; who reviews sees what it stands for.",
        receipt,
        "emergency open",
    )
    yield _decision(stage, session)
    read = reader.break_glass(allergy, session["number"])
    require(read.content == _content(DataClass.ALLERGY), "the record comes byte for byte")
    said = json.loads(read.content)
    yield Beat(
        "verdict",
        f"The clinic hands out the record and its key; it opens byte for byte: {said['code']['text']}, criticality "
        f"{said['criticality']}.",
        "READ",
        facts={"bytes": len(read.content), "record": "0x" + allergy.hex()},
    )
    yield stage.refusal(
        "The doctor asks for the genetic data, which she withheld: her rule outranks the emergency.",
        lambda: reader.break_glass(records[DataClass.GENETICS], session["number"]),
    )


def _session(opened: Event) -> dict[str, int]:
    return {name: int(opened.values[name]) for name in ("number", "until")}


def _decision(stage: Stage, session: dict[str, int]) -> Beat:
    """Combine what both contracts answer: no consent, and a session that is open."""
    tourist, doctor = stage.person("tourist").address, wallet.role("doctor").address
    is_open = stage.suite.emergency.is_open(stage.id("hospital"), session["number"], tourist, doctor, DataClass.ALLERGY)
    verdict = with_emergency(Verdict(Decision.DEFAULT_DENIAL, Reason.UNKNOWN), is_open=is_open)
    require(verdict.decision is Decision.BREAK_GLASS, "an emergency outranks that there is no consent")
    return Beat("verdict", "No consent, and an open session: what is decided.", verdict.decision.name)
