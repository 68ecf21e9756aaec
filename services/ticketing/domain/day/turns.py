"""Whose turn it is: the priority rule in force, applied to the tickets a counter can call; and how long it takes."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from services.ticketing.domain import pace
from services.ticketing.domain.day import in_force
from services.ticketing.domain.day.evolve import after_call
from services.ticketing.domain.day.state import Day, ServiceQueue, Ticket
from services.ticketing.domain.hours import elapsed
from services.ticketing.domain.mall import CounterLearned, Mall
from services.ticketing.domain.pace import Expected, Measured

TYPICAL = 10  # minutes of a visit whose service is no longer in the catalogue


# Who is next


def next_ticket(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> Ticket | None:
    """The ticket that this counter calls next, if any can be called."""
    return _next(day, counter, in_force.callable_services(day, mall, counter, now), now)


def in_order(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> Iterator[Ticket]:
    """The waiting tickets that this counter can call, in the order in which it alone would call them."""
    services = in_force.callable_services(day, mall, counter, now)
    while (ticket := _next(day, counter, services, now)) is not None:
        yield ticket
        day = replace(day, queues=after_call(day, ticket, services))


def waiting_for(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> list[Ticket]:
    """The waiting tickets that this counter can call, in no order: as many as `in_order` yields."""
    services = in_force.callable_services(day, mall, counter, now)
    queues = [day.queues[service] for service in services if service in day.queues]
    tickets = (day.tickets[one] for queue in queues for one in (*queue.ordinary, *queue.priority))
    return [ticket for ticket in tickets if can_be_called(day, ticket, counter)]


def can_be_called(day: Day, ticket: Ticket, counter: CounterLearned) -> bool:
    """Whether this counter serves the ticket, and its visitor is not at another counter."""
    return in_force.gives(counter, ticket) and ticket.visit not in day.engaged


def _next(day: Day, counter: CounterLearned, services: Iterable[str], now: datetime) -> Ticket | None:
    """The ticket to call next among these services.

    Within a class the first to come goes first. Between the classes the rule in force decides; by `ratio`, priority
    visitors go first, but at most so many in a row while an ordinary visitor waits, and apart from that a visitor who
    has waited longer than the ceiling goes before all younger ones (UU 25/2009 article 29; PermenPANRB 11/2024).
    """
    queues = [day.queues[service] for service in services if service in day.queues]
    ordinary, priority = _oldest(day, (q.ordinary for q in queues), counter), None
    if any(queue.priority for queue in queues):
        priority = _oldest(day, (q.priority for q in queues), counter)
    if ordinary is None or priority is None:
        return ordinary or priority
    older = min(ordinary, priority, key=lambda ticket: ticket.arrival)
    match day.rule.rule:
        case "fifo":
            return older
        case "strict":
            return priority
        case "ratio":
            if any(q.passed >= day.rule.in_a_row and _first(day, q.ordinary, counter) for q in queues):
                return ordinary
            return older if _is_over_ceiling(day, older, now) else priority


def _is_over_ceiling(day: Day, ticket: Ticket, now: datetime) -> bool:
    ceiling = day.rule.ceiling_minutes
    return ceiling is not None and now - ticket.issued.issued_at > timedelta(minutes=ceiling)


def _oldest(day: Day, lines: Iterable[Sequence[str]], counter: CounterLearned) -> Ticket | None:
    heads = [head for line in lines if (head := _first(day, line, counter)) is not None]
    return min(heads, key=lambda ticket: ticket.arrival, default=None)


def _first(day: Day, line: Sequence[str], counter: CounterLearned) -> Ticket | None:
    return next((day.tickets[one] for one in line if can_be_called(day, day.tickets[one], counter)), None)


def approaching(
    day: Day, mall: Mall, left: Iterable[Ticket], count: int, now: datetime
) -> Iterator[tuple[Ticket, int]]:
    """The first `count` tickets, with how many go before each, at every counter that could call one of those that left.

    None while the mall is stopped or closed, or once the day is.
    """
    if day.closed or in_force.halted(day, mall, now).state != "open":
        return
    lanes: dict[tuple[tuple[str, ...], str], CounterLearned] = {}
    for counter in (counter for ticket in left for counter in in_force.callers(day, mall, ticket, now)):
        lane = in_force.callable_services(day, mall, counter, now), counter.code if day.reserved else ""
        lanes.setdefault(lane, counter)  # counters of the same services have the same order
    closest: dict[str, tuple[Ticket, int]] = {}
    for counter in lanes.values():
        for ahead, ticket in enumerate(islice(in_order(day, mall, counter, now), count)):
            if ticket.id not in closest or ahead < closest[ticket.id][1]:
                closest[ticket.id] = (ticket, ahead)
    yield from sorted(closest.values(), key=lambda each: (each[1], each[0].arrival))


# How long it takes


@dataclass(frozen=True)
class Outlook:
    """What a visitor can expect: how many are called first, and the wait in seconds with its spread."""

    ahead: int
    wait: Expected


def outlook(day: Day, mall: Mall, ticket: Ticket, now: datetime) -> Outlook | None:
    """The outlook of a waiting ticket; None where it does not wait, or no counter can call it now."""
    if ticket.status != "waiting" or not in_force.is_callable(day, mall, ticket, now):
        return None
    counters = in_force.callers(day, mall, ticket, now)
    return _outlook(day, mall, counters, ticket.now_for.service, ticket.is_priority, ticket.arrival, now)


def outlook_of_next(
    day: Day, mall: Mall, counters: Sequence[CounterLearned], service: str, *, priority: bool, now: datetime
) -> Outlook:
    """The outlook of a ticket for this service issued now, to be called by these counters."""
    return _outlook(day, mall, counters, service, priority, len(day.tickets), now)


def waiting_at_shortest(day: Day, mall: Mall, counters: Sequence[CounterLearned], now: datetime) -> int:
    """Return how many tickets wait at the one of these counters where the fewest do, of every priority class.

    It can be published: subscribers can count it from the events before, so it reveals nothing about a visitor's class.
    """
    return min(_waiting(day, services, [c.code]) for c, services in _lanes(day, mall, counters, now))


def _waiting(day: Day, services: Iterable[str], counters: Collection[str]) -> int:
    names = [name for name in services if name in day.queues]
    reserved = (day.tickets[one] for one in day.reserved)
    elsewhere = sum(t.only_at not in counters and t.now_for.service in names for t in reserved)
    return sum(length(day.queues[name]) for name in names) - elsewhere


def _lanes(
    day: Day, mall: Mall, counters: Sequence[CounterLearned], now: datetime
) -> list[tuple[CounterLearned, tuple[str, ...]]]:
    """The counters that are open or, if none is, all of them; each with the services that it can call."""
    at_work = [c for c in counters if c.code in day.desks and day.desks[c.code].status == "open"] or counters
    return [(c, in_force.callable_services(day, mall, c, now)) for c in at_work]


def _outlook(
    day: Day,
    mall: Mall,
    counters: Sequence[CounterLearned],
    service: str,
    priority: bool,
    arrival: int,
    now: datetime,
) -> Outlook:
    """The outlook by the counters that are open or, if none is, by all of them.

    Those that have the fewest to call first reach the ticket first: the wait is the shortest by any number of them.
    """
    lanes = _lanes(day, mall, counters, now)
    before = {c.code: _before(day, services, [c.code], priority, arrival) for c, services in lanes}
    lanes.sort(key=lambda lane: before[lane[0].code])
    waits = []
    for last in range(1, len(lanes) + 1):
        if last < len(lanes) and lanes[last][1] == lanes[last - 1][1]:
            continue  # counters of the same services share their line
        pool = lanes[:last]
        services = tuple(dict.fromkeys(code for _, given in pool for code in given))
        ahead = _before(day, services, [c.code for c, _ in pool], priority, arrival)
        waits.append(_wait(day, mall, [c for c, _ in pool], services, service, ahead, now))
    return Outlook(min(before.values()), min(waits, key=lambda wait: wait.seconds))


def _before(day: Day, services: Iterable[str], counters: Collection[str], priority: bool, arrival: int) -> int:
    """How many waiting tickets these counters call before one of this class and order of arrival.

    Those before it in its own class, and those of the other class whose turn comes first; ceilings are left out.
    """
    names = [service for service in services if service in day.queues]
    queues = [day.queues[name] for name in names]
    reserved = [day.tickets[one] for one in day.reserved if day.tickets[one].only_at not in counters]
    elsewhere = [ticket for ticket in reserved if ticket.now_for.service in names]

    def count(of_priority: bool, until: int | None) -> int:
        lines = (queue.priority if of_priority else queue.ordinary for queue in queues)
        waiting = sum(len(line) if until is None else bisect_left(line, until, key=day.arrival_of) for line in lines)
        others = [t for t in elsewhere if t.is_priority == of_priority and (until is None or t.arrival < until)]
        return waiting - len(others)

    before = count(priority, arrival)
    match day.rule.rule:
        case "fifo":
            return before + count(not priority, arrival)
        case "strict":
            return before if priority else before + count(True, None)
        case "ratio":
            most, others = day.rule.in_a_row, count(not priority, None)
            passed = min(max((queue.passed for queue in queues), default=0), most)
            if priority:
                return before + min(others, (before + passed) // most)
            return before + min(others, max(0, most * (before + 1) - passed))


def _wait(
    day: Day,
    mall: Mall,
    counters: Sequence[CounterLearned],
    services: Sequence[str],
    service: str,
    before: int,
    now: datetime,
) -> Expected:
    """The wait while these counters call so many first, by the measured pace of today and earlier days."""
    waiting = {name: length(day.queues[name]) for name in services if name in day.queues}
    weights = {name: weight for name, weight in waiting.items() if weight} or {service: 1}
    visits = {name: _visit(day, mall, name) for name in weights}
    total = sum(weights.values())
    mean = sum(weight * visits[name][0] for name, weight in weights.items()) / total
    square = sum(weight * (visits[name][1] + visits[name][0] ** 2) for name, weight in weights.items()) / total
    starts = min(in_force.starts_at(day, mall, counter, now) for counter in counters)
    busy = sum(counter.code in day.serving for counter in counters)
    wait = pace.expected_wait(before, len(counters), busy, mean, square - mean**2)
    return replace(wait, seconds=wait.seconds + round(elapsed(now, starts)))


def _visit(day: Day, mall: Mall, service: str) -> tuple[float, float]:
    listed = mall.services.get(service)
    earlier = mall.prior.measured.get(service, Measured())
    return pace.visit(listed.minutes if listed else TYPICAL, earlier, day.measured.get(service, Measured()))


def range_around(day: Day, mall: Mall, expected: Expected) -> tuple[int, int]:
    """Optimistic and pessimistic seconds of a wait, by how far off waits of today and earlier days were."""
    return pace.wait_range(expected, (*mall.prior.residuals, *day.residuals))


def length(queue: ServiceQueue) -> int:
    """How many wait in a queue."""
    return len(queue.ordinary) + len(queue.priority)
