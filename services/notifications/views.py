"""What staff see of the texts, as JSON-ready values."""

from collections.abc import Sequence
from typing import Any

from services.notifications.contacts import masked
from services.notifications.domain.correspondence.state import Message
from services.notifications.malls import MAX_AGE, Malls
from services.notifications.sms import wording


def messages(found: Sequence[Message], malls: Malls) -> list[dict[str, Any]]:
    """Texts with what became of them; numbers masked. One that was not sent is shown as it would be now."""
    of = {message.requested.mall: malls.find(message.requested.mall, MAX_AGE) for message in found}
    return [
        {
            "id": message.requested.message_id,
            "ticket": message.requested.ticket_id,
            "number": message.requested.number,
            "kind": message.requested.kind,
            "to": masked(message.requested.to) if message.requested.to else "",
            "text": message.text or wording.render(of[message.requested.mall], message.requested),
            "status": message.status,
            "reason": message.reason,
            "attempts": message.attempts,
            "gateway": message.gateway,
            "requested_at": message.requested.requested_at.isoformat(),
            "changed_at": message.changed_at.isoformat(),
            "mall": message.requested.mall,
            "zone": of[message.requested.mall].zone,
        }
        for message in found
    ]
