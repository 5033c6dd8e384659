"""The program's own processes, on a server of the session or on a database of their own."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from tests.databases import temporary_database
from tests.serving.family import ADMIN_KEY, Family, client, servers, serving, signal_each
from tests.serving.shop import location


@dataclass(frozen=True, slots=True)
class Served:
    """A family that runs, the address of its API and that of its database."""

    family: Family
    url: str
    database: str
    client: httpx.Client


@pytest.fixture(scope="package")
def shop(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two API processes and two workers on one ledger, on a server where there was none: it is
    migrated first. One family for all tests that leave it as well as they found it."""
    with temporary_database(server) as database:
        environment = {"OMS_DATABASE_URL": database, "OMS_ADMIN_KEY": ADMIN_KEY}
        options = ("--api-processes", "2", "--workers", "2")
        output = tmp_path_factory.mktemp("shop")
        with serving(environment, output, *options) as (family, url), client(url) as http:
            location(http, "LON", 1)
            location(http, "MAN", 2)
            yield Served(family, url, database, http)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder for an embedded database, which nobody may be using in the end."""
    folder = Path(tempfile.mkdtemp(prefix="oms-serve-")).resolve()
    yield folder
    running = servers(folder)
    signal_each(running, signal.SIGKILL)
    psutil.wait_procs(running, timeout=10)
    shutil.rmtree(folder, ignore_errors=True)
    assert running == [], "a server was left running"
