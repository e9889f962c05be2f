"""Import: files of vaccinations become anchored batches, certificates and a report; killed and run again, the same."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import segno

from medtrust.anchoring import Anchoring
from medtrust.certificate import MAX_BATCH, Certificate, Dose, dose_leaf
from medtrust.disclosure import SealedFields, seal
from medtrust.drugs import LotStatus
from medtrust.errors import InputError
from medtrust.files import remove_drafts, state_folder, write_json, write_whole
from medtrust.foreign import voucher
from medtrust.import_journal import Journal, PlannedBatch
from medtrust.import_report import ImportReport, Issued, Known, refused_files
from medtrust.intake import GivenDose, Intake, Source
from medtrust.keyed import keyed_hash
from medtrust.merkle import MerkleTree
from medtrust.standards import CsvMapping
from medtrust.standards.trust import TrustList
from medtrust.stock import Stock, StockedLot
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, organisation_id

__all__ = ["Progress", "expand", "import_files", "write_qr", "write_qr_text"]

Progress = Callable[[str, int, int], None]
"""Told the stage ("read", "seal", "anchor" or "write"), how many are done, and of how many."""

_MAX_LOTS: Final = 256
_IMPORT: Final = "medtrust/import/1"
_NAME_DIGITS: Final = 32
_QR_SCALE: Final = 4


def import_files(
    paths: Sequence[Path],
    suite: Suite,
    organisation: str,
    key: bytes,
    *,
    out: Path,
    stock: Stock | None = None,
    strict: bool = True,
    mapping: CsvMapping | None = None,
    trust: TrustList | None = None,
    qr: str = "",
    batch_size: int = MAX_BATCH,
    progress: Progress | None = None,
) -> ImportReport:
    """Anchor the doses in files of HL7 v2, FHIR, C-CDA or CSV; write a certificate for each and a report into `out`.

    `organisation` is the clinic's identifier URI, `key` its registry key (32 bytes), `stock` the lots that it received,
    `mapping` what the columns of CSV files hold, `qr` "png" or "svg" to write codes beside the certificates. Of the
    foreign certificates (EU DCC, SMART Health Card) of whom `trust` names, the doses are anchored with one field more,
    "origin", which names the certificate. With `strict` nothing is anchored if anything is refused; without, the rest
    is. A report among `paths` stands for the files of which it refused something. A dose that stands twice, or was
    anchored before, is anchored once; not-done and withdrawn doses are listed.

    Order, salts and certificates follow from the content and the key alone, and the plan is kept before anything is
    sent: run again, after a crash or without one, it ends with the same roots and the same files, and nothing is
    anchored twice.

    Raises `InputError` if a file cannot be opened or another import is at work, and `Reverted`.
    """
    files = [(str(path), _bytes_of(path)) for path in expand(paths)]
    run = _Run(suite, organisation, key, stock or Stock(), mapping, trust, strict=strict, batch_size=batch_size)
    with run.journal.locked():
        remove_drafts(out)
        return run.do(files, _Writer(out, qr), progress or _show_nothing)


def _show_nothing(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def write_qr(path: Path, certificate: Certificate) -> None:
    """Write the QR code of a certificate as PNG or SVG, by the ending of `path`, whole or not at all."""
    write_qr_text(path, certificate.to_text())


def write_qr_text(path: Path, text: str) -> None:
    """Write the QR code of a text as PNG or SVG, by the ending of `path`, whole or not at all."""
    image = io.BytesIO()
    segno.make_qr(text, error="l").save(image, kind=path.suffix[1:], scale=_QR_SCALE)
    write_whole(path, image.getvalue(), mode=0o600, is_flushed=False)


def expand(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files that `paths` stand for: a report stands for those of which it refused something."""
    for path in paths:
        refused = refused_files(path)
        yield from [path] if refused is None else refused


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(file=str(path), place="file", found=error.strerror or "nothing", expected="a file") from None


class _Batch:
    """The doses of one batch in the order of their indices, sealed, and the tree over them."""

    def __init__(self, organisation: bytes, doses: Sequence[GivenDose]) -> None:
        self.given = doses
        self.fields: list[SealedFields] = [
            seal(dose.given, dose.patient_key, {"origin": dose.origin} if dose.origin else None) for dose in doses
        ]
        self.doses = [
            Dose(index, dose.given.sub, dose.lot, fields.root)
            for index, (dose, fields) in enumerate(zip(doses, self.fields, strict=True))
        ]
        self.tree = MerkleTree([dose_leaf(organisation, dose) for dose in self.doses])
        self.lots = tuple(sorted({dose.lot for dose in doses} - {ZERO_HASH}))


@dataclass(frozen=True)
class _Writer:
    """Where certificates and the report go; only their owner may read them."""

    folder: Path
    qr: str

    def certificate(self, digest: bytes, certificate: Certificate) -> Path:
        path = self.folder / f"{digest.hex()[:_NAME_DIGITS]}.json"
        write_whole(path, certificate.to_json() + b"\n", mode=0o600, is_flushed=False)
        if self.qr:
            write_qr(path.with_suffix(f".{self.qr}"), certificate)
        return path

    def report(self, report: ImportReport) -> ImportReport:
        """Write the report last: where it lies, every certificate does."""
        os.sync()
        write_json(report.path, report.to_dict(), mode=0o600)
        return report


class _Run:
    """One import at work."""

    def __init__(
        self,
        suite: Suite,
        organisation: str,
        key: bytes,
        stock: Stock,
        mapping: CsvMapping | None,
        trust: TrustList | None,
        *,
        strict: bool,
        batch_size: int,
    ) -> None:
        self.trust = trust
        self.suite, self.issuer, self.key, self.stock, self.mapping = suite, organisation, key, stock, mapping
        self.organisation = organisation_id(organisation)
        self.strict, self.batch_size = strict, batch_size
        self.place = f"{suite.chain.id}-{suite.vaccination.address.lower()}-{self.organisation.hex()[:16]}"
        self.journal = Journal(state_folder() / "imports" / self.place)
        self.anchoring = Anchoring(suite, self.organisation, self.journal)

    def do(self, files: Sequence[tuple[str, bytes]], writer: _Writer, progress: Progress) -> ImportReport:
        name = self._name(files)
        planned = self.journal.load(name)
        if not any(self.anchoring.is_anchored(batch) for batch in planned):
            planned = []
        settled = frozenset(digest for batch in planned for digest in batch.digests)
        intake = self._read(files, settled, progress)
        before = self._before(name, intake)
        report_path = writer.folder / f"report-{name[:16]}.json"
        if self.strict and intake.refused:
            return writer.report(self._report(report_path, intake, before, (), ()))

        batches = self._build(name, intake, planned or self._plan(intake, before), progress)
        self.journal.save(name, [batch for batch, _ in batches])
        for done, (batch, _) in enumerate(batches, 1):
            self.anchoring.anchor(name, batch, [one for one, _ in batches])
            progress("anchor", done, len(batches))
        issued = self._issue([built for _, built in batches], writer, progress)
        return writer.report(self._report(report_path, intake, before, [batch for batch, _ in batches], issued))

    def _name(self, files: Sequence[tuple[str, bytes]]) -> str:
        """Name the import by everything that its result depends on."""
        table = self.mapping.text if self.mapping else ""
        trusted = self.trust.fingerprint if self.trust else ""
        options = f"{self.place} {self.strict} {self.batch_size} {self.stock.to_json()} {table} {trusted}".rstrip()
        contents = (hashlib.sha256(data).digest() for _, data in files)
        return keyed_hash(self.key, _IMPORT, options, *contents).hex()[:_NAME_DIGITS]

    # ---- what the files hold, and what was there before

    def _read(self, files: Sequence[tuple[str, bytes]], settled: frozenset[bytes], progress: Progress) -> Intake:
        now, usable = self.suite.chain.now(), cache(self._why_unusable)
        vouch = voucher(self.trust) if self.trust else None
        intake = Intake(self.issuer, self.key, self.stock, now, usable, settled, self.mapping, vouch)
        for done, (file, data) in enumerate(files, 1):
            intake.read(file, data)
            progress("read", done, len(files))
        return intake

    def _why_unusable(self, lot: StockedLot) -> str:
        status = self.suite.drugs.lot_status(lot.id)
        return "" if status is LotStatus.ACTIVE else status.name.lower()

    def _before(self, name: str, intake: Intake) -> dict[bytes, tuple[bytes, int]]:
        """Find which doses of the intake other imports anchored: root and index by digest."""
        asked = {*intake.doses, *(digest for _, digest in intake.withdrawn)}
        return {
            digest: (batch.root, index)
            for other in self.journal.names()
            if other != name
            for batch in self.journal.load(other)
            if not asked.isdisjoint(batch.digests) and self.anchoring.is_anchored(batch)
            for index, digest in enumerate(batch.digests)
            if digest in asked
        }

    # ---- batches

    def _plan(self, intake: Intake, before: Mapping[bytes, object]) -> list[PlannedBatch]:
        """Divide the new doses into batches in the order of their digests: always the same, to others random."""
        groups: list[list[bytes]] = []
        lots: set[bytes] = set()
        for digest in sorted(intake.doses.keys() - before.keys()):
            lots.add(intake.doses[digest].lot)
            if not groups or len(groups[-1]) == self.batch_size or len(lots - {ZERO_HASH}) > _MAX_LOTS:
                groups.append([])
                lots = {intake.doses[digest].lot}
            groups[-1].append(digest)
        return [PlannedBatch(ZERO_HASH, (), tuple(group)) for group in groups]

    def _build(
        self, name: str, intake: Intake, planned: Sequence[PlannedBatch], progress: Progress
    ) -> list[tuple[PlannedBatch, _Batch]]:
        """Seal the doses and build the trees; what an earlier run planned must come out again."""
        batches = []
        for done, batch in enumerate(planned, 1):
            built = _Batch(self.organisation, [intake.doses[digest] for digest in batch.digests])
            if batch.root not in (ZERO_HASH, built.tree.root):
                found, expected = "another root", "the one that was anchored: was the software changed in between?"
                raise InputError(file=name, place=f"batch {done}", found=found, expected=expected)
            batches.append((PlannedBatch(built.tree.root, built.lots, batch.digests, batch.transaction), built))
            progress("seal", done, len(planned))
        return batches

    # ---- certificates and the report

    def _issue(self, batches: Sequence[_Batch], writer: _Writer, progress: Progress) -> list[Issued]:
        issued: list[Issued] = []
        total = sum(len(batch.doses) for batch in batches)
        for batch in batches:
            for given, certificate in zip(batch.given, self._certificates(batch), strict=True):
                path = writer.certificate(given.digest, certificate)
                root, index = certificate.root, certificate.dose.index
                issued.append(Issued(given.source, path, root, index, given.lot != ZERO_HASH))
                progress("write", len(issued), total)
        return issued

    def _certificates(self, batch: _Batch) -> Iterator[Certificate]:
        client = self.suite.vaccination
        anchored = client.batch_of(self.organisation, batch.tree.root)
        if anchored is None:
            raise InputError(place="chain", found="no batch", expected="the batch that was just anchored")
        for dose, fields in zip(batch.doses, batch.fields, strict=True):
            yield Certificate(
                issuer=self.issuer,
                chain_id=client.chain.id,
                registry=client.address,
                root=batch.tree.root,
                size=len(batch.doses),
                anchored_at=anchored.anchored_at,
                dose=dose,
                proof=batch.tree.proof(dose.index),
                shown=fields.open(),
            )

    def _report(
        self,
        path: Path,
        intake: Intake,
        before: Mapping[bytes, tuple[bytes, int]],
        planned: Sequence[PlannedBatch],
        issued: Sequence[Issued],
    ) -> ImportReport:
        own = {digest for batch in planned for digest in batch.digests}
        known = [(dose.source, digest) for digest, dose in intake.doses.items() if digest not in own]
        withdrawn = self._known(intake.withdrawn, before)
        return ImportReport(
            path=path,
            is_complete=not (self.strict and intake.refused),
            issued=tuple(issued),
            known=self._known(known, before),
            to_revoke=tuple(one for one in withdrawn if not one.is_revoked),
            batches=tuple(planned),
            intake=intake,
        )

    def _known(
        self, found: Sequence[tuple[Source, bytes]], before: Mapping[bytes, tuple[bytes, int]]
    ) -> tuple[Known, ...]:
        client = self.suite.vaccination
        places = [(source, *before[digest]) for source, digest in found if digest in before]
        return tuple(
            Known(source, root, index, client.is_revoked(self.organisation, root, index))
            for source, root, index in places
        )
