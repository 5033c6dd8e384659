"""The tree of a ledger, grown to its head."""

from __future__ import annotations

from oms_ledger.app import Oms


def seal(oms: Oms) -> None:
    """Seal every event there is."""
    oms.audit.sealer().catch_up()
