"""Fixtures for all suites. Asking for a database marks the test `postgres`, so that
`-m "not postgres"` is the fast suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import hypothesis
import pytest
import structlog

from tests.databases import (
    KEK,
    Database,
    embedded_server,
    ledger_database,
    postgres15_binaries,
    temporary_server,
)

# Coloured tracebacks take a second each, and nobody reads those of a test that passes.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

os.environ.setdefault("OMS_KEK", KEK)

DATABASE_FIXTURES = {"server", "postgres", "postgres15"}

hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server: `OMS_TEST_DATABASE_URL`, or an embedded one in a
    temporary folder."""
    given = os.environ.get("OMS_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with embedded_server() as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a database with one migrated, empty ledger, made once."""
    with ledger_database(server) as database:
        yield urlsplit(database.url).path.removeprefix("/")


@pytest.fixture
def postgres(server: str, template: str) -> Iterator[Database]:
    """A fresh database of this test's own."""
    with ledger_database(server, template) as database:
        yield database


@pytest.fixture(scope="session")
def postgres15() -> Iterator[str]:
    """The URL of the oldest PostgreSQL that is supported."""
    binaries = postgres15_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL 15 here; OMS_TEST_POSTGRES15_BIN may name its bin folder")
    with temporary_server(binaries) as url:
        yield url
