"""Decides the next step with a text that is due, from one look at all that is known of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from services.chassis.clock import now
from services.notifications.correspondence import Correspondences, business_day, is_booking
from services.notifications.domain.commands import SettleMessage
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.correspondence.state import Correspondence
from services.notifications.domain.events import Scope, SmsRequested
from services.notifications.domain.mall import Mall, SuspensionHeard
from services.notifications.malls import Malls
from services.notifications.sms import wording
from services.notifications.sms.outgoing import Entry

# What comes with every ticket or booking that a person takes; not texted to a number that was left for too many.
ROUTINE = ("issued", "approaching", "recalled", "missed", "booked", "reminded")
HELD = "suspended"  # why a text waits
AT_ONCE = ("suspended", "continued", "unserved")  # asks no visitor to come or wait: no stop holds it


@dataclass(frozen=True)
class End:
    """No gateway is needed: the text has ended or is to end; `drop` is the reason for one that is not needed."""

    drop: str


@dataclass(frozen=True)
class Wait:
    """The text is not due before `until`."""

    until: datetime


@dataclass(frozen=True)
class Hold:
    """A stop holds the text: until its end no text asks a visitor to come, wait or be ready.

    The text is held rather than dropped, because a call may be received before the event that ends the stop.
    """

    mall: str
    stop: SuspensionHeard
    is_recorded: bool


@dataclass(frozen=True)
class Send:
    """The text is to be handed over: its wording, and the number in E.164."""

    phone: str
    text: str


Step = End | Wait | Hold | Send


class Review:
    """Reads what is known of a text and decides the next step with it."""

    def __init__(self, correspondences: Correspondences, malls: Malls, tickets_of_phone: int = 0) -> None:
        """`tickets_of_phone`: a number of more tickets of a day gets no `ROUTINE` texts; 0: no such bound."""
        self._correspondences, self._malls = correspondences, malls
        self._tickets_of_phone = tickets_of_phone

    def next_step(self, entry: Entry) -> Step:
        """Return the next step with a text, as the store and the contacts are now."""
        state, at = self._correspondences.find(entry.subject), now()
        message = state.messages[entry.message_id]
        asked = message.requested
        mall = self._malls.find(asked.mall)
        phone = self._correspondences.contacts.find(entry.subject)
        drop = (_why_not(asked, mall, state.service, at) or self._many_tickets(asked)) if phone else "withdrawn"
        ends = CORRESPONDENCE.decide(SettleMessage(entry.message_id, at, drop), state)
        if ends or phone is None or message.status != "requested":
            return End(drop)
        if message.due > at:
            return Wait(message.due)
        if stop := _stop_of(asked, mall, state, at):
            return Hold(asked.mall, stop, is_recorded=message.reason == HELD)
        return Send(phone, wording.render(mall, asked))

    def _many_tickets(self, asked: SmsRequested) -> str:
        """Return `many-tickets` for a routine text to a number of too many tickets; otherwise an empty string.

        The call of each ticket is texted all the same: the number may be that of a visitor whom strangers entered it
        for, and it must not be for them whether the visitor is called.
        """
        if not self._tickets_of_phone:
            return ""
        texted = self._correspondences.contacts.count_texted(asked.ticket_id)
        return "many-tickets" if asked.kind in ROUTINE and texted > self._tickets_of_phone else ""


def _why_not(asked: SmsRequested, mall: Mall, service: str, at: datetime) -> str:
    """Return why the text is not needed, for reasons that its ticket does not hold; empty if it is needed."""
    if asked.kind in mall.silent:
        return "switched-off"
    if asked.kind == "continued":
        return "no-longer-true" if mall.stop_of(service, business_day(asked.ticket_id), at) else ""
    if asked.kind == "suspended":
        scope, code = cast(Scope, asked.values["scope"]), asked.values["code"]
        return "" if mall.still_suspends(scope, code, asked.about, at) else "no-longer-true"
    return ""


def _stop_of(asked: SmsRequested, mall: Mall, state: Correspondence, at: datetime) -> SuspensionHeard | None:
    """Return the stop that holds the text, if one does; texts about bookings follow the bookings' own events."""
    if is_booking(asked.ticket_id) or asked.kind in AT_ONCE:
        return None
    return mall.stop_of(state.service, business_day(asked.ticket_id), at)
