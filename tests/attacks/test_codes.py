"""Attacks on what comes in from outside, codes on packages and events: each twin is the module without its defence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from medtrust import samples
from medtrust.errors import InputError
from medtrust.standards.epcis_hash import event_hash
from medtrust.standards.epcis_source import read_json_source
from medtrust.standards.gs1 import Element, parse
from tests.attacks.framework import Attack, AttackTests, Blocked, Run, attacks_on
from tests.attacks.python_twin import module
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)

GTIN = "00361414567894"
EVIL = Element("10", "MT2026A(21)EVIL")


class TestAttacks(AttackTests):
    pass


def refusing(run: Callable[[World], None]) -> Run:
    """Take a refusal of an input for what it is: the attack was blocked, by what was expected instead."""

    @wraps(run)
    def guarded(world: World) -> None:
        try:
            run(world)
        except InputError as refused:
            raise Blocked(refused.expected) from None

    return guarded


# Codes on packages


@attack("code-digit-changed", defence="check digits are computed", blocked_by="a check digit 4")
def change_a_digit(world: World) -> None:
    """Print a product number that is off by one, so that the scan is of another product."""
    twin = module(world, "standards.gs1_values", ("if not has_check_digit(number, end - start):", "if not number:"))
    fault = twin.fault_of("01", "00361414567895")
    if fault:
        raise Blocked(fault)


@attack("code-smuggled-identifier", defence="a bracket within a value is escaped", blocked_by="no serial number")
def smuggle_an_identifier(world: World) -> None:
    """Name a lot so that what people read of it is taken for a lot and a serial number."""
    twin = module(world, "standards.gs1_syntax", (""".replace('(', chr(92) + '(')""", ""))
    written = twin.hri((Element("01", GTIN), EVIL))
    if parse(written).serial is None:
        raise Blocked("no serial number")
    assert parse(written).serial == "EVIL"


@attack("code-two-values", defence="an identifier has one value", blocked_by="one value")
@refusing
def give_two_serial_numbers(world: World) -> None:
    """Put two serial numbers into one code, so that two readers see two packs."""
    twin = module(world, "standards.gs1_rules", ("    _check_repeats(elements)\n", ""))
    twin.check_pairs([Element("01", GTIN), Element("21", "A"), Element("21", "B")])


@attack("code-excluded-pair", defence="what excludes each other is refused", blocked_by="one of the two alone")
@refusing
def mix_pack_and_content(world: World) -> None:
    """Let a pallet's label name a product of its own and one that it contains."""
    twin = module(world, "standards.gs1_rules", ("            if other:\n", "            if other and not other:\n"))
    twin.check_pairs([Element("00", "1" * 18), Element("01", GTIN), Element("02", GTIN), Element("37", "1")])


@attack(
    "link-serial-in-query",
    defence="a link says everything once, and its key in the path",
    blocked_by="each identifier once in a link",
)
@refusing
def hide_a_serial_number_in_the_query(world: World) -> None:
    """Let the path of a link name one pack and its query another."""
    patch = ("    _check_query([element.ai for element in found], len(path))\n", "")
    twin = module(world, "standards.gs1_link", patch)
    link = twin.read_link(f"https://id.gs1.org/01/{GTIN}/21/A?21=B")
    assert [one.value for one in link.elements if one.ai == "21"] == ["A", "B"]


@attack(
    "link-other-scheme", defence="a link is http or https, with a host", blocked_by="http or https, a host and a path"
)
@refusing
def use_another_scheme(world: World) -> None:
    """Pass off a script as the link on a package."""
    twin = module(world, "standards.gs1_link", ("    if not _ADDRESS.fullmatch(code):\n", "    if not code:\n"))
    assert twin.read_link(f"javascript://x/01/{GTIN}").elements[0].value == GTIN


# Events


def _event(**changes: object) -> dict[str, object]:
    whole = json.loads(samples.read("events.jsonld"))
    (first, *_) = whole["epcisBody"]["eventList"]
    whole["epcisBody"]["eventList"] = [{**first, **changes}]
    return whole


@attack(
    "event-entity",
    defence="document types and entities are refused",
    blocked_by="XML without document type and entities",
)
@refusing
def read_a_file_by_an_entity(world: World) -> None:
    """Let the reader of an event put one of its own files into it."""
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text("swordfish", encoding="utf-8")
        data = samples.read("events_epcis_1_2.xml").replace(
            b"<epcis:EPCISDocument",
            f'<!DOCTYPE a [<!ENTITY s SYSTEM "{secret.as_uri()}">]><epcis:EPCISDocument'.encode(),
        )
        twin = module(
            world,
            "standards.epcis_xml",
            ("    for forbidden in _FORBIDDEN:\n", "    for forbidden in ():\n"),
            ("resolve_entities=False, no_network=True, load_dtd=False", "resolve_entities=True, load_dtd=True"),
        )
        (event,) = twin.read_xml_source(data.replace(b"<action>OBSERVE", b"<action>&s;")).events
        assert event.fields["action"] == "swordfish"


@attack("event-lost-field", defence="a field without a namespace is refused", blocked_by="refused")
def hide_a_field(world: World) -> None:
    """Add a field that readers of JSON-LD drop in silence, and readers of JSON see."""
    twin = module(
        world,
        "standards.epcis_check",
        ('        if name not in known and not name.startswith(("{", "@", "#"))', "        if not name"),
    )
    source = read_json_source(json.dumps(_event(recallNotice="none")).encode())
    if twin.check_source(source):
        raise Blocked("refused")


@attack("event-remote-context", defence="no context is taken from elsewhere", blocked_by="refused")
def bring_an_own_context(world: World) -> None:
    """Say in a context elsewhere what the words of an event mean, and change it afterwards."""
    twin = module(
        world,
        "standards.epcis_source",
        ("            if not part.startswith(CONTEXTS):\n", "            if not part:\n"),
    )
    whole = _event()
    whole["@context"] = [*whole["@context"], "https://evil.example/context.jsonld"]
    if twin.read_json_source(json.dumps(whole).encode()).problems:
        raise Blocked("refused")


@attack("event-field-twice", defence="a field stands once", blocked_by="each field once")
@refusing
def write_a_field_twice(world: World) -> None:
    """Write the action twice, so that one reader adds and another deletes."""
    twin = module(
        world, "standards.epcis_source", ("        if len(set(names)) != len(names):\n", "        if not names:\n")
    )
    data = json.dumps(_event()).replace('"action": "ADD"', '"action": "DELETE", "action": "ADD"').encode()
    (event,) = twin.read_json_source(data).events
    assert event.fields["action"] == "ADD"


@attack("event-colliding-numbers", defence="a number keeps every digit", blocked_by="two hashes")
def make_two_events_collide(world: World) -> None:
    """Make an event that differs in the last digit of a number, so that it passes for one that is known."""
    twin = module(
        world, "standards.epcis_hash", ('written = f"{Decimal(text):f}"', 'written = f"{Decimal(float(text)):f}"')
    )
    hashes = {twin.event_hash({"type": "ObjectEvent", "{urn:x}n": f"10000000000000000000{digit}"}) for digit in "12"}
    if len(hashes) == 2:
        raise Blocked("two hashes")


@attack("event-ignored-field", defence="a document ignores its own fields alone", blocked_by="two hashes")
def leave_the_action_out(world: World) -> None:
    """Let a document declare that the action does not count, so that deleting passes for adding."""
    twin = module(
        world,
        "standards.epcis_source",
        (
            'frozenset(f"{{{prefixes[prefix]}}}{local}" for prefix, _, local in split if prefix in prefixes)',
            "frozenset(local or prefix for prefix, _, local in split)",
        ),
    )
    hashes = set()
    for action in ("ADD", "DELETE"):
        whole = {**_event(action=action), "example:ignoreFields": ["action"]}
        source = twin.read_json_source(json.dumps(whole).encode())
        hashes.add(event_hash(source.events[0].fields, ignored=source.ignored))
    if len(hashes) == 2:
        raise Blocked("two hashes")
