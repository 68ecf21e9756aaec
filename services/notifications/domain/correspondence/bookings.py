"""Texts about a booking: its confirmation, its reminder, and whether the booked place can be claimed."""

from datetime import datetime, time, timedelta

from services.notifications.domain.correspondence.requests import claim_time, request
from services.notifications.domain.correspondence.state import MAY_HAVE_ARRIVED, Correspondence, Message, evolve
from services.notifications.domain.events import (
    NOWHERE,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    Event,
    Position,
    SmsRequested,
)

EVENING, MORNING = time(18, 0), time(6, 30)  # of the day before, and of the day itself, in the mall's zone


def request_booked(state: Correspondence, now: datetime) -> list[Event]:
    """Request the confirmation and the reminder of the place; if it cannot be claimed now, a text that says so."""
    booking = state.booking
    if booking is None or state.standing != "booked" or now >= booking.claim_by:
        return []
    if state.suspension:
        return _request_closed_again(state, state.suspension, now)
    if state.has_requested("booked"):  # a reminder to an earlier number was dropped when that was withdrawn
        return _request_reminder(state, now)
    return [*request(state, "booked", {}, now, now), *_request_reminder(state, now)]


def _request_closed_again(state: Correspondence, suspension: BookingSuspended, now: datetime) -> list[Event]:
    """Request the text that the place cannot be claimed for a number left later.

    None while such a text waits or may have arrived. A text to an earlier number that was not sent, because the number
    was withdrawn or no gateway accepted the text, is requested again.
    """
    about = [message for message in state.of_kind("closed") if message.requested.about == suspension.position]
    if _knows_closed(state) or any(message.is_open for message in about):
        return []
    return _request_closed(state, suspension, now, len(about))


def _request_closed(
    state: Correspondence, suspension: BookingSuspended, now: datetime, earlier: int = 0
) -> list[Event]:
    values = {"reason": suspension.reason, "cause": suspension.cause}
    again = f"-{suspension.position[0]}" + (f".{earlier}" if earlier else "")
    return request(state, "closed", values, suspension.at, now, again, suspension.position)


def _request_reminder(state: Correspondence, now: datetime, about: Position = NOWHERE) -> list[Event]:
    """Request one reminder: for the evening before or, if that is past, for the morning of the day."""
    if state.booking is None or any(_is_reminder(state, message) for message in state.of_kind("reminded")):
        return []
    claim_by = state.booking.claim_by
    day, zone = claim_by.date(), claim_by.tzinfo
    evening = datetime.combine(day - timedelta(days=1), EVENING, zone)
    morning = datetime.combine(day, MORNING, zone)
    when = next((moment for moment in (evening, morning) if now < moment < claim_by), None)
    earlier = len(state.of_kind("reminded"))
    again = f"-{about[0]}" if about != NOWHERE else f".{earlier}" if earlier else ""
    return request(state, "reminded", {}, when, now, again, about, not_before=when) if when else []


def _is_reminder(state: Correspondence, message: Message) -> bool:
    """Whether the text may have arrived as a reminder, or is still to be sent and names the current claim time."""
    return message.status in MAY_HAVE_ARRIVED or (message.is_open and _names_claim_time(state, message.requested))


def record_booking_change(
    state: Correspondence, change: BookingSuspended | BookingResumed | BookingRescheduled, now: datetime
) -> list[Event]:
    """Record whether the place can be claimed and until when; request a text if that differs from the last one sent."""
    if state.booking is None or state.is_old(change.position):
        return []
    after = evolve(state, change)
    if after.booking is None or after.standing != "booked" or now >= after.booking.claim_by:
        return [change]
    if isinstance(change, BookingSuspended):
        return [change, *([] if _knows_closed(state) else _request_closed(after, change, now))]
    if after.suspension:
        return [change]
    again, texts = f"-{change.position[0]}", list[Event]()
    if _knows_closed(state):
        texts = request(after, "reopened", {}, change.at, now, again, change.position)
    elif after.announced != state.announced:
        texts = request(after, "rescheduled", {}, change.at, now, again, change.position)
    return [change, *texts, *_request_reminder(after, now, change.position)]


def _knows_closed(state: Correspondence) -> bool:
    """Whether the last text that may have arrived about claiming the place said that it cannot be claimed."""
    arrived = [m for m in state.of_kind("closed", "reopened") if m.status in MAY_HAVE_ARRIVED]
    return bool(arrived) and arrived[-1].requested.kind == "closed"


def is_true_of_booking(state: Correspondence, asked: SmsRequested) -> bool:
    """Whether the text is the last of its kind and still holds: the place is closed, or kept until the named time."""
    if state.of_kind(asked.kind)[-1].requested.message_id != asked.message_id:
        return False
    if asked.kind == "closed":
        return state.suspension is not None
    return state.suspension is None and _names_claim_time(state, asked)


def _names_claim_time(state: Correspondence, asked: SmsRequested) -> bool:
    """Whether the text names the current claim time."""
    return state.booking is not None and claim_time(state.booking).items() <= asked.values.items()
