"""Files that are whole or not there: written aside, flushed, then put in place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from medtrust.errors import InputError

__all__ = ["read_json", "remove_drafts", "state_folder", "write_json", "write_once", "write_whole"]


def state_folder() -> Path:
    """Return the folder where medtrust keeps what it must remember: MEDTRUST_HOME, or `.medtrust` in the current
    one.
    """
    return Path(os.environ.get("MEDTRUST_HOME") or ".medtrust")


def write_whole(path: Path, content: bytes | memoryview, *, mode: int = 0o644, is_flushed: bool = True) -> None:
    """Write a file so that a reader, or a run after a crash, sees all of it or what was there before.

    Without `is_flushed` that holds when the process is killed, and when the power fails only once `os.sync` was called:
    for many files that another run would write again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        if is_flushed:
            os.fsync(file.fileno())
    aside.replace(path)


def write_once(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that is not there; where two processes do so at once, the first wins and both use its file."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    write_whole(draft, content, mode=mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def remove_drafts(folder: Path) -> None:
    """Remove what `write_whole` left aside in a folder when its process was killed; what lives is left alone."""
    for draft in folder.glob(".*"):
        process = draft.suffix[1:]
        if draft.stem.count(".") > 1 and process.isdecimal() and not _is_alive(int(process)):
            draft.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    """Write a value as JSON for people: indented, keys in their order, whole or not at all."""
    write_whole(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode(), mode=mode)


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises `InputError` with line and column if it is none, or is not there."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(place="file", found="nothing", expected="a JSON file", file=str(path)) from None
    except UnicodeDecodeError as error:
        raise InputError(place=f"byte {error.start}", found="no UTF-8", expected="UTF-8", file=str(path)) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(place=place, found=error.msg, expected="JSON", file=str(path)) from None
