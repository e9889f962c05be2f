"""What every client of one deployed contract shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from eth_account.signers.local import LocalAccount

from medtrust.abi import Interface, interface
from medtrust.chain import Chain, Event, Receipt
from medtrust.errors import InputError
from medtrust.recursion import restore_recursion_limit

__all__ = ["Client"]

restore_recursion_limit()

C = TypeVar("C", bound="Client")


class Client:
    """Calls to one deployed contract, and transactions of one signer.

    `first_block` is the block of its deployment, from which its events are read.
    """

    artifact: ClassVar[str]
    """The name of the artifact that describes the contract."""

    def __init__(self, chain: Chain, address: str, signer: LocalAccount | None = None, *, first_block: int = 0) -> None:
        self.chain = chain
        self.address = address
        self.signer = signer
        self.first_block = first_block

    def acting_as(self: C, signer: LocalAccount | None) -> C:
        """Copy the client for another signer."""
        return type(self)(self.chain, self.address, signer, first_block=self.first_block)

    @property
    def interface(self) -> Interface:
        """The ABI of the contract."""
        return interface(self.artifact)

    def _call(self, function: str, *arguments: Any, block: int | None = None) -> Any:
        """Ask a view, as of the newest block or of an earlier one. Raises `Reverted`."""
        data = self.interface.encode_call(function, arguments)
        sender = self.signer.address if self.signer else None
        answer = self.chain.call(self.address, data, sender=sender, block=block, contract=self.artifact)
        return self.interface.decode_result(function, answer)

    def _send(
        self,
        function: str,
        *arguments: Any,
        gas: int | None = None,
        announce: Callable[[str], None] | None = None,
    ) -> Receipt:
        """Send a transaction and wait for its block; `announce` is told its hash before it is sent.

        Raises `Reverted`, and `InputError` if nobody signs.
        """
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="an account that signs this transaction")
        data = self.interface.encode_call(function, arguments)
        return self.chain.send(self.signer, self.address, data, interface=self.interface, gas=gas, announce=announce)

    def _events(
        self,
        name: str,
        *,
        from_block: int | None = None,
        indexed: Mapping[str, Any] | None = None,
    ) -> list[Event]:
        """Read the events of a name, in their order, narrowed to some of its indexed values."""
        start = self.first_block if from_block is None else from_block
        return self.chain.events(self.interface, self.address, name, from_block=start, indexed=indexed)
