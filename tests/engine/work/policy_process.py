"""A process that runs the policy of the tests, prints the seam it has reached, and waits to be
killed.

python -m tests.engine.work.policy_process URL SEAM
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests import templates
from tests.databases import Database
from tests.engine.work.consequences import ledger, run_to_end
from tests.engine.work.mortal import Killed, Seams, mortal

ROOT = Path(__file__).parents[3]


class HaltingSeams(Seams):
    """Waits for ever at a seam."""

    def reach(self, name: str) -> None:
        try:
            super().reach(name)
        except Killed:
            print(name, flush=True)
            sys.stdin.read()


@contextmanager
def at_a_seam(database: Database, kill_at: int) -> Generator[str]:
    """The name of the seam at which the process stands. Killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, database.url, str(kill_at)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate(timeout=20)


def main(url: str, kill_at: str) -> None:
    with ledger(Database(url, templates.settings(url))) as oms:
        runner = mortal(oms, 0)
        runner.seams = HaltingSeams(int(kill_at))
        run_to_end(runner)


if __name__ == "__main__":
    main(*sys.argv[1:])
