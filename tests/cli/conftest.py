"""The program's own commands, run in this process on a database of the test's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from oms_ledger.cli import main
from tests.databases import Database


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed; whitespace in `stderr` is as if the terminal had no end."""

    stdout: str
    stderr: str


Run = Callable[..., Output]


@pytest.fixture
def postgres(ready: Database) -> Database:
    """A ledger with the tables of its read models, as `oms-ledger migrate` leaves it."""
    return ready


@pytest.fixture
def run(
    postgres: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`run("show", "order", "X")`; `code` is the exit code that is expected, 0 by default."""
    monkeypatch.setenv("OMS_DATABASE_URL", postgres.url)
    monkeypatch.setenv("OMS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def started(*words: str, code: int = 0, standard_input: str = "") -> Output:
        monkeypatch.setattr("sys.stdin", io.StringIO(standard_input))
        capsys.readouterr()
        ended = main.run(list(words))
        output = capsys.readouterr()
        assert ended == code, output.err + output.out
        return Output(output.out, " ".join(output.err.split()))

    return started
