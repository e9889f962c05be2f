"""Encryption keys on disk: made once, read by their owner alone, never shown."""

from __future__ import annotations

import json

import pytest

from medtrust.encryption_key import encryption_key, public_from_json, public_to_json
from medtrust.errors import InputError
from medtrust.wrapping import KeySuite, PrivateKey

HOSPITAL = "urn:gs1:gln:0614141000029"


class TestEncryptionKey:
    """
    given no file                              -> a key of the suite is made, mode 0600, and read again
    given a file that others may read          -> InputError
    given a file that holds no key             -> InputError, which shows nothing of it
    given two organisations                    -> two keys
    """

    @pytest.mark.parametrize("suite", KeySuite)
    def test_makes_a_key_once(self, tmp_path, monkeypatch, suite):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        made = encryption_key(HOSPITAL, suite=suite)
        assert (made.suite, encryption_key(HOSPITAL)) == (suite, made)
        file = tmp_path / "keys" / "urn-gs1-gln-0614141000029.encryption.json"
        assert file.stat().st_mode & 0o777 == 0o600
        assert encryption_key("urn:gs1:gln:0614141000012") != made

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_reverts_given_a_file_that_others_may_read(self, tmp_path, mode):
        file = tmp_path / "key.json"
        encryption_key(HOSPITAL, file)
        file.chmod(mode)
        with pytest.raises(InputError, match="others may read it"):
            encryption_key(HOSPITAL, file)

    @pytest.mark.parametrize(
        "raw",
        [
            [],
            {},
            {"format": "encryption-key/2", "suite": "X25519", "key": "5e" * 32},
            {"format": "encryption-key/1", "suite": "X448", "key": "5e" * 32},
            {"format": "encryption-key/1", "suite": "X25519", "key": "5e" * 31},
            {"format": "encryption-key/1", "suite": "X25519", "key": "no digits 5e5e"},
        ],
    )
    def test_reverts_given_no_key(self, tmp_path, raw):
        file = tmp_path / "key.json"
        file.write_text(json.dumps(raw))
        file.chmod(0o600)
        with pytest.raises(InputError, match="expected a key of form encryption-key/1") as refused:
            encryption_key(HOSPITAL, file)
        assert "5e5e" not in str(refused.value)


class TestPublicKey:
    """
    given a public key of either suite -> its JSON is read again
    given another suite                -> InputError, which names those that there are
    given no key                       -> InputError with the place
    """

    @pytest.mark.parametrize("suite", KeySuite)
    def test_is_read_again(self, suite):
        public = PrivateKey.generate(suite).public
        assert public_from_json(json.loads(json.dumps(public_to_json(public)))) == public

    def test_reverts_given_another_suite(self):
        with pytest.raises(
            InputError, match=r"publicKey\.suite: found 'X448', expected one of X25519, MLKEM768_X25519"
        ):
            public_from_json({"suite": "X448", "key": "0x00"})

    @pytest.mark.parametrize("raw", [None, {}, {"suite": "X25519", "key": "zz"}, {"suite": "X25519", "key": "0x00"}])
    def test_reverts_given_no_key(self, raw):
        with pytest.raises(InputError, match=r"publicKey|public key"):
            public_from_json(raw)
