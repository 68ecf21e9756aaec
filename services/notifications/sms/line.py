"""The way to one gateway: not faster than it may be asked, and not at all for a while once it keeps failing.

Written here because the packages that do it do more, or less: one holds its lock while it waits for the answer, so
that one text at a time is sent; another lets all through at once to try whether a gateway is back.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Histogram

from services.notifications.domain.commands import HandedOver
from services.notifications.sms.gateways.gateway import CertainlyNotSent, Gateway, Rejected, Text

log = structlog.get_logger()

HANDOVER_SECONDS = Histogram("mpp_text_handover_seconds", "Until a gateway answered.", ["gateway"])

FAILURES = 5  # in a row, after which nobody asks
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds until one may try whether it is back, doubled each time it is not
LONGEST_TRY = 15.0  # seconds after which another may try, though the first has not said how it went
SOON = 1.0  # seconds in which one that tries will mostly have said so


@dataclass(frozen=True)
class Answer:
    """What a gateway made of a text: the outcome, its own id for it, and why it did not take it."""

    outcome: HandedOver
    gateway_id: str = ""
    reason: str = ""


class Line:
    """A gateway by its name, its pace and its circuit breaker. Thread-safe."""

    def __init__(self, name: str, gateway: Gateway, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` is how many texts a second it gets at most."""
        self.name, self.gateway = name, gateway
        self._between, self._clock = 1 / rate, clock
        self._mutex = threading.Lock()
        self._failures, self._pause = 0, FIRST_PAUSE
        self._closed_until = self._trying_until = 0.0
        self._next = 0.0

    def send(self, message_id: str, text: Text) -> Answer:
        """Give a text to the gateway and count how that went; an error that says nothing else is `unknown`."""
        began, well, answer = self._clock(), False, Answer("unknown")
        try:
            with HANDOVER_SECONDS.labels(self.name).time():
                well, answer = True, Answer("accepted", self.gateway.send(text))
        except Rejected as error:
            well, answer = True, Answer("rejected", reason=str(error))
        except CertainlyNotSent as error:
            answer = Answer("not-sent", reason=str(error))
        except Exception as error:
            took = round(self._clock() - began, 1)
            log.warning("outcome unknown", message_id=message_id, cause=type(error).__name__, seconds=took)
        self.went(well)
        return answer

    def opens_in(self) -> float:
        """Seconds until somebody may ask; 0: now, and whoever hears that says afterwards how it went
        (`went`), or that nobody asked (`was_not_used`).

        While it keeps failing one at a time is let through, to try.
        """
        with self._mutex:
            now = self._clock()
            if self._failures < FAILURES:
                return 0.0
            if now < self._trying_until:
                return SOON
            if now < self._closed_until:
                return self._closed_until - now
            self._trying_until = now + LONGEST_TRY
            return 0.0

    def was_not_used(self) -> None:
        """Whoever was let through did not ask after all: somebody else may."""
        with self._mutex:
            self._trying_until = 0.0

    def went(self, well: bool) -> None:
        """Count an answer: one that is good forgets all failures."""
        with self._mutex:
            now = self._clock()
            tried, self._trying_until = now < self._trying_until, 0.0
            if well:
                self._failures, self._pause = 0, FIRST_PAUSE
                return
            self._failures += 1
            if tried:
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
            if self._failures >= FAILURES:
                self._closed_until = now + self._pause

    def turn_in(self) -> float:
        """Take the next turn; seconds until it comes."""
        with self._mutex:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._between
            return turn - now
