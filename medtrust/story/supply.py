"""Supply: a lot from its maker to the clinic and the pharmacy, a pack that is dispensed once, and a recall."""

from __future__ import annotations

from collections.abc import Iterator

from medtrust import samples
from medtrust.drugs import RecallClass, RecallDepth, Verdict
from medtrust.goods import Goods
from medtrust.lotfile import LotFile
from medtrust.sandbox import ORGANISATIONS
from medtrust.stock import Stock
from medtrust.story.stage import Beat, Stage, require

__all__ = ["deliver", "dispense", "prepare", "recall"]

_PALLET = "(00)103614140000000015"
_CASE_OF_CLINIC = "(00)003614140000000025"
_CASE_OF_PHARMACY = "(00)003614140000000032"
_PACK = "BW7K00005"
_NEXT_PACK = "BW7K00006"
_WEEK = 7 * 86_400


def prepare(stage: Stage) -> None:
    """Read the file of the lot, which every holder of the goods has, and the clinic's stock."""
    with samples.path("lot.json") as path:
        stage.kept["lot"] = LotFile.read(path)
    with samples.path("stock.json") as path:
        stage.kept["stock"] = Stock.read(path)


def deliver(stage: Stage) -> Iterator[Beat]:
    """Commission the lot and move it in two steps to those who use it."""
    file: LotFile = stage.kept["lot"]
    yield Beat("chapter", "A lot leaves its maker")
    receipt = stage.as_("regulator").drugs.assign_prefix(stage.id("regulator"), stage.id("maker"), file.company_prefix)
    yield stage.transaction(
        f"{stage.title('regulator')} assigns the GS1 company prefix {file.company_prefix} to {stage.title('maker')}.",
        receipt,
    )
    receipt = _goods(stage, "maker").commission()
    yield stage.transaction(
        f"{stage.title('maker')} commissions lot {file.lot_number} of {file.gtin}: {file.packed.size} packs in cases "
        "on pallets, in one write. A million packs would cost the same.",
        receipt,
        "drug commission",
    )
    yield from _move(stage, _PALLET, "maker", "wholesaler", "drug ship + receive a pallet")
    yield from _move(stage, _CASE_OF_CLINIC, "wholesaler", "clinic")
    yield from _move(stage, _CASE_OF_PHARMACY, "wholesaler", "pharmacy")
    until = stage.suite.chain.now() + _WEEK
    yield stage.refusal(
        f"{stage.title('wholesaler')} tries to ship the case again that the pharmacy holds.",
        lambda: _goods(stage, "wholesaler").ship(
            _CASE_OF_PHARMACY, sender=stage.id("wholesaler"), receiver=stage.id("maker"), until=until
        ),
    )


def _move(stage: Stage, code: str, sender: str, receiver: str, operation: str = "") -> Iterator[Beat]:
    until = stage.suite.chain.now() + _WEEK
    goods = _goods(stage, sender)
    offer, shipped = goods.ship(code, sender=stage.id(sender), receiver=stage.id(receiver), until=until)
    unit = goods.name(offer.unit)
    yield stage.transaction(f"{stage.title(sender)} ships {unit} with all that is in it.", shipped)
    _, received = _goods(stage, receiver).receive(code)
    yield stage.transaction(f"{stage.title(receiver)} confirms it; now it holds {unit}.", received)
    if operation:
        stage.gas[operation] = shipped.gas_used + received.gas_used


def dispense(stage: Stage) -> Iterator[Beat]:
    """Dispense a pack, and try to do it again."""
    file: LotFile = stage.kept["lot"]
    pharmacy = _goods(stage, "pharmacy")
    code = file.label(_PACK)
    yield Beat("chapter", "A pack is dispensed once")
    verdict = pharmacy.verify(code, holder=stage.id("pharmacy"))
    require(verdict is Verdict.OK, "the pack is good")
    yield Beat("verdict", f"The pharmacist scans pack {_PACK}: {verdict.sentence}", verdict.name)
    receipt = pharmacy.dispense(code, pharmacy=stage.id("pharmacy"))
    yield stage.transaction(
        "The patient gets it. Its place in case, pallet and lot is proved on the spot.", receipt, "drug dispense"
    )
    yield stage.refusal(
        "A copy of the pack, with the same serial number, is scanned elsewhere.",
        lambda: pharmacy.dispense(code, pharmacy=stage.id("pharmacy")),
    )


def recall(stage: Stage) -> Iterator[Beat]:
    """Recall the lot: nothing of it is dispensed from that block on."""
    file: LotFile = stage.kept["lot"]
    yield Beat("chapter", "The lot is recalled")
    receipt = _goods(stage, "maker").recall(stage.id("maker"), RecallClass.CLASS_II, depth=RecallDepth.CONSUMER)
    yield stage.transaction(
        f"{stage.title('maker')} recalls lot {file.lot_number}, class II: one write, whatever became of its packs.",
        receipt,
        "drug recall",
    )
    pharmacy = _goods(stage, "pharmacy")
    code = file.label(_NEXT_PACK)
    verdict = pharmacy.verify(code, holder=stage.id("pharmacy"))
    require(verdict is Verdict.RECALLED, "the pack is recalled")
    yield Beat("verdict", f"The pharmacist scans the next pack of the case: {verdict.sentence}", verdict.name)
    yield stage.refusal(
        "Dispensing it all the same is refused.", lambda: pharmacy.dispense(code, pharmacy=stage.id("pharmacy"))
    )


def _goods(stage: Stage, name: str) -> Goods:
    require(name in ORGANISATIONS, f"{name} takes part")
    return Goods(stage.as_(name), stage.kept["lot"])
