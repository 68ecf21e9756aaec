"""What people ask of a business day. Time and new ids come in with the command.

`counter` is where the clerk sits; None stands for staff who may act at any counter.
"""

from dataclasses import dataclass
from datetime import date, datetime

from services.ticketing.domain.day.events import Channel, Result
from services.ticketing.domain.mall import Mall, Rule


@dataclass(frozen=True)
class IssueTicket:
    """A visitor asks for a ticket; `beside` is another ticket of the same visit, `channel` how it is taken."""

    ticket_id: str
    service: str
    priority: str | None
    now: datetime
    mall: Mall
    beside: str = ""
    channel: Channel = ""


@dataclass(frozen=True)
class BookPlace:
    """A visitor books a place on a day to come; from `home` within the share of bookings."""

    booking_id: str
    service: str
    priority: str | None
    date: date
    now: datetime
    mall: Mall
    channel: Channel = ""


@dataclass(frozen=True)
class CancelBooking:
    """The place is not needed."""

    booking_id: str
    now: datetime


@dataclass(frozen=True)
class CheckIn:
    """Who booked has come: the booking becomes a ticket, once."""

    booking_id: str
    ticket_id: str
    now: datetime
    mall: Mall
    channel: Channel = ""


@dataclass(frozen=True)
class CancelTicket:
    """The visitor leaves, or staff takes the ticket out of the line."""

    ticket_id: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class OpenCounter:
    """A clerk is ready for visitors."""

    counter: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class PauseCounter:
    """A clerk takes a break."""

    counter: str
    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class CloseCounter:
    """A clerk is done for the day."""

    counter: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class CallNext:
    """A counter is free for the next visitor."""

    counter: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class CallTicket:
    """A counter calls one particular visitor, out of turn, for a reason that is recorded."""

    counter: str
    ticket_id: str
    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class WalkIn:
    """A visitor stands at the counter without a ticket; `reason` is needed if others wait for it."""

    counter: str
    ticket_id: str
    service: str
    priority: str | None
    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class Recall:
    """The visitor did not come: call again."""

    ticket_id: str
    counter: str | None
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class StartService:
    """The visitor has come to the counter."""

    ticket_id: str
    counter: str | None
    now: datetime


@dataclass(frozen=True)
class Finish:
    """The visitor has been served: with which result, and which other services were given on the way."""

    ticket_id: str
    counter: str | None
    now: datetime
    result: Result = "done"
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class MissTicket:
    """The visitor was called and did not come."""

    ticket_id: str
    counter: str | None
    now: datetime


@dataclass(frozen=True)
class RestoreTicket:
    """The visitor who was missed has come after all, and waits again at the old place.

    A clerk's `counter` comes with the `mall`, which says what that counter gives.
    """

    ticket_id: str
    now: datetime
    counter: str | None = None
    mall: Mall | None = None


@dataclass(frozen=True)
class HoldTicket:
    """The visitor has to fetch something and comes back to the counter; the counter is free meanwhile."""

    ticket_id: str
    counter: str | None
    reason: str
    now: datetime


@dataclass(frozen=True)
class ResumeTicket:
    """The visitor on hold is back at a counter."""

    ticket_id: str
    counter: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class TransferTicket:
    """The visitor goes on to another service or counter (empty: any of it), keeping number and time of arrival."""

    ticket_id: str
    counter: str | None
    service: str
    to: str
    note: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class TransferAll:
    """A supervisor sends all who wait for a service, and whom no counter can call, to another one or its counter."""

    waiting_for: str
    service: str
    to: str
    note: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class EndTicket:
    """A supervisor ends a ticket that cannot be served, for a reason that its visitor reads."""

    ticket_id: str
    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class UndoLast:
    """The clerk takes back the counter's last act."""

    counter: str
    now: datetime


@dataclass(frozen=True)
class ForceOpen:
    """A supervisor opens the mall outside its hours for the rest of the day."""

    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class StopDay:
    """A supervisor stops issuing and calling at once; who is at a counter is served."""

    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class ResumeDay:
    """A supervisor lets the day go on."""

    now: datetime


@dataclass(frozen=True)
class ChangeRule:
    """A supervisor sets who is called next for the rest of the day."""

    rule: Rule
    reason: str
    now: datetime
    mall: Mall


@dataclass(frozen=True)
class CloseDay:
    """A supervisor closes the books of the day."""

    now: datetime
    mall: Mall


@dataclass(frozen=True)
class Tick:
    """Time has passed on this business day: what is due by the clock happens.

    While the clock cannot be trusted (`is_trusted`), nothing that cannot be taken back happens.
    """

    date: date
    now: datetime
    mall: Mall
    is_trusted: bool = True


Visitors = IssueTicket | BookPlace | CancelBooking | CheckIn | CancelTicket
Counters = (
    OpenCounter
    | PauseCounter
    | CloseCounter
    | CallNext
    | CallTicket
    | WalkIn
    | Recall
    | StartService
    | Finish
    | MissTicket
    | RestoreTicket
    | HoldTicket
    | ResumeTicket
    | TransferTicket
    | TransferAll
    | EndTicket
    | UndoLast
)
Supervisors = ForceOpen | StopDay | ResumeDay | ChangeRule | CloseDay | Tick
Command = Visitors | Counters | Supervisors
