"""Doses: from files to certificates that anyone can check, and a changed one that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from medtrust import samples
from medtrust.certificate import Certificate
from medtrust.importer import import_files
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS
from medtrust.story.stage import Beat, Stage, require
from medtrust.vaccination import Advisory, Status

__all__ = ["import_and_verify", "read_again"]

_FILES = ("vxu_v04.hl7", "immunization.json", "immunizations_bundle.json")


def import_and_verify(stage: Stage) -> Iterator[Beat]:
    """Import doses from HL7 v2 and from FHIR, check a certificate, and try to change one."""
    clinic = ORGANISATIONS["clinic"]
    yield Beat("chapter", "Doses become certificates")
    yield Beat(
        "narration",
        f"{clinic.title} points medtrust at the files that it has: an HL7 v2 message (VXU^V04), a FHIR Immunization, "
        "and a FHIR Bundle of several patients. It says which lots it received; each is checked on the chain.",
    )
    yield from _import(stage)
    certificate = Certificate.parse(stage.kept["certificate"].read_bytes())
    verdict = stage.suite.vaccination.verify(certificate).require_valid()
    yield Beat(
        "verdict",
        f"Anyone can check a certificate without asking the clinic: {verdict.sentence}.",
        verdict.status.name,
        facts={"issuer": verdict.issuer, "shown": verdict.shown},
    )
    shown = certificate.show(["vc", "d", "st"])
    code = shown.to_text()
    yield Beat(
        "narration",
        f"The patient shows {', '.join(sorted(shown.values))} and keeps the rest: {len(code)} characters in a QR code "
        f"(the clinic's own lies beside the certificate: {stage.kept['certificate'].with_suffix('.png').name}).",
    )
    verdict = stage.suite.vaccination.verify(Certificate.parse(code)).require_valid()
    yield Beat("verdict", "What the code says is checked again, from the code alone.", verdict.status.name)
    yield from _forge(stage, certificate)


def _import(stage: Stage) -> Iterator[Beat]:
    clinic = ORGANISATIONS["clinic"]
    files = []
    for name in _FILES:
        files.append(stage.folder / "in" / name)
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(samples.read(name))
    report = import_files(
        files,
        stage.as_("clinic"),
        clinic.identifier,
        registry_key(clinic.identifier, stage.folder / "clinic.key"),
        out=stage.folder / "certificates",
        stock=stage.kept["stock"],
        qr="png",
    )
    for duplicate in report.intake.duplicates:
        yield Beat(
            "verdict",
            f"The dose in {_place(duplicate.source.file, duplicate.source.place)} is the one in "
            f"{_place(duplicate.first.file, duplicate.first.place)}: it is anchored once.",
            "SAME DOSE",
        )
    for source in report.intake.not_done:
        yield Beat("verdict", f"{_place(source.file, source.place)} says that nothing was given: listed.", "NOT DONE")
    (event,) = stage.suite.vaccination.batches_of(clinic.id)
    receipt = stage.suite.chain.wait(event.transaction_hash)
    traced = sum(dose.is_traced for dose in report.issued)
    yield stage.transaction(
        f"{len(report.issued)} doses are anchored in one slot, {traced} of them from the commissioned lot.",
        receipt,
        "vaccination anchor, 1 lot",
    )
    require(len(report.issued) > 1 and traced == len(report.issued), "every dose of the samples has its lot in stock")
    own = next(one for one in report.issued if Path(one.source.file).name == _FILES[0])
    stage.kept["certificate"] = own.certificate


def _forge(stage: Stage, certificate: Certificate) -> Iterator[Beat]:
    """Change a date by one digit, as a forger would."""
    place, field = next((i, one) for i, one in enumerate(certificate.shown) if one.name == "d")
    later = replace(field, value=field.value[:-1] + ("1" if field.value[-1] != "1" else "2"))
    forged = replace(certificate, shown=(*certificate.shown[:place], later, *certificate.shown[place + 1 :]))
    verdict = stage.suite.vaccination.verify(forged)
    require(verdict.status is Status.UNKNOWN, "a changed certificate is not valid")
    yield Beat(
        "refusal",
        f"A forger changes the day from {field.value} to {later.value}: {verdict.sentence}.",
        verdict.reason,
    )


def read_again(stage: Stage) -> Iterator[Beat]:
    """Check the certificate again after its lot was recalled."""
    verdict = stage.suite.vaccination.verify(Certificate.parse(stage.kept["certificate"].read_bytes()))
    require(Advisory.RECALLED_LOT in verdict.advisories, "the certificate tells the recall")
    yield Beat(
        "verdict",
        f"The dose stands as it was given, and its certificate now says: {'; '.join(verdict.advisories.sentences)}.",
        f"{verdict.status.name}, {Advisory.RECALLED_LOT.name}",
    )


def _place(file: str, place: str) -> str:
    return f"{Path(file).name} ({place})"
