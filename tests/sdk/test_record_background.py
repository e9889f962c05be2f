"""The service for records in the background of a process: it answers while the block runs, and not after."""

from __future__ import annotations

import sys

import pytest
import requests

from medtrust.errors import ToolMissing
from medtrust.record_background import serving
from medtrust.record_service import RecordService
from tests.hospitals import custodian_of


@pytest.fixture
def service(world, tmp_path):
    return RecordService(custodian_of(world, tmp_path))


class TestServing:
    """
    given a service              -> answers at the URL that is yielded, and nobody does after the block
    when the block fails         -> ends all the same
    given that uvicorn is missing -> ToolMissing, with the extra that has it
    """

    def test_answers_until_the_end_of_the_block(self, service, world):
        with serving(service) as url:
            answer = requests.post(f"{url}/challenge", json={}, timeout=10)
            assert answer.json()["custodian"] == "0x" + service.custodian.organisation.hex()
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{url}/challenge", json={}, timeout=10)

    def test_ends_when_the_block_fails(self, service):
        with pytest.raises(KeyError), serving(service) as url:
            raise KeyError
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{url}/challenge", json={}, timeout=10)

    def test_reverts_given_no_uvicorn(self, service, monkeypatch):
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        with pytest.raises(ToolMissing) as caught, serving(service):
            pass
        assert (caught.value.tool, caught.value.mend) == ("uvicorn", "pip install 'medtrust[serve]'")
