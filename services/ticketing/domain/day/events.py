"""What happened on a business day. Stored as named here: rename nothing; new fields get defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.ticketing.domain.mall import RATIO, Rule

Result = Literal["done", "incomplete", "referred", "assumed"]
# How a ticket's place was taken: by a kiosk or staff, by a phone in the hall, from anywhere else, or booked before.
# Empty in events stored before the field was added, and where the deployment makes no difference.
Channel = Literal["", "kiosk", "hall", "home", "booking"]
Act = Literal["called", "served", "missed", "held", "transferred"]
# Why a booked place cannot be claimed.
Cause = Literal[
    "closed-day", "mall-closed", "service-withdrawn", "service-closed", "agency-suspended", "counter-closed"
]


@dataclass(frozen=True)
class CounterWithFloor:
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
    rule: Rule = RATIO
    closes_at: datetime | None = None


@dataclass(frozen=True)
class ClosingRescheduled:
    """The hours were edited: by them the day closes at `closes_at`. An instant that has passed closes nothing."""

    closes_at: datetime
    rescheduled_at: datetime


@dataclass(frozen=True)
class RuleChanged:
    """From now on, visitors are called by this rule; a supervisor's (with a reason) holds for the rest of the day."""

    rule: Rule
    reason: str
    changed_at: datetime


@dataclass(frozen=True)
class DayForcedOpen:
    """The mall takes visitors outside its hours, for a stated reason."""

    reason: str
    opened_at: datetime


@dataclass(frozen=True)
class DayStopped:
    """Nobody gets a ticket or is called until the day goes on."""

    reason: str
    stopped_at: datetime


@dataclass(frozen=True)
class DayResumed:
    """The day goes on."""

    resumed_at: datetime


@dataclass(frozen=True)
class DayClosed:
    """The books are closed: how many tickets and bookings ended how. Nothing follows in this stream."""

    date: str
    closed_at: datetime
    by_schedule: bool
    totals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaceBooked:
    """A place of the day is kept for somebody who booked it, until `claim_by`."""

    booking_id: str
    service: str
    service_name: str
    agency: str
    priority: str | None
    booked_at: datetime
    claim_by: datetime


@dataclass(frozen=True)
class BookingCancelled:
    """The place is free again."""

    booking_id: str
    cancelled_at: datetime
    service: str = ""
    agency: str = ""


@dataclass(frozen=True)
class BookingLapsed:
    """Nobody came for the place in time: it is everybody's again."""

    booking_id: str
    lapsed_at: datetime
    service: str = ""
    agency: str = ""


@dataclass(frozen=True)
class BookingSuspended:
    """The booked place cannot be claimed as hours, closures and the catalogue are now; `reason` is public."""

    booking_id: str
    service: str
    agency: str
    cause: Cause
    reason: str
    suspended_at: datetime


@dataclass(frozen=True)
class BookingResumed:
    """The booked place can be claimed again, until `claim_by`."""

    booking_id: str
    service: str
    agency: str
    claim_by: datetime
    resumed_at: datetime


@dataclass(frozen=True)
class BookingRescheduled:
    """The hours of that day changed: the booked place is kept until another time."""

    booking_id: str
    service: str
    agency: str
    claim_by: datetime
    rescheduled_at: datetime


@dataclass(frozen=True)
class TicketIssued:
    """A visitor waits; the expected wait, its spread and the range shown to the visitor are in seconds.

    `ahead` depends on the priority class and is for the visitor alone; `waiting` does not, and is published: how many
    waited in the shortest line of its counters. None in events stored before the field was added.
    """

    ticket_id: str
    number: str
    line: str
    service: str
    service_name: str
    agency: str
    agency_name: str
    counters: tuple[CounterWithFloor, ...]
    priority: str | None
    ahead: int
    issued_at: datetime
    mall_name: str
    visit: str = ""
    booking: str = ""
    expected_wait: int | None = None
    expected_spread: int = 0
    told_low: int = 0
    told_high: int = 0
    waiting: int | None = None
    channel: Channel = ""


@dataclass(frozen=True)
class TicketCalled:
    """A counter called a visitor; who was passed over follows from `among`, the services it could have called.

    With a `reason`, the visitor was chosen out of turn.
    """

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    floor: int
    among: tuple[str, ...]
    called_at: datetime
    call: int = 1
    reason: str = ""


@dataclass(frozen=True)
class TicketRecalled:
    """The visitor was called once more to the same counter."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    floor: int
    call: int
    recalled_at: datetime


@dataclass(frozen=True)
class TicketApproaching:
    """Only `ahead` others are called before this visitor now; once for each ticket.

    `ahead` depends on the priority class. `at_most`, the most that it can be by the mall's setting, is published; the
    default is the highest setting's.
    """

    ticket_id: str
    number: str
    service: str
    agency: str
    ahead: int
    at: datetime
    at_most: int = 19


@dataclass(frozen=True)
class ServiceStarted:
    """The visitor has come to the counter."""

    ticket_id: str
    number: str
    counter: str
    started_at: datetime


@dataclass(frozen=True)
class TicketServed:
    """The visit is over; `assumed` where the day closed on it."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    served_at: datetime
    result: Result = "done"
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class TicketMissed:
    """The visitor did not come when called."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    missed_at: datetime


@dataclass(frozen=True)
class TicketRestored:
    """The visitor who was missed waits again, at the old place."""

    ticket_id: str
    number: str
    service: str
    agency: str
    restored_at: datetime


@dataclass(frozen=True)
class TicketHeld:
    """The visitor fetches something and comes back; the reason is for staff alone."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    reason: str
    held_at: datetime


@dataclass(frozen=True)
class TicketResumed:
    """The visitor on hold is served again."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    floor: int
    resumed_at: datetime


@dataclass(frozen=True)
class TicketTransferred:
    """The visitor waits for another service, or for one counter of it (`to`); the note is for staff alone."""

    ticket_id: str
    number: str
    from_service: str
    from_agency: str
    from_counter: str
    service: str
    service_name: str
    agency: str
    agency_name: str
    line: str
    counters: tuple[CounterWithFloor, ...]
    to: str
    note: str
    transferred_at: datetime


@dataclass(frozen=True)
class TicketCancelled:
    """The visitor waits no longer; the place is free again."""

    ticket_id: str
    number: str
    service: str
    agency: str
    cancelled_at: datetime


@dataclass(frozen=True)
class TicketUnserved:
    """The visitor leaves without service: the day closed, or a supervisor ended the ticket for a public `reason`."""

    ticket_id: str
    number: str
    service: str
    agency: str
    closed_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class CounterOpened:
    """The counter takes visitors."""

    counter: str
    floor: int
    agency: str
    opened_at: datetime


@dataclass(frozen=True)
class CounterPaused:
    """The counter takes a break."""

    counter: str
    floor: int
    agency: str
    reason: str
    paused_at: datetime


@dataclass(frozen=True)
class CounterClosed:
    """The counter takes no more visitors today."""

    counter: str
    floor: int
    agency: str
    closed_at: datetime


@dataclass(frozen=True)
class ActUndone:
    """A counter's last act was taken back: the ticket stands as before it."""

    ticket_id: str
    number: str
    service: str
    agency: str
    counter: str
    act: Act
    undone_at: datetime


OfTickets = (
    TicketIssued
    | TicketCalled
    | TicketRecalled
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
    | ActUndone
)
OfCounters = CounterOpened | CounterPaused | CounterClosed
OfBookings = PlaceBooked | BookingCancelled | BookingLapsed | BookingSuspended | BookingResumed | BookingRescheduled
OfTheDay = DayOpened | ClosingRescheduled | RuleChanged | DayForcedOpen | DayStopped | DayResumed | DayClosed
Event = OfTickets | OfCounters | OfBookings | OfTheDay
