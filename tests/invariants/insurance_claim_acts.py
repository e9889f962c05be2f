"""What providers, members, insurers, reviewers and attackers do with visits and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from medtrust.adjudication import Line
from medtrust.dossier import NO_DOSSIER
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.visit import Visit
from tests.invariants.insurance_machine import SUBJECTS, InsuranceMachine, act
from tests.invariants.insurance_model import ClaimRecord
from tests.invariants.insurance_pool_model import DAY, Refused
from tests.invariants.insurance_stage import ACCOUNT, FIRST, NAME, ORGANISATION, PLANS, POLICIES, ROLES

OPEN = (ClaimStatus.HELD, ClaimStatus.APPEALED, ClaimStatus.ESCALATED)


class ClaimActs(InsuranceMachine):
    """Visits and claims."""

    # Visits.

    @act
    def record(self, dice: Random) -> None:
        """Record a visit of some days ago in which at most a few things are wrong."""
        name = dice.choice(["hospital", "clinic", "clinic"])
        wrong = dice.choice(["", "", "", "member", "lines", "role", "caller", "policy", "payer", "encounter"])
        visit = self._visit(dice, name, wrong)
        role = int(ROLES["insurer" if wrong == "role" else name])
        self._record(visit, role, ACCOUNT[name if wrong != "caller" else "attacker"], self._signature(dice))

    @act
    def record_well(self, dice: Random) -> None:
        """Record a visit in which nothing is wrong but, now and then, the accreditation."""
        name = dice.choice(["hospital", "clinic", "clinic"])
        self._record(self._visit(dice, name, ""), int(ROLES[name]), ACCOUNT[name], dice.choice(["", "good"]))

    @act
    def come_often(self, dice: Random) -> None:
        """Record visits of one member on three days, and have none of them signed."""
        policy, name = dice.choice(FIRST), dice.choice(SUBJECTS)
        for ago in (1, 2, 4):
            visit = replace(self._visit(dice, name, ""), policy=policy.id, member=policy.member)
            visit = replace(visit, served_at=self.now - ago * DAY, lines=(Line(1, 1, 50),))
            self._record(visit, int(ROLES[name]), ACCOUNT[name], "")

    @act
    def attest(self, dice: Random) -> None:
        """Attest a visit, one that waits for it if there is any."""
        waiting = [one for one in self.recorded if not self.model.entries[one.nullifier].is_attested]
        visit = self._pick(dice, waiting)
        if visit:
            signature = self._signature(dice)
            proof = self.stage.attestation(visit, signature)
            twin = lambda: self.model.attest(visit, signature, self.now)  # noqa: E731
            self._try(self.stage.visits, "attest", self._anyone(dice), (visit, proof), twin)

    @act
    def void(self, dice: Random) -> None:
        """Take back a visit; its encounter may be recorded anew at once, as it was or another way."""
        visit = self._pick(dice, self.recorded)
        if visit is None:
            return
        caller = ACCOUNT[NAME[visit.provider]] if dice.random() < 0.8 else self._anyone(dice)
        if self._try(self.stage.visits, "void", caller, (visit,), lambda: self.model.void(caller, visit, self.now)):
            self.recorded.remove(visit)
            self.voided.append(visit)
            if dice.random() < 0.6:
                lines = visit.lines if dice.random() < 0.2 else (Line(1, 1, 45),)
                again, name = replace(visit, lines=lines), NAME[visit.provider]
                self._record(again, int(ROLES[name]), ACCOUNT[name], "good")
                self._correct(dice, visit, again)

    def _correct(self, dice: Random, visit: Visit, again: Visit) -> None:
        """Take back the claim of what was voided, or not, and settle that of what stands in its place."""
        if visit.nullifier in self.model.claims and dice.random() < 0.7:
            twin = lambda: self.model.reverse(visit.nullifier, visit.nullifier)  # noqa: E731
            self._on_claim(dice, "reverse", visit.nullifier, (), twin)
        twin = lambda: self.model.settle(again, self.now)  # noqa: E731
        self._try(self.stage.claims, "settle", self._anyone(dice), (again,), twin)

    # Claims.

    @act
    def settle(self, dice: Random) -> None:
        """Settle a claim, one that is pending if there is any; its policy is enrolled before, if it is not yet."""
        visit = self._pick(dice, [one for one in self.recorded if one.nullifier not in self.model.claims])
        if visit:
            late = next((one for one in POLICIES if one.id == visit.policy), None)
            if late and late.id not in self.model.policies and dice.random() < 0.8:
                self._enrol(ACCOUNT[NAME[PLANS[late.plan].insurer]], late)
            twin = lambda: self.model.settle(visit, self.now)  # noqa: E731
            self._try(self.stage.claims, "settle", self._anyone(dice), (visit,), twin)

    @act
    def reverse(self, dice: Random) -> None:
        """Take back the claim of a voided visit, if there is any."""
        gone = {one.id for one in self.voided} - {one.id for one in self.recorded}
        key = self._key(dice, lambda claim: claim.visit in gone)
        if key:
            told = self.stage.told.storage.dossiers[key]
            self._on_claim(dice, "reverse", key, (), lambda: self.model.reverse(key, told["nullifier"]))

    @act
    def hold(self, dice: Random) -> None:
        insurer = dice.choice(["insurer", "carrier"])
        subject = dice.choice([ORGANISATION["clinic"], ORGANISATION["hospital"], dice.choice(FIRST).id])
        until = self.now + dice.choice([0, 60, DAY, 30 * DAY, 30 * DAY + 1])
        sender = ACCOUNT[insurer] if dice.random() < 0.8 else self._anyone(dice)
        self._try(
            self.stage.claims,
            "hold",
            sender,
            (ORGANISATION[insurer], subject, until),
            lambda: self.model.hold(sender, ORGANISATION[insurer], subject, until, self.now),
        )

    @act
    def decide(self, dice: Random) -> None:
        """Decide a claim, one that waits for it if there is any, mostly by who is asked."""
        key = self._key(dice, lambda claim: claim.status in OPEN)
        if key is None:
            return
        if dice.random() < 0.15:
            self.stage.host.advance(2 * DAY)
        claim, told = self.model.claims[key], self.stage.told.storage.dossiers[key]
        insurer = PLANS[self.model.policies[claim.policy].plan].insurer
        asked = "regulator" if claim.status is ClaimStatus.ESCALATED else NAME[insurer]
        if dice.random() < 0.2:
            asked = dice.choice(list(ROLES))
        caller = ACCOUNT[asked] if dice.random() < 0.8 else self._anyone(dice)
        least = 0 if claim.status is ClaimStatus.HELD else claim.amount
        most = claim.amount if claim.status is ClaimStatus.HELD else claim.allowed
        amount = dice.choice([0, least, most, dice.randint(least, most), dice.randint(least, most), most + 1])
        self._on_claim(
            dice,
            "decide",
            key,
            (ORGANISATION[asked], amount),
            lambda: self.model.decide(caller, key, told["nullifier"], ORGANISATION[asked], amount, self.now),
            caller=caller,
        )

    @act
    def appeal(self, dice: Random) -> None:
        """Appeal a claim, one that is decided if there is any, or one whose insurer is silent."""
        key = self._key(dice, lambda claim: claim.appeals < 2 and claim.status not in OPEN[::2])
        if key is None:
            return
        claim, told = self.model.claims[key], self.stage.told.storage.dossiers[key]
        if claim.status is ClaimStatus.APPEALED and dice.random() < 0.5:
            self.stage.host.advance(2 * DAY)
        signature = dice.choice(["", "good", "good", "bad"])
        caller = ACCOUNT[NAME[claim.provider]] if dice.random() < 0.8 else self._anyone(dice)
        member = self.model.policies[claim.policy].member
        proof = self.stage.appeal(told, member, signature, claim.appeals + 1)
        twin = lambda: self.model.appeal(caller, key, signature, self.now)  # noqa: E731
        self._on_claim(dice, "appeal", key, (proof,), twin, caller=caller)

    @act
    def appeal_to_the_end(self, dice: Random) -> None:
        """Appeal, let the insurer be silent, appeal again, and be heard."""
        self.appeal(dice)
        self.stage.host.advance(2 * DAY)
        self.appeal(dice)
        self.decide(dice)

    @act
    def coordinate(self, dice: Random) -> None:
        """Claim a visit from a second policy, mostly when the first has decided and both members sign."""
        claims = self.model.claims
        free = [one for one in self.recorded if keccak256(one.nullifier) not in claims]
        visit = self._pick(dice, [one for one in free if not self._is_open(one)] or free)
        if visit is None:
            return
        held = [one for one in POLICIES if one.id in self.model.policies and one.id != visit.policy]
        policy = dice.choice([*held, *held, *POLICIES])
        signatures = ("bad" if dice.random() < 0.1 else "good", "bad" if dice.random() < 0.1 else "good")
        proofs = [
            self.stage.coordination(visit, policy.id, member, kind)
            for member, kind in zip((visit.member, policy.member), signatures, strict=True)
        ]
        first = self.stage.told.storage.dossiers.get(visit.nullifier)
        told = first["visit"] if first else None
        self._try(
            self.stage.claims,
            "coordinate",
            self._anyone(dice),
            (visit, first or NO_DOSSIER, policy.id, *proofs),
            lambda: self.model.coordinate(visit, told, policy.id, signatures, self.now),
        )

    def _is_open(self, visit: Visit) -> bool:
        claim = self.model.claims.get(visit.nullifier)
        return claim is not None and claim.status in OPEN

    def _key(self, dice: Random, is_wanted: Callable[[ClaimRecord], bool]) -> bytes | None:
        """The key of a claim that is wanted, or seldom of any."""
        claims = self.model.claims
        wanted = [key for key, claim in claims.items() if is_wanted(claim)]
        if wanted and dice.random() < 0.95:
            return wanted[-1] if dice.random() < 0.5 else dice.choice(wanted)
        return dice.choice(list(claims)) if claims and dice.random() < 0.1 else None

    def _on_claim(
        self,
        dice: Random,
        function: str,
        key: bytes,
        rest: tuple[Any, ...],
        twin: Callable[[], None],
        *,
        caller: str | None = None,
    ) -> None:
        """Act on a claim by its newest dossier, or seldom by another one, which is refused."""
        dossier: Mapping[str, Any] = self.stage.told.storage.dossiers[key]
        if dice.random() < 0.05:
            dossier = {**dossier, dice.choice(["allowed", "counted", "interest"]): 2**40}
            twin = _refuse("AnotherDossier", visit=dossier["visit"])
        self._try(self.stage.claims, function, caller or self._anyone(dice), (dossier, *rest), twin)


def _refuse(error: str, **values: Any) -> Callable[[], None]:
    def refuse() -> None:
        raise Refused(error, **values)

    return refuse
