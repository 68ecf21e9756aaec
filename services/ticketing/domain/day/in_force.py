"""What is in force for a ticket, a booking or a new visitor now.

The one place that combines what was promised to a visitor with what the catalogue, closures, the emergency stop, the
hours and the clerks allow at this instant. Commands, views, estimates and texts ask these functions, so that what a
screen offers is what a command accepts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, NoReturn
from zoneinfo import ZoneInfo

from services.ticketing.domain import hours
from services.ticketing.domain.day import refusals
from services.ticketing.domain.day.events import Cause
from services.ticketing.domain.day.state import AT_COUNTER, GOES_ON, Day, Ticket
from services.ticketing.domain.mall import Closure, CounterLearned, Mall, ServiceLearned, UnknownCounter

State = Literal["open", "stopped", "closed", "suspended", "no-counter"]


@dataclass(frozen=True)
class InForce:
    """What holds for a visitor now: `open`, or what prevents a call, with its public reason and known end."""

    state: State = "open"
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class ForBooking:
    """Whether a booked place can be claimed: `cause` is empty, or what prevents it, with its public reason."""

    claim_by: datetime
    cause: Cause | Literal[""] = ""
    reason: str = ""
    closure: Closure | None = None


# The mall


def halted(day: Day, mall: Mall, now: datetime) -> InForce:
    """Whether an emergency stop or a closure of the whole mall holds."""
    if day.stopped:
        return InForce("stopped", day.stopped.reason)
    if closure := mall.closure("mall", mall.about.code, now):
        return InForce("closed", closure.reason, closure.until)
    return InForce()


def must_go_on(day: Day, mall: Mall, now: datetime) -> None:
    """Raise `Stopped` or `Closed` while neither tickets are issued nor visitors called."""
    if day.stopped:
        raise refusals.Stopped(why=day.stopped.reason, next_opening=None)
    must_not_be_closed(mall, now)


def must_not_be_closed(mall: Mall, at: datetime) -> None:
    """Raise `Closed` while a closure of the whole mall holds."""
    if closure := mall.closure("mall", mall.about.code, at):
        raise refusals.Closed(next_opening=mall.opens_after(closure), why=closure.reason)


def must_give_tickets(day: Day, mall: Mall, now: datetime) -> None:
    """Raise `Stopped` or `Closed` where no tickets are issued now: stopped, closed, outside the hours."""
    must_go_on(day, mall, now)
    of_mall = mall.about.hours
    if not day.override and not of_mall.gives_tickets(now):
        why = of_mall.why_closed(hours.business_day(now, mall.about.zone))
        raise refusals.Closed(next_opening=of_mall.next_opening(now), why=why)


def places_left(day: Day, mall: Mall) -> int:
    """Places of today that are neither taken nor booked, by the capacity in force now."""
    return 0 if day.closed else max(0, mall.about.capacity - day.places.all)


def is_full(day: Day, service: ServiceLearned) -> bool:
    """Whether all places of today that the service has of its own are taken."""
    return service.capacity is not None and day.places.by_service.get(service.code, 0) >= service.capacity


# Places that are taken by visitors who are elsewhere


def home_share(mall: Mall, service: ServiceLearned | None = None) -> int:
    """Places of a day that tickets from home may take: of all, or of a service with a capacity of its own."""
    about = mall.about
    whole = about.capacity * about.home_percent // 100
    return _of_service(whole, service, about.home_percent)


def _of_service(whole: int, service: ServiceLearned | None, percent: int) -> int:
    """The share of a service: the same percentage of its own capacity, yet at least one place where there is a share.

    Rounded down like the whole, so that those who come have at least the rest.
    """
    if service is None or service.capacity is None:
        return whole
    return min(whole, max(1, service.capacity * percent // 100))


def home_left(day: Day, mall: Mall, service: ServiceLearned | None = None) -> int:
    """Places that tickets from home may still take now, within the share and what is left of the day."""
    left = home_share(mall) - day.places.home
    if service is not None and service.capacity is not None:
        left = min(left, home_share(mall, service) - day.places.home_by_service.get(service.code, 0))
    return max(0, min(left, places_left(day, mall)))


def booking_share(mall: Mall, service: ServiceLearned | None = None) -> int:
    """Places of a day that can be booked online: the mall's percentage, or what is kept for bookings if more."""
    about = mall.about
    whole = max(about.capacity * about.bookings_percent // 100, min(about.kept_for_bookings, about.capacity))
    return _of_service(whole, service, about.bookings_percent)


def bookings_left(day: Day, mall: Mall, service: ServiceLearned) -> int:
    """Places of this day that can still be booked online for a service, within the share of bookings."""
    left = booking_share(mall) - day.places.booked
    if service.capacity is not None:
        left = min(left, booking_share(mall, service) - day.places.booked_by_service.get(service.code, 0))
    return max(0, left)


# Counters


def counter_of_day(day: Day, mall: Mall, code: str) -> CounterLearned:
    """A counter of the catalogue, or one that was withdrawn from it while visitors rely on it.

    Raises `UnknownCounter`.
    """
    if code in mall.counters:
        return mall.counters[code]
    if code in day.promised or code in day.desks:
        desk, promised = day.desks.get(code), day.promised.get(code)
        floor = promised.floor if promised else desk.floor if desk else 0
        agency = promised.agency if promised else desk.agency if desk else ""
        return CounterLearned(code, code, floor, agency, ())
    raise UnknownCounter(counter=code)


def counters_in_use(day: Day, mall: Mall) -> list[str]:
    """Codes of the counters of the catalogue, and of withdrawn ones that are open or that a visitor relies on."""
    open_desks = [code for code, desk in day.desks.items() if desk.status != "closed"]
    codes = {*mall.counters, *open_desks, *day.serving}
    for code, promised in day.promised.items():
        if code not in codes and any(_waits_for(day, code, service) for service in promised.services):
            codes.add(code)
    return sorted(codes)


def _waits_for(day: Day, counter: str, service: str) -> bool:
    queue = day.queues.get(service)
    return queue is not None and any(
        is_promised(day.tickets[one], counter) for one in (*queue.ordinary, *queue.priority)
    )


def is_promised(ticket: Ticket, counter: str) -> bool:
    """Whether the visitor was sent to this counter, when the ticket was issued or transferred."""
    return any(promised.code == counter for promised in ticket.now_for.counters)


def gives(counter: CounterLearned, ticket: Ticket) -> bool:
    """Whether this counter serves the ticket: the catalogue says so now, or it was promised."""
    return (ticket.now_for.service in counter.services or is_promised(ticket, counter.code)) and (
        ticket.only_at in ("", counter.code)
    )


def callable_services(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> tuple[str, ...]:
    """Services whose tickets this counter can call now: those it gives, and those of tickets promised here."""
    promised = day.promised[counter.code].services if counter.code in day.promised else ()
    others = (code for code in promised if code not in counter.services and _waits_for(day, counter.code, code))
    return tuple(code for code in (*counter.services, *others) if mall.closure("service", code, now) is None)


def is_staffed(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> bool:
    """Whether a clerk is, or is still to come, at this counter today. A closed counter's clerk has left."""
    desk = day.desks.get(counter.code)
    if desk is not None:
        return desk.status != "closed"
    if counter.code not in mall.counters:
        return False
    return day.override is not None or mall.hours_of(counter).serves_later(now)


def starts_at(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> datetime:
    """When this counter can call next: now if it is open, else at its next hours of today or its closure's end."""
    start = now
    if counter.code not in day.desks and not day.override:
        today = mall.hours_of(counter).intervals(hours.business_day(now, mall.about.zone))
        start = max(now, next((opens for opens, closes in today if now < closes), now))
    closure = mall.closure("counter", counter.code, start)
    return max(start, closure.until) if closure and closure.until else start


def counters_for(day: Day, mall: Mall, ticket: Ticket) -> list[CounterLearned]:
    """The counters that serve this ticket: by the catalogue now, and those it was promised."""
    codes = [counter.code for counter in mall.counters_for(ticket.now_for.service)]
    codes += [promised.code for promised in ticket.now_for.counters]
    counters = (counter_of_day(day, mall, code) for code in dict.fromkeys(codes))
    return [counter for counter in counters if gives(counter, ticket)]


def callers(day: Day, mall: Mall, ticket: Ticket, now: datetime) -> list[CounterLearned]:
    """Those of them that can call it today: staffed, and not closed for now."""
    return [
        counter
        for counter in counters_for(day, mall, ticket)
        if mall.closure("counter", counter.code, now) is None and is_staffed(day, mall, counter, now)
    ]


# Tickets


def for_ticket(day: Day, mall: Mall, ticket: Ticket, now: datetime) -> InForce | None:
    """What holds for the holder of a ticket; None once the ticket has ended."""
    if ticket.status not in GOES_ON:
        return None
    stop = halted(day, mall, now)
    if stop.state != "open" or ticket.status in AT_COUNTER:
        return stop
    if closure := mall.closure("service", ticket.now_for.service, now):
        return InForce("suspended", closure.reason, closure.until)
    if callers(day, mall, ticket, now):
        return stop
    closures = [
        closure
        for counter in counters_for(day, mall, ticket)
        if (closure := mall.closure("counter", counter.code, now)) and is_staffed(day, mall, counter, now)
    ]
    if closures:
        first = first_to_end(closures)
        return InForce("suspended", first.reason, first.until)
    return InForce("no-counter")


def is_callable(day: Day, mall: Mall, ticket: Ticket, now: datetime) -> bool:
    """Whether a waiting ticket can be called by at least one counter now, as soon as its turn comes."""
    in_force = for_ticket(day, mall, ticket, now)
    return in_force is not None and in_force.state == "open"


# New tickets and bookings


def counters_now(day: Day, mall: Mall, service: ServiceLearned, now: datetime) -> list[CounterLearned]:
    """The counters that can give this service to a new visitor today.

    Raises `NoCounter`, `ServiceAway` or `Suspended`, with the next opening where it is known.
    """
    counters = _counters_of(mall, service)
    staffed = [counter for counter in counters if is_staffed(day, mall, counter, now)]
    if not staffed and mall.closure_of(service, now) is None:
        raise refusals.ServiceAway(service=service.name, next_opening=_next_opening(day, mall, counters, now))
    return _not_closed(mall, service, staffed, now)


def _counters_of(mall: Mall, service: ServiceLearned) -> Sequence[CounterLearned]:
    counters = mall.counters_for(service.code)
    if not counters or service.agency not in mall.agencies:
        raise refusals.NoCounter(service=service.name)
    return counters


def _next_opening(day: Day, mall: Mall, counters: Sequence[CounterLearned], now: datetime) -> datetime | None:
    """When the first of these counters serves again; one whose clerk has left does so on another day."""
    openings = [
        mall.hours_of(counter).next_day(now) if counter.code in day.desks else mall.hours_of(counter).next_opening(now)
        for counter in counters
    ]
    return min((opening for opening in openings if opening), default=None)


def _not_closed(
    mall: Mall, service: ServiceLearned, counters: Sequence[CounterLearned], at: datetime
) -> list[CounterLearned]:
    """Those of these counters that no closure holds for. Raises `Suspended` if there are none, or for the service."""
    if closure := mall.closure_of(service, at):
        refuse_suspended(mall, service.name, closure)
    closures = {counter.code: mall.closure("counter", counter.code, at) for counter in counters}
    free = [counter for counter in counters if closures[counter.code] is None]
    if not free:
        refuse_suspended(mall, service.name, first_to_end([closure for closure in closures.values() if closure]))
    return free


def first_to_end(closures: Sequence[Closure]) -> Closure:
    """The closure of these that ends first; those without an end come last."""
    return min(closures, key=lambda closure: (closure.until is None, closure.until or closure.since))


def refuse_suspended(mall: Mall, service_name: str, closure: Closure) -> NoReturn:
    """Raise `Suspended` with the closure's reason and end, and the next opening after it."""
    opening = mall.opens_after(closure)
    raise refusals.Suspended(service=service_name, why=closure.reason, until=closure.until, next_opening=opening)


def claim_by(mall: Mall, on: date) -> datetime:
    """Until when a place booked for this day can be claimed. Only where places can be booked.

    The rule names a time of the usual day. A day that opens later keeps places as long after opening as usual; none is
    kept beyond the day's last ticket.
    """
    about = mall.about
    assert about.bookings is not None
    named = datetime.combine(on, time.fromisoformat(about.bookings.claim_by), ZoneInfo(about.zone))
    intervals = about.hours.intervals(on)
    if not intervals:
        return named
    opens, last = intervals[0][0], intervals[-1][1] - timedelta(minutes=about.hours.last_ticket_minutes)
    usual = about.hours.usual_opening(on)
    named += max(timedelta(), opens - usual) if usual else timedelta()
    return min(named, last) if opens < named and opens < last else max(opens, last)


def claim_of_service(mall: Mall, code: str, on: date) -> datetime:
    """As `claim_by`, for one service: not after the last of its counters closes on that day."""
    by = claim_by(mall, on)
    ends = [end for counter in mall.counters_for(code) if (end := mall.hours_of(counter).closing(on))]
    return min(by, max(ends, default=by))


def for_booking(mall: Mall, code: str, on: date, now: datetime) -> ForBooking | None:
    """Whether a place booked for a service on this day can be claimed; None where the mall takes no bookings.

    A day whose hours no longer leave time for a claim is closed for it.
    """
    about, service = mall.about, mall.services.get(code)
    if about.bookings is None:
        return None
    by = claim_by(mall, on)
    if service is None or service.agency not in mall.agencies:
        return ForBooking(by, "service-withdrawn")
    if not about.hours.intervals(on):
        return ForBooking(by, "closed-day", about.hours.why_closed(on))
    there = [counter for counter in mall.counters_for(code) if mall.hours_of(counter).intervals(on)]
    by = claim_of_service(mall, code, on)
    if by <= now:
        return ForBooking(by, "closed-day", about.hours.why_closed(on))
    last = by - timedelta(seconds=1)  # at which the place can be claimed
    if closure := mall.closure("mall", about.code, last):
        return ForBooking(by, "mall-closed", closure.reason, closure)
    if closure := mall.closure_of(service, last):
        suspended = mall.agencies[service.agency].suspended
        return ForBooking(by, "agency-suspended" if suspended else "service-closed", closure.reason, closure)
    closures = [mall.closure("counter", counter.code, last) for counter in there]
    if all(closures):
        first = first_to_end([closure for closure in closures if closure]) if closures else None
        return ForBooking(by, "counter-closed", first.reason if first else "", first)
    return ForBooking(by)


def must_take_bookings(mall: Mall, service: ServiceLearned, on: date, now: datetime) -> datetime:
    """The instant until which a place booked now for this day can be claimed.

    Raises `ServiceAway`, `Closed` or `Suspended` where it could not be claimed.
    """
    found = for_booking(mall, service.code, on, now)
    assert found is not None
    if not found.cause:
        return found.claim_by
    if found.cause == "mall-closed":
        must_not_be_closed(mall, found.claim_by - timedelta(seconds=1))
    if found.closure:
        refuse_suspended(mall, service.name, found.closure)
    after = max(now, datetime.combine(on, time(0), ZoneInfo(mall.about.zone)))
    openings = [o for c in mall.counters_for(service.code) if (o := mall.hours_of(c).next_opening(after))]
    raise refusals.ServiceAway(service=service.name, next_opening=min(openings, default=None))
