"""A contract that refuses in every way there is, and one whose values have every type."""

from __future__ import annotations

from medtrust import compiler
from medtrust.artifacts import Artifact
from tests.world import ROOT

_HEAD = "// SPDX-License-Identifier: Apache-2.0\npragma solidity =0.8.30;\n"

REFUSER = f"""{_HEAD}
contract Refuser {{
    struct Dose {{ bytes32 lot; uint64 at; }}

    /// @notice The dose is too late.
    error TooLate(Dose dose, address patient);

    error Unexplained(bytes32 id);

    event Refused(address indexed patient, string indexed note, uint256 count, Dose[] doses);
    event Kept(uint256 indexed count);

    uint256 private _count = 7;

    function named(address patient) external pure {{
        revert TooLate(Dose(bytes32(uint256(1)), 42), patient);
    }}

    function unexplained() external pure {{ revert Unexplained(bytes32(uint256(2))); }}
    function text() external pure {{ revert("in words"); }}
    function silent() external pure {{ revert(); }}
    function raw() external pure {{ bytes memory data = hex"deadbeef01"; assembly {{ revert(add(data, 32), 5) }} }}
    function assertion() external view {{ assert(_count == 0); }}
    function overflow() external view returns (uint256) {{ return 1 - _count; }}
    function division() external view returns (uint256) {{ return 1 / (_count - 7); }}
    function index(uint256[] calldata values) external view returns (uint256) {{ return values[_count]; }}

    function nested(Refuser other, address patient) external pure {{ other.named(patient); }}

    function refuse(address patient, string calldata note, Dose[] calldata doses) external {{
        emit Refused(patient, note, _count, doses);
        emit Kept(1);
        emit Kept(2);
    }}

    /// @dev Succeeds when it is estimated in an earlier second, and fails in its block.
    function late(uint256 until) external {{ require(block.timestamp < until, Unexplained(bytes32(until))); _count++; }}

    function burn() external {{ while (true) _count++; }}

    function nothing() external {{ _count++; }}
    function one() external view returns (uint256) {{ return _count; }}
    function who() external view returns (address) {{ return address(this); }}
    function two() external pure returns (uint256 first, bytes4 second) {{ return (1, 0x01020304); }}
    function unnamed() external pure returns (uint256, bool) {{ return (1, true); }}
    function same(Dose[] calldata doses) external pure returns (Dose[] memory) {{ return doses; }}
    function last(Dose calldata dose) external pure returns (Dose memory) {{ return dose; }}
}}
"""


def refuser() -> Artifact:
    """Compile the contract; it stands in no folder of the project."""
    path = "contracts/mocks/Refuser.sol"
    return compiler.compile_sources({path: REFUSER}, contracts=["Refuser"], root=ROOT)["Refuser"]
