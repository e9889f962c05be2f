"""The scanner: pictures of DataMatrix, QR and other symbols become what a hand-held scanner would send."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from medtrust.errors import InputError, ToolMissing
from medtrust.standards.gs1 import Allow, Scan, parse

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Symbol", "code_of", "is_picture", "is_picture_data", "read_picture"]

_PICTURES: Final = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_BEGINNINGS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_QUIET_ZONE: Final = 40
"""How many pixels of white are put around a picture, as a symbol cut out too closely is not found without."""

_MOST_PIXELS: Final = 40_000_000


@dataclass(frozen=True)
class Symbol:
    """One symbol of a picture: `kind` its format, `code` its identifier and content, FNC1 as ASCII 29."""

    kind: str
    code: str

    def read(self) -> Scan:
        """Read what it says, which may be a part of what the package says. Raises `InputError` as `parse`."""
        return parse(self.code, allow=Allow(partial=True))


def is_picture(text: str) -> bool:
    """Say whether a text is the path of a picture rather than a code."""
    path = Path(text[:4096])
    return path.suffix.lower() in _PICTURES and not text.startswith(("(", "]", "^", "http:", "https:"))


def is_picture_data(content: bytes) -> bool:
    """Say whether a content is, by its beginning, that of a picture: PNG, JPEG, TIFF, WebP or GIF."""
    return content.startswith(_BEGINNINGS) or (content[:4], content[8:12]) == (b"RIFF", b"WEBP")


def code_of(text: str) -> str:
    """Return a code as it is, or what the one symbol in a picture says if `text` is the path of one.

    Raises `InputError` if the picture cannot be read or does not hold exactly one symbol.
    """
    if not is_picture(text):
        return text
    symbols = read_picture(Path(text))
    if len(symbols) != 1:
        found = f"{len(symbols)} symbols" if symbols else "no symbol"
        raise InputError(file=text, place="picture", found=found, expected="exactly one symbol")
    return symbols[0].code


def read_picture(path: Path, content: bytes | None = None) -> tuple[Symbol, ...]:
    """Find the symbols in a picture (PNG, JPEG, TIFF, WebP, GIF, BMP), from top to bottom.

    With `content`, that of a picture, no file is opened, and `path` only names it.

    Raises `InputError` if it is no picture, and `ToolMissing` if the extra "scan" is not installed.
    """
    try:
        import zxingcpp
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise ToolMissing("zxing-cpp", "install medtrust[scan] to read pictures") from None
    try:
        with Image.open(path if content is None else BytesIO(content)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                shown, expected = f"{picture.width} x {picture.height} pixels", f"at most {_MOST_PIXELS:,}"
                raise InputError(file=str(path), place="picture", found=shown, expected=expected)
            prepared = _on_white(picture.convert("RGBA"), Image)
    except UnidentifiedImageError:
        raise InputError(file=str(path), place="beginning", found="no picture", expected="PNG, JPEG, TIFF …") from None
    except FileNotFoundError:
        raise InputError(file=str(path), place="file", found="nothing", expected="a picture") from None
    except (OSError, SyntaxError) as broken:
        raise InputError(file=str(path), place="picture", found=str(broken), expected="a whole picture") from None
    symbols = zxingcpp.read_barcodes(prepared, text_mode=zxingcpp.TextMode.Plain)
    symbols.sort(key=lambda one: (one.position.top_left.y, one.position.top_left.x))
    return tuple(Symbol(str(one.format), one.symbology_identifier + one.text) for one in symbols)


def _on_white(picture: Image, pillow: Any) -> Image:
    """Put a picture on white, with a quiet zone around it; what is transparent would else be black."""
    size = picture.width + 2 * _QUIET_ZONE, picture.height + 2 * _QUIET_ZONE
    ground: Image = pillow.new("RGBA", size, "white")
    ground.alpha_composite(picture, (_QUIET_ZONE, _QUIET_ZONE))
    return ground.convert("L")
