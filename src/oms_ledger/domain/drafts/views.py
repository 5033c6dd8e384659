"""Drafts as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.drafts.content import DraftContent
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.json_values import plain
from oms_ledger.kernel import Json


def draft_status_view(draft_id: str, draft: Draft) -> dict[str, Json]:
    """Where a draft stands, without its content."""
    content = draft.content or DraftContent()
    return {
        "draft_id": draft_id,
        "version": draft.version,
        "status": draft.status,
        "sensitive": draft.sensitive,
        "channel": content.channel,
        "external_id": content.external_id,
        "order_id": draft.order_id,
    }


def draft_view(draft_id: str, draft: Draft) -> dict[str, Json]:
    """Where a draft stands, and its content."""
    content = plain(draft.content or DraftContent())
    assert isinstance(content, dict)
    return {**content, **draft_status_view(draft_id, draft)}
