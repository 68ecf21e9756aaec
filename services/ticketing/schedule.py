"""The clock of every mall: days open and close by schedule, unclaimed bookings lapse, closed days enter the history."""

from datetime import date, datetime, timedelta

import structlog

from services.chassis.errors import Problem
from services.chassis.life import Life, Loop
from services.ticketing.domain import hours
from services.ticketing.domain.day.commands import Tick
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import Queue, now

log = structlog.get_logger()

EVERY = 5.0  # seconds; whoever asks earlier gets what is due by the clock anyway
LOOKS_BACK = 31  # days that may have been left open while nothing ran


def clock(queue: Queue) -> Loop:
    """A loop that lets time pass on every mall. Two of them at once do no harm: a repeat leads to nothing."""

    def loop(life: Life) -> None:
        hand = Clock(queue)
        while life.goes_on():
            for code in queue.mall_codes():
                try:
                    hand.tick(queue.mall(code), now())
                except Problem as problem:
                    log.warning("the clock was refused", mall=code, reason=problem.reason)
            life.rest(EVERY)

    return loop


class Clock:
    """Lets time pass, and remembers which days of the past it need not look at again."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._over: set[tuple[str, date]] = set()

    def tick(self, mall: Mall, at: datetime) -> None:
        """Let time pass on today, and on days that were left open while nothing ran."""
        code, today = mall.about.code, hours.business_day(at, mall.about.zone)
        for on in (today - timedelta(days=ago) for ago in range(LOOKS_BACK, -1, -1)):
            if (code, on) in self._over:
                continue
            day = self._queue.act(mall, Tick(on, at, mall), actor="schedule").now.state
            if day.closed:
                self._queue.record(code, on)
            if day.closed or (on < today and not day.opened):
                self._over.add((code, on))
