// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Scopes
/// @notice What a guardian may do for a patient; one bit each.
library Scopes {
    /// @dev Grant consents.
    uint8 internal constant GRANT = 1 << 0;
    /// @dev Revoke consents.
    uint8 internal constant REVOKE = 1 << 1;
    /// @dev Contest an opening in an emergency.
    uint8 internal constant CONTEST = 1 << 2;
    /// @dev Read what the patient does not hide from guardians.
    uint8 internal constant READ = 1 << 3;
    /// @dev Change the standing rule for emergencies.
    uint8 internal constant EMERGENCY = 1 << 4;
    /// @dev Freeze the patient's key.
    uint8 internal constant FREEZE = 1 << 5;
    /// @dev Vote for a new controller.
    uint8 internal constant RECOVER = 1 << 6;

    /// @dev All of the above.
    uint8 internal constant ALL = (1 << 7) - 1;

    /// @dev What a freeze stops, whoever does it.
    uint8 internal constant GIVING = GRANT | EMERGENCY;

    /// @dev What protects against a thief of the key, who must neither be able to give it to his own people nor to take it from others.
    uint8 internal constant PROTECTING = FREEZE | RECOVER;
}
