"""What a visitor sees: the own ticket, the own booking, the days that can be booked."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.chassis.errors import Refused
from services.ticketing.domain import hours
from services.ticketing.domain.day import DAY, in_force, turns
from services.ticketing.domain.day.commands import BookPlace
from services.ticketing.domain.day.events import (
    Channel,
    CounterWithFloor,
    TicketCalled,
    TicketIssued,
    TicketTransferred,
)
from services.ticketing.domain.day.state import Booking, Day, Status, Ticket
from services.ticketing.domain.mall import Mall
from services.ticketing.views.today import clocks

HAS_COUNTER = ("called", "serving", "held", "served", "missed")


def ticket(day: Day, mall: Mall, ticket_id: str, now: datetime, code: str = "") -> dict[str, Any]:
    """A ticket as its holder may see it: no personal data, no priority class. Raises `UnknownTicket`.

    With `code`, which the holder presented, the answer has it and the address of the holder's page; without it, for
    staff, both are null.

    `in_force` says what holds for it now; while no counter can call it, there is no place and no estimate.
    """
    found = day.ticket(ticket_id)
    at = _counter(found.now_for.counters, found) if found.status in HAS_COUNTER else None
    outlook = turns.outlook(day, mall, found, now)
    callers = in_force.callers(day, mall, found, now) if found.status == "waiting" else []
    return {
        **_ticket(day, mall, found.issued, found.status, found.now_for, code),
        **({"counters": [{"code": each.code, "floor": each.floor} for each in callers]} if callers else {}),
        "counter": at,
        "in_force": _in_force(in_force.for_ticket(day, mall, found, now)),
        "ending_reason": found.ending_reason or None,
        "ahead": outlook.ahead if outlook else None,
        "estimate": _estimate(turns.range_around(day, mall, outlook.wait)) if outlook else None,
        "called_at": found.called.called_at.isoformat() if found.called and at else None,
        "calls": found.calls,
    }


def issued_ticket(day: Day, mall: Mall, issued: TicketIssued, code: str) -> dict[str, Any]:
    """A ticket as it was when it was issued: the same answer however often, and whenever, it is asked for."""
    return {
        **_ticket(day, mall, issued, "waiting", issued, code),
        "counter": None,
        "in_force": _in_force(in_force.InForce()),
        "ending_reason": None,
        "ahead": issued.ahead,
        "estimate": _estimate((issued.told_low, issued.told_high)),
        "called_at": None,
        "calls": 0,
    }


def called_ticket(day: Day, mall: Mall, called: TicketCalled) -> dict[str, Any]:
    """A ticket as it was when it was called: the same answer however often, and whenever, it is asked for."""
    found = day.ticket(called.ticket_id)
    return {
        **_ticket(day, mall, found.issued, "called", found.now_for),
        "counter": {"code": called.counter, "floor": called.floor},
        "in_force": _in_force(in_force.InForce()),
        "ending_reason": None,
        "ahead": None,
        "estimate": None,
        "called_at": called.called_at.isoformat(),
        "calls": called.call,
    }


def _ticket(
    day: Day, mall: Mall, issued: TicketIssued, status: Status, about: TicketIssued | TicketTransferred, code: str = ""
) -> dict[str, Any]:
    return {
        "id": issued.ticket_id,
        "code": code or None,
        "number": issued.number,
        "status": status,
        "service": about.service,
        "service_name": about.service_name,
        "agency": about.agency,
        "agency_name": about.agency_name,
        "counters": [{"code": counter.code, "floor": counter.floor} for counter in about.counters],
        "issued_at": issued.issued_at.isoformat(),
        "mall_name": mall.about.name,
        "business_day": day.opened.date if day.opened else None,
        "status_url": _page(mall, "tickets", code),
    }


def _page(mall: Mall, kind: str, code: str) -> str | None:
    """The address of a visitor's own page."""
    return f"/ticketing/malls/{mall.about.code}/{kind}/{code}" if code else None


def _counter(promised: Sequence[CounterWithFloor], found: Ticket) -> dict[str, Any]:
    called = found.called
    floors = {counter.code: counter.floor for counter in promised} | ({called.counter: called.floor} if called else {})
    return {"code": found.counter, "floor": floors.get(found.counter, 0)}


def _in_force(found: in_force.InForce | None) -> dict[str, Any] | None:
    if found is None:
        return None
    until = found.until.isoformat() if found.until else None
    return {"state": found.state, "reason": found.reason, "until": until}


def _estimate(seconds: tuple[int, int] | None) -> dict[str, int] | None:
    """A range in whole minutes, the optimistic end rounded down and the pessimistic up."""
    return {"low_minutes": seconds[0] // 60, "high_minutes": -(-seconds[1] // 60)} if seconds else None


def booking(mall: Mall, found: Booking, now: datetime, code: str = "", ticket_code: str = "") -> dict[str, Any]:
    """A booked place as its holder sees it; without the holder's codes (for staff) no addresses of pages."""
    placed = found.placed
    return {
        "id": placed.booking_id,
        "code": code or None,
        "status": found.status,
        "service": placed.service,
        "service_name": placed.service_name,
        "agency": placed.agency,
        "agency_name": mall.agency_name(placed.agency),
        "day": found.claim_by.date().isoformat(),
        "claim_by": found.claim_by.isoformat(),
        "in_force": _of_booking(mall, found, now),
        "ticket": found.ticket_id or None,
        "ticket_url": _page(mall, "tickets", ticket_code),
        "mall_name": mall.about.name,
        "status_url": _page(mall, "bookings", code),
    }


def _of_booking(mall: Mall, found: Booking, now: datetime) -> dict[str, str] | None:
    """Whether the place can be claimed as things are; None once it was claimed, cancelled or has lapsed."""
    if found.status != "booked":
        return None
    claim = in_force.for_booking(mall, found.placed.service, found.claim_by.date(), now)
    return {"state": (claim.cause if claim else "") or "open", "reason": claim.reason if claim else ""}


def bookable_days(
    mall: Mall,
    service: str,
    priority: str | None,
    now: datetime,
    day_on: Callable[[date], Day],
    channel: Channel = "",
) -> list[dict[str, Any]]:
    """Each day ahead with its hours, and whether a place on it could be booked now; if not, the refusal's reason."""
    about = mall.about
    if about.bookings is None:
        return []
    today = hours.business_day(now, about.zone)
    days = [today + timedelta(days=ahead) for ahead in range(about.bookings.horizon.days + 1)]
    return [_bookable(mall, BookPlace("", service, priority, on, now, mall, channel), day_on(on)) for on in days]


def _bookable(mall: Mall, wanted: BookPlace, day: Day) -> dict[str, Any]:
    reason = None
    try:
        DAY.decide(wanted, day)
    except Refused as refusal:
        reason = refusal.reason
    times = sorted({i for c in mall.counters_for(wanted.service) for i in mall.hours_of(c).intervals(wanted.date)})
    why_closed = mall.about.hours.why_closed(wanted.date)
    return {
        "day": wanted.date.isoformat(),
        "bookable": reason is None,
        "reason": reason,
        "standing": _standing(reason, why_closed, times),
        "why_closed": why_closed or None,
        "hours": clocks(times),
        "claim_by": in_force.claim_of_service(mall, wanted.service, wanted.date).isoformat(),
    }


def _standing(reason: str | None, why_closed: str, times: Sequence[hours.Interval]) -> str:
    """In a word how a day ahead stands for people."""
    match reason:
        case None:
            return "free"
        case "capacity-reached" | "service-full" | "places-kept" | "booking-share-reached":
            return "full"
        case "service-away":
            return "too-late" if times else "holiday" if why_closed else "closed"
        case "day-over":
            return "closed"
        case _:
            return "suspended"
