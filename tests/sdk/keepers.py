"""A small project of contracts, to be compiled."""

from __future__ import annotations

import shutil
from pathlib import Path

from medtrust.solc import find_solc
from tests.world import ROOT

HEAD = "// SPDX-License-Identifier: Apache-2.0\npragma solidity =0.8.30;\n"
KEEPER_INTERFACE = f"""{HEAD}
interface IKeeper {{
    /// @notice Something was kept.
    event Kept(uint256 amount);

    /// @notice Nothing was offered.
    error NothingOffered(uint256 amount);

    /// @notice Keeps `amount`.
    function keep(uint256 amount) external;
}}
"""
KEEPER = f"""{HEAD}
import {{IKeeper}} from "../interfaces/IKeeper.sol";
import {{Limits}} from "./libraries/Limits.sol";
import {{Math}} from "@openzeppelin/contracts/utils/math/Math.sol";

contract Keeper is IKeeper {{
    uint256 private _kept;

    function keep(uint256 amount) external {{
        require(amount > 0, NothingOffered(amount));
        _kept = Math.min(_kept + amount, Limits.MOST);
        emit Kept(amount);
    }}
}}
"""
LIMITS = f"{HEAD}\nlibrary Limits {{\n    uint256 internal constant MOST = 1000;\n}}\n"
OTHER = f"{HEAD}\ncontract Other {{\n    uint256 public constant ANSWER = 42;\n}}\n"
LISTENER = f"{HEAD}\ninterface IListener {{\n    function heard() external;\n}}\n"
SOURCES = {
    "interfaces/IKeeper.sol": KEEPER_INTERFACE,
    "interfaces/IListener.sol": LISTENER,
    "interfaces/IBound.sol": LISTENER.replace("IListener", "IBound"),
    "contracts/base/Bound.sol": f"{HEAD}\nabstract contract Bound {{}}\n",
    "contracts/Keeper.sol": KEEPER,
    "contracts/Other.sol": OTHER,
    "contracts/libraries/Limits.sol": LIMITS,
    "contracts/mocks/MockKeeper.sol": KEEPER.replace("../", "../../")
    .replace("./libraries", "../libraries")
    .replace("contract Keeper", "contract MockKeeper"),
}


def lay_out(root: Path, sources: dict[str, str]) -> Path:
    """Write a project: sources, the repository's own settings, its node_modules, and the compiler that it found."""
    for path, text in sources.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "medtrust" / "artifacts").mkdir(parents=True)
    shutil.copy(ROOT / "brownie-config.yaml", root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    found = find_solc(ROOT).executable
    (root / ".medtrust" / "solc").mkdir(parents=True)
    shutil.copy(found, root / ".medtrust" / "solc" / found.name)
    return root
