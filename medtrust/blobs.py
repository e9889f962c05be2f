"""Blob stores: where envelopes are kept, by their content; what is returned is checked, so one that lies is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import requests

from medtrust.errors import CheckRefused, InputError, MedtrustError, ToolMissing
from medtrust.files import write_whole

__all__ = ["Blob", "BlobStore", "FolderBlobs", "IpfsBlobs", "S3Blobs", "fetch", "open_store"]

_TIMEOUT: Final = 60.0
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LARGEST: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Blob:
    """What was stored: its SHA-256 (64 hexadecimal digits), and the name by which the store finds it again."""

    digest: str
    reference: str


class BlobStore(Protocol):
    """Anything that keeps bytes and gives them back; nobody needs to trust it."""

    def put(self, content: bytes) -> Blob:
        """Keep `content`; the same content again changes nothing."""

    def get(self, blob: Blob) -> bytes:
        """Return what the store has for `blob`, unchecked. Raises `CheckRefused` with reason "BlobMissing"."""


def fetch(store: BlobStore, blob: Blob) -> bytes:
    """Return the content of a blob.

    Raises `CheckRefused` with reason "BlobMissing", or "BlobAltered" if the store returns anything else.
    """
    content = store.get(blob)
    if sha256(content).hexdigest() != blob.digest:
        raise CheckRefused("BlobAltered", f"the store returned something else than {blob.digest}")
    return content


def open_store(place: str) -> BlobStore:
    """Open a store by its place: a folder, `s3://bucket/prefix`, or `ipfs+http://host:port`.

    The bucket's region, keys and endpoint are those of boto3's own configuration. Raises `InputError` for a place of
    another kind, and `ToolMissing` where boto3 is needed and not installed.
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        return FolderBlobs(Path(place))
    if scheme == "s3" and rest:
        bucket, _, prefix = rest.partition("/")
        return S3Blobs(bucket, prefix)
    if scheme in ("ipfs+http", "ipfs+https") and rest:
        return IpfsBlobs(f"{scheme.removeprefix('ipfs+')}://{rest}")
    raise InputError(place="store", found=repr(place), expected="a folder, s3://bucket/prefix or ipfs+http://host:port")


class FolderBlobs:
    """A folder: one file a blob, named by its digest, readable by its owner alone, whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> Blob:
        """Keep `content`."""
        digest = sha256(content).hexdigest()
        file = self._file(digest)
        if not file.is_file() or sha256(file.read_bytes()).hexdigest() != digest:
            write_whole(file, content, mode=0o600)
        return Blob(digest, digest)

    def get(self, blob: Blob) -> bytes:
        """Return what the folder has. Raises `CheckRefused` with reason "BlobMissing"."""
        try:
            return self._file(blob.digest).read_bytes()
        except FileNotFoundError:
            raise _missing(blob) from None

    def _file(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise InputError(place="digest", found=repr(digest), expected="64 hexadecimal digits")
        return self._folder / digest[:2] / digest


class S3Blobs:
    """A bucket of S3, or of anything that speaks as S3 does."""

    def __init__(self, bucket: str, prefix: str = "", *, client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = client or _s3_client()

    def put(self, content: bytes) -> Blob:
        """Keep `content`. Raises `MedtrustError` if the bucket does not take it."""
        digest = sha256(content).hexdigest()
        blob = Blob(digest, f"{self._prefix}{digest}")
        try:
            self._client.put_object(Bucket=self._bucket, Key=blob.reference, Body=content)
        except Exception as error:  # botocore makes its exceptions at run time
            raise MedtrustError(f"the bucket {self._bucket} does not take {digest}: {error}") from None
        return blob

    def get(self, blob: Blob) -> bytes:
        """Return what the bucket has. Raises `CheckRefused` with reason "BlobMissing", or `MedtrustError`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=blob.reference)
            return bytes(answer["Body"].read())
        except Exception as error:  # botocore makes its exceptions at run time
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if code in ("NoSuchKey", "404"):
                raise _missing(blob) from None
            raise MedtrustError(f"the bucket {self._bucket} does not answer: {error}") from None


class IpfsBlobs:
    """An IPFS node by its HTTP interface (`/api/v0`); what is put there is pinned, and public if the node is."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def put(self, content: bytes) -> Blob:
        """Keep `content`. Raises `MedtrustError` if the node does not take it."""
        query = {"cid-version": "1", "pin": "true", "quieter": "true"}
        answer = self._post("add", query, files={"file": ("blob", content)})
        try:
            return Blob(sha256(content).hexdigest(), str(answer.json()["Hash"]))
        except (ValueError, KeyError, TypeError):
            raise MedtrustError(f"what answers at {self._url} is no IPFS node") from None

    def get(self, blob: Blob) -> bytes:
        """Return what the node has. Raises `CheckRefused` with reason "BlobMissing", or `MedtrustError`."""
        return bytes(self._post("cat", {"arg": blob.reference, "length": str(_LARGEST)}, blob=blob).content)

    def _post(self, command: str, query: dict[str, str], *, files: Any = None, blob: Blob | None = None) -> Any:
        try:
            answer = requests.post(f"{self._url}/api/v0/{command}", params=query, files=files, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise MedtrustError(f"no IPFS node answers at {self._url}: {error}") from None
        if blob is not None and answer.status_code == requests.codes.server_error:
            raise _missing(blob)
        if not answer.ok:
            raise MedtrustError(f"the IPFS node at {self._url} says {answer.status_code} to {command}")
        return answer


def _missing(blob: Blob) -> CheckRefused:
    return CheckRefused("BlobMissing", f"the store has nothing under {blob.reference}")


def _s3_client() -> Any:
    try:
        import boto3
    except ImportError:
        raise ToolMissing("boto3", "pip install 'medtrust[s3]'") from None
    return boto3.client("s3")
