"""What each event changes in a business day.

`_put_ticket` stores a ticket and updates every index derived from its status (queues, counters, places), so that an
act and its undoing cannot leave them inconsistent.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Literal, assert_never

from immutables import Map

from services.ticketing.domain import pace
from services.ticketing.domain.day.events import (
    Act,
    ActUndone,
    BookingCancelled,
    BookingLapsed,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    ClosingRescheduled,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayClosed,
    DayForcedOpen,
    DayOpened,
    DayResumed,
    DayStopped,
    Event,
    OfTheDay,
    PlaceBooked,
    Result,
    RuleChanged,
    ServiceStarted,
    TicketApproaching,
    TicketCalled,
    TicketCancelled,
    TicketHeld,
    TicketIssued,
    TicketMissed,
    TicketRecalled,
    TicketRestored,
    TicketResumed,
    TicketServed,
    TicketTransferred,
    TicketUnserved,
)
from services.ticketing.domain.day.state import (
    AT_COUNTER,
    Booking,
    Day,
    Desk,
    LastAct,
    Line,
    Places,
    Promised,
    ServiceQueue,
    Status,
    Ticket,
)
from services.ticketing.domain.hours import elapsed
from services.ticketing.domain.pace import Measured

CALLS_KEPT = 30
RESIDUALS_KEPT = 200
Changed = (
    TicketRecalled
    | TicketApproaching
    | ServiceStarted
    | TicketServed
    | TicketMissed
    | TicketRestored
    | TicketHeld
    | TicketResumed
    | TicketTransferred
    | TicketCancelled
    | TicketUnserved
)


def fold(day: Day, events: Iterable[Event]) -> Day:
    """The day after several events."""
    return reduce(evolve, events, day)


def evolve(day: Day, event: Event) -> Day:
    """The day after an event."""
    match event:
        case TicketIssued():
            return _issued(day, event)
        case TicketCalled():
            return _called(day, event)
        case ActUndone():
            return _undone(day, event)
        case CounterOpened() | CounterPaused() | CounterClosed():
            return replace(day, desks=day.desks.set(event.counter, _desk(day, event)))
        case PlaceBooked() | BookingCancelled() | BookingLapsed():
            return _places_of_bookings(day, event)
        case BookingSuspended(booking_id):
            return _with_booking(day, replace(day.bookings[booking_id], suspended=event))
        case BookingResumed(booking_id, claim_by=claim_by):
            return _with_booking(day, replace(day.bookings[booking_id], suspended=None, claim_by=claim_by))
        case BookingRescheduled(booking_id, claim_by=claim_by):
            return _with_booking(day, replace(day.bookings[booking_id], claim_by=claim_by))
    if isinstance(event, OfTheDay):
        return _course(day, event)
    return _changed(day, day.tickets[event.ticket_id], event)


def _places_of_bookings(day: Day, event: PlaceBooked | BookingCancelled | BookingLapsed) -> Day:
    match event:
        case PlaceBooked():
            day = _with_booking(day, Booking(event, event.claim_by))
            return replace(day, unclaimed=day.unclaimed + 1, places=_booked(day.places, event, 1))
        case BookingCancelled(booking_id):
            return _given_back(day, day.bookings[booking_id], "cancelled")
        case BookingLapsed(booking_id):
            return _given_back(day, day.bookings[booking_id], "lapsed")


def _course(day: Day, event: OfTheDay) -> Day:
    match event:
        case DayOpened():
            return replace(day, opened=event, rule=event.rule, closes_at=event.closes_at)
        case ClosingRescheduled(closes_at, rescheduled_at):
            return replace(day, closes_at=closes_at, closing_has_passed=closes_at <= rescheduled_at)
        case RuleChanged():
            return replace(day, rule=event.rule, rule_is_set=day.rule_is_set or bool(event.reason))
        case DayForcedOpen():
            return replace(day, override=event)
        case DayStopped():
            return replace(day, stopped=event)
        case DayResumed():
            return replace(day, stopped=None)
        case DayClosed():
            return replace(day, closed=event)


def _issued(day: Day, event: TicketIssued) -> Day:
    day = replace(day, numbers=day.numbers.set(event.line, day.numbers.get(event.line, 0) + 1))
    if event.booking:  # its place was taken when it was booked
        claimed = replace(day.bookings[event.booking], status="claimed", ticket_id=event.ticket_id)
        lapsed = day.bookings[event.booking].status == "lapsed"
        places = day.places if lapsed else _booked(day.places, claimed.placed, -1)
        unclaimed = day.unclaimed - (not lapsed)
        day = replace(day, bookings=day.bookings.set(event.booking, claimed), places=places, unclaimed=unclaimed)
    return _put_ticket(day, Ticket(event, len(day.tickets)))


def _called(day: Day, event: TicketCalled) -> Day:
    ticket = day.tickets[event.ticket_id]
    after = replace(
        ticket,
        status="called",
        called=event,
        first_called_at=ticket.first_called_at or event.called_at,
        calls=event.call,
        recalls=0,
        counter=event.counter,
        started_at=None,
        residual=ticket.residual if ticket.first_called_at else _residual(ticket, event),
    )
    in_turn = not (ticket.is_priority or event.reason)
    reset = {*event.among, ticket.now_for.service} if in_turn else set()
    passed = {name: day.queues[name].passed for name in reset if name in day.queues}
    last = LastAct("called", ticket, event.called_at, passed)
    day = _put_ticket(day, after)
    news = () if ticket.first_called_at or after.residual is None else (after.residual,)
    return replace(
        day,
        queues=_after_call(day.queues, ticket, event.among, chosen=bool(event.reason)),
        calls=(*day.calls[1 - CALLS_KEPT :], event),
        residuals=(*day.residuals, *news)[-RESIDUALS_KEPT:] if news else day.residuals,
        desks=_remember(day, event.counter, last),
    )


def _residual(ticket: Ticket, event: TicketCalled) -> int | None:
    """How far off the expected wait was; None where the wait says nothing about it."""
    issued = ticket.issued
    if ticket.moved or event.reason or issued.expected_wait is None:
        return None
    expected = pace.Expected(issued.expected_wait, issued.expected_spread)
    return pace.residual(expected, elapsed(issued.issued_at, event.called_at))


def _changed(day: Day, ticket: Ticket, event: Changed) -> Day:
    """The day once one ticket stands as the event says."""
    match event:
        case TicketRecalled():
            day = replace(day, calls=(*day.calls[1 - CALLS_KEPT :], event))
            return _put_ticket(day, replace(ticket, calls=event.call, recalls=ticket.recalls + 1))
        case TicketApproaching():
            return _put_ticket(day, replace(ticket, told=True))
        case ServiceStarted():
            return _put_ticket(day, replace(ticket, status="serving", started_at=event.started_at))
        case TicketServed():
            return _acted(day, "served", _left(ticket, "served", event.served_at, result=event.result), event.served_at)
        case TicketMissed():
            return _acted(day, "missed", replace(ticket, status="missed", ended_at=event.missed_at), event.missed_at)
        case TicketRestored():
            return _put_ticket(day, replace(ticket, status="waiting", counter="", ended_at=None))
        case TicketHeld():
            held = replace(_left(ticket, "held", event.held_at), note=event.reason, ended_at=None)
            return _acted(day, "held", held, event.held_at)
        case TicketResumed():
            started = event.resumed_at
            return _put_ticket(
                day, replace(ticket, status="serving", counter=event.counter, started_at=started, note="")
            )
        case TicketTransferred():
            moved = replace(_left(ticket, "waiting", event.transferred_at), ended_at=None, counter="", started_at=None)
            moved = replace(moved, moved=event, only_at=event.to, note=event.note)
            return _acted(day, "transferred", moved, event.transferred_at)
        case TicketCancelled():
            return _put_ticket(day, replace(ticket, status="cancelled", ended_at=event.cancelled_at))
        case TicketUnserved():
            ended = replace(ticket, status="unserved", ended_at=event.closed_at, ending_reason=event.reason)
            return _put_ticket(day, ended)
        case _:
            assert_never(event)


def _left(ticket: Ticket, status: Status, at: datetime, result: Result | None = None) -> Ticket:
    """A ticket whose visitor leaves a counter after some work there."""
    since = ticket.started_at or (ticket.called.called_at if ticket.called else None)
    busy = elapsed(since, at) if since and ticket.status in AT_COUNTER else 0.0
    return replace(ticket, status=status, ended_at=at, worked=ticket.worked + busy, result=result)


def _acted(day: Day, act: Act, after: Ticket, at: datetime) -> Day:
    """The day once a counter has done something to its visitor that it may want to take back."""
    before = day.tickets[after.id]
    day = _put_ticket(day, after)
    at_counter = before.status in AT_COUNTER
    return replace(day, desks=_remember(day, before.counter, LastAct(act, before, at))) if at_counter else day


def _undone(day: Day, event: ActUndone) -> Day:
    last = day.desks[event.counter].last
    assert last is not None
    undone = day.tickets[event.ticket_id]  # what others were told stays told: no call has the number of another
    day = _put_ticket(day, replace(last.before, told=undone.told, calls=undone.calls))
    queues, calls, residuals = day.queues, day.calls, day.residuals
    for service, passed in last.passed.items():  # as if the call had not been: those since come on top
        queues = queues.set(service, replace(queues[service], passed=queues[service].passed + passed))
    if event.act == "called":
        calls = tuple(call for call in calls if (call.ticket_id, call.call) != (event.ticket_id, last.before.calls + 1))
        if undone.residual is not None and last.before.residual is None:
            residuals = _without_last(residuals, undone.residual)
    return replace(day, queues=queues, calls=calls, residuals=residuals, desks=_remember(day, event.counter, None))


def _without_last(residuals: tuple[int, ...], residual: int) -> tuple[int, ...]:
    """Without the latest one of this size, which may have fallen out of those that are kept."""
    if residual not in residuals:
        return residuals
    at = len(residuals) - 1 - residuals[::-1].index(residual)
    return (*residuals[:at], *residuals[at + 1 :])


def _remember(day: Day, counter: str, last: LastAct | None) -> Map[str, Desk]:
    at = last.at if last else day.desks[counter].since
    return day.desks.set(counter, replace(day.desks.get(counter, Desk("open", at)), last=last))


def _desk(day: Day, event: CounterOpened | CounterPaused | CounterClosed) -> Desk:
    last = day.desks[event.counter].last if event.counter in day.desks else None
    match event:
        case CounterOpened():
            return Desk("open", event.opened_at, event.floor, event.agency, last=last)
        case CounterPaused():
            return Desk("paused", event.paused_at, event.floor, event.agency, event.reason, last)
        case CounterClosed():
            return Desk("closed", event.closed_at, event.floor, event.agency, last=last)


def _booked(places: Places, booked: PlaceBooked, count: int) -> Places:
    return places.plus(booked.service, count, priority=booked.priority is not None, booked=True)


def _with_booking(day: Day, booking: Booking) -> Day:
    return replace(day, bookings=day.bookings.set(booking.placed.booking_id, booking))


def _given_back(day: Day, booking: Booking, status: Literal["cancelled", "lapsed"]) -> Day:
    places = _booked(day.places, booking.placed, -1)
    day = _with_booking(day, replace(booking, status=status))
    return replace(day, unclaimed=day.unclaimed - 1, places=places)


def _put_ticket(day: Day, ticket: Ticket) -> Day:
    """Store the ticket and update every index derived from its status."""
    before = day.tickets.get(ticket.id)
    if before is None or before.now_for is not ticket.now_for:
        day = _with_promises(day, ticket)
    queues, lines, serving, engaged, reserved = day.queues, day.lines, day.serving, day.engaged, day.reserved
    if before is not None and before.status == "waiting":
        queues, lines = _without(day, queues, before), _counted(lines, before, -1)
        reserved = tuple(one for one in reserved if one != ticket.id)
    if ticket.status == "waiting":
        queues, lines = _with(day, queues, ticket), _counted(lines, ticket, 1)
        reserved = (*reserved, ticket.id) if ticket.only_at else reserved
    if before is not None and before.status in AT_COUNTER:
        serving, engaged = serving.delete(before.counter), engaged.delete(before.visit)
    if ticket.status in AT_COUNTER:
        serving, engaged = serving.set(ticket.counter, ticket.id), engaged.set(ticket.visit, ticket.id)
    return replace(
        day,
        tickets=day.tickets.set(ticket.id, ticket),
        queues=queues,
        lines=lines,
        serving=serving,
        engaged=engaged,
        reserved=reserved,
        places=_taken(day.places, before, ticket),
        measured=_measured(day.measured, before, ticket),
    )


def _with_promises(day: Day, ticket: Ticket) -> Day:
    """Remember the counters that the visitor was sent to, and the letter of the agency's line today."""
    promised, about = day.promised, ticket.now_for
    for counter in about.counters:
        known = promised.get(counter.code) or Promised(counter.floor, about.agency)
        if about.service not in known.services:
            promised = promised.set(counter.code, replace(known, services=(*known.services, about.service)))
    letters = day.letters if about.agency in day.letters else day.letters.set(about.agency, about.line)
    return replace(day, promised=promised, letters=letters)


def _counted(lines: Map[tuple[str, str], Line], ticket: Ticket, count: int) -> Map[tuple[str, str], Line]:
    about = ticket.now_for
    key = (about.line, about.agency)
    line = lines.get(key) or Line(about.line, about.agency, about.agency_name)
    return lines.set(key, replace(line, waiting=line.waiting + count))


def _taken(places: Places, before: Ticket | None, ticket: Ticket) -> Places:
    """A cancelled ticket gives its place back; a missed one does not."""
    count = (ticket.status != "cancelled") - (before is not None and before.status != "cancelled")
    issued = ticket.issued
    if not count:
        return places
    booked, home = bool(issued.booking), issued.channel == "home"
    return places.plus(issued.service, count, priority=ticket.is_priority, booked=booked, home=home)


def _measured(measured: Map[str, Measured], before: Ticket | None, ticket: Ticket) -> Map[str, Measured]:
    """Visits that ended are measured; one that goes on after all is taken out again."""
    for one, times in ((before, -1), (ticket, 1)):
        if one is not None and one.status == "served" and one.result != "assumed":
            service = one.now_for.service
            measured = measured.set(service, measured.get(service, Measured()).plus(one.worked, times))
    return measured


def _with(day: Day, queues: Map[str, ServiceQueue], ticket: Ticket) -> Map[str, ServiceQueue]:
    service = ticket.now_for.service
    queue = queues.get(service) or ServiceQueue()
    if ticket.is_priority:
        return queues.set(service, replace(queue, priority=_joined(day, queue.priority, ticket)))
    return queues.set(service, replace(queue, ordinary=_joined(day, queue.ordinary, ticket)))


def _joined(day: Day, line: tuple[str, ...], ticket: Ticket) -> tuple[str, ...]:
    """The line with this ticket at its position: at the end, unless it arrived before others there."""
    if not line or day.arrival_of(line[-1]) < ticket.arrival:
        return (*line, ticket.id)
    at = bisect_left(line, ticket.arrival, key=day.arrival_of)
    return (*line[:at], ticket.id, *line[at:])


def _without(day: Day, queues: Map[str, ServiceQueue], ticket: Ticket) -> Map[str, ServiceQueue]:
    service = ticket.now_for.service
    queue = queues[service]
    if ticket.is_priority:
        return queues.set(service, replace(queue, priority=_left_by(day, queue.priority, ticket)))
    return queues.set(service, replace(queue, ordinary=_left_by(day, queue.ordinary, ticket)))


def _left_by(day: Day, line: tuple[str, ...], ticket: Ticket) -> tuple[str, ...]:
    at = bisect_left(line, ticket.arrival, key=day.arrival_of)
    return (*line[:at], *line[at + 1 :])


def after_call(day: Day, ticket: Ticket, among: Iterable[str]) -> Map[str, ServiceQueue]:
    """The queues once this waiting ticket is called in turn by a counter that could call `among`."""
    return _after_call(_without(day, day.queues, ticket), ticket, among, chosen=False)


def _after_call(
    queues: Map[str, ServiceQueue], ticket: Ticket, among: Iterable[str], *, chosen: bool
) -> Map[str, ServiceQueue]:
    """Count a call: a priority one passes the ordinary visitors there, an ordinary one in turn makes up for it.

    One that was chosen out of turn makes up for nothing.
    """
    for service in {*among, ticket.now_for.service}:
        if (queue := queues.get(service)) is None:
            continue
        queues = queues.set(service, replace(queue, passed=_passed(queue, ticket, chosen=chosen)))
    return queues


def _passed(queue: ServiceQueue, ticket: Ticket, *, chosen: bool) -> int:
    if ticket.is_priority:
        return queue.passed + 1 if queue.ordinary else 0
    return queue.passed if chosen else 0
