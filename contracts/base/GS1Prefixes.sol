// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {GS1} from "../libraries/GS1.sol";
import {Roles} from "../libraries/Roles.sol";
import {Accredited} from "./Accredited.sol";

/// @title GS1Prefixes
/// @notice Which organisation may commission under which GS1 company prefix.
abstract contract GS1Prefixes is IDrugProvenance, Accredited {
    /* STORAGE */

    mapping(uint8 digits => mapping(uint64 prefix => bytes32 owner)) private _owners;

    /// @dev Prefixes of which a longer form is assigned, so that they themselves cannot be.
    mapping(uint8 digits => mapping(uint64 prefix => bool isDivided)) private _divided;

    /* REGULATOR */

    /// @inheritdoc IDrugProvenance
    function assignPrefix(bytes32 regulator, bytes32 owner, uint64 prefix, uint8 digits) external {
        _checkAuthorised(regulator, Roles.REGULATOR);
        _checkRegulates(regulator, owner);
        bool isPrefix = digits >= GS1.MIN_PREFIX_DIGITS && digits <= GS1.MAX_PREFIX_DIGITS && prefix < 10 ** digits;
        require(isPrefix, InvalidPrefix(prefix, digits));
        bool isFree = _owners[digits][prefix] == bytes32(0) && !_divided[digits][prefix];
        require(isFree, PrefixTaken(prefix, digits));

        _owners[digits][prefix] = owner;
        uint64 shorter = prefix;
        for (uint8 length = digits - 1; length >= GS1.MIN_PREFIX_DIGITS; --length) {
            shorter /= 10;
            require(_owners[length][shorter] == bytes32(0), PrefixTaken(shorter, length));
            _divided[length][shorter] = true;
        }

        emit PrefixAssigned(owner, prefix, digits, regulator);
    }

    /// @dev Reverts unless both are registered in one jurisdiction.
    function _checkRegulates(bytes32 regulator, bytes32 organisation) internal view {
        require(_isHome(regulator, organisation), ForeignRegulator(regulator, organisation));
    }

    function _isHome(bytes32 regulator, bytes32 organisation) internal view returns (bool) {
        return ACCREDITATION.jurisdictionOf(organisation) == ACCREDITATION.jurisdictionOf(regulator);
    }

    /* VIEWS */

    /// @inheritdoc IDrugProvenance
    function prefixOwnerOf(uint64 prefix, uint8 digits) public view returns (bytes32) {
        return _owners[digits][prefix];
    }
}
