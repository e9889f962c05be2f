"""How far a recall has come: packs counted by where they are, partners by whether they answered, one percentage."""

from __future__ import annotations

from decimal import Decimal

import pytest

from medtrust.recall_effect import NOTICE, PackState, Whereabouts, recall_effect

MAKER, HARBOUR, CORNER, CLINIC = (bytes([n]) * 32 for n in (1, 2, 3, 4))
RECALL = 1_793_620_800
PACKS = {
    PackState(Whereabouts.WITH_MAKER, MAKER): 100,
    PackState(Whereabouts.QUARANTINED, HARBOUR): 20,
    PackState(Whereabouts.DESTROYED, CORNER, RECALL + 50): 3,
    PackState(Whereabouts.HELD, CORNER): 17,
    PackState(Whereabouts.OPENED, CORNER): 1,
    PackState(Whereabouts.HELD, CLINIC): 40,
    PackState(Whereabouts.ON_ITS_WAY, HARBOUR): 9,
    PackState(Whereabouts.STOLEN, HARBOUR): 2,
    PackState(Whereabouts.EXPORTED, HARBOUR): 4,
    PackState(Whereabouts.DISPENSED, CORNER, RECALL - 1): 5,
}


def effect(packs=None, *, now=RECALL, acknowledged=None, noticed_at=RECALL):
    more = {"partners": [CLINIC, CORNER, HARBOUR, CORNER], "acknowledged": acknowledged or {}}
    return recall_effect(PACKS if packs is None else packs, recalled_at=RECALL, noticed_at=noticed_at, now=now, **more)


class TestPacks:
    """
    given packs by their state -> each counted once; secured of what partners can secure, in percent
    given what is not secured  -> by who has it, the most first
    given a pack dispensed after the second of the recall -> counted as such; in it or before, not
    given nothing to secure    -> 100 percent
    """

    def test_counts_each_once(self):
        found = effect()
        assert found.size == sum(PACKS.values()) == 201
        assert (found.secured, found.beyond) == (123, 11)
        assert found.percentage == Decimal("64.7")
        assert found.packs[Whereabouts.HELD] == 57
        assert found.holders == {CLINIC: 40, CORNER: 18, HARBOUR: 9}
        assert list(found.holders) == [CLINIC, CORNER, HARBOUR]

    @pytest.mark.parametrize(("second", "expected"), [(-1, 0), (0, 0), (1, 1)])
    def test_counts_what_was_dispensed_since(self, second, expected):
        assert effect({PackState(Whereabouts.DISPENSED, CORNER, RECALL + second): 1}).dispensed_since == expected

    def test_rounds_down(self):
        most = {PackState(Whereabouts.DESTROYED): 1999, PackState(Whereabouts.HELD, CORNER): 1}
        assert effect(most).percentage == Decimal("99.9")

    def test_has_nothing_to_secure(self):
        assert effect({PackState(Whereabouts.DISPENSED, CORNER, RECALL - 1): 7}).percentage == 100


class TestAnswers:
    """
    given partners, each named once or more -> each is waited for once, until a day is over, and late from then on
    given who acknowledged                  -> with the time, no longer waited for; late if it was after the day
    given a notice that began anew          -> what was acknowledged before is no answer, and the day begins again
    given no partner                        -> 100 percent
    """

    @pytest.mark.parametrize(("seconds", "late"), [(NOTICE - 1, False), (NOTICE, True), (NOTICE + 1, True)])
    def test_are_late_after_a_day(self, seconds, late):
        found = effect(now=RECALL + seconds, acknowledged={CORNER: RECALL + 9})
        silent = (HARBOUR, CLINIC)
        assert (found.waiting, found.late) == (((), silent) if late else (silent, ()))
        assert found.answered == {CORNER: RECALL + 9}
        assert found.answers == Decimal("33.3")

    @pytest.mark.parametrize(("seconds", "late"), [(NOTICE - 1, False), (NOTICE, True), (NOTICE + 1, True)])
    def test_may_answer_too_late(self, seconds, late):
        found = effect(now=RECALL + NOTICE - 1, acknowledged={CORNER: RECALL + seconds})
        assert (found.waiting, found.late) == ((HARBOUR, CLINIC), (CORNER,) if late else ())
        assert found.answered == {CORNER: RECALL + seconds}
        assert found.answers == Decimal("33.3")

    @pytest.mark.parametrize(("second", "counts"), [(-1, False), (0, True), (1, True)])
    def test_are_asked_anew(self, second, counts):
        again = RECALL + 3 * NOTICE
        found = effect(now=again + NOTICE - 1, acknowledged={CORNER: again + second}, noticed_at=again)
        assert (found.recalled_at, found.noticed_at, found.late) == (RECALL, again, ())
        assert (CORNER in found.waiting, CORNER in found.answered) == (not counts, counts)

    def test_need_no_partner(self):
        none = {"partners": [], "acknowledged": {}, "now": RECALL}
        assert recall_effect({}, recalled_at=RECALL, noticed_at=RECALL, **none).answers == 100
