"""Opens the sealed values of several answers at a time."""

from __future__ import annotations

from oms_ledger.app import Oms
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.queries.threads import Threads
from oms_ledger.privacy.disclosure import DisclosureRequest

LANES = 2

DisclosureBatcher = MicroBatcher[DisclosureRequest, bytes]


def disclosure_batcher(oms: Oms, threads: Threads) -> DisclosureBatcher:
    return MicroBatcher(threads, oms.vault.opener.disclose, lanes=LANES)
