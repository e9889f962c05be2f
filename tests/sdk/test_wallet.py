"""Wallet: who signs, and that no key is ever shown."""

from __future__ import annotations

import json

import pytest
from eth_account import Account

from medtrust import wallet
from medtrust.errors import InputError
from medtrust.node import MNEMONIC
from medtrust.sandbox import ORGANISATIONS

KEY = "0x" + "11" * 32
RELATIONSHIPS = [f"urn:gs1:gln:06141410000{number:02}" for number in range(5)]


class TestRole:
    """
    given each name            -> an account of its own, of the seed that everyone knows, in order
    given an organisation      -> its name is the name of an account
    given another name         -> InputError with the names
    """

    def test_has_an_account_for_each_name(self):
        addresses = [wallet.role(name).address for name in wallet.ROLES]
        assert len(set(addresses)) == len(wallet.ROLES)
        assert addresses[0] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        assert addresses[2] == Account.from_mnemonic(MNEMONIC, account_path="m/44'/60'/0'/0/2").address

    def test_has_one_for_each_organisation(self):
        assert set(ORGANISATIONS) <= set(wallet.ROLES)

    @pytest.mark.parametrize("name", ["", "nobody", "Hospital"])
    def test_refuses_another_name(self, name):
        with pytest.raises(InputError, match="one of steward, authority, hospital") as caught:
            wallet.role(name)
        assert caught.value.found == repr(name)


class TestPseudonym:
    """
    given one seed and five relationships -> five addresses, each the same every time
    given two seeds                       -> nothing in common
    given a new seed                      -> 24 words, another each time
    """

    def test_differs_by_relationship(self):
        addresses = [wallet.pseudonym(MNEMONIC, one).address for one in RELATIONSHIPS]
        assert len(set(addresses)) == 5
        assert addresses == [wallet.pseudonym(MNEMONIC, one).address for one in RELATIONSHIPS]

    def test_differs_by_seed(self):
        seeds = [wallet.new_seed() for _ in range(2)]
        assert [len(seed.split()) for seed in seeds] == [24, 24]
        assert seeds[0] != seeds[1]
        mine, theirs = ({wallet.pseudonym(seed, one).address for one in RELATIONSHIPS} for seed in seeds)
        assert not mine & theirs

    def test_is_none_of_the_named_accounts(self):
        named = {wallet.role(name).address for name in wallet.ROLES}
        assert not named & {wallet.pseudonym(MNEMONIC, one).address for one in RELATIONSHIPS}


class TestKey:
    """
    given 64 digits, with or without 0x -> the account
    given anything else                 -> InputError that does not show it
    """

    @pytest.mark.parametrize("key", [KEY, KEY[2:]])
    def test_gives_the_account(self, key):
        assert wallet.from_key(key).address == Account.from_key(KEY).address

    @pytest.mark.parametrize("key", ["", "0x12", KEY + "11", "g" * 64, "0x" + "00" * 32, "0x" + "ff" * 32])
    def test_refuses_without_showing_it(self, key):
        with pytest.raises(InputError) as caught:
            wallet.from_key(key)
        assert caught.value.found == "something else"
        assert not key or key not in str(caught.value)
        assert caught.value.__suppress_context__


class TestAccount:
    """
    given nothing                   -> the key in MEDTRUST_KEY, None without it
    given a name                    -> the named account on a local chain; refused on any other
    given a keystore                -> its account, with the password in MEDTRUST_PASSWORD
    given a keystore without its password, with another, a file that is none -> InputError with the file
    given what is no file           -> InputError with the names
    """

    def test_takes_the_key_of_the_environment(self, monkeypatch):
        monkeypatch.delenv("MEDTRUST_KEY", raising=False)
        assert wallet.account(None, is_local=False) is None
        monkeypatch.setenv("MEDTRUST_KEY", KEY)
        found = wallet.account(None, is_local=False)
        assert found is not None
        assert found.address == Account.from_key(KEY).address

    def test_takes_names_on_local_chains_alone(self):
        found = wallet.account("hospital", is_local=True)
        assert found is not None
        assert found.address == wallet.role("hospital").address
        with pytest.raises(InputError, match="named accounts are for local chains"):
            wallet.account("hospital", is_local=False)

    @pytest.fixture
    def keystore(self, tmp_path):
        file = tmp_path / "hospital.json"
        file.write_text(json.dumps(Account.encrypt(KEY, "open sesame", kdf="pbkdf2", iterations=2)))
        return file

    def test_opens_a_keystore(self, keystore, monkeypatch):
        monkeypatch.setenv("MEDTRUST_PASSWORD", "open sesame")
        found = wallet.account(str(keystore), is_local=False)
        assert found is not None
        assert found.address == Account.from_key(KEY).address

    def test_refuses_a_keystore_without_its_password(self, keystore, monkeypatch):
        monkeypatch.delenv("MEDTRUST_PASSWORD", raising=False)
        with pytest.raises(InputError, match="MEDTRUST_PASSWORD") as caught:
            wallet.account(str(keystore), is_local=False)
        assert caught.value.file == str(keystore)

    def test_refuses_another_password(self, keystore, monkeypatch):
        monkeypatch.setenv("MEDTRUST_PASSWORD", "guess")
        with pytest.raises(InputError, match="its password") as caught:
            wallet.account(str(keystore), is_local=False)
        assert "guess" not in str(caught.value)

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 3}', "\xff not json"])
    def test_refuses_a_file_that_is_no_keystore(self, tmp_path, monkeypatch, content):
        monkeypatch.setenv("MEDTRUST_PASSWORD", "open sesame")
        file = tmp_path / "notes.txt"
        file.write_text(content, encoding="latin-1")
        with pytest.raises(InputError) as caught:
            wallet.account(str(file), is_local=False)
        assert caught.value.file == str(file)

    def test_refuses_what_is_nothing(self, tmp_path):
        with pytest.raises(InputError, match="a keystore file or one of steward"):
            wallet.account(str(tmp_path / "missing.json"), is_local=True)
