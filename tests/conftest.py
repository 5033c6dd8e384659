"""Fixtures for all suites. A fixture with a database marks the test `postgres`, so that
`-m "not postgres"` is the fast suite."""

from __future__ import annotations

import gc
import importlib
import logging
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import hypothesis
import pytest
import structlog
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has no types

from tests import server as tests_server
from tests.database_reset import Databases
from tests.databases import KEK, Database, postgres15_binaries, temporary_server

_configure_logs = structlog.configure


def _configure_without_cache(**settings: Any) -> None:
    """A logger that is kept from its first use on would write for ever to where one test has sent
    it, past what a later one captures."""
    _configure_logs(**settings | {"cache_logger_on_first_use": False})


structlog.configure = _configure_without_cache  # type: ignore[assignment]  # for all tests

# Coloured tracebacks take a second each, and nobody reads those of a test that passes.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)
LOGS = structlog.get_config()

# Collecting the tests makes some million objects that live as long as the run.
gc.set_threshold(100_000, 50, 100)


def pytest_collection_finish() -> None:
    """Leave what collecting the tests has made out of every later collection of garbage."""
    gc.freeze()


os.environ.setdefault("OMS_KEK", KEK)

DATABASE_FIXTURES = {"server", "postgres", "postgres15"}

LONG_FIXTURES = {"postgres15", "real"}

# How long an example takes to draw depends on what else the machine does.
ANY_SPEED = [hypothesis.HealthCheck.too_slow]


def _register(name: str, examples: int, *, derandomize: bool = False) -> None:
    hypothesis.settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        suppress_health_check=ANY_SPEED,
        derandomize=derandomize,
    )


_register("dev", 50)
_register("ci", 50, derandomize=True)
_register("nightly", 200)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


LONGEST_FIRST = (
    "tests/serving/",
    "tests/engine/rebuild/",
    "tests/privacy/",
    "tests/resilience/",
    "tests/cli/",
    "tests/history/",
    "tests/http/",
    "tests/audit/",
)
"""Folders whose files take longest: they are begun first, so that none of them is begun last while
the other workers have nothing left to do."""


def _turn_of(item: pytest.Item) -> int:
    place = item.path.relative_to(item.config.rootpath).as_posix()
    turns = (n for n, folder in enumerate(LONGEST_FIRST) if place.startswith(folder))
    return next(turns, len(LONGEST_FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn_of)
    for item in items:
        if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)
        if LONG_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """In a worker of xdist, import the test modules in an order of its own before they are
    collected: in a fresh clone each worker then rewrites the asserts of some modules and reads what
    others have written, where all would rewrite all of them at the same time."""
    config = session.config
    if not hasattr(config, "workerinput") or config.args != config.getini("testpaths"):
        return
    modules = [
        ".".join(path.relative_to(config.rootpath).with_suffix("").parts)
        for path in sorted((config.rootpath / "tests").rglob("test_*.py"))
    ]
    number = int(config.workerinput["workerid"].removeprefix("gw"))
    first = len(modules) * number // config.workerinput["workercount"]
    for module in (*modules[first:], *modules[:first]):
        with suppress(Exception, pytest.skip.Exception):  # collecting it says what is wrong
            importlib.import_module(module)


IN_ONE_WORKER = {
    "tests/architecture/": "sources",
    "tests/serving/test_never_oversold": "shop",
    "tests/serving/test_sealed": "shop",
    "tests/serving/test_soak": "shop",
    "tests/serving/test_start": "shop",
    "tests/serving/test_worker_killed": "shop",
}
"""Files whose tests share what takes seconds to make, and its name: the parsed sources of the
project, and five processes of the program. Each worker of xdist would make its own."""


class SharedScheduling(LoadFileScheduling):  # type: ignore[misc]  # the library has no types
    """One worker takes all tests of a file, or of the files that share something."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (name for start, name in IN_ONE_WORKER.items() if nodeid.startswith(start))
        return next(shared, super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> SharedScheduling | None:
    return SharedScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@contextmanager
def logs_of_one_test() -> Iterator[None]:
    """What a test has configured of the log ends with it: the stream of its handler is closed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    if structlog.get_config() != LOGS:
        structlog.configure(**LOGS)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """A hook, since a fixture of every one of thousands of tests takes a tenth of their time."""
    with logs_of_one_test():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _no_workers_to_wait_for() -> Iterator[None]:
    """Builds of read models are left to workers for a while, and in this process there are none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oms_ledger.engine.rebuild.operations.LEAVE_TO_WORKERS_SECONDS", 0.0)
        yield


def pytest_configure() -> None:
    tests_server.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # not in a worker of xdist, but when all have ended
        tests_server.end()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of the PostgreSQL server of this run: `OMS_TEST_DATABASE_URL`, or one that all test
    processes share. It is fast and not safe."""
    with tests_server.shared_server() as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a database with one migrated, empty ledger."""
    from tests import templates  # imports all of the program, which the process of xdist need not

    return templates.ledger(server)


@pytest.fixture(scope="session")
def ready_template(server: str) -> str:
    """The name of a database with an empty ledger and the tables of its read models."""
    from tests import templates

    return templates.ready(server)


@pytest.fixture(scope="session")
def ledgers(server: str, template: str) -> Databases:
    return Databases(server, template)


@pytest.fixture(scope="session")
def ready_ledgers(server: str, ready_template: str) -> Databases:
    return Databases(server, ready_template)


@pytest.fixture
def postgres(ledgers: Databases) -> Iterator[Database]:
    """A database of this test's own, with a migrated, empty ledger."""
    with ledgers.lend() as database:
        yield database


@pytest.fixture
def ready(ready_ledgers: Databases) -> Iterator[Database]:
    """A database of this test's own, with an empty ledger and the tables of its read models: it
    need not be prepared to be opened."""
    with ready_ledgers.lend() as database:
        yield database


@pytest.fixture(scope="session")
def postgres15() -> Iterator[str]:
    """The URL of the oldest PostgreSQL that is supported."""
    binaries = postgres15_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL 15 here; OMS_TEST_POSTGRES15_BIN may name its bin folder")
    with temporary_server(binaries) as url:
        yield url
