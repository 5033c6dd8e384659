"""Settings: what the environment may say, and that each is written down."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest

from oms_ledger.access.roles import ROLES
from oms_ledger.domain.errors import Invalid
from oms_ledger.engine.write.writer import Limits
from oms_ledger.settings import ROLE_NAMES, Settings, variable

EXAMPLE = Path(__file__).parents[1] / ".env.example"


def example() -> dict[str, tuple[str, str]]:
    """Variable: (its example, the line above it)."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    settings = {}
    for why, line in pairwise(lines):
        if match := re.fullmatch(r"(OMS_\w+)=(.*)", line):
            settings[match[1]] = (match[2], why)
    return settings


def test_the_example_names_every_setting_and_no_other() -> None:
    assert set(example()) == {variable(f.name) for f in fields(Settings)}


def test_the_example_explains_each() -> None:
    unexplained = [name for name, (_, why) in example().items() if not re.match("# .{20,}", why)]
    assert unexplained == []


def test_the_example_shows_the_defaults() -> None:
    assert Settings.from_environment({k: v for k, (v, _) in example().items()}) == Settings()


def test_the_environment_is_read() -> None:
    settings = Settings.from_environment(
        {
            "OMS_DATABASE_URL": "postgresql://db/oms",
            "OMS_DATA_DIR": "/var/lib/oms",
            "OMS_LEDGER": "north_1",
            "OMS_WRITER_BATCH_COMMANDS": "7",
            "OMS_WRITER_PATIENCE_SECONDS": "2.5",
        }
    )
    assert settings.database_url == "postgresql://db/oms"
    assert settings.data_dir == Path("/var/lib/oms")
    assert settings.schema == "oms_north_1"
    assert (settings.writer_batch_commands, settings.writer_patience_seconds) == (7, 2.5)


def test_an_override_wins_unless_it_is_none() -> None:
    env = {"OMS_LEDGER": "north"}
    assert Settings.from_environment(env, ledger="south").ledger == "south"
    assert Settings.from_environment(env, ledger=None).ledger == "north"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("OMS_LEDGER", "Main"),
        ("OMS_LEDGER", "1st"),
        ("OMS_LEDGER", 'x"; DROP SCHEMA public'),
        ("OMS_LEDGER", "a" * 32),
        ("OMS_LEDGER", "main\nother"),
        ("OMS_ADMIN_KEY", "x" * 31),
        ("OMS_WRITER_BATCH_COMMANDS", "many"),
        ("OMS_WRITER_BATCH_COMMANDS", "0"),
        ("OMS_WRITER_PATIENCE_SECONDS", "soon"),
        ("OMS_POOL_CONNECTIONS", "-1"),
        ("OMS_RATE_LIMIT_PER_SECOND", "-1"),
        ("OMS_RATE_LIMIT_BURST", "0"),
        ("OMS_OIDC_ROLES", "desk=king"),
        ("OMS_OIDC_ROLES", "operator"),
        ("OMS_OIDC_JWKS_URL", "http://id.example.com/jwks"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(name: str, text: str) -> None:
    with pytest.raises(Invalid, match=name) as refused:
        Settings.from_environment({name: text})
    assert refused.value.errors[0]["field"] == name


def test_a_provider_is_set_whole_or_not_at_all() -> None:
    whole = {
        "OMS_OIDC_ISSUER": "https://id.example.com",
        "OMS_OIDC_AUDIENCE": "oms",
        "OMS_OIDC_JWKS_URL": "https://id.example.com/jwks",
        "OMS_OIDC_ROLES": "desk=operator",
    }
    assert Settings.from_environment(whole).oidc_issuer == "https://id.example.com"
    for missing in ("OMS_OIDC_AUDIENCE", "OMS_OIDC_JWKS_URL", "OMS_OIDC_ROLES"):
        with pytest.raises(Invalid, match=missing):
            Settings.from_environment({k: v for k, v in whole.items() if k != missing})


def test_a_claim_can_give_every_role_there_is() -> None:
    assert tuple(ROLES) == ROLE_NAMES


def test_claim_values_are_parsed_into_roles() -> None:
    settings = Settings(oidc_roles="shop-desk=operator, a=b=analyst,")
    assert settings.claim_roles == {"shop-desk": "operator", "a=b": "analyst"}


def test_the_longest_ledger_name_leaves_room_for_its_role() -> None:
    schema = Settings(ledger="a" * 31).schema
    assert len(f"{schema}_app") <= 63, "PostgreSQL would cut the name"


def test_the_admin_key_is_never_shown() -> None:
    key = "s3cret" * 6
    settings = Settings.from_environment({"OMS_ADMIN_KEY": key})
    assert settings.admin_key == key
    assert key not in repr(settings)
    with pytest.raises(Invalid) as refused:
        Settings(admin_key="short-secret")
    assert "short-secret" not in str(refused.value)


def test_the_writers_defaults_are_the_writers_own() -> None:
    settings = Settings()
    assert Limits() == Limits(
        batch_commands=settings.writer_batch_commands,
        batch_bytes=settings.writer_batch_bytes,
        queue_commands=settings.writer_queue_commands,
        cached_streams=settings.writer_cached_streams,
        patience_seconds=settings.writer_patience_seconds,
    )
