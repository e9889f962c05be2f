"""The words of events: fields of each kind of event, and the Core Business Vocabulary (EPCIS 2.0, CBV 2.0)."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ACTIONS",
    "COMMON_FIELDS",
    "COMPARED_FIELDS",
    "CONTEXTS",
    "EPC_LISTS",
    "EVENT_FIELDS",
    "PREFIXES",
    "QUANTITY_LISTS",
    "QUERY_TIMES",
    "SENSOR_METADATA",
    "SENSOR_REPORT",
    "TYPED_LISTS",
    "VOCABULARIES",
    "Vocabulary",
    "is_query_parameter",
]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ACTIONS: Final = ("ADD", "OBSERVE", "DELETE")

COMMON_FIELDS: Final = _words(
    """eventTime recordTime eventTimeZoneOffset eventID errorDeclaration certificationInfo bizStep disposition
    persistentDisposition readPoint bizLocation bizTransactionList sourceList destinationList sensorElementList"""
)
EVENT_FIELDS: Final = {
    "ObjectEvent": _words("epcList quantityList action ilmd"),
    "AggregationEvent": _words("parentID childEPCs childQuantityList action"),
    "TransactionEvent": _words("parentID epcList quantityList action"),
    "TransformationEvent": _words(
        "inputEPCList inputQuantityList outputEPCList outputQuantityList transformationID ilmd"
    ),
    "AssociationEvent": _words("parentID childEPCs childQuantityList action"),
}
"""What each kind of event has besides what all have."""

EPC_LISTS: Final = _words("epcList childEPCs inputEPCList outputEPCList")
QUANTITY_LISTS: Final = _words("quantityList childQuantityList inputQuantityList outputQuantityList")
TYPED_LISTS: Final = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}

SENSOR_METADATA: Final = _words("time startTime endTime deviceID deviceMetadata rawData dataProcessingMethod bizRules")
SENSOR_REPORT: Final = _words(
    """type exception deviceID deviceMetadata rawData dataProcessingMethod time microorganism chemicalSubstance value
    component stringValue booleanValue hexBinaryValue uriValue minValue maxValue meanValue sDev percRank percValue uom
    coordinateReferenceSystem bizRules"""
)


class Vocabulary:
    """One vocabulary: `urn` and `web` are what its words stand behind in both forms, `words` all that there are."""

    def __init__(self, urn: str, web: str, words: str) -> None:
        self.urn = f"urn:epcglobal:cbv:{urn}:"
        self.web = f"https://ref.gs1.org/cbv/{web}-"
        self.words = frozenset(words.split())


VOCABULARIES: Final = {
    "bizStep": Vocabulary(
        "bizstep",
        "BizStep",
        """accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
        decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
        installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
        retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
        unloading unpacking void_shipping""",
    ),
    "disposition": Vocabulary(
        "disp",
        "Disp",
        """active available completeness_inferred completeness_verified conformant container_closed container_open
        damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class
        mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other
        partially_dispensed recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen
        unavailable unknown""",
    ),
    "bizTransaction": Vocabulary(
        "btt", "BTT", "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
    ),
    "source": Vocabulary("sdt", "SDT", "owning_party possessing_party location"),
    "destination": Vocabulary("sdt", "SDT", "owning_party possessing_party location"),
    "reason": Vocabulary("er", "ER", "did_not_occur incorrect_data"),
}
"""The vocabularies whose words may stand alone, by the field that they are for."""

PREFIXES: Final = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes that the context of EPCIS itself declares."""

CONTEXTS: Final = (
    "https://ref.gs1.org/standards/epcis/",
    "http://ref.gs1.org/standards/epcis/",
    "https://gs1.github.io/EPCIS/",
)
"""How the addresses of that context begin; it is known here and never fetched, and no other is taken."""

_OPERATORS: Final = _words("EQ GT GE LT LE")
COMPARED_FIELDS: Final = _words("quantity value minValue maxValue meanValue sDev percRank percValue")
QUERY_TIMES: Final = _words("eventTime recordTime errorDeclarationTime time startTime endTime")
_OTHERS: Final = frozenset(
    _words(
        """eventType EQ_action EQ_bizStep EQ_disposition EQ_persistentDisposition_set EQ_persistentDisposition_unset
        EQ_readPoint WD_readPoint EQ_bizLocation WD_bizLocation EQ_transformationID EQ_eventID EQ_errorReason
        EQ_correctiveEventID EXISTS_errorDeclaration EXISTS_ilmd MATCH_epc MATCH_parentID MATCH_inputEPC MATCH_outputEPC
        MATCH_anyEPC MATCH_epcClass MATCH_inputEPCClass MATCH_outputEPCClass MATCH_anyEPCClass EQ_type EQ_deviceID
        EQ_deviceMetadata EQ_rawData EQ_dataProcessingMethod EQ_microorganism EQ_chemicalSubstance EQ_bizRules
        EQ_stringValue EQ_booleanValue EQ_hexBinaryValue EQ_uriValue orderBy orderDirection eventCountLimit
        maxEventCount perPage nextPageToken"""
    )
)
_OPEN: Final = _words("EQ_bizTransaction_ EQ_source_ EQ_destination_ EXISTS_INNER_ EXISTS_ILMD_ HASATTR_ EQATTR_")


def is_query_parameter(name: str) -> bool:
    """Say whether a query over events can have such a parameter (EPCIS 2.0, 8.2.7.1); one with a colon is own."""
    operator, _, field = name.partition("_")
    if operator in _OPERATORS and (field.startswith(("ILMD_", "INNER_", "SENSORELEMENT_", "ERROR_DECLARATION_"))):
        return True
    if operator in _OPERATORS and field.split("_")[0] in COMPARED_FIELDS:
        return True
    if operator in ("GE", "LT") and field in QUERY_TIMES:
        return True
    return name in _OTHERS or name.startswith(_OPEN) or ":" in name
