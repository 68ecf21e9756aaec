"""What was heard and said, as stored. Rename nothing; new fields get defaults. No event holds a phone number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "issued",
    "approaching",
    "called",
    "recalled",
    "transferred",
    "missed",
    "unserved",
    "suspended",
    "continued",
    "booked",
    "reminded",
    "closed",
    "reopened",
    "rescheduled",
]
What = Literal[
    "approaching",
    "recalled",
    "transferred",
    "missed",
    "restored",
    "held",
    "resumed",
    "served",
    "cancelled",
    "unserved",
    "call-undone",
    "undone",
]
Scope = Literal["mall", "service", "day"]
Position = tuple[int, int]  # version of the commit and index of an event in its producer's stream
NOWHERE: Position = (0, 0)


@dataclass(frozen=True)
class IssueHeard:
    """The ticket exists."""

    ticket_id: str
    mall: str
    mall_name: str
    number: str
    ahead: int
    issued_at: datetime
    service: str = ""
    agency: str = ""
    position: Position = NOWHERE


@dataclass(frozen=True)
class CallHeard:
    """The ticket was called; recorded also where there is nobody to tell, so that a repeat tells nobody either."""

    ticket_id: str
    counter: str
    floor: int
    called_at: datetime
    call: int = 1
    position: Position = NOWHERE


@dataclass(frozen=True)
class NewsHeard:
    """Something else happened to the ticket; `values` is what a text about it could tell."""

    ticket_id: str
    what: What
    at: datetime
    position: Position
    values: Mapping[str, str]


@dataclass(frozen=True)
class BookingHeard:
    """A place is kept until `claim_by`, in the mall's own zone."""

    booking_id: str
    mall: str
    service: str
    agency: str
    booked_at: datetime
    claim_by: datetime


@dataclass(frozen=True)
class BookingEnded:
    """Nobody needs to come for the booked place any more: it was given back, or has lapsed."""

    booking_id: str
    at: datetime


@dataclass(frozen=True)
class BookingSuspended:
    """The booked place cannot be claimed for now: ticketing names a `cause`; the public `reason` may be empty."""

    booking_id: str
    cause: str
    reason: str
    at: datetime
    position: Position


@dataclass(frozen=True)
class BookingResumed:
    """The booked place can be claimed again, until `claim_by`."""

    booking_id: str
    claim_by: datetime
    at: datetime
    position: Position


@dataclass(frozen=True)
class BookingRescheduled:
    """The hours of the booked day changed: the place is kept until another time, `claim_by`."""

    booking_id: str
    claim_by: datetime
    at: datetime
    position: Position


@dataclass(frozen=True)
class PhoneLeft:
    """A number was left; `language` is the visitor's own choice."""

    ticket_id: str
    phone: str
    left_at: datetime
    language: str = "id"


@dataclass(frozen=True)
class PhoneWithdrawn:
    """The number was taken back."""

    ticket_id: str
    at: datetime


@dataclass(frozen=True)
class SmsRequested:
    """A text is to be sent, not before `not_before`; `values` fill its template, `about` is the news it tells of."""

    message_id: str
    ticket_id: str
    kind: Kind
    to: str
    number: str
    values: Mapping[str, str]
    best_before: datetime
    requested_at: datetime
    mall: str = ""
    agency: str = ""
    language: str = "id"
    about: Position = NOWHERE
    not_before: datetime | None = None


@dataclass(frozen=True)
class SmsClaimed:
    """The text is being handed to a gateway. From here on nobody else hands it over."""

    message_id: str
    claimed_at: datetime
    attempt: int = 1
    gateway: str = ""
    text: str = ""


@dataclass(frozen=True)
class SmsHeld:
    """The text waits, for this `reason`: `suspended` while what it asks the visitor to come to is closed."""

    message_id: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class SmsNotTaken:
    """The gateway certainly did not take the text; it is tried again from `retry_at` on."""

    message_id: str
    at: datetime
    retry_at: datetime
    reason: str


@dataclass(frozen=True)
class SmsAccepted:
    """The gateway took the text."""

    message_id: str
    gateway_id: str
    at: datetime


@dataclass(frozen=True)
class SmsDelivered:
    """The text is on the phone, the gateway reports."""

    message_id: str
    at: datetime
    ticket_id: str
    kind: Kind
    mall: str
    agency: str


@dataclass(frozen=True)
class SmsFailed:
    """The text certainly did not reach the phone: no gateway took it, or one reported so."""

    message_id: str
    at: datetime
    reason: str = ""
    ticket_id: str = ""
    kind: Kind = "called"
    mall: str = ""
    agency: str = ""


@dataclass(frozen=True)
class SmsUnknown:
    """Nobody can say whether the text was sent."""

    message_id: str
    at: datetime


@dataclass(frozen=True)
class SmsExpired:
    """The text would have come too late and was not sent."""

    message_id: str
    at: datetime
    ticket_id: str = ""
    kind: Kind = "called"
    mall: str = ""
    agency: str = ""


@dataclass(frozen=True)
class SmsDropped:
    """The text was not sent because nobody needs it: why, in `reason`."""

    message_id: str
    reason: str
    at: datetime


Event = (
    IssueHeard
    | CallHeard
    | NewsHeard
    | BookingHeard
    | BookingEnded
    | BookingSuspended
    | BookingResumed
    | BookingRescheduled
    | PhoneLeft
    | PhoneWithdrawn
    | SmsRequested
    | SmsClaimed
    | SmsHeld
    | SmsNotTaken
    | SmsAccepted
    | SmsDelivered
    | SmsFailed
    | SmsUnknown
    | SmsExpired
    | SmsDropped
)
