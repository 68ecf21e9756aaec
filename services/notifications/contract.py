"""What notifications tells the world: that a text about a ticket arrived, or certainly did not. No number is in it.

Texts about bookings stay private, and so do those of which nobody knows whether they arrived.
"""

from typing import Any

from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.event_store import Commit
from services.chassis.publication import public_event
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.events import SmsDelivered, SmsExpired, SmsFailed

TOPIC = "mpp.notifications"
TICKETS = "ticket/"
PUBLISHED = (SmsDelivered, SmsFailed, SmsExpired)


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order."""
    if not commit.stream.startswith(TICKETS):
        return []
    told = []
    for index, event in enumerate(CORRESPONDENCE.recorded(commit)):
        if isinstance(event, PUBLISHED) and event.mall:  # those stored before there was a topic do not say which mall
            told.append(_told(commit, index, event))
    return told


def _told(commit: Commit, index: int, event: SmsDelivered | SmsFailed | SmsExpired) -> CloudEvent:
    data: dict[str, Any] = {
        "mall": event.mall,
        "ticket_id": event.ticket_id,
        "message_id": event.message_id,
        "kind": event.kind,
        "agency": event.agency,
        "at": event.at.isoformat(),
    }
    if not isinstance(event, SmsDelivered):
        data["reason"] = "expired" if isinstance(event, SmsExpired) else _reason(event)
    return public_event(
        commit,
        index,
        source=f"/mpp/{event.mall}/notifications",
        type=f"{TYPES}{'message-delivered' if isinstance(event, SmsDelivered) else 'message-failed'}.v1",
        subject=event.ticket_id,
        key=event.mall,
        data=data,
    )


def _reason(event: SmsFailed) -> str:
    return "undelivered" if event.reason == "undelivered" else "not-sent"
