"""What a verification reads, and where it files its report; `audit/ledger.py` wires it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from oms_ledger.audit.postgres import StoredReceipt
from oms_ledger.audit.tree.store import TreeStore
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.rebuild.operations import Rebuilds
from oms_ledger.kernel import Json, Position

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and the whole of it."""


class CatchUp(Protocol):
    """Brings the read models up to a position, calling `progress` with each position reached."""

    def __call__(self, position: Position, progress: Callable[[Position], None]) -> None: ...


class KeepReport(Protocol):
    """Stores a report as JSON; `ok` says that it has no finding."""

    def __call__(self, report: Mapping[str, Json], *, ok: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class VerificationPorts:
    """The ports of one ledger. `ledger` is its name; `signing_key_file` gives the path of the
    private key for a ledger id."""

    ledger: str
    tree: TreeStore
    signing_key_file: Callable[[str], Path]
    receipts: Callable[[], Iterator[StoredReceipt]]
    readers: Readers
    rebuilds: Rebuilds
    catch_up: CatchUp
    keep_report: KeepReport
