"""Goods: acts on the packs and containers of one lot, which are named by the codes that a scanner reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from medtrust.accreditation import AccreditationClient, Role
from medtrust.chain import Receipt
from medtrust.drug_types import NO_FILLING
from medtrust.drugs import (
    Filling,
    Item,
    LotStatus,
    Offer,
    State,
    Verdict,
    expires_at,
    mark_of,
)
from medtrust.errors import InputError
from medtrust.goods_places import items_of, level_of, mix_of, partners_of
from medtrust.goods_stopped import WatchedGoods
from medtrust.lotfile import LotFile
from medtrust.packing import container_id, lot_id
from medtrust.standards.gs1 import Scan, parse
from medtrust.suite import Suite
from medtrust.types import ZERO_ADDRESS, organisation_id

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

_STANDING: Final = {
    LotStatus.RECALLED: Verdict.RECALLED,
    LotStatus.QUARANTINED: Verdict.QUARANTINED,
    LotStatus.EXPIRED: Verdict.EXPIRED,
}


class Goods(WatchedGoods):
    """The units of one lot on one chain, as one signer: what its makers, traders and pharmacies do with them."""

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

    # ---- from hand to hand

    def ship(
        self,
        code: str,
        *,
        sender: bytes,
        receiver: bytes,
        until: int,
        logger: str = ZERO_ADDRESS,
        logged_from: int | None = None,
    ) -> tuple[Offer, Receipt]:
        """Give the scanned unit, with everything in it, on its way, to be received before `until` (Unix seconds).

        What must be kept cold travels with the account of a `logger`, which measures since `logged_from` (Unix seconds;
        now unless given). Raises `InputError` if one side holds no medicines, and `Reverted` as `DrugClient.ship`.
        """
        item = self.item(code)
        registry = self.suite.accreditation
        source = self.suite.drugs.custody_of(item.lot, item.unit, item.path).source
        # The first byte of a source is set where its holder is a carrier, whatever else that holder may be.
        sells = Role.CARRIER if source[0] else _role(registry, sender, "sender")
        roles = sells, _role(registry, receiver, "receiver")
        if logger == ZERO_ADDRESS:
            logged_from = 0
        elif logged_from is None:
            logged_from = self.suite.chain.now()
        sides = (sender, roles[0], receiver, roles[1])
        offer = Offer(item.lot, item.unit, *sides, until, source, logger, logged_from)
        return offer, self.suite.drugs.ship(offer, item.path)

    def give_back(self, code: str, *, sender: bytes, until: int, logger: str = ZERO_ADDRESS) -> tuple[Offer, Receipt]:
        """Ship the scanned unit back to who sold it to its holder: to nobody else can it be sold again.

        Raises `InputError` if nobody did, and as `ship`.
        """
        return self.ship(code, sender=sender, receiver=self.seller(code), until=until, logger=logger)

    def seller(self, code: str) -> bytes:
        """Find who sold the scanned unit to its holder. Raises `InputError` if nobody did, or it is not held."""
        item = self.item(code)
        source = self.suite.drugs.custody_of(item.lot, item.unit, item.path).source
        for one in partners_of(self.trace(code)):
            if source[1:] == mark_of(one)[1:]:
                return one
        raise InputError(place="scan", found=f"a unit that nobody sold: {code}", expected="one that was bought")

    def receive(self, code: str, *, missing: Sequence[str] = (), extra: Sequence[str] = ()) -> tuple[Offer, Receipt]:
        """Take over the scanned unit; some units may be missing from it, or too much in it.

        Raises as `offer`, and `Reverted` as `DrugClient.receive`.
        """
        offer = self.offer(code)
        found = [[self.item(one) for one in codes] for codes in (missing, extra)]
        return offer, self.suite.drugs.receive(offer, *found)

    def refuse(self, code: str) -> tuple[Offer, Receipt]:
        """Send the scanned unit back. Raises as `offer`, and `Reverted` as `DrugClient.refuse`."""
        offer = self.offer(code)
        return offer, self.suite.drugs.refuse(offer)

    def take_back(self, code: str) -> tuple[Offer, Receipt]:
        """End the shipment of the scanned unit. Raises as `offer`, and `Reverted` as `DrugClient.take_back`."""
        offer = self.offer(code)
        return offer, self.suite.drugs.take_back(offer)

    # ---- packed again

    def pack(
        self, container: str, units: Sequence[str], *, packer: bytes, others: Sequence[LotFile] = ()
    ) -> tuple[bytes, Receipt]:
        """Put scanned units into a container, new or the packer's own; returns the mix that it belongs to.

        `others` are the files of the other lots of which anything is, or is to come, in it. Raises `InputError` if a
        code names nothing of these lots, and `Reverted` as `DrugClient.pack`.
        """
        drugs, files = self.suite.drugs, (self.file, *others)
        items = [item for code in units for item in items_of(drugs, files, code)]
        lots: tuple[bytes, ...] = tuple(sorted(file.packed.id for file in files))
        level, unit = level_of(items, lots), _container(container)
        known = next((mix for lot in lots if (mix := mix_of(drugs, lot, unit))), None)
        if known and drugs.packer_of(known) == packer:
            lots, level = drugs.lots_of(known), known[-1]
        receipt = drugs.pack(packer, lots, unit, items, level=level)
        return receipt.events[-1].values["mix"], receipt

    def unpack(self, container: str, units: Sequence[str], *, holder: bytes, others: Sequence[LotFile] = ()) -> Receipt:
        """Take scanned units out of a container that was packed later.

        Raises `InputError` if it was not, and `Reverted` as `DrugClient.unpack`.
        """
        drugs = self.suite.drugs
        unit = _container(container)
        mix = mix_of(drugs, self.lot, unit)
        if mix is None:
            expected = "one that was packed later: what the maker packed needs no unpacking"
            raise InputError(place="container", found=container, expected=expected)
        items = [item for code in units for item in items_of(drugs, (self.file, *others), code)]
        return drugs.unpack(holder, mix, unit, [Item(one.lot, one.unit) for one in items])

    # ---- packs

    def verify(self, code: str, *, holder: bytes | None = None) -> Verdict:
        """Say what the scanned pack is; `holder` is the organisation that should hold it.

        Raises `InputError` if the code lacks product, serial number, lot or expiry date.
        """
        scan = parse(code)
        _, path = self.file.find(scan)
        return self.suite.drugs.verify(self.lot, scan, path, holder=holder)

    def dispense(self, code: str, *, pharmacy: bytes, filling: Filling = NO_FILLING) -> Receipt:
        """Dispense the scanned pack, or a portion of it, for a prescription or none.

        Raises `InputError` if it is of another product, and `Reverted` as `DrugClient.dispense`.
        """
        scan = self._pack(code)
        _, path = self.file.find(scan)
        return self.suite.drugs.dispense(pharmacy, self.lot, scan.serial or "", path, filling=filling)

    def undo(self, code: str, *, pharmacy: bytes) -> Receipt:
        """Take back all that was dispensed of the scanned pack; its prescriptions can be filled again.

        Raises `InputError` if it is of another product, and `Reverted` as `DrugClient.undo`.
        """
        self._pack(code)
        pack = self.item(code)
        return self.suite.drugs.undo(pharmacy, pack, self.suite.drugs.prescriptions_of(pack.unit))

    def end(self, code: str, fate: State, *, organisation: bytes) -> Receipt:
        """End the scanned unit, with everything in it: STOLEN, EXPORTED or DESTROYED.

        Raises `Reverted` as `DrugClient.end`.
        """
        return self.suite.drugs.end(organisation, self.item(code), fate)

    def _pack(self, code: str) -> Scan:
        scan = parse(code)
        if scan.gtin != self.file.gtin or not scan.serial:
            expected = f"a pack of {self.file.gtin}: GTIN (01) and serial number (21)"
            raise InputError(place="scan", found=code, expected=expected)
        return scan


def verify_alone(suite: Suite, code: str, *, holder: bytes | None = None) -> Verdict:
    """Say what a scanned pack is from its code alone, without the file of its lot.

    Then only packs that were shipped by themselves, or were dispensed, are known one by one. Of others it is known
    whether their lot is recalled, quarantined or expired; else they are UNKNOWN_SERIAL.
    """
    scan = parse(code)
    lot = lot_id(scan.gtin or "0", scan.lot or "")
    verdict = suite.drugs.verify(lot, scan, holder=holder)
    if verdict == Verdict.UNKNOWN_SERIAL:
        return _STANDING.get(suite.drugs.lot_status(lot), verdict)
    return verdict


def _container(code: str) -> bytes:
    scan = parse(code)
    if not scan.sscc:
        raise InputError(place="container", found=code, expected="the SSCC of a container (00)")
    return container_id(scan.sscc)


def _role(registry: AccreditationClient, organisation: bytes, side: str) -> Role:
    for role in _CUSTODIANS:
        if registry.is_accredited(organisation, role):
            return role
    found = f"0x{organisation.hex()}, which is accredited for no role that holds medicines"
    raise InputError(place=side, found=found, expected="a manufacturer, wholesaler, pharmacy, hospital or carrier")
