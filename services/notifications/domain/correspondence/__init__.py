"""Texts about one ticket or booking: at most one per occasion, and none whose content no longer holds.

`state` folds the events; `tickets`, `bookings` and `stops` decide which texts are requested; `texts` decides how each
one is claimed, sent or dropped; `occasions` has tables of all occasions.
"""

from typing import assert_never, get_args

from services.chassis.decider import Decider
from services.notifications.domain.commands import (
    ClaimMessage,
    Command,
    HearBooked,
    HearBookingEnded,
    HearCalled,
    HearIssued,
    HearNews,
    HearSuspended,
    HoldMessage,
    LeavePhone,
    RecordBookingChange,
    RecordContinued,
    RecordOutcome,
    RecordReport,
    SettleMessage,
    WithdrawPhone,
)
from services.notifications.domain.correspondence.bookings import record_booking_change, request_booked
from services.notifications.domain.correspondence.state import Correspondence, evolve
from services.notifications.domain.correspondence.stops import request_continued, request_suspended
from services.notifications.domain.correspondence.texts import decide_text
from services.notifications.domain.correspondence.tickets import record_call, record_news, request_issued
from services.notifications.domain.events import Event, PhoneLeft, PhoneWithdrawn, SmsDropped


def decide(command: Command, state: Correspondence) -> list[Event]:
    """Return the events that a command leads to; none for a repeat."""
    match command:
        case HearIssued(event, now):
            return [] if state.issued else [event, *request_issued(evolve(state, event), now)]
        case HearCalled(event, now):
            return record_call(state, event, now)
        case HearNews(event, now):
            return record_news(state, event, now)
        case HearBooked(event, now):
            return [] if state.booking else [event, *request_booked(evolve(state, event), now)]
        case HearBookingEnded(event):
            return [] if state.standing == "over" else [event]
        case HearSuspended():
            return request_suspended(state, command)
        case RecordContinued():
            return request_continued(state, command)
        case RecordBookingChange(change, now):
            return record_booking_change(state, change, now)
        case LeavePhone():
            return _leave_phone(state, command)
        case WithdrawPhone(ticket_id, now):
            waiting = [m for m in state.messages.values() if m.status == "requested"]
            withdrawn = [PhoneWithdrawn(ticket_id, now)] if state.phone else []
            return [*withdrawn, *(SmsDropped(m.requested.message_id, "withdrawn", now) for m in waiting)]
        case HoldMessage() | ClaimMessage() | SettleMessage() | RecordOutcome() | RecordReport():
            return decide_text(command, state)
        case _:
            assert_never(command)


def _leave_phone(state: Correspondence, command: LeavePhone) -> list[Event]:
    same = (command.phone, command.language) == (state.phone, state.language)
    left = PhoneLeft(command.ticket_id, command.phone, command.now, command.language)
    after = state if same else evolve(state, left)
    texts = [*request_issued(after, command.now), *request_booked(after, command.now)]
    return [*([] if same else [left]), *texts]


CORRESPONDENCE: Decider[Command, Correspondence, Event] = Decider(
    initial=Correspondence(),
    decide=decide,
    evolve=evolve,
    events=get_args(Event),
)
