"""The file of a lot: what is refused, the key that is made, and the way from a code to a unit."""

from __future__ import annotations

import json
from datetime import date

import pytest

from medtrust import samples
from medtrust.errors import InputError
from medtrust.lotfile import LotFile
from medtrust.packing import container_id, pack_id
from medtrust.standards.gs1 import parse

GTIN = "00361414567894"


@pytest.fixture
def raw():
    return json.loads(samples.read("lot.json"))


@pytest.fixture
def write(tmp_path):
    def to(raw):
        path = tmp_path / "lot.json"
        path.write_text(json.dumps(raw))
        return path

    return to


class TestRead:
    """
    the sample                     -> 24 packs in 6 cases on 2 pallets, of the sample's maker
    given no salt key              -> a random one is written into the file; reading again gives the same tree
    given anything wrong           -> InputError with file, place, found, expected; the file is untouched
    """

    def test_reads_the_sample(self):
        with samples.path("lot.json") as path:
            file = LotFile.read(path)
        assert (file.manufacturer, file.gtin, file.company_prefix) == ("urn:gs1:gln:0614141000036", GTIN, "0361414")
        assert (file.lot_number, file.expiry, file.packed.size) == ("MT2026A", date(2028, 6, 30), 24)
        assert len(list(file.packed.units())) == 24 + 6 + 2

    def test_makes_a_key_once(self, raw, write):
        del raw["saltKey"]
        path = write(raw)
        first, second = LotFile.read(path), LotFile.read(path)
        written = json.loads(path.read_text())
        assert first.packed.root == second.packed.root
        assert len(bytes.fromhex(written.pop("saltKey"))) == 32
        assert written == raw
        assert LotFile.read(write(raw)).packed.root != first.packed.root

    @pytest.mark.parametrize(
        ("change", "place", "found"),
        [
            ({"format": "medtrust-lot/2"}, "format", "'medtrust-lot/2'"),
            ({"manufacturer": "Brightwater"}, "organisation", "'Brightwater'"),
            ({"gtin": "00361414567895"}, "gtin", "'00361414567895'"),
            ({"gtin": 361414567894}, "gtin", "361414567894"),
            ({"companyPrefix": "361414"}, "companyPrefix", "'361414'"),
            ({"companyPrefix": "036"}, "companyPrefix", "'036'"),
            ({"lot": ""}, "lot", "''"),
            ({"lot": "A" * 21}, "lot", "21 characters"),
            ({"expiry": "2028-06-31"}, "expiry", "'2028-06-31'"),
            ({"saltKey": "00"}, "saltKey", "'00'"),
            ({"expirey": "2028-06-30"}, "file", "expirey"),
            ({"units": []}, "lot", "nothing"),
            ({"packs": ["1"]}, "lot", "both packs and containers"),
            ({"units": {"sscc": "1"}}, "units", "dict"),
            ({"units": [5]}, "units[0]", "int"),
            ({"units": [{"sscc": "103614140000000016"}]}, "units[0].sscc", "'103614140000000016'"),
            ({"units": [{"sscc": "103614140000000015", "packs": ["1", ""]}]}, "units[0].packs[1]", "''"),
            ({"units": [{"sscc": "103614140000000015", "packs": ["x" * 21]}]}, "units[0].packs[0]", f"'{'x' * 21}'"),
            ({"units": [{"sscc": "103614140000000015", "pack": ["1"]}]}, "units[0]", "pack"),
            (
                {"units": [{"sscc": "103614140000000015", "packs": ["1", "1"]}]},
                "lot, container 103614140000000015",
                "1 a second time",
            ),
        ],
    )
    @pytest.mark.parametrize("has_key", [True, False])
    def test_says_what_is_wrong(self, raw, write, change, place, found, has_key):
        broken = {**raw, **change}
        if not has_key and "saltKey" not in change:
            del broken["saltKey"]
        path = write(broken)
        before = path.read_bytes()
        with pytest.raises(InputError) as caught:
            LotFile.read(path)
        assert (caught.value.file, caught.value.place, caught.value.found) == (str(path), place, found)
        assert caught.value.expected
        assert path.read_bytes() == before


class TestFind:
    """
    a pack's code, a container's code -> its id and its path
    a unit of another lot             -> its id and no path
    a code that names no unit         -> InputError
    label                             -> is read as the pack
    """

    @pytest.fixture
    def file(self):
        with samples.path("lot.json") as path:
            return LotFile.read(path)

    def test_finds_pack_and_container(self, file):
        unit, path = file.find(parse(file.label("BW7K00001")))
        assert (unit, len(path)) == (pack_id(GTIN, "BW7K00001"), 3)
        unit, path = file.find(parse("(00)103614140000000015"))
        assert (unit, len(path)) == (container_id("103614140000000015"), 1)

    def test_finds_no_path_to_another_lots_unit(self, file):
        assert file.find(parse(f"(01){GTIN}(21)OTHER")) == (pack_id(GTIN, "OTHER"), ())

    def test_refuses_a_code_that_names_no_unit(self, file):
        with pytest.raises(InputError, match="an SSCC"):
            file.find(parse(f"(01){GTIN}"))

    def test_labels_a_pack(self, file):
        scan = parse(file.label("BW7K00001"))
        assert (scan.gtin, scan.serial, scan.lot, scan.expiry) == (GTIN, "BW7K00001", "MT2026A", date(2028, 6, 30))
