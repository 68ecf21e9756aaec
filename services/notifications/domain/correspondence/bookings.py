"""What a visitor with a booking is told of: the place, its reminder, and whether it can be claimed."""

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


def tell_booked(state: Correspondence, now: datetime) -> list[Event]:
    """Confirm the place and remind of it; or tell that it cannot be claimed, where that is so."""
    booking = state.booking
    if booking is None or state.standing != "booked" or now >= booking.claim_by:
        return []
    if state.suspension:
        return _tell_closed_again(state, state.suspension, now)
    if state.told("booked"):
        return []
    return [*request(state, "booked", {}, now, now), *_remind(state, now)]


def _tell_closed_again(state: Correspondence, suspension: BookingSuspended, now: datetime) -> list[Event]:
    """Tell who leaves a number that the place cannot be claimed, unless a text about it waits or may have arrived.

    Where the text for an earlier number was not sent, because that was withdrawn or no gateway took it, ask again.
    """
    about = [message for message in state.of_kind("closed") if message.requested.about == suspension.position]
    if _knows_closed(state) or any(message.is_open for message in about):
        return []
    return _tell_closed(state, suspension, now, len(about))


def _tell_closed(state: Correspondence, suspension: BookingSuspended, now: datetime, earlier: int = 0) -> list[Event]:
    values = {"reason": suspension.reason, "cause": suspension.cause}
    again = f"-{suspension.position[0]}" + (f".{earlier}" if earlier else "")
    return request(state, "closed", values, suspension.at, now, again, suspension.position)


def _remind(state: Correspondence, now: datetime, about: Position = NOWHERE) -> list[Event]:
    """Remind of the place: the evening before or, where that is over, in the morning of the day; once."""
    if state.booking is None or any(_reminds(state, message) for message in state.of_kind("reminded")):
        return []
    claim_by = state.booking.claim_by
    day, zone = claim_by.date(), claim_by.tzinfo
    evening = datetime.combine(day - timedelta(days=1), EVENING, zone)
    morning = datetime.combine(day, MORNING, zone)
    when = next((moment for moment in (evening, morning) if now < moment < claim_by), None)
    again = f"-{about[0]}" if about != NOWHERE else ""
    return request(state, "reminded", {}, when, now, again, about, not_before=when) if when else []


def _reminds(state: Correspondence, message: Message) -> bool:
    """Whether the text was a reminder, or still will be one with the claim time of now."""
    return message.status in MAY_HAVE_ARRIVED or (message.is_open and _names_claim_time(state, message.requested))


def record_booking_change(
    state: Correspondence, change: BookingSuspended | BookingResumed | BookingRescheduled, now: datetime
) -> list[Event]:
    """Tell the visitor what holds for the booked place now, where that differs from what was last told."""
    if state.booking is None or state.is_old(change.position):
        return []
    after = evolve(state, change)
    if after.booking is None or after.standing != "booked" or now >= after.booking.claim_by:
        return [change]
    if isinstance(change, BookingSuspended):
        return [change, *([] if _knows_closed(state) else _tell_closed(after, change, now))]
    if after.suspension:
        return [change]
    again, told = f"-{change.position[0]}", list[Event]()
    if _knows_closed(state):
        told = request(after, "reopened", {}, change.at, now, again, change.position)
    elif after.announced != state.announced:
        told = request(after, "rescheduled", {}, change.at, now, again, change.position)
    return [change, *told, *_remind(after, now, change.position)]


def _knows_closed(state: Correspondence) -> bool:
    """Whether the last text about whether the place can be claimed, of those that may have arrived, said no."""
    told = [m for m in state.of_kind("closed", "reopened") if m.status in MAY_HAVE_ARRIVED]
    return bool(told) and told[-1].requested.kind == "closed"


def is_true_of_booking(state: Correspondence, asked: SmsRequested) -> bool:
    """Whether the text is the last of its kind, and says what holds: closed, or to be claimed by the time it names."""
    if state.of_kind(asked.kind)[-1].requested.message_id != asked.message_id:
        return False
    if asked.kind == "closed":
        return state.suspension is not None
    return state.suspension is None and _names_claim_time(state, asked)


def _names_claim_time(state: Correspondence, asked: SmsRequested) -> bool:
    """Whether the text names the claim time of now."""
    return state.booking is not None and claim_time(state.booking).items() <= asked.values.items()
