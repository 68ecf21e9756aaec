"""What notifications hears from ticketing, and what it does about it."""

from collections.abc import Mapping
from datetime import datetime

from services.chassis.cloud_event import CloudEvent
from services.chassis.inbox import Reaction
from services.notifications.correspondence import Correspondences, now
from services.notifications.domain import HearCalled, HearIssued

TOPICS = ["mpp.ticketing"]


def reactions(correspondences: Correspondences) -> Mapping[str, Reaction]:
    """Which event leads to what. A ticket heard of again leads to nothing."""

    def on_ticket_issued(event: CloudEvent) -> None:
        data, ticket_id = event.data, event.data["ticket_id"]
        day_ends_at = datetime.fromisoformat(data["day_ends_at"])
        correspondences.contacts.keep_until(ticket_id, day_ends_at)
        command = HearIssued(
            ticket_id=ticket_id,
            mall=data["mall"],
            mall_name=data["mall_name"],
            number=data["number"],
            ahead=data["ahead"],
            issued_at=datetime.fromisoformat(data["issued_at"]),
            day_ends_at=day_ends_at,
            phone=correspondences.phone_shown(ticket_id),
            now=now(),
        )
        correspondences.act(ticket_id, command)

    def on_ticket_called(event: CloudEvent) -> None:
        data, ticket_id = event.data, event.data["ticket_id"]
        command = HearCalled(
            ticket_id=ticket_id,
            counter=data["counter"],
            floor=data["floor"],
            called_at=datetime.fromisoformat(data["called_at"]),
            phone=correspondences.phone_shown(ticket_id),
            now=now(),
        )
        correspondences.act(ticket_id, command)

    return {
        "id.go.mpp.ticket-issued.v1": on_ticket_issued,
        "id.go.mpp.ticket-called.v1": on_ticket_called,
    }
