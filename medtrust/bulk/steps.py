"""Steps: what a worker of a very large import does; each reads files, writes one whole, and can be done again."""

from __future__ import annotations

import json
import mmap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from medtrust import standards
from medtrust.bulk.rows import DOSE, UPDATE, WITHDRAWN, Problem, Row, refusal
from medtrust.canonical import Immunization
from medtrust.certificate import Dose, dose_leaf
from medtrust.disclosure import seal
from medtrust.errors import InputError
from medtrust.files import write_whole
from medtrust.intake import check_day, dose_digest, latest_day
from medtrust.merkle import MerkleTree
from medtrust.pseudonym import PatientIdentifier, patient_key
from medtrust.standards import Reading, Record, read_mapping
from medtrust.standards.part import Part
from medtrust.standards.pieces import Piece, read_piece
from medtrust.standards.reading import UPDATED, Reader
from medtrust.stock import Stock
from medtrust.types import ZERO_HASH, organisation_id

__all__ = ["Steps"]

_SCHEMAS: Final = ("imm/1",)


class Steps:
    """The steps under one setup: whose import it is, its key, stock and mapping, and the clock of the chain."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self._issuer = setup["organisation"]
        self._organisation = organisation_id(self._issuer)
        self._key = bytes.fromhex(setup["key"])
        self._stock = Stock.from_json(setup["stock"])
        self._mapping = read_mapping(setup["mapping"], name="mapping") if setup["mapping"] else None
        self._latest = latest_day(setup["now"])
        self._keys: dict[PatientIdentifier, bytes] = {}

    def do(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Do a task: "read", "seal" or "certify"."""
        act = {"read": self._read, "seal": self._seal, "certify": self._certify}[task["do"]]
        return act(task)

    # ---- read: pieces of a file become a sorted run of rows

    def _read(self, task: Mapping[str, Any]) -> dict[str, Any]:
        rows: list[str] = []
        problems: list[Problem] = []
        tally: Counter[tuple[str, str]] = Counter()
        self._keys.clear()
        for raw in task["pieces"]:
            try:
                reading = self._reading(Path(task["path"]), raw)
            except InputError as error:
                problems.append(refusal(task["file"], error.place, error))
                continue
            problems += [refusal(task["file"], error.place, error) for error in reading.refusals]
            for record in reading.records:
                if isinstance(record.canonical, Immunization):  # nothing else was asked for
                    self._take(record, record.canonical, task, rows, problems)
            tally += reading.loss.tally()
        rows.sort()
        write_whole(Path(task["rows"]), "".join(rows).encode(), mode=0o600)
        summary = {
            "rows": len(rows),
            "problems": problems,
            "loss": [[path, disposition, count] for (path, disposition), count in sorted(tally.items())],
        }
        write_whole(Path(task["summary"]), json.dumps(summary).encode(), mode=0o600)
        return {"rows": len(rows)}

    def _reading(self, path: Path, raw: Mapping[str, Any]) -> Reading:
        part = Part(**raw["part"]) if raw["part"] else None
        piece = Piece(raw["offset"], raw["length"], raw["kind"], part, bytes.fromhex(raw["head"]))
        with path.open("rb") as file:
            file.seek(piece.offset)
            data = file.read(piece.length)
        named: dict[str, Any] = {"name": "", "key": self._key, "organisation": self._issuer, "take": _SCHEMAS}
        if not piece.kind:
            return standards.read(data, mapping=self._mapping, **named)
        reader = Reader(**named)
        read_piece(data, piece, reader, self._mapping)
        return reader.reading()

    def _take(
        self,
        record: Record,
        given: Immunization,
        task: Mapping[str, Any],
        rows: list[str],
        problems: list[Problem],
    ) -> None:
        file = task["file"]
        if given.st == "not-done":
            problems.append({"what": "notDone", "file": file, "place": record.place})
            return
        kind = WITHDRAWN if given.st == "entered-in-error" else UPDATE if record.action == UPDATED else DOSE
        try:
            lot = None
            if kind != WITHDRAWN:
                check_day(given, self._latest)
                lot = self._stock.lot_of(given)
        except InputError as error:
            problems.append(refusal(file, record.place, error))
            return
        digest = dose_digest(self._key, given).hex()
        row = Row(
            key=f"{digest}{file}{task['run']:06x}{len(rows):08x}",
            kind=kind,
            file=file,
            place=record.place,
            sub=given.sub,
            vc=given.vc,
            d=given.d,
            number=given.lot,
            mvx=given.mvx,
            patient_key=self._patient_key(record.patient).hex(),
            lot=lot.id.hex() if lot else "",
            product=lot.gtin if lot else "",
        )
        rows.append(row.line())

    def _patient_key(self, patient: PatientIdentifier) -> bytes:
        if patient not in self._keys:
            self._keys[patient] = patient_key(self._key, self._issuer, patient)
        return self._keys[patient]

    # ---- seal: rows of a batch become leaves, and what certificates show

    def _seal(self, task: Mapping[str, Any]) -> dict[str, Any]:
        leaves, sealed = [], []
        for index, row in enumerate(_rows(task), task["first"]):
            fields = seal(row.immunization(), bytes.fromhex(row.patient_key))
            lot = bytes.fromhex(row.lot) or ZERO_HASH
            leaves.append(dose_leaf(self._organisation, Dose(index, row.sub, lot, fields.root)))
            shown = ",".join(
                f'{{"n":"{name}","s":"0x{salt.hex()}","v":{_text(value)}}}' for name, value, salt in fields.salted()
            )
            sealed.append("\t".join((fields.root.hex(), row.sub, lot.hex(), row.file, row.place, shown)) + "\n")
        write_whole(Path(task["sealed"]), "".join(sealed).encode(), mode=0o600)
        write_whole(Path(task["leaves"]), b"".join(leaves), mode=0o600)
        return {"rows": len(leaves)}

    # ---- certify: what certificates show, and the tree, become certificates

    def _certify(self, task: Mapping[str, Any]) -> dict[str, Any]:
        tree = MerkleTree.load(_mapped(Path(task["nodes"])), _mapped(Path(task["positions"])))
        with Path(task["sealed"]).open(encoding="utf-8", newline="\n") as sealed:
            lines = [self._line(task, tree, line, index) for index, line in enumerate(sealed, task["first"])]
        write_whole(Path(task["pack"]), "".join(lines).encode(), mode=0o600)
        write_whole(Path(task["mark"]), f"{task['pack']} {task['at']}".encode(), mode=0o600)
        return {"rows": len(lines)}

    def _line(self, task: Mapping[str, Any], tree: MerkleTree, line: str, index: int) -> str:
        """Write a line of a pack: the canonical JSON of a certificate, and where its dose stood."""
        fields, holder, lot, file, place, shown = line.rstrip("\n").split("\t")
        proof = ",".join(f'"0x{node.hex()}"' for node in tree.proof(index))
        return (
            f'{{"certificate":{{"at":{task["at"]},"ch":{task["chain"]},"fields":"0x{fields}","i":{index},'
            f'"iss":{_text(self._issuer)},"lot":"0x{lot}","proof":[{proof}],"reg":"{task["registry"]}",'
            f'"root":"0x{task["root"]}","shown":[{shown}],"size":{task["size"]},"sub":"{holder}","t":"cert/1"}},'
            f'"file":{_text(task["files"][file])},"place":{_text(place)}}}\n'
        )


def _rows(task: Mapping[str, Any]) -> Iterator[Row]:
    with Path(task["rows"]).open("rb") as file:
        file.seek(task["offset"])
        lines: Iterable[bytes] = islice(file, task["count"])
        for line in lines:
            yield Row.parse(line.decode())


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
