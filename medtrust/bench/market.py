"""A country for the bench: makers, wholesalers and pharmacies, all accredited, and the contract that they write to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from medtrust.accreditation import Role
from medtrust.artifacts import load
from medtrust.bench.evm import LocalContract, LocalEvm
from medtrust.deploy import PLAN
from medtrust.drug_types import mark_of
from medtrust.errors import Reverted
from medtrust.keccak import keccak256
from medtrust.sandbox import FAR, JURISDICTION
from medtrust.standards.gs1 import check_digit
from medtrust.types import ZERO_HASH, organisation_id

__all__ = ["Market", "Trader"]

_CONTRACT: Final = "DrugProvenance"


@dataclass(frozen=True)
class Trader:
    """An organisation of the country, with the account that signs for it."""

    number: int
    id: bytes
    account: str
    role: Role

    @property
    def prefix(self) -> str:
        """The GS1 company prefix that it would have as a maker."""
        return f"{3_610_000 + self.number:07}"

    @property
    def gtin(self) -> str:
        """The one product that it makes."""
        digits = f"0{self.prefix}00001"
        return digits + check_digit(digits)


class Market:
    """Everybody in the country on one chain; `errors` counts what was refused, by the name of the error."""

    def __init__(self, makers: int, wholesalers: int, pharmacies: int) -> None:
        """Deploy the contract and what it needs, accredit everybody, assign the prefixes."""
        self.host = LocalEvm()
        self._steward, self._authority = _account(b"steward"), _account(b"authority")
        deployed = self._deploy(_CONTRACT, {})
        self.drugs, self._registrar = deployed[_CONTRACT], deployed["AccreditationRegistry"]
        self.drugs.decoder.learn(load("AccreditationRegistry"))
        self._registrar.send(self._steward, "openJurisdiction", JURISDICTION, self._authority)
        roles = [Role.REGULATOR]
        roles += [Role.MANUFACTURER] * makers + [Role.WHOLESALER] * wholesalers + [Role.PHARMACY] * pharmacies
        self.traders = [self._trader(number, role) for number, role in enumerate(roles)]
        self.regulator = self.traders[0]
        self.makers, self.wholesalers, self.pharmacies = (
            [one for one in self.traders if one.role == role]
            for role in (Role.MANUFACTURER, Role.WHOLESALER, Role.PHARMACY)
        )
        for maker in self.makers:
            self.drugs.send(self.regulator.account, "assignPrefix", self.regulator.id, maker.id, int(maker.prefix), 7)
        self.errors: Counter[str] = Counter()
        self._marks = {one.number: mark_of(one.id) for one in self.traders}
        self.host.sent = self.host.gas = 0

    def _deploy(self, contract: str, done: dict[str, LocalContract]) -> dict[str, LocalContract]:
        """Deploy a contract after those that it knows."""
        (step,) = (one for one in PLAN if one.contract == contract)
        for name in step.arguments:
            if name != "steward" and name not in done:
                self._deploy(name, done)
        known = [self._steward if name == "steward" else done[name].address for name in step.arguments]
        done[contract] = self.host.deploy(load(contract), *known, by=self._steward)
        return done

    def _trader(self, number: int, role: Role) -> Trader:
        digits = f"06150{number:07}"
        id_ = organisation_id(f"urn:gs1:gln:{digits}{check_digit(digits)}")
        trader = Trader(number, id_, _account(id_), role)
        self._registrar.act(self._authority, "register", id_, JURISDICTION, trader.account, FAR)
        self._registrar.act(self._authority, "accredit", id_, int(role), FAR)
        self._registrar.act(trader.account, "addSigner", id_, trader.account, int(role), FAR, ZERO_HASH)
        return trader

    def mark(self, trader: Trader) -> bytes:
        """The 16 bytes that stand for a trader in answers."""
        return self._marks[trader.number]

    def act(self, by: Trader, function: str, *arguments: Any, expected: str | None) -> bool:
        """Let a trader act, which the model expects to succeed (None) or to be refused; say whether it was done.

        Raises `AssertionError` if it came otherwise.
        """
        found = None
        try:
            self.drugs.act(by.account, function, *arguments)
        except Reverted as refused:
            found = refused.error
            self.errors[found] += 1
        if found != expected:
            raise AssertionError(f"{function}: the contract says {found or 'done'}, the model {expected or 'done'}")
        return found is None


def _account(seed: bytes) -> str:
    """Name an account whose key nobody needs: within the process nothing is signed."""
    return "0x" + keccak256(seed)[12:].hex()
