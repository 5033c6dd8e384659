"""`serve` and `migrate`: run a ledger, or bring it up to date."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from oms_ledger import logs
from oms_ledger.app import migrate as migrate_ledger
from oms_ledger.app import open_prepared, prepared
from oms_ledger.audit.anchors.schedule import anchor_stores
from oms_ledger.cli.keys import local_key
from oms_ledger.cli.ledger import DataDirOption, LedgerOption, settings
from oms_ledger.cli.terminal import console
from oms_ledger.serving.serve import ServePlan
from oms_ledger.serving.serve import serve as serve_until_stopped
from oms_ledger.serving.tls import server_context
from oms_ledger.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8000,
    api_processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    workers: Annotated[int, typer.Option(min=0, max=64, help="Processes that fold.")] = 1,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="No keys; loopback only.")] = False,
    tls_certificate: Annotated[str | None, typer.Option(help="Speak HTTPS: a PEM file.")] = None,
    tls_key: Annotated[str | None, typer.Option(help="The file of its private key.")] = None,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve the API and keep the read models up to date, until Ctrl-C.

    Example: [bold]oms-ledger serve --port 8000 --api-processes 2[/]
    """
    plan = ServePlan(host, port, api_processes, workers, no_auth)
    given = settings(ledger, data_dir, tls_certificate=tls_certificate, tls_key=tls_key)
    server_context(given)
    anchor_stores(given.anchors)  # a wrong value is refused here, not by every process
    logs.configure(given.log_level)
    # Told to end while still starting: what was started is stopped, which is what was asked.
    with suppress(KeyboardInterrupt), prepared(given) as ready:
        _check_keys(ready)
        if not no_auth:
            _print_key(given, ready)
        serve_until_stopped(ready, plan, lambda url: typer.echo(f"ready {url}"))


def migrate(ledger: LedgerOption = None, data_dir: DataDirOption = None) -> None:
    """Make the ledger, or bring it up to date; serving does this by itself.

    Example: [bold]oms-ledger migrate --ledger north[/]
    """
    given = settings(ledger, data_dir)
    applied = migrate_ledger(given)
    for name in applied:
        typer.echo(name)
    console.print(f"Ledger {given.ledger} is up to date; {len(applied)} migrations applied.")


def _check_keys(ready: Settings) -> None:
    """Raises `Refused` or `NotFound` unless the key-encryption key opens the ledger's key, so that
    serving fails at its start and not at the first order."""
    with open_prepared(ready) as oms:
        oms.vault.keys.ledger_key()


def _print_key(given: Settings, ready: Settings) -> None:
    """Print the API key of an embedded ledger; on a server without any, how to create one."""
    with open_prepared(ready) as oms:
        if given.database_url is None:
            key, file = local_key(oms)
            console.print(f"API key (also in {file}):\n  {key}", soft_wrap=True)
        elif given.admin_key is None and not any(
            k.is_valid(datetime.now(UTC)) for k in oms.api_keys.all()
        ):
            console.print("No API key yet. Make one: oms-ledger keys create NAME")
