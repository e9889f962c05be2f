"""The picture of a trace: every act in the column of who did it, escaped, the same for the same rows."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from medtrust.trace_picture import Row, draw_trace

ROWS = [
    Row("2026-11-02 08:00", "commissioned", "lot MT2026A", "Brightwater"),
    Row("2026-11-02 09:00", "shipped", "container 103614140000000015", "Brightwater", to="Harbour"),
    Row("2026-11-03 07:00", "received", "container 103614140000000015", "Harbour"),
    Row("2026-11-03 09:00", "recalled", "lot MT2026A", "Agency", kind="stop"),
    Row("2026-11-04 09:00", "destroyed", "pack BW7K00005", "Harbour", kind="end"),
]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(rows, title="The way of a pack"):
    return ElementTree.fromstring(draw_trace(title, rows))


def shapes(root, name, kind):
    return [one.attrib for one in root.iter(SVG + name) if one.get("class") == kind]


class TestPicture:
    """
    given rows            -> a circle for each act, in the column of who did it, further down than the one before
      what moves          -> joined by a line to the next; what only stops is not on it
      the last on its way -> a broken line to who is to receive it
    given text that is markup, or no XML -> shown as text, nothing of it is an element
    given the same rows   -> the same bytes; another one -> others
    given no row          -> an empty picture
    given names too long  -> cut, and whole in the description
    """

    def test_draws_every_act(self):
        root = drawn(ROWS)
        heads = [one for one in root.iter(SVG + "text") if one.get("class") == "head"]
        columns = {one.text: one.get("x") for one in heads}
        assert list(columns) == ["Brightwater", "Harbour", "Agency"]
        circles = [one.attrib for one in root.iter(SVG + "circle")]
        assert [one["cx"] for one in circles] == [columns[row.by] for row in ROWS]
        assert [one["class"] for one in circles] == ["act", "act", "act", "stop", "end"]
        heights = [int(one["cy"]) for one in circles]
        assert heights == sorted(set(heights))
        assert heights[-1] < int(root.get("height"))
        words = [one.text for one in root.iter(SVG + "text")]
        assert all(text in words for row in ROWS for text in (row.when, row.act, row.what))

    def test_joins_what_moves(self):
        ways = shapes(drawn(ROWS), "line", "way")
        circles = [one.attrib for one in drawn(ROWS).iter(SVG + "circle")]
        places = [(circles[n]["cx"], circles[n]["cy"]) for n in (0, 1, 2, 4)]
        assert [(one["x1"], one["y1"]) for one in ways] == places[:-1]
        assert [(one["x2"], one["y2"]) for one in ways] == places[1:]

    @pytest.mark.parametrize(("count", "expected"), [(1, 0), (2, 1), (3, 0), (5, 0)])
    def test_shows_what_is_on_its_way(self, count, expected):
        assert len(shapes(drawn(ROWS[:count]), "line", "way open")) == expected

    def test_shows_markup_as_text(self):
        bad = '</text><script x="1">&amp;]]>\x00\ud800'
        plain = [Row("now", "shipped", "x", "by", to="to")]
        root = drawn([Row("now", bad, bad, bad, to=bad + "2")], title=bad)
        assert {one.tag for one in root.iter()} == {one.tag for one in drawn(plain).iter()}
        assert root.find(SVG + "title").text == bad[:-2] + "\ufffd\ufffd"

    def test_is_the_same_for_the_same(self):
        assert draw_trace("a", ROWS) == draw_trace("a", list(ROWS))
        assert draw_trace("a", ROWS) != draw_trace("a", ROWS[:-1])
        assert draw_trace("a", ROWS).isascii()

    def test_draws_nothing(self):
        root = drawn([])
        assert root.find(SVG + "desc").text == "Nothing happened."
        assert not list(root.iter(SVG + "circle"))

    def test_cuts_long_names(self):
        name = "Gesellschaft mit sehr langem Namen"
        root = drawn([Row("now", "shipped", "x", name)])
        assert name not in [one.text for one in root.iter(SVG + "text")]
        assert "Gesellschaft mit sehr l…" in [one.text for one in root.iter(SVG + "text")]
        assert name in root.find(SVG + "desc").text
