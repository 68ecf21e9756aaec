"""Hands requested texts to the gateways: claimed first, recorded afterwards, never twice; a slow one blocks nobody."""

import hashlib
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import cast

import structlog
from prometheus_client import Counter, Histogram
from pymongo.errors import PyMongoError

from services.chassis import tracing
from services.chassis.clock import now
from services.chassis.event_store import Commit, EventStore
from services.chassis.outbox import Reached
from services.chassis.worker import AWAY
from services.notifications.correspondence import Correspondences, business_day, is_booking
from services.notifications.domain.commands import (
    ClaimMessage,
    HandedOver,
    HearSuspended,
    HoldMessage,
    RecordOutcome,
    SettleMessage,
)
from services.notifications.domain.correspondence import CORRESPONDENCE, Message
from services.notifications.domain.events import Scope, SmsClaimed, SmsRequested
from services.notifications.domain.mall import Mall
from services.notifications.malls import Malls
from services.notifications.sms import wording
from services.notifications.sms.gateways.gateway import CertainlyNotSent, Rejected, Text
from services.notifications.sms.line import Line
from services.notifications.sms.outgoing import Entry, Outgoing
from services.notifications.sms.reports import Reports

log = structlog.get_logger()

HANDOVERS = Counter("mpp_text_handovers", "Texts that were handed to a gateway, by outcome.", ["gateway", "outcome"])
HANDOVER_SECONDS = Histogram("mpp_text_handover_seconds", "Until a gateway answered.", ["gateway"])

THREADS = 8
LOOK = 0.25  # seconds between two looks at the list, unless something is put on it
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds until the next attempt, doubled each time
AGAIN = timedelta(seconds=1)
# What comes with every ticket or booking that a person takes; not texted to a number that was left for too many.
ROUTINE = ("issued", "approaching", "recalled", "missed", "booked", "reminded")
HELD = "suspended"  # why a text waits
AT_ONCE = ("suspended", "continued", "unserved")  # asks no visitor to come or wait: no stop holds it
HELD_FOR = timedelta(seconds=1)  # until it is looked whether what stops a text has ended
UNTIL_BETTER = timedelta(seconds=2)  # after which a text is looked at again that the database kept us from


class Dispatcher:
    """The destination of the outbox `sms`. Made by the relay that holds its lease, so that there is one at a time."""

    def __init__(
        self,
        store: EventStore,
        correspondences: Correspondences,
        malls: Malls,
        lines: Sequence[Line],
        reports: Reports,
        tickets_of_phone: int = 0,
    ) -> None:
        """`tickets_of_phone`: a number of more tickets of a day gets no `ROUTINE` texts; 0: no such bound."""
        self._tickets_of_phone = tickets_of_phone
        self._correspondences, self._malls, self._lines, self._reports = correspondences, malls, lines, reports
        self._outgoing = Outgoing(store.database)
        self._busy: set[str] = set()  # subjects: texts about one ticket go out one after another
        self._mutex = threading.Lock()
        self._ending, self._news = threading.Event(), threading.Event()
        self._threads = ThreadPoolExecutor(THREADS, "sms")
        self._pump = threading.Thread(target=self._keep_pumping, name="sms-pump")
        self._pump.start()

    def deliver(self, commit: Commit) -> None:
        """Put the texts that the commit requests on the list; not those of which all is known already."""
        for place, event in enumerate(CORRESPONDENCE.recorded(commit)):
            if isinstance(event, SmsRequested) and not self._is_over(event):
                entry = Entry(event.message_id, event.ticket_id, commit.traceparent(place))
                self._outgoing.add(entry, event.not_before or event.requested_at)

    def confirm(self) -> Reached:
        """What was put on the list is durable; look at it."""
        self._news.set()
        return Reached()

    def close(self) -> None:
        """Hand nothing more over, and wait for what is being handed over."""
        self._ending.set()
        self._news.set()
        self._pump.join()
        self._threads.shutdown(wait=True)

    def _is_over(self, asked: SmsRequested) -> bool:
        if now() <= asked.best_before:
            return False
        message = self._correspondences.find(asked.ticket_id).messages.get(asked.message_id)
        return message is None or not message.is_open

    def _keep_pumping(self) -> None:
        while not self._ending.is_set():
            try:
                self._hand_out()
            except PyMongoError as error:
                log.warning("the list of texts cannot be read", cause=type(error).__name__)
                self._ending.wait(1.0)
            self._news.wait(LOOK)
            self._news.clear()

    def _hand_out(self) -> None:
        with self._mutex:
            busy = set(self._busy)
        for entry in self._outgoing.due(now(), THREADS, busy) if len(busy) < THREADS else []:
            with self._mutex:
                if entry.subject in self._busy or len(self._busy) >= THREADS:
                    continue
                self._busy.add(entry.subject)
            self._threads.submit(self._see_to, entry)

    def _see_to(self, entry: Entry) -> None:
        with tracing.within(entry.traceparent):
            self._see_to_it(entry)

    def _see_to_it(self, entry: Entry) -> None:
        try:
            due = self._try(entry)
            if due is None:
                self._outgoing.remove(entry)
            else:
                self._outgoing.postpone(entry, due)
        except Exception as error:  # mostly the database: whatever was claimed becomes unknown, the rest is tried again
            surprise = not isinstance(error, AWAY)
            log.error("a text was interrupted", message_id=entry.message_id, cause=repr(error), exc_info=surprise)
            self._put_off(entry)
        finally:
            with self._mutex:
                self._busy.discard(entry.subject)
            self._news.set()

    def _put_off(self, entry: Entry) -> None:
        self._ending.wait(1.0)
        try:
            self._outgoing.postpone(entry, now() + UNTIL_BETTER)
        except PyMongoError as error:
            log.warning("a text cannot be put off", message_id=entry.message_id, cause=type(error).__name__)

    def _try(self, entry: Entry) -> datetime | None:
        """Hand a text over, by the second gateway where the first certainly did not send it; when to look again.

        What needs no gateway is settled first: one that was closed lets a single text through to try whether it is
        back, and that must be one that is sent.
        """
        message = self._settled(entry)
        if message.status != "requested":
            return None
        if message.due > now():
            return message.due
        if self._is_held(entry):
            return now() + HELD_FOR
        due: list[datetime] = []
        for line in self._lines:
            if wait := line.opens_in():
                due.append(now() + timedelta(seconds=wait))
                continue
            self._ending.wait(line.turn_in())
            message = self._hand_over(entry, line)
            if message.status != "requested":
                return None
            due.append(message.due)
        return max(min(due), now() + AGAIN)

    def _is_held(self, entry: Entry) -> bool:
        """Whether the text waits for the end of a stop: until then no text says to come, wait or be ready.

        It is held rather than dropped, because a call may be received before the news that the stop is over.
        """
        subject, state = entry.subject, self._correspondences.find(entry.subject)
        message = state.messages[entry.message_id]
        asked = message.requested
        if is_booking(subject) or asked.kind in AT_ONCE:
            return False
        stop = self._malls.find(asked.mall).stop_of(state.service, business_day(subject), now())
        if stop is None:
            return False
        if message.reason == HELD:
            return True
        self._correspondences.act(subject, HoldMessage(entry.message_id, HELD, now()))
        told = HearSuspended(asked.mall, stop.scope, stop.code, stop.reason, stop.position, now(), now())
        self._correspondences.act(subject, told)  # for who left a number after the stop began
        return True

    def _settled(self, entry: Entry) -> Message:
        """The text, dropped or expired if it is not to be sent any more; unknown if whoever claimed it died."""
        phone, _, drop = self._what_to_send(entry)
        settle = SettleMessage(entry.message_id, now(), drop if phone else "withdrawn")
        outcome = self._correspondences.act(entry.subject, settle)
        message = outcome.now.state.messages[entry.message_id]
        if outcome.events:
            log.info("not sent", message_id=entry.message_id, status=message.status, reason=message.reason)
        return message

    def _what_to_send(self, entry: Entry) -> tuple[str, str, str]:
        """Number, text, and why it is not needed; no number where there is none any more."""
        state = self._correspondences.find(entry.subject)
        asked = state.messages[entry.message_id].requested
        mall = self._malls.find(asked.mall)
        phone = self._correspondences.contacts.find(entry.subject) or ""
        drop = _why_not(asked, mall, state.service) or self._many_tickets(asked)
        return phone, wording.render(mall, asked), drop

    def _many_tickets(self, asked: SmsRequested) -> str:
        """Return `many-tickets` for a routine text to a number of too many tickets; otherwise an empty string.

        The call of each ticket is texted all the same: the number may be that of a visitor whom strangers entered it
        for, and it must not be for them whether the visitor is called.
        """
        if not self._tickets_of_phone:
            return ""
        texted = self._correspondences.contacts.count_texted(asked.ticket_id)
        return "many-tickets" if asked.kind in ROUTINE and texted > self._tickets_of_phone else ""

    def _hand_over(self, entry: Entry, line: Line) -> Message:
        """Claim a text and, if that succeeds, send it and record what came of it; the message as it is then."""
        message_id, subject = entry.message_id, entry.subject
        phone, text, drop = self._what_to_send(entry)
        claim = ClaimMessage(message_id, now(), line.name, text, drop if phone else "withdrawn")
        claimed = self._correspondences.act(subject, claim)
        message = claimed.now.state.messages[message_id]
        if not any(isinstance(event, SmsClaimed) for event in claimed.events):
            line.was_not_used()
            return message
        url = self._reports.url(line.name, subject, message_id)
        with tracing.step("hand over text", "client", entry.traceparent, gateway=line.name):
            outcome, gateway_id, reason = _send(line, message_id, Text(reference_of(message_id), phone, text, url))
            tracing.note(outcome=outcome)
        pause = timedelta(seconds=_pause(message.attempts)) if line is self._lines[-1] else timedelta(0)
        record = RecordOutcome(message_id, message.attempts, outcome, gateway_id, now(), reason, pause)
        after = self._correspondences.act(subject, record).now.state.messages[message_id]
        HANDOVERS.labels(line.name, outcome).inc()
        log.info("handed over", message_id=message_id, gateway=line.name, attempt=message.attempts, outcome=outcome)
        return after


def _why_not(asked: SmsRequested, mall: Mall, service: str) -> str:
    """Why nobody needs this text, for reasons that its ticket does not know; empty if it is needed."""
    if asked.kind in mall.silent:
        return "switched-off"
    if asked.kind == "continued":
        return "no-longer-true" if mall.stop_of(service, business_day(asked.ticket_id), now()) else ""
    if asked.kind == "suspended":
        scope, code = cast(Scope, asked.values["scope"]), asked.values["code"]
        return "" if mall.still_suspends(scope, code, asked.about, now()) else "no-longer-true"
    return ""


def reference_of(message_id: str) -> str:
    """What a gateway knows a text by: always the same, and telling nothing of the ticket."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _send(line: Line, message_id: str, text: Text) -> tuple[HandedOver, str, str]:
    """What the gateway makes of a text: the outcome, its own id, and why not."""
    began = time.monotonic()
    try:
        with HANDOVER_SECONDS.labels(line.name).time():
            gateway_id = line.gateway.send(text)
    except Rejected as error:
        line.went(well=True)
        return "rejected", "", str(error)
    except CertainlyNotSent as error:
        line.went(well=False)
        return "not-sent", "", str(error)
    except Exception as error:
        line.went(well=False)
        took = round(time.monotonic() - began, 1)
        log.warning("outcome unknown", message_id=message_id, cause=type(error).__name__, seconds=took)
        return "unknown", "", ""
    line.went(well=True)
    return "accepted", gateway_id, ""


def _pause(attempts: int) -> float:
    """Seconds until the next attempt: doubled each time, and scattered so that not all come back at once."""
    longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
    return longest * random.uniform(0.5, 1.0)
