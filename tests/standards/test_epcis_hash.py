"""The hash of an event: alike for all ways to write it, another for each change; and the one form of identifiers."""

from __future__ import annotations

import pytest

from medtrust.errors import InputError
from medtrust.standards.epcis import read_epcis
from medtrust.standards.epcis_hash import event_hash, instant
from medtrust.standards.epcis_uris import canonical_uri, elements_of, epc_uri
from medtrust.standards.gs1 import Element
from tests.standards.test_epcis import EVENT, document, event


def hash_of(**changes) -> str:
    (only,) = read_epcis(document(event(**changes))).events
    return only.hash


class TestHash:
    """
    given the same event written otherwise -> the same hash
    given any change that means something  -> another hash
    given when it was recorded, its id, a comment, a declaration of error -> does not count
    given fields that the document leaves out of account -> do not count, if they are somebody's own
    """

    @pytest.mark.parametrize(
        "changes",
        [
            {"eventTime": "2026-11-03T09:00:00Z"},
            {"eventTime": "2026-11-03T09:00:00.0004Z"},
            {"bizStep": "urn:epcglobal:cbv:bizstep:shipping"},
            {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"},
            {"bizStep": "cbv:BizStep-shipping"},
            {"epcList": ["https://id.gs1.org/00/003614140000002005"]},
            {"readPoint": {"id": "https://warehouse.example/414/0614141000036?x=1"}},
            {"recordTime": "2026-11-04T10:00:00Z", "eventID": "urn:uuid:1", "rdfs:comment": "x"},
            {"errorDeclaration": {"declarationTime": "2026-11-05T10:00:00Z"}},
            {"quantityList": []},
        ],
    )
    def test_is_the_same(self, changes):
        assert hash_of(**changes) == hash_of()

    @pytest.mark.parametrize(
        "changes",
        [
            {"eventTime": "2026-11-03T09:00:00.0005Z"},
            {"eventTimeZoneOffset": "+02:00"},
            {"action": "ADD"},
            {"bizStep": "receiving"},
            {"disposition": None},
            {"epcList": ["urn:epc:id:sscc:0361414.0000000201"]},
            {"readPoint": {"id": "urn:epc:id:sgln:0614141.00003.1"}},
            {"readPoint": {"id": "urn:epc:id:sgln:0614141.00003.0", "example:door": "4"}},
            {"example:colour": "red"},
            {"ilmd": {"cbvmda:lotNumber": "A"}},
            {"sourceList": [{"type": "location", "source": "urn:x:1"}]},
        ],
    )
    def test_is_another(self, changes):
        assert hash_of(**changes) != hash_of()

    def test_order_and_zeros_do_not_count(self):
        one = {"type": "po", "bizTransaction": "urn:x:1"}
        other = {"type": "inv", "bizTransaction": "urn:x:2"}
        assert hash_of(bizTransactionList=[one, other]) == hash_of(bizTransactionList=[other, one])
        for written in ("1.50", "+1.5", "01.5", "15e-1"):
            assert hash_of(**{"example:x": written}) == hash_of(**{"example:x": "1.5"})

    def test_no_digit_of_a_long_number_is_lost(self):
        long = "111100001111000011110000"
        assert hash_of(**{"example:x": long}) != hash_of(**{"example:x": long[:-1] + "1"})

    def test_fields_that_a_document_leaves_out(self):
        ignoring = {"example:ignoreFields": ["example:capture", "action"]}
        (found,) = read_epcis(document(event(**{"example:capture": "7"}), **ignoring)).events
        assert found.hash == hash_of()
        (other,) = read_epcis(document(event(action="ADD"), **ignoring)).events
        assert other.hash != hash_of()

    def test_is_the_reference(self):
        """As the reference implementation (1.9.3) hashes this event, which has none of what it hashes otherwise."""
        assert hash_of() == "ni:///sha-256;9117c6b2a2f392908f7b166848ee1f16c2ec2dab364ef00066c113e581c9d476?ver=CBV2.0"
        assert event_hash(EVENT) == hash_of()

    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-11-03T10:00:00.9995+01:00", "2026-11-03T09:00:01+00:00"),
            ("2026-11-03T10:00Z", "2026-11-03T10:00:00+00:00"),
            ("2026-11-03T24:00:00Z", None),
            ("9999-12-31T23:59:59.9999Z", None),
            ("2026-11-03 10:00:00Z", None),
        ],
    )
    def test_times(self, text, moment):
        found = instant(text)
        assert (found and found.isoformat()) == moment


class TestIdentifiers:
    """
    given EPCs and links -> one form: host, case number and lot beside a serial number do not count
    given anything else  -> stays as it is
    given an identifier  -> its key and serial number, and back
    """

    @pytest.mark.parametrize(
        ("uri", "one"),
        [
            ("urn:epc:id:sgtin:0361414.056789.A%2FB+1", "01/00361414567894/21/A%2FB%2B1"),
            ("https://x.example/a/01/361414567894/22/V/10/L/21/S?17=280630", "01/00361414567894/21/S"),
            ("https://x.example/gtin/00361414567894/lot/L", "01/00361414567894/10/L"),
            ("urn:epc:class:lgtin:0361414.056789.L", "01/00361414567894/10/L"),
            ("urn:epc:idpat:sgtin:0361414.056789.*", "01/00361414567894"),
            ("urn:epc:id:sscc:0361414.1000000001", "00/103614140000000015"),
            ("urn:epc:id:sgln:0614141.00003.0", "414/0614141000036"),
            ("urn:epc:id:sgln:0614141.00003.12", "414/0614141000036/254/12"),
            ("urn:epc:id:pgln:0614141.00003", "417/0614141000036"),
            ("urn:epc:id:grai:4012345.66666.87", "8003/0401234566666387"),
            ("urn:epc:id:cpi:4012345.ABC.123", "8010/4012345ABC/8011/123"),
            ("urn:epc:id:itip:4012345.012345.01.02.9", "8006/040123451234560102/21/9"),
        ],
    )
    def test_have_one_form(self, uri, one):
        assert canonical_uri(uri) == f"https://id.gs1.org/{one}"
        assert canonical_uri(canonical_uri(uri)) == canonical_uri(uri)

    @pytest.mark.parametrize(
        "text", ["", "x", "urn:uuid:1", "https://example.com/", "urn:epc:id:sgtin:1.2.3", "https://a/01/00361414567895"]
    )
    def test_leave_the_rest(self, text):
        assert canonical_uri(text) == text

    def test_are_taken_apart(self):
        elements = (Element("01", "00361414567894"), Element("21", "A/B"))
        assert elements_of("urn:epc:id:sgtin:0361414.056789.A%2FB") == elements
        assert elements_of(epc_uri(elements)) == elements
        with pytest.raises(InputError):
            elements_of("urn:uuid:1")
