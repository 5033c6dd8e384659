"""Databases to copy others from, made by the first process of a run that needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from oms_ledger.app import prepare
from oms_ledger.engine.db import migrations
from oms_ledger.settings import Settings
from tests.databases import KEK, SCHEMA, create_database
from tests.server import prefix, turn

THERE = "SELECT 1 FROM pg_database WHERE datname = %s"


def ledger(server: str) -> str:
    """The name of a database with a migrated, empty ledger."""
    return made(server, "ledger", None, lambda url: migrations.migrate(url, SCHEMA))


def ready(server: str) -> str:
    """The name of a database with an empty ledger and the tables of its read models."""
    return made(server, "ready", ledger(server), lambda url: prepare(url, settings(url)))


def settings(url: str) -> Settings:
    return replace(Settings(), database_url=url, kek=KEK)


def made(server: str, kind: str, template: str | None, fill: Callable[[str], object]) -> str:
    """The name of a database that is copied from another one and filled, unless it is there."""
    name = f"{prefix()}_{kind}"
    with turn(), psycopg.connect(server, autocommit=True) as connection:
        if connection.execute(THERE, (name,)).fetchone() is None:
            url = create_database(server, template)
            fill(url)
            unfinished = urlsplit(url).path.removeprefix("/")
            names = sql.Identifier(unfinished), sql.Identifier(name)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
    return name
