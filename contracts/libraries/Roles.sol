// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Roles
/// @notice What an organisation may be accredited for; one bit each, so that a signer can hold several.
library Roles {
    /// @dev In good standing in its jurisdiction. Every registered organisation has it, and every signer of one acts in it.
    uint64 internal constant PARTICIPANT = 1 << 0;
    uint64 internal constant VACCINATOR = 1 << 1;
    uint64 internal constant HOSPITAL = 1 << 2;
    uint64 internal constant EMERGENCY_CARE = 1 << 3;
    uint64 internal constant PRIVACY_OFFICER = 1 << 4;
    uint64 internal constant MANUFACTURER = 1 << 5;
    uint64 internal constant WHOLESALER = 1 << 6;
    uint64 internal constant CARRIER = 1 << 7;
    uint64 internal constant PHARMACY = 1 << 8;
    uint64 internal constant LABORATORY = 1 << 9;
    uint64 internal constant INSURER = 1 << 10;
    uint64 internal constant REVIEWER = 1 << 11;
    uint64 internal constant REGULATOR = 1 << 12;
    uint64 internal constant ADVISER = 1 << 13;

    /// @dev All of the above: what an authority may accredit.
    uint64 internal constant ALL = (1 << 14) - 1;

    /// @dev Who may hold medicines in the supply chain.
    uint64 internal constant CUSTODIANS = MANUFACTURER | WHOLESALER | CARRIER | PHARMACY | HOSPITAL | VACCINATOR;

    /// @dev Who may record a visit.
    uint64 internal constant PROVIDERS = HOSPITAL | PHARMACY | LABORATORY | VACCINATOR;

    /// @notice Whether `role` is exactly one known role.
    function isSingle(uint64 role) internal pure returns (bool) {
        return role != 0 && role & (role - 1) == 0 && role & ALL == role;
    }
}
