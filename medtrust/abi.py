"""Calls, results, events and errors of one contract as bytes, by its ABI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, cached_property
from typing import Any

from eth_abi.abi import decode, encode, is_encodable
from eth_abi.exceptions import DecodingError, EncodingError

from medtrust import artifacts
from medtrust.artifacts import Artifact
from medtrust.errors import InputError, NotDeployed, Reverted
from medtrust.keccak import keccak256
from medtrust.types import checksum_address

__all__ = ["Interface", "RevertDecoder", "interface", "revert_data", "to_plain"]

Abi = Mapping[str, Any]

_UNREADABLE = (DecodingError, UnicodeDecodeError, OverflowError)
"""What the decoder raises on bytes that do not have the form that they should have."""

_PANICS = {
    0x01: "an assertion failed",
    0x11: "a number ran over or under its range",
    0x12: "a division by zero",
    0x21: "a number is no member of the enumeration",
    0x32: "an index is outside the array",
    0x41: "too much memory was asked for",
}


class Interface:
    """The ABI of one contract: encodes calls, decodes results and events."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    @cached_property
    def functions(self) -> dict[str, Abi]:
        """The functions by name; the house allows one signature a name."""
        return {item["name"]: item for item in self.artifact.abi if item["type"] == "function"}

    @cached_property
    def events(self) -> dict[bytes, Abi]:
        """The events by their topic."""
        return {selector(item): item for item in self.artifact.abi if item["type"] == "event"}

    @cached_property
    def topics(self) -> dict[str, bytes]:
        """The topic of each event by name."""
        return {item["name"]: topic for topic, item in self.events.items()}

    def selector_of(self, function: str) -> bytes:
        """Return the four bytes with which a call of a function begins."""
        return selector(self.functions[function])[:4]

    def encode_call(self, function: str, arguments: Sequence[Any]) -> bytes:
        """Encode a call: selector and arguments. Structs may be mappings, dataclasses or sequences."""
        return self.selector_of(function) + _encode(self.functions[function]["inputs"], arguments)

    def decode_call(self, function: str, data: bytes) -> dict[str, Any] | None:
        """Decode the arguments of a call by their names; None if it calls something else."""
        item = self.functions[function]
        if data[:4] != selector(item)[:4]:
            return None
        try:
            values = _decode(item["inputs"], data[4:])
        except _UNREADABLE:
            return None
        return dict(zip((one["name"] for one in item["inputs"]), values, strict=True))

    def encode_deployment(self, arguments: Sequence[Any]) -> bytes:
        """Encode a deployment: creation code and constructor arguments."""
        inputs: Sequence[Abi] = ()
        for item in self.artifact.abi:
            if item["type"] == "constructor":
                inputs = item["inputs"]
        return bytes.fromhex(self.artifact.bytecode[2:]) + _encode(inputs, arguments)

    def decode_result(self, function: str, data: bytes) -> Any:
        """Decode what a call returned: nothing, the one value, or a mapping by name (a tuple where names are missing).

        A struct is a mapping by field name, an address has its checksum. Raises `NotDeployed` if the answer is not that
        of this contract: another one stands there, or none.
        """
        outputs = self.functions[function]["outputs"]
        try:
            values = _decode(outputs, data)
        except _UNREADABLE:
            name = self.artifact.name
            raise NotDeployed(f"what stands there is no {name}: `{function}` answers {len(data)} bytes") from None
        if len(outputs) <= 1:
            return values[0] if outputs else None
        names = [output["name"] for output in outputs]
        return dict(zip(names, values, strict=True)) if all(names) else tuple(values)

    def decode_event(self, topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Decode one log to the event's name and its values; None if it is no event of this contract."""
        item = self.events.get(topics[0]) if topics else None
        if item is None:
            return None
        inputs = item["inputs"]
        plain = iter(_decode([one for one in inputs if not one["indexed"]], data))
        indexed = iter(topics[1:])
        return item["name"], {
            one["name"]: _decode_topic(one, next(indexed)) if one["indexed"] else next(plain) for one in inputs
        }

    def event_topics(self, name: str, indexed: Mapping[str, Any]) -> list[str | list[str] | None]:
        """Write the topics that find the events of a name, narrowed to some of its indexed values.

        A list stands for any of its values.
        """
        topic = self.topics[name]
        inputs = [one for one in self.events[topic]["inputs"] if one["indexed"]]
        unknown = set(indexed) - {one["name"] for one in inputs}
        if unknown:
            raise KeyError(f"{name} has no indexed value {', '.join(sorted(unknown))}")
        wanted = [_topic(one["type"], indexed[one["name"]]) if one["name"] in indexed else None for one in inputs]
        return ["0x" + topic.hex(), *wanted]


def _topic(kind: str, value: Any) -> str | list[str]:
    if isinstance(value, list):
        return ["0x" + encode([kind], [one]).hex() for one in value]
    return "0x" + encode([kind], [value]).hex()


class RevertDecoder:
    """Turns revert data into `Reverted`, by the errors of every contract that it is given."""

    def __init__(self, known: Sequence[Artifact]) -> None:
        self._errors: dict[bytes, tuple[Abi, str]] = {}
        for artifact in known:
            self.learn(artifact)

    def learn(self, artifact: Artifact) -> None:
        """Add the errors of one more contract."""
        for item in artifact.abi:
            if item["type"] == "error":
                sentence = artifact.errors.get(item["name"], "")
                key = selector(item)[:4]
                if sentence or key not in self._errors:
                    self._errors[key] = (item, sentence)

    def decode(self, data: bytes, contract: str = "", message: str = "") -> Reverted:
        """Name the error in `data`; `message` is what the node said, for a revert without data."""
        try:
            found = self._named(data[:4], data[4:], contract, data)
        except _UNREADABLE:  # a contract may say anything
            found = None
        given = f" (revert data 0x{data.hex()})" if data else ""
        return found or Reverted("", {}, (message or "the contract refused without a reason") + given, contract, data)

    def _named(self, key: bytes, rest: bytes, contract: str, data: bytes) -> Reverted | None:
        if key == keccak256(b"Error(string)")[:4]:
            (reason,) = decode(["string"], rest)
            return Reverted("Error", {"reason": reason}, reason, contract, data)
        if key == keccak256(b"Panic(uint256)")[:4]:
            (code,) = decode(["uint256"], rest)
            return Reverted("Panic", {"code": code}, _PANICS.get(code, f"panic {code:#04x}"), contract, data)
        if key in self._errors:
            item, sentence = self._errors[key]
            values = dict(zip((one["name"] for one in item["inputs"]), _decode(item["inputs"], rest), strict=True))
            return Reverted(item["name"], values, sentence or item["name"], contract, data)
        return None


@cache
def interface(name: str) -> Interface:
    """The interface of a contract that the package ships."""
    return Interface(artifacts.load(name))


def selector(item: Abi) -> bytes:
    """Hash the signature of a function, an event or an error: 32 bytes, of which a function uses the first four."""
    return keccak256(f"{item['name']}({','.join(_type(one) for one in item['inputs'])})".encode())


def to_plain(value: Any) -> Any:
    """Write decoded values as JSON takes them: bytes as hex with 0x, dataclasses as mappings."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(one) for one in value]
    return value


def _type(item: Abi) -> str:
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(one) for one in item['components'])}){kind.removeprefix('tuple')}"


def _encode(inputs: Sequence[Abi], arguments: Sequence[Any]) -> bytes:
    if len(inputs) != len(arguments):
        names = ", ".join(one["name"] for one in inputs)
        raise TypeError(f"{len(arguments)} arguments for ({names})")
    values = [_to_abi(one, value) for one, value in zip(inputs, arguments, strict=True)]
    try:
        return encode([_type(one) for one in inputs], values)
    except EncodingError as error:
        raise _misfit(inputs, values) or error from None


def _misfit(inputs: Sequence[Abi], values: Sequence[Any]) -> InputError | None:
    """Find the argument that does not fit its type."""
    for one, value in zip(inputs, values, strict=True):
        if not is_encodable(_type(one), value):
            return InputError(place=one["name"] or "argument", found=repr(value), expected=f"a value of {_type(one)}")
    return None


def _to_abi(item: Abi, value: Any) -> Any:
    """Order the fields of a struct as the ABI does; everything else stays."""
    kind: str = item["type"]
    if kind.endswith("]"):
        element = {**item, "type": kind[: kind.rindex("[")]}
        return [_to_abi(element, one) for one in value]
    if kind != "tuple":
        return value
    components = item["components"]
    if isinstance(value, Mapping):
        value = [value[one["name"]] for one in components]
    elif is_dataclass(value):
        value = getattr(value, "abi_fields", None) or [getattr(value, one.name) for one in fields(value)]
    return tuple(_to_abi(one, part) for one, part in zip(components, value, strict=True))


def _decode(outputs: Sequence[Abi], data: bytes) -> list[Any]:
    values = decode([_type(one) for one in outputs], data)
    return [_from_abi(one, value) for one, value in zip(outputs, values, strict=True)]


def _from_abi(item: Abi, value: Any) -> Any:
    kind: str = item["type"]
    if kind.endswith("]"):
        element = {**item, "type": kind[: kind.rindex("[")]}
        return [_from_abi(element, one) for one in value]
    if kind == "tuple":
        components = item["components"]
        return {one["name"]: _from_abi(one, part) for one, part in zip(components, value, strict=True)}
    return checksum_address(value) if kind == "address" else value


def _decode_topic(item: Abi, topic: bytes) -> Any:
    """An indexed value of variable length stands in its topic as a hash only."""
    if item["type"] in ("string", "bytes") or item["type"].startswith("tuple") or item["type"].endswith("]"):
        return topic
    return _from_abi(item, decode([item["type"]], topic)[0])


def revert_data(data: Any) -> bytes:
    """Find the revert data in what a node says: hexadecimal digits, or Ganache's object around them."""
    if isinstance(data, Mapping):
        return revert_data(data.get("result") or data.get("data"))
    if not isinstance(data, str) or not data.startswith("0x"):
        return b""
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return b""
