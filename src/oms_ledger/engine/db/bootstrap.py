"""A ledger made ready: migrated, its read models with their tables, and whoever serves let in."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db import migrations, pool, roles
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import SERVING, Role
from oms_ledger.engine.rebuild import builds
from oms_ledger.kernel import ReadModel
from oms_ledger.settings import Settings


def prepare(url: str, schema: str, models: Sequence[ReadModel]) -> list[str]:
    """Migrate the ledger and make the tables of its read models, as its owner; the migrations
    applied. Safe from any number of processes at once."""
    applied = migrations.migrate(url, schema)
    with pool.owner(url, schema) as owner:
        for model in models:
            builds.install(owner, model)
    return applied


def make_ready(url: str, settings: Settings, models: Sequence[ReadModel]) -> None:
    """Prepare the ledger where there is a login that may, and see to it that `url`, the login that
    serves, may act in the roles that it needs. `Refused`, with the remedy, where something is
    missing: better said now than in the middle of an order."""
    schema = settings.schema
    if settings.owner_url is not None:
        prepare(settings.owner_url, schema, models)
    elif not serves_only(url, schema):
        prepare(url, schema, models)
    with pool.connect(url, schema, role=None) as connection:
        roles.require(connection, schema, SERVING)
        if settings.owner_url is None:
            roles.act_as(connection, schema, Role.READER)
            _require_prepared(connection, schema, models)


def serves_only(url: str, schema: str) -> bool:
    """Whether this login acts in roles of the ledger, and not as its owner."""
    with pool.connect(url, schema, role=None) as connection:
        may = roles.acts_as(connection, schema, Role)
    return bool(may) and Role.OWNER not in may


def _require_prepared(connection: Connection, schema: str, models: Sequence[ReadModel]) -> None:
    missing = migrations.pending(connection, schema)
    if not missing:
        missing = [f"tables of {m.name}" for m in models if not _installed(connection, m)]
    if missing:
        raise Refused(
            f"The ledger is not prepared for this program; missing: {', '.join(missing)}. The login"
            f" {roles.login_of(connection)} may not do that. Run `oms-ledger migrate` with the"
            " owner's login in OMS_OWNER_URL, then start again.",
            code="migrations_pending",
        )


def _installed(connection: Connection, model: ReadModel) -> bool:
    there = [b for b in builds.known(connection, model.name) if b.shape == model.version]
    return any(build.state != builds.RETIRED for build in there)
