// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../../interfaces/IAccreditationRegistry.sol";
import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {Accredited} from "./Accredited.sol";

/// @title Payer
/// @notice Asks the registry of visits what stands, and who recorded it.
abstract contract Payer is Accredited {
    /// @notice The registry whose visits are decided here.
    IVisitRegistry public immutable VISITS;

    /// @param visits The registry whose visits are decided here.
    constructor(IVisitRegistry visits) {
        VISITS = visits;
    }

    /// @dev The id of a visit that names this contract, and what the registry keeps of it.
    function _recorded(
        IVisitRegistry.Visit calldata visit
    ) internal view returns (bytes32 id, IVisitRegistry.Entry memory entry) {
        require(visit.payer == address(this), IInsuranceClaims.AnotherPayer(visit.payer));
        id = keccak256(abi.encode(visit));
        entry = VISITS.entryOf(visit.nullifier);
        require(entry.fingerprint == bytes24(id), IVisitRegistry.UnknownVisit(id));
        _checkTrusted(visit.provider, entry);
    }

    /// @dev A compromise that was declared since then takes the trust from what the provider recorded; a lapse does not.
    function _checkTrusted(bytes32 provider, IVisitRegistry.Entry memory entry) internal view {
        require(_isTrusted(provider, entry), IAccreditationRegistry.NotAccredited(provider, entry.role));
    }

    function _isTrusted(bytes32 provider, IVisitRegistry.Entry memory entry) internal view returns (bool) {
        return ACCREDITATION.isAccredited(provider, entry.role, entry.recordedAt);
    }

    /// @dev Whether the visit of a claim was not voided, and whether one can trust who recorded it, by what is known now.
    function _standing(IInsuranceClaims.Dossier memory dossier) internal view returns (bool stands, bool isSound) {
        IVisitRegistry.Entry memory entry = VISITS.entryOf(dossier.nullifier);
        stands = entry.fingerprint == bytes24(dossier.visit);
        isSound = stands && _isTrusted(dossier.provider, entry);
    }

    /// @dev Whether a reviewer is of the insurer's jurisdiction, its signer, who calls, did not sign for insurer or provider up to a time, and
    /// who administers one of these neither calls nor administers the reviewer. Either can name any account as its signer, unasked: one
    /// that is named when the claim is with the reviewers says nothing of them.
    function _isApart(bytes32 reviewer, bytes32 insurer, bytes32 provider, uint256 at) internal view returns (bool ok) {
        IAccreditationRegistry.Organisation memory own = ACCREDITATION.organisationOf(reviewer);
        for (bytes32 party = provider; ; party = insurer) {
            IAccreditationRegistry.Organisation memory other = ACCREDITATION.organisationOf(party);
            if (other.admin == own.admin || other.admin == msg.sender) return false;
            uint256 signsFrom = ACCREDITATION.signerOf(party, msg.sender).from;
            if (signsFrom != 0 && signsFrom <= at) return false;
            if (party == insurer) return own.jurisdiction == other.jurisdiction;
        }
    }
}
