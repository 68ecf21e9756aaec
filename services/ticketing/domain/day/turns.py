"""Whose turn it is: the priority rule in force, applied to those whom a counter may call."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.ticketing.domain import pace
from services.ticketing.domain.day.evolve import after_call
from services.ticketing.domain.day.state import Day, Queue, Ticket
from services.ticketing.domain.mall import CounterLearned, Mall
from services.ticketing.domain.pace import Expected, Measured

TYPICAL = 10  # minutes of a visit whose service is not known any more


def callable_services(day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> tuple[str, ...]:
    """The services whose tickets this counter may call: what the catalog says it gives, unless closed for a while.

    Tickets of a service that was withdrawn meanwhile may be called where they were promised.
    """
    given = [code for code in counter.services if mall.closure("service", code, now) is None]
    promised = [code for code in day.queues if code not in mall.services and _was_promised(day, code, counter.code)]
    return (*given, *promised)


def _was_promised(day: Day, service: str, counter: str) -> bool:
    queue = day.queues[service]
    heads = (queue.ordinary[:1], queue.priority[:1])
    return any(place.code == counter for line in heads for one in line for place in day.tickets[one].now_for.counters)


def next_ticket(day: Day, services: Iterable[str], counter: str | None, now: datetime) -> Ticket | None:
    """The ticket to call next among these services.

    Within a class the first to come goes first. Between the classes the rule in force decides; by `ratio`, priority
    visitors go first, but at most so many in a row while an ordinary visitor waits, and apart from that whoever has
    waited longer than the ceiling goes before all younger ones (UU 25/2009 article 29; PermenPANRB 11/2024).
    """
    queues = [day.queues[service] for service in services if service in day.queues]
    ordinary, priority = _oldest(day, (q.ordinary for q in queues), counter), None
    if any(queue.priority for queue in queues):
        priority = _oldest(day, (q.priority for q in queues), counter)
    if ordinary is None or priority is None:
        return ordinary or priority
    older = min(ordinary, priority, key=lambda ticket: ticket.place)
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


def _oldest(day: Day, lines: Iterable[Sequence[str]], counter: str | None) -> Ticket | None:
    heads = [head for line in lines if (head := _first(day, line, counter)) is not None]
    return min(heads, key=lambda ticket: ticket.place, default=None)


def _first(day: Day, line: Sequence[str], counter: str | None) -> Ticket | None:
    return next((day.tickets[one] for one in line if can_be_called(day, day.tickets[one], counter)), None)


def can_be_called(day: Day, ticket: Ticket, counter: str | None) -> bool:
    """Whether the visitor is free to come, and was not sent to another counter (None: whichever counter asks)."""
    return (counter is None or ticket.only_at in ("", counter)) and ticket.visit not in day.engaged


def in_order(day: Day, services: Iterable[str], counter: str | None, now: datetime) -> Iterator[Ticket]:
    """The waiting tickets of these services, in the order one counter would call them."""
    services = tuple(services)
    while (ticket := next_ticket(day, services, counter, now)) is not None:
        yield ticket
        queues = after_call(day, ticket, services)
        day = replace(day, queues=queues)


def ahead_of(day: Day, ticket: Ticket) -> int | None:
    """How many of the same line would be called before this waiting ticket; None once it does not wait."""
    if ticket.status != "waiting":
        return None
    lines = [(q.priority if ticket.is_priority else q.ordinary) for q in day.queues_of(ticket.now_for.line)]
    before = sum(bisect_left(line, ticket.place, key=day.place_of) for line in lines)
    return _ahead(day, ticket.now_for.line, ticket.is_priority, before, ticket.place)


def ahead_of_next(day: Day, line: str, *, priority: bool) -> int:
    """How many would be called before a ticket that joined this line now."""
    before = sum(len(q.priority if priority else q.ordinary) for q in day.queues_of(line))
    return _ahead(day, line, priority, before, len(day.tickets))


def _ahead(day: Day, line: str, priority: bool, before: int, place: int) -> int:
    """Those before it in its own class, and those of the other class whose turn comes first; ceilings are left out."""
    queues = day.queues_of(line)
    others = sum(len(q.ordinary if priority else q.priority) for q in queues)
    match day.rule.rule:
        case "fifo":
            other_class = (q.ordinary if priority else q.priority for q in queues)
            return before + sum(bisect_left(waiting, place, key=day.place_of) for waiting in other_class)
        case "strict":
            return before if priority else before + others
        case "ratio":
            most = day.rule.in_a_row
            passed = min(max((q.passed for q in queues), default=0), most)
            if priority:
                return before + min(others, (before + passed) // most)
            return before + min(others, max(0, most * (before + 1) - passed))


def expected_wait(day: Day, mall: Mall, line: str, service: str, counters: Sequence[str], before: int) -> Expected:
    """The wait of a ticket that so many of its line go before, by the measured pace of today and earlier days."""
    waiting = {name: length(day.queues[name]) for name in day.lines.get(line, ())}
    weights = {name: weight for name, weight in waiting.items() if weight} or {service: 1}
    visits = {name: _visit(day, mall, name) for name in weights}
    total = sum(weights.values())
    mean = sum(weight * visits[name][0] for name, weight in weights.items()) / total
    square = sum(weight * (visits[name][1] + visits[name][0] ** 2) for name, weight in weights.items()) / total
    at_work = [code for code in counters if code in day.desks and day.desks[code].status == "open"]
    working = at_work or list(counters)
    busy = sum(code in day.serving for code in working)
    return pace.expected_wait(before, max(1, len(working)), busy, mean, square - mean**2)


def _visit(day: Day, mall: Mall, service: str) -> tuple[float, float]:
    known = mall.services.get(service)
    earlier = mall.prior.measured.get(service, Measured())
    return pace.visit(known.minutes if known else TYPICAL, earlier, day.measured.get(service, Measured()))


def wait_range(day: Day, mall: Mall, ticket: Ticket) -> tuple[int, int] | None:
    """Optimistic and pessimistic seconds that a waiting ticket still waits; None once it does not wait."""
    before = ahead_of(day, ticket)
    if before is None:
        return None
    about = ticket.now_for
    counters = [ticket.only_at] if ticket.only_at else [place.code for place in about.counters]
    return range_around(day, mall, expected_wait(day, mall, about.line, about.service, counters, before))


def range_around(day: Day, mall: Mall, expected: Expected) -> tuple[int, int]:
    """The range of an expected wait, by how far off waits of today and earlier days were."""
    return pace.wait_range(expected, (*mall.prior.residuals, *day.residuals))


def first_of_line(day: Day, line: str, now: datetime, count: int) -> list[Ticket]:
    """The first waiting tickets of a line, as one counter for all its services would call them."""
    found = []
    for ticket in in_order(day, day.lines.get(line, ()), None, now):
        found.append(ticket)
        if len(found) == count:
            break
    return found


def length(queue: Queue) -> int:
    """How many wait in a queue."""
    return len(queue.ordinary) + len(queue.priority)
