"""The compiler's executable: native, or the npm build behind a launcher, and no other commit than ours."""

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

from medtrust import compiler, solc
from medtrust.compiler import Settings
from medtrust.errors import ToolMissing
from medtrust.solc import COMMIT, VERSION, find_solc
from tests.world import ROOT

pytestmark = pytest.mark.usefixtures("no_named_compiler_folder")


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


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/{{}}/{{}}"
