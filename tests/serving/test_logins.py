"""A shop whose login owns nothing, set up by the statements of docs/operations.md: it reports
missing migrations, serves, folds and seals; commands that need the owner use the owner's login."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from oms_ledger.engine.db.roles import Role
from tests.databases import (
    KEK,
    SCHEMA,
    embedded_server,
    postgres15_binaries,
    temporary_database,
    temporary_server,
)
from tests.engine.db.grants import statements
from tests.serving.family import ADMIN_KEY, PROGRAM, Family, client, serving, until
from tests.serving.shop import location, place, receive

OWNER, SERVE = "shop_owner", "shop_serve"

REFUSED = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A database, set up for two logins, and its administrator's address."""

    administrator: str

    def url(self, login: str) -> str:
        return self.administrator.replace("//postgres@", f"//{login}@", 1)

    def sql(self, login: str, *each: str) -> None:
        with psycopg.connect(self.url(login), autocommit=True) as connection:
            for statement in each:
                named = statement.replace("DATABASE shop ", f"DATABASE {connection.info.dbname} ")
                connection.execute(named.encode())

    def environment(self, *, owner: bool = False) -> dict[str, str]:
        given = {"OMS_DATABASE_URL": self.url(SERVE), "OMS_ADMIN_KEY": ADMIN_KEY, "OMS_KEK": KEK}
        return {**given, "OMS_OWNER_URL": self.url(OWNER)} if owner else given

    def run(self, *words: str, owner: bool = False) -> subprocess.CompletedProcess[str]:
        return program(self.environment(owner=owner), *words)


def program(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
    return subprocess.run(
        [str(PROGRAM), *words],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def oldest() -> Iterator[str]:
    binaries = postgres15_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL 15 here; OMS_TEST_POSTGRES15_BIN may name its bin folder")
    with temporary_server(binaries) as url:
        yield url


SERVERS = [
    pytest.param(embedded_server, id="newest"),
    pytest.param(oldest, id="oldest", marks=pytest.mark.long),
]


@pytest.fixture(params=SERVERS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """On a server of its own: roles belong to the server, and here there are none yet."""
    with request.param() as server, temporary_database(server) as url:
        made = Site(url)
        made.sql("postgres", *statements("CREATE ROLE shop_owner"))
        yield made


@pytest.mark.postgres
@pytest.mark.long
def test_a_shop_with_two_logins(site: Site, tmp_path: Path) -> None:
    refused = site.run("serve", "--port", "0")
    assert refused.returncode == REFUSED, refused.stderr
    assert "run `oms-ledger migrate` as the owner (OMS_OWNER_URL)" in refused.stderr

    migrated = program({"OMS_DATABASE_URL": site.url(OWNER)}, "migrate")
    assert migrated.returncode == 0, migrated.stderr

    refused = site.run("serve", "--port", "0")
    assert refused.returncode == REFUSED
    assert f"TO {SERVE};" in refused.stderr, refused.stderr
    site.sql(OWNER, *statements("GRANT oms_main_writer"))

    with serving(site.environment(), tmp_path / "one") as (family, url), client(url) as http:
        sells_and_folds(http)
        requested = http.post("/v1/projections/stock_levels/rebuild")
        assert requested.status_code == 202, "http needs no owner; building does"
        seals(http)
        sessions(site, {SERVE})
        assert "builds_left_to_the_owner" in family.stderr.read_text()
    keys_are_the_owner_s(site)
    older_ledgers_are_refused(site)

    with serving(site.environment(owner=True), tmp_path / "two") as (family, url):
        with client(url) as http:
            builds_are_finished(http)
        only_workers_have_the_owner_s_login(family)
    rebuilt = site.run("projections", "rebuild", "stock_levels", "--swap", owner=True)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "is live" in rebuilt.stderr
    the_auditor_reads(site)


def sells_and_folds(http: httpx.Client) -> None:
    location(http, "LON")
    receive(http, ("A", "LON", 5))
    customer = {"id": "c-1", "name": "Ada Lovelace", "email": "ada@example.org"}
    made = place(http, ("A", 2), customer=customer)
    waits = {"min_position": made["position"], "wait_ms": 10_000}
    answer = http.get(f"/v1/orders/{made['order_id']}", params=waits)
    assert answer.status_code == 200, answer.text
    assert answer.json()["lines"][0]["allocated"] == 2
    assert answer.json()["customer"]["name"] == "Ada Lovelace"
    listed = http.get("/v1/orders", params={"q": "ada@example.org"})
    assert len(listed.json()["items"]) == 1
    assert http.get("/v1/audit/access").json()["items"], "who was shown it is on record"
    forgotten = http.post("/v1/customers/c-1/forget", json={"reason": "asked for"})
    assert forgotten.status_code == 200, forgotten.text
    assert http.get("/readyz").status_code == 200
    assert http.post("/v1/projections/order_status/retry").status_code == 200


def seals(http: httpx.Client) -> None:
    until(lambda: http.get("/checkpoint").status_code == 200, "something is sealed")
    assert http.get("/v1/audit/proof/inclusion", params={"position": 1}).status_code == 200


def sessions(site: Site, logins: set[str]) -> None:
    """Who is connected as the program, and that none of them acts, or may act, as the owner."""
    with psycopg.connect(site.administrator) as administrator:
        sessions = administrator.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE application_name LIKE 'oms-ledger%' AND datname = current_database()"
        ).fetchall()
    assert {str(name) for (name,) in sessions} == logins
    become = f"SET ROLE {Role.OWNER.of(SCHEMA)}".encode()
    with psycopg.connect(site.url(SERVE)) as login, pytest.raises(InsufficientPrivilege):
        login.execute(become)


def keys_are_the_owner_s(site: Site) -> None:
    refused = site.run("keys", "create", "webshop")
    assert refused.returncode == REFUSED
    assert Role.CUSTODIAN.of(SCHEMA) in refused.stderr
    made = site.run("keys", "create", "webshop", owner=True)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("oms_")


def older_ledgers_are_refused(site: Site) -> None:
    """As if a migration had come with this program that is not applied yet."""
    newest = "(SELECT max(migration_id) FROM oms_main._yoyo_migration)"
    row = "oms_main._yoyo_migration"
    site.sql("postgres", "CREATE TABLE public.kept AS SELECT * FROM " + row,
             f"DELETE FROM {row} WHERE migration_id = {newest}")  # fmt: skip
    for words in (("serve", "--port", "0"), ("work",), ("keys", "list")):
        refused = site.run(*words)
        assert refused.returncode == REFUSED
        assert "missing: 00" in refused.stderr
        assert "Run `oms-ledger migrate` with the owner's login in OMS_OWNER_URL" in refused.stderr
    site.sql("postgres", f"DELETE FROM {row}", f"INSERT INTO {row} SELECT * FROM public.kept")


def builds_are_finished(http: httpx.Client) -> None:
    """By workers that have the owner's login, also those requested earlier."""

    def whole() -> bool:
        every = http.get("/v1/projections").json()
        beside = [build for model in every for build in model["others"]]
        return [b["indexed"] for b in beside if b["name"] == "stock_levels"] == [True]

    until(whole, "a build is whole")


def only_workers_have_the_owner_s_login(family: Family) -> None:
    for api in family.apis():
        assert "OMS_OWNER_URL" not in api.environ()
    assert all("OMS_OWNER_URL" in worker.environ() for worker in family.workers())


def the_auditor_reads(site: Site) -> None:
    site.sql("postgres", *statements("CREATE ROLE shop_auditor"))
    with psycopg.connect(site.url("shop_auditor"), autocommit=True) as auditor:
        auditor.execute(f"SET ROLE {Role.AUDITOR.of(SCHEMA)}".encode())
        assert auditor.execute("SELECT count(*) > 3 FROM ledger_events").fetchone() == (True,)
        for forbidden in ("SELECT hash FROM api_keys", "SELECT * FROM subject_keys"):
            with pytest.raises(InsufficientPrivilege):
                auditor.execute(forbidden.encode())
        with pytest.raises(ReadOnlySqlTransaction):
            auditor.execute("CREATE TEMP TABLE mine (one int)")
