"""Messages as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.messages.state import Message
from oms_ledger.kernel import Json


def message_view(message: Message) -> dict[str, Json]:
    requested = message.first_event
    return {
        "message_id": requested.message_id,
        "order_id": requested.order_id,
        "template": requested.template,
        "part_id": requested.part_id,
        "channel": requested.channel,
        "locale": requested.locale,
        "status": message.status,
        "reference": message.reference,
        "reason": message.reason,
        "sensitive": requested.sensitive,
        "version": message.version,
    }
