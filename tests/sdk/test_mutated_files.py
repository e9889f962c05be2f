"""What people show, and checkpoints, with any part exchanged: refused as bad input or judged, and never valid by it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from medtrust import wallet
from medtrust.certificate import Certificate, batch_id
from medtrust.checkpoint import Checkpoint, KeptBatch, OfflineRegistry, pages_of
from medtrust.errors import InputError
from medtrust.judgement import Batch, judge
from medtrust.paper import CODE_BYTES, PaperCertificate, write_code
from medtrust.presentation import Presentation
from medtrust.shown import Question, judge_shown, parse_shown
from medtrust.types import ZERO_HASH
from medtrust.verdict import Advisory
from tests.doses import batch_of

HOLDER, AUTHORITY, CLINIC = (wallet.role(name) for name in ("doctor", "authority", "clinic"))
NOW = 10
CODE = write_code(bytes(CODE_BYTES))
QUESTIONS = (
    Question(NOW, verifier="border", challenge="7"),
    Question(NOW, code=CODE, use=lambda _: True),
)
WRONG: tuple[Any, ...] = (
    *(None, 0, -1, 1, 2**53, 2**64, 2**256, 1.5, float("inf"), True, "", "0x", "\ud800", "x" * 300),
    *([], {}, [[]], {"a": 1}, "0x" + "00" * 32, "0x" + "00" * 20),
)


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    batch = batch_of(3, lot=ZERO_HASH, holder=HOLDER.address)
    place = {"chain_id": 1, "registry": CLINIC.address, "root": batch.root, "size": 3, "anchored_at": 5}
    given = {"dose": batch.doses[0], "proof": batch.proof(0), "shown": batch.fields[0].open()}
    return Certificate(issuer=batch.issuer, **place, **given)


@pytest.fixture(scope="module")
def checkpoint(certificate) -> Checkpoint:
    kept = KeptBatch(Batch(5, 3, CLINIC.address), is_trusted=True, pages=pages_of([1]))
    return Checkpoint(
        chain_id=1,
        address=CLINIC.address,
        jurisdiction=840,
        block=5,
        at=6,
        expires_at=10**9,
        issuers={certificate.organisation: "ACTIVE"},
        batches={batch_id(certificate.organisation, certificate.root): kept},
        successors={b"\1" * 32: b"\2" * 32},
        lots={b"\4" * 32: Advisory(0)},
        disputes=frozenset([b"\3" * 32]),
        controllers={AUTHORITY.address: HOLDER.address},
    ).signed(bytes(AUTHORITY.key))


@pytest.fixture(scope="module")
def registry(checkpoint) -> OfflineRegistry:
    return OfflineRegistry(checkpoint, AUTHORITY.address, NOW)


def mutate(document: Any, chance: random.Random) -> Any:
    """Copy a JSON value with one part of it missing, named otherwise, or of another kind."""
    whole = node = json.loads(json.dumps(document))
    while True:
        names = list(node) if isinstance(node, dict) else list(range(len(node)))
        name = chance.choice(names)
        if isinstance(node[name], (dict, list)) and node[name] and chance.random() < 0.7:
            node = node[name]
            continue
        kind = chance.random()
        if kind < 0.15:
            del node[name]
        elif kind < 0.25 and isinstance(node, dict):
            node[chance.choice(["\ud800", "zz", "-1", "9" * 20])] = node.pop(name)
        else:
            node[name] = chance.choice(WRONG)
        return whole


def refused(read: Callable[[], Any]) -> bool:
    try:
        read()
    except InputError:
        return True
    return False


class TestMutations:
    """
    given a certificate, presentation or paper with any part exchanged -> InputError, or a verdict on the same dose
    given a checkpoint with any part exchanged                         -> InputError, or nothing is valid by it
    """

    @pytest.mark.parametrize("seed", range(3))
    def test_of_what_is_shown_are_refused_or_judged(self, certificate, registry, seed):
        chance = random.Random(seed)
        shown = [
            Presentation(certificate, "border", "7", 10**6).signed(bytes(HOLDER.key)),
            PaperCertificate.make(certificate, [bytes(CODE_BYTES)], expires_at=10**6).signed(bytes(HOLDER.key)),
        ]
        for one, question in zip(shown, QUESTIONS, strict=True):
            assert judge_shown(one, registry, question).is_valid
            whole = json.loads(one.to_json())
            for _ in range(300):
                text = json.dumps(mutate(whole, chance))
                if refused(lambda text=text: parse_shown(text)):
                    continue
                found = parse_shown(text)
                verdict = judge_shown(found, registry, question)
                assert not verdict.is_valid or found == one

    @pytest.mark.parametrize("seed", range(3))
    def test_of_checkpoints_are_refused_or_void(self, certificate, checkpoint, seed):
        chance = random.Random(seed)
        whole = json.loads(checkpoint.to_json())
        for _ in range(300):
            text = json.dumps(mutate(whole, chance))
            if refused(lambda text=text: Checkpoint.parse(text)):
                continue
            found = Checkpoint.parse(text)
            verdict = judge(certificate, OfflineRegistry(found, AUTHORITY.address, NOW))
            assert not verdict.is_valid or found == checkpoint
