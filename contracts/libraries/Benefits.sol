// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Benefits
/// @notice The coarse kinds of care that a visit's lines name; codes and diagnoses stay off the chain.
/// @dev A plan says which of them it covers, and at what fee. Numbers are never given a second meaning; new ones follow.
library Benefits {
    uint16 internal constant PRIMARY_CARE = 1;
    uint16 internal constant SPECIALIST = 2;
    uint16 internal constant EMERGENCY = 3;
    uint16 internal constant INPATIENT_DAY = 4;
    uint16 internal constant LABORATORY = 5;
    uint16 internal constant IMAGING = 6;
    uint16 internal constant VACCINATION = 7;
    uint16 internal constant PHARMACY = 8;
    uint16 internal constant SURGERY = 9;
    uint16 internal constant MENTAL_HEALTH = 10;
    uint16 internal constant THERAPY = 11;
    uint16 internal constant MATERNITY = 12;
    uint16 internal constant TRANSPORT = 13;
    uint16 internal constant EQUIPMENT = 14;

    /// @dev The newest number: a plan names none above it.
    uint16 internal constant LAST = 14;
}
