"""Files: whole or not there, and refused with the place that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medtrust.errors import InputError
from medtrust.files import read_json, state_folder, write_json, write_whole


class TestWrite:
    """
    given a folder that is not there   -> it is made
    given a file that is there         -> replaced by another file, never written into
    given a failure while writing      -> what was there stays
    given a mode                       -> the file has it from its first byte
    """

    def test_makes_the_folder(self, tmp_path):
        write_whole(tmp_path / "a" / "b" / "file", b"content")
        assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"

    def test_replaces_the_file(self, tmp_path):
        file = tmp_path / "file"
        write_whole(file, b"first")
        with file.open("rb") as open_before:
            write_whole(file, b"second")
            assert open_before.read() == b"first"
        assert file.read_bytes() == b"second"
        assert [one.name for one in tmp_path.iterdir()] == ["file"]

    def test_leaves_what_was_there_when_it_fails(self, tmp_path, monkeypatch):
        file = tmp_path / "file"
        write_whole(file, b"first")

        def fail(_: int) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no space left"):
            write_whole(file, b"second")
        assert file.read_bytes() == b"first"

    def test_has_its_mode(self, tmp_path):
        write_json(tmp_path / "key", {"secret": 1}, mode=0o600)
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600

    def test_writes_json_for_people(self, tmp_path):
        write_json(tmp_path / "file", {"b": "ü", "a": [1]})
        assert (tmp_path / "file").read_text("utf-8") == '{\n  "b": "ü",\n  "a": [\n    1\n  ]\n}\n'


class TestRead:
    """
    given JSON, with or without a byte order mark -> its value
    given no file, no UTF-8, no JSON              -> InputError with file, place, what was found and expected
    """

    @pytest.mark.parametrize("content", [b'{"a": 1}', b'\xef\xbb\xbf{"a": 1}'])
    def test_reads(self, tmp_path, content):
        (tmp_path / "file").write_bytes(content)
        assert read_json(tmp_path / "file") == {"a": 1}

    @pytest.mark.parametrize(
        ("content", "place", "expected"),
        [
            (None, "file", "a JSON file"),
            (b'{"a": "\xff"}', "byte 7", "UTF-8"),
            (b'{"a": 1,\n  b}', "line 2, column 3", "JSON"),
            (b"", "line 1, column 1", "JSON"),
        ],
    )
    def test_refuses(self, tmp_path, content, place, expected):
        file = tmp_path / "file"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_json(file)
        error = caught.value
        assert (error.file, error.place, error.expected) == (str(file), place, expected)
        assert str(error) == f"{file}: {place}: found {error.found}, expected {expected}"


class TestStateFolder:
    """given MEDTRUST_HOME -> that folder; without it -> .medtrust in the current one"""

    def test_is_where_the_environment_says(self, monkeypatch, tmp_path):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        assert state_folder() == tmp_path
        monkeypatch.delenv("MEDTRUST_HOME")
        assert state_folder() == Path(".medtrust")
