// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IConsentRegistry} from "../../interfaces/IConsentRegistry.sol";
import {Epochs} from "./Epochs.sol";
import {Purposes} from "./Purposes.sol";

/// @title Ledgers
/// @notice What is known of the consents of one patient, and what of it speaks against one at a time.
library Ledgers {
    using Epochs for Epochs.State;

    /// @dev One slot. `guardedAt` is when a guardian granted it, `answeredAt` when the grantee accepted or declined.
    struct Entry {
        uint40 grantedAt;
        uint40 guardedAt;
        uint40 revokedAt;
        uint40 usedAt;
        uint40 answeredAt;
        uint32 uses;
        bool isDeclined;
    }

    struct Ledger {
        Epochs.State epochs;
        mapping(bytes32 consent => Entry) entries;
    }

    /// @notice Whether it was granted on chain, by whomever.
    function isGranted(Entry storage entry) internal view returns (bool) {
        return entry.grantedAt != 0 || entry.guardedAt != 0;
    }

    /// @notice Whether it had been granted on chain at a time, and by a guardian.
    function grantAt(Entry storage entry, uint64 at) internal view returns (bool isGranted_, bool isByGuardian) {
        isByGuardian = entry.guardedAt != 0 && at >= entry.guardedAt;
        isGranted_ = isByGuardian || (entry.grantedAt != 0 && at >= entry.grantedAt);
    }

    /// @notice What the patient withdrew, else what of its time, its uses and the grantee's answer speaks against it.
    /// @dev Everything that is kept of it is read at once, as it stands in one slot.
    /// @return reason What does; NONE if nothing.
    function judge(
        Ledger storage ledger,
        IConsentRegistry.Consent calldata consent,
        bytes32 id,
        uint64 at
    ) internal view returns (IConsentRegistry.Reason reason) {
        Entry storage entry = ledger.entries[id];
        (uint40 revokedAt, uint40 answeredAt, uint32 uses) = (entry.revokedAt, entry.answeredAt, entry.uses);
        if (revokedAt != 0 && at >= revokedAt) {
            reason = IConsentRegistry.Reason.REVOKED;
        } else if (!ledger.epochs.isCurrentAt(consent.grantee, consent.epoch, at)) {
            reason = IConsentRegistry.Reason.EPOCH;
        } else if (at < consent.accessFrom) {
            reason = IConsentRegistry.Reason.NOT_YET;
        } else if (at >= consent.accessUntil) {
            reason = IConsentRegistry.Reason.EXPIRED;
        } else if (uses >= consent.maxUses && (at > entry.usedAt || at == block.timestamp)) {
            reason = IConsentRegistry.Reason.USES;
        } else if (answeredAt != 0 && at >= answeredAt) {
            if (entry.isDeclined) reason = IConsentRegistry.Reason.DECLINED;
        } else if (consent.terms.purposes & Purposes.OBLIGATION != 0) {
            reason = IConsentRegistry.Reason.NOT_ACCEPTED;
        }
    }
}
