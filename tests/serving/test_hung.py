"""Children that hang are killed and started again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.databases import temporary_database
from tests.serving.family import ADMIN_KEY, client, serving, signal_each, until
from tests.serving.shop import location, place, receive

pytestmark = [pytest.mark.postgres, pytest.mark.long]

SILENCE_SECONDS = "10"
"""Longer than a process may get no turn on a busy machine."""


def test_stopped_processes_are_replaced(server: str, tmp_path: Path) -> None:
    """A worker and an API process, which a stop leaves alive and deaf to all signals but one."""
    with temporary_database(server) as database:
        environment = {
            "OMS_DATABASE_URL": database,
            "OMS_ADMIN_KEY": ADMIN_KEY,
            "OMS_SILENCE_SECONDS": SILENCE_SECONDS,
        }
        output = tmp_path / "out"
        with serving(environment, output) as (family, url):
            until(lambda: bool(family.apis() and family.workers()), "all are there")
            before = [*family.apis(), *family.workers()]
            signal_each(before, signal.SIGSTOP)

            def replaced() -> bool:
                pids = {process.pid for process in before}
                now = [*family.apis(), *family.workers()]
                return len(now) == 2 and pids.isdisjoint(process.pid for process in now)

            until(replaced, "others have taken their place")
            with client(url) as http:
                location(http, "LON")
                receive(http, ("MUG", "LON", 5))
                position = place(http, ("MUG", 1))["position"]
                path = f"/v1/stock/MUG?min_position={position}&wait_ms=10000"

                def folded() -> bool:
                    return bool(http.get(path).status_code == 200)

                until(folded, "the new worker folds")
            assert family.stderr.read_text().count('"process_hangs"') == 2
            after = [*family.apis(), *family.workers()]
            time.sleep(1.5 * float(SILENCE_SECONDS))
            assert [*family.apis(), *family.workers()] == after, "who works is left alone"
