"""What providers, members, insurers, reviewers and attackers do with visits and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from medtrust.adjudication import Line
from medtrust.dossier import NO_DOSSIER
from medtrust.explanation import ClaimStatus
from medtrust.plan import Policy
from medtrust.visit import Visit
from tests.invariants.insurance_counts import ClaimRecord, key_of, pair_of
from tests.invariants.insurance_machine import SUBJECTS, InsuranceMachine, act
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
        if self._void(visit, caller) and dice.random() < 0.6:
            lines = visit.lines if dice.random() < 0.2 else (Line(1, 1, 45),)
            again, name = replace(visit, lines=lines), NAME[visit.provider]
            self._record(again, int(ROLES[name]), ACCOUNT[name], "good")
            self._correct(dice, visit, again)

    def _void(self, visit: Visit, caller: str) -> bool:
        twin = lambda: self.model.void(caller, visit, self.now)  # noqa: E731
        is_done = self._try(self.stage.visits, "void", caller, (visit,), twin)
        if is_done:
            self.recorded.remove(visit)
            self.voided.append(visit)
        return is_done

    def _correct(self, dice: Random, visit: Visit, again: Visit) -> None:
        """Take back the claim of what was voided, or not, and settle that of what stands in its place."""
        key = key_of(visit.nullifier)
        if key in self.model.claims and dice.random() < 0.7:
            self._reverse(dice, key)
        twin = lambda: self.model.settle(again, self.now)  # noqa: E731
        self._try(self.stage.claims, "settle", self._anyone(dice), (again,), twin)

    # Claims.

    @act
    def settle(self, dice: Random) -> None:
        """Settle a claim, one that is pending if there is any; its policy is enrolled before, if it is not yet."""
        visit = self._pick(dice, [one for one in self.recorded if key_of(one.nullifier) not in self.model.claims])
        if visit:
            late = next((one for one in POLICIES if one.id == visit.policy), None)
            if late and late.id not in self.model.policies and dice.random() < 0.8:
                self._enrol(ACCOUNT[NAME[PLANS[late.plan].insurer]], late)
            twin = lambda: self.model.settle(visit, self.now)  # noqa: E731
            self._try(self.stage.claims, "settle", self._anyone(dice), (visit,), twin)

    @act
    def reverse(self, dice: Random) -> None:
        """Take back the claim of a visit that was voided, or whose provider has lost its trust, if there is any."""
        key = self._key(dice, lambda claim: not self.model.is_sound(claim))
        if key:
            self._reverse(dice, key)

    def _reverse(self, dice: Random, key: bytes) -> None:
        self._on_claim(dice, "reverse", key, (), lambda: self.model.reverse(key, self.now))

    @act
    def hold(self, dice: Random) -> None:
        insurer = dice.choice(["insurer", "carrier"])
        policy, provider = dice.choice(FIRST).id, ORGANISATION[dice.choice(SUBJECTS)]
        subject = dice.choice([provider, policy, pair_of(policy, provider)])
        until = self.now + dice.choice([0, 60, DAY, 30 * DAY, 30 * DAY + 1])
        sender = ACCOUNT[insurer] if dice.random() < 0.8 else self._anyone(dice)
        self._hold(sender, ORGANISATION[insurer], subject, until)

    def _hold(self, sender: str, insurer: bytes, subject: bytes, until: int) -> None:
        twin = lambda: self.model.hold(sender, insurer, subject, until, self.now)  # noqa: E731
        self._try(self.stage.claims, "hold", sender, (insurer, subject, until), twin)

    @act
    def decide(self, dice: Random) -> None:
        """Decide a claim, one that waits for it if there is any, mostly by who is asked."""
        key = self._key(dice, lambda claim: claim.status in OPEN)
        if key is None:
            return
        if dice.random() < 0.15:
            self.stage.host.advance(2 * DAY)
        claim = self.model.claims[key]
        asked = self._asked(claim)
        if dice.random() < 0.2:
            asked = dice.choice(list(ROLES))
        caller = ACCOUNT[asked] if dice.random() < 0.8 else self._anyone(dice)
        least = 0 if claim.status is ClaimStatus.HELD else claim.amount
        most = claim.amount if claim.status is ClaimStatus.HELD else claim.allowed
        amount = dice.choice([0, least, most, dice.randint(least, most), dice.randint(least, most), most + 1])
        self._decide(dice, key, caller, ORGANISATION[asked], amount)

    def _decide(self, dice: Random, key: bytes, caller: str, organisation: bytes, amount: int) -> None:
        twin = lambda: self.model.decide(caller, key, organisation, amount, self.now)  # noqa: E731
        self._on_claim(dice, "decide", key, (organisation, amount), twin, caller=caller)

    @act
    def appeal(self, dice: Random) -> None:
        """Appeal a claim, one that is decided if there is any, or one whose insurer is silent."""
        key = self._key(dice, lambda claim: claim.appeals < 2 and claim.status not in OPEN[::2])
        if key is None:
            return
        claim = self.model.claims[key]
        if claim.status is ClaimStatus.APPEALED and dice.random() < 0.5:
            self.stage.host.advance(2 * DAY)
        caller = ACCOUNT[NAME[claim.provider]] if dice.random() < 0.8 else self._anyone(dice)
        self._appeal(dice, key, caller, dice.choice(["", "good", "good", "bad"]))

    @act
    def appeal_to_the_end(self, dice: Random) -> None:
        """Appeal what pays less than is allowed, let the insurer be silent or not, appeal again, and be heard."""
        key = self._key(dice, lambda claim: not claim.appeals and claim.status not in OPEN and self._is_new(claim))
        if key is None:
            return
        provider = ACCOUNT[NAME[self.model.claims[key].provider]]
        self._appeal(dice, key, provider, "good")
        if dice.random() < 0.6:
            self.stage.host.advance(2 * DAY)
            self._appeal(dice, key, provider, dice.choice(["", "good"]))
        claim = self.model.claims[key]
        asked = self._asked(claim)
        amount = dice.randint(claim.amount, max(claim.amount, claim.allowed))
        caller = ACCOUNT[dice.choice([asked, asked, "hospital"])]
        self._decide(dice, key, caller, ORGANISATION[asked], amount)

    def _is_new(self, claim: ClaimRecord) -> bool:
        return claim.allowed > claim.amount and self.now < claim.changed_at + 3 * DAY

    def _appeal(self, dice: Random, key: bytes, caller: str, signature: str) -> None:
        claim = self.model.claims[key]
        member = self.model.policies[claim.policy].member
        proof = self.stage.appeal(self.stage.told.storage.dossiers[key], member, signature, claim.appeals + 1)
        twin = lambda: self.model.appeal(caller, key, signature, self.now)  # noqa: E731
        self._on_claim(dice, "appeal", key, (proof,), twin, caller=caller)

    def _asked(self, claim: ClaimRecord) -> str:
        """Who is to decide a claim."""
        if claim.status is ClaimStatus.ESCALATED:
            return "regulator"
        return NAME[self.model.plan_of(claim.policy).insurer]

    @act
    def coordinate(self, dice: Random) -> None:
        """Claim a visit from a second policy, mostly when the first has decided and both members sign."""
        claims = self.model.claims
        free = [one for one in self.recorded if key_of(one.nullifier, is_first=False) not in claims]
        visit = self._pick(dice, [one for one in free if not self._is_open(one)] or free)
        if visit is None:
            return
        held = [one for one in POLICIES if one.id in self.model.policies and one.id != visit.policy]
        policy = dice.choice([*held, *held, *POLICIES])
        signatures = ("bad" if dice.random() < 0.1 else "good", "bad" if dice.random() < 0.1 else "good")
        self._coordinate(dice, visit, policy, signatures)

    def _coordinate(self, dice: Random, visit: Visit, policy: Policy, signatures: tuple[str, str]) -> None:
        proofs = [
            self.stage.coordination(visit, policy.id, member, kind)
            for member, kind in zip((visit.member, policy.member), signatures, strict=True)
        ]
        first = self.stage.told.storage.dossiers.get(key_of(visit.nullifier))
        told = first["visit"] if first else None
        self._try(
            self.stage.claims,
            "coordinate",
            self._anyone(dice),
            (visit, first or NO_DOSSIER, policy.id, *proofs),
            lambda: self.model.coordinate(visit, told, policy.id, signatures, self.now),
        )

    def _is_open(self, visit: Visit) -> bool:
        claim = self.model.claims.get(key_of(visit.nullifier))
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
