"""What visitors ask for: a ticket, a place on a day to come, to leave."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from services.ticketing.domain.day import refusals, turns
from services.ticketing.domain.day.commands import (
    BookPlace,
    CancelBooking,
    CancelTicket,
    CheckIn,
    IssueTicket,
    Visitors,
    WalkIn,
)
from services.ticketing.domain.day.events import (
    BookingCancelled,
    Event,
    Place,
    PlaceBooked,
    TicketCancelled,
    TicketIssued,
)
from services.ticketing.domain.day.state import GOES_ON, Booking, Day, Ticket
from services.ticketing.domain.mall import Closure, CounterLearned, Mall, ServiceLearned


def decide(command: Visitors, day: Day) -> list[Event]:
    """What a visitor's command leads to. Raises the refusals of a business day."""
    match command:
        case IssueTicket():
            must_give_tickets(day, command.mall, command.now)
            beside = _beside(day, command.beside)
            return [issued(day, command, beside=beside)]
        case BookPlace():
            return _book(command, day)
        case CancelBooking(booking_id, now):
            booking = day.booking(booking_id)
            if booking.status == "claimed":
                raise refusals.BookingUsed(number=day.tickets[booking.ticket_id].issued.number)
            of = booking.placed
            return [BookingCancelled(booking_id, now, of.service, of.agency)] if booking.status == "booked" else []
        case CheckIn():
            return _check_in(command, day)
        case CancelTicket(ticket_id, now):
            ticket = day.ticket(ticket_id)
            if ticket.status == "cancelled":
                return []
            if ticket.status not in ("waiting", "held"):
                raise refusals.NotWaiting(number=ticket.issued.number)
            about = ticket.now_for
            return [TicketCancelled(ticket_id, ticket.issued.number, about.service, about.agency, now)]


def must_give_tickets(day: Day, mall: Mall, now: datetime) -> None:
    """Refuse where no tickets are given now: stopped, closed for a while, outside the hours."""
    must_go_on(day, mall, now)
    hours = mall.about.hours
    if not day.override and not hours.gives_tickets(now):
        why = hours.why_closed(now.astimezone(ZoneInfo(mall.about.zone)).date())
        raise refusals.Closed(next_opening=hours.next_opening(now), why=why)


def must_go_on(day: Day, mall: Mall, now: datetime) -> None:
    """Refuse where neither tickets are given nor visitors called: a stopped day, a mall closed for a while."""
    if day.stopped:
        raise refusals.Stopped(why=day.stopped.reason, next_opening=None)
    _must_not_be_closed(mall, now)


def _must_not_be_closed(mall: Mall, at: datetime) -> None:
    if closure := mall.closure("mall", mall.about.code, at):
        raise refusals.Closed(next_opening=mall.opens_after(closure), why=closure.reason)


def issued(
    day: Day, command: IssueTicket | CheckIn | WalkIn, *, beside: str = "", booking: Booking | None = None
) -> TicketIssued:
    """The ticket that a visitor gets who may have one. Raises what stands against the service or its capacity."""
    mall, now = command.mall, command.now
    code = booking.placed.service if booking else command.service  # type: ignore[union-attr]
    priority = booking.placed.priority if booking else command.priority  # type: ignore[union-attr]
    _must_be_a_class(mall, priority)
    service = mall.service(code)
    counters = _counters_now(day, mall, service, now)
    if booking is None or booking.status == "lapsed":
        _must_have_a_place(day, mall, service, priority, now)
    agency = mall.agencies[service.agency]
    ahead = turns.ahead_of_next(day, agency.line, priority=priority is not None)
    wait = turns.expected_wait(day, mall, agency.line, code, [counter.code for counter in counters], ahead)
    low, high = turns.range_around(day, mall, wait)
    return TicketIssued(
        ticket_id=command.ticket_id,
        number=f"{agency.line}-{day.numbers.get(agency.line, 0) + 1:03d}",
        line=agency.line,
        service=service.code,
        service_name=service.name,
        agency=agency.code,
        agency_name=agency.name,
        counters=places(counters),
        priority=priority,
        ahead=ahead,
        issued_at=now,
        mall_name=mall.about.name,
        visit=beside,
        booking=booking.placed.booking_id if booking else "",
        expected_wait=wait.seconds,
        expected_spread=wait.spread,
        told_low=low,
        told_high=high,
    )


def places(counters: Sequence[CounterLearned]) -> tuple[Place, ...]:
    """Where these counters are."""
    return tuple(Place(counter.code, counter.floor) for counter in counters)


def _beside(day: Day, ticket_id: str) -> str:
    """The visit of the ticket beside which another is wanted; no ticket, no visit to share."""
    if not ticket_id:
        return ""
    ticket: Ticket | None = day.tickets.get(ticket_id)
    if ticket is None or ticket.status not in GOES_ON:
        raise refusals.SameVisit()
    return ticket.visit


def _must_be_a_class(mall: Mall, priority: str | None) -> None:
    classes = [known.code for known in mall.about.classes]
    if priority is not None and priority not in classes:
        raise refusals.UnknownClass(classes=", ".join(classes))


def _counters_now(day: Day, mall: Mall, service: ServiceLearned, now: datetime) -> list[CounterLearned]:
    """The counters that can give this service today. Raises why none can."""
    counters = mall.counters_for(service.code)
    if not counters or service.agency not in mall.agencies:
        raise refusals.NoCounter(service=service.name)
    there = [c for c in counters if day.override or mall.hours_of(c).serves_later(now)]
    if not there and mall.closure_of(service, now) is None:
        openings = [opening for c in counters if (opening := mall.hours_of(c).next_opening(now))]
        raise refusals.ServiceAway(service=service.name, next_opening=min(openings, default=None))
    return _open_ones(mall, service, there, now)


def _open_ones(
    mall: Mall, service: ServiceLearned, counters: Sequence[CounterLearned], at: datetime
) -> list[CounterLearned]:
    """Those of the service's counters that are not closed for a while. Raises `Suspended` if it is, or all are."""
    if closure := mall.closure_of(service, at):
        _refuse_suspended(mall, service, [closure])
    closed = [mall.closure("counter", counter.code, at) for counter in counters]
    if all(closed):
        _refuse_suspended(mall, service, [closure for closure in closed if closure])
    return [counter for counter, closure in zip(counters, closed, strict=True) if closure is None]


def _refuse_suspended(mall: Mall, service: ServiceLearned, closures: Sequence[Closure]) -> NoReturn:
    """What a visitor is told of a service that these closures stand against: the first to end ends it."""
    with_end = [closure for closure in closures if closure.until]
    first = min(with_end, key=lambda closure: closure.until or closure.since, default=closures[0])
    raise refusals.Suspended(
        service=service.name, why=first.reason, until=first.until, next_opening=mall.opens_after(first)
    )


def _must_have_a_place(
    day: Day, mall: Mall, service: ServiceLearned, priority: str | None, now: datetime, *, booking: bool = False
) -> None:
    """Refuse the one after the last place. Places kept for others are not free for this one."""
    about, taken, next_day = mall.about, day.places, mall.about.hours.next_day
    if service.capacity is not None and taken.by_service.get(service.code, 0) >= service.capacity:
        raise refusals.ServiceFull(service=service.name, capacity=service.capacity, next_opening=next_day(now))
    free = about.capacity - taken.all
    if free <= 0:
        raise refusals.CapacityReached(capacity=about.capacity, next_opening=next_day(now))
    kept = 0 if priority is not None else max(0, about.kept_for_priority - taken.priority)
    if not booking and about.bookings and now < claim_by(mall, now.astimezone(ZoneInfo(about.zone)).date()):
        kept += max(0, about.kept_for_bookings - taken.booked)
    if free <= kept:
        raise refusals.PlacesKept(kept=free, next_opening=next_day(now))


def claim_by(mall: Mall, day: date) -> datetime:
    """Until when a place booked for this day is kept. Only where places can be booked."""
    about = mall.about
    assert about.bookings is not None
    return datetime.combine(day, time.fromisoformat(about.bookings.claim_by), ZoneInfo(about.zone))


def _book(command: BookPlace, day: Day) -> list[Event]:
    mall, now, on = command.mall, command.now, command.date
    about = mall.about
    _must_be_a_class(mall, command.priority)
    service = mall.service(command.service)
    today = now.astimezone(ZoneInfo(about.zone)).date()
    if about.bookings is None or not today <= on <= today + timedelta(days=about.bookings.days_ahead):
        raise refusals.NoBookings(days=about.bookings.days_ahead if about.bookings else 0)
    if day.stopped:
        raise refusals.Stopped(why=day.stopped.reason, next_opening=None)
    counters = [c for c in mall.counters_for(service.code) if mall.hours_of(c).intervals(on)]
    if not counters or now >= claim_by(mall, on):
        after = max(now, datetime.combine(on, time(0), ZoneInfo(about.zone)))
        openings = [o for c in mall.counters_for(service.code) if (o := mall.hours_of(c).next_opening(after))]
        raise refusals.ServiceAway(service=service.name, next_opening=min(openings, default=None))
    by = claim_by(mall, on) - timedelta(seconds=1)  # the last moment at which the place can be claimed
    _must_not_be_closed(mall, by)
    _open_ones(mall, service, counters, by)
    _must_have_a_place(day, mall, service, command.priority, by, booking=True)
    return [
        PlaceBooked(
            command.booking_id,
            service.code,
            service.name,
            service.agency,
            command.priority,
            now,
            claim_by(mall, on),
        )
    ]


def _check_in(command: CheckIn, day: Day) -> list[Event]:
    """The ticket for a booking. Whoever comes late takes a place like everybody else, if one is left."""
    booking = day.booking(command.booking_id)
    if booking.status == "claimed":
        raise refusals.BookingUsed(number=day.tickets[booking.ticket_id].issued.number)
    if booking.status == "cancelled":
        raise refusals.BookingOver()
    zone = ZoneInfo(command.mall.about.zone)
    booked_for = booking.placed.claim_by.astimezone(zone).date()
    if booked_for != command.now.astimezone(zone).date():
        raise refusals.OtherDay(day=booked_for)
    must_give_tickets(day, command.mall, command.now)
    return [issued(day, command, booking=booking)]
