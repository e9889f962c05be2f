// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IVisitListener} from "../../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";

/// @title CallingBack
/// @notice Makes a call that it was told when it is itself called, as a payer or by a token.
contract CallingBack is IVisitListener {
    address private _target;
    bytes private _data;

    /// @notice How often it called back and was let in.
    uint256 public successes;

    /// @notice How often it called back and was kept out.
    uint256 public refusals;

    /// @notice Says what to call, once.
    /// @param target Whom to call.
    /// @param data With what.
    function prepare(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    /// @notice Makes a call now, as this contract.
    /// @param target Whom to call.
    /// @param data With what.
    function act(address target, bytes calldata data) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool isDone, bytes memory answer) = target.call(data);
        require(isDone, string(answer));
    }

    /// @inheritdoc IVisitListener
    function onVisit(IVisitRegistry.Visit calldata, bytes32, IVisitRegistry.Entry calldata) external {
        _callBack();
    }

    /// @notice Hears from a token that its money moves.
    function tokensMoved() external {
        _callBack();
    }

    function _callBack() private {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        // solhint-disable-next-line avoid-low-level-calls
        (bool isDone, ) = target.call(_data);
        if (isDone) ++successes;
        else ++refusals;
    }
}
