// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IInsurancePool
/// @notice The money of insurers, in one token, one account for each; claims are paid from it and nothing else is.
/// @dev An account names, once and for ever, the claims contract that may pay from it. The insurer withdraws what is free, never what
/// is reserved or owed. A payment that the token refuses (a blocked recipient, a pause) is owed to the provider, who draws it later; one
/// blocked recipient never stops others. Money sent to this contract without {deposit} belongs to no account and changes nothing.
///
/// A payment that finds too little free money waits, and so does each after it while anybody waits. They wait in rounds. A round takes
/// in whoever comes until it is given its first money: at once when there is enough for all of it, else a day after its first payment.
/// Of what is given to a round each payee has its part by amount, rounded down, so it makes no difference who asks first; what is left
/// goes to the next round only when this one is paid in full. All new money of the account goes to those who wait.
///
/// The account of organisation zero is the guarantee fund: anyone pays in, nobody withdraws, and it pays those who wait for an insurer
/// that has lost its accreditation.
///
/// At all times the contract holds at least the sum of what is free, reserved and owed. This is true of every token whose transfer takes
/// exactly the amount from the sender; a token that shrinks balances by itself is not for this contract. Amounts are in the token's
/// smallest unit and fit 96 bits.
interface IInsurancePool {
    /// @notice What became of a payment.
    /// @dev PAID was transferred, OWED could not be transferred and waits for its payee, QUEUED waits for money of the insurer.
    enum Result {
        PAID,
        OWED,
        QUEUED
    }

    /// @notice The account of an insurer.
    /// @param adjudicator The claims contract that may pay from it; zero if it was never opened.
    /// @param free What is neither reserved nor paid; while anybody waits it is theirs.
    /// @param reserved What is locked for held claims or set apart for payees who waited.
    /// @param waiting What payees wait for, beyond what is set apart.
    struct Account {
        address adjudicator;
        uint96 free;
        uint256 reserved;
        uint256 waiting;
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

    /// @notice An insurer stopped taking on policies.
    /// @param insurer The insurer.
    event WindDownStarted(bytes32 indexed insurer);

    /// @notice An insurer promised to cover one more policy.
    /// @param insurer The insurer.
    /// @param capital What must be free for it (token's smallest unit).
    /// @param until When its last claim can be decided (Unix seconds).
    event PolicyCovered(bytes32 indexed insurer, uint96 capital, uint64 until);

    /// @notice Money was locked for a held claim, or is no longer.
    /// @param insurer The insurer.
    /// @param claim The claim.
    /// @param amount What is locked for it now (token's smallest unit).
    event ReserveChanged(bytes32 indexed insurer, bytes32 indexed claim, uint96 amount);

    /// @notice What a payee has to give back to an insurer changed: a payment was reclaimed, or a part of one kept back.
    /// @param insurer The insurer.
    /// @param payee The organisation that was paid.
    /// @param amount What it has to give back now (token's smallest unit).
    event ReceivableChanged(bytes32 indexed insurer, bytes32 indexed payee, uint96 amount);

    /// @notice A payment found too little free money and waits.
    /// @param insurer The insurer.
    /// @param payee The organisation that waits.
    /// @param round The round in which it waits.
    /// @param amount How much it waits for (token's smallest unit).
    event PaymentQueued(bytes32 indexed insurer, bytes32 indexed payee, uint256 round, uint256 amount);

    /// @notice A payment that was reclaimed waits no longer.
    /// @param insurer The insurer.
    /// @param payee The organisation that waited.
    /// @param round The round in which it waited.
    /// @param amount How much it no longer waits for (token's smallest unit).
    event PaymentLeft(bytes32 indexed insurer, bytes32 indexed payee, uint256 round, uint256 amount);

    /// @notice Money was set apart for those who wait in a round.
    /// @param insurer The insurer.
    /// @param round The round.
    /// @param amount How much (token's smallest unit).
    event QueueFunded(bytes32 indexed insurer, uint256 round, uint256 amount);

    /// @notice An organisation got its part of what was set apart for a round.
    /// @param insurer The insurer.
    /// @param payee The organisation that is paid.
    /// @param round The round.
    /// @param amount How much (token's smallest unit).
    /// @param isOwed Whether it waits for its payee, because it could not be transferred.
    event SharePaid(bytes32 indexed insurer, bytes32 indexed payee, uint256 round, uint96 amount, bool isOwed);

    /// @notice The guarantee fund paid into the account of an insurer that has lost its accreditation.
    /// @param insurer The insurer.
    /// @param amount How much (token's smallest unit).
    event GuaranteePaid(bytes32 indexed insurer, uint96 amount);

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

    /// @notice Only the claims contract that the insurer named when it opened its account may use its money.
    /// @param insurer The insurer.
    /// @param caller The account that tried.
    error NotAdjudicator(bytes32 insurer, address caller);

    /// @notice There is no contract at this address.
    /// @param account The address.
    error NotContract(address account);

    /// @notice No money arrived.
    error NothingReceived();

    /// @notice The account holds less free money than this.
    /// @param amount What was asked for, and what must stay for policies that can still have claims (token's smallest unit).
    /// @param free What is free (token's smallest unit); nothing while anybody waits.
    error InsufficientFunds(uint256 amount, uint96 free);

    /// @notice This insurer winds down: it takes on no policy, and withdraws nothing until the days for its last claim are over.
    /// @param insurer The insurer.
    /// @param claimsUntil When the last claim can be decided (Unix seconds).
    error WindingDown(bytes32 insurer, uint64 claimsUntil);

    /// @notice The guarantee fund pays only for an insurer that has lost its accreditation.
    /// @param insurer The insurer.
    error StillAccredited(bytes32 insurer);

    /// @notice This organisation has not named an account to be paid to.
    /// @param organisation The organisation.
    error NoPayee(bytes32 organisation);

    /// @notice Nothing is owed to this organisation, or through it.
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
    /// @dev What arrives counts, not what was sent, and goes first to those who wait. The caller must have approved it. The guarantee
    /// fund is insurer zero. Emits {Deposited}, and {QueueFunded} for each round that gets some of it.
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
    /// - {WindingDown} if it winds down and claims can still come.
    /// - {InsufficientFunds} if less is free, beyond the capital of its policies.
    ///
    /// @param insurer The insurer.
    /// @param to Who receives it.
    /// @param amount How much (token's smallest unit).
    function withdraw(bytes32 insurer, address to, uint96 amount) external;

    /// @notice Stops taking on policies, for ever, and leaves the money in the account until the days for the last claim are over.
    /// @dev Those to file, to decide and to appeal, by the plan of each policy. What is finished later than that finds what is left then.
    /// Emits {WindDownStarted}.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the caller does not act for the insurer as INSURER.
    ///
    /// @param insurer The insurer.
    function windDown(bytes32 insurer) external;

    /// @notice Promises to cover one more policy, if there is the capital for it and for all others that can still have claims.
    /// @dev Capital is counted by half-years, and of claims more than two years ahead only as they come near. Emits {PolicyCovered}.
    ///
    /// Reverts with:
    /// - {NotAdjudicator} if the caller is not the claims contract of this insurer.
    /// - {WindingDown} if the insurer winds down.
    /// - {InsufficientFunds} if it asks for capital and less than all of it is free.
    ///
    /// @param insurer The insurer.
    /// @param capital What must be free for this policy (token's smallest unit); zero asks for nothing.
    /// @param until When its last claim can be decided (Unix seconds).
    function cover(bytes32 insurer, uint96 capital, uint64 until) external;

    /// @notice Locks money for a held claim, if so much is free; else its payment will wait like others.
    /// @dev It is added to what is locked for the claim. Emits {ReserveChanged} if it is locked.
    ///
    /// Reverts with:
    /// - {NotAdjudicator} if the caller is not the claims contract of this insurer.
    ///
    /// @param insurer The insurer.
    /// @param claim The claim.
    /// @param amount How much (token's smallest unit).
    function reserve(bytes32 insurer, bytes32 claim, uint96 amount) external;

    /// @notice Pays an organisation from the account of an insurer: from what is locked for the claim, or from what is free.
    /// @dev Never reverts because of the recipient, or for lack of money. What is locked for the claim is locked no longer, also if it
    /// was more. At most a quarter is kept back from a payee that has to give something back, for the insurer. Emits {ReserveChanged}
    /// if a claim is named, {ReceivableChanged} if something is kept back, and {PaymentMade} or {PaymentQueued} if anything is left.
    ///
    /// Reverts with:
    /// - {NotAdjudicator} if the caller is not the claims contract of this insurer.
    ///
    /// @param insurer The insurer.
    /// @param payee The organisation that is paid.
    /// @param claim The claim; zero if it was never held.
    /// @param amount How much (token's smallest unit).
    /// @return What became of it.
    function pay(bytes32 insurer, bytes32 payee, bytes32 claim, uint96 amount) external returns (Result);

    /// @notice Notes that a payee has to give a payment back; later payments to it are smaller until it has.
    /// @dev What is locked for the claim is locked no longer. Of a payment that may still wait, what the payee waits for in the round that has
    /// had no money waits no longer, and only the rest has to be given back. Emits {ReserveChanged} and {ReceivableChanged}, and
    /// {PaymentLeft} if something waits no longer.
    ///
    /// Reverts with:
    /// - {NotAdjudicator} if the caller is not the claims contract of this insurer.
    ///
    /// @param insurer The insurer.
    /// @param payee The organisation that was paid.
    /// @param claim The claim.
    /// @param amount How much (token's smallest unit).
    /// @param isWaiting Whether it may still wait.
    function reclaim(bytes32 insurer, bytes32 payee, bytes32 claim, uint96 amount, bool isWaiting) external;

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

    /// @notice Sends an organisation its part of what was set apart for a round, less what it has had.
    /// @dev Anyone may call it. Money that became free meanwhile is set apart first. Emits {SharePaid}, and {QueueFunded} for that.
    ///
    /// Reverts with:
    /// - {NothingOwed} if nothing is set apart for it, or all was sent.
    ///
    /// @param insurer The insurer that pays.
    /// @param payee The organisation that is paid.
    /// @param round The round in which it waits.
    function draw(bytes32 insurer, bytes32 payee, uint256 round) external;

    /// @notice Moves money of the guarantee fund to those who wait for an insurer that has lost its accreditation.
    /// @dev Anyone may call it. It moves as much as is missing, or all that there is, and only what is set apart at once for those who wait:
    /// an open round takes less than all of it a day after its first payment. Emits {QueueFunded} and {GuaranteePaid}.
    ///
    /// Reverts with:
    /// - {StillAccredited} if the insurer is accredited.
    /// - {NothingOwed} if nobody waits, or what there is cannot be set apart yet.
    ///
    /// @param insurer The insurer.
    function guarantee(bytes32 insurer) external;

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
