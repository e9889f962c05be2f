"""Attacks on who shows a certificate, on checkpoints and on counts: each is blocked, and succeeds in the twin."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import product as pairs_of
from typing import Any

from medtrust.certificate import Certificate
from medtrust.checkpoint import Checkpoint
from medtrust.checkpoints import make_checkpoint
from medtrust.judgement import judge
from medtrust.paper import CODE_BYTES, PaperCertificate, write_code
from medtrust.presentation import Presentation
from medtrust.suppression import TOTAL, Cell
from medtrust.types import ZERO_HASH
from medtrust.verdict import Verdict
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.doses import batch_of
from tests.world import USA, World

ATTACKS: list[Attack] = []
attack = attacks_on("VaccinationRegistry", ATTACKS)

NOW = 1_900_000_000
BORDER, CHALLENGE = "https://border.example", "gate 7, no. 4711"
CODE = write_code(bytes(CODE_BYTES))


class TestAttacks(AttackTests):
    pass


def hers(world: World) -> Certificate:
    """The certificate of the patient."""
    batch = batch_of(2, lot=ZERO_HASH, holder=world.patient.address)
    clinic = world.acting_as("clinic").vaccination
    clinic.anchor(batch.organisation, batch.root, 2)
    return batch.certificate(0, clinic)


def require_valid(verdict: Verdict) -> None:
    """Go on only if the certificate passes: that is the damage."""
    if not verdict.is_valid:
        raise Blocked(verdict.reason)


def _show_a_copy(world: World, *patch: tuple[str, str], **asked: Any) -> None:
    """Show what the patient once signed for the border, to whoever asks."""
    made = Presentation(hers(world), BORDER, CHALLENGE, NOW + 600).signed(bytes(world.patient.key))
    twin = module(world, "presentation", *patch)
    question = {"verifier": BORDER, "challenge": CHALLENGE, "now": NOW, **asked}
    copy = twin.Presentation.parse(made.to_text())
    require_valid(twin.judge_presentation(copy, world.suite.vaccination, **question))


@attack("vaccination-shared-code", defence="a presentation answers one challenge", blocked_by="OtherChallenge")
def share_a_code_among_friends(world: World) -> None:
    """Show the picture of a friend's code, which answered the gate's challenge an hour ago."""
    _show_a_copy(world, ("if self.challenge != challenge:", "if False:"), challenge="gate 7, no. 4712")


@attack("vaccination-presented-elsewhere", defence="a presentation names who asked", blocked_by="OtherVerifier")
def pass_on_what_was_shown_here(world: World) -> None:
    """As a bar that saw a guest's answer, show it at the border, whose challenge the bar had passed on."""
    _show_a_copy(world, ("if self.verifier != verifier:", "if False:"), verifier="https://airline.example")


@attack("vaccination-presented-late", defence="a presentation ends by itself", blocked_by="PresentationExpired")
def show_it_a_year_later(world: World) -> None:
    """Show what was signed a year ago to a verifier that uses its challenge again."""
    _show_a_copy(world, ("if now >= self.expires_at:", "if False:"), now=NOW + 31_536_000)


@attack("vaccination-presented-by-a-friend", defence="the holder's key signs", blocked_by="NotSignedByHolder")
def sign_as_a_friend(world: World) -> None:
    """Sign over the certificate of a friend with one's own key."""
    twin = module(world, "presentation", ("if signer == controller:", "if signer:"))
    friend = twin.Presentation(hers(world), BORDER, CHALLENGE, NOW + 600).signed(bytes(world.account("attacker").key))
    question = {"verifier": BORDER, "challenge": CHALLENGE, "now": NOW}
    require_valid(twin.judge_presentation(friend, world.suite.vaccination, **question))


@attack("vaccination-bearer-for-holder", defence="a bare certificate answers no challenge", blocked_by="HolderNotShown")
def show_a_bare_certificate(world: World) -> None:
    """Where a challenge is asked, show a copied certificate without any signature."""
    twin = module(world, "shown", ("if question.challenge is not None:", "if False:"))
    question = twin.Question(NOW, verifier=BORDER, challenge=CHALLENGE)
    require_valid(twin.judge_shown(hers(world), world.suite.vaccination, question))


@attack("vaccination-code-twice", defence="a code counts once", blocked_by="CodeUsed")
def use_a_code_twice(world: World) -> None:
    """Read a stranger's code over the shoulder and use it after him."""
    paper = PaperCertificate.make(hers(world), [bytes(CODE_BYTES)], expires_at=NOW + 600)
    twin = module(world, "paper", ("if flaw is None and not use(", "if flaw is None and use is None and not use("))
    used: set[bytes] = set()

    def use(code: bytes) -> bool:
        is_new = code not in used
        used.add(code)
        return is_new

    shown = twin.PaperCertificate.parse(paper.signed(bytes(world.patient.key)).to_text())
    for _ in range(2):
        verdict = twin.judge_paper(shown, world.suite.vaccination, code=CODE, use=use, now=NOW)
    require_valid(verdict)


@attack("vaccination-own-codes", defence="the holder signs the codes", blocked_by="NotSignedByHolder")
def print_codes_of_ones_own(world: World) -> None:
    """Put codes of one's own beside a copied certificate."""
    twin = module(world, "paper", ("return unsigned(self.digest, self.signature, controller())", "return None"))
    paper = twin.PaperCertificate.make(hers(world), [bytes(CODE_BYTES)], expires_at=NOW + 600)
    signed = paper.signed(bytes(world.account("attacker").key))
    require_valid(twin.judge_paper(signed, world.suite.vaccination, code=CODE, use=lambda _: True, now=NOW))


def _checkpoint(world: World) -> Checkpoint:
    return make_checkpoint(world.acting_as("authority"), USA, expires_at=world.chain.now() + 86_400)


def _read_offline(world: World, shown: Certificate, written: bytes, *patch: tuple[str, str], later: int = 0) -> None:
    twin = module(world, "checkpoint", *patch)
    authority = world.account("authority").address
    registry = twin.OfflineRegistry(twin.Checkpoint.parse(written), authority, world.chain.now() + later)
    require_valid(judge(shown, registry))


@attack("vaccination-old-checkpoint", defence="a checkpoint expires", blocked_by="CheckpointExpired")
def keep_an_old_checkpoint(world: World) -> None:
    """Keep a gate on a checkpoint from before a dose was withdrawn."""
    shown = hers(world)
    old = _checkpoint(world).to_json()
    world.acting_as("clinic").vaccination.revoke(shown.organisation, shown.root, shown.dose.index)
    _read_offline(world, shown, old, ("if now >= self.expires_at:", "if False:"), later=30 * 86_400)


@attack("vaccination-forged-checkpoint", defence="the authority signs a checkpoint", blocked_by="CheckpointNotSigned")
def forge_a_checkpoint(world: World) -> None:
    """Write a checkpoint without a withdrawal, and sign it oneself."""
    shown = hers(world)
    world.acting_as("clinic").vaccination.revoke(shown.organisation, shown.root, shown.dose.index)
    forged = _without_withdrawals(_checkpoint(world)).signed(bytes(world.account("attacker").key))
    _read_offline(world, shown, forged.to_json(), ("if signer != authority:", "if False:"))


@attack("vaccination-changed-checkpoint", defence="the signature is over all content", blocked_by="CheckpointNotSigned")
def wipe_a_page_of_a_checkpoint(world: World) -> None:
    """Take the withdrawals out of a checkpoint that the authority signed."""
    shown = hers(world)
    world.acting_as("clinic").vaccination.revoke(shown.organisation, shown.root, shown.dose.index)
    content = "keccak256(rfc8785.dumps(self._content()))"
    twin = module(world, "checkpoint", (content, "bytes(32)"))
    honest = twin.Checkpoint.parse(_checkpoint(world).to_json()).signed(bytes(world.account("authority").key))
    _read_offline(world, shown, _without_withdrawals(honest).to_json(), (content, "bytes(32)"))


def _without_withdrawals(checkpoint: Any) -> Any:
    return replace(checkpoint, batches={key: replace(kept, pages={}) for key, kept in checkpoint.batches.items()})


PLANTED: dict[Cell, int] = {("n", "a"): 7, ("n", "b"): 100, ("s", "a"): 200, ("s", "b"): 300}


def _doses(counts: Any, planted: dict[Cell, int]) -> list[Any]:
    return [counts.CountedDose(date(2026, 10, 5), *cell) for cell, count in planted.items() for _ in range(count)]


@attack("vaccination-count-complement", defence="a small count is kept back with others", blocked_by="kept back too")
def subtract_from_the_total(world: World) -> None:
    """Work out the one count that is missing in a row from the others and the total."""
    twin = module(
        world,
        "suppression",
        ("        _complete(grid, hidden)\n        open_ =", "        return frozenset(hidden)\n        open_ ="),
    )
    grid = twin.Grid.of(Counter(PLANTED))
    hidden = twin.suppress(grid)
    if ("n", "b") in hidden:
        raise Blocked("kept back too")
    assert grid.cells["n", TOTAL] - grid.cells["n", "b"] == 7


@attack("vaccination-count-difference", defence="releases are compared", blocked_by="DifferencingAttack")
@off_chain
def subtract_two_releases(world: World) -> None:
    """Find from two releases of one month that three doses were added, and where."""
    counts = module(world, "counts", ("    check_releases(release, earlier)\n    return release", "    return release"))
    base = {cell: count + 100 for cell, count in PLANTED.items()}
    first = counts.make_release(_doses(counts, base), "month")
    second = counts.make_release(_doses(counts, {**base, ("s", "b"): 403}), "month", earlier=[first])
    cells = [release.tables[0].cells for release in (first, second)]
    assert cells[1]["s", "b"] - cells[0]["s", "b"] == 3


@attack("vaccination-count-division", defence="one period has one division", blocked_by="DifferencingAttack")
@off_chain
def subtract_a_finer_division(world: World) -> None:
    """Have a month published by region, and again with a village apart from its region."""
    gone = "    if (set(after.regions), set(after.products)) != (set(before.regions), set(before.products)):\n"
    known = "        changes = [_change(after, before, cell) for cell in line]\n"
    solved = "    _check_determined(after, before)\n\n"
    counts = module(world, "counts", (gone, "    if False:\n"), (known, "        changes = []\n"), (solved, "\n"))
    whole = {("n", "a"): 507, ("s", "a"): 200}
    parted = {("n", "a"): 497, ("n, village", "a"): 10, ("s", "a"): 200}
    first = counts.make_release(_doses(counts, whole), "month")
    second = counts.make_release(_doses(counts, parted), "month", earlier=[first])
    assert first.tables[0].cells["n", "a"] - second.tables[0].cells["n", "a"] == 10


@attack("vaccination-count-elimination", defence="several lines are solved together", blocked_by="DifferencingAttack")
@off_chain
def solve_several_lines_of_two_releases(world: World) -> None:
    """Find three late doses in a cell that both releases keep back: two rows less two columns leave it alone."""
    counts = module(world, "counts", ("    _check_determined(after, before)\n\n", "\n"))
    before = {(region, product): 500 for region in "nsew" for product in "abcd"}
    after = {**before, ("s", "c"): 503, ("s", "a"): 520, ("e", "c"): 520}
    hidden = {("s", "c"), *pairs_of("ns", "ab"), *pairs_of("ew", "cd")}
    tables = []
    for planted in (before, after):
        cells = {cell: None if cell in hidden else count for cell, count in counts.Grid.of(planted).cells.items()}
        tables.append(counts.CountTable("2026-10", tuple("nsew"), tuple("abcd"), cells))
    counts.check_releases(counts.Release((tables[1],), ""), [counts.Release((tables[0],), "")])
    found = [_solved(table.cells) for table in tables]
    assert found[1] - found[0] == 3


def _solved(cells: Any) -> int:
    """What is kept back in rows n and s, less what is kept back in columns a and b: the cell s / c."""
    rows = [cells[region, TOTAL] - sum(cells[region, one] or 0 for one in "abcd") for region in "ns"]
    columns = [cells[TOTAL, product] - sum(cells[one, product] or 0 for one in "nsew") for product in "ab"]
    return int(sum(rows) - sum(columns))
