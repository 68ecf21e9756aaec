"""The course of one text: claimed, sent, then as the gateway answers and reports; or expired, dropped or failed."""

from typing import TypedDict, assert_never

from services.notifications.domain.commands import ClaimMessage, HoldMessage, RecordOutcome, RecordReport, SettleMessage
from services.notifications.domain.correspondence.bookings import is_true_of_booking
from services.notifications.domain.correspondence.occasions import OF_THE_LATEST, TRUE_WHILE
from services.notifications.domain.correspondence.state import Correspondence, Message
from services.notifications.domain.correspondence.stops import known_stops, stop_of
from services.notifications.domain.events import (
    NOWHERE,
    Event,
    Kind,
    SmsAccepted,
    SmsClaimed,
    SmsDelivered,
    SmsDropped,
    SmsExpired,
    SmsFailed,
    SmsHeld,
    SmsNotTaken,
    SmsUnknown,
)

MOST_ATTEMPTS = 20


def decide_text(
    command: HoldMessage | ClaimMessage | SettleMessage | RecordOutcome | RecordReport, state: Correspondence
) -> list[Event]:
    """Return the events that a command about one text leads to."""
    match command:
        case ClaimMessage():
            return _claim(state, state.messages[command.message_id], command)
        case HoldMessage(message_id, reason, now):
            message = state.messages[message_id]
            held = message.status == "requested" and message.reason != reason
            return [SmsHeld(message_id, reason, now)] if held else []
        case SettleMessage(message_id, now, drop):
            claim = _claim(state, state.messages[message_id], ClaimMessage(message_id, now, drop=drop))
            return [event for event in claim if not isinstance(event, SmsClaimed)]
        case RecordOutcome():
            return _record(state.messages[command.message_id], command)
        case RecordReport():
            return _report(state.messages.get(command.message_id), command)
        case _:
            assert_never(command)


def _claim(state: Correspondence, message: Message, command: ClaimMessage) -> list[Event]:
    """Record a claim before the gateway is called: a text that a process claimed before it died is not sent again."""
    message_id, now = message.requested.message_id, command.now
    if message.status == "sending":
        return [SmsUnknown(message_id, now)]
    if message.status != "requested":
        return []
    if now > message.requested.best_before:
        return [SmsExpired(message_id, now, **_about(message))]
    if why := command.drop or ("" if _is_true(state, message) else "no-longer-true"):
        return [SmsDropped(message_id, why, now)]
    if now < message.due:
        return []
    return [SmsClaimed(message_id, now, message.attempts + 1, command.gateway, command.text)]


def _is_true(state: Correspondence, message: Message) -> bool:
    """Whether the content of the text still holds."""
    kind, about = message.requested.kind, message.requested.about
    if state.standing not in TRUE_WHILE[kind]:
        return False
    if state.booking and not state.issued:
        return is_true_of_booking(state, message.requested)
    if kind == "suspended" and any(stop_of(known) == stop_of(message) for known in known_stops(state)):
        return False  # a text about another closure of the same thing may have arrived
    return not (kind in OF_THE_LATEST and NOWHERE not in (about, state.since) and about != state.since)


def _record(message: Message, command: RecordOutcome) -> list[Event]:
    """Record the outcome of an attempt, also when the claim was counted as lost: the sender that made it knows best."""
    message_id, now, reason = command.message_id, command.now, command.reason
    if message.attempts != command.attempt or message.status not in ("sending", "unknown"):
        return []
    match command.outcome:
        case "accepted":
            return [SmsAccepted(message_id, command.gateway_id, now)]
        case "unknown":
            return [SmsUnknown(message_id, now)] if message.status == "sending" else []
        case "not-sent" if message.attempts < MOST_ATTEMPTS:
            retry_at = now + command.retry_in
            if retry_at <= message.requested.best_before:
                return [SmsNotTaken(message_id, now, retry_at, reason)]
    return [SmsFailed(message_id, now, reason, **_about(message))]


def _report(message: Message | None, command: RecordReport) -> list[Event]:
    """Record a delivery report. They come early, twice and out of order: `delivered` is final, `failed` is not."""
    if message is None or message.attempts == 0 or message.status in ("delivered", "dropped"):
        return []
    if command.delivered:
        return [SmsDelivered(command.message_id, command.now, **_about(message))]
    if message.status in ("sending", "accepted", "unknown"):
        return [SmsFailed(command.message_id, command.now, "undelivered", **_about(message))]
    return []


class _About(TypedDict):
    ticket_id: str
    kind: Kind
    mall: str
    agency: str


def _about(message: Message) -> _About:
    """The fields of a text that are published."""
    asked = message.requested
    return {"ticket_id": asked.ticket_id, "kind": asked.kind, "mall": asked.mall, "agency": asked.agency}
