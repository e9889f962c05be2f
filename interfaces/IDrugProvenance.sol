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
/// A unit has a state of its own only once something happened to it by itself: it was shipped, packed into another container, flagged
/// or ended. Until then it is as the nearest unit around it is, and what was never shipped is with the manufacturer. So a pallet that is
/// stolen or frozen is so with everything in it, at the cost of one word. While a unit is on its way, that word is the id of its one live
/// offer, so neither the unit nor anything in it is held by anyone.
///
/// The state of a unit is kept per lot, so that nobody can move a container of another lot by naming it in his own tree. The end of a
/// pack is kept per pack, so that a serial which was commissioned twice is still dispensed once.
///
/// Containers that are packed later belong to a *mix*: up to 8 lots that one packer names, at one of 8 levels. The id of a mix stands
/// wherever that of a lot does: `(keccak256(abi.encode(bytes32 packer, uint8 level, bytes32[] lots)) & ~0xff) | level`. A mix is as its worst lot
/// is, so a recall of one of its lots stops the container too. What is in a container is of a lower level, so no container comes into
/// itself; and only its packer puts anything into a container of a mix, so nobody's goods end in another's container.
///
/// A custodian is known by its *mark*: the first 16 bytes of `keccak256(abi.encode(organisation))`, their first bit set. Hashed, because an authority
/// may register any id, also one that begins as that of an organisation of another jurisdiction.
///
/// The *source* of a unit is who sold it to its holder: the last 15 bytes of the seller's mark; zero if it comes from its manufacturer's own
/// hands, from a return or from a quarantine. A carrier trades with nobody: its source also tells in its first byte for whom it carries (1
/// a pharmacy, hospital or vaccinator, 2 a wholesaler, 3 a manufacturer). What it carries it hands on as a carrier, whatever else it is.
///
/// A chain proves who said what and when, not what is in the box. A manufacturer that puts one pack into two containers of its tree
/// is not found out at commissioning: whichever holder ships or dispenses it first settles where it was.
///
/// All times are Unix seconds; intervals are half-open.
interface IDrugProvenance {
    /// @notice How a lot stands now.
    /// @dev The first that applies of: UNKNOWN, RECALLED, QUARANTINED, EXPIRED, ACTIVE. A mix is RECALLED if one of its lots is, else as
    /// one of those that are not ACTIVE. QUARANTINED is a lot that is under suspicion or found illegitimate.
    enum LotStatus {
        UNKNOWN,
        ACTIVE,
        QUARANTINED,
        RECALLED,
        EXPIRED
    }

    /// @notice What a scanned pack is, in the spirit of the alert codes of the European verification system.
    /// @dev The first that applies of: UNKNOWN_SERIAL, LOT_MISMATCH, EXPIRY_MISMATCH, RECALLED, QUARANTINED (the lot), EXPIRED,
    /// ALREADY_DISPENSED (also an opened pack, but for the pharmacy that opened it), STOLEN, EXPORTED, DESTROYED, QUARANTINED (the pack or
    /// what it is in: quarantined, illegitimate or waiting for its report), NOT_IN_CUSTODY, OK.
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
        NOT_IN_CUSTODY,
        DESTROYED
    }

    /// @notice What became of a unit.
    /// @dev IN_TRANSIT waits for its receiver. INSIDE is in a container, whose state is its own; no view ever answers it. AWAITING arrived and
    /// waits for the report of its temperatures. ILLEGITIMATE, STOLEN, EXPORTED and DESTROYED are for ever, but that what is
    /// illegitimate may still be stolen or destroyed. HELD is in the hands of its holder, free to be used.
    enum State {
        IN_TRANSIT,
        INSIDE,
        AWAITING,
        QUARANTINED,
        ILLEGITIMATE,
        STOLEN,
        EXPORTED,
        DESTROYED,
        HELD
    }

    /// @notice What is thought of a whole lot: nothing, that it is suspect, or for ever that it is illegitimate.
    enum Suspicion {
        NONE,
        SUSPECT,
        ILLEGITIMATE
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

    /// @notice One production lot of one product.
    /// @param gtin The product as a GTIN of 14 digits.
    /// @param expiresAt First second in which it is expired.
    /// @param commissionedAt When it was commissioned; 0 if it never was.
    /// @param size How many packs it has; bounds the length of each proof.
    /// @param recallClass The class of its recall; NONE while it is not recalled.
    /// @param recallDepth How far the recall reaches; NONE while it is not recalled.
    /// @param suspicion What is thought of it.
    /// @param isCold Whether its product had a temperature policy when it was commissioned.
    /// @param manufacturer The organisation that commissioned it; of a mix, whose other fields are zero, the one that packs it.
    /// @param unitsRoot The root of the tree of its outermost units.
    struct Lot {
        uint64 gtin;
        uint64 expiresAt;
        uint64 commissionedAt;
        uint32 size;
        RecallClass recallClass;
        RecallDepth recallDepth;
        Suspicion suspicion;
        bool isCold;
        bytes32 manufacturer;
        bytes32 unitsRoot;
    }

    /// @notice One unit on the way from the outermost container down to the unit in question.
    /// @dev A path has at most 8 steps and 32 hashes in all. What follows from the rest is not read, and costs less as zero: the unit of the last
    /// step, which every call names, and the content of all others, which is what the next step proves.
    /// @param unit The id of the container or pack.
    /// @param content For a container the root of the tree of what is in it, for a pack its salt.
    /// @param proof The siblings of its leaf, up to the content of the step before or to the root of the lot.
    struct Step {
        bytes32 unit;
        bytes32 content;
        bytes32[] proof;
    }

    /// @notice One unit, with what proves it.
    /// @param lot Its lot, or its mix.
    /// @param unit The id of the container or pack.
    /// @param path From the outermost container down to the unit, the unit included; empty if the unit has a state of its own.
    struct Item {
        bytes32 lot;
        bytes32 unit;
        Step[] path;
    }

    /// @notice A shipment that waits for its receiver.
    /// @dev Its id is the lower 192 bits of `keccak256(abi.encode(offer))`.
    /// @param lot The lot or mix.
    /// @param unit The container or pack that is shipped, with everything in it.
    /// @param from The organisation that ships.
    /// @param to The organisation that is to receive.
    /// @param terms In 16 bytes the source of the unit in the sender's hands, see {custodyOf}; in 2 each the role in which it is shipped and that in
    /// which it is received, bits of `Roles.CUSTODIANS`; in 6 each the first second in which it can no longer be received, and since when its
    /// logger measures, not in the future (Unix seconds).
    /// @param logger The account whose key is in the logger that travels with a cold lot; zero with any other.
    struct Offer {
        bytes32 lot;
        bytes32 unit;
        bytes32 from;
        bytes32 to;
        bytes32 terms;
        address logger;
    }

    /// @notice What the temperature of a product may be on its way. Temperatures in hundredths of a degree Celsius, times in seconds.
    /// @param min The lowest.
    /// @param max The highest.
    /// @param maxKinetic The highest mean kinetic temperature.
    /// @param maxExcursion How long in all it may be below the lowest or above the highest.
    /// @param maxGap The longest time between two readings; 0 if the product need not be kept cold.
    /// @param reportWithin How long after its arrival the report may come.
    struct Policy {
        int16 min;
        int16 max;
        int16 maxKinetic;
        uint32 maxExcursion;
        uint32 maxGap;
        uint32 reportWithin;
    }

    /// @notice What a logger measured on the way of one shipment. Temperatures in hundredths of a degree Celsius.
    /// @param root The root of the tree of the readings.
    /// @param count How many readings there are.
    /// @param from When the first was taken (Unix seconds).
    /// @param until When the last was taken (Unix seconds).
    /// @param min The lowest.
    /// @param max The highest.
    /// @param excursion For how many seconds it was outside the range of the policy.
    /// @param gap The longest time between two readings, in seconds.
    /// @param kinetic The mean kinetic temperature.
    struct Report {
        bytes32 root;
        uint32 count;
        uint64 from;
        uint64 until;
        int16 min;
        int16 max;
        uint32 excursion;
        uint32 gap;
        int16 kinetic;
    }

    /// @notice What of a pack is dispensed, and for which prescription.
    /// @param prescription The keyed hash of a prescription and the number of its refill, which nobody can guess; zero without one.
    /// @param portion How many parts of the pack are given out; 0 for the whole pack.
    /// @param whole Of how many parts the pack is thought to consist, for all its portions alike; 0 for the whole pack.
    struct Filling {
        bytes32 prescription;
        uint16 portion;
        uint16 whole;
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

    /// @notice How far a pack was dispensed.
    /// @param endedAt When it was dispensed, or opened (Unix seconds); 0 while it was not.
    /// @param by The mark of the pharmacy.
    /// @param taken How many parts of it are given out; 0 if it was dispensed whole. As many as `whole` where nothing is left.
    /// @param whole Of how many parts it consists; 0 if it was dispensed whole.
    /// @param fills How many prescriptions were filled with it, at most 255.
    struct End {
        uint64 endedAt;
        bytes16 by;
        uint16 taken;
        uint16 whole;
        uint8 fills;
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

    /// @notice The temperatures that a product may have on its way were laid down, for shipments of which no report came yet.
    /// @param gtin The product (GTIN of 14 digits).
    /// @param manufacturer The organisation that makes it.
    /// @param policy The policy.
    event PolicyChanged(uint64 indexed gtin, bytes32 indexed manufacturer, Policy policy);

    /// @notice A unit was given on its way and waits for its receiver.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param to The organisation that is to receive.
    /// @param from The organisation that ships.
    /// @param terms Its source, its roles and its times, as in the {Offer}.
    /// @param logger The account of the logger that travels with it; zero without one.
    event UnitShipped(
        bytes32 indexed lot,
        bytes32 indexed unit,
        bytes32 indexed to,
        bytes32 from,
        bytes32 terms,
        address logger
    );

    /// @notice A unit arrived: it is with its receiver from now on.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param to The organisation that received.
    /// @param from The organisation that shipped.
    /// @param state HELD, AWAITING its report if the lot must be kept cold, or QUARANTINED if it is a return that cannot be sold again.
    event UnitReceived(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed to, bytes32 from, State state);

    /// @notice A unit was not in the shipment that it should have been in: it is with the sender again.
    /// @param lot Its lot, or its mix.
    /// @param unit The container or pack that is missing.
    /// @param to The organisation that received.
    /// @param from The organisation that had shipped.
    event MissingReported(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed to, bytes32 from);

    /// @notice A unit of the sender was in a shipment that it does not belong to; it is the sender's until the sender ships it.
    /// @param lot Its lot, or its mix.
    /// @param unit The container or pack that is too much.
    /// @param to The organisation that received.
    /// @param from The organisation that had shipped.
    event ExtraReported(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed to, bytes32 from);

    /// @notice A logger's report came, or the receiver gave up waiting for it.
    /// @param lot The lot or mix.
    /// @param unit The container or pack.
    /// @param to The organisation that received.
    /// @param offer The id of the offer with which it came.
    /// @param root The root of the tree of the readings.
    /// @param state HELD if all was in order, else QUARANTINED.
    event ReadingsReported(
        bytes32 indexed lot,
        bytes32 indexed unit,
        bytes32 indexed to,
        bytes32 offer,
        bytes32 root,
        State state
    );

    /// @notice A packer began to pack containers of several lots.
    /// @param mix The mix.
    /// @param packer The organisation that packs it.
    /// @param level The level, above that of everything in it.
    /// @param lots The lots.
    event MixRegistered(bytes32 indexed mix, bytes32 indexed packer, uint8 level, bytes32[] lots);

    /// @notice A unit was put into a container, which is its packer's.
    /// @param lot The lot of the unit, or its mix.
    /// @param unit The container or pack.
    /// @param container The container that it is in now.
    /// @param mix The mix of that container.
    event UnitPacked(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed container, bytes32 mix);

    /// @notice A unit was taken out of a container: it is held as the container is.
    /// @param lot The lot of the unit, or its mix.
    /// @param unit The container or pack.
    /// @param container The container that it was in.
    /// @param mix The mix of that container.
    event UnitUnpacked(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed container, bytes32 mix);

    /// @notice A unit left the chain, with everything in it.
    /// @param lot The lot or mix.
    /// @param unit The container or pack.
    /// @param organisation The organisation that held it.
    /// @param fate STOLEN, EXPORTED or DESTROYED.
    event UnitEnded(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed organisation, State fate);

    /// @notice A unit, or a whole lot, was stopped because it may not be genuine or good.
    /// @param lot The lot or mix.
    /// @param unit The container or pack; zero for the whole lot.
    /// @param organisation The organisation that flagged it.
    /// @param custodian The mark of who holds the unit, or shipped it while it is on its way; zero for the whole lot.
    /// @param carriedFor For whom its holder carries it: 3 a manufacturer, 2 a wholesaler, 1 anyone else; 0 if for nobody, or the whole lot.
    event SuspectFlagged(
        bytes32 indexed lot,
        bytes32 indexed unit,
        bytes32 indexed organisation,
        bytes16 custodian,
        uint8 carriedFor
    );

    /// @notice What was stopped was looked into.
    /// @param lot The lot or mix.
    /// @param unit The container or pack; zero for the whole lot.
    /// @param organisation The organisation that decided.
    /// @param isCleared Whether it may be used again; else it is illegitimate for ever.
    /// @param justification The salted hash of the reasons.
    event SuspectResolved(
        bytes32 indexed lot,
        bytes32 indexed unit,
        bytes32 indexed organisation,
        bool isCleared,
        bytes32 justification
    );

    /// @notice An organisation says that it knows of a recall or of an illegitimate unit.
    /// @param lot The lot or mix.
    /// @param unit The container or pack; zero for the whole lot.
    /// @param organisation The organisation.
    event NoticeAcknowledged(bytes32 indexed lot, bytes32 indexed unit, bytes32 indexed organisation);

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

    /// @notice A pack, or a portion of one, was dispensed.
    /// @param pack The pack.
    /// @param lot Its lot.
    /// @param pharmacy The organisation that dispensed it.
    /// @param prescription The keyed hash of the prescription and its refill; zero without one.
    /// @param portion How many parts of it; 0 for the whole pack.
    /// @param whole Of how many parts it consists; 0 for the whole pack.
    event PackDispensed(
        bytes32 indexed pack,
        bytes32 indexed lot,
        bytes32 indexed pharmacy,
        bytes32 prescription,
        uint16 portion,
        uint16 whole
    );

    /// @notice All that was dispensed of a pack came back before it left the pharmacy's hands.
    /// @param pack The pack.
    /// @param pharmacy The organisation that had dispensed it.
    /// @param prescriptions What can be filled again.
    event DispenseReversed(bytes32 indexed pack, bytes32 indexed pharmacy, bytes32[] prescriptions);

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

    /// @notice This organisation does not hold this unit, only carries it, or is not free to use it.
    /// @param unit The container or pack.
    /// @param organisation The organisation.
    /// @param state What became of the unit, or of what it is in.
    /// @param custodian The mark of who holds it, or held it last; zero while it is on its way or waits for its report.
    error NotInCustody(bytes32 unit, bytes32 organisation, State state, bytes16 custodian);

    /// @notice The offer names another source of this unit than the one it has.
    /// @param unit The container or pack.
    /// @param source The source that it has.
    error WrongSource(bytes32 unit, bytes16 source);

    /// @notice What must be kept cold travels with a logger that measures already, and nothing else does.
    /// @param logger The account of the logger that was named.
    /// @param loggedFrom Since when it was said to measure (Unix seconds).
    error WrongLogger(address logger, uint64 loggedFrom);

    /// @notice This unit is in a container already: take it out first.
    /// @param lot The lot.
    /// @param unit The container or pack.
    error AlreadyPacked(bytes32 lot, bytes32 unit);

    /// @notice This unit is not in this container, or not in this shipment.
    /// @param lot The lot.
    /// @param unit The container or pack.
    /// @param place The last 28 bytes of `keccak256(abi.encode(mix, container))`, or the id of the offer.
    error NotInside(bytes32 lot, bytes32 unit, bytes32 place);

    /// @notice A container that is packed later names 1 to 8 lots and a level from 1 to 8, above the level of each thing in it.
    /// @param lots How many lots were named.
    /// @param level The level.
    error InvalidMix(uint256 lots, uint8 level);

    /// @notice This lot is not among those that the container names.
    /// @param lot The lot.
    error LotNotListed(bytes32 lot);

    /// @notice So many cannot come at once: 1 to 200 units, or the prescriptions that were filled with a pack.
    /// @param count How many came.
    error InvalidCount(uint256 count);

    /// @notice A unit leaves the chain as stolen, exported or destroyed.
    /// @param fate What was given.
    error NotAnEnd(State fate);

    /// @notice This is not under suspicion.
    /// @param lot The lot.
    /// @param unit The container or pack; zero for the whole lot.
    error NotSuspect(bytes32 lot, bytes32 unit);

    /// @notice What was stopped is not set free without a reason.
    error MissingJustification();

    /// @notice There is nothing that this organisation has to acknowledge here.
    /// @param organisation The organisation.
    /// @param acknowledgedAt When it did last (Unix seconds); 0 if it never did.
    error NothingToAcknowledge(bytes32 organisation, uint64 acknowledgedAt);

    /// @notice So much cannot be taken from this pack: more than is left, of another number of parts, or for more than 255 prescriptions.
    /// @param pack The pack.
    /// @param taken How many parts of it are given out.
    error InvalidPortion(bytes32 pack, uint16 taken);

    /// @notice This prescription, or this refill of it, was filled before.
    /// @param prescription Its keyed hash.
    error PrescriptionFilled(bytes32 prescription);

    /// @notice This prescription was not filled with this pack.
    /// @param prescription Its keyed hash.
    /// @param pack The pack.
    error NotFilledWith(bytes32 prescription, bytes32 pack);

    /// @notice Only the pharmacy that dispensed a pack can take that back, within 10 days.
    /// @param pack The pack.
    /// @param endedAt When it was dispensed or opened (Unix seconds); 0 if it was not.
    error NotUndoable(bytes32 pack, uint64 endedAt);

    /// @notice This shipment is not on its way: it was received, refused or taken back, or there never was one.
    /// @param offer The id of the offer.
    error OfferNotLive(bytes32 offer);

    /// @notice The time to receive this shipment is over, or was over when it was to be shipped.
    /// @param until First second in which it can no longer be received (Unix seconds).
    error OfferExpired(uint64 until);

    /// @notice Nobody can hold medicines in this role.
    /// @param role The role that was given, as bits of `Roles`.
    error NotCustodialRole(uint64 role);

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

    /// @notice Lays down what the temperature of a product may be on its way.
    /// @dev Lots that are commissioned from now on ship only with a logger, and a report is judged by the policy at its time. Lots that were
    /// commissioned without a policy stay without. Emits {PolicyChanged}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `manufacturer` as MANUFACTURER.
    /// - {BadCheckDigit}, {InvalidPrefix} or {PrefixNotOwned} if it is not a product of the manufacturer.
    ///
    /// @param manufacturer The organisation that the caller acts for.
    /// @param gtin The product (GTIN of 14 digits).
    /// @param prefixDigits How many digits the company prefix of the GTIN has.
    /// @param policy The policy; with a `maxGap` of 0 the product need not be kept cold.
    function changePolicy(bytes32 manufacturer, uint64 gtin, uint8 prefixDigits, Policy calldata policy) external;

    /// @notice Gives a unit, with everything in it, on its way to another organisation.
    /// @dev From now on nobody holds it, until it is received, refused or taken back. A unit with a state of its own needs no path. If it was
    /// in a container, it left it. Expired goods stay where they are, until they are destroyed. Whether the receiver is accredited is asked
    /// when it receives: who is not can only refuse, or let the time pass. Emits {UnitShipped}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `offer.from` in the role that the offer names.
    /// - {NotCustodialRole} if one of the roles does not hold medicines.
    /// - {OfferExpired} if its time is over.
    /// - {UnknownLot}, {LotRecalled}, {LotQuarantined} or {LotExpired} if the lot is not active.
    /// - {WrongLogger} if the lot must be kept cold and no logger measures yet, or if it need not and a logger is named.
    /// - {AlreadyDispensed} if it is a pack that was, or was opened.
    /// - {UnitNotProven} if the path does not lead from the lot to the unit.
    /// - {NotInCustody} if `offer.from` does not hold it, or carries it and does not ship it as CARRIER.
    /// - {WrongSource} if the source in `offer.terms` is not the source of the unit.
    ///
    /// @param offer What goes from whom to whom, and until when it can be received.
    /// @param path From the outermost container down to the unit, the unit included.
    function ship(Offer calldata offer, Step[] calldata path) external;

    /// @notice Takes over a unit that is on its way to the caller's organisation.
    /// @dev Both sides must be accredited now, whatever they were when it was shipped. Its name is longer than its neighbours' because
    /// Solidity keeps the shorter one for Ether. Emits {UnitReceived}.
    ///
    /// What comes back, from a pharmacy, hospital or vaccinator to a wholesaler or manufacturer, or from a wholesaler to a manufacturer, is held
    /// only by the one who had sold it to whom it comes from; at anyone else it is QUARANTINED. What a carrier brings comes from whom it carries
    /// for. A lot that must be kept cold is AWAITING until {report}. An organisation that is accredited both as a wholesaler and as a
    /// pharmacy names itself the role in which it receives, and so whether it takes goods back.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if this very offer is not on its way.
    /// - {OfferExpired} if its time is over.
    /// - `NotAuthorised` if the caller does not act for `offer.to` in the role that the offer names.
    /// - `NotAccredited` if `offer.from` is no longer accredited for the role in which it shipped.
    /// - {LotRecalled}, {LotQuarantined} or {LotExpired} if the lot is not active.
    ///
    /// @param offer The offer as it was shipped.
    function receiveUnit(Offer calldata offer) external;

    /// @notice Takes over a unit as {receiveUnit} does, and says what is missing from it or too much in it.
    /// @dev What is missing stays the sender's, in quarantine if the shipment must be kept cold. What is too much is only reported: it is the
    /// sender's too, until the sender ships it, because otherwise a receiver could take from a sender what it likes. Emits
    /// {MissingReported} and {ExtraReported} for each discrepancy, then {UnitReceived}.
    ///
    /// Reverts as {receiveUnit}, and with:
    /// - {InvalidCount} if no unit, or more than 200, are missing or too much.
    /// - {UnitNotProven} if a path does not lead to its unit.
    /// - {NotInside} if what is said to be missing is not in this shipment, or is all of it.
    /// - {NotInCustody} if what is said to be too much is not the sender's.
    ///
    /// @param offer The offer as it was shipped.
    /// @param missing What is missing, each proven to be in the unit that was shipped.
    /// @param extra What is too much, each proven to be the sender's.
    function receiveExcept(Offer calldata offer, Item[] calldata missing, Item[] calldata extra) external;

    /// @notice Sends a shipment back: its sender holds the unit again, in quarantine if it must be kept cold.
    /// @dev Also of a recalled or expired lot. Emits {ShipmentRefused}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if this very offer is not on its way.
    /// - `NotAuthorised` if the caller does not act for `offer.to`.
    ///
    /// @param offer The offer as it was shipped.
    function refuse(Offer calldata offer) external;

    /// @notice Ends a shipment that was not received: its sender holds the unit again, in quarantine if it must be kept cold.
    /// @dev The sender may do so at any time, and anyone once the offer has expired, so that nothing stays on its way for ever. Also of a
    /// recalled or expired lot. Emits {ShipmentTakenBack}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if this very offer is not on its way.
    /// - `NotAuthorised` if the offer has not expired and the caller does not act for `offer.from`.
    ///
    /// @param offer The offer as it was shipped.
    function takeBack(Offer calldata offer) external;

    /// @notice Brings what the logger of a cold lot signed: the unit is free to be used, or in quarantine.
    /// @dev Anyone may bring it. The logger signs `Report(address registry,bytes32 offer,bytes32 root,uint32 count,uint64 from,uint64 until,int16 min,int16
    /// max,uint32 excursion,uint32 gap,int16 kinetic)` in the domain of the registry of patients, see {IPatientRegistry-isSigned}; `registry` is this contract. The
    /// unit is free only if the report came in time, covers the way from when its logger began to the arrival, up to the longest gap at either end,
    /// ends no more than 15 minutes ahead of the chain's clock, holds enough readings, and is within the policy of each cold lot in the unit. Where
    /// their ranges differ, everything that was measured must be inside of all: a report does not tell by which it counted.
    /// The readings themselves are not seen here: whoever has them computes the root and the figures again and compares. Otherwise it is in
    /// quarantine: by the receiver at any time, also without a signature, and by anyone once it is too late for a better report.
    /// Where the policy of each cold lot in it was switched off, the unit is free without a report. Emits {ReadingsReported}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if the unit does not wait for a report on this very offer.
    /// - `InvalidSignature` if it is not the logger's.
    /// - `NotAuthorised` if the unit would not be free, there is still time, and the caller does not act for `offer.to`.
    ///
    /// @param offer The offer as it was shipped.
    /// @param readings What the logger measured.
    /// @param signature What it signed; empty to give up, or where no report is needed any more.
    function report(Offer calldata offer, Report calldata readings, bytes calldata signature) external;

    /// @notice Puts units into a container of a mix, which the first such call makes.
    /// @dev The state of a unit is that of its container from now on. Emits {MixRegistered} for a new mix, and {UnitPacked} for each unit.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `organisation`.
    /// - {InvalidCount} if there is no child or more than 200.
    /// - {InvalidMix} if there are not 1 to 8 lots, if the level is not 1 to 8, or not above that of the mix of a child.
    /// - {LotNotListed} if a lot of a child is not among `lots`.
    /// - {AlreadyPacked} if a child is in a container that was packed later.
    /// - {UnitNotProven} if a path does not lead to its child, or the container has an id of zero.
    /// - {NotInCustody} if the organisation does not hold a child, or does not hold the container by itself, or only carries one of them.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param lots The lots of all that is or will be in the container; with organisation and level they name the mix.
    /// @param level 1 if only units of lots come into it, else above the level of each mix that does.
    /// @param container The id of the container.
    /// @param children What is put into it.
    function pack(
        bytes32 organisation,
        bytes32[] calldata lots,
        uint8 level,
        bytes32 container,
        Item[] calldata children
    ) external;

    /// @notice Takes units out of a container of a mix: they are held as the container is.
    /// @dev Also of a recalled or expired lot, and from a container in quarantine, in which what was in it stays: who oversees its lot
    /// decides. What was packed by its manufacturer needs no unpacking. Emits {UnitUnpacked} for each unit.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `organisation`.
    /// - {InvalidCount} if there is no child or more than 200.
    /// - {NotInCustody} if the organisation does not have the container.
    /// - {NotInside} if a child is not directly in it.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param mix The mix of the container.
    /// @param container The container.
    /// @param children What is taken out of it; no paths are needed.
    function unpack(bytes32 organisation, bytes32 mix, bytes32 container, Item[] calldata children) external;

    /// @notice Ends what an organisation holds, with everything in it, for ever.
    /// @dev Also what is recalled, expired or in quarantine, unless it is exported. Emits {UnitEnded}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `organisation`.
    /// - {NotAnEnd} if `fate` is not STOLEN, EXPORTED or DESTROYED.
    /// - {AlreadyDispensed} if it is a pack that was, or was opened.
    /// - {UnitNotProven} if the path does not lead to the unit.
    /// - {NotInCustody} if the organisation does not hold it, or may not export it because it is stopped or only carried.
    /// - {UnknownLot}, {LotRecalled}, {LotQuarantined} or {LotExpired} if it is exported and the lot is not active.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param item The unit.
    /// @param fate STOLEN, EXPORTED or DESTROYED.
    function end(bytes32 organisation, Item calldata item, State fate) external;

    /// @notice Dispenses a pack, or a portion of it: each part the one time that it can be.
    /// @dev Says nothing about who gets it. A pack with a state of its own needs no path. An opened pack goes on only at the pharmacy that
    /// opened it, in the same number of parts. Emits {PackDispensed}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `pharmacy` as PHARMACY.
    /// - {UnknownLot}, {LotRecalled}, {LotQuarantined} or {LotExpired} if the lot is not active.
    /// - {AlreadyDispensed} if it was, here or in another lot with the same serial, or was opened elsewhere or in other parts.
    /// - {InvalidPortion} if `filling.portion` is more than is left, or just one of portion and whole is zero, or 255 prescriptions were filled with it.
    /// - {PrescriptionFilled} if the prescription was, anywhere.
    /// - {UnitNotProven} if the path does not lead from the lot to the pack.
    /// - {NotInCustody} if the pharmacy does not hold it, or only carries it.
    ///
    /// @param pharmacy The organisation that the caller acts for.
    /// @param lot The lot.
    /// @param serial The serial number of the pack; with the product of the lot it names the pack.
    /// @param path From the outermost container down to the pack, the pack included.
    /// @param filling The prescription and the portion; all zero for a whole pack without one.
    function dispense(
        bytes32 pharmacy,
        bytes32 lot,
        string calldata serial,
        Step[] calldata path,
        Filling calldata filling
    ) external;

    /// @notice Takes back all that was dispensed of a pack: it is whole again, and its prescriptions can be filled again.
    /// @dev Within 10 days from the first portion, and only while the pharmacy has the pack, or what the pack was in, also in quarantine. Also of a
    /// recalled or expired lot. Emits {DispenseReversed}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `pharmacy` as PHARMACY.
    /// - {NotUndoable} if the pharmacy did not dispense it, or not of this lot, or 10 days ago or earlier.
    /// - {InvalidCount} if these are not as many prescriptions as were filled with it.
    /// - {NotFilledWith} if one of them was not filled with it.
    /// - {UnitNotProven} if the path does not lead from the lot to the pack.
    /// - {NotInCustody} if the pharmacy shipped it since, or what it was in.
    ///
    /// @param pharmacy The organisation that the caller acts for.
    /// @param item The pack.
    /// @param prescriptions Every prescription that was filled with it.
    function undo(bytes32 pharmacy, Item calldata item, bytes32[] calldata prescriptions) external;

    /// @notice Stops a unit, with everything in it, or a whole lot that may not be genuine or good.
    /// @dev A unit by its holder, the manufacturer of its lot, or a regulator of the manufacturer's jurisdiction; a whole lot by the latter two. For a container
    /// of a mix the jurisdiction is that of its packer; a mix is no lot that is flagged whole. What is on its way is flagged by {flagShipment}, or with its whole lot. Emits {SuspectFlagged}.
    ///
    /// Reverts with:
    /// - {UnitNotProven} if the path does not lead to the unit.
    /// - {NotInCustody} if nobody holds the unit, or it is stopped already.
    /// - {UnknownLot} if a whole lot is flagged that was never commissioned, or a mix.
    /// - {LotQuarantined} if the whole lot is flagged already.
    /// - `NotAuthorised` if the caller does not act for `organisation`, where it does not hold the unit or did not make the lot as REGULATOR.
    /// - {ForeignRegulator} if a regulator is not of the manufacturer's jurisdiction.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param item The unit; with a unit of zero the whole lot.
    function flagSuspect(bytes32 organisation, Item calldata item) external;

    /// @notice Stops a shipment that was not received yet, or that waits for its report, so that nobody dodges a flag by shipping.
    /// @dev The offer is over: the unit is in quarantine, with its sender if it did not arrive, else with its receiver. By whom {flagSuspect} lets stop
    /// what he does not hold; a container of a mix also by the manufacturer of one of its lots, and by the regulators there. Emits {SuspectFlagged}.
    ///
    /// Reverts with:
    /// - {OfferNotLive} if the unit is not on its way with this very offer and does not wait for its report.
    /// - `NotAuthorised` if the caller does not act for `organisation` as MANUFACTURER, where it made the lot, else as REGULATOR.
    /// - {ForeignRegulator} if a regulator is not of the jurisdiction of the manufacturer of the lot or of one of a mix, or of the packer.
    ///
    /// @param offer The offer as it was shipped.
    /// @param organisation The organisation that the caller acts for.
    function flagShipment(Offer calldata offer, bytes32 organisation) external;

    /// @notice Decides what was stopped: its holder has it again, or it is illegitimate for ever.
    /// @dev Also of a return, of a unit whose report was not in order, and of cold goods that came back to their sender. What is illegitimate must be
    /// acknowledged by each partner within 24 hours, see {acknowledge}. A unit that was stolen, exported or destroyed before it was
    /// found out stays so, and can be found illegitimate all the same. Emits {SuspectResolved}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `organisation` as MANUFACTURER, where it made the lot, else as REGULATOR.
    /// - {ForeignRegulator} if a regulator is not of the manufacturer's jurisdiction, or of that of the packer of a mix.
    /// - {MissingJustification} if it is set free without a reason.
    /// - {NotSuspect} if the unit, or the lot, is not in quarantine by itself, or left the chain and was found out before.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param lot The lot or mix.
    /// @param unit The unit; zero for the whole lot.
    /// @param isCleared Whether it may be used again.
    /// @param justification The salted hash of the reasons; zero only of what is illegitimate.
    function resolve(bytes32 organisation, bytes32 lot, bytes32 unit, bool isCleared, bytes32 justification) external;

    /// @notice Says that an organisation knows of the recall of a lot, or that a unit or a lot is illegitimate.
    /// @dev Once for each notice; a stronger recall is a new one. Emits {NoticeAcknowledged}.
    ///
    /// Reverts with:
    /// - `NotAuthorised` if the caller does not act for `organisation`.
    /// - {NothingToAcknowledge} if there is no notice, or it did before.
    ///
    /// @param organisation The organisation that the caller acts for.
    /// @param lot The lot or mix.
    /// @param unit The unit; zero for the whole lot.
    function acknowledge(bytes32 organisation, bytes32 lot, bytes32 unit) external;

    /// @notice Recalls a lot: from this block on no unit of it, however deep, is shipped, received or dispensed.
    /// @dev Final. It can be made stronger (a more dangerous class, a greater depth) and never weaker. Each partner must acknowledge it within 24
    /// hours, see {acknowledge}. Emits {RecallIssued}.
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
    /// @param holder The organisation that should hold it as its own; zero asks about no one.
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
    /// @return All zero if it was never commissioned, but for the packer of a mix.
    function lotOf(bytes32 lot) external view returns (Lot memory);

    /// @notice What became of a unit, and who has it.
    /// @dev Says nothing of whether a pack was dispensed: see {endOf}. Reverts with {UnitNotProven} if the path does not lead from the lot to the unit and
    /// the unit has no state of its own.
    /// @param lot The lot or mix.
    /// @param unit The container or pack.
    /// @param path From the outermost container down to the unit, the unit included.
    /// @return state The state of the unit, or of what it is in.
    /// @return custodian The mark of who holds it, or held it last; zero while it is on its way or waits for its report.
    /// @return detail On its way or waiting: the id of the offer. Held: the source, as a number of 16 bytes. Else since when (Unix seconds).
    function custodyOf(
        bytes32 lot,
        bytes32 unit,
        Step[] calldata path
    ) external view returns (State state, bytes16 custodian, uint256 detail);

    /// @notice How far a pack was dispensed.
    /// @param pack The pack.
    /// @return All zero while it was not.
    function endOf(bytes32 pack) external view returns (End memory);

    /// @notice Which organisations let 24 hours pass before they acknowledged a notice, or have not yet.
    /// @param lot The lot or mix.
    /// @param unit The unit; zero for the whole lot.
    /// @param organisations Whom to look up; the events tell who is a partner.
    /// @return late For each of them whether it is late; false where there is no notice.
    function lateOf(
        bytes32 lot,
        bytes32 unit,
        bytes32[] calldata organisations
    ) external view returns (bool[] memory late);

    /// @notice Who may commission under a GS1 company prefix.
    /// @param prefix The prefix as a number.
    /// @param digits How many digits it has.
    /// @return The organisation; zero if it is not assigned.
    function prefixOwnerOf(uint64 prefix, uint8 digits) external view returns (bytes32);
}
