"""`keys`: create, list, rotate and revoke API keys; rotate the key-encryption key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from oms_ledger.access.api_keys import ApiKey, authenticates, prefix_of
from oms_ledger.access.roles import ROLE_HOLDERS
from oms_ledger.app import Oms
from oms_ledger.cli.ledger import cli_actor, on_ledger
from oms_ledger.cli.private_files import write_private
from oms_ledger.cli.terminal import JsonOption, console, out, print_json
from oms_ledger.domain.errors import Invalid

app = typer.Typer(no_args_is_help=True, help="API keys: who may come in, and what they may do.")

LOCAL_KEY = "local"
"""The name of the key that is created when an embedded ledger is first started."""

DEFAULT_ROLE = "operator"

DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
DURATION_MAX = timedelta(days=36_525)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

SHOWN = (
    "id", "prefix", "name", "ledger", "role", "scopes", "created_at", "expires_at", "revoked_at",
    "last_used_at", "channels",
)  # fmt: skip

ONCE = (
    "This is the only time it is shown: only a hash is kept. Send it as"
    " `Authorization: Bearer <key>`."
)

KeyArgument = Annotated[str, typer.Argument(help="A key's name, prefix or id.")]


@app.command()
@on_ledger
def create(
    oms: Oms,
    name: Annotated[str, typer.Argument(help="Whose key it is; events call the actor key:NAME.")],
    role: Annotated[
        str | None,
        typer.Option(help=f"One of {', '.join(ROLE_HOLDERS)}; {DEFAULT_ROLE} if nothing is said."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="A scope it has besides its role, or instead of one. Repeatable."),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help="A channel it is bound to: it places, sees and changes the orders of these alone."
            " Repeatable."
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="How long it works: 12h, 90d. Without it: until revoked.")
    ] = None,
) -> None:
    """Make a key and print it, once. docs/access.md says what each role may do.

    Example: [bold]oms-ledger keys create webshop --role channel --channel web --expires 90d[/]
    """
    lifetime = None if expires is None else duration("--expires", expires)
    given = role or (None if scope else DEFAULT_ROLE)
    key = oms.api_keys.create(
        name,
        given,
        scope or (),
        lifetime=lifetime,
        channels=channel or (),
        actor=cli_actor(),
    )
    typer.echo(key)
    console.print(ONCE)


@app.command("list")
@on_ledger
def list_(oms: Oms, json: JsonOption = False) -> None:
    """All keys there ever were. Example: [bold]oms-ledger keys list[/]"""
    keys = oms.api_keys.all()
    if json:
        print_json([{name: getattr(key, name) for name in SHOWN} for key in keys])
        return
    table = Table("Name", "Starts with", "May", "Made", "Last used", "Works until")
    for key in keys:
        may = " ".join(filter(None, (key.role, *key.scopes)))
        if key.channels is not None:
            may += f" in {', '.join(key.channels)}"
        times = (_minute(key.created_at), _minute(key.last_used_at), _until(key))
        table.add_row(key.name, f"oms_{key.prefix}", may, *times)
    out.print(table if keys else "No keys yet. Make one: oms-ledger keys create NAME")


@app.command()
@on_ledger
def rotate(
    oms: Oms,
    which: KeyArgument,
    grace: Annotated[str, typer.Option(help="How long the old key works beside it.")] = "1h",
) -> None:
    """Make a key in the place of another, with the same rights, and print it, once.

    Example: [bold]oms-ledger keys rotate webshop --grace 1h[/]
    """
    text, old = oms.api_keys.rotate(which, duration("--grace", grace), actor=cli_actor())
    typer.echo(text)
    for key in old:
        console.print(f"oms_{key.prefix} works until {_minute(key.expires_at)} UTC.")
    console.print(ONCE)


@app.command()
@on_ledger
def revoke(oms: Oms, which: KeyArgument) -> None:
    """Revoke a key; it stops working within seconds. Example:
    [bold]oms-ledger keys revoke webshop[/]"""
    for key in oms.api_keys.revoke(which, actor=cli_actor()):
        console.print(f"Revoked {key.name} (oms_{key.prefix}).")


@app.command()
@on_ledger
def history(
    oms: Oms,
    key: Annotated[
        str | None, typer.Argument(help="Of the key with this name or id alone.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """Who made, rotated and revoked which key, and when; the newest first. Example:
    [bold]oms-ledger keys history webshop[/]"""
    items = oms.api_keys.changes(key, limit=limit)
    if json:
        print_json(items)
        return
    table = Table("When", "Who", "What", "Key", "Id", "May", "Until")
    for item in items:
        table.add_row(*_change_row(item))
    out.print(table if items else "Nothing is on record.")


@app.command("rotate-kek")
@on_ledger
def rotate_kek(oms: Oms) -> None:
    """Wrap the keys of all personal data by a new key; no event is touched.

    With OMS_KEK, put the new key before the old one first. Example:
    [bold]oms-ledger keys rotate-kek[/]
    """
    count = oms.rotate_kek()
    console.print(f"{count:,} keys are wrapped anew. Back the key-encryption key up, apart.")


def duration(option: str, text: str) -> timedelta:
    """A duration such as 45m, 12h, 90d or 6w, of at most a hundred years. `Invalid` names the
    option."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise _invalid(option, f"{text!r} is not a duration. Write 45m, 12h, 90d or 6w.")
    value = timedelta(seconds=int(match[1]) * SECONDS[match[2]])
    if value > DURATION_MAX:
        years = f"{DURATION_MAX.days // 7}w, a hundred years"
        raise _invalid(option, f"{text!r} is too long. Write at most {years}.")
    return value


def _invalid(option: str, message: str) -> Invalid:
    return Invalid(f"{option}: {message}", errors=[{"field": option, "message": message}])


def local_key(oms: Oms) -> tuple[str, Path]:
    """The admin key of an embedded ledger, and the file in the data folder that holds it. Created
    on first use, and again once it is revoked or expired."""
    ledger = oms.settings.ledger
    file = oms.settings.data_dir / f"api-key-{ledger}"
    if file.exists():
        text = file.read_text("utf-8").strip()
        prefix = prefix_of(text)
        stored = oms.api_keys.find(prefix) if prefix else None
        if stored is not None and authenticates(text, stored, ledger, datetime.now(UTC)):
            return text, file
    text = oms.api_keys.create(LOCAL_KEY, "admin", actor=cli_actor())
    write_private(file, f"{text}\n")
    return text, file


def _change_row(item: Mapping[str, Any]) -> list[str]:
    may = " ".join(filter(None, (item["role"], *item["scopes"])))
    texts = [item[name] for name in ("actor", "change", "name", "key_id")]
    return [item["at"][:19], *texts, may, (item["expires_at"] or "")[:19]]


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _until(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_minute(key.revoked_at)}"
    return _minute(key.expires_at)
