"""A process that folds builds until they are indexed, or it is killed.

python -m tests.engine.rebuild.build_process URL SCHEMA PAGE_EVENTS [WINDOW_EVENTS [JOBS]]
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from oms_ledger.engine.rebuild import parts, windows
from oms_ledger.engine.rebuild.parts import parts_path
from oms_ledger.settings import Settings
from tests.databases import Database
from tests.engine.project.tallies import TALLIES
from tests.engine.rebuild.arrivals import ARRIVALS
from tests.engine.rebuild.tools import ReadModelTools
from tests.resilience.clients import ROOT

MODELS = (TALLIES, ARRIVALS)


def start(
    database: Database, page_events: int, window_events: int | None = None, jobs: int = 1
) -> subprocess.Popen[bytes]:
    """Start it. With `window_events`, windows of so many events are written while it folds on."""
    arguments = [database.url, database.schema, str(page_events)]
    if window_events is not None:
        arguments += [str(window_events), str(jobs)]
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments], stdout=subprocess.DEVNULL, cwd=ROOT
    )


def main(
    url: str, schema: str, page_events: str, window_events: str | None = None, jobs: str = "1"
) -> None:
    database = Database(url, replace(Settings(), database_url=url))
    assert database.schema == schema
    tools = ReadModelTools(database, *MODELS)
    if window_events is not None:
        windows.WINDOW_EVENTS = parts.PART_WINDOW_EVENTS = int(window_events)
    path = None
    if int(jobs) > 1:
        path = parts_path(tools.part_pool(int(jobs)), int(page_events))
    with tools.builder(int(page_events), lease_seconds=0.2, path=path) as running:
        advance = running.step if window_events is None else running.advance
        while not all(build.indexed for model in MODELS for build in tools.builds(model.name)):
            advance()


if __name__ == "__main__":
    main(*sys.argv[1:])
