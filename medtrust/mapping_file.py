"""Mapping files: what the columns of a clinic's tables hold, read from where the clinic keeps it."""

from __future__ import annotations

from pathlib import Path

from medtrust.errors import InputError
from medtrust.standards import CsvMapping, read_mapping

__all__ = ["load_mapping"]


def load_mapping(path: Path) -> CsvMapping:
    """Read a mapping file, in YAML or JSON.

    Raises `InputError` with file and place if it is none, or is not there.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        found = error.strerror or "nothing"
        raise InputError(file=str(path), place="file", found=found, expected="a mapping in YAML or JSON") from None
    except UnicodeDecodeError as error:
        raise InputError(file=str(path), place=f"byte {error.start}", found="no UTF-8", expected="UTF-8") from None
    return read_mapping(text, name=str(path))
