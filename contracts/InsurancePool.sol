// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IInsurancePool} from "../interfaces/IInsurancePool.sol";
import {Accredited} from "./base/Accredited.sol";
import {Roles} from "./libraries/Roles.sol";
import {Solvency} from "./libraries/Solvency.sol";

/// @title InsurancePool
/// @notice See {IInsurancePool}.
contract InsurancePool is IInsurancePool, Accredited, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using Solvency for Solvency.Books;

    /// @dev What a transfer may burn, so that a recipient with a hook cannot burn the whole transaction. A caller that gives less cannot
    /// make the transfer fail alone: of what is given one part in 64 is left then, too little to note the debt.
    uint256 private constant TRANSFER_GAS = 150_000;

    /// @dev The guarantee fund is an account that nobody opened.
    bytes32 private constant FUND = bytes32(0);

    /// @inheritdoc IInsurancePool
    IERC20 public immutable TOKEN;

    /* STORAGE */

    mapping(bytes32 insurer => Solvency.Books books) private _books;
    mapping(bytes32 organisation => Payee payee) private _payees;

    /// @param accreditation The accreditation registry.
    /// @param token The ERC-20 token in which all accounts are kept.
    constructor(IAccreditationRegistry accreditation, IERC20 token) Accredited(accreditation) {
        require(address(token).code.length != 0, NotContract(address(token)));

        TOKEN = token;
    }

    /* INSURER */

    /// @inheritdoc IInsurancePool
    function open(bytes32 insurer, address adjudicator) external {
        _checkAuthorised(insurer, Roles.INSURER);
        Account storage account = _books[insurer].account;
        require(account.adjudicator == address(0), AccountExists(insurer));
        require(adjudicator.code.length != 0, NotContract(adjudicator));

        account.adjudicator = adjudicator;

        emit AccountOpened(insurer, adjudicator);
    }

    /// @inheritdoc IInsurancePool
    function withdraw(bytes32 insurer, address to, uint96 amount) external nonReentrant {
        _checkAuthorised(insurer, Roles.INSURER);
        Solvency.Books storage books = _books[insurer];
        bool isRunOff = books.closing != 0 && block.timestamp < books.claimsUntil;
        require(!isRunOff, WindingDown(insurer, uint64(books.claimsUntil)));
        books.checkFree(amount);

        books.account.free -= amount;

        emit Withdrawn(insurer, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IInsurancePool
    function windDown(bytes32 insurer) external {
        _checkAuthorised(insurer, Roles.INSURER);

        _books[insurer].closing = 1;

        emit WindDownStarted(insurer);
    }

    /* CLAIMS */

    /// @inheritdoc IInsurancePool
    function cover(bytes32 insurer, uint96 capital, uint64 until) external {
        Solvency.Books storage books = _adjudicated(insurer);
        require(books.closing == 0, WindingDown(insurer, uint64(books.claimsUntil)));

        books.cover(capital, until);

        emit PolicyCovered(insurer, capital, until);
    }

    /// @inheritdoc IInsurancePool
    function reserve(bytes32 insurer, bytes32 claim, uint96 amount) external {
        Solvency.Books storage books = _adjudicated(insurer);
        if (amount <= books.available()) _lock(books, insurer, claim, books.locks[claim] + amount);
    }

    /// @inheritdoc IInsurancePool
    function pay(bytes32 insurer, bytes32 payee, bytes32 claim, uint96 amount) external nonReentrant returns (Result) {
        Solvency.Books storage books = _adjudicated(insurer);
        uint96 locked = claim == bytes32(0) ? 0 : _lock(books, insurer, claim, 0);
        uint96 offset = books.offsetOf(payee, amount);
        if (offset != 0) _expect(books, insurer, payee, books.receivables[payee] - offset);
        amount -= offset;
        if (amount == 0) return Result.PAID;
        if (amount > locked && amount > books.available()) {
            emit PaymentQueued(insurer, payee, books.join(payee, amount), amount);
            return Result.QUEUED;
        }

        books.account.free -= amount;
        bool isOwed = _send(payee, amount);

        emit PaymentMade(insurer, payee, amount, isOwed);

        return isOwed ? Result.OWED : Result.PAID;
    }

    function _lock(
        Solvency.Books storage books,
        bytes32 insurer,
        bytes32 claim,
        uint96 amount
    ) private returns (uint96 before) {
        before = books.lock(claim, amount);
        emit ReserveChanged(insurer, claim, amount);
    }

    /// @inheritdoc IInsurancePool
    function reclaim(bytes32 insurer, bytes32 payee, bytes32 claim, uint96 amount, bool isWaiting) external {
        Solvency.Books storage books = _adjudicated(insurer);
        _lock(books, insurer, claim, 0);
        if (isWaiting) amount -= books.leave(insurer, payee, amount);
        _expect(books, insurer, payee, uint96(Math.min(type(uint96).max, uint256(books.receivables[payee]) + amount)));
        books.feed(insurer);
    }

    function _expect(Solvency.Books storage books, bytes32 insurer, bytes32 payee, uint96 amount) private {
        books.receivables[payee] = amount;
        emit ReceivableChanged(insurer, payee, amount);
    }

    function _adjudicated(bytes32 insurer) private view returns (Solvency.Books storage books) {
        books = _books[insurer];
        require(msg.sender == books.account.adjudicator, NotAdjudicator(insurer, msg.sender));
    }

    function _send(bytes32 payee, uint96 amount) private returns (bool isOwed) {
        isOwed = !_tryTransfer(_payees[payee].account, amount);
        if (isOwed) _payees[payee].owed += amount;
    }

    /// @dev Whether the token says that it transferred: by true, or by nothing as some tokens do. Safe before the effects that follow,
    /// since no entry that moves money can be re-entered.
    function _tryTransfer(address to, uint96 amount) private returns (bool) {
        if (to == address(0)) return false;

        bytes memory question = abi.encodeCall(IERC20.transfer, (to, amount));
        // A typed call would revert on a token that returns nothing.
        // solhint-disable-next-line avoid-low-level-calls
        (bool isDone, bytes memory answer) = address(TOKEN).call{gas: TRANSFER_GAS}(question);
        return isDone && (answer.length == 0 || (answer.length >= 32 && abi.decode(answer, (uint256)) == 1));
    }

    /* ADMINISTRATOR OF A PROVIDER */

    /// @inheritdoc IInsurancePool
    function namePayee(bytes32 organisation, address account) external {
        ACCREDITATION.checkAdmin(organisation, msg.sender);
        require(account != address(0), IAccreditationRegistry.ZeroIdentifier());

        _payees[organisation].account = account;

        emit PayeeNamed(organisation, account);
    }

    /* ANYONE */

    /// @inheritdoc IInsurancePool
    function deposit(bytes32 insurer, uint96 amount) external nonReentrant {
        Solvency.Books storage books = _books[insurer];
        require(books.account.adjudicator != address(0) || insurer == FUND, UnknownAccount(insurer));

        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint96 received = SafeCast.toUint96(TOKEN.balanceOf(address(this)) - before);
        require(received != 0, NothingReceived());

        books.account.free += received;

        emit Deposited(insurer, msg.sender, received);

        books.feed(insurer);
    }

    /// @inheritdoc IInsurancePool
    function guarantee(bytes32 insurer) external {
        bool isActive = ACCREDITATION.isAccredited(insurer, Roles.INSURER, uint64(block.timestamp));
        require(!isActive, StillAccredited(insurer));
        Solvency.Books storage books = _books[insurer];
        (Account storage fund, Account storage account) = (_books[FUND].account, books.account);

        uint96 amount = fund.free;
        account.free += amount;
        books.feed(insurer);
        // What is not set apart goes back: else it would be the insurer's once they who wait leave.
        uint96 back = uint96(Math.min(amount, account.free));
        account.free -= back;
        amount -= back;
        require(amount != 0, NothingOwed(insurer));
        fund.free -= amount;

        emit GuaranteePaid(insurer, amount);
    }

    /// @inheritdoc IInsurancePool
    function draw(bytes32 insurer, bytes32 payee, uint256 round) external nonReentrant {
        Solvency.Books storage books = _books[insurer];
        books.feed(insurer);
        uint96 amount = books.draw(payee, round);

        bool isOwed = _send(payee, amount);

        emit SharePaid(insurer, payee, round, amount, isOwed);
    }

    /// @inheritdoc IInsurancePool
    function withdrawOwed(bytes32 organisation) external nonReentrant {
        Payee storage payee = _payees[organisation];
        (address account, uint96 owed) = (payee.account, payee.owed);
        require(account != address(0), NoPayee(organisation));
        require(owed != 0, NothingOwed(organisation));

        payee.owed = 0;

        emit OwedWithdrawn(organisation, account, owed);

        TOKEN.safeTransfer(account, owed);
    }

    /* VIEWS */

    /// @inheritdoc IInsurancePool
    function accountOf(bytes32 insurer) external view returns (Account memory) {
        return _books[insurer].account;
    }

    /// @inheritdoc IInsurancePool
    function payeeOf(bytes32 organisation) external view returns (Payee memory) {
        return _payees[organisation];
    }
}
