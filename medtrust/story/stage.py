"""What every chapter of the story works with: the suite, the people, and the beats that it is told in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.chain import Receipt
from medtrust.errors import CheckRefused, MedtrustError, Reverted
from medtrust.sandbox import ORGANISATIONS
from medtrust.suite import Suite

__all__ = ["Beat", "Kind", "Stage", "clock", "require"]

Kind = Literal["chapter", "narration", "transaction", "verdict", "refusal", "letter", "picture"]


@dataclass(frozen=True)
class Beat:
    """One thing that is told.

    A "transaction" has its hash and its gas, and the name of the operation if it stands in the table at the end. A
    "refusal" has the error or the dimension that refused as its `reason`, a "verdict" the status. A "letter" has its
    title among the facts. A "picture" is a code to scan, as text.
    """

    kind: Kind
    text: str
    reason: str = ""
    transaction: str = ""
    gas: int = 0
    operation: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Stage:
    """The suite and everyone in the story; `folder` is where files are written."""

    suite: Suite
    folder: Path
    gas: dict[str, int] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    people: dict[str, LocalAccount] = field(default_factory=dict)

    def as_(self, name: str | LocalAccount) -> Suite:
        """The suite as the account of a name, or as any account."""
        return self.suite.acting_as(name)

    def id(self, name: str) -> bytes:
        """The id of an organisation of the sandbox."""
        return ORGANISATIONS[name].id

    def title(self, name: str) -> str:
        """What an organisation of the sandbox is called."""
        return ORGANISATIONS[name].title

    @cached_property
    def seed(self) -> str:
        """The seed phrase on the patient's phone."""
        return wallet.new_seed()

    def patient(self, organisation: str) -> LocalAccount:
        """The patient, as one organisation knows her; she holds no ETH anywhere."""
        return wallet.pseudonym(self.seed, ORGANISATIONS[organisation].identifier)

    def person(self, name: str) -> LocalAccount:
        """Somebody with a seed phrase of her own, who holds no ETH; the same person for the same name."""
        if name not in self.people:
            self.people[name] = wallet.pseudonym(wallet.new_seed(), name)
        return self.people[name]

    def funded(self, name: str) -> LocalAccount:
        """The same with one ETH, for who sends transactions of her own."""
        person = self.person(name)
        if self.suite.chain.balance(person.address) == 0:
            self.suite.chain.send(wallet.role("steward"), person.address, b"", value=10**18)
        return person

    def transaction(self, text: str, receipt: Receipt, operation: str = "") -> Beat:
        """Tell a transaction; its gas goes into the table at the end under the name of the operation."""
        if operation:
            self.gas[operation] = receipt.gas_used
        return Beat("transaction", text, "", receipt.transaction_hash, receipt.gas_used, operation)

    def refusal(self, text: str, act: Callable[[], object]) -> Beat:
        """Tell an act that a contract or a check must refuse. Raises `MedtrustError` if it did not."""
        try:
            act()
        except Reverted as refused:
            return Beat("refusal", text, refused.error, facts={"sentence": refused.sentence, **refused.values})
        except CheckRefused as refused:
            return Beat("refusal", text, refused.reason, facts={"sentence": f"{refused.sentence}."})
        raise MedtrustError(f"the story went wrong: nothing refused this: {text}")


def clock(at: int) -> str:
    """Write Unix seconds as the stories tell them, in UTC."""
    return f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%d %H:%M:%S}"


def require(is_so: bool, what: str) -> None:
    """Stop the story where it no longer tells the truth."""
    if not is_so:
        raise MedtrustError(f"the story went wrong: {what}")
