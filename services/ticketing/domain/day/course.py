"""The course of a day: it opens, stops and goes on, changes its rule, closes its books; and what the clock does."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import assert_never

from services.ticketing.domain import hours
from services.ticketing.domain.day import refusals
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
        case Tick(on, now, mall):
            if day.opened and not day.closed and now >= closes_by_schedule(day, mall, on):
                return closing(day, now, by_schedule=True)
            return []
        case _:
            assert_never(command)


def opening(day: Day, now: datetime, mall: Mall) -> list[Event]:
    """The event that opens the day, unless it is open already."""
    if day.opened:
        return []
    about = mall.about
    on = hours.business_day(now, about.zone)
    ends_at = hours.day_ends(on, about.zone)
    return [
        DayOpened(about.code, about.name, about.zone, on.isoformat(), about.capacity, ends_at, about.rule),
    ]


def due(day: Day, now: datetime, mall: Mall | None) -> list[Event]:
    """What has become true by the clock or by the catalog since the last event."""
    events: list[Event] = []
    if mall is not None and day.opened and not day.rule_is_set and mall.about.rule != day.rule:
        events.append(RuleChanged(mall.about.rule, "", now))
    if day.unclaimed:
        events += [lapsed for lapsed in _lapsed(day, now) if day.bookings[lapsed.booking_id].placed.claim_by <= now]
    return events


def opens_by_schedule(tick: Tick) -> bool:
    """Whether the clock opens the day: tickets are given now."""
    about, now = tick.mall.about, tick.now
    return about.hours.gives_tickets(now) and tick.mall.closure("mall", about.code, now) is None


def closes_by_schedule(day: Day, mall: Mall, on: date) -> datetime:
    """When the clock closes the day: some time after service ends, or with the day if a supervisor opened it."""
    about = mall.about
    last = about.hours.closing(on)
    ends = hours.day_ends(on, about.zone)
    if day.override or last is None:
        return ends
    return min(ends, last + timedelta(minutes=about.overtime_minutes))


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
    for ticket in sorted(day.tickets.values(), key=lambda one: one.place):
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
