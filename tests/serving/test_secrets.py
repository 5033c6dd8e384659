"""Secrets from the environment appear in no output."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import pytest

from oms_ledger.access import api_keys
from oms_ledger.cli import main
from oms_ledger.engine.db import pool
from oms_ledger.http.auth import Gate
from oms_ledger.settings import Settings

SECRET = "s3cr3tpassw0rd"


def test_settings_show_neither_password_nor_key() -> None:
    settings = Settings.from_environment(
        {"OMS_DATABASE_URL": f"postgresql://u:{SECRET}@db/d", "OMS_ADMIN_KEY": SECRET * 3}
    )
    assert SECRET not in repr(settings)
    assert SECRET not in repr(Gate("main", lambda prefix: None, SECRET))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{SECRET}@[bad/d",
        f"postgresql://u:{SECRET}%zz@127.0.0.1:1/d",
        f"postgresql://u:{SECRET}@127.0.0.1:1/d?{SECRET}=1",
        f"password={SECRET} nonsense",
        f"password='{SECRET}",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The driver's own words would."""
    monkeypatch.setenv("OMS_DATABASE_URL", url)
    assert main.run(["migrate"]) == 2
    output = capsys.readouterr()
    assert "OMS_DATABASE_URL" in output.err
    assert SECRET not in output.out + output.err


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    with pytest.raises(Exception, match=r"127\.0\.0\.1") as refused:
        pool.connect(f"postgresql://u:{SECRET}@127.0.0.1:1/d", "oms_main")
    assert SECRET not in str(refused.value) + repr(refused.value)


def test_every_comparison_of_secrets_takes_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each goes through `hmac.compare_digest`, on digests of one length."""
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    now = datetime.now(UTC)
    text, key = api_keys.new_key("1", "shop", now, ledger="main", role="admin")
    assert api_keys.authenticates(text, key, "main", now)
    assert not api_keys.authenticates("oms_x_y", key, "main", now)
    assert api_keys.equal_secrets(SECRET, SECRET)
    assert not api_keys.equal_secrets("short", SECRET)
    assert compared == [(32, 32)] * 4
