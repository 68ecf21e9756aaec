"""What visitors ask for: a ticket, a place on a day to come, to leave."""

from collections.abc import Sequence
from datetime import datetime

from services.ticketing.domain.day import in_force, refusals, turns
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
    Channel,
    CounterWithFloor,
    Event,
    PlaceBooked,
    TicketCancelled,
    TicketIssued,
)
from services.ticketing.domain.day.state import GOES_ON, Booking, Day, Ticket
from services.ticketing.domain.hours import business_day
from services.ticketing.domain.mall import AgencyLearned, CounterLearned, Mall, ServiceLearned


def decide(command: Visitors, day: Day) -> list[Event]:
    """What a visitor's command leads to. Raises the refusals of a business day."""
    match command:
        case IssueTicket():
            in_force.must_give_tickets(day, command.mall, command.now)
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


def issued(
    day: Day, command: IssueTicket | CheckIn | WalkIn, *, beside: str = "", booking: Booking | None = None
) -> TicketIssued:
    """The ticket that a visitor gets who may have one. Raises what stands against the service or its capacity."""
    mall, now = command.mall, command.now
    code = booking.placed.service if booking else command.service  # type: ignore[union-attr]
    priority = booking.placed.priority if booking else command.priority  # type: ignore[union-attr]
    _must_be_a_class(mall, priority)
    service = mall.service(code)
    counters = in_force.counters_now(day, mall, service, now)
    takes_place = booking is None or booking.status == "lapsed"
    if takes_place:
        _must_have_a_place(day, mall, service, priority, now)
        _must_be_within_home_share(day, mall, service, command)
    agency = mall.agencies[service.agency]
    line = line_of(day, agency)
    outlook = turns.outlook_of_next(day, mall, counters, code, priority=priority is not None, now=now)
    low, high = turns.range_around(day, mall, outlook.wait)
    return TicketIssued(
        ticket_id=command.ticket_id,
        number=f"{line}-{day.numbers.get(line, 0) + 1:03d}",
        line=line,
        service=service.code,
        service_name=service.name,
        agency=agency.code,
        agency_name=agency.name,
        counters=with_floors(counters),
        priority=priority,
        ahead=outlook.ahead,
        issued_at=now,
        mall_name=mall.about.name,
        visit=beside,
        booking=booking.placed.booking_id if booking else "",
        expected_wait=outlook.wait.seconds,
        expected_spread=outlook.wait.spread,
        told_low=low,
        told_high=high,
        waiting=turns.waiting_at_shortest(day, mall, counters, now),
        channel=_channel(command) if takes_place else "booking",
    )


def line_of(day: Day, agency: AgencyLearned) -> str:
    """The letter of an agency's tickets: the one they carry today already, whatever the catalogue says since."""
    return day.letters.get(agency.code, agency.line)


def with_floors(counters: Sequence[CounterLearned]) -> tuple[CounterWithFloor, ...]:
    """The codes of these counters with their floors, as events carry them."""
    return tuple(CounterWithFloor(counter.code, counter.floor) for counter in counters)


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


def _must_have_a_place(
    day: Day, mall: Mall, service: ServiceLearned, priority: str | None, now: datetime, *, booking: bool = False
) -> None:
    """Refuse the one after the last place. Places kept for others are not free for this one."""
    about, taken, next_day = mall.about, day.places, mall.about.hours.next_day
    if in_force.is_full(day, service):
        raise refusals.ServiceFull(service=service.name, capacity=service.capacity, next_opening=next_day(now))
    free = about.capacity - taken.all
    if free <= 0:
        raise refusals.CapacityReached(capacity=about.capacity, next_opening=next_day(now))
    kept = 0 if priority is not None else max(0, about.kept_for_priority - taken.priority)
    if not booking and about.bookings and now < in_force.claim_by(mall, business_day(now, about.zone)):
        kept += max(0, about.kept_for_bookings - taken.booked)
    if free <= kept:
        raise refusals.PlacesKept(kept=free, next_opening=next_day(now))


def _must_be_within_home_share(
    day: Day, mall: Mall, service: ServiceLearned, command: IssueTicket | CheckIn | WalkIn
) -> None:
    """Refuse one more ticket from home where the mall's share of the day, or of the service, is used up."""
    if _channel(command) != "home":
        return
    share = in_force.home_share(mall, service)
    if not share:
        raise refusals.NotFromHome(service=service.name)
    if not in_force.home_left(day, mall, service):
        raise refusals.HomeShareReached(share=share, service=service.name)


def _channel(command: IssueTicket | CheckIn | WalkIn) -> Channel:
    return "kiosk" if isinstance(command, WalkIn) else command.channel


def _book(command: BookPlace, day: Day) -> list[Event]:
    mall, now, on = command.mall, command.now, command.date
    about = mall.about
    _must_be_a_class(mall, command.priority)
    service = mall.service(command.service)
    today = business_day(now, about.zone)
    if about.bookings is None or not today <= on <= today + about.bookings.horizon:
        raise refusals.NoBookings(days=about.bookings.horizon.days if about.bookings else 0)
    if day.stopped:
        raise refusals.Stopped(why=day.stopped.reason, next_opening=None)
    by = in_force.must_take_bookings(mall, service, on, now)
    _must_have_a_place(day, mall, service, command.priority, by, booking=True)
    if command.channel == "home" and not in_force.bookings_left(day, mall, service):
        raise refusals.BookingShareReached(share=in_force.booking_share(mall, service), service=service.name)
    return [
        PlaceBooked(command.booking_id, service.code, service.name, service.agency, command.priority, now, claim_by=by)
    ]


def _check_in(command: CheckIn, day: Day) -> list[Event]:
    """The ticket for a booking. A visitor who comes late takes a place like any other, if one is left."""
    booking = day.booking(command.booking_id)
    if booking.status == "claimed":
        raise refusals.BookingUsed(number=day.tickets[booking.ticket_id].issued.number)
    if booking.status == "cancelled":
        raise refusals.BookingOver()
    zone = command.mall.about.zone
    booked_for = business_day(booking.claim_by, zone)
    if booked_for != business_day(command.now, zone):
        raise refusals.OtherDay(day=booked_for)
    in_force.must_give_tickets(day, command.mall, command.now)
    return [issued(day, command, booking=booking)]
