"""The course of a day: it opens, stops and goes on, changes its rule, closes its books; and what the clock does."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import assert_never

from services.ticketing.domain import hours
from services.ticketing.domain.day import in_force, refusals
from services.ticketing.domain.day.commands import (
    ChangeRule,
    CloseDay,
    ForceOpen,
    ResumeDay,
    StopDay,
    Supervisors,
    Tick,
)
from services.ticketing.domain.day.events import (
    BookingLapsed,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    ClosingRescheduled,
    CounterClosed,
    DayClosed,
    DayForcedOpen,
    DayOpened,
    DayResumed,
    DayStopped,
    Event,
    RuleChanged,
    TicketServed,
    TicketUnserved,
)
from services.ticketing.domain.day.evolve import fold
from services.ticketing.domain.day.state import AT_COUNTER, GOES_ON, Day
from services.ticketing.domain.mall import Mall


def decide(command: Supervisors, day: Day) -> list[Event]:
    """What a supervisor's command, or the clock, leads to. Raises the refusals of a business day."""
    match command:
        case ForceOpen(reason, now):
            return [] if day.override else [DayForcedOpen(reason, now)]
        case StopDay(reason, now):
            return [] if day.stopped else [DayStopped(reason, now)]
        case ResumeDay(now):
            return [DayResumed(now)] if day.stopped else []
        case ChangeRule(rule, reason, now):
            return [] if (day.rule, day.rule_is_set) == (rule, True) else [RuleChanged(rule, reason, now)]
        case CloseDay(now):
            if day.closed:
                return []
            if not day.opened:
                raise refusals.NothingToClose()
            if day.serving:
                raise refusals.CountersBusy(counters=", ".join(sorted(day.serving)))
            return closing(day, now, by_schedule=False)
        case Tick():
            return _tick(command, day)
        case _:
            assert_never(command)


def _tick(tick: Tick, day: Day) -> list[Event]:
    """What is due on this day by the clock: it closes; bookings follow hours, closures and the catalogue."""
    events: list[Event] = _bookings_in_force(day, tick.mall, tick.date, tick.now) if day.unclaimed else []
    if not day.opened:
        return events
    planned = closes_by_schedule(tick.mall, tick.date)
    is_first = day.closes_at is None  # opened by a release that did not record when the day closes
    if planned != day.closes_at and (not is_first or tick.now < planned):
        return [*events, ClosingRescheduled(planned, tick.now)]
    due = ends_of(day, tick.mall, tick.date) if day.closing_has_passed or day.override else planned
    if tick.is_trusted and tick.now >= due:
        return closing(day, tick.now, by_schedule=True)
    return events


def _bookings_in_force(day: Day, mall: Mall, on: date, now: datetime) -> list[Event]:
    """What has changed for those who booked: whether, and until when, their places can be claimed."""
    found = [(booking, booking.placed) for booking in day.bookings.values() if booking.status == "booked"]
    held = {placed.service: in_force.for_booking(mall, placed.service, on, now) for _, placed in found}
    events: list[Event] = []
    for booking, placed in found:
        claim, about = held[placed.service], (placed.booking_id, placed.service, placed.agency)
        if claim is None or now >= booking.claim_by:
            continue
        suspended = (booking.suspended.cause, booking.suspended.reason) if booking.suspended else ("", "")
        if claim.cause and suspended != (claim.cause, claim.reason):
            events.append(BookingSuspended(*about, claim.cause, claim.reason, now))
        elif not claim.cause and booking.suspended:
            events.append(BookingResumed(*about, claim.claim_by, now))
        elif not claim.cause and claim.claim_by != booking.claim_by:
            events.append(BookingRescheduled(*about, claim.claim_by, now))
    return events


def opening(day: Day, now: datetime, mall: Mall) -> list[Event]:
    """The event that opens the day, unless it is open already."""
    if day.opened:
        return []
    about = mall.about
    on = hours.business_day(now, about.zone)
    ends_at = hours.day_ends(on, about.zone)
    closes_at = closes_by_schedule(mall, on)
    return [
        DayOpened(about.code, about.name, about.zone, on.isoformat(), about.capacity, ends_at, about.rule, closes_at),
    ]


def due(day: Day, now: datetime, mall: Mall | None, *, is_trusted: bool = True) -> list[Event]:
    """What has become true by the clock or by the catalogue since the last event."""
    events: list[Event] = []
    if mall is not None and day.opened and not day.rule_is_set and mall.about.rule != day.rule:
        events.append(RuleChanged(mall.about.rule, "", now))
    if day.unclaimed and is_trusted:
        events += [lapsed for lapsed in _lapsed(day, now) if day.bookings[lapsed.booking_id].claim_by <= now]
    return events


def opens_by_schedule(tick: Tick) -> bool:
    """Whether the clock opens the day: tickets are given now."""
    about, now = tick.mall.about, tick.now
    return about.hours.gives_tickets(now) and tick.mall.closure("mall", about.code, now) is None


def closes_by_schedule(mall: Mall, on: date) -> datetime:
    """When the clock closes a day: some time after service ends, with the calendar day at the latest."""
    about = mall.about
    last, ends = about.hours.closing(on), hours.day_ends(on, about.zone)
    return ends if last is None else min(ends, last + about.overtime)


def ends_of(day: Day, mall: Mall, on: date) -> datetime:
    """When the business day is over whatever its hours: with the mall's calendar day."""
    return day.opened.ends_at if day.opened else hours.day_ends(on, mall.about.zone)


def _lapsed(day: Day, now: datetime) -> list[BookingLapsed]:
    """The end of each booking that nobody came for yet."""
    return [
        BookingLapsed(booking_id, now, booking.placed.service, booking.placed.agency)
        for booking_id, booking in day.bookings.items()
        if booking.status == "booked"
    ]


def closing(day: Day, now: datetime, *, by_schedule: bool) -> list[Event]:
    """The honest end of everything that goes on, and the totals."""
    events: list[Event] = [*_ends_of_tickets(day, now), *_ends_of_counters(day, now), *_lapsed(day, now)]
    assert day.opened is not None
    return [*events, DayClosed(day.opened.date, now, by_schedule, totals(fold(day, events)))]


def _ends_of_tickets(day: Day, now: datetime) -> Iterator[Event]:
    for ticket in sorted(day.tickets.values(), key=lambda one: one.arrival):
        about = (ticket.id, ticket.issued.number, ticket.now_for.service, ticket.now_for.agency)
        if ticket.status in AT_COUNTER:  # nobody said how it ended
            yield TicketServed(*about, ticket.counter, now, "assumed")
        elif ticket.status in GOES_ON:
            yield TicketUnserved(*about, now)


def _ends_of_counters(day: Day, now: datetime) -> Iterator[Event]:
    for code, desk in sorted(day.desks.items()):
        if desk.status != "closed":
            yield CounterClosed(code, desk.floor, desk.agency, now)


def totals(day: Day) -> dict[str, int]:
    """How many tickets and bookings stand how."""
    tickets = Counter(ticket.status for ticket in day.tickets.values())
    bookings = Counter(booking.status for booking in day.bookings.values())
    return {
        "issued": len(day.tickets),
        **{status: tickets[status] for status in ("served", "missed", "cancelled", "unserved")},
        "bookings": len(day.bookings),
        "lapsed": bookings["lapsed"],
    }
