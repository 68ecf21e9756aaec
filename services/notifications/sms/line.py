"""The way to one gateway: not faster than it may be asked, and not at all for a while once it keeps failing.

Written here because the packages that do it do more, or less: one holds its lock while it waits for the answer, so
that one text at a time is sent; another lets all through at once to try whether a gateway is back.
"""

import threading
import time
from collections.abc import Callable

from services.notifications.sms.gateways.gateway import Gateway

FAILURES = 5  # in a row, after which nobody asks
PAUSE = 15.0  # seconds, after which one may try whether it is back


class Line:
    """A gateway by its name, its pace and its circuit breaker. Thread-safe."""

    def __init__(
        self,
        name: str,
        gateway: Gateway,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        pause: float = PAUSE,
    ) -> None:
        """`rate` is how many texts a second it gets at most."""
        self.name, self.gateway = name, gateway
        self._between, self._clock, self._pause = 1 / rate, clock, pause
        self._mutex = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0
        self._next = 0.0

    def opens_in(self) -> float:
        """Seconds until somebody may ask; 0: now, and whoever hears that says afterwards how it went
        (`went`), or that nobody asked (`was_not_used`).

        While it keeps failing one at a time is let through, to try.
        """
        with self._mutex:
            now = self._clock()
            if self._failures < FAILURES:
                return 0.0
            if now < self._closed_until:
                return self._closed_until - now
            self._closed_until = now + self._pause
            return 0.0

    def was_not_used(self) -> None:
        """Whoever was let through did not ask after all: somebody else may."""
        with self._mutex:
            self._closed_until = self._clock()

    def went(self, well: bool) -> None:
        """Count an answer: one that is good forgets all failures."""
        with self._mutex:
            self._failures = 0 if well else self._failures + 1
            if self._failures >= FAILURES:
                self._closed_until = self._clock() + self._pause

    def turn_in(self) -> float:
        """Take the next turn; seconds until it comes."""
        with self._mutex:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._between
            return turn - now
