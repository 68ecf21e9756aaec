"""What a visitor is told about one ticket: at most one text per occasion, however often we hear of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from services.chassis.decider import Decider

Kind = Literal["issued", "called"]
Outcome = Literal["accepted", "failed", "unknown"]
Status = Literal["requested", "sending", "accepted", "failed", "unknown", "expired"]

# A text that comes later than this is worse than none: the visitor has been called past, or sits there already.
WORTH_SENDING: Mapping[Kind, timedelta] = {"issued": timedelta(hours=1), "called": timedelta(minutes=10)}


@dataclass(frozen=True)
class HearIssued:
    """Ticketing issued the ticket."""

    ticket_id: str
    mall: str
    mall_name: str
    number: str
    ahead: int
    issued_at: datetime
    now: datetime


@dataclass(frozen=True)
class HearCalled:
    """A counter called the ticket, for the `call`-th time: who was missed or sent on is called again."""

    ticket_id: str
    counter: str
    floor: int
    called_at: datetime
    now: datetime
    call: int = 1


@dataclass(frozen=True)
class LeavePhone:
    """The visitor left a number; only its masked form comes here."""

    ticket_id: str
    phone: str
    now: datetime


@dataclass(frozen=True)
class ClaimMessage:
    """A relay is about to hand this message to the gateway."""

    message_id: str
    now: datetime


@dataclass(frozen=True)
class RecordOutcome:
    """What the gateway made of the message."""

    message_id: str
    outcome: Outcome
    gateway_id: str
    now: datetime


Command = HearIssued | HearCalled | LeavePhone | ClaimMessage | RecordOutcome


# Stored as named here: rename nothing; new fields get defaults. No event holds a phone number.
@dataclass(frozen=True)
class IssueHeard:
    """The ticket exists."""

    ticket_id: str
    mall: str
    mall_name: str
    number: str
    ahead: int
    issued_at: datetime


@dataclass(frozen=True)
class CallHeard:
    """The ticket was called; recorded also where there is nobody to tell, so that a repeat tells nobody either."""

    ticket_id: str
    counter: str
    floor: int
    called_at: datetime
    call: int = 1


@dataclass(frozen=True)
class PhoneLeft:
    """A number was left for the ticket."""

    ticket_id: str
    phone: str
    left_at: datetime


@dataclass(frozen=True)
class SmsRequested:
    """A text is to be sent; `values` fill its template."""

    message_id: str
    ticket_id: str
    kind: Kind
    to: str
    number: str
    values: Mapping[str, str]
    best_before: datetime
    requested_at: datetime
    mall: str = ""


@dataclass(frozen=True)
class SmsClaimed:
    """The text is being handed to the gateway. From here on it is never sent a second time."""

    message_id: str
    claimed_at: datetime


@dataclass(frozen=True)
class SmsAccepted:
    """The gateway took the text."""

    message_id: str
    gateway_id: str
    at: datetime


@dataclass(frozen=True)
class SmsFailed:
    """The gateway certainly did not take the text."""

    message_id: str
    at: datetime


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


Event = (
    IssueHeard | CallHeard | PhoneLeft | SmsRequested | SmsClaimed | SmsAccepted | SmsFailed | SmsUnknown | SmsExpired
)


@dataclass(frozen=True)
class Message:
    """A text and what became of it."""

    requested: SmsRequested
    status: Status
    changed_at: datetime


@dataclass(frozen=True)
class Correspondence:
    """All that was heard and said about one ticket."""

    issued: IssueHeard | None = None
    called: CallHeard | None = None
    phone: str | None = None
    messages: Mapping[str, Message] = field(default_factory=dict)

    def told(self, kind: Kind) -> bool:
        """Whether a text of this kind was requested."""
        return any(message.requested.kind == kind for message in self.messages.values())


def evolve(state: Correspondence, event: Event) -> Correspondence:
    """The correspondence after an event."""
    match event:
        case IssueHeard():
            return replace(state, issued=event)
        case CallHeard():
            return replace(state, called=event)
        case PhoneLeft():
            return replace(state, phone=event.phone)
        case SmsRequested():
            message = Message(event, "requested", event.requested_at)
            return replace(state, messages={**state.messages, event.message_id: message})
        case SmsClaimed(message_id, at):
            return _became(state, message_id, "sending", at)
        case SmsAccepted(message_id, _, at):
            return _became(state, message_id, "accepted", at)
        case SmsFailed(message_id, at):
            return _became(state, message_id, "failed", at)
        case SmsUnknown(message_id, at):
            return _became(state, message_id, "unknown", at)
        case SmsExpired(message_id, at):
            return _became(state, message_id, "expired", at)
        case _:
            assert_never(event)


def _became(state: Correspondence, message_id: str, status: Status, at: datetime) -> Correspondence:
    message = replace(state.messages[message_id], status=status, changed_at=at)
    return replace(state, messages={**state.messages, message_id: message})


def decide(command: Command, state: Correspondence) -> list[Event]:
    """What a command leads to; a repeat leads to nothing."""
    match command:
        case HearIssued():
            if state.issued:
                return []
            heard = IssueHeard(
                command.ticket_id,
                command.mall,
                command.mall_name,
                command.number,
                command.ahead,
                command.issued_at,
            )
            return [heard, *_tell_issued(heard, state.phone, command.now)]
        case HearCalled():
            if state.called and command.call <= state.called.call:
                return []
            called = CallHeard(command.ticket_id, command.counter, command.floor, command.called_at, command.call)
            return [called, *_tell_called(state.issued, called, state.phone, command.now)]
        case LeavePhone(ticket_id, phone, now):
            left = [PhoneLeft(ticket_id, phone, now)] if phone != state.phone else []
            waits = state.issued and not state.called and not state.told("issued")
            return [*left, *(_tell_issued(state.issued, phone, now) if waits and state.issued else [])]
        case ClaimMessage(message_id, now):
            return _claim(state.messages[message_id], now)
        case RecordOutcome():
            return _record(state.messages[command.message_id], command)
        case _:
            assert_never(command)


def _tell_issued(heard: IssueHeard, phone: str | None, now: datetime) -> list[Event]:
    return _request(heard, "issued", phone, {"ahead": str(heard.ahead)}, heard.issued_at, now)


def _tell_called(issued: IssueHeard | None, called: CallHeard, phone: str | None, now: datetime) -> list[Event]:
    if issued is None:
        return []
    place = {"counter": called.counter, "floor": str(called.floor)}
    again = f"-{called.call}" if called.call > 1 else ""
    return _request(issued, "called", phone, place, called.called_at, now, again)


def _request(
    ticket: IssueHeard,
    kind: Kind,
    phone: str | None,
    values: Mapping[str, str],
    happened: datetime,
    now: datetime,
    again: str = "",
) -> list[Event]:
    if phone is None:
        return []
    request = SmsRequested(
        message_id=f"{ticket.ticket_id}.{kind}{again}",
        ticket_id=ticket.ticket_id,
        kind=kind,
        to=phone,
        number=ticket.number,
        values={"mall": ticket.mall_name, "number": ticket.number, **values},
        best_before=happened + WORTH_SENDING[kind],
        requested_at=now,
        mall=ticket.mall,
    )
    return [request]


def _claim(message: Message, now: datetime) -> list[Event]:
    """A claim is recorded before the gateway is called: one left by a relay that died is never sent again."""
    message_id = message.requested.message_id
    if message.status == "sending":
        return [SmsUnknown(message_id, now)]
    if message.status != "requested":
        return []
    return [SmsExpired(message_id, now) if now > message.requested.best_before else SmsClaimed(message_id, now)]


def _record(message: Message, command: RecordOutcome) -> list[Event]:
    if message.status != "sending":
        return []
    match command.outcome:
        case "accepted":
            return [SmsAccepted(command.message_id, command.gateway_id, command.now)]
        case "failed":
            return [SmsFailed(command.message_id, command.now)]
        case "unknown":
            return [SmsUnknown(command.message_id, command.now)]


CORRESPONDENCE: Decider[Command, Correspondence, Event] = Decider(
    initial=Correspondence(),
    decide=decide,
    evolve=evolve,
    events=(
        IssueHeard,
        CallHeard,
        PhoneLeft,
        SmsRequested,
        SmsClaimed,
        SmsAccepted,
        SmsFailed,
        SmsUnknown,
        SmsExpired,
    ),
)
