"""Events of ticketing that catalog consumes: who waits, for the directory; who booked, for the preview of a change.

A repeated event changes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from services.catalog.directory import bookings_stream, closures_stream, day_stream
from services.catalog.domain.waiting import (
    BookingEnded,
    ClosureHeard,
    CounterStands,
    DayEnded,
    News,
    PlaceBooked,
    ReopeningHeard,
    TicketWaits,
    TicketWaitsNoMore,
)
from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.inbox import Reaction
from services.kernel.positions import position_of

TOPICS = ["mpp.ticketing"]


def on_ticket_issued(event: CloudEvent) -> tuple[str, News]:
    """A visitor waits with a new ticket; `booked` (false where it is missing): for a booking of that day."""
    stream, news = on_ticket_waits(event)
    return stream, replace(news, booked=event.data.get("booked") is True)


def on_ticket_waits(event: CloudEvent) -> tuple[str, TicketWaits]:
    """A visitor waits: back after a no-show, or sent on to another service."""
    return _day(event), TicketWaits(event.data["ticket_id"], event.data["service"], event.time, position_of(event))


def on_ticket_left(event: CloudEvent) -> tuple[str, News]:
    """A visitor was called, or gave up; or the visit, or the day, is over."""
    return _day(event), TicketWaitsNoMore(event.data["ticket_id"], event.time, position_of(event))


def on_ticket_undone(event: CloudEvent) -> tuple[str, News]:
    """A counter took back its last act: after a call the visitor waits again, after any other is at the counter."""
    return on_ticket_waits(event) if event.data["act"] == "called" else on_ticket_left(event)


def on_counter_opened(event: CloudEvent) -> tuple[str, News]:
    """A counter takes visitors."""
    return _counter(event, "open")


def on_counter_paused(event: CloudEvent) -> tuple[str, News]:
    """A counter takes a break."""
    return _counter(event, "paused")


def on_counter_closed(event: CloudEvent) -> tuple[str, News]:
    """A counter is done for the day."""
    return _counter(event, "closed")


def on_day_closed(event: CloudEvent) -> tuple[str, News]:
    """The day is over."""
    return _day(event), DayEnded(event.time, position_of(event))


def on_suspended(event: CloudEvent) -> tuple[str, News]:
    """The mall, a counter or a service is closed for a while."""
    data, (scope, code) = event.data, _closed(event)
    until = data.get("until")
    heard = ClosureHeard(
        scope=scope,
        code=code,
        reason=data["reason"],
        since=datetime.fromisoformat(data["since"]),
        until=datetime.fromisoformat(until) if until else None,
        position=position_of(event),
        closure=data.get("closure", ""),
    )
    return closures_stream(data["mall"]), heard


def on_resumed(event: CloudEvent) -> tuple[str, News]:
    """It is open again before its time."""
    closure = event.data.get("closure", "")
    return closures_stream(event.data["mall"]), ReopeningHeard(*_closed(event), event.time, position_of(event), closure)


def on_place_booked(event: CloudEvent) -> tuple[str, News]:
    """A place of a day is booked."""
    return _bookings(event), PlaceBooked(_booking(event), event.data["service"], event.time, position_of(event))


def on_booking_ended(event: CloudEvent) -> tuple[str, News]:
    """A booking was cancelled, or was not claimed in time."""
    return _bookings(event), BookingEnded(_booking(event), event.time, position_of(event))


def _booking(event: CloudEvent) -> str:
    """Return a digest that identifies the booking here: with its id one could act for the visitor."""
    return hashlib.sha256(event.data["booking_id"].encode()).hexdigest()[:32]


def _bookings(event: CloudEvent) -> str:
    return bookings_stream(event.data["mall"], date.fromisoformat(event.data["business_day"]))


def _counter(event: CloudEvent, status: str) -> tuple[str, News]:
    return _day(event), CounterStands(event.data["counter"], status, event.time, position_of(event))


def _day(event: CloudEvent) -> str:
    return day_stream(event.data["mall"], date.fromisoformat(event.data["business_day"]))


def _closed(event: CloudEvent) -> tuple[str, str]:
    """What is closed or reopened, by the event's type: the mall itself has no code."""
    scope = event.type.removeprefix(TYPES).partition("-")[0]
    return scope, "" if scope == "mall" else event.data[scope]


REACTIONS: Mapping[str, Reaction] = {
    f"{TYPES}{kind}.v1": reaction
    for kind, reaction in {
        "ticket-issued": on_ticket_issued,
        "ticket-restored": on_ticket_waits,
        "ticket-transferred": on_ticket_waits,
        "ticket-called": on_ticket_left,
        "ticket-cancelled": on_ticket_left,
        "ticket-missed": on_ticket_left,
        "ticket-served": on_ticket_left,
        "ticket-unserved": on_ticket_left,
        "ticket-undone": on_ticket_undone,
        "place-booked": on_place_booked,
        "booking-cancelled": on_booking_ended,
        "booking-lapsed": on_booking_ended,
        "counter-opened": on_counter_opened,
        "counter-paused": on_counter_paused,
        "counter-closed": on_counter_closed,
        "day-closed": on_day_closed,
        "mall-suspended": on_suspended,
        "counter-suspended": on_suspended,
        "service-suspended": on_suspended,
        "mall-resumed": on_resumed,
        "counter-resumed": on_resumed,
        "service-resumed": on_resumed,
    }.items()
}
