// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsurancePool} from "../../interfaces/IInsurancePool.sol";

/// @title Solvency
/// @notice The books of one account: what is free, what is locked, who waits, and what must stay.
/// @dev What is unchecked cannot overflow: each amount fits 96 bits, is at most what it is taken from, and is moved and not made.
library Solvency {
    /// @dev Whoever joins a round within so long of its first payment shares its first money.
    uint256 private constant WINDOW = 1 days;

    /// @dev Capital is counted by the half-year in which the last claims may come; so many half-years from now are looked at.
    uint256 private constant PERIOD = 183 days;
    uint256 private constant PERIODS = 5;

    /// @dev The part of a payment that is kept back, at most, from a payee who has to give something back: one in so many.
    uint96 private constant OFFSET_PART = 4;

    /// @notice What the payments of a round ask for together, and what was set apart for them.
    struct Round {
        uint256 due;
        uint256 funded;
    }

    /// @notice What a payee asks for in a round, and what of it was sent.
    struct Share {
        uint256 due;
        uint256 drawn;
    }

    /// @notice The books of one account.
    /// @param account What is told of it.
    /// @param round The number of the last round that had money; the next takes in whoever comes.
    /// @param openedAt When that one was joined first (Unix seconds).
    /// @param claimsUntil When the last claim can be decided (Unix seconds).
    /// @param closing 1 once the account winds down.
    /// @param capitals What must stay free for policies, by the half-year in which their last claim can be decided.
    /// @param locks What is locked for each claim.
    /// @param receivables What each payee has to give back.
    /// @param rounds The rounds, by number.
    /// @param shares What payees ask for in each round.
    struct Books {
        IInsurancePool.Account account;
        uint256 round;
        uint256 openedAt;
        uint256 claimsUntil;
        uint256 closing;
        mapping(uint256 period => uint256 capital) capitals;
        mapping(bytes32 claim => uint96 amount) locks;
        mapping(bytes32 payee => uint96 amount) receivables;
        mapping(uint256 number => Round round) rounds;
        mapping(uint256 number => mapping(bytes32 payee => Share share)) shares;
    }

    /// @notice What may be paid or withdrawn. While anybody waits that is nothing, so nobody is paid before them.
    function available(Books storage books) internal view returns (uint96) {
        return books.account.waiting == 0 ? books.account.free : 0;
    }

    /// @notice Reverts with {InsufficientFunds} of {IInsurancePool} unless so much is free beyond the capital of policies.
    function checkFree(Books storage books, uint256 needed) internal view {
        uint256 period = block.timestamp / PERIOD;
        for (uint256 i; i < PERIODS; ++i) needed += books.capitals[period + i];
        uint96 free = available(books);
        require(needed <= free, IInsurancePool.InsufficientFunds(needed, free));
    }

    /// @notice Counts a policy, and reverts with {InsufficientFunds} of {IInsurancePool} unless its capital is free.
    function cover(Books storage books, uint96 capital, uint64 until) internal {
        if (until > books.claimsUntil) books.claimsUntil = until;
        if (capital == 0) return;
        books.capitals[until / PERIOD] += capital;
        checkFree(books, 0);
    }

    /// @notice Locks so much for a claim, at most what is free and what was locked for it before, which it returns.
    function lock(Books storage books, bytes32 claim, uint96 amount) internal returns (uint96 before) {
        before = books.locks[claim];
        books.locks[claim] = amount;
        unchecked {
            books.account.free = books.account.free + before - amount;
            books.account.reserved = books.account.reserved + amount - before;
        }
    }

    /// @notice What is kept back of a payment from a payee who has to give something back.
    function offsetOf(Books storage books, bytes32 payee, uint96 amount) internal view returns (uint96) {
        return uint96(Math.min(books.receivables[payee], amount / OFFSET_PART));
    }

    /// @notice Lets a payment wait, and returns in which round.
    function join(Books storage books, bytes32 payee, uint256 amount) internal returns (uint256 number) {
        number = books.round + 1;
        Round storage round = books.rounds[number];
        if (round.due == 0) books.openedAt = block.timestamp;
        unchecked {
            round.due += amount;
            books.account.waiting += amount;
            books.shares[number][payee].due += amount;
        }
    }

    /// @notice Takes what a payee waits for out of the round that has had no money, at most an amount, and returns it.
    function leave(Books storage books, bytes32 insurer, bytes32 payee, uint96 amount) internal returns (uint96 left) {
        uint256 number = books.round + 1;
        Share storage share = books.shares[number][payee];
        left = uint96(Math.min(amount, share.due));
        if (left == 0) return 0;
        unchecked {
            share.due -= left;
            books.rounds[number].due -= left;
            books.account.waiting -= left;
        }
        emit IInsurancePool.PaymentLeft(insurer, payee, number, left);
    }

    /// @notice Sets free money apart for those who wait: first for the round that has had some, then for the next, which closes by it.
    function feed(Books storage books, bytes32 insurer) internal {
        if (books.account.waiting == 0) return;
        uint256 number = books.round;
        _fill(books, insurer, number);
        uint256 due = books.rounds[++number].due;
        bool isReady = books.account.free >= due || block.timestamp >= books.openedAt + WINDOW;
        if (isReady && _fill(books, insurer, number)) books.round = number;
    }

    function _fill(Books storage books, bytes32 insurer, uint256 number) private returns (bool) {
        Round storage round = books.rounds[number];
        IInsurancePool.Account storage account = books.account;
        uint256 amount = Math.min(account.free, round.due - round.funded);
        if (amount == 0) return false;
        unchecked {
            round.funded += amount;
            account.free -= uint96(amount);
            account.reserved += amount;
            account.waiting -= amount;
        }
        emit IInsurancePool.QueueFunded(insurer, number, amount);
        return true;
    }

    /// @notice Takes out what is set apart for a payee in a round and was not sent: its part by amount, rounded down.
    function draw(Books storage books, bytes32 payee, uint256 number) internal returns (uint96 amount) {
        Round storage round = books.rounds[number];
        Share storage share = books.shares[number][payee];
        uint256 due = share.due;
        if (due != 0) due = (due * round.funded) / round.due - share.drawn;
        require(due != 0, IInsurancePool.NothingOwed(payee));
        share.drawn += due;
        books.account.reserved -= due;
        return uint96(due); // at most what was deposited
    }
}
