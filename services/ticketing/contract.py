"""What ticketing tells the world: stored events translated to public ones; those not named here stay private."""

from collections.abc import Mapping
from typing import Any

from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import Commit
from services.ticketing.domain.day import DAY, Event, TicketCalled, TicketIssued, TicketMissed, TicketServed

TOPIC = "mpp.ticketing"
TYPES = "id.go.mpp."
PUBLISHED = (TicketIssued, TicketCalled, TicketServed, TicketMissed)


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order."""
    mall, _, date = commit.stream.rpartition("/")
    if mall == "mall":  # what we learned from the catalog is the catalog's to tell
        return []
    events = []
    for position, stored in enumerate(DAY.recorded(commit)):
        if public := _public(stored):
            kind, data = public
            events.append(
                CloudEvent(
                    id=f"{commit.id}.{position}",
                    source=f"/mpp/{mall}/ticketing",
                    type=f"{TYPES}{kind}",
                    subject=data["ticket_id"],
                    time=commit.at,
                    key=mall,
                    data={"mall": mall, "business_day": date, **data},
                )
            )
    return events


def _public(event: Event) -> tuple[str, Mapping[str, Any]] | None:
    """Type and data of a public event; never a priority class, never which services a counter chose among."""
    match event:
        case TicketIssued():
            return "ticket-issued.v1", {
                **_about(event),
                "service_name": event.service_name,
                "agency_name": event.agency_name,
                "mall_name": event.mall_name,
                "line": event.line,
                "counters": [{"code": place.code, "floor": place.floor} for place in event.counters],
                "ahead": event.ahead,
                "issued_at": event.issued_at.isoformat(),
            }
        case TicketCalled():
            where = {"counter": event.counter, "floor": event.floor, "called_at": event.called_at.isoformat()}
            return "ticket-called.v1", _about(event) | where
        case TicketServed():
            served = {"counter": event.counter, "served_at": event.served_at.isoformat()}
            return "ticket-served.v1", _about(event) | served
        case TicketMissed():
            missed = {"counter": event.counter, "missed_at": event.missed_at.isoformat()}
            return "ticket-missed.v1", _about(event) | missed
        case _:
            return None


def _about(event: TicketIssued | TicketCalled | TicketServed | TicketMissed) -> dict[str, Any]:
    return {
        "ticket_id": event.ticket_id,
        "number": event.number,
        "service": event.service,
        "agency": event.agency,
    }
