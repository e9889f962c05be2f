"""Seals a file as a record of the sandbox's invented patient at the hospital, anchors it, and opens it again.

Runs as `python scripts/record_store.py [FILE]` and as `brownie run record_store`, on the local chain or the one that
MEDTRUST_CHAIN names. FILE is a bundle of the package unless given. Run again, it finds the record there is.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust import samples
from medtrust.blobs import FolderBlobs
from medtrust.consent import Confidentiality, DataClass
from medtrust.custodian import Custodian
from medtrust.encryption_key import encryption_key
from medtrust.files import state_folder
from medtrust.sandbox import ORGANISATIONS, connect
from medtrust.vault import Vault
from medtrust.wallet import role

HOSPITAL = ORGANISATIONS["hospital"]


def main(file: str = "") -> None:
    """Store as the hospital; the chain sees a salted hash."""
    suite, folder = connect("hospital"), state_folder() / "records" / HOSPITAL.id.hex()[:16]
    key = encryption_key(HOSPITAL.identifier)
    custodian = Custodian(suite, HOSPITAL.id, Vault(folder / "vault"), FolderBlobs(folder / "blobs"), key)
    content = Path(file).read_bytes() if file else samples.read("immunizations_bundle.json")
    held = custodian.store(
        content,
        patient=role("stranger").address,
        data_class=DataClass.IMMUNIZATION,
        sensitivity=Confidentiality.N,
        data_at=suite.chain.now(),
    )
    record = custodian.anchor(held.record).record
    for one in suite.records.history(HOSPITAL.id, record):
        print(f"record 0x{record.hex()}: version {one.version.number}, {one.status.name}")
    print(f"opened again: {len(custodian.read(record)):,} bytes, the same: {custodian.read(record) == content}")


if __name__ == "__main__":
    main(*sys.argv[1:])
