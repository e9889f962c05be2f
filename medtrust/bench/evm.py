"""An EVM within this process: what contracts do is known at once, thousands of times a second, without a node."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from medtrust.abi import Interface, RevertDecoder
from medtrust.artifacts import Artifact, load
from medtrust.bench.encoding import call_encoders
from medtrust.errors import Reverted, ToolMissing
from medtrust.types import checksum_address

__all__ = ["LocalContract", "LocalEvm"]

_OUTPUT: Final = re.compile(r"output: 0x([0-9a-f]*)")
_REFUSING: Final = ("AccreditationRegistry", "PatientRegistry")
"""The registries that refuse, in their own words, what their callers ask them."""

_ASKER: Final = "0x" + "00" * 19 + "01"
_GENESIS: Final = 1_800_000_000
_ANY_SIZE: Final = 1 << 20


class LocalEvm:
    """An EVM by the rules of Shanghai, with a clock of its own (Unix seconds).

    `sent` counts the transactions that were sent, `gas` what those that were not refused took.
    """

    def __init__(self, *, takes_any_size: bool = False) -> None:
        """Start with nothing deployed; contracts may be as large as on a chain, or of any size.

        Raises `ToolMissing` where pyrevm is not installed.
        """
        try:
            import pyrevm
        except ImportError:
            how = "it comes with `make setup` for Python 3.10 to 3.12; there is no wheel for later ones"
            raise ToolMissing("pyrevm", how) from None
        self._block = pyrevm.BlockEnv
        rules = pyrevm.CfgEnv(limit_contract_code_size=_ANY_SIZE) if takes_any_size else pyrevm.CfgEnv()
        self.evm = pyrevm.EVM(env=pyrevm.Env(cfg=rules), spec_id="SHANGHAI")
        self.now = _GENESIS
        self.sent = self.gas = 0
        self._number = 0
        self.advance(0)

    def advance(self, seconds: int) -> None:
        """Take the next block, so many seconds later."""
        self.now += seconds
        self._number += 1
        self.evm.set_block_env(self._block(number=self._number, timestamp=self.now))

    def deploy(self, artifact: Artifact, *arguments: Any, by: str) -> LocalContract:
        """Deploy a contract."""
        face = Interface(artifact)
        address = self.evm.deploy(by, face.encode_deployment(arguments))
        return LocalContract(self, face, checksum_address(address))


@dataclass
class LocalContract:
    """A contract in it: what it answers, what it emits, and why it refuses."""

    host: LocalEvm
    face: Interface
    address: str
    decoder: RevertDecoder = field(init=False)
    encoders: dict[str, Callable[[Any], bytes]] = field(init=False)

    def __post_init__(self) -> None:
        """Know the errors of the contract and of the registries that it asks; `decoder` learns those of others."""
        self.decoder = RevertDecoder([self.face.artifact, *map(load, _REFUSING)])
        self.encoders = call_encoders(self.face)

    def call(self, function: str, *arguments: Any) -> Any:
        """Ask a view. Raises `Reverted`."""
        return self.face.decode_result(function, self.answer(function, *arguments))

    def answer(self, function: str, *arguments: Any) -> bytes:
        """Ask a view, and leave its answer as it is. Raises `Reverted`."""
        return self._execute(_ASKER, function, arguments, is_static=True)

    def act(self, caller: str, function: str, *arguments: Any) -> None:
        """Act, and leave the events unread. Raises `Reverted`."""
        self.host.sent += 1
        self._execute(caller, function, arguments, is_static=False)
        result = self.host.evm.result
        self.host.gas += result.gas_used if result else 0

    def send(self, caller: str, function: str, *arguments: Any) -> list[tuple[str, dict[str, Any]]]:
        """Act, and return the events of the contract in their order. Raises `Reverted`."""
        self.act(caller, function, *arguments)
        found = []
        result = self.host.evm.result
        for log in result.logs if result else ():
            topics, data = log.data
            event = self.face.decode_event([bytes(topic) for topic in topics], bytes(data))
            if event is not None:  # others that it calls emit too
                found.append(event)
        return found

    def refusal(self, caller: str, function: str, *arguments: Any) -> tuple[str, dict[str, Any]]:
        """Act, and return the error and its values that it is refused with; ("", events) if it is not."""
        try:
            return "", {"events": self.send(caller, function, *arguments)}
        except Reverted as reverted:
            return reverted.error, reverted.values

    def _execute(self, caller: str, function: str, arguments: tuple[Any, ...], *, is_static: bool) -> bytes:
        return self.run(caller, self.encoders[function](arguments), is_static=is_static)

    def run(self, caller: str, data: bytes, *, gas: int | None = None, is_static: bool = False) -> bytes:
        """Call it with data, with so much gas if it is given, and return what it returns. Raises `Reverted`."""
        try:
            return bytes(self.host.evm.message_call(caller, self.address, data, gas=gas, is_static=is_static))
        except RuntimeError as error:
            said = _OUTPUT.search(str(error))
            output = bytes.fromhex(said.group(1)) if said else b""
            raise self.decoder.decode(output, self.face.artifact.name, str(error)) from None
