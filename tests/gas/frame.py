"""What an operation costs, beside its budget, its bound and what popular alternatives cost."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from medtrust import node
from medtrust.chain import Chain
from medtrust.contract import Client
from tests.world import GENESIS, ROOT, World, build, compiled

RECORD = ROOT / "tests" / "gas.json"
_BEGIN = GENESIS + 100_000
_NO_MODULES = ("frame", "test_gas")


@dataclass(frozen=True)
class Operation:
    """One named operation.

    `measure` does it in a fresh world and returns its gas: `gasUsed` of the whole transaction, second use of the
    contract; or, for kind "execution", what a view uses beyond the 21,000 and the calldata. `budget` is what it may
    cost, `bound` what it cannot go below; None where there is none. What others cost stands in `medtrust.peers`.
    """

    name: str
    measure: Callable[[World], int]
    budget: int | None = None
    bound: int | None = None
    kind: Literal["transaction", "execution"] = "transaction"


def operations() -> list[Operation]:
    """Every operation of every module beside this one, module by module in the order of their names."""
    modules = sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py") if file.stem not in _NO_MODULES)
    return [operation for name in modules for operation in importlib.import_module(f"tests.gas.{name}").OPERATIONS]


def measure_all() -> dict[str, int]:
    """Measure every operation on a chain of its own, each in the same world."""
    with node.start("anvil", ROOT, timestamp=GENESIS) as running:
        world = build(Chain.connect(str(running.ipc_path)), compiled())
        return {operation.name: measure(operation, world) for operation in operations()}


def measure(operation: Operation, world: World) -> int:
    """Measure one operation and undo it.

    It begins in the same second each time, as times stand in what is sent and signed, and a byte costs less if it is 0.
    """
    snapshot = world.chain.request("evm_snapshot")
    try:
        world.chain.travel(_BEGIN)
        return operation.measure(world)
    finally:
        world.chain.request("evm_revert", snapshot)


def execution_gas(client: Client, function: str, *arguments: Any) -> int:
    """What a view uses beyond the transaction's 21,000 and its calldata."""
    data = client.interface.encode_call(function, arguments)
    sender = client.signer.address if client.signer else None
    call = {"to": client.address, "data": "0x" + data.hex(), "from": sender}
    quiet = {"disableStack": True, "disableMemory": True, "disableStorage": True}
    trace = client.chain.request("debug_traceCall", call, "latest", quiet)
    assert not trace["failed"], f"{function} failed"
    return int(trace["gas"]) - 21_000 - sum(16 if byte else 4 for byte in data)


def deployment_gas(world: World) -> int:
    """What deploying the whole suite cost, the mock token aside."""
    hashes = [world.suite.book.get(name).transaction for name in world.suite.book.names() if name != "token"]
    receipts = [world.chain.receipt(hash_) for hash_ in hashes]
    return sum(found[0].gas_used for found in receipts if found)


def recorded() -> Mapping[str, int]:
    """What tests/gas.json records."""
    return json.loads(RECORD.read_text(encoding="utf-8"))["operations"] if RECORD.exists() else {}


def write_record(measured: Mapping[str, int]) -> None:
    """Write tests/gas.json."""
    note = "gasUsed of the whole transaction, second use; execution gas for views; Shanghai, optimizer 200 runs, via IR"
    RECORD.write_text(json.dumps({"unit": note, "operations": measured}, indent=2) + "\n", encoding="utf-8")
