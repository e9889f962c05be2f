// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title DataClasses
/// @notice Which data: classes named after groups of FHIR resources, one bit each.
/// @dev An item belongs to one class, the most specific: a test for HIV is SEXUAL_HEALTH and not LABORATORY.
library DataClasses {
    /// @dev The summary of a record: Composition of the International Patient Summary.
    uint32 internal constant SUMMARY = 1 << 0;
    /// @dev Name, address, contacts: Patient, RelatedPerson.
    uint32 internal constant DEMOGRAPHICS = 1 << 1;
    /// @dev Diagnoses and problems: Condition.
    uint32 internal constant PROBLEM = 1 << 2;
    /// @dev MedicationRequest, MedicationDispense, MedicationStatement.
    uint32 internal constant MEDICATION = 1 << 3;
    /// @dev AllergyIntolerance.
    uint32 internal constant ALLERGY = 1 << 4;
    /// @dev Immunization.
    uint32 internal constant IMMUNIZATION = 1 << 5;
    /// @dev Observation and DiagnosticReport of a laboratory, Specimen.
    uint32 internal constant LABORATORY = 1 << 6;
    /// @dev ImagingStudy and its reports.
    uint32 internal constant IMAGING = 1 << 7;
    /// @dev Observation of vital signs.
    uint32 internal constant VITAL_SIGNS = 1 << 8;
    /// @dev Procedure.
    uint32 internal constant PROCEDURE = 1 << 9;
    /// @dev Device, DeviceUseStatement.
    uint32 internal constant DEVICE = 1 << 10;
    /// @dev Letters and other texts: DocumentReference.
    uint32 internal constant DOCUMENT = 1 << 11;
    /// @dev CarePlan, Goal, CareTeam.
    uint32 internal constant CARE_PLAN = 1 << 12;
    /// @dev Encounter, Appointment.
    uint32 internal constant VISIT = 1 << 13;
    /// @dev Claim, Coverage, ExplanationOfBenefit.
    uint32 internal constant CLAIM = 1 << 14;
    /// @dev FamilyMemberHistory.
    uint32 internal constant FAMILY_HISTORY = 1 << 15;
    /// @dev Observation of work, housing, habits.
    uint32 internal constant SOCIAL_HISTORY = 1 << 16;
    /// @dev Anything of mental health.
    uint32 internal constant MENTAL_HEALTH = 1 << 17;
    /// @dev Anything of substance use.
    uint32 internal constant SUBSTANCE_USE = 1 << 18;
    /// @dev Anything of sexual and reproductive health.
    uint32 internal constant SEXUAL_HEALTH = 1 << 19;
    /// @dev Anything of genetics.
    uint32 internal constant GENETICS = 1 << 20;

    /// @dev All of the above.
    uint32 internal constant ALL = (1 << 21) - 1;

    /// @notice Whether `dataClass` is exactly one known class and among `granted`.
    function isWithin(uint256 dataClass, uint256 granted) internal pure returns (bool) {
        unchecked {
            return dataClass & granted & ALL != 0 && dataClass & (dataClass - 1) == 0;
        }
    }
}
