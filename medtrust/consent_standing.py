"""How a consent stands on a chain, in one answer for its receipt."""

from __future__ import annotations

from medtrust.consent_terms import Consent
from medtrust.consent_text import Standing
from medtrust.suite import Suite

__all__ = ["standing_of"]


def standing_of(suite: Suite, consent: Consent) -> Standing:
    """Ask the chain who granted a consent, what was done with it since, and what else decides about its patient."""
    patient = consent.patient
    granted = [
        event
        for event in suite.consent.history(patient)
        if event.name == "ConsentGranted" and event.values["consent"] == consent.id
    ]
    control = suite.patients.control_of(patient)
    return Standing(
        at=suite.chain.now(),
        record=suite.consent.record_of(patient, consent.id),
        transaction=granted[0].transaction_hash if granted else "",
        is_current=suite.consent.epoch_of(patient, consent.grantee) == consent.epoch,
        controller=control.controller,
        frozen_until=control.frozen_until,
        hidden=suite.patients.hidden_of(patient, suite.accreditation.jurisdiction_of(consent.grantee)),
        withheld=suite.emergency.withheld_of(patient),
    )
