"""EPCIS: documents are read in JSON-LD and XML, checked with paths, and hashed alike however they are written."""

from __future__ import annotations

import contextlib
import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtrust import samples
from medtrust.errors import InputError
from medtrust.standards.epcis import is_epcis, read_epcis

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-03T10:00:00.000+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:epc:id:sscc:0361414.0000000200"],
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:0614141.00003.0"},
}


def document(*events, context=None, **more) -> bytes:
    whole = {
        "@context": context or [CONTEXT, {"example": "https://ns.example.com/epcis/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-07T09:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **more,
    }
    return json.dumps(whole).encode()


def event(**changes) -> dict:
    """The event of these tests, with changes; None takes a field out."""
    return {name: value for name, value in {**copy.deepcopy(EVENT), **changes}.items() if value is not None}


def problems(*events, **more) -> list[tuple[str, str]]:
    found = read_epcis(document(*events, **more))
    return [(one.place.removeprefix("epcisBody.eventList"), one.expected) for one in found.problems]


def hash_of(**changes) -> str:
    (only,) = read_epcis(document(event(**changes))).events
    return only.hash


def xml(body: str, version: str = "2", more: str = "") -> bytes:
    return (
        f'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{version}" {more} schemaVersion="{version}.0" '
        f'creationDate="2026-11-07T09:00:00Z"><EPCISBody><EventList>{body}</EventList></EPCISBody>'
        "</epcis:EPCISDocument>"
    ).encode()


XML_EVENT = """<ObjectEvent><eventTime>2026-11-03T09:00:00Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
<epcList><epc> urn:epc:id:sscc:0361414.0000000200 </epc></epcList><action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep><disposition>urn:epcglobal:cbv:disp:in_transit</disposition>
<readPoint><id>https://example.com/414/0614141000036</id></readPoint></ObjectEvent>"""


class TestSamples:
    """
    given the sample in JSON-LD -> valid; every kind of identifier is read
    given one of its events in XML 1.2, written in other ways -> the same hash
    """

    def test_are_valid_and_alike(self):
        whole = read_epcis(samples.read("events.jsonld"))
        (shipped,) = read_epcis(samples.read("events_epcis_1_2.xml")).events
        assert (whole.is_valid, whole.kind, whole.version, len(whole.events)) == (True, "document", "2.0", 10)
        assert shipped.hash == whole.events[5].hash
        assert shipped.prehash == whole.events[5].prehash
        assert len({one.hash for one in whole.events}) == 10
        assert is_epcis(samples.read("events.jsonld"))
        assert not is_epcis(samples.read("vxu_v04.hl7"))


class TestChecks:
    """
    given an event with one thing wrong -> refused at its path
    given what EPCIS allows             -> let pass
    """

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"eventTime": "22-07-2026"}, "[0].eventTime"),
            ({"eventTime": "2026-02-30T10:00:00Z"}, "[0].eventTime"),
            ({"eventTime": "2026-11-03T10:00:00"}, "[0].eventTime"),
            ({"eventTime": 5}, "[0].eventTime"),
            ({"eventTime": None}, "[0].eventTime"),
            ({"recordTime": "yesterday"}, "[0].recordTime"),
            ({"eventTimeZoneOffset": "1:00"}, "[0].eventTimeZoneOffset"),
            ({"eventTimeZoneOffset": "+14:30"}, "[0].eventTimeZoneOffset"),
            ({"eventTimeZoneOffset": None}, "[0].eventTimeZoneOffset"),
            ({"action": "CREATE"}, "[0].action"),
            ({"action": None}, "[0].action"),
            ({"epcList": None}, "[0].epcList"),
            ({"epcList": "urn:x:1"}, "[0].epcList"),
            ({"epcList": ["no uri"]}, "[0].epcList[0]"),
            ({"epcList": ["urn:epc:id:sgtin:0361414.05678.1"]}, "[0].epcList[0]"),
            ({"bizStep": "transforming"}, "[0].bizStep"),
            ({"bizStep": "urn:epcglobal:cbv:bizstep:transforming"}, "[0].bizStep"),
            ({"bizStep": "https://ref.gs1.org/cbv/BizStep-transforming"}, "[0].bizStep"),
            ({"bizStep": "cbv:BizStep-transforming"}, "[0].bizStep"),
            ({"bizStep": 1}, "[0].bizStep"),
            ({"disposition": "in_transport"}, "[0].disposition"),
            ({"persistentDisposition": {"set": ["lost"]}}, "[0].persistentDisposition.set[0]"),
            ({"persistentDisposition": {}}, "[0].persistentDisposition"),
            ({"readPoint": {}}, "[0].readPoint.id"),
            ({"readPoint": {"id": "x y"}}, "[0].readPoint.id"),
            ({"quantityList": [{"epcClass": "urn:x:1", "quantity": "twenty"}]}, "[0].quantityList[0].quantity"),
            ({"quantityList": [{"epcClass": "urn:x:1", "quantity": -1}]}, "[0].quantityList[0].quantity"),
            ({"quantityList": [{"epcClass": "urn:x:1", "quantity": True}]}, "[0].quantityList[0].quantity"),
            ({"quantityList": [{"epcClass": "urn:x:1", "weight": 5}]}, "[0].quantityList[0].weight"),
            ({"quantityList": [{"epcClass": "urn:x:1", "uom": "kg"}]}, "[0].quantityList[0].uom"),
            ({"quantityList": [{}]}, "[0].quantityList[0].epcClass"),
            ({"sourceList": [{"type": "place", "source": "urn:x:1"}]}, "[0].sourceList[0].type"),
            ({"sourceList": [{"source": "urn:x:1"}]}, "[0].sourceList[0].type"),
            ({"destinationList": [{"type": "location"}]}, "[0].destinationList[0].destination"),
            (
                {"bizTransactionList": [{"type": "order", "bizTransaction": "urn:x:1"}]},
                "[0].bizTransactionList[0].type",
            ),
            ({"bizTransactionList": ["urn:x:1"]}, "[0].bizTransactionList[0]"),
            ({"sensorElementList": [{}]}, "[0].sensorElementList[0].sensorReport"),
            (
                {"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": "26"}]}]},
                "[0].sensorElementList[0].sensorReport[0].value",
            ),
            (
                {"sensorElementList": [{"sensorReport": [{"value": 26}]}]},
                "[0].sensorElementList[0].sensorReport[0].type",
            ),
            ({"errorDeclaration": {"reason": "did_not_occur"}}, "[0].errorDeclaration.declarationTime"),
            (
                {"errorDeclaration": {"declarationTime": "2026-11-03T10:00:00Z", "reason": "tired"}},
                "[0].errorDeclaration.reason",
            ),
            ({"ilmd": {"materialType": "soil"}}, "[0].ilmd.materialType"),
            ({"parentID": "urn:x:1"}, "[0].parentID"),
            ({"colour": "red"}, "[0].colour"),
            ({"other:colour": "red"}, "[0].other:colour"),
            ({"eventID": "7"}, "[0].eventID"),
            ({"type": "Event"}, "[0].type"),
        ],
    )
    def test_refuses_at_the_path(self, changes, path):
        assert [place for place, _ in problems(event(**changes))] == [path]

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"bizStep": "cbv:BizStep-shipping", "disposition": "urn:epcglobal:cbv:disp:in_transit"},
            {"bizStep": "https://ns.example.com/steps/sorting"},
            {"example:colour": {"example:shade": ["dark", 5]}},
            {"ilmd": {"cbvmda:lotNumber": "A", "example:grade": 1}},
            {"epcList": [], "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 26.0}]}]},
            {"epcList": None, "quantityList": [{"epcClass": "urn:epc:class:lgtin:0361414.056789.A", "quantity": 1.5}]},
            {"bizTransactionList": [{"bizTransaction": "urn:x:1"}]},
            {"errorDeclaration": {"declarationTime": "2026-11-03T10:00:00Z", "reason": "incorrect_data"}},
            {"certificationInfo": ["https://example.com/1"], "rdfs:comment": "once"},
        ],
    )
    def test_lets_pass_what_is_allowed(self, changes):
        assert problems(event(**changes)) == []

    @pytest.mark.parametrize(
        ("kind", "needed"),
        [
            ("AggregationEvent", {"parentID": "urn:x:1", "childEPCs": ["urn:x:2"]}),
            ("TransactionEvent", {"bizTransactionList": [{"bizTransaction": "urn:x:1"}]}),
            ("AssociationEvent", {"parentID": "urn:x:1", "childEPCs": ["urn:x:2"]}),
            ("TransformationEvent", {"inputEPCList": ["urn:x:1"], "outputEPCList": ["urn:x:2"], "action": None}),
        ],
    )
    def test_other_kinds_need_their_own(self, kind, needed):
        whole = event(type=kind, epcList=None, **{"action": "ADD", **needed})
        assert problems(whole) == []
        for name in [name for name, value in needed.items() if value is not None]:
            found = [place for place, _ in problems({key: one for key, one in whole.items() if key != name})]
            assert found[:1] == [f"[0].{name}"], name

    def test_several_problems_are_all_told(self):
        assert [place for place, _ in problems(event(action="X"), event(), event(bizStep="x", disposition="y"))] == [
            "[0].action",
            "[2].bizStep",
            "[2].disposition",
        ]


class TestDocuments:
    """
    given a document, a query document, a bare event, a query -> told apart
    given a head that is wrong, another context, no events    -> refused with its path
    when it cannot be read                                    -> InputError with file and place
    """

    def test_tells_the_kinds_apart(self):
        bare = {"@context": CONTEXT, **EVENT}
        asked = {"@context": CONTEXT, "GE_eventTime": "2026-01-01T00:00:00Z", "EQ_bizStep": ["shipping"]}
        results = {"queryResults": {"resultsBody": {"eventList": [EVENT]}}}
        answered = document(type="EPCISQueryDocument", epcisBody=results)
        kinds = [read_epcis(one).kind for one in (json.dumps(bare).encode(), json.dumps(asked).encode(), answered)]
        assert kinds == ["event", "query", "query document"]
        assert read_epcis(answered).events[0].path == "epcisBody.queryResults.resultsBody.eventList[0]"
        assert [one.place for one in read_epcis(json.dumps({**asked, "GE_eventDate": 1}).encode()).problems] == [
            "GE_eventDate"
        ]

    @pytest.mark.parametrize(
        ("more", "path"),
        [
            ({"schemaVersion": "x"}, "schemaVersion"),
            ({"creationDate": "today"}, "creationDate"),
            ({"epcisBody": {}}, "epcisBody.eventList"),
            ({"epcisBody": None}, "epcisBody.eventList"),
            ({"context": [CONTEXT, "https://evil.example/context.jsonld"]}, "@context[1]"),
            ({"context": {"example": "https://ns.example.com/"}}, "@context"),
            ({"context": [CONTEXT, 5]}, "@context[1]"),
        ],
    )
    def test_refuses_a_wrong_head(self, more, path):
        assert path in [one.place for one in read_epcis(document(event(), **more)).problems]

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (b"", "document"),
            (b"[]", "document"),
            (b"{", "document"),
            (b'{"type": "EPCISDocument", "type": "EPCISDocument"}', "type"),
            (b'{"type": "Other"}', "type"),
            (b'{"type": "ObjectEvent", "eventTime": NaN}', "document"),
            (b'{"a":' * 100_000, "document"),
            (b'{"type": "ObjectEvent", "action": "\\ud800"}', "document"),
            (b'{"type": "ObjectEvent", "action": ' + b"9" * 5000 + b"}", "document"),
            (b"<a", "document"),
            (b"<html/>", "root"),
            (b"MSH|^~\\&|", "document"),
        ],
    )
    def test_refuses_what_it_cannot_read(self, data, place):
        with pytest.raises(InputError) as caught:
            read_epcis(data, name="x.json")
        assert (caught.value.file, caught.value.place) == ("x.json", place)

    @settings(max_examples=60)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.text(max_size=8) | st.integers(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from([*EVENT, "ilmd", "sensorElementList", "x:y", "quantityList"]), inner, max_size=4
                )
            ),
            max_leaves=12,
        )
    )
    def test_reads_or_refuses_anything(self, value):
        changed = {"example:own": value, **(value if isinstance(value, dict) else {"epcList": value})}
        with contextlib.suppress(InputError):
            found = read_epcis(document({**EVENT, **changed, "type": "ObjectEvent"}))
            assert all(one.place for one in found.problems)
            assert all(one.hash.startswith("ni:///sha-256;") for one in found.events)


class TestXml:
    """
    given the same event in XML 2.0, or in shells of 1.2    -> the same hash
    given elements in another order than the schema's       -> refused in 2.0
    given document types and entities, nested or external   -> refused, nothing is read or asked
    given a value twice, a query without a name or a value  -> refused with its path
    """

    def test_is_the_same_event(self):
        (first,) = read_epcis(xml(XML_EVENT)).events
        assert first.hash == hash_of()
        shell = XML_EVENT.replace("<readPoint>", "<extension><readPoint>").replace(
            "</readPoint>", "</readPoint></extension>"
        )
        (second,) = read_epcis(xml(shell, "1")).events
        assert second.hash == hash_of()

    def test_fields_of_others_keep_their_namespace(self):
        more = 'xmlns:own="https://ns.example.com/epcis/"'
        inside = XML_EVENT.replace(
            "</ObjectEvent>", "<own:colour><own:shade>dark</own:shade></own:colour></ObjectEvent>"
        )
        (first,) = read_epcis(xml(inside, more=more)).events
        assert first.hash == hash_of(**{"example:colour": {"example:shade": "dark"}})

    def test_order_counts_in_captured_documents(self):
        moved = XML_EVENT.replace("<action>OBSERVE</action>", "").replace(
            "<ObjectEvent>", "<ObjectEvent><action>OBSERVE</action>"
        )
        assert [one.place for one in read_epcis(xml(moved)).problems][:1] == ["EventList[0].eventTime"]
        assert read_epcis(xml(moved, "1")).is_valid

    @pytest.mark.parametrize(
        "head",
        [
            '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
            '<!DOCTYPE a SYSTEM "file:///etc/hostname">',
            '<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/">]>',
            "<!doctype a>",
        ],
    )
    def test_entities_are_refused(self, head):
        for data in (head.encode() + xml(XML_EVENT), head.encode("utf-16")):
            with pytest.raises(InputError) as caught:
                read_epcis(data)
            assert caught.value.place == "document"

    def test_an_element_twice_is_refused(self):
        twice = XML_EVENT.replace("<action>OBSERVE</action>", "<action>ADD</action><action>OBSERVE</action>")
        assert "EventList[0].action" in [one.place for one in read_epcis(xml(twice)).problems]

    @pytest.mark.parametrize(
        ("inner", "paths"),
        [
            ("<queryName>Q</queryName><params/>", []),
            ("<params/>", ["Poll.queryName"]),
            (
                "<queryName>Q</queryName><params><param><name>eventType</name></param></params>",
                ["Poll.params[0].value"],
            ),
            (
                "<queryName>Q</queryName><params><param><name>no</name><value>1</value></param></params>",
                ["Poll.params[0].name"],
            ),
        ],
    )
    def test_queries(self, inner, paths):
        data = (
            '<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:2" schemaVersion="2.0" '
            f'creationDate="2026-11-07T09:00:00Z"><EPCISBody><q:Poll>{inner}</q:Poll></EPCISBody></q:EPCISQueryDocument>'
        )
        found = read_epcis(data.encode())
        assert (found.kind, [one.place for one in found.problems]) == ("query", paths)
