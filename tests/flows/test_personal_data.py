"""Personal data: canaries in everything that is read reach neither the chain, nor its node, nor anybody's log."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from web3.providers.ipc import IPCProvider

from medtrust import node, samples, sandbox, wallet
from medtrust.abi import to_plain
from medtrust.chain import Chain
from medtrust.consent import Purpose
from medtrust.deploy import AddressBook
from medtrust.errors import CheckRefused
from medtrust.importer import import_files
from medtrust.keccak import keccak256
from medtrust.record_service import RecordService
from medtrust.story import BEGINS_AT, STORIES, Stage
from tests.canaries import BORN, CANARIES, LOT, Seen, plant
from tests.consents import give_ether
from tests.hospitals import custodian_of, hold, reader_of, serving, sign_consent
from tests.world import GENESIS, ORGANISATIONS, ROOT, World, build, compiled

NAME = "Zanthorpe-Wixley"
STORE = "0x00000000000000000000000000000000000c0de0"


@pytest.fixture(scope="module")
def recorded() -> Iterator[Callable[[], Seen]]:
    """Begins to write down all that goes to a node and comes back."""
    monkeypatch = pytest.MonkeyPatch()
    ask = IPCProvider.make_request
    seen: list[Seen] = []

    def request(self, method, params):
        answer = ask(self, method, params)
        seen[-1].note_traffic(method, params, answer)
        return answer

    def begin() -> Seen:
        seen.append(Seen())
        return seen[-1]

    monkeypatch.setattr(IPCProvider, "make_request", request)
    yield begin
    monkeypatch.undo()


@pytest.fixture(scope="module", params=sorted(STORIES))
def told(request, recorded, tmp_path_factory):
    """A story of the demo, told with canaries in every sample; what was seen of it, and its folder."""
    folder = tmp_path_factory.mktemp("demo")
    seen = recorded()
    read = samples.read
    with pytest.MonkeyPatch.context() as monkeypatch, node.start("anvil", ROOT, timestamp=BEGINS_AT) as running:
        monkeypatch.setattr(samples, "read", lambda name: plant(read(name)) if "png" not in name else read(name))
        stage = Stage(sandbox.deploy_suite(running, AddressBook(running.chain_id, folder / "deployments")), folder)
        for beat in STORIES[request.param](stage):
            seen.note("what is told", json.dumps(to_plain(beat), ensure_ascii=False))
        seen.note_chain(stage.suite.chain)
        seen.note("log of the node", running.log.read_bytes())
    return seen, folder


@pytest.fixture(scope="module")
def done(recorded, tmp_path_factory):
    """Doses imported, and a record kept, asked for, refused and read; what was seen of it, and its folder."""
    folder = tmp_path_factory.mktemp("flows")
    seen = recorded()
    with node.start("anvil", ROOT, timestamp=GENESIS) as running:
        world = build(Chain.connect(str(running.ipc_path)), compiled())
        import_doses(world, folder)
        keep_record(world, folder, seen)
        seen.note_chain(world.chain)
        seen.note("log of the node", running.log.read_bytes())
    return seen, folder


def import_doses(world: World, folder: Path) -> None:
    """A message whose lot is in no stock, and one of whom nothing can be read."""
    message = plant(samples.read("vxu_v04.hl7")).replace(b"mt2026a", LOT.texts[0].encode())
    files = [folder / "in" / name for name in ("dose.hl7", "broken.hl7")]
    files[0].parent.mkdir()
    for file, content in zip(files, (message, message.replace(b"20261005||58160", b"||58160")), strict=True):
        file.write_bytes(content)
    clinic = ORGANISATIONS["clinic"].identifier
    out = folder / "certificates"
    report = import_files(files, world.acting_as("clinic"), clinic, b"\x07" * 32, out=out, strict=False)
    assert (len(report.issued), len(report.refused)) == (1, 1)


def keep_record(world: World, folder: Path, seen: Seen) -> None:
    """A record that is all canaries, read by a consent, and after it was revoked no more."""
    custodian = custodian_of(world, folder)
    content = json.dumps({one.kind: one.texts[0] for one in CANARIES}).encode()
    held = hold(world, custodian, content)
    service = RecordService(
        custodian, log=lambda entry: seen.note("log of the service", json.dumps(entry, default=str))
    )
    receipt = sign_consent(world)
    with serving(service) as url:
        reader = reader_of(world, url)
        assert reader.read(held.record, receipt, purpose=Purpose.TREAT).content == content
        give_ether(world, world.patient.address)
        world.acting_as(world.patient).consent.revoke(receipt.id)
        with pytest.raises(CheckRefused):
            reader.read(held.record, receipt, purpose=Purpose.TREAT)


def note_output(seen: Seen, folder: Path) -> Seen:
    """What was left in the folder, without what was read from it."""
    seen.note_folder("folder", folder)
    seen.places = {where: raw for where, raw in seen.places.items() if not where.startswith("folder/in/")}
    return seen


class TestPersonalData:
    """
    given samples full of canaries
      when every story of the demo is told          -> none is in what is told, on the chain, in its node, on disk
      when doses are imported, records kept and read -> none, but the lot in the certificate that the patient is given
    given a canary in any form, in calldata, an event, storage, a reason or a log -> it is found
    """

    def test_stories_leave_none(self, told):
        seen = note_output(*told)

        assert {"traffic", "state", "blocks", "events", "what is told", "log of the node"} < set(seen.places)
        assert seen.found() == []

    def test_flows_leave_none(self, done):
        seen = note_output(*done)

        assert {"traffic", "state", "log of the service", "log of the node"} < set(seen.places)
        assert any("vault" in where for where in seen.places)
        assert any("blobs" in where for where in seen.places)
        found = seen.found()
        given = [one for one in found if one.startswith("folder/certificates/")]
        assert {one.split(": ")[1] for one in given} == {"lot in utf-8"}
        assert found == given


FORMS: dict[str, bytes] = {
    "family name in utf-8": f"name={NAME}".encode(),
    "family name in utf-16-le": NAME.lower().encode("utf-16-le"),
    "family name in utf-16-be": NAME.encode("utf-16-be"),
    "family name in utf-8, hexadecimal": NAME.encode().hex().encode(),
    "family name in utf-8, base64": b64encode(b"??" + NAME.encode() + b"?"),
    "family name backwards": NAME[::-1].encode(),
    "family name in keccak256": keccak256(NAME.upper().encode()),
    "family name in sha256": hashlib.sha256(NAME.encode()).digest(),
    "birth date in utf-8": f"{BORN:%d.%m.%Y}".encode(),
    "birth date as a number": int(f"{BORN:%Y%m%d}").to_bytes(32, "big"),
    "birth date in sha256": hashlib.sha256(f"{BORN:%Y%m%d}".encode()).digest(),
    "record number as a number": (839201746652).to_bytes(32, "big"),
    "family name with birth date in keccak256": keccak256(f"{NAME}|{BORN}".encode()),
}


@pytest.fixture(scope="module")
def leaked(recorded) -> list[str]:
    """What is found on a chain to which each form is sent, and in whose storage one is."""
    seen = recorded()
    with node.start("anvil", ROOT, timestamp=GENESIS) as running:
        chain = Chain.connect(str(running.ipc_path))
        for raw in FORMS.values():
            chain.send(wallet.role("steward"), wallet.role("stranger").address, raw)
        chain.request("anvil_setStorageAt", STORE, "0x0", "0x" + keccak256(b"Qwillomena").hex())
        seen.note_chain(chain)
    return seen.found()


class TestTeeth:
    """given a canary that reached a chain or a log, in any form -> it is found there, and named"""

    @pytest.mark.parametrize("form", FORMS)
    def test_finds_it_in_calldata(self, leaked, form):
        assert f"blocks: {form}" in leaked, leaked

    def test_finds_it_in_storage(self, leaked):
        assert "state: given name in keccak256" in leaked, leaked

    @pytest.mark.parametrize("where", ["log of the service", "what is told"])
    def test_finds_it_in_a_log(self, where):
        seen = Seen()
        seen.note(where, '{"act": "ticket", "patient": "qwillomena"}')
        assert seen.found() == [f"{where}: given name in utf-8"]
