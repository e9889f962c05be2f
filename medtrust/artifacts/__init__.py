"""The compiled contracts that the package ships: ABI, bytecode and the sentences of their errors."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import Any

from medtrust.errors import ToolMissing

__all__ = ["Artifact", "load", "names"]


@dataclass(frozen=True)
class Artifact:
    """One compiled contract.

    `bytecode` is the creation code as hex with 0x ("0x" alone for an interface or an abstract contract), and
    `deployed_size` the bytes it leaves on the chain. `userdoc` and `devdoc` are the compiler's own form of the NatSpec.
    `source_hash` is the SHA-256 of the settings and of every source that went into it. A shipped artifact has no
    `storage_layout`.
    """

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    deployed_size: int
    userdoc: dict[str, Any]
    devdoc: dict[str, Any]
    compiler: str
    source_hash: str
    storage_layout: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def errors(self) -> dict[str, str]:
        """The sentence for people of each custom error, by the error's name."""
        return self._sentences("errors")

    @cached_property
    def events(self) -> dict[str, str]:
        """The sentence for people of each event, by the event's name."""
        return self._sentences("events")

    @cached_property
    def abi_hash(self) -> str:
        """The SHA-256 of the ABI in its canonical JSON, as 64 hex digits."""
        return hashlib.sha256(json.dumps(self.abi, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def is_deployable(self) -> bool:
        """Whether there is creation code: false for an interface and for an abstract contract."""
        return len(self.bytecode) > 2

    def to_json(self) -> str:
        """Write the artifact as the text of its shipped file, without the storage layout."""
        raw = {
            "name": self.name,
            "source": self.source,
            "compiler": self.compiler,
            "sourceHash": self.source_hash,
            "abiHash": self.abi_hash,
            "deployedSize": self.deployed_size,
            "abi": self.abi,
            "userdoc": self.userdoc,
            "devdoc": self.devdoc,
            "bytecode": self.bytecode,
        }
        return json.dumps(raw, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Artifact:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(
            name=raw["name"],
            source=raw["source"],
            abi=raw["abi"],
            bytecode=raw["bytecode"],
            deployed_size=raw["deployedSize"],
            userdoc=raw["userdoc"],
            devdoc=raw["devdoc"],
            compiler=raw["compiler"],
            source_hash=raw["sourceHash"],
        )

    def _sentences(self, kind: str) -> dict[str, str]:
        """Take the notices of one kind; the compiler lists errors as [{notice}], events as {notice}."""
        found: dict[str, str] = {}
        for signature, documents in self.userdoc.get(kind, {}).items():
            first = documents[0] if isinstance(documents, list) else documents
            if "notice" in first:
                found[signature.split("(")[0]] = first["notice"]
        return found


def names() -> list[str]:
    """List the contracts and interfaces that the package ships, sorted."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


@cache
def load(name: str) -> Artifact:
    """Read the shipped artifact of `name`, for example "ConsentRegistry".

    Raises `ToolMissing` if the package ships no such artifact.
    """
    file = resources.files(__name__).joinpath(f"{name}.json")
    if not file.is_file():
        raise ToolMissing(f"the artifact of {name}", "run `medtrust compile` in the repository, or reinstall medtrust")
    return Artifact.from_json(file.read_text(encoding="utf-8"))
