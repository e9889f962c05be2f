"""Scans that cannot all be true: a cloned serial in two cities, and a pack that lives on after its end."""

from __future__ import annotations

import pytest

from medtrust.errors import InputError
from medtrust.travel import Place, Sighting, flag_scans, read_sightings

GTIN = "00361414567894"
BOSTON = Place("urn:gs1:gln:0614141000050", 42.3601, -71.0589)
MUNICH = Place("urn:gs1:gln:4012345000009", 48.1374, 11.5755)
CAMBRIDGE = Place("Cambridge", 42.3736, -71.1097)
NOON = 1_793_620_800


def scan(place: Place, minutes: int, *, serial: str = "A1", is_end: bool = False) -> Sighting:
    return Sighting(GTIN, serial, NOON + 60 * minutes, place, is_end)


class TestTravel:
    """
    given a serial cloned and scanned in two cities -> flagged, with the way, the speed and a sentence
      at the speed limit and the tolerance of clocks -> before, at and after: flagged, not, not
      at one moment                                  -> flagged, without a speed
    given a way that goods can travel, one place, or a place that nobody knows -> nothing
    given scans in any order, of several packs -> each pack by itself, sorted
    """

    def test_flags_a_clone_in_two_cities(self):
        (flag,) = flag_scans([scan(MUNICH, 90), scan(BOSTON, 0)])
        assert (flag.kind, flag.first, flag.second) == ("travel", scan(BOSTON, 0), scan(MUNICH, 90))
        assert 6_180 < flag.distance < 6_185
        assert flag.speed == pytest.approx(flag.distance / 1.5)
        assert flag.sentence == (
            "Pack A1 of 00361414567894 was scanned at urn:gs1:gln:0614141000050 at 2026-11-02 12:00 UTC and 90 minutes "
            "later at urn:gs1:gln:4012345000009, 6,182 km away: that takes 4,121 km/h, and goods travel at most at "
            "900 km/h. One of the two is a copy, or a scan is wrong."
        )

    def test_flags_at_one_moment(self):
        (flag,) = flag_scans([scan(BOSTON, 0), scan(MUNICH, 0)])
        assert (flag.speed, "no time at all" in flag.sentence) == (None, True)

    @pytest.mark.parametrize(("second", "expected"), [(-1, 1), (0, 0), (1, 0)])
    def test_bears_what_goods_can_do(self, second, expected):
        whole = 3600 * 6
        speed = BOSTON.distance(MUNICH) * 3600 / (whole + 300)
        pair = [scan(BOSTON, 0), Sighting(GTIN, "A1", NOON + whole + second, MUNICH)]
        assert len(flag_scans(pair, speed=speed * (1 + 1e-12))) == expected

    def test_bears_neighbours_and_the_unknown(self):
        unknown = Place("urn:gs1:gln:0614141000043")
        assert flag_scans([scan(BOSTON, 0), scan(CAMBRIDGE, 1), scan(BOSTON, 1), scan(unknown, 1)]) == ()
        assert flag_scans([scan(BOSTON, 0), scan(unknown, 1), scan(MUNICH, 2)])[0].second.place == MUNICH

    def test_takes_each_pack_by_itself(self):
        scans = [scan(MUNICH, 5, serial="B"), scan(BOSTON, 0), scan(BOSTON, 0, serial="B"), scan(MUNICH, 1, serial="C")]
        assert [flag.first.serial for flag in flag_scans(scans)] == ["B"]
        both = [*scans, scan(MUNICH, 7), scan(BOSTON, 8)]
        assert [(one.first.serial, one.second.at - NOON) for one in flag_scans(both)] == [
            ("A1", 420),
            ("A1", 480),
            ("B", 300),
        ]
        assert flag_scans(both[::-1]) == flag_scans(both)


class TestEnd:
    """
    given a scan after the end of a pack, wherever -> flagged, each of them
    given scans before the end                     -> nothing
    given two ends                                 -> the second is flagged
    """

    def test_flags_what_lives_on(self):
        scans = [scan(BOSTON, 0), scan(BOSTON, 5, is_end=True), scan(CAMBRIDGE, 600), scan(BOSTON, 9_000)]
        found = flag_scans(scans)
        assert [(one.kind, one.second) for one in found] == [("ended", scans[2]), ("ended", scans[3])]
        assert found[0].sentence == (
            "Pack A1 of 00361414567894 came to its end at urn:gs1:gln:0614141000050 at 2026-11-02 12:05 UTC and was "
            "scanned 9 hours later at Cambridge: one of the two is a copy, or a scan is wrong."
        )
        assert "6 days later" in found[1].sentence

    def test_flags_a_second_end(self):
        ends = [scan(BOSTON, 0, is_end=True), scan(MUNICH, 2_000, is_end=True)]
        assert [one.kind for one in flag_scans(ends)] == ["ended"]

    def test_bears_what_was_before(self):
        assert flag_scans([scan(BOSTON, 0), scan(BOSTON, 0, is_end=True)]) == ()


CODE = f"(01){GTIN}(21)A1"
LINK = f"https://id.gs1.org/01/{GTIN}/21/A1"
FILE = {
    "places": {"urn:gs1:gln:0614141000050": "geo:42.3601,-71.0589"},
    "scans": [
        {"time": "2026-11-02T12:00:00Z", "place": "urn:gs1:gln:0614141000050", "code": CODE},
        {
            "time": NOON + 60,
            "place": "geo:48.1374,11.5755;u=30",
            "code": f"https://id.gs1.org/01/{GTIN}/21/A1",
            "end": True,
        },
        {"time": NOON, "place": "urn:gs1:gln:4012345000009", "code": CODE},
    ],
}


class TestFile:
    """
    given a file of scans -> each with product, serial number, time and place
    when a time, a place, a code or a position is none -> InputError with its place
    """

    def test_reads_scans(self):
        munich = Place("geo:48.1374,11.5755;u=30", 48.1374, 11.5755)
        unplaced = Place("urn:gs1:gln:4012345000009")
        assert read_sightings(FILE) == (scan(BOSTON, 0), scan(munich, 1, is_end=True), scan(unplaced, 0))

    @pytest.mark.parametrize(
        ("name", "value", "place"),
        [
            ("time", "soon", "scans[0].time"),
            ("time", 1.5, "scans[0].time"),
            ("time", 10**15, "scans[0].time"),
            ("place", "here", "scans[0].place"),
            ("place", "geo:91,0", "scans[0].place"),
            ("place", "geo:0,181", "scans[0].place"),
            ("place", "urn:gs1:gln:0614141000051", "scans[0].place"),
            ("code", "nothing", "scans[0].code"),
            ("code", "(00)103614140000000015", "scans[0].code"),
            ("end", "yes", "scans[0].end"),
        ],
    )
    def test_refuses_with_the_place(self, name, value, place):
        one = {**FILE["scans"][0], name: value}
        with pytest.raises(InputError) as caught:
            read_sightings({"scans": [one]})
        assert caught.value.place == place

    def test_refuses_other_files(self):
        for raw, place in ((1, "file"), ({}, "file.scans"), ({"scans": [1]}, "scans[0]")):
            with pytest.raises(InputError) as caught:
                read_sightings(raw)
            assert caught.value.place == place
        with pytest.raises(InputError, match=r"places\.x"):
            read_sightings({"places": {"x": "far"}, "scans": []})
