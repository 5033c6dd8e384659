"""Opens the sealed values of several answers at a time."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.app import Oms
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.privacy.disclosure import DisclosureRequest

LANES = 2

DisclosureBatcher = MicroBatcher[DisclosureRequest, bytes]


def disclosure_batcher(oms: Oms, threads: Threads) -> DisclosureBatcher:
    record_ids = oms.sensitivity.access_log_keys

    def show(requests: Sequence[DisclosureRequest]) -> list[bytes]:
        return oms.vault.show_many(requests, record_ids)

    return MicroBatcher(threads, show, lanes=LANES)
