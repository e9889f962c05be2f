"""The compiler: what comes out depends on what goes in alone, and what is wrong is said with file and line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from medtrust import artifacts, compiler, solc
from medtrust.compiler import Settings, check_artifacts, compile_project, compile_sources, warnings_of, write_artifacts
from medtrust.errors import CompileError, ToolMissing
from medtrust.solc import COMMIT, VERSION, find_solc
from tests.world import ROOT

HEAD = "// SPDX-License-Identifier: Apache-2.0\npragma solidity =0.8.30;\n"

KEEPER_INTERFACE = f"""{HEAD}
interface IKeeper {{
    /// @notice Something was kept.
    event Kept(uint256 amount);

    /// @notice Nothing was offered.
    error NothingOffered(uint256 amount);

    /// @notice Keeps `amount`.
    function keep(uint256 amount) external;
}}
"""

KEEPER = f"""{HEAD}
import {{IKeeper}} from "../interfaces/IKeeper.sol";
import {{Limits}} from "./libraries/Limits.sol";
import {{Math}} from "@openzeppelin/contracts/utils/math/Math.sol";

contract Keeper is IKeeper {{
    uint256 private _kept;

    function keep(uint256 amount) external {{
        require(amount > 0, NothingOffered(amount));
        _kept = Math.min(_kept + amount, Limits.MOST);
        emit Kept(amount);
    }}
}}
"""

LIMITS = f"{HEAD}\nlibrary Limits {{\n    uint256 internal constant MOST = 1000;\n}}\n"

OTHER = f"{HEAD}\ncontract Other {{\n    uint256 public constant ANSWER = 42;\n}}\n"

LISTENER = f"{HEAD}\ninterface IListener {{\n    function heard() external;\n}}\n"

SOURCES = {
    "interfaces/IKeeper.sol": KEEPER_INTERFACE,
    "interfaces/IListener.sol": LISTENER,
    "interfaces/IBound.sol": LISTENER.replace("IListener", "IBound"),
    "contracts/base/Bound.sol": f"{HEAD}\nabstract contract Bound {{}}\n",
    "contracts/Keeper.sol": KEEPER,
    "contracts/Other.sol": OTHER,
    "contracts/libraries/Limits.sol": LIMITS,
    "contracts/mocks/MockKeeper.sol": KEEPER.replace("../", "../../")
    .replace("./libraries", "../libraries")
    .replace("contract Keeper", "contract MockKeeper"),
}


def lay_out(root: Path, sources: dict[str, str]) -> Path:
    """Write a project: sources, the repository's own settings, its node_modules, and the compiler that it found."""
    for path, text in sources.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "medtrust" / "artifacts").mkdir(parents=True)
    shutil.copy(ROOT / "brownie-config.yaml", root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    found = find_solc(ROOT).executable
    (root / ".medtrust" / "solc").mkdir(parents=True)
    shutil.copy(found, root / ".medtrust" / "solc" / found.name)
    return root


@pytest.fixture(scope="module", autouse=True)
def _no_named_compiler_folder() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SOLCX_BINARY_PATH", raising=False)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("project"), SOURCES)


@pytest.fixture
def own_project(tmp_path: Path) -> Path:
    """A project that the test may change."""
    return lay_out(tmp_path, SOURCES)


class TestCompileProject:
    """
    given sources that compile
      when compiled                            -> every contract and interface by name, mocks and libraries too
      when compiled                            -> ABI, creation code, size, storage and the sentences of NatSpec
      when compiled again without a compiler   -> the same, from the cache
      when forced                              -> compiled anew, whatever the cache says
      when another source changes              -> an artifact that does not import it stays the same
      when an imported source changes          -> the artifact and its source hash change
    given two sources that define one name     -> raises CompileError that names both
    given settings for another compiler        -> raises CompileError
    """

    def test_gives_every_contract_by_name(self, project: Path) -> None:
        built = compile_project(project)

        assert sorted(built) == ["Bound", "IBound", "IKeeper", "IListener", "Keeper", "Limits", "MockKeeper", "Other"]
        assert built["MockKeeper"].source == "contracts/mocks/MockKeeper.sol"

    def test_gives_abi_code_size_storage_and_sentences(self, project: Path) -> None:
        keeper = compile_project(project)["Keeper"]

        assert {entry["name"] for entry in keeper.abi} == {"Kept", "NothingOffered", "keep"}
        assert keeper.bytecode.startswith("0x60")
        assert 0 < keeper.deployed_size < len(keeper.bytecode) // 2
        assert keeper.errors == {"NothingOffered": "Nothing was offered."}
        assert keeper.events == {"Kept": "Something was kept."}
        assert keeper.userdoc["methods"] == {"keep(uint256)": {"notice": "Keeps `amount`."}}
        assert [slot["label"] for slot in keeper.storage_layout["storage"]] == ["_kept"]
        assert keeper.compiler == COMMIT

    def test_gives_no_code_for_an_interface(self, project: Path) -> None:
        built = compile_project(project)

        assert (built["IKeeper"].bytecode, built["IKeeper"].is_deployable) == ("0x", False)
        assert built["Keeper"].is_deployable

    def test_answers_from_the_cache_without_a_compiler(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = compile_project(project)
        monkeypatch.setattr(compiler, "_compiler", no_compiler)

        assert compile_project(project) == before

    def test_compiles_anew_when_forced(self, own_project: Path) -> None:
        before = compile_project(own_project)
        for cached in (own_project / ".medtrust" / "cache").iterdir():
            cached.write_text('{"artifacts": [], "warnings": []}')

        assert compile_project(own_project) == {}
        assert compile_project(own_project, force=True) == before

    def test_stays_the_same_when_another_source_changes(self, own_project: Path) -> None:
        before = compile_project(own_project)
        (own_project / "contracts/libraries/Limits.sol").write_text(LIMITS.replace("1000", "2000"))
        after = compile_project(own_project)

        assert after["Other"] == before["Other"]
        assert after["Keeper"].bytecode != before["Keeper"].bytecode
        assert after["Keeper"].source_hash != before["Keeper"].source_hash
        assert after["Keeper"].abi_hash == before["Keeper"].abi_hash

    def test_reverts_given_two_sources_of_one_name(self, own_project: Path) -> None:
        (own_project / "contracts/Twice.sol").write_text(OTHER)

        with pytest.raises(CompileError) as wrong:
            compile_project(own_project)

        assert wrong.value.file == "contracts/Twice.sol"
        assert wrong.value.message == "defines Other, which contracts/Other.sol defines too"

    def test_reverts_given_settings_for_another_compiler(self, own_project: Path) -> None:
        settings = own_project / "brownie-config.yaml"
        settings.write_text(settings.read_text().replace(VERSION, "0.8.29"))

        with pytest.raises(CompileError) as wrong:
            compile_project(own_project)

        assert wrong.value.message == f"solc 0.8.29 is asked for, this package knows {VERSION}"


class TestCompileSources:
    """
    given a changed copy of a source
      when compiled                       -> what the copy defines; the file and its artifact stay
      when contracts are named            -> only these, wherever they are defined, with the copy laid over
      when it does not compile            -> raises CompileError with the file, the line and every problem
      when an import leads nowhere        -> raises CompileError with the file and the line of the import
      when the import is of a package     -> raises ToolMissing: the package is not installed
      when its import stands in a comment -> it is no import
    given the name of no contract         -> raises CompileError
    """

    def test_compiles_the_copy_alone(self, project: Path) -> None:
        copy = {"contracts/Other.sol": OTHER.replace("42", "43")}
        built = compile_sources(copy, root=project)

        assert list(built) == ["Other"]
        assert built["Other"].bytecode != compile_project(project)["Other"].bytecode
        assert (project / "contracts/Other.sol").read_text() == OTHER

    def test_lays_the_copy_over_what_is_named(self, project: Path) -> None:
        twin = compile_sources(
            {"contracts/libraries/Limits.sol": LIMITS.replace("1000", "9")}, contracts=["Keeper"], root=project
        )

        assert list(twin) == ["Keeper"]
        assert twin["Keeper"].bytecode != compile_project(project)["Keeper"].bytecode
        assert twin["Keeper"].abi == compile_project(project)["Keeper"].abi

    def test_gives_the_same_artifact_alone_as_with_all(self, project: Path) -> None:
        assert compile_sources({}, contracts=["Keeper"], root=project)["Keeper"] == compile_project(project)["Keeper"]

    def test_names_file_line_and_every_problem(self, project: Path) -> None:
        text = OTHER.replace("42;", "true; // ß counts as two bytes\n    bool public wrong = 1;")

        with pytest.raises(CompileError) as wrong:
            compile_sources({"contracts/Other.sol": text}, root=project)

        places = [problem.split(": ")[0] for problem in wrong.value.problems]
        assert places == ["contracts/Other.sol:5", "contracts/Other.sol:6"]
        assert (wrong.value.file, wrong.value.line) == ("contracts/Other.sol", 5)
        assert wrong.value.message.startswith("Type bool is not implicitly convertible to expected type uint256")

    def test_names_the_line_of_an_import_that_leads_nowhere(self, project: Path) -> None:
        copy = {"contracts/Other.sol": OTHER.replace("\ncontract", '\nimport {A} from "./Nowhere.sol";\ncontract')}

        with pytest.raises(CompileError) as wrong:
            compile_sources(copy, root=project)

        assert (wrong.value.file, wrong.value.line) == ("contracts/Other.sol", 4)
        assert wrong.value.message == "imports ./Nowhere.sol, which is not there"

    def test_names_the_package_that_is_not_installed(self, project: Path) -> None:
        name = "@openzeppelin/contracts/Nowhere.sol"
        copy = {"contracts/Other.sol": OTHER.replace("\ncontract", f'\nimport {{A}} from "{name}";\ncontract')}

        with pytest.raises(ToolMissing, match=f"{name}, which contracts/Other.sol:4 imports, is missing"):
            compile_sources(copy, root=project)

    def test_takes_no_import_from_a_comment(self, project: Path) -> None:
        copy = {"contracts/Other.sol": OTHER.replace("\ncontract", '\n// import "./Nowhere.sol";\ncontract')}

        assert list(compile_sources(copy, root=project)) == ["Other"]

    def test_reverts_given_the_name_of_no_contract(self, project: Path) -> None:
        with pytest.raises(CompileError, match="0 sources define Nobody, expected 1"):
            compile_sources({}, contracts=["Nobody"], root=project)


class TestArtifacts:
    """
    given no artifacts               -> all are stale; written: what one deploys, what nothing implements, the token
    given artifacts up to date       -> none is stale, nothing is written
    given a source that changed      -> its artifact alone is stale
    given an artifact that was edited, or is of no source -> stale; written anew, or removed
    given names                      -> only these are written, though another source is broken
    given a written artifact         -> reads back equal, but for the storage layout
    given the package                -> ships an artifact by name; an unknown one raises ToolMissing
    """

    SHIPPED = ("ERC20Permit", "IListener", "Keeper", "Other")

    def test_ships_what_one_deploys_or_must_speak_to(self, own_project: Path) -> None:
        assert check_artifacts(own_project) == list(self.SHIPPED)
        assert write_artifacts(own_project) == list(self.SHIPPED)
        assert self._there(own_project) == [f"{name}.json" for name in self.SHIPPED]

    def test_writes_nothing_when_all_are_up_to_date(self, own_project: Path) -> None:
        write_artifacts(own_project)

        assert check_artifacts(own_project) == []
        assert write_artifacts(own_project) == []

    def test_finds_the_one_whose_source_changed(self, own_project: Path) -> None:
        write_artifacts(own_project)
        (own_project / "contracts/libraries/Limits.sol").write_text(LIMITS.replace("1000", "1001"))

        assert check_artifacts(own_project) == ["Keeper"]

    def test_mends_what_was_edited_and_removes_what_is_of_no_source(self, own_project: Path) -> None:
        write_artifacts(own_project)
        folder = own_project / "medtrust" / "artifacts"
        before = (folder / "Keeper.json").read_text()
        (folder / "Keeper.json").write_text(before.replace('"0x60', '"0x61'))
        (folder / "Gone.json").write_text("{}")

        assert check_artifacts(own_project) == ["Gone", "Keeper"]
        assert write_artifacts(own_project) == ["Gone", "Keeper"]
        assert (folder / "Keeper.json").read_text() == before
        assert not (folder / "Gone.json").exists()

    def test_writes_what_is_named_though_another_source_is_broken(self, own_project: Path) -> None:
        (own_project / "contracts/Other.sol").write_text(OTHER.replace("42", "wrong"))

        assert write_artifacts(own_project, ["Keeper"]) == ["Keeper"]
        assert self._there(own_project) == ["Keeper.json"]

    def test_reads_back_what_was_written(self, project: Path) -> None:
        keeper = compile_project(project)["Keeper"]
        read = artifacts.Artifact.from_json(keeper.to_json())

        assert (read.abi, read.bytecode, read.errors, read.source_hash) == (
            keeper.abi,
            keeper.bytecode,
            keeper.errors,
            keeper.source_hash,
        )
        assert read.storage_layout == {}

    def test_loads_what_the_package_ships(self) -> None:
        assert "AccreditationRegistry" in artifacts.names()
        for name in artifacts.names():
            assert artifacts.load(name).name == name

    def test_names_the_way_to_mend_given_an_unknown_one(self) -> None:
        with pytest.raises(ToolMissing, match="the artifact of Nothing is missing"):
            artifacts.load("Nothing")

    @staticmethod
    def _there(project: Path) -> list[str]:
        return sorted(file.name for file in (project / "medtrust" / "artifacts").iterdir())


class TestWarnings:
    """
    given a source with an unused variable -> listed with file and line
    given a mock with one                  -> not listed
    """

    def test_lists_those_of_what_one_deploys(self, own_project: Path) -> None:
        unused = "\n    function f() external pure { uint256 unused; }\n}"
        for path in ("contracts/Other.sol", "contracts/mocks/MockKeeper.sol"):
            text = (own_project / path).read_text().rstrip().removesuffix("}") + unused
            (own_project / path).write_text(text)

        assert warnings_of(own_project) == ["contracts/Other.sol:7: Unused local variable."]


class TestFindSolc:
    """
    given a host that refuses, or does not answer   -> the npm build behind a launcher, and the host is not asked again
      when retried                                  -> the host is asked again
    given a host that answers with another commit   -> raises ToolMissing, and what was downloaded is not used
    given a native compiler of another commit       -> raises ToolMissing
    given an npm package of another commit          -> raises ToolMissing when it is first asked
    given an npm package of another version         -> raises ToolMissing
    given neither                                   -> raises ToolMissing
    given a launcher of another clone               -> written anew
    given SOLCX_BINARY_PATH                         -> the launcher is there, and py-solc-x finds it
    given the launcher, started cold                -> the same bytecode as the warm process
    """

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """A project where no compiler was found yet."""
        (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
        return tmp_path

    def test_falls_back_to_npm_given_a_host_that_refuses(self, place: Path, refusing_host: None) -> None:
        found = find_solc(place)

        assert not found.is_native
        assert found.executable == place / ".medtrust" / "solc" / f"solc-v{VERSION}"
        assert os.access(found.executable, os.X_OK)

    def test_falls_back_to_npm_given_a_host_that_is_silent(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(solc, "_PROBE_SECONDS", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            monkeypatch.setattr("solcx.install.BINARY_DOWNLOAD_BASE", url_of(silent.getsockname()[1]))

            assert not find_solc(place).is_native

    def test_asks_the_host_once_unless_retried(self, place: Path, host: list[str]) -> None:
        assert not find_solc(place).is_native
        asked = len(host)
        find_solc(place)
        assert len(host) == asked > 0

        find_solc(place, retry=True)
        assert len(host) > asked

    def test_refuses_a_native_compiler_of_another_commit(self, place: Path) -> None:
        executable = place / ".medtrust" / "solc" / f"solc-v{VERSION}"
        executable.parent.mkdir(parents=True)
        shutil.copy(shutil.which("true") or "/bin/true", executable)  # native, runs, and is no such compiler

        with pytest.raises(ToolMissing, match=f"solc {COMMIT.replace('+', '.')} is missing"):
            find_solc(place)

    def test_refuses_an_npm_package_of_another_commit(self, tmp_path: Path, refusing_host: None) -> None:
        self._package(tmp_path, VERSION, f"{VERSION}+commit.00000000.Emscripten.clang")

        with pytest.raises(ToolMissing, match=r"0\.8\.30\+commit\.00000000"):
            find_solc(tmp_path).compile({})

    def test_refuses_an_npm_package_of_another_version(self, tmp_path: Path, refusing_host: None) -> None:
        self._package(tmp_path, "0.8.29", COMMIT)

        with pytest.raises(ToolMissing, match=r"node_modules has 0\.8\.29"):
            find_solc(tmp_path)

    def test_names_the_way_to_mend_given_neither(self, tmp_path: Path, refusing_host: None) -> None:
        with pytest.raises(ToolMissing) as missing:
            find_solc(tmp_path)

        assert missing.value.tool == f"the Solidity compiler {VERSION}"
        assert "make setup" in missing.value.mend

    def test_writes_a_launcher_of_another_clone_anew(self, place: Path, refusing_host: None) -> None:
        launcher = find_solc(place).executable
        right = launcher.read_text()
        launcher.write_text("#!/bin/sh\nexec node elsewhere\n")

        assert find_solc(place).executable.read_text() == right

    def test_serves_py_solc_x_from_the_folder_that_is_named(
        self, place: Path, refusing_host: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from solcx.install import get_executable, get_installed_solc_versions
        from solcx.wrapper import get_solc_version

        monkeypatch.setenv("SOLCX_BINARY_PATH", str(place / "named"))
        found = find_solc(place)

        assert get_executable(VERSION) == found.executable == place / "named" / f"solc-v{VERSION}"
        assert [str(version) for version in get_installed_solc_versions()] == [VERSION]
        assert str(get_solc_version(found.executable, with_commit_hash=True)) == COMMIT

    def test_gives_the_same_bytecode_cold_as_warm(self, place: Path, project: Path, refusing_host: None) -> None:
        settings = Settings.read(ROOT)
        sources = compiler.Sources(project, settings).closure("contracts/Keeper.sol")
        request = settings.request(sources, "contracts/Keeper.sol", ["Keeper"])
        warm = find_solc(place)
        cold = solc.Solc(warm.executable)

        assert cold.is_native
        assert cold.compile(request) == warm.compile(request)
        warm.close()

    @pytest.fixture
    def refusing_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The compiler's download host is a port of this machine where nothing listens."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        monkeypatch.setattr("solcx.install.BINARY_DOWNLOAD_BASE", url_of(port))

    @pytest.fixture
    def host(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        """The download host is of this machine and has nothing; the list is what it was asked for."""
        asked: list[str] = []

        class Nothing(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Nothing) as server:
            monkeypatch.setattr("solcx.install.BINARY_DOWNLOAD_BASE", url_of(server.server_port))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield asked
            server.shutdown()
            thread.join()

    @staticmethod
    def _package(root: Path, version: str, commit: str) -> None:
        """Write an npm package that says it is the compiler."""
        folder = root / "node_modules" / "solc"
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": "solc", "version": version, "main": "index.js"}))
        (folder / "index.js").write_text(f"exports.version = () => {json.dumps(commit)};\n")


class TestRepository:
    """
    given the settings of this repository  -> the compiler is asked for all that they say of its optimizer
    given the contracts of this repository -> none is larger than a chain takes
    """

    def test_asks_for_the_optimizer_that_brownie_asks_for(self) -> None:
        told = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]["solc"]["optimizer"]
        request = Settings.read(ROOT).request({}, "contracts/Keeper.sol", ["Keeper"])

        assert request["settings"]["optimizer"] == told
        assert told["details"]["yulDetails"]["optimizerSteps"].count("F") == 0

    def test_fits_on_a_chain(self) -> None:
        sizes = {name: artifact.deployed_size for name, artifact in compile_project(ROOT).items()}

        assert {name: size for name, size in sizes.items() if size > 24_576} == {}


def no_compiler(root: Path) -> solc.Solc:
    raise AssertionError(f"a compiler was asked for in {root}")


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/{{}}/{{}}"
