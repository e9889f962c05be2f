"""One chain a session, one snapshot a test, and everyone by role."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from medtrust import node
from medtrust.chain import Chain
from medtrust.errors import Reverted
from medtrust.suite import Suite
from tests.world import GENESIS, ROOT, World, build, compiled

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Hypothesis also draws constants that stand in those modules of the project which happen to be loaded. What a machine
# reaches must not depend on which other tests its process ran, so none are looked for.
_NO_CONSTANTS = getattr(providers, "_local_constants", None)
if _NO_CONSTANTS is not None:
    providers._get_local_constants = lambda: _NO_CONSTANTS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chain", choices=("anvil", "ganache"), default="anvil", help="the local chain to test on")
    parser.addoption("--full", action="store_true", help="run the long form of property and differential tests")
    parser.addoption("--steps", type=int, default=0, help="run each state machine at random, for so many steps")
    parser.addoption("--table", action="store_true", help="print each attack with and without its defence")


@pytest.fixture(scope="session")
def session_node(request: pytest.FixtureRequest) -> Iterator[node.Node]:
    # Twins of attacks, compiled in a hurry, are larger than a chain takes; what one deploys is held to that elsewhere.
    with node.start(request.config.getoption("--chain"), ROOT, timestamp=GENESIS, limits_code=False) as running:
        yield running


@pytest.fixture(scope="session")
def session_world(session_node: node.Node) -> World:
    return build(Chain.connect(session_node.ipc_path or session_node.url), compiled())


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    """The default world; what a test does to it is undone."""
    chain = session_world.chain
    snapshot = chain.request("evm_snapshot")
    yield session_world
    chain.request("evm_revert", snapshot)


@pytest.fixture
def scenario(world: World) -> World:
    return world


@pytest.fixture
def chain(world: World) -> Chain:
    return world.chain


@pytest.fixture
def suite(world: World) -> Suite:
    return world.suite


def _account(name: str) -> Callable[[World], LocalAccount]:
    def fixture(world: World) -> LocalAccount:
        return world.account(name)

    fixture.__doc__ = f"The account of the {name}."
    return fixture


steward = pytest.fixture(_account("steward"), name="steward")
authority = pytest.fixture(_account("authority"), name="authority")
hospital = pytest.fixture(_account("hospital"), name="hospital")
clinic = pytest.fixture(_account("clinic"), name="clinic")
maker = pytest.fixture(_account("maker"), name="maker")
wholesaler = pytest.fixture(_account("wholesaler"), name="wholesaler")
carrier = pytest.fixture(_account("carrier"), name="carrier")
pharmacy = pytest.fixture(_account("pharmacy"), name="pharmacy")
laboratory = pytest.fixture(_account("laboratory"), name="laboratory")
insurer = pytest.fixture(_account("insurer"), name="insurer")
regulator = pytest.fixture(_account("regulator"), name="regulator")
doctor = pytest.fixture(_account("doctor"), name="doctor")
relayer = pytest.fixture(_account("relayer"), name="relayer")
attacker = pytest.fixture(_account("attacker"), name="attacker")
stranger = pytest.fixture(_account("stranger"), name="stranger")


@pytest.fixture
def patient(world: World) -> LocalAccount:
    """A patient, as the hospital knows her; she holds no ETH."""
    return world.patient


@contextmanager
def _reverts(error: str, **values: Any) -> Iterator[pytest.ExceptionInfo[Reverted]]:
    with pytest.raises(Reverted) as caught:
        yield caught
    assert caught.value.error == error, str(caught.value)
    assert {name: caught.value.values.get(name) for name in values} == values


@pytest.fixture
def reverts() -> Callable[..., AbstractContextManager[pytest.ExceptionInfo[Reverted]]]:
    """Expect a revert: the name of its error and those of its values that are named."""
    return _reverts


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real sample files: MEDTRUST_CORPUS, or shared/data beside the checkout."""
    folder = Path(os.environ.get("MEDTRUST_CORPUS") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no corpus")
    return folder
