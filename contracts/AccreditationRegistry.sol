// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {Offices} from "./libraries/Offices.sol";
import {Roles} from "./libraries/Roles.sol";
import {Timeline} from "./libraries/Timeline.sol";

/// @title AccreditationRegistry
/// @notice See {IAccreditationRegistry}.
contract AccreditationRegistry is IAccreditationRegistry {
    using Offices for Offices.Office;
    using Timeline for Timeline.Line;
    using Timeline for Signer;

    /// @inheritdoc IAccreditationRegistry
    address public immutable STEWARD;

    /* STORAGE */

    mapping(bytes32 organisation => Organisation record) private _organisations;
    mapping(bytes32 organisation => mapping(uint64 role => Timeline.Line)) private _lines;
    mapping(bytes32 organisation => mapping(address signer => Signer)) private _signers;
    mapping(bytes32 organisation => mapping(address signer => bytes32 unit)) private _units;
    mapping(uint16 jurisdiction => Offices.Office office) private _offices;
    mapping(uint16 jurisdiction => address successor) private _successors;
    mapping(uint16 jurisdiction => mapping(address delegate => Offices.Delegate)) private _delegates;

    /// @param steward The account that names the first authority of each jurisdiction.
    constructor(address steward) {
        require(steward != address(0), ZeroIdentifier());

        STEWARD = steward;
    }

    /* STEWARD */

    /// @inheritdoc IAccreditationRegistry
    function openJurisdiction(uint16 jurisdiction, address authority) external {
        require(msg.sender == STEWARD, NotSteward(msg.sender));
        require(jurisdiction != 0 && jurisdiction < 1000, InvalidJurisdiction(jurisdiction));
        require(authority != address(0), ZeroIdentifier());
        require(authorityOf(jurisdiction) == address(0), JurisdictionExists(jurisdiction));

        _offices[jurisdiction].take(authority);

        emit JurisdictionOpened(jurisdiction, authority);
    }

    /* AUTHORITY */

    /// @inheritdoc IAccreditationRegistry
    function offerAuthority(uint16 jurisdiction, address successor) external {
        require(msg.sender == authorityOf(jurisdiction), NotAuthority(jurisdiction, msg.sender));

        _successors[jurisdiction] = successor;

        emit AuthorityOffered(jurisdiction, successor);
    }

    /// @inheritdoc IAccreditationRegistry
    function acceptAuthority(uint16 jurisdiction) external {
        require(msg.sender == _successors[jurisdiction], NotSuccessor(jurisdiction, msg.sender));

        delete _successors[jurisdiction];
        _offices[jurisdiction].take(msg.sender);

        emit AuthorityChanged(jurisdiction, msg.sender);
    }

    /// @inheritdoc IAccreditationRegistry
    function appoint(uint16 jurisdiction, address delegate, uint64 roles, uint64 until) external {
        require(msg.sender == authorityOf(jurisdiction), NotAuthority(jurisdiction, msg.sender));
        require(roles & Roles.ALL == roles, InvalidRoles(roles));

        _delegates[jurisdiction][delegate] = Offices.Delegate({roles: roles, until: until});

        emit DelegateAppointed(jurisdiction, delegate, roles, until);
    }

    /* AUTHORITY OR DELEGATE */

    /// @inheritdoc IAccreditationRegistry
    function register(bytes32 organisation, uint16 jurisdiction, address admin, uint64 until) external {
        require(organisation != bytes32(0) && admin != address(0), ZeroIdentifier());
        require(_organisations[organisation].registeredAt == 0, OrganisationExists(organisation));
        _checkAuthority(jurisdiction, Roles.PARTICIPANT, until);

        Organisation storage record = _organisations[organisation];
        (record.admin, record.jurisdiction, record.registeredAt) = (admin, jurisdiction, uint64(block.timestamp));

        emit OrganisationRegistered(organisation, jurisdiction, admin);

        _append(organisation, Roles.PARTICIPANT, until);
    }

    /// @inheritdoc IAccreditationRegistry
    function accredit(bytes32 organisation, uint64 role, uint64 until) external {
        require(_organisations[organisation].registeredAt != 0, UnknownOrganisation(organisation));
        require(Roles.isSingle(role), InvalidRoles(role));
        _checkAuthority(jurisdictionOf(organisation), role, until);

        _append(organisation, role, until);
    }

    function _append(bytes32 organisation, uint64 role, uint64 until) private {
        Timeline.Line storage line = _lines[organisation][role];
        bool isAfterPrevious = block.timestamp > line.newest.from;
        require(isAfterPrevious && until > block.timestamp, InvalidInterval(uint64(block.timestamp), until));

        emit RoleAccredited(organisation, role, line.append(until), uint64(block.timestamp), until);
    }

    /// @inheritdoc IAccreditationRegistry
    function suspend(bytes32 organisation, uint64 role) external {
        _checkAuthority(jurisdictionOf(organisation), role, 0);
        Accreditation storage newest = _lines[organisation][role].newest;
        require(newest.from != 0, UnknownAccreditation(organisation, role, 0));
        require(newest.suspendedFrom == 0, AlreadySuspended(newest.suspendedFrom));

        newest.suspendedFrom = uint64(block.timestamp);

        emit RoleSuspended(organisation, role, uint64(block.timestamp));
    }

    /// @inheritdoc IAccreditationRegistry
    function compromise(bytes32 organisation, uint64 role, uint256 index, uint64 compromisedFrom) external {
        _checkAuthority(jurisdictionOf(organisation), role, 0);
        Timeline.Line storage line = _lines[organisation][role];
        require(index < line.count(), UnknownAccreditation(organisation, role, index));
        Accreditation storage interval = line.get(index);
        _checkCompromise(compromisedFrom, interval.from, interval.compromisedFrom);

        interval.compromisedFrom = compromisedFrom;

        emit RoleCompromised(organisation, role, index, compromisedFrom);
    }

    /// @dev What was not trusted is never trusted again: a declaration only moves to an earlier time.
    function _checkCompromise(uint64 compromisedFrom, uint64 from, uint64 declared) private view {
        bool isInside = compromisedFrom >= from && compromisedFrom <= block.timestamp;
        require(isInside && (declared == 0 || compromisedFrom < declared), InvalidCompromise(compromisedFrom));
    }

    /// @dev A delegate grants only its own roles and only within its own time, so that what it grants is part of what it was given.
    function _checkAuthority(uint16 jurisdiction, uint64 role, uint64 until) private view {
        if (msg.sender == authorityOf(jurisdiction)) return;
        Offices.Delegate storage delegate = _delegates[jurisdiction][msg.sender];
        bool isDelegate = role != 0 && delegate.roles & role == role && block.timestamp < delegate.until;
        require(isDelegate, NotAuthority(jurisdiction, msg.sender));
        require(until <= delegate.until, BeyondDelegation(until, delegate.until));
    }

    /* ADMINISTRATOR */

    /// @inheritdoc IAccreditationRegistry
    function changeAdmin(bytes32 organisation, address admin) external {
        _checkAdmin(organisation);
        require(admin != address(0), ZeroIdentifier());

        _organisations[organisation].admin = admin;

        emit AdminChanged(organisation, admin);
    }

    /// @inheritdoc IAccreditationRegistry
    function addSigner(bytes32 organisation, address signer, uint64 roles, uint64 until, bytes32 unit) external {
        _checkAdmin(organisation);
        require(signer != address(0), ZeroIdentifier());
        require(roles & Roles.ALL == roles, InvalidRoles(roles));
        require(until > block.timestamp, InvalidInterval(uint64(block.timestamp), until));
        Signer storage record = _signers[organisation][signer];
        require(record.from == 0, SignerExists(organisation, signer));

        roles |= Roles.PARTICIPANT;
        (record.from, record.until, record.compromisedFrom, record.roles) = (uint64(block.timestamp), until, 0, roles);
        if (unit != bytes32(0)) _units[organisation][signer] = unit;

        emit SignerAdded(organisation, signer, roles, until, unit);
    }

    /// @inheritdoc IAccreditationRegistry
    function removeSigner(bytes32 organisation, address signer) external {
        _checkAdmin(organisation);
        require(block.timestamp < _signers[organisation][signer].until, NotSigner(organisation, signer));

        _signers[organisation][signer].until = uint64(block.timestamp);

        emit SignerRemoved(organisation, signer);
    }

    /// @inheritdoc IAccreditationRegistry
    function compromiseSigner(bytes32 organisation, address signer, uint64 compromisedFrom) external {
        _checkAdmin(organisation);
        Signer storage record = _signers[organisation][signer];
        require(record.from != 0, NotSigner(organisation, signer));
        _checkCompromise(compromisedFrom, record.from, record.compromisedFrom);

        record.compromisedFrom = compromisedFrom;

        emit SignerCompromised(organisation, signer, compromisedFrom);
    }

    function _checkAdmin(bytes32 organisation) private view {
        Organisation storage record = _organisations[organisation];
        bool isAdmin =
            record.registeredAt != 0 && (msg.sender == record.admin || msg.sender == authorityOf(record.jurisdiction));
        require(isAdmin, NotAdmin(organisation, msg.sender));
    }

    /* VIEWS */

    /// @inheritdoc IAccreditationRegistry
    function checkAuthorised(bytes32 organisation, address signer, uint64 role) public view {
        bool isNow = isAuthorised(organisation, signer, role, uint64(block.timestamp));
        require(isNow, NotAuthorised(organisation, signer, role));
    }

    /// @inheritdoc IAccreditationRegistry
    function checkAccredited(bytes32 organisation, uint64 role) public view {
        require(isAccredited(organisation, role, uint64(block.timestamp)), NotAccredited(organisation, role));
    }

    /// @inheritdoc IAccreditationRegistry
    function checkTakeover(bytes32 to, address signer, uint64 toRole, bytes32 from, uint64 fromRole) external view {
        checkAuthorised(to, signer, toRole);
        checkAccredited(from, fromRole);
    }

    /// @inheritdoc IAccreditationRegistry
    function checkAuthority(bytes32 organisation, address account) external view {
        uint16 jurisdiction = jurisdictionOf(organisation);
        require(account == authorityOf(jurisdiction), NotAuthority(jurisdiction, account));
    }

    /// @inheritdoc IAccreditationRegistry
    function checkAdmin(bytes32 organisation, address account) external view {
        require(account == _organisations[organisation].admin, NotAdmin(organisation, account));
    }

    /// @inheritdoc IAccreditationRegistry
    function isAuthorised(bytes32 organisation, address signer, uint64 role, uint64 at) public view returns (bool) {
        return _signers[organisation][signer].isActing(role, at) && isAccredited(organisation, role, at);
    }

    /// @inheritdoc IAccreditationRegistry
    function isAccredited(bytes32 organisation, uint64 role, uint64 at) public view returns (bool) {
        return standingOf(organisation, role, at) == Standing.ACTIVE;
    }

    /// @inheritdoc IAccreditationRegistry
    function standingOf(bytes32 organisation, uint64 role, uint64 at) public view returns (Standing) {
        return _lines[organisation][role].standing(at);
    }

    /// @inheritdoc IAccreditationRegistry
    function accreditationOf(
        bytes32 organisation,
        uint64 role,
        uint256 index
    ) external view returns (Accreditation memory interval) {
        Timeline.Line storage line = _lines[organisation][role];
        if (index < line.count()) return line.get(index);
    }

    /// @inheritdoc IAccreditationRegistry
    function accreditationCountOf(bytes32 organisation, uint64 role) external view returns (uint256) {
        return _lines[organisation][role].count();
    }

    /// @inheritdoc IAccreditationRegistry
    function organisationOf(bytes32 organisation) external view returns (Organisation memory) {
        return _organisations[organisation];
    }

    /// @inheritdoc IAccreditationRegistry
    function jurisdictionOf(bytes32 organisation) public view returns (uint16) {
        return _organisations[organisation].jurisdiction;
    }

    /// @inheritdoc IAccreditationRegistry
    function signerOf(bytes32 organisation, address signer) external view returns (Signer memory) {
        return _signers[organisation][signer];
    }

    /// @inheritdoc IAccreditationRegistry
    function unitOf(bytes32 organisation, address signer) external view returns (bytes32) {
        return _units[organisation][signer];
    }

    /// @inheritdoc IAccreditationRegistry
    function authorityOf(uint16 jurisdiction) public view returns (address) {
        return _offices[jurisdiction].newest.holder;
    }

    /// @inheritdoc IAccreditationRegistry
    function authorityAt(uint16 jurisdiction, uint64 at) external view returns (address) {
        return _offices[jurisdiction].holderAt(at);
    }
}
