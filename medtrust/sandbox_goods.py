"""The sample lot in the sandbox: what must have happened before an act is done first, if it has not; for scripts."""

from __future__ import annotations

from typing import Final

from medtrust import samples
from medtrust.drugs import mark_of
from medtrust.goods import Goods
from medtrust.lotfile import LotFile
from medtrust.sandbox import ORGANISATIONS, connect
from medtrust.standards.gs1 import parse

__all__ = ["CASE", "PACK", "PALLET", "WEEK", "commissioned", "in_the_pharmacy", "on_its_way"]

PALLET: Final = "(00)103614140000000015"
CASE: Final = "(00)003614140000000032"
PACK: Final = "(01)00361414567894(17)280630(10)MT2026A(21)BW7K00005"
"""A pallet of the sample lot, a case on it, and a pack in that."""

WEEK: Final = 7 * 86_400


def commissioned(name: str) -> Goods:
    """Open the sample lot as the account of a name; its prefix is assigned and it is commissioned."""
    with samples.path("lot.json") as path:
        file = LotFile.read(path)
    goods = Goods(connect(name), file)
    if goods.suite.drugs.prefix_owner_of(file.company_prefix) is None:
        maker, regulator = ORGANISATIONS["maker"].id, ORGANISATIONS["regulator"].id
        goods.suite.acting_as("regulator").drugs.assign_prefix(regulator, maker, file.company_prefix)
    if goods.suite.drugs.lot_of(goods.lot) is None:
        _as(goods, "maker").commission()
    return goods


def on_its_way(code: str, receiver: str) -> Goods:
    """Open the sample lot as the receiver of a unit; if the unit is not on its way, its holder ships it."""
    goods = commissioned(receiver)
    unit, path = goods.file.find(parse(code))
    custody = goods.suite.drugs.custody_of(goods.lot, unit, path)
    if custody.custodian is not None and custody.custodian != mark_of(ORGANISATIONS[receiver].id):
        _ship(goods, code, custody.custodian, receiver)
    return goods


def in_the_pharmacy() -> Goods:
    """Open the sample lot as the pharmacy; the case with the pack comes to it first if another holds it."""
    goods = on_its_way(CASE, "pharmacy")
    unit, _ = goods.file.find(parse(CASE))
    if goods.suite.drugs.offer_of(goods.lot, unit):
        goods.receive(CASE)
    return goods


def _ship(goods: Goods, code: str, holder: bytes, receiver: str) -> None:
    name = next(member.name for member in ORGANISATIONS.values() if mark_of(member.id) == holder)
    until = goods.suite.chain.now() + WEEK
    _as(goods, name).ship(code, sender=ORGANISATIONS[name].id, receiver=ORGANISATIONS[receiver].id, until=until)


def _as(goods: Goods, name: str) -> Goods:
    return Goods(goods.suite.acting_as(name), goods.file)
