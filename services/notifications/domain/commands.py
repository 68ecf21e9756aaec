"""What can be asked of a correspondence. Time, and whatever chance decides, comes in with the command."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.notifications.domain.events import (
    BookingEnded,
    BookingHeard,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    CallHeard,
    IssueHeard,
    NewsHeard,
    Position,
    Scope,
)

HandedOver = Literal["accepted", "not-sent", "rejected", "unknown"]


@dataclass(frozen=True)
class HearIssued:
    """Ticketing issued the ticket. `heard` is the event to store, here and below."""

    heard: IssueHeard
    now: datetime


@dataclass(frozen=True)
class HearCalled:
    """A counter called the ticket, for the `call`-th time: who was missed or sent on is called again."""

    heard: CallHeard
    now: datetime


@dataclass(frozen=True)
class HearNews:
    """Something else happened to the ticket."""

    heard: NewsHeard
    now: datetime


@dataclass(frozen=True)
class HearBooked:
    """A visitor booked a place."""

    heard: BookingHeard
    now: datetime


@dataclass(frozen=True)
class HearBookingEnded:
    """The booked place was given back, or has lapsed."""

    heard: BookingEnded


@dataclass(frozen=True)
class HearSuspended:
    """The mall, a service or the day has stopped, which concerns the tickets that wait for it."""

    mall: str
    scope: Scope
    code: str
    reason: str
    position: Position
    at: datetime
    now: datetime


@dataclass(frozen=True)
class RecordContinued:
    """The mall, a service or the day has resumed, and nothing else stops this ticket any more."""

    mall: str
    scope: Scope
    code: str
    position: Position
    at: datetime
    now: datetime


@dataclass(frozen=True)
class RecordBookingChange:
    """Ticketing says whether the booked place can be claimed, and until when."""

    change: BookingSuspended | BookingResumed | BookingRescheduled
    now: datetime


@dataclass(frozen=True)
class LeavePhone:
    """The visitor left a number; only its masked form comes here."""

    ticket_id: str
    phone: str
    now: datetime
    language: str = "id"


@dataclass(frozen=True)
class WithdrawPhone:
    """The visitor takes the number back."""

    ticket_id: str
    now: datetime


@dataclass(frozen=True)
class ClaimMessage:
    """A sender is about to hand this text to a gateway, or to drop it if `drop` gives a reason."""

    message_id: str
    now: datetime
    gateway: str = ""
    text: str = ""
    drop: str = ""


@dataclass(frozen=True)
class HoldMessage:
    """The text is not sent for now, for this reason."""

    message_id: str
    reason: str
    now: datetime


@dataclass(frozen=True)
class SettleMessage:
    """Whatever ends a text without a gateway: that it is too late, is not needed, or that who claimed it died."""

    message_id: str
    now: datetime
    drop: str = ""


@dataclass(frozen=True)
class RecordOutcome:
    """What the gateway made of the text at this attempt; if it was not sent, when to try again."""

    message_id: str
    attempt: int
    outcome: HandedOver
    gateway_id: str
    now: datetime
    reason: str = ""
    retry_in: timedelta = timedelta(0)


@dataclass(frozen=True)
class RecordReport:
    """What the gateway reports later."""

    message_id: str
    delivered: bool
    now: datetime


Command = (
    HearIssued
    | HearCalled
    | HearNews
    | HearBooked
    | HearBookingEnded
    | HearSuspended
    | RecordContinued
    | RecordBookingChange
    | LeavePhone
    | WithdrawPhone
    | ClaimMessage
    | HoldMessage
    | SettleMessage
    | RecordOutcome
    | RecordReport
)
