"""Batches of invented doses, and the certificates of each, as an importer would make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from medtrust.abi import Interface
from medtrust.canonical import Immunization
from medtrust.certificate import Certificate, Dose, dose_leaf
from medtrust.chain import Chain
from medtrust.disclosure import SealedFields, seal
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree
from medtrust.types import ZERO_HASH, checksum_address, organisation_id
from medtrust.vaccination import VaccinationClient
from tests.world import ORGANISATIONS, World

CLINIC = ORGANISATIONS["clinic"].identifier
HOSPITAL = ORGANISATIONS["hospital"].identifier
LOT = keccak256(b"a lot")

LOT_STATUS = {name: number for number, name in enumerate(("UNKNOWN", "ACTIVE", "QUARANTINED", "RECALLED", "EXPIRED"))}


@dataclass(frozen=True)
class DoseBatch:
    """A batch of doses of one organisation (identifier URI), with its tree and the opened fields of each."""

    issuer: str
    doses: tuple[Dose, ...]
    fields: tuple[SealedFields, ...]
    tree: MerkleTree

    @property
    def organisation(self) -> bytes:
        return organisation_id(self.issuer)

    @property
    def root(self) -> bytes:
        return self.tree.root

    @property
    def size(self) -> int:
        return len(self.doses)

    def proof(self, place: int) -> tuple[bytes, ...]:
        return self.tree.proof(place)

    def certificate(self, place: int, client: VaccinationClient) -> Certificate:
        """The certificate of one dose; the batch must be anchored."""
        anchored = client.batch_of(self.organisation, self.root)
        return Certificate(
            issuer=self.issuer,
            chain_id=client.chain.id,
            registry=client.address,
            root=self.root,
            size=self.size,
            anchored_at=anchored.anchored_at if anchored else 0,
            dose=self.doses[place],
            proof=self.proof(place),
            shown=self.fields[place].open(),
        )


def batch_of(size: int, *, issuer: str = CLINIC, lot: bytes = LOT, tag: str = "", holder: str = "") -> DoseBatch:
    """Make a batch of `size` doses of as many people, or of one `holder`; another `tag` makes another batch."""
    doses, fields, one = [], [], holder
    for place in range(size):
        holder = one or checksum_address("0x" + keccak256(f"holder {tag} {place}".encode())[12:].hex())
        given = Immunization(sub=holder, vs="cvx", vc="115", d="2026-10-05", st="completed", lot="MT2026A", mvx="SKB")
        sealed = seal(given, keccak256(f"key {tag} {place}".encode()))
        doses.append(Dose(index=size - 1 - place, holder=holder, lot=lot, fields=sealed.root))
        fields.append(sealed)
    organisation = organisation_id(issuer)
    tree = MerkleTree([dose_leaf(organisation, dose) for dose in doses])
    return DoseBatch(issuer, tuple(doses), tuple(fields), tree)


def leaves_only(size: int, dose: Dose, *, issuer: str = CLINIC) -> MerkleTree:
    """A big tree in which `dose` is the first leaf and the others are nobody's."""
    filler = (keccak256(place.to_bytes(4, "big")) for place in range(1, size))
    return MerkleTree([dose_leaf(organisation_id(issuer), dose), *filler])


def tell(chain: Chain, teller: LocalAccount, lots: str, world: World, lot: bytes, status: str) -> None:
    """Tell the double at `lots` how a lot stands."""
    told = Interface(world.built["ToldLots"])
    chain.send(teller, lots, told.encode_call("tell", [lot, LOT_STATUS[status]]), interface=told)


def changed(dose: Dose, **parts: object) -> Dose:
    """Copy a dose with parts of it changed."""
    return replace(dose, **parts)  # type: ignore[arg-type]  # the names are those of the dataclass


def mapping_of(dose: Dose) -> Mapping[str, object]:
    """Write a dose as the ABI names its parts."""
    return {"index": dose.index, "holder": dose.holder, "lot": dose.lot, "fields": dose.fields}


def ask(client: VaccinationClient, batch: DoseBatch, place: int, **changes: object) -> dict[str, object]:
    """Ask the contract itself about one dose, with parts of the question changed."""
    question: dict[str, object] = {
        "organisation": batch.organisation,
        "root": batch.root,
        "dose": batch.doses[place],
        "proof": batch.proof(place),
        "at": 2**64 - 1,
        **changes,
    }
    answer: dict[str, object] = client._call("verify", *question.values())
    return answer


UNTRACED: bytes = ZERO_HASH
NOTHING: Sequence[bytes] = ()
