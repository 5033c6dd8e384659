"""Events of drafts folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.drafts.events import DRAFT_EVENTS, DraftEvent
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.drafts.rows import DraftRow
from oms_projections.search import facets_in, folded, grams
from oms_projections.state_documents import update_document

state_of = msgspec.json.Decoder(Draft).decode
"""The draft of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, DRAFT_EVENTS) and r.version > 1:
        return ((DraftRow, (event.draft_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if not isinstance(event, DRAFT_EVENTS):
        return
    if r.version == 1:
        page.add(followed(None, r, event))
        return
    row = page.get(DraftRow, event.draft_id)
    if row is None:
        raise LookupError(f"{event.type} for draft {event.draft_id}, never created")
    page.put(followed(row, r, event))


def row_of(history: Iterable[Recorded]) -> DraftRow | None:
    """The row of one draft, from its own events; None where there are none."""
    row: DraftRow | None = None
    for r in history:
        if isinstance(r.event, DRAFT_EVENTS):
            row = followed(row, r, r.event)
    return row


def followed(row: DraftRow | None, r: Recorded, event: DraftEvent) -> DraftRow:
    """The row after an event; None: before the first."""
    at = r.meta.recorded_at
    if row is None:
        row = DraftRow(event.draft_id, None, None, None, "", [], "", [], at, at)
    draft = state_of(row.document) if row.document else Draft()
    update_document(row, draft, r)
    row.updated_at = at
    content = draft.content
    if content is not None:  # whose a deleted draft was is needed to export and to forget it
        row.channel = content.channel
        row.customer_id = content.customer.id if content.customer else None
        keys = (key_of(value) for _, value in personal_values(content))
        row.person = next((key for key in keys if key is not None), None)
    row.facets = facets(draft)
    named = content.external_id if content and not draft.sensitive else None
    row.search = folded("\n".join((row.draft_id, named or "")))
    row.grams = grams(row.search)
    return row


def facets(draft: Draft) -> list[str]:
    """The values of a draft that lists filter by, each behind the name of its filter."""
    content = draft.content
    customer = content.customer if content else None
    return facets_in(
        {
            "status": draft.status,
            "channel": content.channel if content else None,
            "customer": customer.id if customer else None,
        }
    )


READ_MODEL = ReadModel(
    name="drafts",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(DraftRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in DRAFT_EVENTS),
    by_stream=True,
)
