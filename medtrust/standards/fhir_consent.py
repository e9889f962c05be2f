"""FHIR R4 Consent and consents, both ways, with what became of every field."""

from __future__ import annotations

from medtrust.standards.fhir_consent_reading import ConsentReading, read_consent
from medtrust.standards.fhir_consent_writing import ConsentWriting, write_consent

__all__ = ["ConsentReading", "ConsentWriting", "read_consent", "write_consent"]
