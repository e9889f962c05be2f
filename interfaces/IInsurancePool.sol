// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IInsurancePool
/// @notice The money of insurers, in one token, one account for each; claims are paid from it and nothing else is.
/// @dev An account names, once and for ever, the claims contract that may pay from it. The insurer withdraws what is free, never what
/// is owed. A payment that the token refuses (a blocked recipient, a pause) is owed to the provider, who draws it later; one blocked
/// recipient never stops others. Money sent to this contract without {deposit} belongs to no account and changes nothing.
///
/// At all times the contract holds at least the sum of what is free and what is owed. This is true of every token whose transfer takes
/// exactly the amount from the sender; a token that shrinks balances by itself is not for this contract. Amounts are in the token's
/// smallest unit and fit 96 bits.
interface IInsurancePool {
    /// @notice What became of a payment.
    /// @dev PAID was transferred, OWED could not be transferred and waits for its payee, SHORT means the account has too little: nothing
    /// was changed.
    enum Result {
        PAID,
        OWED,
        SHORT
    }

    /// @notice The account of an insurer.
    /// @param adjudicator The claims contract that may pay from it; zero if it was never opened.
    /// @param free What may be paid out or withdrawn.
    struct Account {
        address adjudicator;
        uint96 free;
    }

    /// @notice How an organisation is paid.
    /// @param account Where its money goes; zero if it has named none.
    /// @param owed What waits for it.
    struct Payee {
        address account;
        uint96 owed;
    }

    /// @notice An insurer opened its account.
    /// @param insurer The insurer.
    /// @param adjudicator The claims contract that may pay from it.
    event AccountOpened(bytes32 indexed insurer, address indexed adjudicator);

    /// @notice Money came into the account of an insurer.
    /// @param insurer The insurer.
    /// @param from Who sent it.
    /// @param amount What arrived (token's smallest unit), after any fee of the token.
    event Deposited(bytes32 indexed insurer, address indexed from, uint96 amount);

    /// @notice An insurer took free money out of its account.
    /// @param insurer The insurer.
    /// @param to Who received it.
    /// @param amount What left (token's smallest unit).
    event Withdrawn(bytes32 indexed insurer, address indexed to, uint96 amount);

    /// @notice An organisation named the account that it is paid to.
    /// @param organisation The organisation.
    /// @param account The account.
    event PayeeNamed(bytes32 indexed organisation, address indexed account);

    /// @notice A claim was paid from the account of an insurer.
    /// @param insurer The insurer.
    /// @param payee The organisation that is paid.
    /// @param amount How much (token's smallest unit).
    /// @param isOwed Whether it waits for its payee, because it could not be transferred.
    event PaymentMade(bytes32 indexed insurer, bytes32 indexed payee, uint96 amount, bool isOwed);

    /// @notice An organisation received what it was owed.
    /// @param organisation The organisation.
    /// @param account The account that received it.
    /// @param amount How much (token's smallest unit).
    event OwedWithdrawn(bytes32 indexed organisation, address indexed account, uint96 amount);

    /// @notice The account of this insurer is open already.
    /// @param insurer The insurer.
    error AccountExists(bytes32 insurer);

    /// @notice This insurer has no account here.
    /// @param insurer The insurer.
    error UnknownAccount(bytes32 insurer);

    /// @notice Only the claims contract that the insurer named may pay from its account.
    /// @param insurer The insurer.
    /// @param caller The account that tried.
    error NotAdjudicator(bytes32 insurer, address caller);

    /// @notice There is no contract at this address.
    /// @param account The address.
    error NotContract(address account);

    /// @notice No money arrived.
    error NothingReceived();

    /// @notice The account holds less free money than this.
    /// @param amount What was asked for (token's smallest unit).
    /// @param free What is free (token's smallest unit).
    error InsufficientFunds(uint96 amount, uint96 free);

    /// @notice This organisation has not named an account to be paid to.
    /// @param organisation The organisation.
    error NoPayee(bytes32 organisation);

    /// @notice Nothing is owed to this organisation.
    /// @param organisation The organisation.
    error NothingOwed(bytes32 organisation);

    /// @notice Opens the account of an insurer and names the claims contract that may pay from it, for ever.
    /// @dev A second claims contract needs a second pool: so no later choice can reach money that was set aside under this one. The
    /// insurer trusts that contract with all that it deposits. Emits {AccountOpened}.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the caller does not act for the insurer as INSURER.
    /// - {AccountExists} if it is open.
    /// - {NotContract} if `adjudicator` is no contract.
    ///
    /// @param insurer The insurer.
    /// @param adjudicator The claims contract.
    function open(bytes32 insurer, address adjudicator) external;

    /// @notice Brings money of the caller into the account of an insurer.
    /// @dev What arrives counts, not what was sent. The caller must have approved it. Emits {Deposited}.
    ///
    /// Reverts with:
    /// - {UnknownAccount} if the account is not open.
    /// - {NothingReceived} if nothing arrived.
    ///
    /// @param insurer The insurer.
    /// @param amount How much to send (token's smallest unit).
    function deposit(bytes32 insurer, uint96 amount) external;

    /// @notice Takes free money out of the account of an insurer.
    /// @dev Emits {Withdrawn}.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the caller does not act for the insurer as INSURER.
    /// - {InsufficientFunds} if less is free.
    ///
    /// @param insurer The insurer.
    /// @param to Who receives it.
    /// @param amount How much (token's smallest unit).
    function withdraw(bytes32 insurer, address to, uint96 amount) external;

    /// @notice Pays an organisation from the account of an insurer.
    /// @dev Never reverts because of the recipient. Emits {PaymentMade} unless the account is short.
    ///
    /// Reverts with:
    /// - {NotAdjudicator} if the caller is not the claims contract of this insurer.
    ///
    /// @param insurer The insurer.
    /// @param payee The organisation that is paid.
    /// @param amount How much (token's smallest unit).
    /// @return What became of it.
    function pay(bytes32 insurer, bytes32 payee, uint96 amount) external returns (Result);

    /// @notice Names the account that an organisation is paid to.
    /// @dev Emits {PayeeNamed}.
    ///
    /// Reverts with:
    /// - {NotAdmin} if the caller is not the organisation's administrator.
    /// - {ZeroIdentifier} if `account` is zero.
    ///
    /// @param organisation The organisation.
    /// @param account Where its money goes.
    function namePayee(bytes32 organisation, address account) external;

    /// @notice Sends an organisation what it is owed, to the account that it named.
    /// @dev Anyone may call it. Emits {OwedWithdrawn}.
    ///
    /// Reverts with:
    /// - {NoPayee} if the organisation has named no account.
    /// - {NothingOwed} if nothing is owed.
    ///
    /// @param organisation The organisation.
    function withdrawOwed(bytes32 organisation) external;

    /// @notice The account of an insurer.
    /// @param insurer The insurer.
    /// @return The account; all zero if it was never opened.
    function accountOf(bytes32 insurer) external view returns (Account memory);

    /// @notice How an organisation is paid and what waits for it.
    /// @param organisation The organisation.
    /// @return The payee; all zero if it has named no account and nothing waits.
    function payeeOf(bytes32 organisation) external view returns (Payee memory);

    /// @notice The token in which all accounts are kept.
    /// @return The ERC-20 token.
    function TOKEN() external view returns (IERC20);
}
