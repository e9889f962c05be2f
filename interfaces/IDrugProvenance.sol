// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IDrugProvenance
/// @notice Where medicines are: each lot and pack from its maker through wholesaler and pharmacy to the one time it is dispensed.
/// @dev Everyone computes the same ids from what is printed on the package:
/// - lot = `keccak256(abi.encode(bytes32("lot"), uint64 gtin, string lotNumber))`
/// - pack = `keccak256(abi.encode(bytes32("sgtin"), uint64 gtin, string serial))`
/// - container (case, pallet) = `keccak256(abi.encode(bytes32("sscc"), string sscc))`
///
/// The packing hierarchy is a Merkle tree of trees, as OpenZeppelin's StandardMerkleTree builds them. The leaf of a unit is over
/// (lot, unit, content): for a container `content` is the root of what is in it, for a pack it is a random salt. So a lot of any
/// size is one write, and nobody guesses the neighbours of a pack from its proof. The unit stands in place of an index and the lot
/// in place of the organisation, because each of them occurs once.
///
/// A unit has a state of its own only once it was shipped by itself. Until then it is where the nearest unit around it is, and what
/// was never shipped is with the manufacturer. While a unit is on its way, that state is the id of its one live offer, which no
/// organisation can have as its id; so neither the unit nor anything in it is held by anyone.
///
/// The state of a unit is kept per lot, so that nobody can move a container of another lot by naming it in his own tree. The end of a
/// pack is kept per pack, so that a serial which was commissioned twice is still dispensed once.
///
/// A chain proves who said what and when, not what is in the box. A manufacturer that puts one pack into two containers of its tree
/// is not found out at commissioning: whichever holder ships or dispenses it first settles where it was.
///
/// All times are Unix seconds; intervals are half-open.
interface IDrugProvenance {
    /// @notice How a lot stands now.
    /// @dev The first that applies of: UNKNOWN, RECALLED, QUARANTINED, EXPIRED, ACTIVE. QUARANTINED is reserved: nothing sets it yet.
    enum LotStatus {
        UNKNOWN,
        ACTIVE,
        QUARANTINED,
        RECALLED,
        EXPIRED
    }

    /// @notice What a scanned pack is, in the spirit of the alert codes of the European verification system.
    /// @dev The first that applies of: UNKNOWN_SERIAL, LOT_MISMATCH, EXPIRY_MISMATCH, RECALLED, QUARANTINED, EXPIRED, ALREADY_DISPENSED,
    /// NOT_IN_CUSTODY, OK. QUARANTINED, STOLEN and EXPORTED are reserved: nothing sets them yet.
    enum Verdict {
        OK,
        UNKNOWN_SERIAL,
        LOT_MISMATCH,
        EXPIRY_MISMATCH,
        EXPIRED,
        RECALLED,
        QUARANTINED,
        ALREADY_DISPENSED,
        STOLEN,
        EXPORTED,
        NOT_IN_CUSTODY
    }

    /// @notice How dangerous a recalled lot is: CLASS_I can kill, CLASS_II can harm for a time, CLASS_III is unlikely to harm.
    enum RecallClass {
        NONE,
        CLASS_I,
        CLASS_II,
        CLASS_III
    }

    /// @notice How far down the chain a recall reaches: what must come back.
    enum RecallDepth {
        NONE,
        WHOLESALE,
        RETAIL,
        CONSUMER
    }

    /// @notice How the life of a pack ended.
    enum Fate {
        NONE,
        DISPENSED
    }

    /// @notice One production lot of one product.
    /// @param gtin The product as a GTIN of 14 digits.
    /// @param expiresAt First second in which it is expired.
    /// @param commissionedAt When it was commissioned; 0 if it never was.
    /// @param size How many packs it has; bounds the length of each proof.
    /// @param recallClass The class of its recall; NONE while it is not recalled.
    /// @param recallDepth How far the recall reaches; NONE while it is not recalled.
    /// @param manufacturer The organisation that commissioned it.
    /// @param unitsRoot The root of the tree of its outermost units.
    struct Lot {
        uint64 gtin;
        uint64 expiresAt;
        uint64 commissionedAt;
        uint32 size;
        RecallClass recallClass;
        RecallDepth recallDepth;
        bytes32 manufacturer;
        bytes32 unitsRoot;
    }

    /// @notice One unit on the way from the outermost container down to the unit in question.
    /// @dev A path has at most 8 steps and 32 hashes in all.
    /// @param unit The id of the container or pack.
    /// @param content For a container the root of the tree of what is in it, for a pack its salt.
    /// @param proof The siblings of its leaf, up to the content of the step before or to the root of the lot.
    struct Step {
        bytes32 unit;
        bytes32 content;
        bytes32[] proof;
    }

    /// @notice A shipment that waits for its receiver.
    /// @dev Its id is the lower 224 bits of `keccak256(abi.encode(offer))`.
    /// @param lot The lot.
    /// @param unit The container or pack that is shipped, with everything in it.
    /// @param from The organisation that ships.
    /// @param fromRole The role in which it ships, one bit of `Roles.CUSTODIANS`.
    /// @param to The organisation that is to receive.
    /// @param toRole The role in which it receives, one bit of `Roles.CUSTODIANS`.
    /// @param until First second in which it can no longer be received.
    struct Offer {
        bytes32 lot;
        bytes32 unit;
        bytes32 from;
        uint64 fromRole;
        bytes32 to;
        uint64 toRole;
        uint64 until;
    }

    /// @notice What a scanner read from a pack.
    /// @param gtin The product (GTIN of 14 digits).
    /// @param serial The serial number.
    /// @param lotNumber The lot number.
    /// @param expiresAt First second after the printed day of expiry.
    struct Scan {
        uint64 gtin;
        string serial;
        string lotNumber;
        uint64 expiresAt;
    }

    /// @notice The end of the life of a pack.
    /// @param endedAt When it ended; 0 while it has not.
    /// @param fate How it ended.
    /// @param by The first 20 bytes of the organisation that ended it.
    struct End {
        uint64 endedAt;
        Fate fate;
        bytes20 by;
    }

    /// @notice A GS1 company prefix was assigned.
    /// @param owner The organisation that may commission under it from now on.
    /// @param prefix The prefix as a number.
    /// @param digits How many digits it has, leading zeros included.
    /// @param regulator The organisation that assigned it.
    event PrefixAssigned(bytes32 indexed owner, uint64 indexed prefix, uint8 digits, bytes32 indexed regulator);

    /// @notice A lot was commissioned.
    /// @param lot The lot.
    /// @param manufacturer The organisation that made it.
    /// @param gtin The product (GTIN of 14 digits).
    /// @param lotNumber The lot number as printed.
    /// @param expiresAt First second in which it is expired (Unix seconds).
    /// @param size How many packs it has.
    /// @param unitsRoot The root of the tree of its outermost units.
    event LotCommissioned(
        bytes32 indexed lot,
        bytes32 indexed manufacturer,
        uint64 indexed gtin,
        string lotNumber,
        uint64 expiresAt,
        uint32 size,
        bytes32 unitsRoot
    );

    /// @notice A unit was given on its way and waits for its receiver.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param to The organisation that is to receive.
    /// @param from The organisation that ships.
    /// @param fromRole The role in which it ships, one bit of `Roles`.
    /// @param toRole The role in which it is to be received, one bit of `Roles`.
    /// @param until First second in which it can no longer be received (Unix seconds).
    event UnitShipped(
        bytes32 indexed lot,
        bytes32 indexed unit,
        bytes32 indexed to,
        bytes32 from,
        uint64 fromRole,
        uint64 toRole,
        uint64 until
    );

    /// @notice A unit arrived: its receiver holds it from now on.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param to The organisation that received.
    /// @param from The organisation that shipped.
    event UnitReceived(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed to, bytes32 from);

    /// @notice The receiver did not take a shipment: its sender holds the unit again.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param to The organisation that refused.
    /// @param from The organisation that had shipped.
    event ShipmentRefused(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed to, bytes32 from);

    /// @notice A shipment that had not been received ended: its sender holds the unit again.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param to The organisation that was to receive.
    /// @param from The organisation that had shipped.
    event ShipmentTakenBack(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed to, bytes32 from);

    /// @notice A pack was dispensed.
    /// @param pack The pack.
    /// @param lot Its lot.
    /// @param pharmacy The organisation that dispensed it.
    event PackDispensed(bytes32 indexed pack, bytes32 indexed lot, bytes32 indexed pharmacy);

    /// @notice A lot was recalled, or its recall was made stronger.
    /// @param lot The lot.
    /// @param organisation The organisation that recalled it.
    /// @param recallClass How dangerous it is.
    /// @param recallDepth What must come back.
    event RecallIssued(
        bytes32 indexed lot,
        bytes32 indexed organisation,
        RecallClass recallClass,
        RecallDepth recallDepth
    );

    /// @notice This GS1 company prefix does not belong to this organisation, or is not the prefix of this product.
    /// @param prefix The prefix as a number.
    /// @param digits How many digits it has.
    /// @param organisation The organisation.
    error PrefixNotOwned(uint64 prefix, uint8 digits, bytes32 organisation);

    /// @notice This GS1 company prefix, a part of it or a longer one is assigned already.
    /// @param prefix The prefix that is in the way, as a number.
    /// @param digits How many digits it has.
    error PrefixTaken(uint64 prefix, uint8 digits);

    /// @notice A GS1 company prefix has 4 to 12 digits.
    /// @param prefix The number that was given.
    /// @param digits How many digits it was said to have.
    error InvalidPrefix(uint64 prefix, uint8 digits);

    /// @notice This regulator is not of the jurisdiction of the organisation.
    /// @param regulator The organisation that regulates.
    /// @param organisation The organisation that it regulates.
    error ForeignRegulator(bytes32 regulator, bytes32 organisation);

    /// @notice This is not a GTIN of 14 digits with a correct check digit.
    /// @param gtin The number that was given.
    error BadCheckDigit(uint64 gtin);

    /// @notice This lot is commissioned already.
    /// @param lot The lot.
    error LotExists(bytes32 lot);

    /// @notice This lot was never commissioned.
    /// @param lot The lot.
    error UnknownLot(bytes32 lot);

    /// @notice The lot is expired.
    /// @param lot The lot.
    error LotExpired(bytes32 lot);

    /// @notice The lot is recalled.
    /// @param lot The lot.
    error LotRecalled(bytes32 lot);

    /// @notice The lot is quarantined.
    /// @param lot The lot.
    error LotQuarantined(bytes32 lot);

    /// @notice A lot number has 1 to 20 characters.
    /// @param length How many it has.
    error InvalidLotNumber(uint256 length);

    /// @notice A lot needs at least one pack and the root of its units.
    error EmptyLot();

    /// @notice The path does not prove that this unit belongs to this lot.
    /// @param lot The lot.
    /// @param unit The container or pack.
    error UnitNotProven(bytes32 lot, bytes32 unit);

    /// @notice This organisation does not hold this unit.
    /// @param unit The container or pack.
    /// @param organisation The organisation.
    /// @param custodian Who holds it; zero while it is on its way.
    error NotInCustody(bytes32 unit, bytes32 organisation, bytes32 custodian);

    /// @notice This shipment is not on its way: it was received, refused or taken back, or there never was one.
    /// @param offer The id of the offer.
    error OfferNotLive(bytes32 offer);

    /// @notice The time to receive this shipment is over, or was over when it was to be shipped.
    /// @param until First second in which it can no longer be received (Unix seconds).
    error OfferExpired(uint64 until);

    /// @notice Nobody can hold medicines in this role.
    /// @param role The role that was given, as bits of `Roles`.
    error NotCustodialRole(uint64 role);

    /// @notice The id of this organisation looks like the id of a shipment, so it cannot hold medicines.
    /// @param organisation The organisation.
    error ReservedIdentifier(bytes32 organisation);

    /// @notice The pack was dispensed before.
    /// @param pack The pack.
    /// @param endedAt When it was dispensed (Unix seconds).
    error AlreadyDispensed(bytes32 pack, uint64 endedAt);

    /// @notice A recall must name a class and a depth, and a later one must be stronger than the one before.
    /// @param recallClass The class that stands.
    /// @param recallDepth The depth that stands.
    error RecallNotStronger(RecallClass recallClass, RecallDepth recallDepth);

    /// @notice Assigns a GS1 company prefix to `owner`, for ever.
    /// @dev No prefix is part of another, so every product has at most one owner. The regulator is trusted to have seen the licence: a prefix
    /// that is assigned to the wrong organisation stays assigned. Emits {PrefixAssigned}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `regulator` as REGULATOR.
    /// - {ForeignRegulator} if `owner` is not of the regulator's jurisdiction.
    /// - {InvalidPrefix} if it does not have 4 to 12 digits.
    /// - {PrefixTaken} if it, a shorter or a longer form of it is assigned.
    ///
    /// @param regulator The organisation that the caller acts for.
    /// @param owner The organisation that gets the prefix.
    /// @param prefix The prefix as a number.
    /// @param digits How many digits it has, leading zeros included.
    function assignPrefix(bytes32 regulator, bytes32 owner, uint64 prefix, uint8 digits) external;

    /// @notice Records a new lot with all its packs, at the same cost for one as for a million.
    /// @dev Not checked: what the tree holds. What is not in it cannot be proven later. Emits {LotCommissioned}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `manufacturer` as MANUFACTURER.
    /// - {ReservedIdentifier} if the id of the manufacturer looks like the id of an offer.
    /// - {BadCheckDigit} if `gtin` is not one.
    /// - {InvalidPrefix} if `prefixDigits` is more than 12.
    /// - {PrefixNotOwned} if the first `prefixDigits` digits after the indicator are not a prefix of the manufacturer.
    /// - {InvalidLotNumber} if it does not have 1 to 20 characters.
    /// - {LotExpired} if `expiresAt` is not in the future.
    /// - {EmptyLot} if `size` or `unitsRoot` is zero.
    /// - {LotExists} if this lot of this product is commissioned.
    ///
    /// @param manufacturer The organisation that the caller acts for.
    /// @param gtin The product (GTIN of 14 digits).
    /// @param prefixDigits How many digits the company prefix of the GTIN has.
    /// @param lotNumber The lot number as printed.
    /// @param expiresAt First second in which the lot is expired (Unix seconds).
    /// @param size How many packs it has.
    /// @param unitsRoot The root of the tree of its outermost units.
    function commission(
        bytes32 manufacturer,
        uint64 gtin,
        uint8 prefixDigits,
        string calldata lotNumber,
        uint64 expiresAt,
        uint32 size,
        bytes32 unitsRoot
    ) external;

    /// @notice Gives a unit, with everything in it, on its way to another organisation.
    /// @dev From now on nobody holds it, until it is received, refused or taken back. A unit that was shipped before needs no path.
    /// Emits {UnitShipped}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `offer.from` in `offer.fromRole`.
    /// - `NotAccredited` if `offer.to` is not accredited for `offer.toRole` now.
    /// - {NotCustodialRole} if one of the roles does not hold medicines.
    /// - {ReservedIdentifier} if the id of the receiver looks like the id of an offer.
    /// - {OfferExpired} if `offer.until` is not in the future.
    /// - {UnknownLot}, {LotRecalled} or {LotExpired} if the lot is not active.
    /// - {AlreadyDispensed} if it is a pack that was.
    /// - {UnitNotProven} if the path does not lead from the lot to the unit.
    /// - {NotInCustody} if `offer.from` does not hold it.
    ///
    /// @param offer What goes from whom to whom, and until when it can be received.
    /// @param path From the outermost container down to the unit, the unit included.
    function ship(Offer calldata offer, Step[] calldata path) external;

    /// @notice Takes over a unit that is on its way to the caller's organisation.
    /// @dev Both sides must be accredited now, whatever they were when it was shipped. Its name is longer than its neighbours' because
    /// Solidity keeps the shorter one for Ether. Emits {UnitReceived}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if this very offer is not on its way.
    /// - {OfferExpired} if its time is over.
    /// - `NotAuthorised` if the caller does not act for `offer.to` in `offer.toRole`.
    /// - `NotAccredited` if `offer.from` is no longer accredited for `offer.fromRole`.
    /// - {LotRecalled} or {LotExpired} if the lot is not active.
    ///
    /// @param offer The offer as it was shipped.
    function receiveUnit(Offer calldata offer) external;

    /// @notice Sends a shipment back: its sender holds the unit again.
    /// @dev Also of a recalled or expired lot. Emits {ShipmentRefused}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if this very offer is not on its way.
    /// - `NotAuthorised` if the caller does not act for `offer.to`.
    ///
    /// @param offer The offer as it was shipped.
    function refuse(Offer calldata offer) external;

    /// @notice Ends a shipment that was not received: its sender holds the unit again.
    /// @dev The sender may do so at any time, and anyone once the offer has expired, so that nothing stays on its way for ever. Also of a
    /// recalled or expired lot. Emits {ShipmentTakenBack}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if this very offer is not on its way.
    /// - `NotAuthorised` if the offer has not expired and the caller does not act for `offer.from`.
    ///
    /// @param offer The offer as it was shipped.
    function takeBack(Offer calldata offer) external;

    /// @notice Dispenses a pack: the one time that it can be.
    /// @dev Says nothing about who gets it. A pack that was shipped by itself needs no path. Emits {PackDispensed}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `pharmacy` as PHARMACY.
    /// - {UnknownLot}, {LotRecalled} or {LotExpired} if the lot is not active.
    /// - {AlreadyDispensed} if it was, here or in another lot with the same serial.
    /// - {UnitNotProven} if the path does not lead from the lot to the pack.
    /// - {NotInCustody} if the pharmacy does not hold it.
    ///
    /// @param pharmacy The organisation that the caller acts for.
    /// @param lot The lot.
    /// @param serial The serial number of the pack; with the product of the lot it names the pack.
    /// @param path From the outermost container down to the pack, the pack included.
    function dispense(bytes32 pharmacy, bytes32 lot, string calldata serial, Step[] calldata path) external;

    /// @notice Recalls a lot: from this block on no unit of it, however deep, is shipped, received or dispensed.
    /// @dev Final. It can be made stronger (a more dangerous class, a greater depth) and never weaker. Emits {RecallIssued}.
    ///
    /// Reverts with:
    /// - {UnknownLot} if it was never commissioned.
    /// - `NotAuthorised` if the caller does not act for `organisation` as MANUFACTURER, where it made the lot, else as REGULATOR.
    /// - {ForeignRegulator} if a regulator is not of the manufacturer's jurisdiction.
    /// - {RecallNotStronger} if the class or depth is missing, weaker, or both stand already.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param lot The lot.
    /// @param recallClass How dangerous it is.
    /// @param recallDepth What must come back.
    function recall(bytes32 organisation, bytes32 lot, RecallClass recallClass, RecallDepth recallDepth) external;

    /// @notice Says what a scanned pack is.
    /// @dev Never reverts for what was scanned: a path that proves nothing is UNKNOWN_SERIAL. A pack that was shipped by itself or has ended
    /// needs no path.
    /// @param lot The lot in which the pack was commissioned, as its packing list says; compared with the scanned one.
    /// @param scan What was read from the pack.
    /// @param holder The organisation that should hold it; zero asks about no one.
    /// @param path From the outermost container down to the pack, the pack included.
    /// @return The verdict as of now.
    function verifyPack(
        bytes32 lot,
        Scan calldata scan,
        bytes32 holder,
        Step[] calldata path
    ) external view returns (Verdict);

    /// @notice How a lot stands now.
    /// @param lot The lot.
    /// @return UNKNOWN if it was never commissioned.
    function lotStatus(bytes32 lot) external view returns (LotStatus);

    /// @notice The record of a lot.
    /// @param lot The lot.
    /// @return All zero if it was never commissioned.
    function lotOf(bytes32 lot) external view returns (Lot memory);

    /// @notice Who holds a unit now.
    /// @dev Reverts with {UnitNotProven} if the path does not lead from the lot to the unit and the unit has no state of its own.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param path From the outermost container down to the unit, the unit included.
    /// @return custodian The organisation; zero while the unit is on its way or after a pack was dispensed.
    /// @return offer The id of the offer with which it, or what it is in, is on its way; zero if it is not.
    function custodyOf(
        bytes32 lot,
        bytes32 unit,
        Step[] calldata path
    ) external view returns (bytes32 custodian, bytes32 offer);

    /// @notice How the life of a pack ended.
    /// @param pack The pack.
    /// @return All zero while it has not.
    function endOf(bytes32 pack) external view returns (End memory);

    /// @notice Who may commission under a GS1 company prefix.
    /// @param prefix The prefix as a number.
    /// @param digits How many digits it has.
    /// @return The organisation; zero if it is not assigned.
    function prefixOwnerOf(uint64 prefix, uint8 digits) external view returns (bytes32);
}
