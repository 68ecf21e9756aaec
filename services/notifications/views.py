"""What staff see of the texts, as JSON-ready values."""

from collections.abc import Sequence
from typing import Any

from services.notifications.domain import Correspondence
from services.notifications.sms import texts


def messages(correspondences: Sequence[Correspondence], limit: int) -> list[dict[str, Any]]:
    """The latest texts, newest first; numbers masked."""
    found = [message for one in correspondences for message in one.messages.values()]
    found.sort(key=lambda message: message.requested.requested_at, reverse=True)
    return [
        {
            "id": message.requested.message_id,
            "ticket": message.requested.ticket_id,
            "number": message.requested.number,
            "kind": message.requested.kind,
            "to": message.requested.to,
            "text": texts.render(message.requested.kind, message.requested.values),
            "status": message.status,
            "requested_at": message.requested.requested_at.isoformat(),
            "changed_at": message.changed_at.isoformat(),
        }
        for message in found[:limit]
    ]
