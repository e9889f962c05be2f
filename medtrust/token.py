"""Token: the ERC-20 that insurers pay in."""

from __future__ import annotations

from eth_abi.abi import encode

from medtrust.chain import Receipt
from medtrust.contract import Client
from medtrust.errors import InputError
from medtrust.keccak import keccak256

__all__ = ["TokenClient"]


class TokenClient(Client):
    """Calls to the ERC-20 token of the pool. Amounts are in its smallest unit."""

    artifact = "ERC20Permit"

    def approve(self, spender: str, amount: int) -> Receipt:
        """Let `spender` take up to `amount` of the caller's money."""
        return self._send("approve", spender, amount)

    def transfer(self, to: str, amount: int) -> Receipt:
        """Send money of the caller. Raises `Reverted` with error "ERC20InsufficientBalance"."""
        return self._send("transfer", to, amount)

    def mint(self, to: str, amount: int) -> Receipt:
        """Make money out of nothing: the mock of a local chain lets anyone, another token refuses.

        Raises `Reverted`, and `InputError` if nobody signs.
        """
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="an account that signs this transaction")
        data = keccak256(b"mint(address,uint256)")[:4] + encode(["address", "uint256"], [to, amount])
        return self.chain.send(self.signer, self.address, data, interface=self.interface)

    def balance_of(self, account: str) -> int:
        """How much an account holds."""
        return int(self._call("balanceOf", account))

    def allowance(self, owner: str, spender: str) -> int:
        """How much of an owner's money a spender may take."""
        return int(self._call("allowance", owner, spender))

    def decimals(self) -> int:
        """How many decimals people write: an amount of 10 to this power is one coin."""
        return int(self._call("decimals"))

    def symbol(self) -> str:
        """The token's symbol."""
        return str(self._call("symbol"))
