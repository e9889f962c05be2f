"""One chain: calls, signed transactions, events and reverts with their names. Only this module knows web3."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from requests.exceptions import RequestException
from web3 import HTTPProvider, IPCProvider, Web3
from web3.exceptions import (
    BadResponseFormat,
    ContractLogicError,
    ExtraDataLengthError,
    TimeExhausted,
    TransactionNotFound,
    Web3RPCError,
)
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import LogReceipt, Nonce, RPCEndpoint, TxParams, TxReceipt
from web3.utils import get_create_address

from medtrust import artifacts
from medtrust.abi import Interface, RevertDecoder, revert_data
from medtrust.artifacts import Artifact
from medtrust.errors import ChainError, ChainUnreachable, NotMined, Reverted
from medtrust.keccak import keccak256
from medtrust.types import checksum_address

__all__ = ["LOCAL_CHAIN_IDS", "Chain", "Event", "Receipt", "create_address"]

LOCAL_CHAIN_IDS: Final = frozenset({1337, 31337})
"""The chain ids of Ganache and Anvil: accounts with public keys, never real money."""

_MINED_WITHIN: Final = 120.0
_GANACHE: Final = 1337
_ASK_ITS_ID_ONCE: Final[Any] = {"cache_allowed_requests": True, "cacheable_requests": {RPCEndpoint("eth_chainId")}}
"""web3 asks a chain for its id, which never changes, up to three times a transaction."""

T = TypeVar("T")


@dataclass(frozen=True)
class Event:
    """One event of a contract, with its values by name."""

    name: str
    contract: str
    values: Mapping[str, Any]
    block: int
    log_index: int
    transaction_hash: str


@dataclass(frozen=True)
class Receipt:
    """A transaction that a block took: when (Unix seconds of its block), at which gas, with which events.

    `contract_address` is where a deployment put its contract, "" for any other transaction. `events` are those of the
    contract that was called; `logs` are all, undecoded.
    """

    transaction_hash: str
    block: int
    at: int
    gas_used: int
    events: tuple[Event, ...]
    contract_address: str = ""
    logs: tuple[LogReceipt, ...] = field(default=(), repr=False)

    def event(self, name: str) -> Event:
        """Take the only event of this name.

        Raises `ChainError` if there is none or more than one.
        """
        found = [event for event in self.events if event.name == name]
        if len(found) != 1:
            raise ChainError(f"transaction {self.transaction_hash} holds {len(found)} events {name}, expected 1")
        return found[0]


class Chain:
    """A connection to one chain."""

    def __init__(self, web3: Web3, target: str) -> None:
        self.web3 = web3
        self.target = target
        self._reverts = RevertDecoder(_shipped())
        self._contracts: set[str] = set()
        self.id: int = self._guard(lambda: web3.eth.chain_id)
        try:
            self._block("latest")
        except ExtraDataLengthError:
            web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)

    @classmethod
    def connect(cls, target: str, *, timeout: float = 30.0) -> Chain:
        """Connect to a node by its URL (http, https) or by the path of its IPC socket.

        Raises `ChainUnreachable` if nobody answers there.
        """
        if target.startswith(("http://", "https://")):
            return cls(Web3(HTTPProvider(target, request_kwargs={"timeout": timeout}, **_ASK_ITS_ID_ONCE)), target)
        if not Path(target).is_socket():
            raise ChainUnreachable(f"no chain at {target}: start one with `medtrust up`, or name its URL or IPC path")
        provider = IPCProvider(target, timeout=int(timeout), **_ASK_ITS_ID_ONCE)
        chain = cls(Web3(provider), target)
        weakref.finalize(chain, _close, provider)
        return chain

    @property
    def is_local(self) -> bool:
        """Whether this is a chain for trying things out, by its id."""
        return self.id in LOCAL_CHAIN_IDS

    def now(self) -> int:
        """Read the time of the newest block (Unix seconds)."""
        return int(self._block("latest")["timestamp"])

    def time_of(self, block: int) -> int:
        """Read the time of a block (Unix seconds)."""
        return int(self._block(block)["timestamp"])

    def block_number(self) -> int:
        """Read the number of the newest block."""
        return self._guard(lambda: self.web3.eth.block_number)

    def balance(self, account: str) -> int:
        """Read how much ETH an account holds, in wei."""
        return self._guard(lambda: self.web3.eth.get_balance(Web3.to_checksum_address(account)))

    def code(self, address: str) -> bytes:
        """Read the code at an address; empty where there is no contract."""
        return bytes(self._guard(lambda: self.web3.eth.get_code(Web3.to_checksum_address(address))))

    def has_contract(self, address: str) -> bool:
        """Whether a contract stands at an address; one that was seen is not asked for again."""
        if address not in self._contracts and self.code(address):
            self._contracts.add(address)
        return address in self._contracts

    def learn(self, artifact: Artifact) -> None:
        """Name the errors of a contract that the package does not ship, too."""
        self._reverts.learn(artifact)

    def call(
        self,
        to: str,
        data: bytes,
        *,
        sender: str | None = None,
        block: int | None = None,
        contract: str = "",
    ) -> bytes:
        """Ask a contract without a transaction, as of the newest block or of an earlier one.

        Raises `Reverted`.
        """
        transaction: TxParams = {"to": Web3.to_checksum_address(to), "data": HexBytes(data)}
        if sender:
            transaction["from"] = Web3.to_checksum_address(sender)
        at: Any = "latest" if block is None else block
        return bytes(self._guard(lambda: self.web3.eth.call(transaction, at), contract))

    def send(
        self,
        signer: LocalAccount,
        to: str | None,
        data: bytes,
        *,
        interface: Interface | None = None,
        gas: int | None = None,
        value: int = 0,
        announce: Callable[[str], None] | None = None,
    ) -> Receipt:
        """Sign a transaction, send it and wait for its block; `to` is None for a deployment.

        Without `gas` the node estimates it, so that a refusal costs nothing. `announce` is told the hash before the
        transaction is sent, so that a run after a crash can find it again. Raises `Reverted`, `NotMined`.
        """
        transaction = self._prepare(signer, to, data, value)
        contract = interface.artifact.name if interface else ""
        if gas is None:
            estimate = self._guard(lambda: self.web3.eth.estimate_gas(transaction), contract)
            gas = _with_room(estimate)
        raw = self.sign(signer, {**transaction, "gas": gas})
        if announce:
            announce("0x" + keccak256(raw).hex())
        return self.wait(self.broadcast(raw), interface=interface)

    def prepare_deployment(self, signer: LocalAccount, data: bytes) -> TxParams:
        """Prepare a deployment, whose address follows from `from` and `nonce` before it is sent. Raises `Reverted`."""
        transaction = self._prepare(signer, None, data, 0)
        transaction["gas"] = _with_room(self._guard(lambda: self.web3.eth.estimate_gas(transaction)))
        return transaction

    def sign(self, signer: LocalAccount, transaction: TxParams) -> bytes:
        """Sign a prepared transaction; the bytes are what `broadcast` takes, and their keccak256 is its hash."""
        return bytes(signer.sign_transaction(cast("dict[str, Any]", transaction)).raw_transaction)

    def broadcast(self, raw: bytes) -> str:
        """Hand a signed transaction to the node and return its hash."""
        return "0x" + bytes(self._guard(lambda: self.web3.eth.send_raw_transaction(HexBytes(raw)))).hex()

    def wait(self, transaction_hash: str, *, interface: Interface | None = None) -> Receipt:
        """Wait until a block takes a transaction. Raises `Reverted` with the reason, or `NotMined`."""
        contract = interface.artifact.name if interface else ""
        deadline = time.monotonic() + _MINED_WITHIN
        pause = 0.002
        while (found := self.receipt(transaction_hash, interface=interface)) is None:
            if time.monotonic() > deadline:
                raise NotMined(transaction_hash, _MINED_WITHIN)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        receipt, succeeded = found
        if not succeeded:
            raise self._why(transaction_hash, receipt.block, contract)
        return receipt

    def knows(self, transaction_hash: str) -> bool:
        """Whether the node holds a transaction, in a block or waiting for one."""
        try:
            self._guard(lambda: self.web3.eth.get_transaction(HexBytes(transaction_hash)))
        except TransactionNotFound:
            return False
        return True

    def receipt(self, transaction_hash: str, *, interface: Interface | None = None) -> tuple[Receipt, bool] | None:
        """Read the receipt of a transaction and whether it succeeded; None while no block holds it."""
        try:
            raw = self._guard(lambda: self.web3.eth.get_transaction_receipt(HexBytes(transaction_hash)))
        except TransactionNotFound:
            return None
        return self._read_receipt(raw, interface), raw["status"] == 1

    def input_of(self, transaction_hash: str) -> bytes:
        """Read what a transaction in a block was sent with."""
        sent = self._guard(lambda: self.web3.eth.get_transaction(HexBytes(transaction_hash)))
        return bytes(HexBytes(sent["input"]))

    def events(
        self,
        interface: Interface,
        address: str,
        name: str,
        *,
        from_block: int = 0,
        to_block: int | None = None,
        indexed: Mapping[str, Any] | None = None,
    ) -> list[Event]:
        """Read the events of a name that a contract emitted, in their order, narrowed to some of its indexed values."""
        criteria: Any = {
            "address": Web3.to_checksum_address(address),
            "topics": interface.event_topics(name, indexed or {}),
            "fromBlock": from_block,
            "toBlock": "latest" if to_block is None else to_block,
        }
        logs = self._guard(lambda: self.web3.eth.get_logs(criteria))
        return list(_decode_logs(logs, interface))

    def request(self, method: str, *params: Any) -> Any:
        """Make a raw JSON-RPC request; for what a local chain offers beyond the standard."""
        return self._guard(lambda: self.web3.manager.request_blocking(RPCEndpoint(method), list(params)))

    def request_all(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Mapping[str, Any]]:
        """Make many raw JSON-RPC requests in one message; each answer, in their order, has "result" or "error"."""
        asked = [(RPCEndpoint(method), list(params)) for method, params in requests]
        return list(self._guard(lambda: cast("Any", self.web3.provider).make_batch_request(asked)))

    def mine(self, *, seconds: int = 0) -> None:
        """On a local chain: let time pass and take a block."""
        if seconds:
            self.request("evm_increaseTime", seconds)
        self.request("evm_mine")

    def travel(self, at: int) -> None:
        """On a local chain: take a block whose time is `at` (Unix seconds, after the newest block)."""
        if self.id == _GANACHE:
            self.request("evm_mine", at)
        else:
            self.request("evm_setNextBlockTimestamp", at)
            self.request("evm_mine")

    def _prepare(self, signer: LocalAccount, to: str | None, data: bytes, value: int) -> TxParams:
        base_fee = self._block("latest").get("baseFeePerGas")
        sender = Web3.to_checksum_address(signer.address)
        transaction: TxParams = {
            "from": sender,
            "nonce": self._guard(lambda: self.web3.eth.get_transaction_count(sender, "pending")),
            "data": HexBytes(data),
            "value": Web3.to_wei(value, "wei"),
            "chainId": self.id,
        }
        if to is not None:
            transaction["to"] = Web3.to_checksum_address(to)
        if base_fee is None:
            transaction["gasPrice"] = self._guard(lambda: self.web3.eth.gas_price)
        else:
            tip = self._guard(lambda: self.web3.eth.max_priority_fee)
            transaction["maxPriorityFeePerGas"] = tip
            transaction["maxFeePerGas"] = Web3.to_wei(2 * base_fee + tip, "wei")
        return transaction

    def _block(self, which: Any) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", self._guard(lambda: self.web3.eth.get_block(which)))

    def _read_receipt(self, raw: TxReceipt, interface: Interface | None) -> Receipt:
        logs = tuple(raw["logs"])
        to = raw.get("to") or raw.get("contractAddress") or ""
        own = [log for log in logs if log["address"].lower() == str(to).lower()]
        return Receipt(
            transaction_hash="0x" + bytes(raw["transactionHash"]).hex(),
            block=int(raw["blockNumber"]),
            at=int(self._block(raw["blockNumber"])["timestamp"]),
            gas_used=int(raw["gasUsed"]),
            events=tuple(_decode_logs(own, interface)) if interface else (),
            contract_address=checksum_address(str(raw["contractAddress"])) if raw.get("contractAddress") else "",
            logs=logs,
        )

    def _why(self, transaction_hash: str, mined: int, contract: str) -> Reverted:
        """Ask again why a transaction failed: in the state before its block, else in the one after it."""
        sent = self._guard(lambda: self.web3.eth.get_transaction(HexBytes(transaction_hash)))
        replay: Any = {key: sent[key] for key in ("from", "to", "value", "gas") if key in sent}
        replay["data"] = sent["input"]
        said = "for a reason that shows neither before nor after it"
        for block in (mined - 1, mined):
            try:
                self._guard(partial(self.web3.eth.call, replay, cast("Any", block)), contract)
            except Reverted as reason:
                return reason
            except ChainUnreachable:
                raise
            except ChainError as error:  # a node has words of its own for running out of gas
                said = str(error)
        return Reverted(
            "", {}, f"transaction {transaction_hash} failed in its block, which took its gas: {said}", contract
        )

    def _guard(self, ask: Callable[[], T], contract: str = "") -> T:
        """Do one request: the only place where the exceptions of web3 become ours."""
        try:
            return ask()
        except TransactionNotFound:
            raise
        except ContractLogicError as error:
            raise self._reverts.decode(revert_data(error.data), contract, str(error.message or error)) from None
        except Web3RPCError as error:
            answer = cast("Mapping[str, Any]", (error.rpc_response or {}).get("error") or {})
            said = str(answer.get("message") or error)
            data = revert_data(answer.get("data"))
            if data:
                raise self._reverts.decode(data, contract, said) from None
            raise ChainError(said) from error
        except (OSError, RequestException, TimeExhausted, BadResponseFormat, JSONDecodeError) as error:
            raise ChainUnreachable(f"no chain at {self.target}: {error}") from error


def _with_room(estimate: int) -> int:
    """Leave room for two new slots: what is written once a second may be there already in that of the estimate."""
    return int(estimate * 1.2) + 50_000


def _close(provider: IPCProvider) -> None:
    """Close the socket of a chain that nobody holds any more; web3 leaves that to the garbage collector."""
    held: Any = provider._socket  # the provider says that it is None, and never leaves it so
    if held.sock is not None:
        held.sock.close()


def create_address(sender: str, nonce: int) -> str:
    """Compute where the deployment of an account with this nonce will stand."""
    return checksum_address(str(get_create_address(Web3.to_checksum_address(sender), Nonce(nonce))))


def _decode_logs(logs: Sequence[LogReceipt], interface: Interface) -> Iterable[Event]:
    for log in logs:
        decoded = interface.decode_event([bytes(topic) for topic in log["topics"]], bytes(log["data"]))
        if decoded is not None:
            name, values = decoded
            yield Event(
                name=name,
                contract=checksum_address(log["address"]),
                values=values,
                block=int(log["blockNumber"]),
                log_index=int(log["logIndex"]),
                transaction_hash="0x" + bytes(log["transactionHash"]).hex(),
            )


@cache
def _shipped() -> tuple[Artifact, ...]:
    return tuple(artifacts.load(name) for name in artifacts.names())
