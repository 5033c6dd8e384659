"""A process that builds, until it is killed or there is nothing left to do.

python -m tests.rebuild.building URL SCHEMA PAGE_EVENTS
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from oms_ledger.settings import Settings
from tests.databases import Database
from tests.engine.tallies import TALLIES
from tests.fire.clients import ROOT
from tests.rebuild.arrivals import ARRIVALS
from tests.rebuild.site import Site

MODELS = (TALLIES, ARRIVALS)


def start(database: Database, page_events: int) -> subprocess.Popen[bytes]:
    arguments = (database.url, database.schema, str(page_events))
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments], stdout=subprocess.DEVNULL, cwd=ROOT
    )


def main(url: str, schema: str, page_events: str) -> None:
    database = Database(url, replace(Settings(), database_url=url))
    assert database.schema == schema
    site = Site(database, *MODELS)
    with site.builder(int(page_events), lease_seconds=0.2) as builder:
        while not all(build.indexed for model in MODELS for build in site.builds(model.name)):
            builder.step()


if __name__ == "__main__":
    main(*sys.argv[1:])
