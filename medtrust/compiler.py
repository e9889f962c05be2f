"""Compiles the contracts, caches what comes out by what went in, and writes the artifacts that the package ships."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from medtrust.artifacts import Artifact
from medtrust.errors import CompileError, ToolMissing
from medtrust.solc import COMMIT, VERSION, Solc, find_solc

__all__ = [
    "Settings",
    "Sources",
    "check_artifacts",
    "compile_project",
    "compile_sources",
    "find_root",
    "warnings_of",
    "write_artifacts",
]

SHIPPED_LIBRARIES = ("node_modules/@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol",)
"""Contracts of OpenZeppelin whose ABI the SDK needs to speak to contracts that are not ours: the token."""

_IMPORT = re.compile(r"""^\s*import\b[^;"']*["']([^"']+)["']""", re.MULTILINE)
_DEFINITION = re.compile(r"^\s*(?:abstract\s+)?(?:contract|interface|library)\s+(\w+)", re.MULTILINE)
_OUTPUT = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences", "evm.deployedBytecode.object"]
_DOCUMENTS = ["userdoc", "devdoc", "storageLayout"]
_CACHE_FORMAT = 1
_QUICK_STEPS = {"peephole": False, "jumpdestRemover": False}  # which it takes unless told not to
_SMALLER_STEPS = dict.fromkeys(["peephole", "jumpdestRemover", "deduplicate", "cse", "constantOptimizer"], True)
_found: dict[Path, Solc] = {}


@dataclass(frozen=True)
class Settings:
    """How contracts are compiled, as `brownie-config.yaml` says."""

    evm_version: str
    runs: int
    remappings: tuple[str, ...]
    via_ir: bool
    details: Mapping[str, Any] = field(default_factory=dict)
    is_quick: bool = False
    is_small: bool = False

    @classmethod
    def read(cls, root: Path) -> Settings:
        """Read the settings of the project in `root`.

        Raises `CompileError` if they name another compiler than the one that this package knows the commit of.
        """
        name = "brownie-config.yaml"
        compiler = yaml.safe_load((root / name).read_text(encoding="utf-8"))["compiler"]
        solc = compiler["solc"]
        if solc["version"] != VERSION:
            raise CompileError(name, 0, f"solc {solc['version']} is asked for, this package knows {VERSION}")
        optimizer = solc["optimizer"]
        runs = optimizer["runs"] if optimizer["enabled"] else 0
        details = optimizer.get("details", {})
        return cls(compiler["evm_version"], runs, tuple(solc["remappings"]), solc["viaIR"], details)

    def request(self, sources: Mapping[str, str], file: str, contracts: Sequence[str]) -> dict[str, Any]:
        """Write the standard JSON that compiles `contracts` of `file` ("*" for all), and nothing else."""
        return {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": {
                **self._pipeline(),
                "evmVersion": self.evm_version,
                "remappings": list(self.remappings),
                "outputSelection": {file: {contract: [*_OUTPUT, *_DOCUMENTS] for contract in contracts}},
            },
        }

    def _pipeline(self) -> dict[str, Any]:
        if self.is_quick:
            steps = _SMALLER_STEPS if self.is_small else _QUICK_STEPS
            return {"optimizer": {"enabled": False, "details": steps}, "viaIR": False}
        optimizer: dict[str, Any] = {"enabled": self.runs > 0, "runs": self.runs}
        if self.details:
            optimizer["details"] = self.details
        return {"optimizer": optimizer, "viaIR": self.via_ir}


class Sources:
    """The texts of a project's contracts and of what they import, with some of them changed if asked.

    `changed` lays texts over files, by their path from the root: "contracts/ConsentRegistry.sol".
    """

    def __init__(self, root: Path, settings: Settings, changed: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._remappings = [remapping.split("=", 1) for remapping in settings.remappings]
        self._texts: dict[str, str] = dict(changed or {})

    def text(self, path: str) -> str:
        """Give the text of a source by its path from the root. Raises `CompileError` if there is none."""
        if path not in self._texts:
            file = self._root / path
            if not file.is_file():
                raise CompileError(path, 0, "there is no such source")
            self._texts[path] = file.read_text(encoding="utf-8")
        return self._texts[path]

    def own(self) -> list[str]:
        """List the project's own sources, sorted: contracts/ with its folders, and interfaces/."""
        found = {
            file.relative_to(self._root).as_posix()
            for folder in ("contracts", "interfaces")
            for file in (self._root / folder).rglob("*.sol")
        }
        return sorted(found | {path for path in self._texts if path.startswith(("contracts/", "interfaces/"))})

    def closure(self, path: str) -> dict[str, str]:
        """Give a source and all that it imports, sorted by path. Raises `CompileError` if an import leads nowhere."""
        found: dict[str, str] = {}
        waiting = [path]
        while waiting:
            importer = waiting.pop()
            if importer in found:
                continue
            found[importer] = self.text(importer)
            for match in _IMPORT.finditer(found[importer]):
                target = self._resolve(importer, match.group(1))
                if target not in self._texts and not (self._root / target).is_file():
                    line = found[importer].count("\n", 0, match.start(1)) + 1
                    raise _missing_import(importer, line, match.group(1), target)
                waiting.append(target)
        return dict(sorted(found.items()))

    def file_of(self, contract: str) -> str:
        """Find the project's source that defines `contract`. Raises `CompileError` if none or several do."""
        files = [path for path in self.own() if contract in _DEFINITION.findall(self.text(path))]
        if len(files) != 1:
            where = ", ".join(files) or "contracts"
            raise CompileError(where, 0, f"{len(files)} sources define {contract}, expected 1")
        return files[0]

    def _resolve(self, importer: str, target: str) -> str:
        if target.startswith("."):
            return posixpath.normpath(posixpath.join(posixpath.dirname(importer), target))
        for prefix, place in self._remappings:
            if target.startswith(prefix):
                return place + target[len(prefix) :]
        return target


def _missing_import(importer: str, line: int, name: str, target: str) -> CompileError | ToolMissing:
    if target.startswith("node_modules/"):
        return ToolMissing(f"{name}, which {importer}:{line} imports,", "run `make setup`")
    return CompileError(importer, line, f"imports {name}, which is not there")


def find_root(start: Path | None = None) -> Path:
    """Find the project's folder from `start` (the current folder unless given) upwards, else beside this package.

    Raises `ToolMissing` outside the repository: an installed package ships artifacts and no sources.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / "brownie-config.yaml").is_file() and (folder / "contracts").is_dir():
            return folder
    raise ToolMissing("the folder of the contracts", "run this inside a clone of the medtrust repository")


def compile_project(root: Path | None = None, *, force: bool = False) -> dict[str, Artifact]:
    """Compile every contract in contracts/ and interfaces/, by name; `force` ignores what is cached.

    Raises `CompileError` with file and line, also if two sources define one name.
    """
    project = _Project(root or find_root())
    return project.compile([(file, ("*",)) for file in project.sources.own()], force=force)


def compile_sources(
    sources: Mapping[str, str],
    *,
    contracts: Iterable[str] | None = None,
    root: Path | None = None,
    quick: bool = False,
    small: bool = False,
) -> dict[str, Artifact]:
    """Compile with changed sources laid over the project's, by path from the root, and cache by their content.

    Only `contracts` are compiled, wherever they are defined; without it, what the changed sources define. `quick`
    takes the compiler's older pipeline without a step: the same behaviour many times as soon, in larger, dearer code;
    `small` adds five, for a contract that would grow beyond what a chain takes.
    """
    project = _Project(root or find_root(), sources, quick=quick, small=small)
    if contracts is None:
        return project.compile([(file, ("*",)) for file in sources])
    return project.compile([(project.sources.file_of(contract), (contract,)) for contract in contracts])


def warnings_of(root: Path | None = None) -> list[str]:
    """List what the compiler warns of in the project's own sources, mocks aside."""
    project = _Project(root or find_root())
    found: set[str] = set()
    for file in project.sources.own():
        found.update(project.build(file, ("*",))["warnings"])
    return sorted(line for line in found if line.startswith(("contracts/", "interfaces/")) and "/mocks/" not in line)


def write_artifacts(root: Path | None = None, contracts: Iterable[str] | None = None) -> list[str]:
    """Bring medtrust/artifacts up to date with the sources, and list the names that were written or removed.

    With `contracts` only these are compiled and written, whatever the state of the others.
    """
    place = root or find_root()
    wanted = _shipped(place) if contracts is None else _texts(compile_sources({}, contracts=contracts, root=place))
    changed = _differing(place, wanted)
    for name in changed:
        _replace(_artifact_file(place, name), wanted[name])
    if contracts is None:
        for name in (leftover := _there(place) - wanted.keys()):
            _artifact_file(place, name).unlink()
        changed += leftover
    return sorted(changed)


def check_artifacts(root: Path | None = None) -> list[str]:
    """List the shipped artifacts that are missing, are left over, or differ from what the sources compile to."""
    place = root or find_root()
    wanted = _shipped(place)
    return sorted([*_differing(place, wanted), *(_there(place) - wanted.keys())])


def _shipped(root: Path) -> dict[str, str]:
    """Give the text of each artifact to ship: what one deploys, interfaces that nothing here implements, the token."""
    project = _Project(root)
    own = project.sources.own()
    files = [path for path in own if path.startswith("interfaces/") or path.count("/") == 1]
    ours = [path for path in own if path.startswith("contracts/")]
    defined = {name for path in ours for name in _DEFINITION.findall(project.sources.text(path))}
    built = project.compile([(path, ("*",)) for path in [*files, *SHIPPED_LIBRARIES]])
    wanted = {
        name: artifact
        for name, artifact in built.items()
        if artifact.is_deployable or (not artifact.source.startswith("contracts/") and name[1:] not in defined)
    }
    return _texts(wanted)


def _texts(artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    return {name: artifact.to_json() for name, artifact in artifacts.items()}


def _there(root: Path) -> set[str]:
    return {file.stem for file in (root / "medtrust" / "artifacts").glob("*.json")}


def _artifact_file(root: Path, name: str) -> Path:
    return root / "medtrust" / "artifacts" / f"{name}.json"


def _differing(root: Path, wanted: Mapping[str, str]) -> list[str]:
    files = {name: _artifact_file(root, name) for name in wanted}
    return [name for name, file in files.items() if not file.is_file() or file.read_text("utf-8") != wanted[name]]


class _Project:
    """One compilation: the sources, the settings, the compiler once it is needed, and the cache."""

    def __init__(
        self, root: Path, changed: Mapping[str, str] | None = None, *, quick: bool = False, small: bool = False
    ) -> None:
        self._root = root
        self._settings = replace(Settings.read(root), is_quick=quick, is_small=small)
        self.sources = Sources(root, self._settings, changed)

    def compile(self, wanted: Iterable[tuple[str, Sequence[str]]], *, force: bool = False) -> dict[str, Artifact]:
        found: dict[str, Artifact] = {}
        for file, contracts in wanted:
            for raw in self.build(file, contracts, force=force)["artifacts"]:
                artifact = Artifact(**raw)
                if artifact.name in found:
                    where = found[artifact.name].source
                    raise CompileError(artifact.source, 0, f"defines {artifact.name}, which {where} defines too")
                found[artifact.name] = artifact
        return found

    def build(self, file: str, contracts: Sequence[str], *, force: bool = False) -> dict[str, Any]:
        """Compile one source with exactly what it imports, so that no other source can change the result."""
        request = self._settings.request(self.sources.closure(file), file, contracts)
        cached = self._root / ".medtrust" / "cache" / f"{_digest(COMMIT, _CACHE_FORMAT, request)[:32]}.json"
        if cached.is_file() and not force:
            result: dict[str, Any] = json.loads(cached.read_text(encoding="utf-8"))
            return result
        built = _read(_compiler(self._root).compile(request), request, file)
        cached.parent.mkdir(parents=True, exist_ok=True)
        _replace(cached, json.dumps(built))
        return built


def _compiler(root: Path) -> Solc:
    """Find the compiler of a project and keep it warm, but of one project at a time."""
    if root not in _found:
        for other in _found.values():
            other.close()
        _found.clear()
        _found[root] = find_solc(root)
    return _found[root]


def _read(answer: dict[str, Any], request: dict[str, Any], file: str) -> dict[str, Any]:
    """Turn the compiler's answer into the dicts of artifacts and the lines of warnings."""
    sources = request["sources"]
    settings = {key: value for key, value in request["settings"].items() if key != "outputSelection"}
    digest = _digest(COMMIT, settings, sources)
    problems = [(_place(problem, sources), problem) for problem in answer.get("errors", [])]
    wrong = [(place, problem["message"]) for place, problem in problems if problem["severity"] == "error"]
    if wrong:
        lines = tuple(f"{path}:{line}: {message}" for (path, line), message in wrong)
        (path, line), message = wrong[0]
        raise CompileError(path, line, message, lines)
    built = answer.get("contracts", {}).get(file, {})
    return {
        "artifacts": [asdict(_artifact(name, file, output, digest)) for name, output in sorted(built.items())],
        "warnings": [f"{path}:{line}: {problem['message']}" for (path, line), problem in problems],
    }


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _place(problem: dict[str, Any], sources: Mapping[str, dict[str, str]]) -> tuple[str, int]:
    """Say in which file and line a problem stands; the compiler counts in bytes."""
    location = problem.get("sourceLocation")
    if not location or location["file"] not in sources:
        return "solc", 0
    before = sources[location["file"]]["content"].encode()[: max(location["start"], 0)]
    return location["file"], before.count(b"\n") + 1


def _artifact(name: str, file: str, output: dict[str, Any], digest: str) -> Artifact:
    creation = output["evm"]["bytecode"]
    if creation["linkReferences"]:
        libraries = ", ".join(sorted(creation["linkReferences"]))
        raise CompileError(file, 0, f"{name} must be linked with {libraries}: make the library's functions internal")
    return Artifact(
        name=name,
        source=file,
        abi=output["abi"],
        bytecode="0x" + creation["object"],
        deployed_size=len(output["evm"]["deployedBytecode"]["object"]) // 2,
        userdoc=output["userdoc"],
        devdoc=output["devdoc"],
        compiler=COMMIT,
        source_hash=digest,
        storage_layout=output["storageLayout"] if output.get("storageLayout", {}).get("storage") else {},
    )


def _replace(file: Path, text: str) -> None:
    """Write a file so that another process sees either the old or the new one, never half of it."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
