"""Guardians, and consents that stand on each other: the registry does what its model does, and no child is wider."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from medtrust import wallet
from medtrust.consent import UNLIMITED, Consent, Reason, decide_line
from medtrust.consent_rules import is_within
from medtrust.consent_terms import CONSENT, REVOKE
from medtrust.patients import Scope
from medtrust.signing import sign
from medtrust.types import ZERO_HASH, name_hash
from tests.invariants.machine import Tally, run
from tests.invariants.test_consent_model import (
    ACTORS,
    AUTHORITY,
    DAY,
    GRANTEES,
    KEYS,
    PATIENTS,
    USA,
    WARD,
    Registry,
    grantees,
    patients,
    picks,
)

SUMMARY = 1
GUARDIAN = wallet.role("maker")
MAJORITY = 40 * DAY

NARROW: dict[str, Any] = {
    "purposes": 1,
    "data_classes": SUMMARY,
    "sensitivity": 4,
    "jurisdiction": USA,
    "facility": WARD,
    "data_from": 1,
    "data_until": 2**63,
}
WIDER: list[dict[str, Any]] = [
    {},
    {},
    {"purposes": 3},
    {"data_classes": 3},
    {"sensitivity": 5},
    {"jurisdiction": 0},
    {"facility": name_hash("ward 4")},
    {"data_from": 0},
    {"data_until": 0},
    {"purposes": 1 | 1 << 31},
]
"""What is changed in the terms of a child: nothing, one thing that gives more, and at last one that demands more."""


class Lines(Registry):
    """The machine of consents, with a guardian of each patient until a majority, and consents that are given onward."""

    tally = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[Consent]] = []
        for patient in KEYS:
            appointment = (patient, GUARDIAN.address, int(Scope.GRANT | Scope.REVOKE), 0, self.host.now + MAJORITY)
            self.keys.send(patient, "addGuardian", (*appointment, ZERO_HASH))
            self.owners.act(self.host.now, patient, "addGuardian", *appointment, ZERO_HASH)
        self.keys.send(AUTHORITY, "allowHiding", USA, SUMMARY)
        self.owners.allow_hiding(AUTHORITY, USA, SUMMARY)
        self.hide(0, SUMMARY)
        self.act_as_guardian(0, 0, by_sig=False, late=0)
        self.hide(0, 0)
        self.live_a_line(0, 2, 2, uses=True)
        self.begin(0, 0)

    @rule(patient=patients, classes=st.sampled_from([0, 0, SUMMARY, 2]))
    def hide(self, patient: int, classes: int) -> None:
        """Hide from guardians what is asked for, or something else, or nothing."""
        owner = PATIENTS[patient].address
        self.keys.send(owner, "hide", owner, classes)
        self.owners.act(self.host.now, owner, "hide", owner, classes)

    @rule(patient=patients, grantee=grantees, by_sig=st.booleans(), late=st.sampled_from([0, 0, 0, 60, DAY]))
    def act_as_guardian(self, patient: int, grantee: int, by_sig: bool, late: int) -> None:
        """A guardian grants a consent of its patient, and revokes it; it is asked about between."""
        self.draft(patient, grantee, 0, 30, 3, 0)
        consent = replace(self.consents.pop(), max_uses=UNLIMITED)
        self.consents.append(consent)
        self._grant_as_guardian(consent, by_sig=by_sig)
        self.ask(0, 0, 0)
        self.host.advance(late)
        self._revoke_as_guardian(consent, by_sig=by_sig)
        self.ask(0, 0, 0)

    def _grant_as_guardian(self, consent: Consent, *, by_sig: bool) -> None:
        if by_sig:
            signature = sign(bytes(GUARDIAN.key), CONSENT.digest(self.domain, consent.message))
            self._try(
                "grantBySig",
                ACTORS[0],
                lambda now: self.model.grant_by_sig(now, consent, signer=GUARDIAN.address),
                consent.outer,
                signature,
            )
        else:
            caller = GUARDIAN.address
            self._try("grant", caller, lambda now: self.model.grant(now, caller, consent), consent.outer)

    def _revoke_as_guardian(self, consent: Consent, *, by_sig: bool) -> None:
        deadline, arguments = self.host.now, (consent.patient, consent.id)
        if by_sig:
            message = dict(zip(("patient", "consent", "deadline"), (*arguments, deadline), strict=True))
            signature = sign(bytes(GUARDIAN.key), REVOKE.digest(self.domain, message))
            self._try(
                "revokeBySig",
                ACTORS[0],
                lambda now: self.model.revoke_by_sig(now, *arguments, deadline, signer=GUARDIAN.address),
                *arguments,
                deadline,
                signature,
            )
        else:
            caller = GUARDIAN.address
            self._try("revoke", caller, lambda now: self.model.revoke(now, caller, *arguments), *arguments)

    @rule(patient=patients, grantee=grantees)
    def begin(self, patient: int, grantee: int) -> None:
        """A consent that restricts everything and may be shared onward."""
        self.draft(patient, grantee, 0, 30, 3, 0)
        consent = self.consents.pop()
        terms = replace(consent.terms, **NARROW, onward=True)
        self._add([], replace(consent, terms=terms, max_uses=UNLIMITED))

    @rule(
        pick=picks,
        grantee=grantees,
        change=st.sampled_from(WIDER),
        onward=st.booleans(),
        window=st.sampled_from([0, 0, 0, -1, 1]),
    )
    def share(self, pick: int, grantee: int, change: dict[str, Any], onward: bool, window: int) -> None:
        """A consent that stands on another: as wide, or in one thing wider; also one too many, or under one too few."""
        line = self.lines[-1 - pick % min(len(self.lines), 6)]
        parent = line[-1]
        salt = len(self.consents).to_bytes(32, "big")
        terms = replace(parent.terms, **change, parent=parent.id, salt=salt, onward=onward)
        child = replace(
            parent,
            grantee=GRANTEES[grantee],
            access_until=parent.access_until + window,
            epoch=self.model.state.epoch(parent.patient, GRANTEES[grantee]),
            terms=terms,
        )
        self._add(line, child)
        self.ask_line(0, 0, 0)

    @rule(patient=patients, depth=st.integers(0, 4), end=st.integers(0, 2), uses=st.booleans())
    def live_a_line(self, patient: int, depth: int, end: int, uses: bool) -> None:
        """Share deeper and deeper, the last time in vain; show the line without its first; revoke one of it."""
        self.begin(patient, depth % 2)
        for number in range(depth):
            self.share(0, number % 2, {}, uses or number < 1, 0)
        self.ask_line(0, 0, 1)
        line = self.lines[-1]
        ended = line[end % len(line)]
        arguments = ended.patient, ended.id
        self._try("revoke", arguments[0], lambda now: self.model.revoke(now, arguments[0], *arguments), *arguments)
        self.ask_line(0, 0, 0)
        self.ask_line(0, 1, 0)

    def _add(self, line: list[Consent], consent: Consent) -> None:
        self.consents.append(consent)
        self.lines.append([*line, consent])
        owner = consent.patient
        self._try("grant", owner, lambda now: self.model.grant(now, owner, consent), consent.outer)

    @rule(pick=picks, ago=st.sampled_from([0, 0, 0, -1, 1, 60, DAY]), spoil=st.integers(0, 5))
    def ask_line(self, pick: int, ago: int, spoil: int) -> None:
        """A line has the answer of the model; what it permits is within each of it, and each of it is in force."""
        line = self.lines[-1 - pick % min(len(self.lines), 8)]
        if spoil == 1:
            line = line[1:]
        request, at = self._request(self.lines[-1][-1] if not line else line[-1]), self.host.now - ago
        signed = [True if (pick + place) % 4 == 0 else None for place in range(len(line))]
        signatures = [
            self._sign(CONSENT, one.message, one.patient) if shown else b""
            for one, shown in zip(line, signed, strict=True)
        ]
        facts = [self.model.facts(one, request, at, is_signed=shown) for one, shown in zip(line, signed, strict=True)]
        verdict, place = decide_line(line, request, facts, now=self.host.now, at=at)
        answer = self.contract.call("checkLine", line, request, signatures, at)
        assert tuple(answer.values()) == (verdict.decision, verdict.reason, place)
        self.tally.note(f"line: {verdict.reason.name}", None)
        if verdict.is_permitted:
            self.tally.note(f"line of {len(line)}", None)
            assert all(is_within(child, parent) for parent, child in pairwise(line))
            assert not any(0 < known.record.revoked_at <= at for known in facts)
            assert all(known.is_accredited for known in facts)


class TestLines:
    """
    given guardians until a majority, hidden classes, and consents that stand on each other
      when anyone does anything at any time -> contract and model agree on each event, error and verdict
                                            -> only the patient, a signature, or a guardian in scope grants (16)
                                            -> what a line permits is within each consent of it, and all are in force
    """

    def test_contract_and_model_agree(self, request):
        run(Lines, request, examples=40)
        print(Lines.tally.report())
        assert Lines.tally.rare() == []
        reasons = (Reason.NONE, Reason.PARENT, Reason.ONWARD, Reason.WIDER, Reason.REVOKED, Reason.LINE, Reason.EPOCH)
        assert {f"line: {one.name}" for one in reasons} <= set(Lines.tally.tried)
        assert {"line of 1", "line of 2", "line of 3", "ask: HIDDEN", "ask: PARENT"} <= set(Lines.tally.tried)
