"""What notifications hears from ticketing and the catalog. What was heard before leads to nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from services.chassis.clock import now
from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.inbox import Reaction
from services.kernel import access
from services.kernel.positions import position_of
from services.notifications.correspondence import stream_of
from services.notifications.domain.commands import (
    Command,
    HearBooked,
    HearBookingEnded,
    HearCalled,
    HearIssued,
    HearNews,
    RecordBookingChange,
)
from services.notifications.domain.events import (
    BookingEnded,
    BookingHeard,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    CallHeard,
    IssueHeard,
    NewsHeard,
    Scope,
    What,
)
from services.notifications.domain.mall import ALL, HearResumption, HearSuspension, MallHeard
from services.notifications.malls import mall_stream

TOPICS = ["mpp.ticketing"]


def on_ticket_issued(event: CloudEvent) -> tuple[str, Command]:
    """A visitor waits."""
    data = event.data
    heard = IssueHeard(
        ticket_id=data["ticket_id"],
        mall=data["mall"],
        mall_name=data["mall_name"],
        number=data["number"],
        ahead=data["ahead"],
        issued_at=datetime.fromisoformat(data["issued_at"]),
        service=data.get("service", ""),
        agency=data.get("agency", ""),
        position=position_of(event),
    )
    return stream_of(heard.ticket_id), HearIssued(heard, now())


def on_ticket_called(event: CloudEvent) -> tuple[str, Command]:
    """A visitor is called."""
    data = event.data
    heard = CallHeard(
        ticket_id=data["ticket_id"],
        counter=data["counter"],
        floor=data["floor"],
        called_at=datetime.fromisoformat(data["called_at"]),
        call=data.get("call", 1),
        position=position_of(event),
    )
    return stream_of(heard.ticket_id), HearCalled(heard, now())


def news(what: What, *told: str) -> Callable[[CloudEvent], tuple[str, Command]]:
    """The reaction to something else that happens to a ticket; `told` names what a text about it tells."""

    def on_news(event: CloudEvent) -> tuple[str, Command]:
        values = {name: str(event.data[name]) for name in told}
        return _heard(event, what, values)

    return on_news


def on_ticket_transferred(event: CloudEvent) -> tuple[str, Command]:
    """A visitor waits for something else now."""
    data = event.data
    values = {
        "service": data.get("service_name", data["service"]),
        "to_service": data["service"],
        "to_agency": data["agency"],
    }
    return _heard(event, "transferred", values)


def on_ticket_unserved(event: CloudEvent) -> tuple[str, Command]:
    """The day closed first or, where there is a reason, a supervisor ended the ticket."""
    reason = (event.data.get("reason") or "").strip()
    return _heard(event, "unserved", {"reason": reason} if reason else {})


def on_ticket_undone(event: CloudEvent) -> tuple[str, Command]:
    """A counter takes back its last act: after a call the visitor waits again, after any other is at the counter."""
    return _heard(event, "call-undone" if event.data["act"] == "called" else "undone", {})


def on_place_booked(event: CloudEvent) -> tuple[str, Command]:
    """Somebody comes another day."""
    data = event.data
    heard = BookingHeard(
        booking_id=data["booking_id"],
        mall=data["mall"],
        service=data["service"],
        agency=data["agency"],
        booked_at=datetime.fromisoformat(data["booked_at"]),
        claim_by=datetime.fromisoformat(data["claim_by"]),
    )
    return stream_of(heard.booking_id), HearBooked(heard, now())


def on_booking_ended(event: CloudEvent) -> tuple[str, Command]:
    """Nobody needs to come for it."""
    booking_id = event.data["booking_id"]
    return stream_of(booking_id), HearBookingEnded(BookingEnded(booking_id, event.time))


def on_booking_suspended(event: CloudEvent) -> tuple[str, Command]:
    """The booked place cannot be claimed for now."""
    data = event.data
    at = datetime.fromisoformat(data["suspended_at"])
    suspended = BookingSuspended(data["booking_id"], data["cause"], data.get("reason", ""), at, position_of(event))
    return stream_of(suspended.booking_id), RecordBookingChange(suspended, now())


def on_booking_resumed(event: CloudEvent) -> tuple[str, Command]:
    """The booked place can be claimed again."""
    data = event.data
    claim_by, at = datetime.fromisoformat(data["claim_by"]), datetime.fromisoformat(data["resumed_at"])
    resumed = BookingResumed(data["booking_id"], claim_by, at, position_of(event))
    return stream_of(resumed.booking_id), RecordBookingChange(resumed, now())


def on_booking_rescheduled(event: CloudEvent) -> tuple[str, Command]:
    """The booked place is kept until another time."""
    data = event.data
    claim_by, at = datetime.fromisoformat(data["claim_by"]), datetime.fromisoformat(data["rescheduled_at"])
    rescheduled = BookingRescheduled(data["booking_id"], claim_by, at, position_of(event))
    return stream_of(rescheduled.booking_id), RecordBookingChange(rescheduled, now())


def _heard(event: CloudEvent, what: What, values: Mapping[str, str]) -> tuple[str, Command]:
    heard = NewsHeard(event.data["ticket_id"], what, event.time, position_of(event), values)
    return stream_of(heard.ticket_id), HearNews(heard, now())


REACTIONS: Mapping[str, Reaction] = {
    f"{TYPES}{kind}.v1": reaction
    for kind, reaction in {
        "ticket-issued": on_ticket_issued,
        "ticket-called": on_ticket_called,
        "ticket-recalled": news("recalled", "counter", "floor"),
        "ticket-approaching": news("approaching", "ahead"),
        "ticket-transferred": on_ticket_transferred,
        "ticket-missed": news("missed", "counter"),
        "ticket-restored": news("restored"),
        "ticket-held": news("held"),
        "ticket-resumed": news("resumed"),
        "ticket-served": news("served"),
        "ticket-cancelled": news("cancelled"),
        "ticket-unserved": on_ticket_unserved,
        "ticket-undone": on_ticket_undone,
        "place-booked": on_place_booked,
        "booking-cancelled": on_booking_ended,
        "booking-lapsed": on_booking_ended,
        "booking-suspended": on_booking_suspended,
        "booking-resumed": on_booking_resumed,
        "booking-rescheduled": on_booking_rescheduled,
    }.items()
}


def on_suspended(event: CloudEvent) -> tuple[str, HearSuspension]:
    """The mall or a service is closed for a while."""
    data = event.data
    until = data.get("until")
    command = HearSuspension(
        scope="service" if "service" in data else "mall",
        code=data.get("service", ""),
        reason=data["reason"],
        since=datetime.fromisoformat(data["since"]),
        until=datetime.fromisoformat(until) if until else None,
        position=position_of(event),
        now=now(),
        closure=data.get("closure") or ALL,
    )
    return mall_stream(data["mall"]), command


def on_resumed(event: CloudEvent) -> tuple[str, HearResumption]:
    """A closure has ended before its time; in events of older releases, which name none: all of them."""
    data = event.data
    scope: Scope = "service" if "service" in data else "mall"
    closure = data.get("closure") or ALL
    return mall_stream(data["mall"]), HearResumption(scope, data.get("service", ""), position_of(event), now(), closure)


def on_day_stopped(event: CloudEvent) -> tuple[str, HearSuspension]:
    """A supervisor stopped the day."""
    data = event.data
    since = datetime.fromisoformat(data["stopped_at"])
    stopped = HearSuspension("day", data["business_day"], data["reason"], since, None, position_of(event), now())
    return mall_stream(data["mall"]), stopped


def on_day_resumed(event: CloudEvent) -> tuple[str, HearResumption]:
    """The day goes on."""
    data = event.data
    return mall_stream(data["mall"]), HearResumption("day", data["business_day"], position_of(event), now())


def on_mall_listed(event: CloudEvent) -> tuple[str, MallHeard]:
    """The mall's name opens texts about bookings; its zone says when a day begins."""
    ZoneInfo(event.data["zone"])  # a KeyError now, rather than with every text
    return mall_stream(event.data["mall"]), MallHeard(event.data["name"], event.data["zone"], position_of(event))


# Of malls rather than tickets, into their own streams.
MALL_TOPICS = ["mpp.ticketing", "mpp.catalog"]
MALL_REACTIONS: Mapping[str, Reaction] = {
    f"{TYPES}mall-listed.v1": on_mall_listed,
    f"{TYPES}mall-suspended.v1": on_suspended,
    f"{TYPES}service-suspended.v1": on_suspended,
    f"{TYPES}mall-resumed.v1": on_resumed,
    f"{TYPES}service-resumed.v1": on_resumed,
    f"{TYPES}day-stopped.v1": on_day_stopped,
    f"{TYPES}day-resumed.v1": on_day_resumed,
}

# Of access, into a stream of its own.
ACCESS_TOPICS, ACCESS_REACTIONS = access.TOPICS, access.REACTIONS
