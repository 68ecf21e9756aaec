"""A day ends: by the clock or by a supervisor, honestly and once; what is left of it is the history."""

from datetime import UTC, date, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TONO, TUESDAY_NINE, MallDay, mall, only
from ticketing.conftest import PEKALONGAN, refusal

from services.chassis import chain
from services.ticketing.domain import statistics
from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day.commands import (
    BookPlace,
    CallNext,
    CancelTicket,
    CloseDay,
    Finish,
    ForceOpen,
    HoldTicket,
    IssueTicket,
    MissTicket,
    StartService,
    StopDay,
    Tick,
)
from services.ticketing.domain.day.events import (
    BookingLapsed,
    CounterClosed,
    DayClosed,
    TicketServed,
    TicketUnserved,
)
from services.ticketing.domain.day.refusals import CountersBusy, DayOver, NothingToClose
from services.ticketing.domain.history import HISTORY, History, RecordDay, Visits
from services.ticketing.domain.mall import Bookings
from services.ticketing.domain.pace import Measured
from services.ticketing.queue import Queue
from services.ticketing.schedule import Clock

TUESDAY = date(2026, 11, 24)
CLOSES = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # 15:00 in Pekalongan
OVERTIME_ENDS = CLOSES + timedelta(hours=2)
MIDNIGHT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def tick(day: MallDay, at: datetime) -> list:
    day.now = at
    return day.when(Tick(TUESDAY, at, day.mall))


# By the clock


def test_the_clock_opens_the_day_once_tickets_are_given():
    day = MallDay()
    assert tick(day, TUESDAY_NINE - timedelta(hours=1, seconds=1)) == []
    assert [type(event).__name__ for event in tick(day, TUESDAY_NINE)] == ["DayOpened"]
    assert tick(day, TUESDAY_NINE + timedelta(minutes=1)) == []


def test_the_clock_closes_the_day_some_time_after_service_ends():
    day = MallDay()
    day.issue(SITI)
    assert tick(day, OVERTIME_ENDS - timedelta(seconds=1)) == []
    closed = only(DayClosed, tick(day, OVERTIME_ENDS))
    assert (closed.date, closed.by_schedule, closed.closed_at) == ("2026-11-24", True, OVERTIME_ENDS)


def test_a_day_that_a_supervisor_opened_ends_with_the_calendar_day():
    day = MallDay()
    day.when(ForceOpen("Pelayanan malam", day.now, day.mall))
    assert tick(day, MIDNIGHT - timedelta(seconds=1)) == []
    assert only(DayClosed, tick(day, MIDNIGHT))


def test_a_day_on_which_nothing_happened_is_not_closed():
    assert tick(MallDay(), MIDNIGHT + timedelta(days=1)) == []


def test_closing_says_honestly_how_each_visit_ended():
    day = MallDay()
    for who, service in ((SITI, KTP), (BUDI, KTP), (RINI, KK), (TONO, SIM)):
        day.issue(who, service)
    day.call()
    day.when(HoldTicket(SITI, "G02", "Fotokopi", day.now))
    day.call()
    day.when(StartService(BUDI, "G02", day.now))
    events = tick(day, OVERTIME_ENDS)
    assert [(type(event), event.number) for event in events if hasattr(event, "number")] == [
        (TicketUnserved, "B-001"),
        (TicketServed, "B-002"),
        (TicketUnserved, "B-003"),
        (TicketUnserved, "C-001"),
    ]
    assert only(TicketServed, events).result == "assumed"
    assert only(CounterClosed, events).counter == "G02"
    assert only(DayClosed, events).totals == {
        "issued": 4,
        "served": 1,
        "missed": 0,
        "cancelled": 0,
        "unserved": 3,
        "bookings": 0,
        "lapsed": 0,
    }
    assert not day.state.serving
    assert not day.state.engaged


def test_a_visit_whose_end_nobody_told_measures_nothing():
    day = MallDay()
    day.issue(SITI)
    day.call()
    tick(day, OVERTIME_ENDS)
    assert KTP not in day.state.measured
    (visit,) = statistics.visits(day.state)
    assert (visit.outcome, visit.worked, visit.waited) == ("served", None, 30)


# By a supervisor


def test_a_supervisor_closes_the_day_before_its_time():
    day = MallDay()
    for who in (SITI, BUDI, RINI, TONO):
        day.issue(who)
    day.call()
    day.finish()
    day.call()
    day.when(MissTicket(BUDI, "G02", day.now))
    day.when(CancelTicket(RINI, day.now, day.mall))
    closed = only(DayClosed, day.when(CloseDay(day.now, day.mall)))
    ends = {name: closed.totals[name] for name in ("issued", "served", "missed", "cancelled", "unserved")}
    assert (closed.by_schedule, ends) == (
        False,
        {"issued": 4, "served": 1, "missed": 1, "cancelled": 1, "unserved": 1},
    )


def test_nobody_closes_the_day_while_visitors_are_at_counters():
    day = MallDay()
    day.issue(SITI)
    day.call()
    with pytest.raises(CountersBusy) as refusal:
        day.when(CloseDay(day.now, day.mall))
    assert refusal.value.params == {"counters": "G02"}


def test_a_day_that_never_began_is_not_closed():
    day = MallDay(TUESDAY_NINE, mall(bookings=Bookings(14, "10:00")))
    with pytest.raises(NothingToClose):
        day.when(CloseDay(day.now, day.mall))
    day.when(BookPlace(SITI, KTP, None, TUESDAY, day.now, day.mall))
    with pytest.raises(NothingToClose):
        day.when(CloseDay(day.now, day.mall))


def test_bookings_nobody_came_for_lapse_with_the_day():
    day = MallDay(TUESDAY_NINE, mall(bookings=Bookings(14, "10:00")))
    day.when(BookPlace(SITI, KTP, None, TUESDAY, day.now, day.mall))
    day.issue(BUDI)
    events = day.when(CloseDay(day.now, day.mall))
    assert only(BookingLapsed, events).booking_id == SITI
    totals = only(DayClosed, events).totals
    assert (totals["bookings"], totals["lapsed"]) == (1, 1)


def closed_day() -> MallDay:
    day = MallDay()
    day.issue(SITI)
    day.when(CloseDay(day.now, day.mall))
    return day


@pytest.mark.parametrize(
    "command",
    [
        lambda day: IssueTicket(BUDI, KTP, None, day.now, day.mall),
        lambda day: CancelTicket(SITI, day.now, day.mall),
        lambda day: CallNext("G02", day.now, day.mall),
        lambda day: Finish(SITI, None, day.now),
        lambda day: ForceOpen("Buka lagi", day.now, day.mall),
        lambda day: StopDay("Henti", day.now, day.mall),
    ],
)
def test_after_closing_nothing_more_happens(command):
    day = closed_day()
    with pytest.raises(DayOver):
        day.when(command(day))


def test_closing_again_changes_nothing():
    day = closed_day()
    assert day.when(CloseDay(day.now, day.mall)) == []
    assert tick(day, MIDNIGHT) == []


# The history


def test_a_day_is_recorded_once():
    record = RecordDay(statistics.record(closed_day().state, {}, "seal"))
    (recorded,) = HISTORY.decide(record, History())
    assert HISTORY.decide(record, HISTORY.evolve(History(), recorded)) == []


def test_a_recorded_day_keeps_visits_without_ids_or_numbers():
    kept = str(statistics.record(closed_day().state, {"closed": 2}, "seal"))
    assert KTP in kept
    assert "B-001" not in kept
    assert SITI not in kept


def test_estimates_learn_from_closed_days_and_forget_slowly():
    day = MallDay()
    for who in (SITI, BUDI):
        day.issue(who)
    for _ in range(2):
        day.call()
        day.after(29.5).finish()
    day.when(CloseDay(day.now, day.mall))
    first = statistics.record(day.state, {}, "seal")
    history = HISTORY.evolve(History(), first)
    assert history.prior.measured[KTP] == Measured(2, 3600.0, 2 * 1800.0**2)
    assert history.prior.residuals == tuple(residual for residual in first.visits.residual)
    empty = type(first)("2026-11-25", first.closed_at, {}, {}, Visits(), "seal")
    assert HISTORY.evolve(history, empty).prior.measured[KTP].count == pytest.approx(1.8)


def test_the_next_day_tells_longer_waits_after_slow_visits():
    slow = HISTORY.evolve(History(), statistics.record(_slow_day().state, {}, "seal"))
    fresh, taught = MallDay(), MallDay()
    taught.mall = type(taught.mall)(
        taught.mall.learned, taught.mall.agencies, taught.mall.services, taught.mall.counters, prior=slow.prior
    )
    for day in (fresh, taught):
        day.issue(SITI)
    assert taught.issue(BUDI).expected_wait > 2 * fresh.issue(BUDI).expected_wait


def _slow_day() -> MallDay:
    day = MallDay()
    for number in range(6):
        day.issue(f"v{number}")
    for _ in range(6):
        day.call()
        day.after(45).finish()
    day.when(CloseDay(day.now, day.mall))
    return day


# The clock of the worker, on a real store


@pytest.fixture
def queue(store, known) -> Queue:
    known()
    return Queue(store)


def trusted_clock(queue: Queue) -> Clock:
    """A clock that needs no time to be trusted."""
    return Clock(queue, watch=ClockWatch.start(TUESDAY_NINE, 0.0, settle=timedelta(0)))


def served_one(queue: Queue, at: datetime = TUESDAY_NINE) -> None:
    known = queue.mall("pekalongan")
    queue.act(known, IssueTicket(SITI, KTP, None, at, known))
    queue.act(known, CallNext("G02", at, known))
    queue.act_on("pekalongan", f"{at:%Y%m%d}-x", Finish(SITI, "G02", at + timedelta(minutes=5)))


def test_the_clock_closes_the_day_and_records_it(queue):
    served_one(queue)
    hand, known = trusted_clock(queue), queue.mall("pekalongan")
    hand.tick(known, OVERTIME_ENDS)
    recorded = queue.history("pekalongan").days["2026-11-24"]
    snapshot = queue.day("pekalongan", TUESDAY)
    assert (recorded.totals, recorded.seal) == (snapshot.state.closed.totals, snapshot.hash)
    assert list(recorded.visits.worked) == [300]
    hand.tick(known, OVERTIME_ENDS + timedelta(seconds=5))
    assert len(queue.store.read("days.of/pekalongan")) == 1


def test_a_day_that_was_closed_and_not_recorded_is_recorded_later(queue, store):
    """As when the process dies between the two."""
    served_one(queue)
    known = queue.mall("pekalongan")
    queue.act(known, CloseDay(TUESDAY_NINE + timedelta(hours=1), known))
    assert not queue.history("pekalongan").days
    for process in (Queue(store), Queue(store)):
        trusted_clock(process).tick(known, TUESDAY_NINE + timedelta(hours=2))
    assert list(queue.history("pekalongan").days) == ["2026-11-24"]
    assert len(store.read("days.of/pekalongan")) == 1


def test_days_that_were_left_open_are_closed_and_recorded_in_order(queue):
    for days in (0, 1):
        served_one(queue, TUESDAY_NINE + timedelta(days=days))
    trusted_clock(queue).tick(queue.mall("pekalongan"), TUESDAY_NINE + timedelta(days=3))
    history = [commit.events[0].data["date"] for commit in queue.store.read("days.of/pekalongan")]
    assert history == ["2026-11-24", "2026-11-25"]
    assert queue.day("pekalongan", TUESDAY).state.closed.by_schedule


def test_the_clock_looks_once_at_days_on_which_nothing_happened(queue, monkeypatch):
    looked, act = [], queue.act
    monkeypatch.setattr(
        queue, "act", lambda mall, command, **more: looked.append(command) or act(mall, command, **more)
    )
    hand, known = Clock(queue), queue.mall("pekalongan")
    hand.tick(known, TUESDAY_NINE)
    hand.tick(known, TUESDAY_NINE + timedelta(seconds=5))
    assert [command.date for command in looked[-2:]] == [TUESDAY, TUESDAY]
    assert len(looked) == 31 + 1 + 1


# Over HTTP


@pytest.fixture
def supervisor(bearer) -> dict[str, str]:
    return bearer("supervisor")


def test_a_supervisor_closes_the_books(client, supervisor, store):
    ticket = client.post(f"{PEKALONGAN}/tickets", json={"service": KTP}).json
    answer = client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    commits = store.read("pekalongan/2026-11-24")
    assert (answer.status_code, answer.json["open"], answer.json["seal"]) == (200, False, commits[-1].hash)
    assert chain.first_misfit(commits) is None
    assert client.get(f"{PEKALONGAN}/tickets/{ticket['code']}").json["status"] == "unserved"
    assert refusal(client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})) == (409, "day-over")
    assert client.post(f"{PEKALONGAN}/closing", headers=supervisor).status_code == 200
    assert list(Queue(store).history("pekalongan").days) == ["2026-11-24"]


def test_the_next_day_begins_anew_after_closing(client, supervisor, clock):
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    clock.at = TUESDAY_NINE + timedelta(days=1)
    assert client.post(f"{PEKALONGAN}/tickets", json={"service": KTP}).json["number"] == "B-001"
