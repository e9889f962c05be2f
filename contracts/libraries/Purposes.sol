// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Purposes
/// @notice What data may be used for: codes of HL7 v3 PurposeOfUse, one bit each.
/// @dev Each code stands for itself: a consent to TREAT does not cover ETREAT, though HL7 places one under the other.
library Purposes {
    /// @dev Treatment.
    uint32 internal constant TREAT = 1 << 0;
    /// @dev Emergency treatment.
    uint32 internal constant ETREAT = 1 << 1;
    /// @dev Breaking the glass.
    uint32 internal constant BTG = 1 << 2;
    /// @dev Care management.
    uint32 internal constant CAREMGT = 1 << 3;
    /// @dev Coordination of care.
    uint32 internal constant COC = 1 << 4;
    /// @dev Population health.
    uint32 internal constant POPHLTH = 1 << 5;
    /// @dev Health care payment.
    uint32 internal constant HPAYMT = 1 << 6;
    /// @dev Claim attachment.
    uint32 internal constant CLMATTCH = 1 << 7;
    /// @dev Coverage under a policy or programme.
    uint32 internal constant COVERAGE = 1 << 8;
    /// @dev Determination of eligibility.
    uint32 internal constant ELIGDTRM = 1 << 9;
    /// @dev Health care operations.
    uint32 internal constant HOPERAT = 1 << 10;
    /// @dev Improvement of quality.
    uint32 internal constant HQUALIMP = 1 << 11;
    /// @dev Legal.
    uint32 internal constant HLEGAL = 1 << 12;
    /// @dev Detection of fraud.
    uint32 internal constant FRAUD = 1 << 13;
    /// @dev Patient safety.
    uint32 internal constant PATSFTY = 1 << 14;
    /// @dev Training.
    uint32 internal constant TRAIN = 1 << 15;
    /// @dev Marketing of health care.
    uint32 internal constant HMARKT = 1 << 16;
    /// @dev Research.
    uint32 internal constant HRESCH = 1 << 17;
    /// @dev Clinical trial.
    uint32 internal constant CLINTRCH = 1 << 18;
    /// @dev Public health.
    uint32 internal constant PUBHLTH = 1 << 19;
    /// @dev Disaster.
    uint32 internal constant DISASTER = 1 << 20;
    /// @dev Threat to the public.
    uint32 internal constant THREAT = 1 << 21;
    /// @dev The patient asks.
    uint32 internal constant PATRQT = 1 << 22;
    /// @dev The family asks.
    uint32 internal constant FAMRQT = 1 << 23;
    /// @dev One with power of attorney asks.
    uint32 internal constant PWATRNY = 1 << 24;
    /// @dev The support network asks.
    uint32 internal constant SUPNWK = 1 << 25;

    /// @dev No purpose: the mark of a consent that the grantee must accept before it is used.
    uint32 internal constant OBLIGATION = 1 << 31;

    /// @dev Every purpose.
    uint32 internal constant ALL = (1 << 26) - 1;

    /// @notice Whether `purpose` is exactly one known purpose and among `granted`.
    function isWithin(uint256 purpose, uint256 granted) internal pure returns (bool) {
        unchecked {
            return purpose & granted & ALL != 0 && purpose & (purpose - 1) == 0;
        }
    }
}
