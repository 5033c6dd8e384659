"""Searches every place that could hold a planted text: database, files, logs, answers."""

from __future__ import annotations

import logging
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
import structlog

from oms_ledger import logs
from oms_ledger.app import Oms
from oms_ledger.audit.export.json_lines import export_range
from tests.audit.seal import seal
from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.search import dumped, files_with, rows_with, server_files_with

PROGRAM_LOG = "program.log"

ROUTES = ("/v1/events", "/v1/orders", "/v1/shipments", "/v1/audit/access", "/metrics")


@contextmanager
def logging_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Write the program's log to a file in the folder."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with (folder / PROGRAM_LOG).open("w", encoding="utf-8") as out:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", out)
            logs.configure("debug")
        client = logging.getLogger("httpx")  # the test's own, which says what it asks for
        client.disabled = True
        try:
            yield
        finally:
            client.disabled = False
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.configure(**before)


def places_with(oms: Oms, api: Api, database: Database, folder: Path, *texts: str) -> set[str]:
    """The places that hold one of the texts: tables (those of read models that are built too), a
    dump, the files of the database, its write-ahead log and what it logs, the program's log, an
    export, and answers to a reader with all rights."""

    def there(content: str) -> bool:
        return any(text in content for text in texts)

    traces = {f"table {name}" for name in rows_with(database, *texts)}
    traces |= {f"answer {path}" for path in ROUTES if there(api.get(path).text)}
    traces |= {f"file {name}" for name in files_with(database, *texts)}
    # Other tests write to the files of the server too: six digits may be there by chance.
    long = [text for text in texts if len(text) >= 9]
    traces |= {f"server's file {name}" for name in server_files_with(database, *long)}
    texts_of = {
        "export": _exported(oms),
        "dump": dumped(database),
        "program's log": (folder / PROGRAM_LOG).read_text("utf-8"),
    }
    return traces | {place for place, content in texts_of.items() if there(content)}


def _exported(oms: Oms) -> str:
    """An export of the whole log with its events decoded."""
    seal(oms)
    lines = [orjson.loads(line) for line in export_range(oms.audit.tree(), 1, oms.readers.head())]
    return "".join(b64decode(line["state"]).decode() for line in lines if "state" in line)
