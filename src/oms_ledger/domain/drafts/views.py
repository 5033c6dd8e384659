"""Drafts as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.catalogue.views import in_unit_view
from oms_ledger.domain.drafts.content import DraftContent, DraftLine
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
    content = draft.content or DraftContent()
    view = plain(content)
    assert isinstance(view, dict)
    lines = [_line_view(line) for line in content.lines]
    return {**view, "lines": lines, **draft_status_view(draft_id, draft)}


def _line_view(line: DraftLine) -> dict[str, Json]:
    return {
        "sku": line.sku,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "tax": line.tax,
        "discount": line.discount,
        "title": line.title,
        "tax_rate": line.tax_rate,
        **in_unit_view(line.unit, {"quantity": line.quantity}),
    }
