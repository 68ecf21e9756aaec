"""The clock loop: what it does for each mall, and when the clock of its machine is not trusted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from examples import KTP, SITI, TUESDAY_NINE, mall

from services.chassis.clock import CLOCK
from services.chassis.event_store import EventStore
from services.chassis.life import Life
from services.ticketing import queue as queues
from services.ticketing import schedule
from services.ticketing.domain.clock import SETTLE, ClockWatch
from services.ticketing.domain.day.commands import BookPlace, IssueTicket
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import Bookings, MallLearned
from services.ticketing.queue import Queue, mall_stream
from services.ticketing.schedule import Clock

WEDNESDAY_NINE = TUESDAY_NINE + timedelta(days=1)
SETTLED = SETTLE.total_seconds()


def steadily(watch: ClockWatch, seconds: float, offset: float = 0.0) -> ClockWatch:
    """The watch after both clocks have run for so many seconds."""
    return watch.read(watch.wall + timedelta(seconds=seconds), watch.steady + seconds, offset)


def test_clock_is_trusted_once_it_has_run_steadily():
    watch = ClockWatch.start(TUESDAY_NINE, 100.0)
    assert not watch.is_trusted
    assert not steadily(watch, SETTLED - 1).is_trusted
    assert steadily(watch, SETTLED).is_trusted


@pytest.mark.parametrize("jump", [timedelta(hours=12), -timedelta(minutes=40), timedelta(minutes=3)])
def test_clock_that_jumped_is_doubted_until_it_has_settled_again(jump):
    watch = steadily(ClockWatch.start(TUESDAY_NINE, 0.0), SETTLED)
    watch = watch.read(watch.wall + jump, watch.steady + 5, 0.0)
    assert not watch.is_trusted
    assert watch.doubt
    back = watch.read(watch.wall - jump, watch.steady + 5, 0.0)
    assert not steadily(back, SETTLED - 1).is_trusted
    assert (steadily(back, SETTLED).is_trusted, steadily(back, SETTLED).doubt) == (True, 0.0)


@pytest.mark.parametrize(("offset", "trusted"), [(121.0, False), (-121.0, False), (119.0, True)])
def test_clock_that_differs_from_the_database_is_never_trusted(offset, trusted):
    watch = steadily(ClockWatch.start(TUESDAY_NINE, 0.0), SETTLED)
    for _ in range(3):
        watch = steadily(watch, SETTLED, offset)
    assert watch.is_trusted is trusted


def test_small_corrections_of_the_time_service_are_no_jump():
    watch = steadily(ClockWatch.start(TUESDAY_NINE, 0.0), SETTLED)
    assert watch.read(watch.wall + timedelta(seconds=65), watch.steady + 5, 0.0).is_trusted


class Times:
    """A wall clock and a steady clock that the test sets."""

    def __init__(self) -> None:
        self.wall, self.steady = TUESDAY_NINE, 0.0

    def run(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


@pytest.fixture
def times(monkeypatch) -> Times:
    times = Times()
    monkeypatch.setattr(CLOCK, "read", lambda: times.wall)
    monkeypatch.setattr(schedule, "machine_time", lambda: times.wall)
    monkeypatch.setattr(EventStore, "clock_offset", lambda self: 0.0)
    return times


@pytest.fixture
def queue(store, known) -> Queue:
    known(bookings=Bookings(14, "10:00"), overtime_minutes=0)
    return Queue(store)


def test_one_jump_of_the_clock_closes_no_day(queue, times):
    ticker, listed = Clock(queue, lambda: times.steady), queue.mall("pekalongan")
    queue.act(listed, IssueTicket(SITI, KTP, None, times.wall, listed))
    for hours in (0.5, 0, 0):
        times.run(hours * 3600)
        ticker.read()
        ticker.tick(listed, times.wall)
    times.wall += timedelta(hours=12)
    ticker.read()
    ticker.tick(listed, times.wall)
    times.wall -= timedelta(hours=12)
    ticker.read()
    assert queue.day("pekalongan", TUESDAY_NINE.date()).state.closed is None
    times.run(6 * 3600)
    ticker.read()
    ticker.tick(listed, times.wall)
    assert queue.day("pekalongan", TUESDAY_NINE.date()).state.closed


def test_bookings_of_days_ahead_follow_an_edit_of_the_mall(queue, times):
    ticker, listed = Clock(queue, lambda: times.steady), queue.mall("pekalongan")
    on = WEDNESDAY_NINE.date()
    queue.act(listed, BookPlace("b1", KTP, None, on, times.wall, listed))
    ticker.tick(listed, times.wall)
    edited = replace(listed.about, exceptions=(Exceptional(on.isoformat(), (), "Cuti"),), position=listed.position)
    queue.malls.execute(mall_stream("pekalongan"), edited)
    ticker.tick(replace(listed, learned=edited), times.wall)
    assert queue.day("pekalongan", on).state.bookings["b1"].suspended.cause == "closed-day"
    assert [date for date, _ in queue.bookings_suspended(listed, times.wall)] == [on.isoformat()]


def test_days_ahead_are_read_when_the_mall_changed_and_once_more(queue, times, monkeypatch):
    ticker, listed, asked = Clock(queue, lambda: times.steady), queue.mall("pekalongan"), []
    monkeypatch.setattr(queue, "days_ahead", lambda mall, today: asked.append(times.steady) or [])
    for _ in range(24):
        ticker.tick(listed, times.wall)
        times.run(5)
    assert asked == [0.0, 10.0]
    times.run(600)
    ticker.tick(listed, times.wall)
    assert len(asked) == 3


def test_mall_that_fails_does_not_stop_the_clock_of_the_others(queue, store, times, monkeypatch):
    other = replace(mall().about, code="batang", position=(1, 0))
    queue.malls.execute(mall_stream("batang"), other)
    ticked = []

    def tick(self, listed, at):
        ticked.append(listed.about.code)
        if listed.about.code == "batang":
            raise OverflowError("date value out of range")

    monkeypatch.setattr(Clock, "tick", tick)
    life = Life()
    monkeypatch.setattr(life, "rest", lambda seconds: life.end())
    schedule.clock(queue)(life)
    assert ticked == ["batang", "pekalongan"]


def test_supervisor_is_alerted_to_a_jump_of_this_machines_clock(queue, monkeypatch):
    times = Times()
    monkeypatch.setattr(EventStore, "clock_offset", lambda self: 0.0)
    monkeypatch.setattr(queues, "machine_time", lambda: times.wall)
    monkeypatch.setattr(queues.time, "monotonic", lambda: times.steady)
    watched = Queue(queue.store)
    assert watched.clock_doubt() == 0.0
    times.run(60)
    assert watched.clock_doubt() == 0.0
    times.wall += timedelta(hours=12)
    times.run(60)
    assert watched.clock_doubt() == 12 * 3600
    times.run(SETTLED)
    assert watched.clock_doubt() == 0.0


def test_learned_rules_beyond_any_bound_are_computable():
    wild = MallLearned("m", "M", "Asia/Jakarta", 10, mall().about.week, overtime_minutes=10**10)
    wild = replace(wild, bookings=Bookings(4_000_000, "10:00"), tickets_from_minutes=10**10)
    assert wild.overtime == timedelta(days=1)
    assert wild.bookings.horizon == timedelta(days=366)
    assert wild.hours.gives_tickets(TUESDAY_NINE)
