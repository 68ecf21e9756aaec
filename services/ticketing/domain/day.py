"""A mall's business day: who waits, who is served, what is left of today's capacity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from immutables import Map

from services.chassis.decider import Decider
from services.chassis.errors import Forbidden, Invalid, NotFound, Refused
from services.ticketing.domain import hours
from services.ticketing.domain.mall import Mall

PriorityClass = Literal["disability", "elderly", "pregnancy"]
PRIORITY_CLASSES: tuple[PriorityClass, ...] = ("disability", "elderly", "pregnancy")
PRIORITY_IN_A_ROW = 2
CALLS_KEPT = 30
Status = Literal["waiting", "called", "served", "missed"]


class UnknownTicket(NotFound):
    """No such ticket."""


class UnknownService(Invalid):
    """The mall does not offer this service."""


class Closed(Refused):
    """The mall is closed now."""


class CapacityReached(Refused):
    """All of today's places are given out."""


class NoCounter(Refused):
    """No counter offers this service at present."""


class NobodyWaits(Refused):
    """There is nobody this counter can call."""


class CounterBusy(Refused):
    """The counter has a visitor already."""


class NotCalled(Refused):
    """The ticket is not at a counter."""


class OtherCounter(Forbidden):
    """The ticket is at another counter."""


@dataclass(frozen=True)
class IssueTicket:
    """A visitor asks for a ticket."""

    ticket_id: str
    service: str
    priority: PriorityClass | None
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class CallNext:
    """A counter is free for the next visitor."""

    counter: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class Finish:
    """The visitor has been served; `counter` is None for staff who may act at any counter."""

    ticket_id: str
    counter: str | None
    now: datetime


@dataclass(frozen=True)
class MissTicket:
    """The visitor was called and did not come."""

    ticket_id: str
    counter: str | None
    now: datetime


@dataclass(frozen=True)
class ForceOpen:
    """A supervisor opens the mall outside its hours for the rest of the day."""

    reason: str
    now: datetime
    mall: Mall


Command = IssueTicket | CallNext | Finish | MissTicket | ForceOpen


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class Place:
    """A counter and its floor."""

    code: str
    floor: int


@dataclass(frozen=True)
class DayOpened:
    """The first act of a business day, with the rules it goes by."""

    mall: str
    mall_name: str
    zone: str
    date: str
    capacity: int
    ends_at: datetime


@dataclass(frozen=True)
class DayForcedOpen:
    """The mall takes visitors outside its hours, for a stated reason."""

    reason: str
    opened_at: datetime


@dataclass(frozen=True)
class TicketIssued:
    """A visitor waits."""

    ticket_id: str
    number: str
    line: str
    service: str
    service_name: str
    agency: str
    agency_name: str
    counters: tuple[Place, ...]
    priority: PriorityClass | None
    ahead: int
    issued_at: datetime
    mall_name: str


@dataclass(frozen=True)
class TicketCalled:
    """A counter called a visitor; who was passed over follows from `among`, the services it could have called."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    floor: int
    among: tuple[str, ...]
    called_at: datetime


@dataclass(frozen=True)
class TicketServed:
    """The visit is over."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    served_at: datetime


@dataclass(frozen=True)
class TicketMissed:
    """The visitor did not come when called."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    missed_at: datetime


Event = DayOpened | DayForcedOpen | TicketIssued | TicketCalled | TicketServed | TicketMissed


@dataclass(frozen=True)
class Ticket:
    """A ticket as it stands."""

    issued: TicketIssued
    place: int
    status: Status = "waiting"
    called: TicketCalled | None = None

    @property
    def id(self) -> str:
        """The unguessable id."""
        return self.issued.ticket_id


@dataclass(frozen=True)
class Queue:
    """Who waits for one service: two FIFO lines of ticket ids, and how often the ordinary one was just passed."""

    line: str
    ordinary: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    passed: int = 0


@dataclass(frozen=True)
class Day:
    """A business day so far."""

    opened: DayOpened | None = None
    override: DayForcedOpen | None = None
    tickets: Map[str, Ticket] = field(default_factory=Map)  # grows all day: a plain dict would be copied each time
    numbers: Mapping[str, int] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    serving: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[TicketCalled, ...] = ()

    def ticket(self, ticket_id: str) -> Ticket:
        """The ticket with this id. Raises `UnknownTicket`."""
        if ticket_id not in self.tickets:
            raise UnknownTicket()
        return self.tickets[ticket_id]

    def next_for(self, services: Iterable[str]) -> str | None:
        """The ticket to call next among these services.

        First come, first served within a class; priority visitors first, but at most two in a row while an ordinary
        visitor waits (special treatment for vulnerable groups: UU 25/2009 article 29; PermenPANRB 11/2024).
        """
        queues = [self.queues[service] for service in services if service in self.queues]
        ordinary = min((q.ordinary[0] for q in queues if q.ordinary), key=self._place, default=None)
        priority = min((q.priority[0] for q in queues if q.priority), key=self._place, default=None)
        ordinary_turn = any(q.ordinary and q.passed >= PRIORITY_IN_A_ROW for q in queues)
        return ordinary if ordinary_turn or priority is None else priority

    def waiting(self, services: Iterable[str], limit: int) -> list[str]:
        """The first waiting tickets of these services, in the order one counter would call them."""
        services, day, order = tuple(services), self, list[str]()
        while len(order) < limit and (ticket_id := day.next_for(services)) is not None:
            order.append(ticket_id)
            day = replace(day, queues=_after_call(day, ticket_id, services))
        return order

    def ahead_of(self, ticket_id: str) -> int | None:
        """How many of the same line would be called before this waiting ticket; None once it is called."""
        ticket = self.ticket(ticket_id)
        if ticket.status != "waiting":
            return None
        priority, queues = ticket.issued.priority, self._line(ticket.issued.line)
        before = sum(
            self._place(other) < ticket.place
            for queue in queues
            for other in (queue.ordinary if priority is None else queue.priority)
        )
        return _ahead(queues, priority, before)

    def ahead_of_next(self, line: str, priority: PriorityClass | None) -> int:
        """How many would be called before a ticket that this line gave out now."""
        queues = self._line(line)
        same_class = [queue.ordinary if priority is None else queue.priority for queue in queues]
        return _ahead(queues, priority, sum(map(len, same_class)))

    def _line(self, line: str) -> list[Queue]:
        return [queue for queue in self.queues.values() if queue.line == line]

    def _place(self, ticket_id: str) -> int:
        return self.tickets[ticket_id].place


def _ahead(queues: list[Queue], priority: PriorityClass | None, before: int) -> int:
    """Those before it in its own class, and those of the other class of its line whose turn comes first."""
    passed = max((queue.passed for queue in queues), default=0)
    if priority is None:
        others = sum(len(queue.priority) for queue in queues)
        return before + min(others, max(0, PRIORITY_IN_A_ROW * (before + 1) - passed))
    others = sum(len(queue.ordinary) for queue in queues)
    return before + min(others, (before + passed) // PRIORITY_IN_A_ROW)


def evolve(day: Day, event: Event) -> Day:
    """The day after an event."""
    match event:
        case DayOpened():
            return replace(day, opened=event)
        case DayForcedOpen():
            return replace(day, override=event)
        case TicketIssued():
            queue = day.queues.get(event.service, Queue(event.line))
            return replace(
                day,
                tickets=day.tickets.set(event.ticket_id, Ticket(event, len(day.tickets))),
                numbers={**day.numbers, event.line: day.numbers.get(event.line, 0) + 1},
                queues={**day.queues, event.service: _joined(queue, event)},
            )
        case TicketCalled():
            ticket_id = event.ticket_id
            ticket = replace(day.tickets[ticket_id], status="called", called=event)
            return replace(
                day,
                tickets=day.tickets.set(ticket_id, ticket),
                queues=_after_call(day, ticket_id, event.among),
                serving={**day.serving, event.counter: ticket_id},
                calls=(*day.calls[1 - CALLS_KEPT :], event),
            )
        case TicketServed():
            return _left(day, event, "served")
        case TicketMissed():
            return _left(day, event, "missed")
        case _:
            assert_never(event)


def _joined(queue: Queue, event: TicketIssued) -> Queue:
    if event.priority is None:
        return replace(queue, ordinary=(*queue.ordinary, event.ticket_id))
    return replace(queue, priority=(*queue.priority, event.ticket_id))


def _after_call(day: Day, ticket_id: str, among: Iterable[str]) -> Mapping[str, Queue]:
    """The queues once this ticket is called by a counter that could call `among`."""
    issued = day.tickets[ticket_id].issued
    queues = dict(day.queues)
    queue = queues[issued.service]
    queues[issued.service] = replace(
        queue,
        ordinary=tuple(waiting for waiting in queue.ordinary if waiting != ticket_id),
        priority=tuple(waiting for waiting in queue.priority if waiting != ticket_id),
    )
    for service in {*among, issued.service} & queues.keys():
        queue = queues[service]
        passed = queue.passed + 1 if issued.priority is not None and queue.ordinary else 0
        queues[service] = replace(queue, passed=passed)
    return queues


def _left(day: Day, event: TicketServed | TicketMissed, status: Status) -> Day:
    tickets = day.tickets.set(event.ticket_id, replace(day.tickets[event.ticket_id], status=status))
    return replace(day, tickets=tickets, serving={at: who for at, who in day.serving.items() if at != event.counter})


def decide(command: Command, day: Day) -> list[Event]:
    """What a command leads to. Raises the refusals above."""
    match command:
        case IssueTicket():
            return _issue(command, day)
        case CallNext():
            return _call(command, day)
        case Finish(ticket_id, counter, now):
            return _finish(day.ticket(ticket_id), counter, "served", TicketServed, now)
        case MissTicket(ticket_id, counter, now):
            return _finish(day.ticket(ticket_id), counter, "missed", TicketMissed, now)
        case ForceOpen(reason, now, mall):
            return [] if day.override else [*_opening(day, now, mall), DayForcedOpen(reason, now)]
        case _:
            assert_never(command)


def _issue(command: IssueTicket, day: Day) -> list[Event]:
    mall, about, now = command.mall, command.mall.about, command.now
    if not day.override and not hours.is_open(now, about.zone, about.week):
        raise Closed(next_opening=hours.next_opening(now, about.zone, about.week))
    service = mall.services.get(command.service)
    if service is None:
        raise UnknownService(service=command.service)
    counters = tuple(Place(counter.code, counter.floor) for counter in mall.counters_for(service.code))
    agency = mall.agencies.get(service.agency)
    if not counters or agency is None:
        raise NoCounter(service=service.name)
    if len(day.tickets) >= about.capacity:
        raise CapacityReached(capacity=about.capacity, next_opening=hours.next_opening(now, about.zone, about.week))
    issued = TicketIssued(
        ticket_id=command.ticket_id,
        number=f"{agency.line}-{day.numbers.get(agency.line, 0) + 1:03d}",
        line=agency.line,
        service=service.code,
        service_name=service.name,
        agency=agency.code,
        agency_name=agency.name,
        counters=counters,
        priority=command.priority,
        ahead=day.ahead_of_next(agency.line, command.priority),
        issued_at=now,
        mall_name=about.name,
    )
    return [*_opening(day, now, mall), issued]


def _call(command: CallNext, day: Day) -> list[Event]:
    counter = command.mall.counter(command.counter)
    if command.counter in day.serving:
        raise CounterBusy(number=day.tickets[day.serving[command.counter]].issued.number)
    ticket_id = day.next_for(counter.services)
    if ticket_id is None:
        raise NobodyWaits(counter=counter.code)
    issued = day.tickets[ticket_id].issued
    return [
        TicketCalled(
            ticket_id=ticket_id,
            number=issued.number,
            service=issued.service,
            agency=issued.agency,
            counter=counter.code,
            floor=counter.floor,
            among=counter.services,
            called_at=command.now,
        )
    ]


def _opening(day: Day, now: datetime, mall: Mall) -> list[Event]:
    if day.opened:
        return []
    about = mall.about
    date = hours.business_day(now, about.zone)
    ends_at = hours.day_ends(date, about.zone)
    return [DayOpened(about.code, about.name, about.zone, date.isoformat(), about.capacity, ends_at)]


def _finish(
    ticket: Ticket, counter: str | None, status: Status, event: type[TicketServed] | type[TicketMissed], now: datetime
) -> list[Event]:
    issued, called = ticket.issued, ticket.called
    if called is None or ticket.status not in ("called", status):
        raise NotCalled(number=issued.number)
    if counter is not None and called.counter != counter:
        raise OtherCounter(counter=called.counter)
    if ticket.status == status:
        return []
    return [event(ticket.id, issued.number, issued.service, issued.agency, called.counter, now)]


DAY: Decider[Command, Day, Event] = Decider(
    initial=Day(),
    decide=decide,
    evolve=evolve,
    events=(DayOpened, DayForcedOpen, TicketIssued, TicketCalled, TicketServed, TicketMissed),
)
