"""Page: a certificate as a PDF that anybody can print, with the QR code that verifies it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import segno

from medtrust.certificate import Certificate

__all__ = ["pdf_of"]

_WIDTH, _HEIGHT, _MARGIN = 595, 842, 57
_CODE_SIDE = 340
_QUIET = 4
_LABELS = {
    "vc": "Vaccine (CVX)",
    "d": "Day",
    "st": "Status",
    "lot": "Lot",
    "mvx": "Maker (MVX)",
    "sub": "Holder",
}
_NOTE = "Whoever holds this page can show it. Verify the code: paper proves nothing."


def pdf_of(certificate: Certificate) -> bytes:
    """Return an A4 page (PDF 1.4) that shows the fields of a certificate and its QR code, drawn as squares.

    It holds what the certificate shows and nothing else: no name, and no date but that of the dose and of the anchor.
    """
    anchored = datetime.fromtimestamp(certificate.anchored_at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    rows = [(label, certificate.values[name]) for name, label in _LABELS.items() if name in certificate.values]
    rows += [("Issuer", certificate.issuer), ("Anchored", anchored), ("Chain", str(certificate.chain_id))]
    top = _HEIGHT - _MARGIN - 18
    content = [_text(_MARGIN, top, 18, "Vaccination certificate", is_bold=True)]
    for place, (label, value) in enumerate(rows):
        line = top - 34 - 18 * place
        content += [_text(_MARGIN, line, 11, label, is_bold=True), _text(_MARGIN + 110, line, 11, value)]
    content += [_code(certificate.to_text(), _MARGIN, _MARGIN + 40), _text(_MARGIN, _MARGIN, 9, _NOTE)]
    return _document("\n".join(content).encode("ascii"))


def _text(x: float, y: float, size: int, text: str, *, is_bold: bool = False) -> str:
    """Write text; what is not in Latin-1 is shown as a question mark, and stands in the code as it is."""
    escaped = "".join(_escaped(byte) for byte in text.encode("latin-1", "replace"))
    return f"BT /F{2 if is_bold else 1} {size} Tf {x} {y} Td ({escaped}) Tj ET"


def _escaped(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 and byte not in b"()\\" else f"\\{byte:03o}"


def _code(text: str, x: float, y: float) -> str:
    """Draw a QR code as squares, a run of dark ones at a time."""
    matrix = segno.make_qr(text, error="l").matrix
    side = _CODE_SIDE / (len(matrix) + 2 * _QUIET)
    squares = []
    for row, modules in enumerate(matrix):
        bottom = y + _CODE_SIDE - (row + 1 + _QUIET) * side
        for begun, length in _runs(modules):
            squares.append(f"{x + (begun + _QUIET) * side:.3f} {bottom:.3f} {length * side:.3f} {side:.3f} re")
    return "0 g\n" + "\n".join(squares) + "\nf"


def _runs(modules: Sequence[int]) -> list[tuple[int, int]]:
    """Return where each run of dark modules begins, and how long it is."""
    runs: list[tuple[int, int]] = []
    for place, is_dark in enumerate(modules):
        if is_dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif is_dark:
            runs.append((place, 1))
    return runs


def _document(content: bytes) -> bytes:
    """Put the objects of a document of one page together, with the table of where each stands."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Contents 4 0 R"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"{page} /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    written, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, table = len(objects) + 1, len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, rows)
    return written + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
