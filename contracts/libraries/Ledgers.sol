// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IConsentRegistry} from "../../interfaces/IConsentRegistry.sol";
import {Epochs} from "./Epochs.sol";
import {Purposes} from "./Purposes.sol";

/// @title Ledgers
/// @notice What is known of the consents of one patient, and what of it speaks against one at a time.
library Ledgers {
    using Epochs for Epochs.State;

    /// @dev One slot. `answeredAt` is when the grantee accepted or declined.
    struct Entry {
        uint48 grantedAt;
        uint48 revokedAt;
        uint48 usedAt;
        uint48 answeredAt;
        uint32 uses;
        bool isDeclined;
        bool isByGuardian;
    }

    struct Ledger {
        Epochs.State epochs;
        mapping(bytes32 consent => Entry) entries;
    }

    /// @notice What the patient withdrew by a time, which comes before all else.
    function withdrawn(
        Ledger storage ledger,
        Entry memory entry,
        IConsentRegistry.Consent memory consent,
        uint64 at
    ) internal view returns (IConsentRegistry.Reason) {
        if (entry.revokedAt != 0 && at >= entry.revokedAt) return IConsentRegistry.Reason.REVOKED;
        bool isCurrent = ledger.epochs.isCurrentAt(consent.grantee, consent.epoch, at);
        return isCurrent ? IConsentRegistry.Reason.NONE : IConsentRegistry.Reason.EPOCH;
    }

    /// @notice What is known of a consent, in the words of the interface.
    function record(Entry memory entry) internal pure returns (IConsentRegistry.Record memory) {
        return
            IConsentRegistry.Record({
                grantedAt: entry.grantedAt,
                revokedAt: entry.revokedAt,
                usedAt: entry.usedAt,
                uses: entry.uses,
                acceptedAt: entry.isDeclined ? 0 : entry.answeredAt,
                declinedAt: entry.isDeclined ? entry.answeredAt : 0,
                isByGuardian: entry.isByGuardian
            });
    }

    /// @notice Whether it stood on chain at a time.
    function isGrantedAt(Entry memory entry, uint64 at) internal pure returns (bool) {
        return entry.grantedAt != 0 && at >= entry.grantedAt;
    }

    /// @notice What of its time, its uses and the grantee's answer speaks against a consent.
    function unavailable(
        Entry memory entry,
        IConsentRegistry.Consent memory consent,
        uint64 at
    ) internal view returns (IConsentRegistry.Reason) {
        if (at < consent.accessFrom) return IConsentRegistry.Reason.NOT_YET;
        if (at >= consent.accessUntil) return IConsentRegistry.Reason.EXPIRED;
        bool isUsedUp = entry.uses >= consent.maxUses && (at > entry.usedAt || at == block.timestamp);
        if (isUsedUp) return IConsentRegistry.Reason.USES;
        bool isAnswered = entry.answeredAt != 0 && at >= entry.answeredAt;
        if (isAnswered && entry.isDeclined) return IConsentRegistry.Reason.DECLINED;
        bool isDue = consent.terms.purposes & Purposes.OBLIGATION != 0 && !isAnswered;
        return isDue ? IConsentRegistry.Reason.NOT_ACCEPTED : IConsentRegistry.Reason.NONE;
    }
}
