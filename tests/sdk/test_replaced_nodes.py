"""Files of JSON with any node exchanged for a value of another type: refused as bad input or judged, never a crash."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from medtrust import samples
from medtrust.billing import read_bills, read_claims
from medtrust.cold_chain import read_readings
from medtrust.counting import read_ledger
from medtrust.counts import CountedDose, make_release
from medtrust.deploy import AddressBook
from medtrust.errors import CheckRefused, InputError, NotDeployed
from medtrust.import_report import refused_files
from medtrust.lotfile import LotFile
from medtrust.plan_file import read_plan
from medtrust.quote import quote
from medtrust.standards.epcis import read_epcis
from medtrust.standards.epcis_plan import plan_events
from medtrust.standards.epcis_sensor import logger_of, sensor_readings
from medtrust.standards.fhir_consent_reading import read_consent
from medtrust.standards.foreign import parse
from medtrust.standards.trust import TrustList
from medtrust.stock import Stock
from medtrust.travel import read_sightings
from tests.standards.support import KEY, ORGANISATION, reading

VALUES: tuple[Any, ...] = (None, [], {}, 7, True, "x", ["x"], {"x": {}})
EXPECTED = (InputError, CheckRefused, NotDeployed)
PLAN = read_plan(json.loads(samples.read("plan.json")))
CONTEXT = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"


def _bills(data: bytes, _: Path) -> None:
    read_claims(data, name="file", key=KEY, organisation=ORGANISATION)
    for bill in read_bills(data, name="file", key=KEY, organisation=ORGANISATION):
        quote(PLAN, bill)


def _events(data: bytes, _: Path) -> None:
    found = read_epcis(data)
    for event in found.events if found.is_valid else ():
        with suppress(InputError):
            logger_of(event)
    if found.is_valid:
        with suppress(InputError):
            sensor_readings(found.events)
        plan_events(found.events)


def _book(_: bytes, file: Path) -> None:
    book = AddressBook(1, file.parent)
    for name in book.names():
        book.get(name)


READERS: dict[str, tuple[Any, Callable[[bytes, Path], Any]]] = {
    "visit": (json.loads(samples.read("visit.json")), _bills),
    "claim": (json.loads(samples.read("visit_claim.json")), _bills),
    "immunization": (json.loads(samples.read("immunization.json")), lambda data, _: reading(data)),
    "bundle": (json.loads(samples.read("immunizations_bundle.json")), lambda data, _: reading(data)),
    "events": (json.loads(samples.read("events.jsonld")), _events),
    "query": (
        {
            "@context": [CONTEXT],
            "eventType": ["ObjectEvent"],
            "EQ_action": ["ADD"],
            "GE_eventTime": "2026-01-01T00:00:00Z",
            "EQ_quantity": [1],
            "LT_value_CEL": 5,
            "EQ_INNER_ILMD_x:y": ["z"],
            "EXISTS_ilmd": None,
            "orderDirection": "ASC",
        },
        lambda data, _: read_epcis(data),
    ),
    "plan": (json.loads(samples.read("plan.json")), lambda data, _: read_plan(json.loads(data))),
    "lot": (json.loads(samples.read("lot.json")), lambda _, file: LotFile.read(file)),
    "cold lot": (json.loads(samples.read("cold_lot.json")), lambda _, file: LotFile.read(file)),
    "stock": (json.loads(samples.read("stock.json")), lambda _, file: Stock.read(file)),
    "scans": (json.loads(samples.read("scans.json")), lambda data, _: read_sightings(json.loads(data))),
    "readings": (
        [{"time": "2026-11-02T09:00:00Z", "celsius": 4.5}, {"time": "2026-11-02T09:10:00Z", "celsius": "5"}],
        lambda data, _: read_readings(data.decode()),
    ),
    "consent": (
        json.loads(samples.read("consent.json")),
        lambda data, _: read_consent(data, name="file", key=KEY),
    ),
    "keys": (json.loads(samples.read("health_card_keys.json")), lambda data, _: TrustList.read([("keys.json", data)])),
    "health card": (
        json.loads(samples.read("health_card.smart-health-card")),
        lambda data, _: parse([data.decode()]),
    ),
    "addresses": (
        {
            "contracts": {"A": {"address": "0x", "block": 1, "transaction": "0x", "abiHash": "0x", "codeHash": "0x"}},
            "pending": {},
        },
        _book,
    ),
    "report": ({"t": "import-report/1", "refused": [{"file": "x"}]}, lambda _, file: refused_files(file)),
    "ledger": (
        [make_release([CountedDose(date(2026, 10, 5), "MN", "113")] * 12, "month").to_dict()],
        lambda _, file: read_ledger(file),
    ),
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every node stands, the whole first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from paths(one, (*path, name))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Copy a document with one node exchanged."""
    if not path:
        return value
    copy = json.loads(json.dumps(document))
    at = copy
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return copy


class TestReplacedNodes:
    """
    given any file of JSON with one node of another type -> read, judged, or refused; nothing else is raised
    """

    @pytest.mark.parametrize("name", list(READERS))
    def test_are_read_or_refused(self, tmp_path: Path, name: str) -> None:
        document, read = READERS[name]
        file = tmp_path / "1.json"
        chance = random.Random(name)
        cases = [(path, value) for path in paths(document) for value in VALUES]
        for path, value in cases if len(cases) <= LIMIT else chance.sample(cases, LIMIT):
            data = json.dumps(replaced(document, path, value)).encode()
            file.write_bytes(data)
            try:
                with suppress(*EXPECTED):
                    read(data, file)
            except Exception as error:
                raise AssertionError(f"{name}: {path} = {value!r}: {error!r}") from error


LIMIT = 120
"""How many replacements of each file are tried, chosen with a seed."""
