// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IInsurancePool} from "../interfaces/IInsurancePool.sol";
import {Accredited} from "./base/Accredited.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title InsurancePool
/// @notice See {IInsurancePool}.
contract InsurancePool is IInsurancePool, Accredited, ReentrancyGuard {
    using SafeERC20 for IERC20;

    /// @dev What a transfer may burn, so that a recipient with a hook cannot burn the whole transaction. A caller that gives less cannot
    /// make the transfer fail alone: of what is given one part in 64 is left then, too little to note the debt.
    uint256 private constant TRANSFER_GAS = 150_000;

    /// @inheritdoc IInsurancePool
    IERC20 public immutable TOKEN;

    /* STORAGE */

    mapping(bytes32 insurer => Account account) private _accounts;
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
        require(_accounts[insurer].adjudicator == address(0), AccountExists(insurer));
        require(adjudicator.code.length != 0, NotContract(adjudicator));

        _accounts[insurer].adjudicator = adjudicator;

        emit AccountOpened(insurer, adjudicator);
    }

    /// @inheritdoc IInsurancePool
    function withdraw(bytes32 insurer, address to, uint96 amount) external nonReentrant {
        _checkAuthorised(insurer, Roles.INSURER);
        uint96 free = _accounts[insurer].free;
        require(amount <= free, InsufficientFunds(amount, free));

        _accounts[insurer].free = free - amount;

        emit Withdrawn(insurer, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /* CLAIMS */

    /// @inheritdoc IInsurancePool
    function pay(bytes32 insurer, bytes32 payee, uint96 amount) external nonReentrant returns (Result) {
        Account memory account = _accounts[insurer];
        require(msg.sender == account.adjudicator, NotAdjudicator(insurer, msg.sender));
        if (amount > account.free) return Result.SHORT;

        _accounts[insurer].free = account.free - amount;

        bool isOwed = !_tryTransfer(_payees[payee].account, amount);
        if (isOwed) _payees[payee].owed += amount;

        emit PaymentMade(insurer, payee, amount, isOwed);

        return isOwed ? Result.OWED : Result.PAID;
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
        require(_accounts[insurer].adjudicator != address(0), UnknownAccount(insurer));

        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint96 received = SafeCast.toUint96(TOKEN.balanceOf(address(this)) - before);
        require(received != 0, NothingReceived());

        _accounts[insurer].free += received;

        emit Deposited(insurer, msg.sender, received);
    }

    /// @inheritdoc IInsurancePool
    function withdrawOwed(bytes32 organisation) external nonReentrant {
        Payee memory payee = _payees[organisation];
        require(payee.account != address(0), NoPayee(organisation));
        require(payee.owed != 0, NothingOwed(organisation));

        _payees[organisation].owed = 0;

        emit OwedWithdrawn(organisation, payee.account, payee.owed);

        TOKEN.safeTransfer(payee.account, payee.owed);
    }

    /* VIEWS */

    /// @inheritdoc IInsurancePool
    function accountOf(bytes32 insurer) external view returns (Account memory) {
        return _accounts[insurer];
    }

    /// @inheritdoc IInsurancePool
    function payeeOf(bytes32 organisation) external view returns (Payee memory) {
        return _payees[organisation];
    }
}
