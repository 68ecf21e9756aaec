"""Hands one text over: claimed first, recorded afterwards, never twice."""

import hashlib
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from prometheus_client import Counter

from services.chassis import tracing
from services.chassis.clock import now
from services.notifications.correspondence import Correspondences
from services.notifications.domain.commands import (
    ClaimMessage,
    HearSuspended,
    HoldMessage,
    RecordOutcome,
    SettleMessage,
)
from services.notifications.domain.correspondence.state import Message
from services.notifications.domain.events import SmsClaimed
from services.notifications.sms.gateways.gateway import Text
from services.notifications.sms.line import Line
from services.notifications.sms.outgoing import Entry
from services.notifications.sms.reports import Reports
from services.notifications.sms.review import HELD, End, Hold, Review, Send, Wait

log = structlog.get_logger()

HANDOVERS = Counter("mpp_text_handovers", "Texts that were handed to a gateway, by outcome.", ["gateway", "outcome"])

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds until the next attempt, doubled each time
AGAIN = timedelta(seconds=1)
HELD_FOR = timedelta(seconds=1)  # until it is looked whether what stops a text has ended


class Sender:
    """Takes the next step with a text, with the gateways in their order. Thread-safe."""

    def __init__(
        self,
        correspondences: Correspondences,
        review: Review,
        lines: Sequence[Line],
        reports: Reports,
        wait: Callable[[float], object],
    ) -> None:
        """`wait` waits for so many seconds, or until the process ends."""
        self._correspondences, self._review, self._lines = correspondences, review, lines
        self._reports, self._wait = reports, wait

    def process(self, entry: Entry) -> datetime | None:
        """Take the next step with a text; return when to look at it again, or None at its end.

        It is sent by the second gateway where the first certainly did not send it. A line is asked only for a text that
        is to be sent: one that was closed lets a single text through to try whether its gateway is back.
        """
        step = self._review.next_step(entry)
        if not isinstance(step, Send):
            return self._put_aside(entry, step)
        due: list[datetime] = []
        for line in self._lines:
            if seconds := line.opens_in():
                due.append(now() + timedelta(seconds=seconds))
                continue
            pause = line.turn_in()
            self._wait(pause)
            if pause or due:  # time has passed since the step was decided
                step = self._review.next_step(entry)
            if not isinstance(step, Send):
                line.was_not_used()
                return now()
            message = self._send_by(line, entry, step)
            if message.status != "requested":
                return None
            due.append(message.due)
        return max(min(due), now() + AGAIN)

    def _put_aside(self, entry: Entry, step: End | Wait | Hold) -> datetime | None:
        """Take a step that needs no gateway."""
        match step:
            case End(drop):
                return self._end(entry, drop)
            case Wait(until):
                return until
            case Hold():
                if not step.is_recorded:
                    self._hold(entry, step)
                return now() + HELD_FOR
            case _:
                assert_never(step)

    def _end(self, entry: Entry, drop: str) -> datetime | None:
        """End a text that is too late or not needed, and a claim that was left open: its outcome is unknown."""
        outcome = self._correspondences.act(entry.subject, SettleMessage(entry.message_id, now(), drop))
        message = outcome.now.state.messages[entry.message_id]
        if outcome.events:
            log.info("not sent", message_id=entry.message_id, status=message.status, reason=message.reason)
        return now() + AGAIN if message.status == "requested" else None  # true again, by an event that came just now

    def _hold(self, entry: Entry, step: Hold) -> None:
        """Record that a stop holds the text; a number left after the stop began gets a text about the stop."""
        stop = step.stop
        self._correspondences.act(entry.subject, HoldMessage(entry.message_id, HELD, now()))
        suspended = HearSuspended(step.mall, stop.scope, stop.code, stop.reason, stop.position, now(), now())
        self._correspondences.act(entry.subject, suspended)

    def _send_by(self, line: Line, entry: Entry, step: Send) -> Message:
        """Claim a text and, if that succeeds, send it and record the outcome; return the message as it is then."""
        message_id, subject = entry.message_id, entry.subject
        claimed = self._correspondences.act(subject, ClaimMessage(message_id, now(), line.name, step.text))
        message = claimed.now.state.messages[message_id]
        if not any(isinstance(event, SmsClaimed) for event in claimed.events):
            line.was_not_used()
            return message
        url = self._reports.url(line.name, subject, message_id)
        with tracing.step("hand over text", "client", entry.traceparent, gateway=line.name):
            answer = line.send(message_id, Text(reference_of(message_id), step.phone, step.text, url))
            tracing.note(outcome=answer.outcome)
        pause = timedelta(seconds=_pause(message.attempts)) if line is self._lines[-1] else timedelta(0)
        attempt, outcome = message.attempts, answer.outcome
        record = RecordOutcome(message_id, attempt, outcome, answer.gateway_id, now(), answer.reason, pause)
        after = self._correspondences.act(subject, record).now.state.messages[message_id]
        HANDOVERS.labels(line.name, outcome).inc()
        log.info("handed over", message_id=message_id, gateway=line.name, attempt=attempt, outcome=outcome)
        return after


def reference_of(message_id: str) -> str:
    """Return the reference by which a gateway identifies a text: always the same, and nothing of the ticket in it."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _pause(attempts: int) -> float:
    """Return the seconds until the next attempt: doubled each time, and random so that not all come back at once."""
    longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
    return longest * random.uniform(0.5, 1.0)
