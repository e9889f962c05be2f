"""The scanner and its commands: pictures of symbols, and what `medtrust gs1` says of codes."""

from __future__ import annotations

import json
import sys
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from medtrust import samples, scanner
from medtrust.cli.gs1 import app
from medtrust.errors import InputError, ToolMissing
from medtrust.scanner import Symbol, code_of, is_picture, read_picture
from medtrust.standards.gs1 import hri
from tests.standards.support import corpus

RUNNER = CliRunner()
PACK = "(01)00361414567894(17)280630(10)MT2026A(21)BW7K00005"
LINK = "https://id.gs1.org/01/00361414567894/10/MT2026A/21/BW7K00005?17=280630"
MESSAGE = "01003614145678941728063010MT2026A\x1d21BW7K00005"


@pytest.fixture
def picture(tmp_path):
    """Write a picture of symbols one below the other, GS1 data as DataMatrix and anything else as QR."""

    def write(*contents, name="picture.png"):
        drawn = [_draw(content) for content in contents]
        sheet = Image.new("L", (400, sum(one.height for one in drawn) + 60), "white")
        top = 20
        for one in drawn:
            sheet.paste(one, (20, top))
            top += one.height + 10
        sheet.save(tmp_path / name)
        return tmp_path / name

    return write


def _draw(content):
    is_gs1 = content.startswith("(")
    kind = zxingcpp.BarcodeFormat.DataMatrix if is_gs1 else zxingcpp.BarcodeFormat.QRCode
    view = memoryview(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(content, kind, gs1=is_gs1), scale=4))
    return Image.frombytes("L", (view.shape[1], view.shape[0]), view.tobytes())


class TestReadPicture:
    """
    given a DataMatrix                -> its identifier and its elements, FNC1 between them
    given a QR code with a link       -> the link
    given several symbols             -> from top to bottom
    given a picture without any       -> nothing
    given one cut out closely, or see-through -> read all the same
    when the file is no picture, broken, too large, missing -> InputError
    when the extra is not installed   -> ToolMissing
    """

    def test_reads_a_data_matrix(self):
        with samples.path("pack.png") as path:
            assert read_picture(path) == (Symbol("Data Matrix", f"]d2{MESSAGE}"),)

    def test_reads_several_from_top_to_bottom(self, picture):
        found = read_picture(picture(LINK, PACK))
        assert [one.code for one in found] == [f"]Q1{LINK}", f"]d2{MESSAGE}"]
        assert found[0].read() == found[0].read()
        assert {found[0].read().serial, found[1].read().serial} == {"BW7K00005"}

    def test_finds_nothing_in_nothing(self, tmp_path):
        Image.new("L", (50, 50), "white").save(tmp_path / "white.png")
        assert read_picture(tmp_path / "white.png") == ()

    def test_reads_what_is_cut_closely_and_see_through(self, tmp_path):
        with Image.open(BytesIO(samples.read("pack.png"))) as drawn:
            black = drawn.convert("L").point(lambda value: 255 - value)
            closely = Image.merge("LA", (Image.new("L", black.size, 0), black)).crop(black.getbbox())
        closely.save(tmp_path / "closely.png")
        assert [one.code for one in read_picture(tmp_path / "closely.png")] == [f"]d2{MESSAGE}"]

    @pytest.mark.parametrize(
        ("content", "place"),
        [
            (b"no picture", "beginning"),
            (b"\x89PNG\r\n\x1a\n", "beginning"),
            (samples.read("pack.png")[:200], "picture"),
            (None, "file"),
        ],
    )
    def test_refuses_what_is_no_picture(self, tmp_path, content, place):
        if content is not None:
            (tmp_path / "x.png").write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_picture(tmp_path / "x.png")
        assert (caught.value.place, caught.value.file) == (place, str(tmp_path / "x.png"))

    def test_refuses_what_is_too_large(self, tmp_path, monkeypatch):
        monkeypatch.setattr(scanner, "_MOST_PIXELS", 99)
        Image.new("1", (10, 10)).save(tmp_path / "large.png")
        with pytest.raises(InputError, match="10 x 10 pixels, expected at most 99"):
            read_picture(tmp_path / "large.png")

    def test_says_what_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "zxingcpp", None)
        with samples.path("pack.png") as path, pytest.raises(ToolMissing, match=r"medtrust\[scan\]"):
            read_picture(path)


class TestCodeOf:
    """
    given a code                      -> itself
    given the path of a picture       -> what its one symbol says
    given none or two symbols in it   -> InputError
    """

    @pytest.mark.parametrize("code", [PACK, LINK, f"]d2{MESSAGE}", f"{LINK}/a.png", "(21)a.png"])
    def test_leaves_codes_alone(self, code):
        assert code_of(code) == code
        assert not is_picture(code)

    def test_reads_a_picture(self):
        with samples.path("pack.png") as path:
            assert code_of(str(path)) == f"]d2{MESSAGE}"

    @pytest.mark.parametrize(("contents", "found"), [((), "no symbol"), ((PACK, LINK), "2 symbols")])
    def test_wants_exactly_one(self, picture, contents, found):
        with pytest.raises(InputError) as caught:
            code_of(str(picture(*contents)))
        assert (caught.value.found, caught.value.expected) == (found, "exactly one symbol")


class TestCommands:
    """
    given a code that GS1 lets pass   -> exit 0, its elements, fields and other forms
    given one that it refuses         -> exit 1, with place, found and expected
    given a part                      -> let pass on demand
    given a picture                   -> each symbol; exit 1 if there is none, or one is refused
    """

    def run(self, *arguments):
        result = RUNNER.invoke(app, [*arguments, "--json"])
        return result.exit_code, json.loads(result.stdout) if result.stdout else result.exception

    @pytest.mark.parametrize("code", [PACK, LINK, f"]d2{MESSAGE}", f"^{MESSAGE}".replace("\x1d", "^")])
    def test_parses(self, code):
        status, found = self.run("parse", code)
        assert (status, found["ok"], found["gtin"], found["lot"]) == (0, True, "00361414567894", "MT2026A")
        assert (found["serial"], found["expiry"], found["link"]) == ("BW7K00005", "2028-06-30", LINK)
        assert sorted(one["ai"] for one in found["elements"]) == ["01", "10", "17", "21"]

    def test_refuses(self):
        status, found = self.run("parse", "(01)00361414567895")
        assert status == 1
        assert found == {
            "ok": False,
            "reason": "(01): found (01)00361414567895, expected a check digit 4",
            "place": "(01)",
            "found": "(01)00361414567895",
            "expected": "a check digit 4",
        }

    def test_a_part_is_let_pass_on_demand(self):
        assert self.run("parse", "(21)A")[0] == 1
        assert self.run("parse", "(21)A", "--partial")[1]["serial"] == "A"

    def test_says_it_to_people(self):
        assert "refused: (21)" in RUNNER.invoke(app, ["parse", "(21)A"]).stderr
        assert "(10)" in RUNNER.invoke(app, ["parse", PACK]).stdout
        assert "TESTING" in RUNNER.invoke(app, ["parse", "]d1TESTING"]).stdout

    def test_scans(self, picture):
        status, found = self.run("scan", str(picture(PACK, LINK)))
        assert (status, [one["serial"] for one in found]) == (0, ["BW7K00005", "BW7K00005"])
        status, found = self.run("scan", str(picture("https://id.gs1.org/nothing")))
        assert (status, [one["ok"] for one in found]) == (1, [False])
        assert self.run("scan", str(picture())) == (1, [])
        assert "Data Matrix" in RUNNER.invoke(app, ["scan", str(picture(PACK))]).stdout

    def test_writes_links_and_check_digits(self):
        assert self.run("link", PACK) == (0, {"link": LINK})
        assert self.run("link", PACK, "--stem", "https://a.example/x")[1]["link"].startswith("https://a.example/x/01/")
        assert self.run("check-digit", "0036141456789") == (0, {"digit": "4", "number": "00361414567894"})
        assert isinstance(self.run("check-digit", "12a")[1], InputError)


class TestPublishedPictures:
    """given published pictures with what they say -> all of them are read"""

    def test_are_read(self):
        pictures = sorted((corpus("gs1-images") / "zxing").glob("*.png"))
        told = [(one, one.with_suffix(".txt")) for one in pictures if one.with_suffix(".txt").exists()]
        assert len(told) == 32
        for path, text in told:
            (symbol,) = read_picture(path)
            is_gs1 = symbol.code.startswith("]e0")
            says = hri(symbol.read().elements).replace("\\(", "(") if is_gs1 else symbol.code[3:]
            assert says == text.read_text(encoding="utf-8").strip(), path.name
