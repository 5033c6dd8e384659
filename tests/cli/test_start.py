"""What a start of the program imports: each command its own modules, none that only HTTP needs."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oms_ledger.cli.lazy import LazyCommand
from oms_ledger.cli.main import Program
from tests.databases import Database
from tests.tiers import long

HTTP_ONLY = {"fastapi", "starlette", "uvicorn", "prometheus_client", "oms_ledger.http"}
HTTP_ONLY |= {"reportlab", "PIL", "oms_ledger.documents"}
"""Packages that answer HTTP requests."""

LEDGER_ONLY = {"psycopg", "pydantic", "cryptography", "oms_ledger.app", "oms_projections"}
"""Packages that only an open ledger needs."""

PROBE = """
import sys
from oms_ledger.cli.main import run
code = run(sys.argv[1:])
print("imported", *sorted(sys.modules))
sys.exit(code)
"""


def imported(*words: str, code: int, folder: Path, url: str = "") -> set[str]:
    """The modules in memory at the end of a command in a process of its own; `code` is the exit
    code that is expected."""
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        env={**os.environ, "OMS_DATABASE_URL": url, "OMS_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    last = ended.stdout.splitlines()[-1].split()
    assert last[0] == "imported"
    return set(last[1:])


def test_help_imports_neither_http_nor_a_ledger(tmp_path: Path) -> None:
    modules = imported("--help", code=0, folder=tmp_path)
    assert "typer" in modules
    assert modules & (HTTP_ONLY | LEDGER_ONLY) == set()


@pytest.mark.parametrize(
    "words", [("show", "order", "WEB-1"), long(("show", "stock", "MUG")), long(("do", "MakeTea"))]
)
def test_a_command_on_the_ledger_imports_no_http(
    postgres: Database, tmp_path: Path, words: tuple[str, ...]
) -> None:
    modules = imported(*words, code=4, folder=tmp_path, url=postgres.url)
    assert "oms_ledger.app" in modules
    assert modules & HTTP_ONLY == set()


COMMANDS = [each for each in Program().commands.values() if isinstance(each, LazyCommand)]


def first_paragraph(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())


def test_every_command_is_imported_when_it_runs() -> None:
    assert len(COMMANDS) == len(Program().commands) > 15


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_the_list_of_commands_repeats_their_help(command: LazyCommand) -> None:
    loaded = command.load()
    assert loaded.name == command.name
    assert command.help == first_paragraph(loaded.help)
