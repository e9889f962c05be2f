"""What an organisation does with a consent that it was given: accept, decline, use."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, open_suite, receipt_answer, when
from medtrust.cli.consent_options import (
    ClassOption,
    FacilityOption,
    JurisdictionOption,
    LabelOption,
    PurposeOption,
    ReceiptArgument,
    request_of,
)
from medtrust.consent_receipt import read_receipt
from medtrust.keccak import keccak256
from medtrust.types import ZERO_HASH

__all__ = ["accept", "decline", "use"]


def accept(
    receipt: ReceiptArgument,
    to: Annotated[
        str | None, typer.Option(help="What it commits itself to, in words; only a salted hash reaches the chain.")
    ] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Accept a consent for the organisation that it was given to; the first answer is final."""
    signed = read_receipt(receipt)
    salt = secrets.token_bytes(32) if to else b""
    obligations = keccak256(salt + to.encode()) if to else ZERO_HASH
    done = open_suite(chain, as_).consent.accept(signed.consent, obligations=obligations)
    text = f"accepted consent 0x{signed.id.hex()}" + (f"; keep the salt 0x{salt.hex()}" if to else "")
    receipt_answer(done, text, as_json=json_, consent=signed.id, salt=salt)


def decline(
    receipt: ReceiptArgument, chain: ChainOption = "local", as_: AccountOption = None, json_: JsonOption = False
) -> None:
    """Decline a consent for the organisation that it was given to, for ever."""
    signed = read_receipt(receipt)
    done = open_suite(chain, as_).consent.decline(signed.consent)
    receipt_answer(done, f"declined consent 0x{signed.id.hex()}", as_json=json_, consent=signed.id)


def use(
    receipt: ReceiptArgument,
    purpose: PurposeOption,
    class_: ClassOption,
    sensitivity: LabelOption = "N",
    facility: FacilityOption = None,
    jurisdiction: JurisdictionOption = None,
    data_at: Annotated[str | None, typer.Option(help="The time of the data; now unless given.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Record one use of a granted consent; what it was for reaches the chain as a salted hash."""
    suite, signed = open_suite(chain, as_), read_receipt(receipt)
    request = request_of(
        suite,
        signed.consent.grantee,
        suite.signer_address,
        purpose,
        class_,
        sensitivity=sensitivity,
        facility=facility,
        jurisdiction=jurisdiction,
        data_at=when(data_at, suite.chain, default=suite.chain.now()),
    )
    salt = secrets.token_bytes(32)
    done = suite.consent.use(signed.consent, request.commitment(salt))
    uses = done.event("ConsentUsed").values["uses"]
    text = f"use {uses} of consent 0x{signed.id.hex()}; keep the salt 0x{salt.hex()}"
    receipt_answer(done, text, as_json=json_, consent=signed.id, uses=uses, request=request, salt=salt)
