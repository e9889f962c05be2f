"""Blob stores: a folder, a bucket and an IPFS node keep the same promise, and none of them is trusted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from medtrust import blobs
from medtrust.blobs import Blob, BlobStore, FolderBlobs, IpfsBlobs, S3Blobs, fetch, open_store
from medtrust.errors import CheckRefused, InputError, MedtrustError, ToolMissing

CONTENT = b"\x00ciphertext\xff" * 1000
DIGEST = sha256(CONTENT).hexdigest()


class Remote(BaseHTTPRequestHandler):
    """A bucket and an IPFS node on the loopback interface, which do what a test tells them."""

    kept: ClassVar[dict[str, bytes]] = {}
    broken: ClassVar[int] = 0

    def do_PUT(self) -> None:
        self.kept[urlsplit(self.path).path] = self._body()
        self._answer(self.broken or 200)

    def do_GET(self) -> None:
        found = self.kept.get(urlsplit(self.path).path)
        if self.broken or found is None:
            code = "InternalError" if self.broken else "NoSuchKey"
            self._answer(self.broken or 404, f"<Error><Code>{code}</Code></Error>".encode(), "application/xml")
        else:
            self._answer(200, found)

    def do_POST(self) -> None:
        body, parts = self._body(), urlsplit(self.path)
        if self.broken:
            return self._answer(self.broken)
        if parts.path == "/api/v0/add":
            boundary = self.headers["Content-Type"].split("boundary=")[1].encode()
            content = body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + boundary, 1)[0]
            name = f"bafk{sha256(content).hexdigest()[:20]}"
            self.kept[name] = content
            return self._answer(200, json.dumps({"Name": "blob", "Hash": name}).encode())
        found = self.kept.get(parse_qs(parts.query)["arg"][0])
        return self._answer(200 if found is not None else 500, found or b"{}")

    def log_message(self, *_: object) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _answer(self, status: int, body: bytes = b"", kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def remote() -> Iterator[str]:
    """The URL of a bucket and node that are empty and whole."""
    Remote.kept.clear()
    Remote.broken = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Remote)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def s3(remote) -> Iterator[S3Blobs]:
    client = boto3.client(
        "s3",
        endpoint_url=remote,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    yield S3Blobs("records", "hospital/", client=client)
    client.close()


@pytest.fixture(params=["folder", "s3", "ipfs"])
def store(request, tmp_path) -> BlobStore:
    """Each kind of store."""
    if request.param == "folder":
        return FolderBlobs(tmp_path / "blobs")
    if request.param == "s3":
        return request.getfixturevalue("s3")
    return IpfsBlobs(request.getfixturevalue("remote") + "/")


def replace_everything(tmp_path: Path, content: bytes) -> None:
    """Put other content in the place of all that was stored, wherever."""
    for name in Remote.kept:
        Remote.kept[name] = content
    for file in (tmp_path / "blobs").rglob("*"):
        if file.is_file():
            file.write_bytes(content)


class TestStores:
    """
    given any kind of store
      when content was put, also twice         -> it is fetched, by its digest
      when nothing was put                     -> BlobMissing
      when the store returns one other bit, less, more or nothing -> BlobAltered
    given a bucket or a node that does not work -> MedtrustError, which names it
    """

    def test_returns_what_was_put(self, store):
        blob = store.put(CONTENT)
        assert blob.digest == DIGEST
        assert store.put(CONTENT) == blob
        assert fetch(store, blob) == CONTENT
        assert fetch(store, store.put(b"other")) == b"other"

    def test_reverts_given_nothing(self, store):
        absent = Blob(DIGEST, DIGEST)
        with pytest.raises(CheckRefused) as refused:
            fetch(store, absent)
        assert refused.value.reason == "BlobMissing"

    @pytest.mark.parametrize("lie", [b"\x01" + CONTENT[1:], CONTENT[:-1], CONTENT + b"\x00", b""])
    def test_finds_a_store_that_lies(self, store, tmp_path, lie):
        blob = store.put(CONTENT)
        replace_everything(tmp_path, lie)
        with pytest.raises(CheckRefused) as refused:
            fetch(store, blob)
        assert refused.value.reason == "BlobAltered"

    @pytest.mark.parametrize("status", [403, 503])
    def test_reverts_given_a_bucket_that_does_not_work(self, s3, status):
        blob = s3.put(CONTENT)
        Remote.broken = status
        with pytest.raises(MedtrustError, match="bucket records"):
            s3.put(CONTENT)
        with pytest.raises(MedtrustError, match="bucket records"):
            s3.get(blob)

    def test_reverts_given_a_node_that_does_not_work(self, remote):
        node = IpfsBlobs(remote)
        Remote.broken = 403
        with pytest.raises(MedtrustError, match="says 403 to add"):
            node.put(CONTENT)
        with pytest.raises(MedtrustError, match="no IPFS node"):
            IpfsBlobs("http://127.0.0.1:9").put(CONTENT)

    def test_reverts_given_something_else_than_a_node(self, remote, monkeypatch):
        monkeypatch.setattr(Remote, "do_POST", lambda self: self._answer(200, b"<html>"))
        with pytest.raises(MedtrustError, match="no IPFS node"):
            IpfsBlobs(remote).put(CONTENT)


class TestFolder:
    """
    given a folder
      when content is put                 -> one file under its digest, which others cannot read
      when a file of it was damaged       -> putting the content again mends it
      when a digest is none               -> InputError, so that no other file is ever read
    """

    def test_writes_one_file_for_its_owner(self, tmp_path):
        FolderBlobs(tmp_path).put(CONTENT)
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert files == [tmp_path / DIGEST[:2] / DIGEST]
        assert files[0].stat().st_mode & 0o777 == 0o600

    def test_mends_what_was_damaged(self, tmp_path):
        store = FolderBlobs(tmp_path)
        blob = store.put(CONTENT)
        (tmp_path / DIGEST[:2] / DIGEST).write_bytes(b"half")
        store.put(CONTENT)
        assert fetch(store, blob) == CONTENT

    @pytest.mark.parametrize("digest", ["../../etc/passwd", "", DIGEST.upper(), DIGEST[:-1]])
    def test_reverts_given_no_digest(self, tmp_path, digest):
        with pytest.raises(InputError, match="64 hexadecimal digits"):
            FolderBlobs(tmp_path).get(Blob(digest, digest))


class TestOpenStore:
    """
    given a folder, a bucket or a node -> the store of that kind
    given another kind of place        -> InputError
    given a bucket and no boto3        -> ToolMissing, which says how to install it
    """

    def test_opens_each_kind(self, tmp_path, monkeypatch):
        monkeypatch.setattr(blobs, "_s3_client", lambda: object())
        assert isinstance(open_store(str(tmp_path)), FolderBlobs)
        assert isinstance(open_store("ipfs+http://127.0.0.1:5001"), IpfsBlobs)
        bucket = open_store("s3://records/of/hospital/")
        assert isinstance(bucket, S3Blobs)
        assert (bucket._bucket, bucket._prefix) == ("records", "of/hospital/")

    @pytest.mark.parametrize("place", ["ftp://host/x", "s3://", "ipfs+http://", "http://host"])
    def test_reverts_given_another_kind(self, place):
        with pytest.raises(InputError, match="store: found"):
            open_store(place)

    def test_reverts_given_no_boto3(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "boto3", None)
        with pytest.raises(ToolMissing, match=r"medtrust\[s3\]"):
            open_store("s3://records")
