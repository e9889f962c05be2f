"""Goods: acts on the packs and containers of one lot, which are named by the codes that a scanner reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from medtrust.accreditation import AccreditationClient, Role
from medtrust.chain import Receipt
from medtrust.drugs import LotStatus, Movement, Offer, RecallClass, RecallDepth, Verdict, expires_at
from medtrust.errors import InputError
from medtrust.lotfile import LotFile
from medtrust.packing import lot_id, pack_id
from medtrust.standards.gs1 import parse
from medtrust.suite import Suite
from medtrust.types import organisation_id

__all__ = ["Goods", "verify_alone"]

_CUSTODIANS: Final = (
    Role.MANUFACTURER,
    Role.WHOLESALER,
    Role.PHARMACY,
    Role.HOSPITAL,
    Role.VACCINATOR,
    Role.CARRIER,
)
"""Who may hold medicines; an organisation with several of these roles acts in the first."""

_STANDING: Final = {LotStatus.RECALLED: Verdict.RECALLED, LotStatus.EXPIRED: Verdict.EXPIRED}


@dataclass(frozen=True)
class Goods:
    """The units of one lot on one chain, as one signer.

    A code is an element string, its bracketed form or a Digital Link: of a container with its SSCC, of a pack with its
    GTIN and serial number. Organisations are ids of 32 bytes.
    """

    suite: Suite
    file: LotFile

    @property
    def lot(self) -> bytes:
        """The id of the lot."""
        return self.file.packed.id

    def is_commissioned(self) -> bool:
        """Whether the chain holds this very lot: same manufacturer, same root, same expiry."""
        record = self.suite.drugs.lot_of(self.lot)
        ours = (organisation_id(self.file.manufacturer), self.file.packed.root, expires_at(self.file.expiry))
        return record is not None and (record.manufacturer, record.units_root, record.expires_at) == ours

    def commission(self) -> Receipt:
        """Record the lot as its manufacturer. Raises `Reverted` as `DrugClient.commission`."""
        return self.suite.drugs.commission(
            organisation_id(self.file.manufacturer),
            self.file.packed,
            prefix_digits=len(self.file.company_prefix),
            expiry=self.file.expiry,
        )

    def ship(self, code: str, *, sender: bytes, receiver: bytes, until: int) -> tuple[Offer, Receipt]:
        """Give the scanned unit, with everything in it, on its way, to be received before `until` (Unix seconds).

        Raises `InputError` if one side holds no medicines, and `Reverted` as `DrugClient.ship`.
        """
        unit, path = self.file.find(parse(code))
        registry = self.suite.accreditation
        roles = _role(registry, sender, "sender"), _role(registry, receiver, "receiver")
        source = self.suite.drugs.custody_of(self.lot, unit, path).source
        offer = Offer(self.lot, unit, sender, roles[0], receiver, roles[1], until, source)
        return offer, self.suite.drugs.ship(offer, path)

    def receive(self, code: str) -> tuple[Offer, Receipt]:
        """Take over the scanned unit. Raises as `offer`, and `Reverted` as `DrugClient.receive`."""
        offer = self.offer(code)
        return offer, self.suite.drugs.receive(offer)

    def refuse(self, code: str) -> tuple[Offer, Receipt]:
        """Send the scanned unit back. Raises as `offer`, and `Reverted` as `DrugClient.refuse`."""
        offer = self.offer(code)
        return offer, self.suite.drugs.refuse(offer)

    def take_back(self, code: str) -> tuple[Offer, Receipt]:
        """End the shipment of the scanned unit. Raises as `offer`, and `Reverted` as `DrugClient.take_back`."""
        offer = self.offer(code)
        return offer, self.suite.drugs.take_back(offer)

    def offer(self, code: str) -> Offer:
        """Find the offer that the scanned unit waits in. Raises `InputError` if it is not on its way."""
        unit, _ = self.file.find(parse(code))
        offer = self.suite.drugs.offer_of(self.lot, unit)
        if offer is None:
            raise InputError(
                place="scan", found=f"a unit that is not on its way: {code}", expected="one that was shipped"
            )
        return offer

    def verify(self, code: str, *, holder: bytes | None = None) -> Verdict:
        """Say what the scanned pack is; `holder` is the organisation that should hold it.

        Raises `InputError` if the code lacks product, serial number, lot or expiry date.
        """
        scan = parse(code)
        _, path = self.file.find(scan)
        return self.suite.drugs.verify(self.lot, scan, path, holder=holder)

    def dispense(self, code: str, *, pharmacy: bytes) -> Receipt:
        """Dispense the scanned pack.

        Raises `InputError` if it is of another product, and `Reverted` as `DrugClient.dispense`.
        """
        scan = parse(code)
        if scan.gtin != self.file.gtin or not scan.serial:
            expected = f"a pack of {self.file.gtin}: GTIN (01) and serial number (21)"
            raise InputError(place="scan", found=code, expected=expected)
        _, path = self.file.find(scan)
        return self.suite.drugs.dispense(pharmacy, self.lot, scan.serial, path)

    def recall(self, organisation: bytes, recall_class: RecallClass, *, depth: RecallDepth) -> Receipt:
        """Recall the lot. Raises `Reverted` as `DrugClient.recall`."""
        return self.suite.drugs.recall(organisation, self.lot, recall_class, depth=depth)

    def trace(self, code: str) -> tuple[Movement, ...]:
        """List the whole way of the scanned unit. Raises `InputError` if it is not in this lot."""
        unit, _ = self.file.find(parse(code))
        return self.suite.drugs.trace(self.lot, self.file.packed.path(unit))

    def name(self, unit: bytes) -> str:
        """Name a unit as people do: lot, container or pack."""
        if unit == self.lot:
            return f"lot {self.file.lot_number}"
        printed = self.file.packed.name(unit)
        is_pack = unit == pack_id(self.file.gtin, printed)
        return f"pack {printed}" if is_pack else f"container {printed}"


def verify_alone(suite: Suite, code: str, *, holder: bytes | None = None) -> Verdict:
    """Say what a scanned pack is from its code alone, without the file of its lot.

    Then only packs that were shipped by themselves, or were dispensed, are known one by one. Of others it is known
    whether their lot is recalled or expired; else they are UNKNOWN_SERIAL.
    """
    scan = parse(code)
    lot = lot_id(scan.gtin or "0", scan.lot or "")
    verdict = suite.drugs.verify(lot, scan, holder=holder)
    if verdict == Verdict.UNKNOWN_SERIAL:
        return _STANDING.get(suite.drugs.lot_status(lot), verdict)
    return verdict


def _role(registry: AccreditationClient, organisation: bytes, side: str) -> Role:
    for role in _CUSTODIANS:
        if registry.is_accredited(organisation, role):
            return role
    found = f"0x{organisation.hex()}, which is accredited for no role that holds medicines"
    raise InputError(place=side, found=found, expected="a manufacturer, wholesaler, pharmacy, hospital or carrier")
