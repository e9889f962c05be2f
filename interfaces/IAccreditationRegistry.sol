// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IAccreditationRegistry
/// @notice Who may act as what in health care: organisations, their roles and their signers, each as a fact with a time.
/// @dev A jurisdiction has one authority. The authority registers organisations and accredits them for roles; a delegate may
/// do so for some roles until a set time. People and machines act for an organisation as signers, whom its administrator names.
///
/// Nothing is ever deleted. An accreditation is a line of intervals, of which only the newest can still change, and only towards
/// less. Asking about now reads one slot of the role and one of the signer; asking about the past is a binary search.
///
/// Intervals are half-open: `[from, until)`. All times are Unix seconds of block timestamps. A fact counts by the block time when it
/// was recorded, so a fact recorded in the very second of a suspension does not count.
///
/// An identifier is `keccak256` of the public identifier of the organisation as a URI, for example `urn:gs1:gln:0614141000005`,
/// so everyone computes it alike.
///
/// The registry does not judge its authorities: an authority is trusted for its own jurisdiction and no other. It should be a
/// contract with several signers. The steward can name the first authority of a jurisdiction and nothing else.
interface IAccreditationRegistry {
    /// @notice How an accreditation stands at a time.
    /// @dev UNKNOWN had not been granted, LAPSED has ended, SUSPENDED was stopped by the authority, COMPROMISED means that what was
    /// recorded from then on cannot be trusted.
    enum Standing {
        UNKNOWN,
        ACTIVE,
        LAPSED,
        SUSPENDED,
        COMPROMISED
    }

    /// @notice One interval in which an organisation is accredited for a role.
    /// @param from First second in which it holds.
    /// @param until First second in which it no longer holds.
    /// @param suspendedFrom First second of its suspension; 0 while it was never suspended.
    /// @param compromisedFrom First second from which recorded facts are not to be trusted; 0 if there is none.
    struct Accreditation {
        uint64 from;
        uint64 until;
        uint64 suspendedFrom;
        uint64 compromisedFrom;
    }

    /// @notice An account that acts for an organisation.
    /// @param from First second in which it may act.
    /// @param until First second in which it may no longer act.
    /// @param compromisedFrom First second from which what it recorded is not to be trusted; 0 if there is none.
    /// @param roles The roles in which it may act, as bits of `Roles`.
    struct Signer {
        uint64 from;
        uint64 until;
        uint64 compromisedFrom;
        uint64 roles;
    }

    /// @notice An organisation as its jurisdiction knows it.
    /// @param admin The account that names its signers.
    /// @param jurisdiction Its jurisdiction (ISO 3166-1 numeric).
    /// @param registeredAt When it was registered (Unix seconds); 0 if it never was.
    struct Organisation {
        address admin;
        uint16 jurisdiction;
        uint64 registeredAt;
    }

    /// @notice The steward named the first authority of a jurisdiction.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param authority Its authority.
    event JurisdictionOpened(uint16 indexed jurisdiction, address indexed authority);

    /// @notice The authority of a jurisdiction offered its office to another account.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param successor The account that may accept it; zero withdraws an earlier offer.
    event AuthorityOffered(uint16 indexed jurisdiction, address indexed successor);

    /// @notice A new authority took office.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param authority The authority from now on.
    event AuthorityChanged(uint16 indexed jurisdiction, address indexed authority);

    /// @notice An authority let an account accredit for some roles, or changed or ended that.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param delegate The account.
    /// @param roles The roles it may accredit from now on, as bits of `Roles`.
    /// @param until First second in which it may no longer act (Unix seconds).
    event DelegateAppointed(uint16 indexed jurisdiction, address indexed delegate, uint64 roles, uint64 until);

    /// @notice An organisation was registered.
    /// @param organisation The keccak256 of its identifier.
    /// @param jurisdiction Its jurisdiction (ISO 3166-1 numeric).
    /// @param admin The account that names its signers.
    event OrganisationRegistered(bytes32 indexed organisation, uint16 indexed jurisdiction, address indexed admin);

    /// @notice Another account names the signers of an organisation from now on.
    /// @param organisation The organisation.
    /// @param admin The new administrator.
    event AdminChanged(bytes32 indexed organisation, address indexed admin);

    /// @notice An organisation was accredited for a role.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param index Which interval of this line it is, counted from 0.
    /// @param from First second in which it holds (Unix seconds).
    /// @param until First second in which it no longer holds (Unix seconds).
    event RoleAccredited(bytes32 indexed organisation, uint64 indexed role, uint256 index, uint64 from, uint64 until);

    /// @notice The newest accreditation of an organisation for a role was suspended.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param suspendedFrom First second in which it no longer holds (Unix seconds).
    event RoleSuspended(bytes32 indexed organisation, uint64 indexed role, uint64 suspendedFrom);

    /// @notice What an organisation recorded in a role from a time on was declared untrustworthy.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param index Which interval of the line it concerns, counted from 0.
    /// @param compromisedFrom First second from which recorded facts are not to be trusted (Unix seconds).
    event RoleCompromised(bytes32 indexed organisation, uint64 indexed role, uint256 index, uint64 compromisedFrom);

    /// @notice An account may act for an organisation.
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @param roles The roles in which it may act, as bits of `Roles`.
    /// @param until First second in which it may no longer act (Unix seconds).
    /// @param unit The unit of the organisation that it belongs to; zero if it has none.
    event SignerAdded(
        bytes32 indexed organisation,
        address indexed signer,
        uint64 roles,
        uint64 until,
        bytes32 indexed unit
    );

    /// @notice An account may no longer act for an organisation.
    /// @param organisation The organisation.
    /// @param signer The account.
    event SignerRemoved(bytes32 indexed organisation, address indexed signer);

    /// @notice What an account recorded for an organisation from a time on was declared untrustworthy.
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @param compromisedFrom First second from which recorded facts are not to be trusted (Unix seconds).
    event SignerCompromised(bytes32 indexed organisation, address indexed signer, uint64 compromisedFrom);

    /// @notice Only the steward may open a jurisdiction.
    /// @param caller The account that tried.
    error NotSteward(address caller);

    /// @notice This account is neither the authority of the jurisdiction nor its delegate for this role.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param caller The account that tried.
    error NotAuthority(uint16 jurisdiction, address caller);

    /// @notice The office of this authority was not offered to this account.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param caller The account that tried.
    error NotSuccessor(uint16 jurisdiction, address caller);

    /// @notice This account is neither the administrator of the organisation nor the authority of its jurisdiction.
    /// @param organisation The organisation.
    /// @param caller The account that tried.
    error NotAdmin(bytes32 organisation, address caller);

    /// @notice This jurisdiction has an authority already.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    error JurisdictionExists(uint16 jurisdiction);

    /// @notice A jurisdiction is a number from 1 to 999 (ISO 3166-1 numeric).
    /// @param jurisdiction What was given.
    error InvalidJurisdiction(uint16 jurisdiction);

    /// @notice This organisation is registered already.
    /// @param organisation The organisation.
    error OrganisationExists(bytes32 organisation);

    /// @notice This organisation is not registered.
    /// @param organisation The organisation.
    error UnknownOrganisation(bytes32 organisation);

    /// @notice This is not one of the roles that can be given.
    /// @param roles What was given.
    error InvalidRoles(uint64 roles);

    /// @notice An account or an identifier must not be zero.
    error ZeroIdentifier();

    /// @notice The end is not in the future, or the interval before this one began in this very second.
    /// @param from First second in which it would hold (Unix seconds).
    /// @param until First second after it (Unix seconds).
    error InvalidInterval(uint64 from, uint64 until);

    /// @notice A delegate cannot grant beyond its own time.
    /// @param until First second after what was asked for (Unix seconds).
    /// @param limit First second in which the delegate may no longer act (Unix seconds).
    error BeyondDelegation(uint64 until, uint64 limit);

    /// @notice There is no such accreditation.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param index The interval that was asked for.
    error UnknownAccreditation(bytes32 organisation, uint64 role, uint256 index);

    /// @notice This accreditation is suspended already.
    /// @param suspendedFrom Since when (Unix seconds).
    error AlreadySuspended(uint64 suspendedFrom);

    /// @notice A compromise is dated in the future or outside the interval, or would trust again what was not trusted before.
    /// @param compromisedFrom The time that was given (Unix seconds).
    error InvalidCompromise(uint64 compromisedFrom);

    /// @notice This account is or was a signer of the organisation; a removed key does not come back.
    /// @param organisation The organisation.
    /// @param signer The account.
    error SignerExists(bytes32 organisation, address signer);

    /// @notice This account is not a signer of the organisation at this time.
    /// @param organisation The organisation.
    /// @param signer The account.
    error NotSigner(bytes32 organisation, address signer);

    /// @notice The organisation is not accredited for this role, or the account does not act in it.
    /// @param organisation The organisation.
    /// @param signer The account that tried.
    /// @param role The role that is needed, one bit of `Roles`.
    error NotAuthorised(bytes32 organisation, address signer, uint64 role);

    /// @notice The organisation is not accredited for this role.
    /// @param organisation The organisation.
    /// @param role The role that is needed, one bit of `Roles`.
    error NotAccredited(bytes32 organisation, uint64 role);

    /// @notice Names the first authority of a jurisdiction.
    /// @dev Emits {JurisdictionOpened}.
    ///
    /// Reverts with:
    /// - {NotSteward} if the caller is not the steward.
    /// - {InvalidJurisdiction} if the number is not 1 to 999.
    /// - {ZeroIdentifier} if `authority` is zero.
    /// - {JurisdictionExists} if it has an authority.
    ///
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param authority Its authority; a contract with several signers is advised.
    function openJurisdiction(uint16 jurisdiction, address authority) external;

    /// @notice Offers the office of the calling authority to `successor`, who must accept it.
    /// @dev Emits {AuthorityOffered}.
    ///
    /// Reverts with:
    /// - {NotAuthority} if the caller is not the authority.
    ///
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param successor The account that may accept; zero withdraws an offer.
    function offerAuthority(uint16 jurisdiction, address successor) external;

    /// @notice Takes the office that was offered to the caller.
    /// @dev Emits {AuthorityChanged}.
    ///
    /// Reverts with:
    /// - {NotSuccessor} if it was not offered to the caller.
    ///
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    function acceptAuthority(uint16 jurisdiction) external;

    /// @notice Lets `delegate` accredit for `roles` until `until`; zero roles end it at once.
    /// @dev What a delegate granted stays granted when it is dismissed: suspend it where needed. Emits {DelegateAppointed}.
    ///
    /// Reverts with:
    /// - {NotAuthority} if the caller is not the authority.
    /// - {InvalidRoles} if a bit is not a role.
    ///
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param delegate The account.
    /// @param roles The roles, as bits of `Roles`.
    /// @param until First second in which it may no longer act (Unix seconds).
    function appoint(uint16 jurisdiction, address delegate, uint64 roles, uint64 until) external;

    /// @notice Registers an organisation in a jurisdiction, as a participant in good standing until `until`.
    /// @dev An identifier is registered once, whichever jurisdiction comes first. Emits {OrganisationRegistered} and {RoleAccredited} for
    /// `Roles.PARTICIPANT`.
    ///
    /// Reverts with:
    /// - {NotAuthority} if the caller is neither the authority nor its delegate for participants.
    /// - {ZeroIdentifier} if `organisation` or `admin` is zero.
    /// - {OrganisationExists} if it is registered, here or in another jurisdiction.
    /// - {InvalidInterval} if `until` is not in the future.
    /// - {BeyondDelegation} if a delegate grants beyond its own time.
    ///
    /// @param organisation The keccak256 of its identifier.
    /// @param jurisdiction Its jurisdiction (ISO 3166-1 numeric).
    /// @param admin The account that names its signers.
    /// @param until First second in which it is no longer a participant (Unix seconds).
    function register(bytes32 organisation, uint16 jurisdiction, address admin, uint64 until) external;

    /// @notice Accredits an organisation for a role from now until `until`.
    /// @dev Appends an interval, which takes the place of the one before from now on, also of a suspended one. Emits {RoleAccredited}.
    ///
    /// Reverts with:
    /// - {UnknownOrganisation} if it is not registered.
    /// - {InvalidRoles} if `role` is not exactly one role.
    /// - {NotAuthority} if the caller is neither the authority nor its delegate for this role.
    /// - {InvalidInterval} if `until` is not in the future, or the interval before began in this very second.
    /// - {BeyondDelegation} if a delegate grants beyond its own time.
    ///
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param until First second in which it no longer holds (Unix seconds).
    function accredit(bytes32 organisation, uint64 role, uint64 until) external;

    /// @notice Suspends the newest accreditation of an organisation for a role, from now on.
    /// @dev What was recorded before stays valid. It ends by a new {accredit}. Emits {RoleSuspended}.
    ///
    /// Reverts with:
    /// - {NotAuthority} if the caller is neither the authority nor its delegate for this role.
    /// - {UnknownAccreditation} if there is none.
    /// - {AlreadySuspended} if it is suspended.
    ///
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    function suspend(bytes32 organisation, uint64 role) external;

    /// @notice Declares that what an organisation recorded in a role from `compromisedFrom` on is not to be trusted.
    /// @dev Concerns one interval; call it for each that the compromise touches. It can be moved to an earlier time, never to a later
    /// one. Emits {RoleCompromised}.
    ///
    /// Reverts with:
    /// - {NotAuthority} if the caller is neither the authority nor its delegate for this role.
    /// - {UnknownAccreditation} if there is no such interval.
    /// - {InvalidCompromise} if the time is in the future, before the interval, or not before an earlier declaration.
    ///
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param index Which interval of the line, counted from 0.
    /// @param compromisedFrom First second from which recorded facts are not to be trusted (Unix seconds).
    function compromise(bytes32 organisation, uint64 role, uint256 index, uint64 compromisedFrom) external;

    /// @notice Names another administrator for an organisation.
    /// @dev The way back when an administrator's key is lost: the authority may do it too. Emits {AdminChanged}.
    ///
    /// Reverts with:
    /// - {NotAdmin} if the caller is neither the administrator nor the authority.
    /// - {ZeroIdentifier} if `admin` is zero.
    ///
    /// @param organisation The organisation.
    /// @param admin The new administrator.
    function changeAdmin(bytes32 organisation, address admin) external;

    /// @notice Lets `signer` act for an organisation in `roles` until `until`.
    /// @dev The roles of a signer never change and a removed signer does not come back: name another key instead. A signer has no power
    /// in a role that the organisation does not hold. Emits {SignerAdded}.
    ///
    /// Reverts with:
    /// - {NotAdmin} if the caller is neither the administrator nor the authority.
    /// - {ZeroIdentifier} if `signer` is zero.
    /// - {InvalidRoles} if a bit is not a role.
    /// - {InvalidInterval} if `until` is not in the future.
    /// - {SignerExists} if it is or was a signer of this organisation.
    ///
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @param roles The roles, as bits of `Roles`; `PARTICIPANT` is added by itself.
    /// @param until First second in which it may no longer act (Unix seconds).
    /// @param unit The unit of the organisation that it belongs to, as a hash; zero for none.
    function addSigner(bytes32 organisation, address signer, uint64 roles, uint64 until, bytes32 unit) external;

    /// @notice Takes from `signer` the right to act for an organisation, from now on and for ever.
    /// @dev What it recorded before stays valid. Emits {SignerRemoved}.
    ///
    /// Reverts with:
    /// - {NotAdmin} if the caller is neither the administrator nor the authority.
    /// - {NotSigner} if it is not a signer now.
    ///
    /// @param organisation The organisation.
    /// @param signer The account.
    function removeSigner(bytes32 organisation, address signer) external;

    /// @notice Declares that what `signer` recorded for an organisation from `compromisedFrom` on is not to be trusted.
    /// @dev Takes its right to act too. It can be moved to an earlier time, never to a later one. Emits {SignerCompromised}.
    ///
    /// Reverts with:
    /// - {NotAdmin} if the caller is neither the administrator nor the authority.
    /// - {NotSigner} if it never was a signer.
    /// - {InvalidCompromise} if the time is in the future, before it was a signer, or not before an earlier declaration.
    ///
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @param compromisedFrom First second from which recorded facts are not to be trusted (Unix seconds).
    function compromiseSigner(bytes32 organisation, address signer, uint64 compromisedFrom) external;

    /// @notice Reverts unless `signer` may act now for `organisation` in `role`.
    /// @dev For contracts, whose caller then sees the error of this registry. They pass the account that called them, which is never zero.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if it may not.
    ///
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @param role The role, one bit of `Roles`.
    function checkAuthorised(bytes32 organisation, address signer, uint64 role) external view;

    /// @notice Reverts unless `organisation` is accredited now for `role`.
    /// @dev For contracts, whose caller then sees the error of this registry.
    ///
    /// Reverts with:
    /// - {NotAccredited} if it is not.
    ///
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    function checkAccredited(bytes32 organisation, uint64 role) external view;

    /// @notice Reverts unless a signer may act now for one organisation, and another one is accredited now: both sides of a takeover at once.
    /// @dev One call, because two cost more.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the signer may not act now for `to`.
    /// - {NotAccredited} if `from` is not accredited now.
    ///
    /// @param to The organisation that takes over.
    /// @param signer Who acts for it.
    /// @param toRole The role in which it takes over, one bit of `Roles`.
    /// @param from The organisation that hands it over.
    /// @param fromRole The role in which it does, one bit of `Roles`.
    function checkTakeover(bytes32 to, address signer, uint64 toRole, bytes32 from, uint64 fromRole) external view;

    /// @notice Reverts unless `account` is the authority of the jurisdiction of `organisation` now; a delegate is not.
    /// @dev For contracts, whose caller then sees the error of this registry. They pass the account that called them, which is never zero.
    ///
    /// Reverts with:
    /// - {NotAuthority} if it is not, with the jurisdiction, which is 0 where the organisation is not registered.
    ///
    /// @param organisation The organisation.
    /// @param account The account.
    function checkAuthority(bytes32 organisation, address account) external view;

    /// @notice Reverts unless `account` is the administrator of `organisation` now; the authority is not.
    /// @dev For contracts, whose caller then sees the error of this registry. They pass the account that called them, which is never zero.
    ///
    /// Reverts with:
    /// - {NotAdmin} if it is not.
    ///
    /// @param organisation The organisation.
    /// @param account The account.
    function checkAdmin(bytes32 organisation, address account) external view;

    /// @notice Whether `signer` may act for `organisation` in `role` at a time.
    /// @dev For a time in the past it answers with what is known now: a compromise declared later counts. A caller must compare the
    /// organisation and the signer that it looked up itself, never those that its own caller named.
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @param role The role, one bit of `Roles`.
    /// @param at The time that is asked about (Unix seconds).
    /// @return Whether it may.
    function isAuthorised(bytes32 organisation, address signer, uint64 role, uint64 at) external view returns (bool);

    /// @notice Whether `organisation` is accredited for `role` at a time.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param at The time that is asked about (Unix seconds).
    /// @return Whether it is.
    function isAccredited(bytes32 organisation, uint64 role, uint64 at) external view returns (bool);

    /// @notice How the accreditation of an organisation for a role stands at a time.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param at The time that is asked about (Unix seconds).
    /// @return How it stands.
    function standingOf(bytes32 organisation, uint64 role, uint64 at) external view returns (Standing);

    /// @notice One interval of the line of an organisation and a role.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @param index Which interval, counted from 0.
    /// @return The interval; all zero if there is none.
    function accreditationOf(
        bytes32 organisation,
        uint64 role,
        uint256 index
    ) external view returns (Accreditation memory);

    /// @notice How many intervals the line of an organisation and a role has.
    /// @param organisation The organisation.
    /// @param role The role, one bit of `Roles`.
    /// @return How many.
    function accreditationCountOf(bytes32 organisation, uint64 role) external view returns (uint256);

    /// @notice What an organisation is registered with.
    /// @param organisation The organisation.
    /// @return The record; all zero if it is not registered.
    function organisationOf(bytes32 organisation) external view returns (Organisation memory);

    /// @notice The jurisdiction of an organisation.
    /// @param organisation The organisation.
    /// @return ISO 3166-1 numeric; 0 if it is not registered.
    function jurisdictionOf(bytes32 organisation) external view returns (uint16);

    /// @notice How an account acts for an organisation.
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @return The record; all zero if it never was a signer.
    function signerOf(bytes32 organisation, address signer) external view returns (Signer memory);

    /// @notice The unit of an organisation that a signer belongs to.
    /// @param organisation The organisation.
    /// @param signer The account.
    /// @return The unit; zero if it has none.
    function unitOf(bytes32 organisation, address signer) external view returns (bytes32);

    /// @notice The authority of a jurisdiction now.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @return Its authority; zero if it has none.
    function authorityOf(uint16 jurisdiction) external view returns (address);

    /// @notice The authority of a jurisdiction at a time.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param at The time that is asked about (Unix seconds).
    /// @return Its authority then; zero if it had none.
    function authorityAt(uint16 jurisdiction, uint64 at) external view returns (address);

    /// @notice The account that names the first authority of each jurisdiction.
    /// @return The steward.
    function STEWARD() external view returns (address);
}
