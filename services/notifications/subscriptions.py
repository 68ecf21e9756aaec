"""What notifications hears from ticketing. A ticket heard of again leads to nothing."""

from collections.abc import Mapping
from datetime import datetime

from services.chassis.access import on_access_revoked
from services.chassis.cloud_event import CloudEvent
from services.chassis.inbox import Reaction
from services.notifications.correspondence import now, ticket_stream
from services.notifications.domain import Command, HearCalled, HearIssued

TOPICS = ["mpp.ticketing"]


def on_ticket_issued(event: CloudEvent) -> tuple[str, Command]:
    """A visitor waits."""
    data = event.data
    command = HearIssued(
        ticket_id=data["ticket_id"],
        mall=data["mall"],
        mall_name=data["mall_name"],
        number=data["number"],
        ahead=data["ahead"],
        issued_at=datetime.fromisoformat(data["issued_at"]),
        now=now(),
    )
    return ticket_stream(command.ticket_id), command


def on_ticket_called(event: CloudEvent) -> tuple[str, Command]:
    """A visitor is called."""
    data = event.data
    command = HearCalled(
        ticket_id=data["ticket_id"],
        counter=data["counter"],
        floor=data["floor"],
        called_at=datetime.fromisoformat(data["called_at"]),
        now=now(),
        call=data.get("call", 1),
    )
    return ticket_stream(command.ticket_id), command


REACTIONS: Mapping[str, Reaction] = {
    "id.go.mpp.ticket-issued.v1": on_ticket_issued,
    "id.go.mpp.ticket-called.v1": on_ticket_called,
}

# Of access, into a stream of its own.
ACCESS_TOPICS = ["mpp.catalog"]
ACCESS_REACTIONS: Mapping[str, Reaction] = {"id.go.mpp.access-revoked.v1": on_access_revoked}
