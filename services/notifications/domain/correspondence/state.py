"""The state of one correspondence, and how each event changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never, get_args

from services.notifications.domain.events import (
    NOWHERE,
    BookingEnded,
    BookingHeard,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    CallHeard,
    Event,
    IssueHeard,
    Kind,
    NewsHeard,
    PhoneLeft,
    PhoneWithdrawn,
    Position,
    SmsAccepted,
    SmsClaimed,
    SmsDelivered,
    SmsDropped,
    SmsExpired,
    SmsFailed,
    SmsHeld,
    SmsNotTaken,
    SmsRequested,
    SmsUnknown,
    What,
)

Status = Literal["requested", "sending", "accepted", "delivered", "failed", "unknown", "expired", "dropped"]
STATUSES: tuple[Status, ...] = get_args(Status)
MAY_HAVE_ARRIVED: tuple[Status, ...] = ("sending", "accepted", "delivered", "unknown")
Standing = Literal["nowhere", "waiting", "called", "held", "missed", "booked", "over"]
# The standing of a ticket after news of it; news that is not listed leaves it unchanged.
STANDING_AFTER: Mapping[What, Standing] = {
    "recalled": "called",
    "transferred": "waiting",
    "missed": "missed",
    "restored": "waiting",
    "held": "held",
    "resumed": "called",
    "served": "over",
    "cancelled": "over",
    "unserved": "over",
    "call-undone": "waiting",
    "undone": "called",
}


@dataclass(frozen=True)
class Message:
    """A text and what became of it."""

    requested: SmsRequested
    status: Status
    changed_at: datetime
    due: datetime
    attempts: int = 0
    gateway: str = ""
    text: str = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still be handed over, or is being."""
        return self.status in ("requested", "sending")


@dataclass(frozen=True)
class Correspondence:
    """The received news of one ticket or booking, and the texts about it."""

    issued: IssueHeard | None = None
    called: CallHeard | None = None
    booking: BookingHeard | None = None  # with the time by which it has to be claimed now
    suspension: BookingSuspended | None = None
    announced: datetime | None = None  # the last claim time that held while the place could be claimed
    phone: str | None = None
    language: str = "id"
    standing: Standing = "nowhere"
    since: Position = NOWHERE  # of the event that led to this standing
    heard: Position = NOWHERE  # of the last event received
    service: str = ""
    agency: str = ""
    messages: Mapping[str, Message] = field(default_factory=dict)

    def is_old(self, position: Position) -> bool:
        """Return whether an event at this position was received before, or one that came after it."""
        return position != NOWHERE and position <= self.heard

    def has_requested(self, kind: Kind) -> bool:
        """Return whether a text of this kind was requested."""
        return bool(self.of_kind(kind))

    def of_kind(self, *kinds: Kind) -> list[Message]:
        """Return the texts of these kinds, in the order in which they were requested."""
        return [message for message in self.messages.values() if message.requested.kind in kinds]


def evolve(state: Correspondence, event: Event) -> Correspondence:  # noqa: C901 - one line for each event
    """Return the correspondence after an event."""
    match event:
        case IssueHeard(service=service, agency=agency, position=position):
            standing: Standing = "waiting" if state.standing == "nowhere" else state.standing
            since = position if state.standing == "nowhere" else state.since
            latest = max(position, state.heard)
            after = replace(state, issued=event, standing=standing, since=since, heard=latest)
            return replace(after, service=service, agency=agency)
        case CallHeard(position=position):
            return replace(state, called=event, standing="called", since=position, heard=max(position, state.heard))
        case NewsHeard():
            return _after_news(state, event)
        case BookingHeard(service=service, agency=agency):
            standing = "booked" if state.standing == "nowhere" else state.standing
            after = replace(state, booking=event, standing=standing, service=service, agency=agency)
            return replace(after, announced=event.claim_by)
        case BookingSuspended() | BookingResumed() | BookingRescheduled():
            return _after_booking_change(state, event)
        case BookingEnded():
            return replace(state, standing="over")
        case PhoneLeft():
            return replace(state, phone=event.phone, language=event.language)
        case PhoneWithdrawn():
            return replace(state, phone=None)
        case SmsRequested():
            due = event.not_before or event.requested_at
            message = Message(event, "requested", event.requested_at, due)
            return replace(state, messages={**state.messages, event.message_id: message})
        case SmsClaimed(message_id, at, attempt, gateway, text):
            return _with_status(state, message_id, "sending", at, attempts=attempt, gateway=gateway, text=text)
        case SmsHeld(message_id, reason, at):
            return _with_status(state, message_id, "requested", at, reason=reason)
        case SmsNotTaken(message_id, at, retry_at, reason):
            return _with_status(state, message_id, "requested", at, due=retry_at, reason=reason)
        case SmsAccepted(message_id, _, at):
            return _with_status(state, message_id, "accepted", at, reason="")
        case SmsDelivered(message_id, at):
            return _with_status(state, message_id, "delivered", at, reason="")
        case SmsFailed(message_id, at, reason):
            return _with_status(state, message_id, "failed", at, reason=reason)
        case SmsUnknown(message_id, at):
            return _with_status(state, message_id, "unknown", at)
        case SmsExpired(message_id, at):
            return _with_status(state, message_id, "expired", at)
        case SmsDropped(message_id, reason, at):
            return _with_status(state, message_id, "dropped", at, reason=reason)
        case _:
            assert_never(event)


def _after_news(state: Correspondence, news: NewsHeard) -> Correspondence:
    after = replace(state, heard=news.position)
    if news.what in STANDING_AFTER:
        after = replace(after, standing=STANDING_AFTER[news.what], since=news.position)
    if news.what == "transferred":
        after = replace(after, service=news.values["to_service"], agency=news.values["to_agency"])
    return after


def _after_booking_change(
    state: Correspondence, change: BookingSuspended | BookingResumed | BookingRescheduled
) -> Correspondence:
    after = replace(state, heard=change.position)
    if isinstance(change, BookingSuspended):
        return replace(after, suspension=change)
    if state.booking:  # texts name the claim time in the mall's own zone
        claim_by = change.claim_by.astimezone(state.booking.claim_by.tzinfo)
        after = replace(after, booking=replace(state.booking, claim_by=claim_by))
        if isinstance(change, BookingResumed) or state.suspension is None:
            after = replace(after, announced=claim_by)
    return replace(after, suspension=None) if isinstance(change, BookingResumed) else after


def _with_status(
    state: Correspondence, message_id: str, status: Status, at: datetime, **more: object
) -> Correspondence:
    message = replace(state.messages[message_id], status=status, changed_at=at, **more)  # type: ignore[arg-type]
    return replace(state, messages={**state.messages, message_id: message})
