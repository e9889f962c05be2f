// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title ISignedActions
/// @notice What contracts say when an act was signed by one account and sent by another.
/// @dev A signature is over EIP-712 typed data of the contract that is called; ERC-5267's `eip712Domain` tells its domain, which holds the
/// chain and the address, so a signature is good on one chain and for one deployment.
///
/// Exactly one encoding of a key's signature is accepted: 65 bytes `r ‖ s ‖ v`, `s` in the lower half, `v` 27 or 28. For an account with
/// code, whatever its ERC-1271 function answers with the magic value is accepted, within a limit of gas.
interface ISignedActions {
    /// @notice This was not signed by the account in whose name it was sent.
    /// @param signer The account that should have signed.
    error InvalidSignature(address signer);

    /// @notice The signature may no longer be used.
    /// @param deadline Last second in which it could be sent (Unix seconds).
    error SignatureExpired(uint64 deadline);
}
