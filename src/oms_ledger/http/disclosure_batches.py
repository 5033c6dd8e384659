"""Opening what is sealed, for many askers at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from oms_ledger.app import Oms
from oms_ledger.http.queries.micro_batcher import Together
from oms_ledger.http.queries.threads import Threads
from oms_ledger.privacy.disclosure import Access, Sight

LANES = 2


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at what: see `Sight`. `orders`: the streams of sensitive orders and shipments
    whose content is in it, which goes on record."""

    rendered: bytes
    access: Access
    only: str | None = None
    orders: Collection[str] = ()


Showing = Together[Look, bytes]


def showing_to_many(oms: Oms, threads: Threads) -> Showing:
    marks = oms.sensitivity

    def show(looks: Sequence[Look]) -> list[bytes]:
        sights = (
            Sight(each.rendered, each.access, each.only, marks.on_record(each.orders))
            for each in looks
        )
        return oms.vault.show_many(list(sights))

    return Together(threads, show, lanes=LANES)
