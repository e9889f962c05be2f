"""Sample files of medtrust's own making, with invented persons, one for each format that it reads."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

from medtrust.errors import InputError

__all__ = ["names", "path", "read"]


def names() -> tuple[str, ...]:
    """Return the names of all samples, sorted."""
    found = (entry.name for entry in files(__name__).iterdir() if entry.is_file())
    return tuple(sorted(name for name in found if not name.endswith((".py", ".pyc", ".md"))))


def read(name: str) -> bytes:
    """Return the bytes of the sample called `name`, such as "vxu_v04.hl7".

    Raises `InputError` if there is none of that name.
    """
    if name not in names():
        raise InputError(place="sample", found=repr(name), expected=f"one of {', '.join(names())}")
    return files(__name__).joinpath(name).read_bytes()


def path(name: str) -> AbstractContextManager[Path]:
    """Return a context in which the sample called `name` lies in a file, also if the package is zipped.

    Raises `InputError` if there is none of that name.
    """
    read(name)
    return as_file(files(__name__).joinpath(name))
