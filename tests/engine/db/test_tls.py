"""The way to a database on another machine: refused unless it proves itself; and with a real server
that has a certificate, who is let in and who is not."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest

from oms_ledger.app import migrate, open_oms
from oms_ledger.cli import main
from oms_ledger.domain.errors import Invalid
from oms_ledger.engine.db import dsn, pool
from oms_ledger.engine.log.recorder import LedgerFactory
from oms_ledger.settings import TLS_MODES, Settings
from tests.certificates import Authority
from tests.databases import KEK, postgres15_binaries, temporary_server

AWAY = "postgresql://u:secret@db.example.com/shop"

HERE = (
    "postgresql://u@localhost/shop",
    "postgresql://u@127.0.0.1:5433/shop",
    "postgresql://u@[::1]/shop",
    "postgresql://u@/shop?host=%2Fvar%2Frun%2Fpostgresql",
    "host=/tmp dbname=shop",
    "postgresql:///shop",
    "postgresql://u@elsewhere/shop?hostaddr=127.0.0.1",
)

ELSEWHERE = (
    AWAY,
    "host=10.0.0.7 dbname=shop",
    "postgresql://u@localhost,db.example.com/shop",
    "postgresql://u@localhost/shop?hostaddr=10.0.0.7",
    "postgresql://u@db.example.com/shop?sslmode=nonsense",
    "service=shop",
)


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGSSLMODE", "PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", HERE)
def test_a_connection_within_this_machine_needs_no_tls(url: str) -> None:
    dsn.check(Settings(database_url=url))


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_database_elsewhere_must_prove_itself(url: str) -> None:
    with pytest.raises(Invalid, match=r"OMS_DATABASE_URL: .*Add sslmode=verify-full") as refused:
        dsn.check(Settings(database_url=url))
    assert "OMS_DATABASE_TLS=disable" in refused.value.detail
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize("least", TLS_MODES)
@pytest.mark.parametrize("mode", TLS_MODES)
def test_the_setting_database_tls_allows_a_weaker_mode(mode: str, least: str) -> None:
    settings = Settings(database_url=f"{AWAY}?sslmode={mode}", database_tls=least)
    if TLS_MODES.index(mode) < TLS_MODES.index(least):
        with pytest.raises(Invalid, match=f"with sslmode={mode} nothing proves"):
            dsn.check(settings)
    else:
        dsn.check(settings)


def test_the_owner_s_address_counts_as_well() -> None:
    given = Settings(database_url="postgresql:///shop", owner_url=AWAY)
    with pytest.raises(Invalid, match="OMS_OWNER_URL"):
        dsn.check(given)


def test_the_environment_of_libpq_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    dsn.check(Settings(database_url=AWAY))
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setenv("PGHOST", "db.example.com")
    with pytest.raises(Invalid, match="sslmode=require"):
        dsn.check(Settings(database_url="postgresql:///shop"))


@pytest.mark.parametrize("words", [["migrate"], ["serve"], ["work"], ["keys", "list"]])
def test_every_command_refuses_before_it_connects(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMS_DATABASE_URL", AWAY)
    assert main.run(words) == 2
    assert "sslmode=verify-full" in capsys.readouterr().err


def test_the_library_refuses_too() -> None:
    with pytest.raises(Invalid, match="sslmode=verify-full"):
        LedgerFactory({"OMS_DATABASE_URL": AWAY})


# A real server.


@dataclass(frozen=True, slots=True)
class Secured:
    """A PostgreSQL on a port of this machine, with a certificate for `localhost`, that lets in who
    comes by TLS and nobody else."""

    port: int
    trusted: Path
    stranger: Path

    def url(self, mode: str, host: str = "localhost", root: Path | None = None) -> str:
        secured = f"sslmode={mode}&sslrootcert={root or self.trusted}"
        return f"postgresql://postgres@{host}:{self.port}/postgres?{secured}"

    def speaks(self, url: str) -> str | None:
        """The protocol that the connection is secured by."""
        with pool.connect(url, "oms_main", role=None) as connection:
            row = connection.execute(
                "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            ).fetchone()
        return None if row is None or row[0] is None else str(row[0])


def by_tls_alone(port: int, certificate: Path, key: Path, data: Path) -> None:
    """As docs/operations.md has it."""
    owner = data.stat()
    for source, name in ((certificate, "server.crt"), (key, "server.key")):
        shutil.copy(source, data / name)
        os.chown(data / name, owner.st_uid, owner.st_gid)
        (data / name).chmod(0o600)
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write("ssl = on\nssl_min_protocol_version = 'TLSv1.2'\n")
        configuration.write(f"listen_addresses = '127.0.0.1'\nport = {port}\n")
    (data / "pg_hba.conf").write_text("hostssl all all all trust\n")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    """The embedded server is built without TLS, hence one that is installed."""
    binaries = postgres15_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL with TLS here; OMS_TEST_POSTGRES15_BIN may name its bin folder")
    folder = Path(tempfile.mkdtemp(prefix="oms-ca-"))
    folder.chmod(0o755)
    try:
        trusted, stranger = Authority(folder, "ours"), Authority(folder, "stranger")
        port = free_port()
        configure = partial(by_tls_alone, port, *trusted.issue("localhost"))
        with temporary_server(binaries, configure):
            yield Secured(port, trusted.certificate, stranger.certificate)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.postgres
def test_verify_full_connects_to_a_server_with_a_valid_certificate(secured: Secured) -> None:
    assert secured.speaks(secured.url("verify-full")) in ("TLSv1.2", "TLSv1.3")


@pytest.mark.postgres
def test_another_authority_is_refused(secured: Secured) -> None:
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        secured.speaks(secured.url("verify-full", root=secured.stranger))


@pytest.mark.postgres
def test_another_name_is_refused(secured: Secured) -> None:
    """As if another server had a certificate of the same authority."""
    with pytest.raises(psycopg.OperationalError, match='does not match host name "127'):
        secured.speaks(secured.url("verify-full", host="127.0.0.1"))
    assert secured.speaks(secured.url("verify-ca", host="127.0.0.1"))


@pytest.mark.postgres
def test_a_connection_without_tls_is_refused(secured: Secured) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        secured.speaks(secured.url("disable"))


@pytest.mark.postgres
def test_old_protocols_are_refused(secured: Secured) -> None:
    old = "&ssl_min_protocol_version=TLSv1&ssl_max_protocol_version=TLSv1.1"
    with pytest.raises(psycopg.OperationalError):
        secured.speaks(secured.url("verify-full") + old)


@pytest.mark.postgres
def test_a_ledger_over_tls(secured: Secured) -> None:
    """Every connection that the program makes is secured."""
    settings = Settings(database_url=secured.url("verify-full"), ledger="secured", kek=KEK)
    assert migrate(settings)
    with open_oms(settings) as oms:
        oms.catch_up()
        assert oms.audit.last_verification() is None
        with pool.connect(secured.url("verify-full"), "oms_secured", role=None) as connection:
            open_ = connection.execute(
                "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                " WHERE application_name LIKE 'oms-ledger%'"
            ).fetchall()
    assert open_ == [(True,)]
