"""Serve: what a hospital runs for other hospitals."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, answer, new_app, open_suite
from medtrust.cli.record_options import ByOption, KeyOption, StoreOption, VaultOption, open_custodian, shares_of
from medtrust.files import state_folder
from medtrust.record_server import log_line, serve
from medtrust.record_service import RecordService, emergency_rule
from medtrust.registry_key import registry_key

__all__ = ["app"]

app = new_app("Services that a hospital runs for others.")


@app.callback()
def services() -> None:
    """Services that a hospital runs for others."""


@app.command()
def records(
    by: ByOption,
    host: Annotated[str, typer.Option(help="The address to listen on; behind a proxy that speaks TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8444,
    secret: Annotated[
        Path | None, typer.Option(help="The file of the service's secret; in the state folder unless given.")
    ] = None,
    vault: VaultOption = None,
    store: StoreOption = None,
    key: KeyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Hand out records and keys to whom a consent or an emergency lets read them, and stay until you press Ctrl-C."""
    suite = open_suite(chain, as_)
    custodian = open_custodian(suite, by, vault, store, key)
    file = secret or state_folder() / "keys" / f"records-{custodian.organisation.hex()[:16]}.key"
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    service = RecordService(
        custodian,
        secret=registry_key(by, file),
        log=log_line,
        emergency=emergency_rule(suite),
        shares=shares_of(custodian),
    )
    url = f"http://{host}:{port}"
    said = {"organisation": by, "url": url}
    answer(said, f"records of {by} at {url}. Press Ctrl-C to stop.", as_json=json_)
    serve(service, host=host, port=port)
