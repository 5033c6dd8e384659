"""Prepares a ledger: its migrations, the tables of its read models, the roles of its logins."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import errors

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db import grants, migrations, pool, roles
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import SERVING, Role
from oms_ledger.engine.rebuild import builds
from oms_ledger.kernel import ReadModel
from oms_ledger.settings import Settings


def prepare(url: str, schema: str, models: Sequence[ReadModel]) -> list[str]:
    """As the owner, migrate the ledger and make the tables of its read models. Returns the names of
    the migrations applied. Any number of processes may call this at once."""
    applied = migrations.migrate(url, schema)
    with pool.owner(url, schema) as owner:
        for model in models:
            builds.install(owner, model)
    return applied


def ensure_prepared(url: str, settings: Settings, models: Sequence[ReadModel]) -> None:
    """Check that the ledger is up to date, and that the login of `url`, which serves, may act in
    the roles that it needs. A ledger that is up to date is only read; another one is prepared if a
    login may do that. `Refused`, with the remedy, for what is missing: better at the start than in
    the middle of an order."""
    schema = settings.schema
    login = settings.owner_url or url
    with pool.connect(login, schema, role=None) as connection:
        may = roles.acts_as(connection, schema, Role)
        ready = may == set(Role) and _up_to_date(connection, schema, models)
    serves_only = settings.owner_url is None and bool(may) and Role.OWNER not in may
    if not ready and not serves_only:
        prepare(login, schema, models)
    if ready and login == url:
        return
    with pool.connect(url, schema, role=None) as connection:
        roles.require(connection, schema, SERVING)
        if settings.owner_url is None:
            roles.act_as(connection, schema, Role.READER)
            _require_prepared(connection, schema, models)


def _up_to_date(connection: Connection, schema: str, models: Sequence[ReadModel]) -> bool:
    """Whether shapes is nothing that `prepare` would change."""
    roles.act_as(connection, schema, Role.OWNER)
    try:
        return (
            not migrations.pending(connection, schema)
            and not _missing_models(connection, models)
            and grants.up_to_date(connection, migrations.directory())
        )
    except (errors.InsufficientPrivilege, errors.UndefinedTable):
        return False  # a restored dump: the schema belongs to another login


def _require_prepared(connection: Connection, schema: str, models: Sequence[ReadModel]) -> None:
    missing = migrations.pending(connection, schema)
    if not missing:
        missing = [f"tables of {m.name}" for m in _missing_models(connection, models)]
    if missing:
        raise Refused(
            f"The ledger is not prepared for this program; missing: {', '.join(missing)}. The login"
            f" {roles.login_of(connection)} may not do that. Run `oms-ledger migrate` with the"
            " owner's login in OMS_OWNER_URL, then start again.",
            code="migrations_pending",
        )


def _missing_models(connection: Connection, models: Sequence[ReadModel]) -> list[ReadModel]:
    """The read models that have no active build of their version."""
    shapes = builds.shapes_in_use(connection)
    return [model for model in models if (model.name, model.version) not in shapes]
