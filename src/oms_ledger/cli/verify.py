"""`verify`: the whole ledger, with a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.audit.anchors.file import CheckpointFile
from oms_ledger.audit.anchors.schedule import anchor_store_or_file, anchor_stores
from oms_ledger.audit.anchors.store import AnchorStore, ReadableAnchorStore
from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.verify.findings import Anchor
from oms_ledger.audit.verify.remedies import remedy
from oms_ledger.audit.verify.report import VerificationReport
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.progress import bars
from oms_ledger.cli.terminal import JsonOption, console, print_json
from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.heap import tune_interpreter

SHOWN = 20
"""Findings on the screen; the report has them all."""


@on_ledger
def verify(
    oms: Oms,
    until: Annotated[
        int | None, typer.Option(min=1, help="Only up to this position; without read models.")
    ] = None,
    read_models: Annotated[
        bool, typer.Option("--read-models/--no-read-models", help="Compare every row with a fold.")
    ] = True,
    repair: Annotated[
        bool, typer.Option("--repair", help="Build read models that differ anew; swap them in.")
    ] = False,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(help="Checkpoints kept outside: a file, or s3://BUCKET/PREFIX; repeatable."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="A verifier key from outside; without one, the key's file here counts."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report here (Markdown), and as JSON beside it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fold the whole log and compare: tree, streams, stock, money, receipts, read models.

    Exits with 0 where nothing is wrong, with 1 where something is; each fault is named.

    Example: [bold]oms-ledger verify --checkpoint anchors.txt --report verification.md[/]
    """
    anchors = _from_outside(oms, checkpoint)
    options = VerificationOptions(
        until, read_models, repair, anchors, [_key(text) for text in key or ()]
    )
    tune_interpreter()
    with bars() as progress:
        result = oms.audit.verify(options, progress)
    if report is not None:
        _write(report, result)
    if json:
        print_json(result.to_json())
    else:
        _show(result, report)
    if not result.ok:
        raise typer.Exit(1)


def _from_outside(oms: Oms, named: list[str] | None) -> list[Anchor]:
    """The checkpoints in the stores named, or else in those of the setting OMS_ANCHORS."""
    try:
        return [anchor for store in _readable(oms, named) for anchor in store.anchors()]
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {error.filename}. Name one of checkpoints.") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"What should be checkpoints is no text: {error}.") from error


def _readable(oms: Oms, named: list[str] | None) -> Iterator[ReadableAnchorStore]:
    """The stores that can be read back. Of those named each must be; of those of the setting a
    file that does not exist yet is left out."""
    stores: Iterable[AnchorStore]
    if named is None:
        stores = anchor_stores(oms.settings.anchors)
    else:
        stores = map(anchor_store_or_file, named)
    for store in stores:
        missing = isinstance(store, CheckpointFile) and not store.path.exists()
        if isinstance(store, ReadableAnchorStore):
            if named is not None or not missing:
                yield store
        elif named is not None:
            raise Invalid(f"{store.name} cannot be read back. Fetch a checkpoint; name its file.")


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text)
    except Unproven as error:
        raise Invalid(f"--key: {error}. `oms-ledger checkpoint keys` shows some.") from error


def _write(file: Path, result: VerificationReport) -> None:
    try:
        file.write_text(result.to_markdown(), "utf-8")
        file.with_suffix(".json").write_bytes(
            orjson.dumps(result.to_json(), option=orjson.OPT_INDENT_2)
        )
    except OSError as error:
        raise Invalid(f"--report: {file} cannot be written: {error}.") from error


def _show(result: VerificationReport, report: Path | None) -> None:
    for check in result.checks:
        mark = ("differs", "red") if check.findings else ("agrees ", "green")
        line = Text.assemble(mark, f" {check.count:>12,} {check.about}")
        console.print(line, soft_wrap=True)
    for finding in result.findings[:SHOWN]:
        line = Text.assemble((finding.kind, "red"), f": {finding.text}")
        console.print(line, soft_wrap=True)
        if finding.expected or finding.actual:
            values = f"  expected {finding.expected}; found {finding.actual}"
            console.print(values, soft_wrap=True)
        console.print(f"  {remedy(finding.kind)}", soft_wrap=True)
    if len(result.findings) > SHOWN:
        console.print(f"... and {len(result.findings) - SHOWN} more, which the report has")
    for each in (*result.repaired, *result.left_out):
        console.print(each, soft_wrap=True)
    rate = result.until / max(result.seconds, 1e-9)
    console.print(f"{result.until:,} events in {result.seconds:,.1f} s: {rate:,.0f} events/s")
    if report is not None:
        console.print(f"The report: {report}", soft_wrap=True)
