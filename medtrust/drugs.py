"""Drugs: where each lot and pack is, and whether it may be dispensed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property, partial
from typing import Any

from medtrust.chain import Event, Receipt
from medtrust.cold_chain import REPORT, Summary, report_message
from medtrust.contract import Client
from medtrust.drug_movements import ACTS, UNIT_EVENTS, Act, Movement, movement_of, way_of
from medtrust.drug_types import (
    NO_FILLING,
    NO_POLICY,
    VERDICT_SENTENCES,
    Custody,
    End,
    Fate,
    Filling,
    Item,
    Lot,
    LotStatus,
    Offer,
    Policy,
    RecallClass,
    RecallDepth,
    State,
    Suspicion,
    Verdict,
    custody_record,
    expires_at,
    lot_record,
    mark_of,
)
from medtrust.errors import InputError
from medtrust.packing import PackedLot, Path, compact
from medtrust.signing import Domain, sign
from medtrust.standards.gs1 import Scan
from medtrust.types import ZERO_HASH

__all__ = [
    "NO_POLICY",
    "VERDICT_SENTENCES",
    "Act",
    "Custody",
    "DrugClient",
    "End",
    "Fate",
    "Filling",
    "Item",
    "Lot",
    "LotStatus",
    "Movement",
    "Offer",
    "Policy",
    "RecallClass",
    "RecallDepth",
    "State",
    "Suspicion",
    "Verdict",
    "expires_at",
    "mark_of",
]


class DrugClient(Client):
    """Calls to one deployed DrugProvenance."""

    artifact = "DrugProvenance"

    # ---- manufacturers

    def assign_prefix(self, regulator: bytes, owner: bytes, prefix: str) -> Receipt:
        """Assign a GS1 company prefix (4 to 12 digits, zeros included) to an organisation, for ever.

        Raises `Reverted` with error "NotAuthorised", "ForeignRegulator", "InvalidPrefix" or "PrefixTaken".
        """
        return self._send("assignPrefix", regulator, owner, _number(prefix, "company prefix"), len(prefix))

    def commission(self, manufacturer: bytes, lot: PackedLot, *, prefix_digits: int, expiry: date) -> Receipt:
        """Record a lot with all its packs; `expiry` is the printed day, the company prefix has `prefix_digits` digits.

        Raises `Reverted` with error "NotAuthorised", "BadCheckDigit", "InvalidPrefix", "PrefixNotOwned",
        "InvalidLotNumber", "LotExists" or "LotExpired".
        """
        gtin, end = _number(lot.gtin, "GTIN"), expires_at(expiry)
        return self._send("commission", manufacturer, gtin, prefix_digits, lot.lot_number, end, lot.size, lot.root)

    def change_policy(self, manufacturer: bytes, gtin: str, policy: Policy, *, prefix_digits: int) -> Receipt:
        """Lay down what the temperature of a product may be; with a `max_gap` of 0 it need not be kept cold.

        Raises `Reverted` with error "NotAuthorised", "BadCheckDigit", "InvalidPrefix" or "PrefixNotOwned".
        """
        return self._send("changePolicy", manufacturer, _number(gtin, "GTIN"), prefix_digits, policy)

    # ---- both sides of a shipment

    def ship(self, offer: Offer, path: Path = ()) -> Receipt:
        """Give a unit, with everything in it, on its way; a unit that has a state of its own needs no path.

        Whether the receiver is accredited is asked when it receives.

        Raises `Reverted` with error "NotAuthorised", "NotCustodialRole", "OfferExpired", "UnknownLot", "LotRecalled",
        "LotQuarantined", "LotExpired", "WrongLogger", "AlreadyDispensed", "UnitNotProven", "NotInCustody" or
        "WrongSource".
        """
        return self._send("ship", offer, compact(path))

    def receive(self, offer: Offer, missing: Sequence[Item] = (), extra: Sequence[Item] = ()) -> Receipt:
        """Take over a unit on its way; at most 200 units may be `missing` from it, or be too much in it.

        What is missing stays the sender's, and so does what is too much. Raises `Reverted` with error "NotAuthorised",
        "OfferNotLive", "NotAccredited", "OfferExpired", "LotRecalled", "LotQuarantined", "LotExpired", "InvalidCount",
        "UnitNotProven", "NotInside" or "NotInCustody".
        """
        if missing or extra:
            return self._send("receiveExcept", offer, missing, extra)
        return self._send("receiveUnit", offer)

    def refuse(self, offer: Offer) -> Receipt:
        """Send a shipment back to its sender, as its receiver.

        Raises `Reverted` with error "NotAuthorised" or "OfferNotLive".
        """
        return self._send("refuse", offer)

    def take_back(self, offer: Offer) -> Receipt:
        """End a shipment that was not received: as its sender at any time, as anyone once it has expired.

        Raises `Reverted` with error "NotAuthorised" or "OfferNotLive".
        """
        return self._send("takeBack", offer)

    def sign_report(self, offer: Offer, report: Summary) -> bytes:
        """Sign what the logger of a shipment measured, as the logger, for anyone to send.

        Raises `InputError` if nobody signs.
        """
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="the account of the logger")
        digest = REPORT.digest(self._patients_domain, report_message(report, registry=self.address, offer=offer.id))
        return sign(bytes(self.signer.key), digest)

    def report(self, offer: Offer, report: Summary, signature: bytes) -> Receipt:
        """Bring what the logger of a shipment signed: the unit is free to be used, or in quarantine.

        What is not in order is the receiver's to bring, until the time for a better one is over. Raises `Reverted` with
        error "OfferNotLive", "InvalidSignature" or "NotAuthorised".
        """
        return self._send("report", offer, report, signature)

    def give_up_report(self, offer: Offer) -> Receipt:
        """Stop waiting for a report, as the receiver, or as anyone once it is overdue: the unit is in quarantine.

        It is free if its policy was switched off. Raises `Reverted` with error "OfferNotLive" or "NotAuthorised".
        """
        return self._send("report", offer, Summary(ZERO_HASH, *(0,) * 8), b"")

    # ---- holders

    def pack(
        self, organisation: bytes, lots: Sequence[bytes], container: bytes, children: Sequence[Item], *, level: int = 1
    ) -> Receipt:
        """Put units (1 to 200) into a container of the mix of `lots` (1 to 8), at a level (1 to 8) above what is in it.

        Raises `Reverted` with error "NotAuthorised", "InvalidCount", "InvalidMix", "LotNotListed", "AlreadyPacked",
        "UnitNotProven" or "NotInCustody".
        """
        return self._send("pack", organisation, lots, level, container, children)

    def unpack(self, organisation: bytes, mix: bytes, container: bytes, children: Sequence[Item]) -> Receipt:
        """Take units (1 to 200) out of a container of a mix; no paths are needed.

        Raises `Reverted` with error "NotAuthorised", "InvalidCount", "NotInCustody" or "NotInside".
        """
        return self._send("unpack", organisation, mix, container, children)

    def end(self, organisation: bytes, item: Item, fate: State) -> Receipt:
        """End a unit, with everything in it, for ever: `fate` is STOLEN, EXPORTED or DESTROYED.

        Raises `Reverted` with error "NotAuthorised", "NotAnEnd", "AlreadyDispensed", "UnitNotProven" or "NotInCustody",
        and as `ship` for the lot of what is exported.
        """
        return self._send("end", organisation, item, int(fate))

    def dispense(
        self, pharmacy: bytes, lot: bytes, serial: str, path: Path = (), *, filling: Filling = NO_FILLING
    ) -> Receipt:
        """Dispense a pack or a portion of it, each part once; a pack that has a state of its own needs no path.

        Raises `Reverted` with error "NotAuthorised", "UnknownLot", "LotRecalled", "LotQuarantined", "LotExpired",
        "AlreadyDispensed", "InvalidPortion", "PrescriptionFilled", "UnitNotProven" or "NotInCustody".
        """
        return self._send("dispense", pharmacy, lot, serial, compact(path), filling)

    def undo(self, pharmacy: bytes, item: Item, prescriptions: Sequence[bytes] = ()) -> Receipt:
        """Take back all that was dispensed of a pack, within 10 days; `prescriptions` are all that were filled with it.

        Raises `Reverted` with error "NotAuthorised", "NotUndoable", "InvalidCount", "NotFilledWith", "UnitNotProven" or
        "NotInCustody" where the pack is no longer with the pharmacy.
        """
        return self._send("undo", pharmacy, item, prescriptions)

    # ---- stopping goods

    def flag_suspect(self, organisation: bytes, item: Item) -> Receipt:
        """Stop a unit, as its holder, the manufacturer of its lot or a regulator; a unit of zero is the whole lot.

        Raises `Reverted` with error "UnitNotProven", "NotInCustody", "LotQuarantined", "NotAuthorised" or
        "ForeignRegulator".
        """
        return self._send("flagSuspect", organisation, item)

    def flag_shipment(self, offer: Offer, organisation: bytes) -> Receipt:
        """Stop what is on its way or waits for its report, as the manufacturer of its lot or a regulator.

        Raises `Reverted` with error "OfferNotLive", "NotAuthorised" or "ForeignRegulator".
        """
        return self._send("flagShipment", offer, organisation)

    def resolve(
        self, organisation: bytes, lot: bytes, unit: bytes, *, is_cleared: bool, justification: bytes = ZERO_HASH
    ) -> Receipt:
        """Decide what was stopped, as manufacturer or regulator: free again, or illegitimate for ever.

        `justification` is the salted hash (32 bytes) of the reasons. Raises `Reverted` with error "NotAuthorised",
        "ForeignRegulator", "MissingJustification" or "NotSuspect".
        """
        return self._send("resolve", organisation, lot, unit, is_cleared, justification)

    def recall(self, organisation: bytes, lot: bytes, recall_class: RecallClass, *, depth: RecallDepth) -> Receipt:
        """Recall a lot, as its manufacturer or as a regulator of the manufacturer's jurisdiction; final.

        Raises `Reverted` with error "UnknownLot", "NotAuthorised", "ForeignRegulator" or "RecallNotStronger".
        """
        return self._send("recall", organisation, lot, int(recall_class), int(depth))

    def acknowledge(self, organisation: bytes, lot: bytes, unit: bytes = ZERO_HASH) -> Receipt:
        """Say that an organisation knows of the recall of a lot, or that a unit or a lot is illegitimate.

        Raises `Reverted` with error "NotAuthorised" or "NothingToAcknowledge".
        """
        return self._send("acknowledge", organisation, lot, unit)

    # ---- anyone

    def verify(self, lot: bytes, scan: Scan, path: Path = (), *, holder: bytes | None = None) -> Verdict:
        """Say what a scanned pack is, as of now.

        `lot` is the one that its packing list names, `holder` the organisation that should hold it (None asks about no
        one). Raises `InputError` if the scan lacks product, serial number, lot or expiry date.
        """
        label = (
            int(_scanned(scan.gtin, "(01)")),
            _scanned(scan.serial, "(21)"),
            _scanned(scan.lot, "(10)"),
            expires_at(_scanned(scan.expiry, "(17)")),
        )
        return Verdict(self._call("verifyPack", lot, label, holder or ZERO_HASH, path))

    def lot_status(self, lot: bytes, *, block: int | None = None) -> LotStatus:
        """Say how a lot or mix stands now, or at a block."""
        return LotStatus(self._call("lotStatus", lot, block=block))

    def commissioned(self) -> list[Event]:
        """Read the commissions of all lots, oldest first."""
        return self._events("LotCommissioned")

    def lot_of(self, lot: bytes) -> Lot | None:
        """Read the record of a lot; None if it was never commissioned."""
        raw = self._call("lotOf", lot)
        if not raw["commissionedAt"]:
            return None
        return lot_record(raw)

    def packer_of(self, mix: bytes) -> bytes | None:
        """Read which organisation packs the containers of a mix; None if there is no such mix."""
        raw = self._call("lotOf", mix)
        return None if raw["commissionedAt"] else _or_none(raw["manufacturer"])

    def policy_of(self, gtin: str) -> Policy | None:
        """Find what the temperature of a product may be now; None if it need not be kept cold."""
        changed = self._events("PolicyChanged", indexed={"gtin": _number(gtin, "GTIN")})
        policy = Policy(*changed[-1].values["policy"].values()) if changed else None
        return policy if policy and policy.max_gap else None

    def custody_of(self, lot: bytes, unit: bytes, path: Path = ()) -> Custody:
        """Say what became of a unit, and who has it. Raises `Reverted` with error "UnitNotProven"."""
        raw = self._call("custodyOf", lot, unit, path)
        return custody_record(State(raw["state"]), raw["custodian"], raw["detail"])

    def end_of(self, pack: bytes) -> End | None:
        """Read how far a pack was dispensed; None while it was not."""
        raw = self._call("endOf", pack)
        if not raw["endedAt"]:
            return None
        return End(raw["endedAt"], raw["by"], raw["taken"], raw["whole"], raw["fills"])

    def late_of(self, lot: bytes, unit: bytes, organisations: Sequence[bytes]) -> tuple[bytes, ...]:
        """Say which organisations let 24 hours pass before they acknowledged; a unit of zero is the whole lot."""
        late = self._call("lateOf", lot, unit, organisations)
        return tuple(one for one, is_late in zip(organisations, late, strict=True) if is_late)

    def prefix_owner_of(self, prefix: str) -> bytes | None:
        """Read which organisation may commission under a GS1 company prefix; None if it is not assigned."""
        return _or_none(self._call("prefixOwnerOf", _number(prefix, "company prefix"), len(prefix)))

    def offer_of(self, lot: bytes, unit: bytes) -> Offer | None:
        """Find the offer that a unit itself waits in, for its receiver or its report; None if it waits in none."""
        shipped = self._events("UnitShipped", indexed={"lot": lot, "unit": unit})
        if not shipped:
            return None
        offer = Offer.shipped(shipped[-1].values)
        return offer if self.custody_of(lot, unit).offer == offer.id else None

    # ---- looking back

    def trace(self, lot: bytes, path: Path) -> tuple[Movement, ...]:
        """List the whole way of the unit at the end of `path`, in the order in which it happened.

        What happened to a container counts while the unit was in it.
        """
        return way_of(self._movements_of, lot, [step.unit for step in path])

    def movements(self, lot: bytes) -> tuple[Movement, ...]:
        """List all that happened to a lot or mix and to any of its units, in the order in which it happened.

        What was dispensed and undone is among it only where it was dispensed.
        """
        names = [name for name in ACTS if name != "DispenseReversed"]
        found = [one for name in names for one in self._read(name, {"lot": lot})]
        packs = {one.unit for one in found if one.act is Act.DISPENSED}
        found += [one for one in self._read("DispenseReversed", {"pack": sorted(packs)}) if packs]
        return tuple(sorted(found, key=lambda one: one.place))

    def packings(self, lot: bytes) -> tuple[Movement, ...]:
        """List what of a lot or mix was packed into later containers, and taken out, in that order."""
        found = [*self._read("UnitPacked", {"lot": lot}), *self._read("UnitUnpacked", {"lot": lot})]
        return tuple(sorted(found, key=lambda one: one.place))

    def lots_of(self, mix: bytes) -> tuple[bytes, ...]:
        """List the lots that a mix names; none if there is no such mix."""
        return tuple(
            one for event in self._events("MixRegistered", indexed={"mix": mix}) for one in event.values["lots"]
        )

    def prescriptions_of(self, pack: bytes) -> tuple[bytes, ...]:
        """List what was filled with a pack since it was whole last."""
        undone = max((one.place for one in self._read("DispenseReversed", {"pack": pack})), default=(-1, -1))
        filled = [one for one in self._read("PackDispensed", {"pack": pack}) if one.place > undone]
        return tuple(one for movement in filled for one in movement.prescriptions)

    def _movements_of(self, lot: bytes, units: Sequence[bytes]) -> list[Movement]:
        """Read what happened to a lot and to some of its units; none of any other unit."""
        found = [*self._read("LotCommissioned", {"lot": lot}), *self._read("RecallIssued", {"lot": lot})]
        found += self._read("PackDispensed", {"lot": lot, "pack": units[-1]})
        found += self._read("DispenseReversed", {"pack": units[-1]})
        for name in UNIT_EVENTS:
            found += self._read(name, {"lot": lot, "unit": [*units, ZERO_HASH]})
        return found

    def _read(self, name: str, indexed: dict[str, Any]) -> Iterable[Movement]:
        for event in self._events(name, indexed=indexed):
            made = partial(movement_of, event.name, event.values, at=self._time_of(event.block))
            yield made(place=(event.block, event.log_index), hash_=event.transaction_hash)

    def _time_of(self, block: int) -> int:
        if block not in self._times:
            self._times[block] = self.chain.time_of(block)
        return self._times[block]

    @cached_property
    def _times(self) -> dict[int, int]:
        return {}

    @cached_property
    def _patients_domain(self) -> Domain:
        """The EIP-712 domain of the registry of patients, in which loggers sign."""
        return Domain("PatientRegistry", "1", self.chain.id, str(self._call("PATIENTS")))


def _or_none(value: bytes) -> bytes | None:
    return None if value == ZERO_HASH else value


def _scanned(value: Any, place: str) -> Any:
    if value is None:
        raise InputError(place=f"scan {place}", found="nothing", expected="product, serial number, lot and expiry date")
    return value


def _number(digits: str, place: str) -> int:
    if not (digits.isascii() and digits.isdecimal()):
        raise InputError(place=place, found=repr(digits), expected="decimal digits")
    return int(digits)
