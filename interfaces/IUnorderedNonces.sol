// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IUnorderedNonces
/// @notice What contracts say when a signed statement counts once and statements need no order.
/// @dev Whoever signs picks any number that was not used before; two devices that pick at random never block each other.
interface IUnorderedNonces {
    /// @notice What carries a signed statement: its number, its end, and the signature of it with both.
    /// @param nonce Any number that the signer did not use before.
    /// @param deadline Last second in which it may be sent (Unix seconds).
    /// @param signature The signature of the account in whose name it is sent.
    struct Signed {
        uint256 nonce;
        uint64 deadline;
        bytes signature;
    }

    /// @notice A signed statement was carried out, and its number is used up.
    /// @param signer Who signed it.
    /// @param nonce The number.
    event NonceUsed(address indexed signer, uint256 nonce);

    /// @notice The signer gave this number to a statement that was carried out before.
    /// @param signer Who signed it.
    /// @param nonce The number.
    error NonceTaken(address signer, uint256 nonce);

    /// @notice Whether a statement with this number was carried out.
    /// @param signer Who signed it.
    /// @param nonce The number.
    /// @return True if it was.
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool);
}
