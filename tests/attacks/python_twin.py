"""Twins of modules: the same code with one defence taken out, for attacks on what runs off the chain."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from medtrust.errors import CheckRefused
from tests.attacks.framework import Blocked, Run
from tests.world import World

__all__ = ["module", "off_chain"]


def module(world: World, name: str, *patch: tuple[str, str]) -> Any:
    """A module of the package as it is; in the twin world, a copy in which each replacement was made once."""
    real = importlib.import_module(f"medtrust.{name}")
    if world.defended:
        return real
    source = Path(str(real.__file__)).read_text(encoding="utf-8")
    for old, new in patch:
        assert source.count(old) == 1, f"{source.count(old)} places in {name} hold {old!r}"
        source = source.replace(old, new)
    twin = ModuleType(f"{real.__name__}_twin")
    sys.modules[twin.__name__] = twin  # dataclasses look their module up
    try:
        exec(compile(source, str(real.__file__), "exec"), twin.__dict__)
    finally:
        del sys.modules[twin.__name__]
    return twin


def off_chain(run: Callable[..., None]) -> Run:
    """Take a refusal of ours for what it is: the attack was blocked."""

    @wraps(run)
    def guarded(world: World) -> None:
        try:
            run(world)
        except CheckRefused as refused:
            raise Blocked(refused.reason) from None

    return guarded
