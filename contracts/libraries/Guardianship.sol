// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../../interfaces/IAccreditationRegistry.sol";
import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";
import {Scopes} from "./Scopes.sol";

/// @title Guardianship
/// @notice The guardians of one patient: since when, until when, for what, and for whom they vote.
/// @dev Whatever changes who may stop a thief of the key takes effect only after {NOTICE}, which is longer than {DELAY}: so a thief can
/// neither outvote the guardians with people of his own nor shake them off before a recovery is done.
library Guardianship {
    /// @dev A bound on every loop here.
    uint256 internal constant MAX_GUARDIANS = 8;
    /// @dev How long a change of who protects is known before it takes effect.
    uint48 internal constant NOTICE = 7 days;
    /// @dev How long the present key may veto a recovery.
    uint48 internal constant DELAY = 2 days;
    /// @dev How long one freeze lasts at most, and how long guardians then leave a patient free.
    uint48 internal constant MAX_FREEZE = 7 days;
    /// @dev How long a vote counts.
    uint48 internal constant VOTE_PERIOD = 7 days;

    /// @dev One appointment; one slot.
    struct Entry {
        uint48 from;
        uint48 until;
        uint48 protectFrom;
        uint48 removedAt;
        uint8 scope;
    }

    /// @dev A vote counts in its round alone: a veto and a recovery end the round.
    struct Vote {
        address controller;
        uint48 votedAt;
        uint32 round;
    }

    struct State {
        uint8 threshold;
        uint8 nextThreshold;
        uint48 nextFrom;
        uint48 freezableFrom;
        uint32 hidden;
        uint32 round;
        address controller;
        uint48 readyAt;
        address[MAX_GUARDIANS] roster;
        mapping(address guardian => Entry) entries;
        mapping(address guardian => Vote) votes;
    }

    /// @notice Appoints a guardian, in the place of one whose time is over if there is one.
    /// @return begins First second in which it may act (Unix seconds).
    /// @return protectFrom First second in which it may freeze or recover (Unix seconds).
    function add(
        State storage state,
        IPatientRegistry.Appointment calldata appointment
    ) internal returns (uint48 begins, uint48 protectFrom) {
        (address patient, address guardian) = (appointment.patient, appointment.guardian);
        (uint8 scope, uint64 from, uint64 until) = (appointment.scope, appointment.from, appointment.until);
        require(guardian != address(0) && guardian != patient, IPatientRegistry.InvalidGuardian(guardian));
        require(scope != 0 && scope & Scopes.ALL == scope, IPatientRegistry.InvalidScope(scope));
        bool isInterval = from < until && block.timestamp < until && until <= type(uint48).max;
        require(isInterval, IAccreditationRegistry.InvalidInterval(from, until));
        Entry storage entry = state.entries[guardian];
        require(block.timestamp >= entry.until, IPatientRegistry.GuardianExists(patient, guardian));

        begins = from < block.timestamp ? uint48(block.timestamp) : uint48(from);
        protectFrom = uint48(block.timestamp) + NOTICE;
        if (protectFrom < begins) protectFrom = begins;
        _enrol(state, patient, guardian);
        (entry.from, entry.until, entry.protectFrom) = (begins, uint48(until), protectFrom);
        (entry.removedAt, entry.scope) = (0, scope);
    }

    /// @dev The roster has no gaps: what is zero ends it, and nobody's time is over since ever.
    function _enrol(State storage state, address patient, address guardian) private {
        uint256 place = MAX_GUARDIANS;
        for (uint256 i = 0; i < MAX_GUARDIANS; ++i) {
            address known = state.roster[i];
            if (known == guardian) return;
            if (place == MAX_GUARDIANS && block.timestamp >= state.entries[known].until) place = i;
            if (known == address(0)) break;
        }
        require(place < MAX_GUARDIANS, IPatientRegistry.TooManyGuardians(patient));

        state.roster[place] = guardian;
    }

    /// @notice Takes a guardian's powers, those against a thief only after {NOTICE}.
    /// @return When the last of them ends (Unix seconds).
    function remove(State storage state, address patient, address guardian) internal returns (uint48) {
        Entry storage entry = state.entries[guardian];
        bool isStanding = block.timestamp < entry.until && entry.removedAt == 0;
        require(isStanding, IPatientRegistry.NotGuardian(patient, guardian));

        bool isProtecting = entry.scope & Scopes.PROTECTING != 0 && block.timestamp >= entry.protectFrom;
        uint48 until = uint48(block.timestamp) + (isProtecting ? NOTICE : 0);
        if (until < entry.until) entry.until = until;
        entry.removedAt = uint48(block.timestamp);
        return entry.until;
    }

    /// @notice Asks for another number of votes after {NOTICE}.
    function changeThreshold(State storage state, uint8 threshold_) internal returns (uint48 from) {
        from = uint48(block.timestamp) + NOTICE;
        (state.threshold, state.nextThreshold, state.nextFrom) = (threshold(state), threshold_, from);
    }

    /// @notice Notes that a guardian freezes the patient.
    /// @dev Guardians leave a patient free for as long as they may freeze, so that their freezes do not add up to a lasting one.
    function pause(State storage state, address patient, address guardian) internal {
        bool isFreezer = isHeld(state, guardian, Scopes.FREEZE, uint64(block.timestamp));
        require(isFreezer, IPatientRegistry.NotController(patient, guardian));
        uint48 freezableFrom = state.freezableFrom;
        require(block.timestamp >= freezableFrom, IPatientRegistry.FrozenBefore(patient, freezableFrom));

        state.freezableFrom = uint48(block.timestamp) + 2 * MAX_FREEZE;
    }

    /// @notice Takes all powers of a guardian, at once.
    function resign(State storage state, address patient, address guardian) internal {
        Entry storage entry = state.entries[guardian];
        require(block.timestamp < entry.until, IPatientRegistry.NotGuardian(patient, guardian));

        entry.until = uint48(block.timestamp);
    }

    /// @notice Records a guardian's vote for a controller.
    /// @return readyAt When the recovery that this began may be finished (Unix seconds); 0 if it began none.
    function vote(
        State storage state,
        address patient,
        address guardian,
        address controller
    ) internal returns (uint48 readyAt) {
        bool isVoter = isHeld(state, guardian, Scopes.RECOVER, uint64(block.timestamp));
        require(isVoter, IPatientRegistry.NotGuardian(patient, guardian));
        require(controller != address(0), IAccreditationRegistry.ZeroIdentifier());

        Vote storage given = state.votes[guardian];
        (given.controller, given.votedAt, given.round) = (controller, uint48(block.timestamp), state.round);
        (uint256 votes, uint256 needed, ) = tally(state, controller);
        if (votes < needed || _isPending(state, controller)) return 0;
        readyAt = uint48(block.timestamp) + DELAY;
        (state.controller, state.readyAt) = (controller, readyAt);
    }

    /// @notice Refuses the recovery that was begun.
    /// @return controller Who would have decided.
    function veto(State storage state, address patient) internal returns (address controller) {
        controller = state.controller;
        require(controller != address(0), IPatientRegistry.RecoveryNotReady(patient, 0));
        (uint256 votes, uint256 needed, uint256 total) = tally(state, controller);
        require(votes < total || needed >= total, IPatientRegistry.VetoOverruled(patient, votes));

        _endRound(state);
    }

    /// @notice Ends the recovery that was begun, if it still has its votes.
    /// @return controller Who decides from now on.
    function finish(State storage state, address patient) internal returns (address controller) {
        controller = state.controller;
        bool isReady = block.timestamp >= state.readyAt && _isPending(state, controller);
        require(isReady, IPatientRegistry.RecoveryNotReady(patient, state.readyAt));
        (uint256 votes, uint256 needed, ) = tally(state, controller);
        require(votes >= needed, IPatientRegistry.TooFewVotes(votes, needed));

        _endRound(state);
    }

    function _endRound(State storage state) private {
        (state.controller, state.readyAt) = (address(0), 0);
        ++state.round;
    }

    function _isPending(State storage state, address controller) private view returns (bool) {
        bool isSame = controller != address(0) && state.controller == controller;
        return isSame && block.timestamp < uint256(state.readyAt) + VOTE_PERIOD;
    }

    /// @notice Whether an account was a guardian for all of `scope` at a time.
    function isHeld(State storage state, address account, uint8 scope, uint64 at) internal view returns (bool) {
        Entry storage entry = state.entries[account];
        if (scope == 0 || entry.scope & scope != scope || at < entry.from || at >= entry.until) return false;
        if (scope & Scopes.PROTECTING != 0 && at < entry.protectFrom) return false;
        return entry.removedAt == 0 || at < entry.removedAt || scope & ~Scopes.PROTECTING == 0;
    }

    /// @notice How many guardians may vote now, how many of them vote for a controller, and how many must.
    /// @dev A majority must, whatever the patient asks for, and never more than there are.
    function tally(
        State storage state,
        address controller
    ) internal view returns (uint256 votes, uint256 needed, uint256 total) {
        for (uint256 i = 0; i < MAX_GUARDIANS; ++i) {
            address guardian = state.roster[i];
            if (guardian == address(0)) break;
            if (!isHeld(state, guardian, Scopes.RECOVER, uint64(block.timestamp))) continue;
            Vote storage given = state.votes[guardian];
            bool isCounted = given.round == state.round && block.timestamp < uint256(given.votedAt) + VOTE_PERIOD;
            if (isCounted && given.controller == controller) ++votes;
            ++total;
        }
        needed = threshold(state);
        if (needed > total) needed = total;
        if (needed < total / 2 + 1) needed = total / 2 + 1;
    }

    /// @notice The number of votes that the patient asks for now.
    function threshold(State storage state) internal view returns (uint8) {
        bool isNext = state.nextFrom != 0 && block.timestamp >= state.nextFrom;
        return isNext ? state.nextThreshold : state.threshold;
    }
}
