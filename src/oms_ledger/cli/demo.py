"""`demo`: a sample shop, loaded, shown and served."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from oms_ledger import logs
from oms_ledger.app import open_prepared, prepared
from oms_ledger.cli.keys import local_key
from oms_ledger.cli.ledger import DataDirOption, LedgerOption, cli_actor, settings
from oms_ledger.cli.terminal import console
from oms_ledger.demo import (
    hints,
    load,
    show,
    show_provider,
    stand_in_server,
    take_payments,
)
from oms_ledger.serving.serve import ServePlan
from oms_ledger.serving.serve import serve as serve_until_stopped
from oms_ledger.settings import Settings
from oms_ledger.testing.paypal.http import StandInServer

LEDGER = "demo"


def demo(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the shop afterwards, until Ctrl-C.")
    ] = True,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8000,
    ledger: LedgerOption = LEDGER,
    data_dir: DataDirOption = None,
) -> None:
    """Fill a small shop with 60 days of orders, show it, and serve it.

    It lives in a ledger of its own, so that it never gets among real orders.

    Example: [bold]oms-ledger demo[/]
    """
    plan = ServePlan(host, port)
    given = settings(ledger, data_dir)
    with prepared(given) as running, stand_in_server() as provider:
        ready = replace(running, development_urls=provider.url)
        _fill(ready, provider)
        if not serve:
            return
        key = _key(given, ready)
        quiet = replace(ready, log_level="warning")
        logs.configure(quiet.log_level)
        serve_until_stopped(quiet, plan, lambda url: _open(url, key))


def _fill(ready: Settings, provider: StandInServer) -> None:
    with open_prepared(ready) as oms:
        loaded = load(oms, console)
        position = take_payments(oms, provider, loaded.position)
        show(oms, console, position)
        show_provider(oms, console, position)


def _key(given: Settings, ready: Settings) -> str:
    """The API key to show: the embedded ledger's own, or a new one on a server of the user."""
    with open_prepared(ready) as oms:
        return (
            local_key(oms)[0]
            if given.database_url is None
            else oms.api_keys.create("demo", "admin", actor=cli_actor())
        )


def _open(url: str, key: str) -> None:
    typer.echo(f"ready {url}")
    console.print(hints(url, key), soft_wrap=True)
