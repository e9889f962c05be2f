"""The chain itself: start one, deploy on one, compile, and find out what is missing."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from medtrust import compiler, node, sandbox, wallet
from medtrust.artifacts import Artifact
from medtrust.chain import Chain
from medtrust.cli.common import AccountOption, ChainOption, JsonOption, KindOption, answer, console, table
from medtrust.cli.demo import demo
from medtrust.deploy import AddressBook, Deployed
from medtrust.deploy import deploy as deploy_all
from medtrust.doctor import examine
from medtrust.errors import InputError
from medtrust.files import state_folder, write_json
from medtrust.suite import find_target

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the top level."""
    for command in (demo, up, deploy, compile_, doctor):
        app.command(name=command.__name__.rstrip("_"))(command)


def up(
    kind: KindOption = "anvil",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8545,
    keep: Annotated[
        Path | None, typer.Option(help="Where the chain is kept between two starts; forgotten unless given.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Start a local chain with everything deployed and everyone accredited, and stay until you press Ctrl-C."""
    root = compiler.find_root()
    with node.start(kind, root, port=port, state=keep) as running:
        book = AddressBook(running.chain_id)
        if keep is None:
            book.forget()  # a fresh chain holds nothing of what an earlier one held
        suite = sandbox.deploy_suite(running, book)
        sandbox.accredit_everyone(suite)
        target = running.ipc_path or running.url
        marker = state_folder() / "local.json"
        write_json(marker, {"target": target, "url": running.url, "chainId": running.chain_id, "pid": running.pid})
        try:
            contracts = {name: book.get(name).address for name in book.names()}
            value = {"url": running.url, "ipc": running.ipc_path, "chainId": running.chain_id, "contracts": contracts}
            answer(value, lambda: _print_up(running, suite.book), as_json=json_)
            _stay()
        finally:
            marker.unlink(missing_ok=True)


def _print_up(running: node.Node, book: AddressBook) -> None:
    rows = table(f"{running.kind} at {running.url} (chain {running.chain_id})", "contract", "address")
    for name in book.names():
        rows.add_row(name, book.get(name).address)
    people = table("Organisations and who signs for them: name it after --as", "account", "organisation", "identifier")
    for member in sandbox.ORGANISATIONS.values():
        people.add_row(member.name, member.title, member.identifier)
    for one in sandbox.STAFF.values():
        employer = sandbox.ORGANISATIONS[one.employer]
        people.add_row(one.name, f"{employer.title}, {one.unit}", employer.identifier)
    console.print(rows, people)
    console.print("Ready. Press Ctrl-C to stop.")


def _stay() -> None:
    """Wait for Ctrl-C or for a request to end."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass


def deploy(
    token: Annotated[
        str | None, typer.Option(help="The ERC-20 that insurers pay in; on a local chain a mock unless given.")
    ] = None,
    steward: Annotated[
        str | None, typer.Option(help="The address that names authorities; who signs unless given.")
    ] = None,
    everyone: Annotated[bool, typer.Option(help="On a local chain, accredit the organisations of the sandbox.")] = True,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Deploy the suite; killed at any step and run again, it goes on where it stopped."""
    connection = Chain.connect(find_target(chain))
    signer = wallet.account(as_ or ("steward" if connection.is_local else None), is_local=connection.is_local)
    if signer is None:
        raise InputError(place="--as", found="nothing", expected="a keystore file, or a private key in MEDTRUST_KEY")
    book = AddressBook(connection.id)
    rows = table(f"The suite on chain {connection.id}", "contract", "address", "block", "")
    seen: dict[str, Deployed] = {}

    def progress(name: str, where: Deployed, is_new: bool) -> None:
        seen[name] = where
        rows.add_row(name, where.address, str(where.block), "deployed" if is_new else "stood already")

    deploy_all(connection, signer, book, token=_token(token, connection, book), steward=steward, progress=progress)
    if everyone and connection.is_local and steward is None:
        sandbox.accredit_everyone(sandbox.suite_on(connection, book))
    answer({"chainId": connection.id, "book": str(book.path), "contracts": seen}, rows, as_json=json_)


def _token(token: str | None, chain: Chain, book: AddressBook) -> str | Artifact:
    if token is not None:
        return token
    known = book.find("token")
    if known is not None and known.code_hash == "":
        return known.address
    if not chain.is_local:
        raise InputError(place="--token", found="nothing", expected="the address of the ERC-20 that insurers pay in")
    return sandbox.mock_token()


def compile_(json_: JsonOption = False) -> None:
    """Compile the contracts and bring the artifacts that the package ships up to date."""
    changed = compiler.write_artifacts()
    text = f"wrote {', '.join(changed)}" if changed else "everything was up to date"
    answer({"written": changed}, text, as_json=json_)


def doctor(json_: JsonOption = False) -> None:
    """Say what is missing on this machine and how to mend it; exit 1 if anything is."""
    findings = examine()
    rows = table("What medtrust needs", "", "what", "found", "how to mend it")
    for finding in findings:
        rows.add_row("ok" if finding.is_well else "MISSING", finding.what, finding.found, finding.mend)
    answer(findings, rows, as_json=json_)
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)
