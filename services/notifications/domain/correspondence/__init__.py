"""What a visitor is told about one ticket or booking: at most one text per occasion, none that is no longer true.

`state` folds the events; `tickets`, `bookings` and `stops` decide which texts are requested, `texts` what becomes of
each one; `occasions` has tables of all occasions.
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
from services.notifications.domain.correspondence.bookings import record_booking_change, tell_booked
from services.notifications.domain.correspondence.state import Correspondence, evolve
from services.notifications.domain.correspondence.stops import hear_suspended, record_continued
from services.notifications.domain.correspondence.texts import decide_text
from services.notifications.domain.correspondence.tickets import hear_called, hear_news, tell_issued
from services.notifications.domain.events import Event, PhoneLeft, PhoneWithdrawn, SmsDropped


def decide(command: Command, state: Correspondence) -> list[Event]:
    """What a command leads to; a repeat leads to nothing."""
    match command:
        case HearIssued(heard, now):
            return [] if state.issued else [heard, *tell_issued(evolve(state, heard), now)]
        case HearCalled(heard, now):
            return hear_called(state, heard, now)
        case HearNews(heard, now):
            return hear_news(state, heard, now)
        case HearBooked(heard, now):
            return [] if state.booking else [heard, *tell_booked(evolve(state, heard), now)]
        case HearBookingEnded(heard):
            return [] if state.standing == "over" else [heard]
        case HearSuspended():
            return hear_suspended(state, command)
        case RecordContinued():
            return record_continued(state, command)
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
    now_known = state if same else evolve(state, left)
    told = [*tell_issued(now_known, command.now), *tell_booked(now_known, command.now)]
    return [*([] if same else [left]), *told]


CORRESPONDENCE: Decider[Command, Correspondence, Event] = Decider(
    initial=Correspondence(),
    decide=decide,
    evolve=evolve,
    events=get_args(Event),
)
