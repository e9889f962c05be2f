// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title ColdChain
/// @notice Whether what a logger measured on the way of a shipment lets its receiver use it.
library ColdChain {
    bytes32 private constant _REPORT = keccak256(
        "Report(address registry,bytes32 offer,bytes32 root,uint32 count,uint64 from,uint64 until,int16 min,int16 max,"
        "uint32 excursion,uint32 gap,int16 kinetic)"
    );

    /// @notice What a logger signs: the hash of its report on one offer.
    /// @dev The nine words of the report stand in the calldata, after the six of the offer, as they are hashed.
    function statement(bytes32 offer) internal view returns (bytes32) {
        return keccak256(bytes.concat(abi.encode(_REPORT, address(this), offer), msg.data[196:484]));
    }

    /// @notice Whether a report covers the way from `loggedFrom` to `arrivedAt`, and is within a policy.
    function isWithin(
        IDrugProvenance.Policy storage policy,
        IDrugProvenance.Report calldata report,
        uint256 loggedFrom,
        uint256 arrivedAt
    ) internal view returns (bool) {
        (uint256 from, uint256 until, uint256 gap) = (report.from, report.until, policy.maxGap);
        if (until > block.timestamp + 15 minutes) return false;
        if (from > loggedFrom + gap || until + gap < arrivedAt || from > until) return false;
        // Fewer readings than that leave a gap that the report does not tell.
        if (report.gap > gap || report.count == 0 || (report.count - 1) * gap < until - from) return false;
        if (report.excursion > policy.maxExcursion || (!_isInside(policy, report) && report.excursion == 0))
            return false;
        return report.kinetic <= policy.maxKinetic;
    }

    /// @notice Whether two policies have one range, or all that was measured is inside of both.
    /// @dev Otherwise nobody knows by which of the two the seconds outside were counted.
    function isPlain(
        IDrugProvenance.Policy storage policy,
        IDrugProvenance.Policy storage other,
        IDrugProvenance.Report calldata report
    ) internal view returns (bool) {
        bool isSame = policy.min == other.min && policy.max == other.max;
        return isSame || (_isInside(policy, report) && _isInside(other, report));
    }

    function _isInside(
        IDrugProvenance.Policy storage policy,
        IDrugProvenance.Report calldata report
    ) private view returns (bool) {
        return report.min >= policy.min && report.max <= policy.max;
    }
}
