// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IUnorderedNonces} from "../../interfaces/IUnorderedNonces.sol";

/// @title UnorderedNonces
/// @notice Lets each signed statement count once, in any order.
abstract contract UnorderedNonces is IUnorderedNonces {
    using BitMaps for BitMaps.BitMap;

    /* STORAGE */

    mapping(address patient => BitMaps.BitMap nonces) private _nonces;

    /// @dev Reverts if the number was used; it is from now on.
    function _useNonce(address patient, uint256 nonce) internal {
        require(!isNonceUsed(patient, nonce), NonceTaken(patient, nonce));

        _nonces[patient].set(nonce);

        emit NonceUsed(patient, nonce);
    }

    /* VIEWS */

    /// @inheritdoc IUnorderedNonces
    function isNonceUsed(address patient, uint256 nonce) public view returns (bool) {
        return _nonces[patient].get(nonce);
    }
}
