"""The compiler: what comes out depends on what goes in alone, and what is wrong is said with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from medtrust import artifacts, compiler, solc
from medtrust.compiler import Settings, check_artifacts, compile_project, compile_sources, warnings_of, write_artifacts
from medtrust.errors import CompileError, ToolMissing
from medtrust.solc import COMMIT, VERSION
from tests.sdk.keepers import LIMITS, OTHER, SOURCES, lay_out
from tests.world import ROOT

pytestmark = pytest.mark.usefixtures("no_named_compiler_folder")


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
