"""Numbered, forward-only SQL, applied to one ledger's schema by yoyo-migrations.

Why yoyo, and what is different here, is in docs/decisions/0003-migrations.md: a migration and
the note that it was applied are one transaction, and the lock is an advisory one that dies with
its session, so that a crash anywhere leaves nothing to clean up.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from psycopg import errors
from yoyo import read_migrations  # type: ignore[import-untyped]  # the library has no types
from yoyo.backends.core.postgresql import (  # type: ignore[import-untyped]  # the library has no types
    PostgresqlPsycopgBackend,
)
from yoyo.connections import parse_uri  # type: ignore[import-untyped]  # the library has no types
from yoyo.migrations import (  # type: ignore[import-untyped]  # the library has no types
    MigrationList,
    default_migration_table,
)

from oms_ledger.domain.errors import Refused, Unavailable
from oms_ledger.engine.db import grants, pool, roles, statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Timeouts
from oms_ledger.engine.db.roles import Role

SQL = statements.queries(__package__)

LOCK_WAIT_SECONDS = 120
"""How long to wait for another process that is migrating the same ledger."""

DDL_TIMEOUTS = Timeouts(
    lock_ms=10_000, statement_ms=0, idle_in_transaction_ms=60_000, deadline_seconds=None
)
"""A migration may run long, but it may not wait long for a lock: all other statements on the table
would queue behind it."""


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # the library has no types
    """yoyo on the ledger's connection, with the two changes named above."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        super().__init__(parse_uri("postgresql+psycopg:///"), default_migration_table)

    def connect(self, dburi: object) -> Connection:
        return self._connection

    @contextmanager
    def lock(self, timeout: float = 0) -> Generator[None]:
        """Nothing: `_migration_lock` is held. A row in a table would outlive a crash."""
        yield

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
        self.ensure_internal_schema_updated()
        migration.load()
        with self.transaction() if migration.use_transactions else nullcontext():
            migration.process_steps(self, "apply", force=force)
            if mark:
                self.mark_one(migration)


def migrate(url: str, schema: str) -> list[str]:
    """Bring the ledger's roles and its schema up to date. Returns the names of the migrations
    applied, in order.

    Any number of processes may call this at once. `Refused` when the login lacks a right that it
    needs; `psycopg.Error` when a migration fails, with those before it applied.
    """
    with (
        closing(pool.connect(url, schema, role=None, timeouts=DDL_TIMEOUTS)) as connection,
        _migration_lock(connection, schema),
    ):
        try:
            roles.create(connection, schema)
            roles.take_ownership(connection, schema)
        except errors.InsufficientPrivilege as error:
            raise Refused(
                f"The login {roles.login_of(connection)} may not make the ledger its own:"
                f" {str(error).strip()}. Let an administrator of the database give it that right;"
                " docs/operations.md has the statements.",
                code="database_role_missing",
            ) from error
        roles.drop_former_role(connection, schema)
        roles.act_as(connection, schema, Role.OWNER)
        backend = _Backend(connection)
        unapplied = backend.to_apply(read_migrations(str(directory())))
        backend.apply_migrations_only(unapplied)
        backend.run_post_apply(unapplied)
        grants.record(connection, directory())
        return [m.id for m in unapplied]


def pending(connection: Connection, schema: str) -> list[str]:
    """The names of migrations that are not applied. Changes nothing; any role of the ledger may
    run it."""
    migrations: MigrationList = read_migrations(str(directory()))
    names = {"schema": schema, "table": default_migration_table}
    if connection.execute(SQL["migrations_table"], names).fetchone() is None:
        return sorted(m.id for m in migrations)
    applied = connection.execute(SQL["applied_migrations"]).fetchall()
    return sorted({m.id for m in migrations} - {str(name) for (name,) in applied})


def directory() -> Path:
    """The folder of migrations: beside the package when installed, else at the root of the
    sources."""
    package = Path(__file__).parents[2]
    for candidate in (package / "migrations", package.parents[1] / "migrations"):
        if candidate.is_dir():
            return candidate
    raise Unavailable(f"No migrations beside {package}. Install oms-ledger again.")


@contextmanager
def _migration_lock(connection: Connection, schema: str) -> Generator[None]:
    """Lets one process at a time migrate a ledger. The lock ends with the session."""
    connection.execute(SQL["set_lock_timeout"], {"milliseconds": str(LOCK_WAIT_SECONDS * 1000)})
    connection.execute(SQL["lock_migrations"], {"schema": schema})
    connection.execute(SQL["set_lock_timeout"], {"milliseconds": str(DDL_TIMEOUTS.lock_ms)})
    yield
