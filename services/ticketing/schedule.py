"""The clock of every mall: days open and close by schedule, unclaimed bookings lapse, closed days enter the history."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog
from pymongo.errors import PyMongoError

from services.chassis.clock import machine_time, now
from services.chassis.errors import Problem
from services.chassis.life import Life, Loop
from services.ticketing.domain import hours
from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day.commands import Tick
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import Queue, day_stream

log = structlog.get_logger()

EVERY = 5.0  # seconds between two ticks; commands apply what is due by the clock themselves
LOOKS_BACK = 31  # days that may have been left open while nothing ran
BOOKINGS_EVERY = 600.0  # seconds after which days ahead are checked again without a change of their mall
BOOKINGS_AGAIN = 10.0  # seconds after a change: a place booked meanwhile by another process is checked too


def clock(queue: Queue) -> Loop:
    """A loop that lets time pass on every mall. Two of them at once do no harm: a repeated tick leads to nothing.

    A mall that fails is logged, and the others go on.
    """

    def loop(life: Life) -> None:
        ticker = Clock(queue)
        while life.goes_on():
            ticker.read()
            for code in queue.mall_codes():
                try:
                    ticker.tick(queue.mall(code), now())
                except PyMongoError:
                    raise  # the loop is started again, after a pause, by its worker
                except Problem as problem:
                    log.warning("tick_refused", mall=code, reason=problem.reason)
                except Exception:
                    log.exception("tick_failed", mall=code)
            life.rest(EVERY)

    return loop


class Clock:
    """Lets time pass on malls, and remembers which days need no further look."""

    def __init__(
        self, queue: Queue, steady: Callable[[], float] = time.monotonic, watch: ClockWatch | None = None
    ) -> None:
        """`steady` is a clock in seconds that cannot be set; `watch` decides whether the wall clock is trusted."""
        self._queue, self._steady = queue, steady
        self._watch = watch or ClockWatch.start(machine_time(), steady())
        self._over: set[tuple[str, date]] = set()
        self._checked: dict[str, tuple[Mall, float]] = {}

    def read(self) -> None:
        """Compare the wall clock with the steady clock and with the database's."""
        watch = self._watch.read(machine_time(), self._steady(), self._queue.store.clock_offset())
        if watch.doubt and not self._watch.doubt:
            log.warning("clock_doubtful", seconds=round(watch.doubt), hint="check the time service of this machine")
        self._watch = watch

    def tick(self, mall: Mall, at: datetime) -> None:
        """Let time pass on today, on days that were left open while nothing ran, and on booked days ahead."""
        code, today = mall.about.code, hours.business_day(at, mall.about.zone)
        for on in (today - timedelta(days=ago) for ago in range(LOOKS_BACK, -1, -1)):
            if (code, on) in self._over:
                continue
            day = self._queue.act(mall, self._tick(mall, on, at), actor="schedule").now.state
            if day.closed:
                self._queue.record(code, on)
            if day.closed or (on < today and not day.opened):
                self._over.add((code, on))
        self._check_bookings(mall, today, at)

    def _tick(self, mall: Mall, on: date, at: datetime) -> Tick:
        return Tick(on, at, mall, is_trusted=self._watch.is_trusted)

    def _check_bookings(self, mall: Mall, today: date, at: datetime) -> None:
        """Apply a change of hours, closures or the catalogue to the bookings of days ahead.

        Days are read when the mall has changed, once more shortly after, and from time to time.
        """
        code, steady = mall.about.code, self._steady()
        checked, due = self._checked.get(code, (None, 0.0))
        if mall.about.bookings is None or (checked is mall and steady < due):
            return
        self._checked[code] = (mall, steady + (BOOKINGS_EVERY if checked is mall else BOOKINGS_AGAIN))
        for on in self._queue.days_ahead(code, today):
            if self._queue.days.snapshot(day_stream(code, on), max_age=EVERY).state.unclaimed:
                self._queue.act(mall, self._tick(mall, on, at), actor="schedule")
