"""What the routes of one application share."""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.app import Oms
from oms_ledger.http.disclosure_batches import DisclosureBatcher, disclosure_batcher
from oms_ledger.http.queries.executor import Asking
from oms_ledger.http.queries.threads import Threads


@dataclass(frozen=True, slots=True)
class Inside:
    """The ledger, the threads for what blocks, and what asks and shows for many at a time."""

    oms: Oms
    threads: Threads
    asking: Asking
    showing: DisclosureBatcher

    @staticmethod
    def of(oms: Oms, threads: Threads) -> Inside:
        return Inside(oms, threads, Asking(oms, threads), disclosure_batcher(oms, threads))
