"""Prepares a ledger: its migrations, its read models and policies, the roles of its logins."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from psycopg import errors

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db import grants, migrations, pool, roles
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import SERVING, Role
from oms_ledger.engine.rebuild import builds
from oms_ledger.engine.work import cursors
from oms_ledger.kernel import ReadModel
from oms_ledger.settings import Settings


def prepare(
    url: str, schema: str, models: Sequence[ReadModel], policies: Collection[str] = ()
) -> list[str]:
    """As the owner, migrate the ledger, make the tables of its read models, and install policies by
    name: a new one begins at the head. Returns the names of the migrations applied. Any number of
    processes may call this at once."""
    applied = migrations.migrate(url, schema)
    with pool.owner(url, schema) as owner:
        for model in models:
            builds.install(owner, model)
        cursors.install(owner, policies)
    return applied


def ensure_prepared(
    url: str, settings: Settings, models: Sequence[ReadModel], policies: Collection[str] = ()
) -> None:
    """Check that the ledger is up to date, and that the login of `url`, which serves, may act in
    the roles that it needs. A ledger that is up to date is only read; another one is prepared if a
    login may do that. `Refused`, with the remedy, for what is missing: better at the start than in
    the middle of an order."""
    schema = settings.schema
    login = settings.owner_url or url
    with pool.connect(login, schema, role=None) as connection:
        may = roles.acts_as(connection, schema, Role)
        ready = may == set(Role) and _up_to_date(connection, schema, models, policies)
    serves_only = settings.owner_url is None and bool(may) and Role.OWNER not in may
    if not ready and not serves_only:
        prepare(login, schema, models, policies)
    if ready and login == url:
        return
    with pool.connect(url, schema, role=None) as connection:
        roles.require(connection, schema, SERVING)
        if settings.owner_url is None:
            roles.act_as(connection, schema, Role.READER)
            _require_prepared(connection, schema, models, policies)


def _up_to_date(
    connection: Connection, schema: str, models: Sequence[ReadModel], policies: Collection[str]
) -> bool:
    """Whether there is nothing that `prepare` would change."""
    roles.act_as(connection, schema, Role.OWNER)
    try:
        return (
            not migrations.pending(connection, schema)
            and not _missing(connection, models, policies)
            and grants.up_to_date(connection, migrations.directory())
        )
    except (errors.InsufficientPrivilege, errors.UndefinedTable):
        return False  # a restored dump: the schema belongs to another login


def _require_prepared(
    connection: Connection, schema: str, models: Sequence[ReadModel], policies: Collection[str]
) -> None:
    missing = migrations.pending(connection, schema) or _missing(connection, models, policies)
    if missing:
        raise Refused(
            f"The ledger is not prepared for this program; missing: {', '.join(missing)}. The login"
            f" {roles.login_of(connection)} may not do that. Run `oms-ledger migrate` with the"
            " owner's login in OMS_OWNER_URL, then start again.",
            code="migrations_pending",
        )


def _missing(
    connection: Connection, models: Sequence[ReadModel], policies: Collection[str]
) -> list[str]:
    """The read models that have no active build of their version, and the policies without a
    cursor, in words."""
    shapes = builds.shapes_in_use(connection)
    tables = [f"tables of {m.name}" for m in models if (m.name, m.version) not in shapes]
    return tables + [f"cursor of {name}" for name in cursors.missing(connection, policies)]
