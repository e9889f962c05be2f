"""The way of a lot from its maker to the patient, by the codes on the packages: through Python and the command line."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli import app
from medtrust.deploy import AddressBook
from medtrust.drugs import Act, Fate, RecallClass, RecallDepth, Verdict, mark_of
from medtrust.errors import CheckRefused, InputError, MedtrustError, Reverted
from medtrust.goods import Goods, verify_alone
from medtrust.lotfile import LotFile
from medtrust.packing import container_id, pack_id

GTIN = "00361414567894"
PALLET, CASE, OTHER_CASE = "103614140000000015", "003614140000000032", "003614140000000025"
SERIAL = "BW7K00005"
CODE = f"(01){GTIN}(17)280630(10)MT2026A(21){SERIAL}"
LINK = f"https://id.gs1.org/01/{GTIN}/10/MT2026A/21/{SERIAL}?17=280630"
WEEK = 7 * 86_400


@pytest.fixture
def file():
    with samples.path("lot.json") as path:
        return LotFile.read(path)


@pytest.fixture
def goods(world, file):
    """The sample lot as the account of a name; its prefix is assigned."""
    regulator = world.acting_as("regulator").drugs
    regulator.assign_prefix(world.regulator, world.maker, file.company_prefix)
    return lambda name: Goods(world.acting_as(name), file)


@pytest.fixture
def move(world, goods):
    def ship_and_receive(code: str, sender: str, receiver: str) -> None:
        until = world.chain.now() + WEEK
        sides = {"sender": getattr(world, sender), "receiver": getattr(world, receiver)}
        goods(sender).ship(code, **sides, until=until)
        goods(receiver).receive(code)

    return ship_and_receive


@pytest.fixture
def stocked(goods, move):
    goods("maker").commission()
    move(f"(00){PALLET}", "maker", "wholesaler")
    move(f"(00){CASE}", "wholesaler", "pharmacy")
    return goods


class TestGoods:
    """
    a lot goes from maker to patient
      verify by any form of the code -> OK, for its holder alone; after the dispense ALREADY_DISPENSED
      trace of the pack              -> every step in order, none of the siblings' steps, none after it left
      a recall                       -> stops what is left, and is told first
    a unit that is not on its way    -> InputError
    an organisation without stock    -> InputError
    a pack of another product        -> InputError
    without the file                 -> known once it was dispensed, or its lot is recalled
    """

    def test_goes_from_maker_to_patient(self, world, stocked, move):
        pharmacy = stocked("pharmacy")
        for code in (CODE, LINK, pharmacy.file.label(SERIAL), "]d2" + pharmacy.file.label(SERIAL)):
            assert pharmacy.verify(code, holder=world.pharmacy) == Verdict.OK
            assert pharmacy.verify(code, holder=world.wholesaler) == Verdict.NOT_IN_CUSTODY

        receipt = pharmacy.dispense(CODE, pharmacy=world.pharmacy)
        assert receipt.event("PackDispensed").values["pack"] == pack_id(GTIN, SERIAL)
        assert pharmacy.verify(LINK) == Verdict.ALREADY_DISPENSED
        assert world.suite.drugs.end_of(pack_id(GTIN, SERIAL)).fate == Fate.DISPENSED

        move(f"(00){PALLET}", "wholesaler", "hospital")
        move(f"(00){OTHER_CASE}", "hospital", "clinic")
        stocked("maker").recall(world.maker, RecallClass.CLASS_II, depth=RecallDepth.CONSUMER)
        steps = [(one.act, pharmacy.name(one.unit), one.organisation, one.other) for one in pharmacy.trace(CODE)]
        assert steps == [
            (Act.COMMISSIONED, "lot MT2026A", world.maker, None),
            (Act.SHIPPED, f"container {PALLET}", world.maker, world.wholesaler),
            (Act.RECEIVED, f"container {PALLET}", world.wholesaler, world.maker),
            (Act.SHIPPED, f"container {CASE}", world.wholesaler, world.pharmacy),
            (Act.RECEIVED, f"container {CASE}", world.pharmacy, world.wholesaler),
            (Act.DISPENSED, f"pack {SERIAL}", world.pharmacy, None),
            (Act.RECALLED, "lot MT2026A", world.maker, None),
        ]
        times = [one.at for one in pharmacy.trace(CODE)]
        assert times == sorted(times)
        assert pharmacy.trace(CODE)[0].at == world.suite.drugs.lot_of(pharmacy.lot).commissioned_at

        next_pack = CODE.replace(SERIAL, "BW7K00006")
        assert pharmacy.verify(next_pack) == Verdict.RECALLED
        with pytest.raises(Reverted, match="LotRecalled"):
            pharmacy.dispense(next_pack, pharmacy=world.pharmacy)

    def test_traces_what_was_refused_and_taken_back(self, world, goods):
        maker, unit = goods("maker"), f"(00){PALLET}"
        maker.commission()
        for act, name in ((Act.REFUSED, "wholesaler"), (Act.TAKEN_BACK, "maker")):
            until = world.chain.now() + WEEK
            offer, _ = maker.ship(unit, sender=world.maker, receiver=world.wholesaler, until=until)
            assert maker.offer(unit) == offer
            handler = goods(name)
            handler.refuse(unit) if act == Act.REFUSED else handler.take_back(unit)
        found = [(one.act, one.organisation, one.other) for one in maker.trace(unit)][1:]
        assert found == [
            (Act.SHIPPED, world.maker, world.wholesaler),
            (Act.REFUSED, world.wholesaler, world.maker),
            (Act.SHIPPED, world.maker, world.wholesaler),
            (Act.TAKEN_BACK, world.maker, world.wholesaler),
        ]
        assert world.suite.drugs.custody_of(maker.lot, container_id(PALLET)).custodian == mark_of(world.maker)

    @pytest.mark.parametrize("act", ["receive", "refuse", "take_back"])
    def test_refuses_a_unit_that_is_not_on_its_way(self, stocked, act):
        with pytest.raises(InputError, match="one that was shipped"):
            getattr(stocked("pharmacy"), act)(f"(00){CASE}")

    def test_refuses_an_organisation_that_holds_no_medicines(self, world, stocked):
        with pytest.raises(InputError) as caught:
            stocked("pharmacy").ship(
                f"(00){CASE}", sender=world.pharmacy, receiver=world.insurer, until=world.chain.now() + WEEK
            )
        assert caught.value.place == "receiver"

    @pytest.mark.parametrize("code", ["(01)00361414567993(21)1", f"(01){GTIN}", f"(00){CASE}"])
    def test_refuses_to_dispense_what_is_no_pack_of_the_product(self, world, stocked, code):
        with pytest.raises(InputError, match="a pack of 00361414567894"):
            stocked("pharmacy").dispense(code, pharmacy=world.pharmacy)

    def test_tells_what_it_can_without_the_file(self, world, stocked):
        assert verify_alone(world.suite, CODE) == Verdict.UNKNOWN_SERIAL
        stocked("pharmacy").dispense(CODE, pharmacy=world.pharmacy)
        assert verify_alone(world.suite, CODE) == Verdict.ALREADY_DISPENSED
        stocked("maker").recall(world.maker, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        assert verify_alone(world.suite, CODE.replace(SERIAL, "BW7K00006")) == Verdict.RECALLED
        world.chain.travel(world.suite.drugs.lot_of(stocked("maker").lot).expires_at)
        assert verify_alone(world.suite, CODE) == Verdict.RECALLED
        assert verify_alone(world.suite, CODE.replace("MT2026A", "MT2026B")) == Verdict.LOT_MISMATCH


@pytest.fixture
def command(world, tmp_path, monkeypatch):
    """Run a command of the group `drug` on the chain of the tests; returns its JSON, or raises what stopped it."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("MEDTRUST_CHAIN", world.chain.target)

    def run(*words: str) -> dict[str, object]:
        done = CliRunner().invoke(app, ["drug", *words, "--json"], catch_exceptions=True)
        if isinstance(done.exception, MedtrustError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    return run


class TestCommands:
    """
    every command of the group, one after the other -> does it, and says it in JSON; a second dispense is refused
    commission once more                            -> no transaction; with another expiry it is refused
    recall to an unknown depth                      -> InputError
    """

    def test_handle_a_lot(self, world, command, tmp_path):
        raw = json.loads(samples.read("lot.json"))
        del raw["saltKey"]
        path = tmp_path / "lot.json"
        path.write_text(json.dumps(raw))
        of_file = ("--file", str(path))

        command("prefix", "0361414", "maker", "--by", "regulator", "--as", "regulator")
        made = command("commission", str(path), "--as", "maker")
        file = LotFile.read(path)
        assert made["lot"] == "0x" + file.packed.id.hex()
        assert world.suite.drugs.lot_of(file.packed.id).units_root == file.packed.root

        block = world.chain.block_number()
        assert command("commission", str(path), "--as", "maker") == {"lot": made["lot"]}
        assert world.chain.block_number() == block
        path.write_text(json.dumps({**json.loads(path.read_text()), "expiry": "2028-07-31"}))
        with pytest.raises(Reverted, match="LotExists"):
            command("commission", str(path), "--as", "maker")
        path.write_text(json.dumps({**json.loads(path.read_text()), "expiry": "2028-06-30"}))

        pallet, case = f"(00){PALLET}", f"(00){CASE}"
        command("ship", pallet, *of_file, "--from", "maker", "--to", "wholesaler", "--as", "maker")
        command("refuse", pallet, *of_file, "--as", "wholesaler")
        command("ship", pallet, *of_file, "--from", "maker", "--to", "wholesaler", "--as", "maker")
        command("take-back", pallet, *of_file, "--as", "maker")
        until = date(2027, 3, 1).isoformat()
        command("ship", pallet, *of_file, "--from", "maker", "--to", "wholesaler", "--until", until, "--as", "maker")
        received = command("receive", pallet, *of_file, "--as", "wholesaler")
        assert received["events"][0]["event"] == "UnitReceived"
        command("ship", case, *of_file, "--from", "wholesaler", "--to", "pharmacy", "--as", "wholesaler")
        command("receive", case, *of_file, "--as", "pharmacy")

        verdict = command("verify", CODE, *of_file, "--holder", "pharmacy")
        assert verdict == {"code": "OK", "sentence": Verdict.OK.sentence}
        dispensed = command("dispense", CODE, *of_file, "--by", "pharmacy", "--as", "pharmacy")
        assert dispensed["pack"] == "0x" + pack_id(GTIN, SERIAL).hex()
        with pytest.raises(Reverted, match="AlreadyDispensed"):
            command("dispense", CODE, *of_file, "--by", "pharmacy", "--as", "pharmacy")
        for words in (of_file, ()):
            with pytest.raises(CheckRefused) as refused:
                command("verify", CODE, *words)
            assert refused.value.reason == "ALREADY_DISPENSED"
        with pytest.raises(CheckRefused, match="name the file of its lot"):
            command("verify", CODE.replace(SERIAL, "BW7K00006"))

        recalled = command("recall", str(path), "--by", "regulator", "--class", "1", "--as", "regulator")
        assert recalled["events"][0]["recallDepth"] == RecallDepth.CONSUMER
        acts = [step["act"] for step in command("trace", CODE, *of_file)]
        assert acts == [
            "COMMISSIONED",
            *("SHIPPED", "REFUSED", "SHIPPED", "TAKEN_BACK", "SHIPPED", "RECEIVED"),
            *("SHIPPED", "RECEIVED", "DISPENSED", "RECALLED"),
        ]

    def test_recall_knows_three_depths(self, command, tmp_path):
        path = tmp_path / "lot.json"
        path.write_bytes(samples.read("lot.json"))
        with pytest.raises(InputError, match="wholesale, retail or consumer"):
            command("recall", str(path), "--by", "maker", "--class", "1", "--depth", "none at all", "--as", "maker")
