"""A business day so far: its tickets, queues, counters, bookings and counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from immutables import Map

from services.ticketing.domain.day.events import (
    Act,
    BookingSuspended,
    DayClosed,
    DayForcedOpen,
    DayOpened,
    DayStopped,
    PlaceBooked,
    Result,
    TicketCalled,
    TicketIssued,
    TicketRecalled,
    TicketTransferred,
)
from services.ticketing.domain.day.refusals import UnknownBooking, UnknownTicket
from services.ticketing.domain.mall import RATIO, Rule
from services.ticketing.domain.pace import Measured

Status = Literal["waiting", "called", "serving", "held", "served", "missed", "cancelled", "unserved"]
AT_COUNTER = ("called", "serving")
GOES_ON = ("waiting", "called", "serving", "held")


@dataclass(frozen=True)
class Ticket:
    """A ticket as it stands: `arrival` is its order of arrival from 0 on, `only_at` the one counter it was sent to."""

    issued: TicketIssued
    arrival: int
    status: Status = "waiting"
    moved: TicketTransferred | None = None
    called: TicketCalled | None = None
    first_called_at: datetime | None = None
    calls: int = 0
    recalls: int = 0
    counter: str = ""
    only_at: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    worked: float = 0.0
    result: Result | None = None
    residual: int | None = None
    told: bool = False
    note: str = ""
    ending_reason: str = ""  # of a ticket that a supervisor ended

    @property
    def id(self) -> str:
        """The unguessable id."""
        return self.issued.ticket_id

    @property
    def now_for(self) -> TicketIssued | TicketTransferred:
        """The service it waits for or is given now, with its agency, line and counters."""
        return self.moved or self.issued

    @property
    def visit(self) -> str:
        """What it shares with other tickets of the same visitor."""
        return self.issued.visit or self.id

    @property
    def is_priority(self) -> bool:
        """Whether its holder belongs to a priority class."""
        return self.issued.priority is not None


@dataclass(frozen=True)
class ServiceQueue:
    """Who waits for one service: two lines of ticket ids by arrival, and how often the ordinary one was passed."""

    ordinary: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    passed: int = 0


@dataclass(frozen=True)
class Line:
    """A letter that tickets of an agency carry today, and how many of them wait."""

    letter: str
    agency: str
    agency_name: str
    waiting: int = 0


@dataclass(frozen=True)
class Promised:
    """A counter that visitors were sent to today, with the services they were sent there for."""

    floor: int
    agency: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class LastAct:
    """What a counter did last, and what it takes to undo it."""

    act: Act
    before: Ticket
    at: datetime
    passed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Desk:
    """A counter today."""

    status: Literal["open", "paused", "closed"]
    since: datetime
    floor: int = 0
    agency: str = ""
    reason: str = ""
    last: LastAct | None = None


@dataclass(frozen=True)
class Booking:
    """A place that was booked, its status, and what prevents a claim as things are (`suspended`)."""

    placed: PlaceBooked
    claim_by: datetime
    status: Literal["booked", "claimed", "cancelled", "lapsed"] = "booked"
    ticket_id: str = ""
    suspended: BookingSuspended | None = None


@dataclass(frozen=True)
class Places:
    """Places taken, by tickets and bookings that were not given back."""

    all: int = 0
    priority: int = 0
    booked: int = 0
    home: int = 0  # by tickets that were taken from home
    by_service: Map[str, int] = field(default_factory=Map)
    booked_by_service: Map[str, int] = field(default_factory=Map)
    home_by_service: Map[str, int] = field(default_factory=Map)

    def plus(self, service: str, count: int, *, priority: bool, booked: bool, home: bool = False) -> "Places":
        """With so many more."""
        return Places(
            self.all + count,
            self.priority + count * priority,
            self.booked + count * booked,
            self.home + count * home,
            _plus(self.by_service, service, count),
            _plus(self.booked_by_service, service, count * booked),
            _plus(self.home_by_service, service, count * home),
        )


def _plus(counts: Map[str, int], service: str, count: int) -> Map[str, int]:
    return counts.set(service, counts.get(service, 0) + count) if count else counts


@dataclass(frozen=True)
class Day:
    """A business day so far. What grows all day is a persistent map: a plain dict would be copied each time."""

    opened: DayOpened | None = None
    rule: Rule = RATIO
    rule_is_set: bool = False
    override: DayForcedOpen | None = None
    stopped: DayStopped | None = None
    closed: DayClosed | None = None
    closes_at: datetime | None = None
    closing_has_passed: bool = False  # by an edit of the hours: only a person, or midnight, closes the day
    tickets: Map[str, Ticket] = field(default_factory=Map)
    numbers: Map[str, int] = field(default_factory=Map)
    queues: Map[str, ServiceQueue] = field(default_factory=Map)
    lines: Map[tuple[str, str], Line] = field(default_factory=Map)  # by letter and agency
    letters: Map[str, str] = field(default_factory=Map)  # of agencies whose tickets carry one today
    promised: Map[str, Promised] = field(default_factory=Map)  # by counter
    reserved: tuple[str, ...] = ()  # waiting tickets that were sent to one counter
    serving: Map[str, str] = field(default_factory=Map)
    engaged: Map[str, str] = field(default_factory=Map)
    desks: Map[str, Desk] = field(default_factory=Map)
    bookings: Map[str, Booking] = field(default_factory=Map)
    unclaimed: int = 0
    places: Places = Places()
    calls: tuple[TicketCalled | TicketRecalled, ...] = ()
    measured: Map[str, Measured] = field(default_factory=Map)
    residuals: tuple[int, ...] = ()

    def ticket(self, ticket_id: str) -> Ticket:
        """The ticket with this id. Raises `UnknownTicket`."""
        if ticket_id not in self.tickets:
            raise UnknownTicket()
        return self.tickets[ticket_id]

    def booking(self, booking_id: str) -> Booking:
        """The booking with this id. Raises `UnknownBooking`."""
        if booking_id not in self.bookings:
            raise UnknownBooking()
        return self.bookings[booking_id]

    def arrival_of(self, ticket_id: str) -> int:
        """A ticket's order of arrival."""
        return self.tickets[ticket_id].arrival
