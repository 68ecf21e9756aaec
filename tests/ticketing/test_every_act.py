"""Every act on a ticket in every status, and every act repeated: whole events, or the refusal with all it says."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TUESDAY_NINE, MallDay, mall

from services.chassis.errors import Problem
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import events as happened
from services.ticketing.domain.day.events import CounterWithFloor
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared, Rule, evolve
from services.ticketing.views import counter as console

ABOUT = (SITI, "B-001", KTP, "DUKCAPIL")
NUMBER = {"number": "B-001"}

# How a ticket comes into each status


def waiting(day: MallDay) -> None:
    day.issue(SITI)


def called(day: MallDay) -> None:
    day.issue(SITI)
    day.call()


def serving(day: MallDay) -> None:
    called(day)
    day.when(do.StartService(SITI, "G02", day.now))


def held(day: MallDay) -> None:
    called(day)
    day.when(do.HoldTicket(SITI, "G02", "Fotokopi KK", day.now))


def served(day: MallDay) -> None:
    called(day)
    day.finish()


def missed(day: MallDay) -> None:
    called(day)
    day.when(do.MissTicket(SITI, "G02", day.now))


def cancelled(day: MallDay) -> None:
    day.issue(SITI)
    day.when(do.CancelTicket(SITI, day.now, day.mall))


def sent_on(day: MallDay) -> None:
    called(day)
    day.when(do.TransferTicket(SITI, "G02", SIM, "", "Lanjut", day.now, day.mall))


# The acts, each by counter G02


def recall(day: MallDay):
    return do.Recall(SITI, "G02", day.now, day.mall)


def start(day: MallDay):
    return do.StartService(SITI, "G02", day.now)


def finish(day: MallDay):
    return do.Finish(SITI, "G02", day.now, "referred", (KK,))


def miss(day: MallDay):
    return do.MissTicket(SITI, "G02", day.now)


def restore(day: MallDay):
    return do.RestoreTicket(SITI, day.now)


def hold(day: MallDay):
    return do.HoldTicket(SITI, "G02", " Fotokopi ", day.now)


def resume(day: MallDay):
    return do.ResumeTicket(SITI, "G02", day.now, day.mall)


def transfer(day: MallDay):
    return do.TransferTicket(SITI, "G02", KK, "", "Perlu KK baru", day.now, day.mall)


def cancel(day: MallDay):
    return do.CancelTicket(SITI, day.now, day.mall)


def choose(day: MallDay):
    return do.CallTicket("G02", SITI, " Ibu dengan bayi ", day.now, day.mall)


def undo(day: MallDay):
    return do.UndoLast("G02", day.now)


def call_next(day: MallDay):
    return do.CallNext("G02", day.now, day.mall)


# What follows


def transferred(day: MallDay, from_counter: str) -> list:
    both = (CounterWithFloor("G02", 1), CounterWithFloor("G2B", 1))
    names = ("Kartu Keluarga baru", "DUKCAPIL", "Dinas Dukcapil", "B", both)
    before = (*ABOUT, from_counter)
    return [happened.TicketTransferred(*before, KK, *names, "", "Perlu KK baru", day.now)]


def was_called(day: MallDay, call: int, reason: str = "") -> list:
    among = (KTP, KK)
    return [happened.TicketCalled(*ABOUT, "G02", 1, among, day.now, call, reason)]


def opened(day: MallDay) -> list:
    return [happened.CounterOpened("G02", 1, "DUKCAPIL", day.now)]


def undone(act: str) -> Callable[[MallDay], list]:
    return lambda day: [happened.ActUndone(*ABOUT, "G02", act, day.now)]


def finished(day: MallDay) -> list:
    return [happened.TicketServed(*ABOUT, "G02", day.now, "referred", (KK,))]


def was_held(day: MallDay) -> list:
    return [happened.TicketHeld(*ABOUT, "G02", "Fotokopi", day.now)]


def was_cancelled(day: MallDay) -> list:
    return [happened.TicketCancelled(*ABOUT, day.now)]


NOTHING: Callable[[MallDay], list] = lambda day: []  # noqa: E731 - a cell of the table
NOT_CALLED, NOT_WAITING = ("not-called", NUMBER), ("not-waiting", NUMBER)
NOT_MISSED, NOT_HELD = ("not-missed", NUMBER), ("not-held", NUMBER)
STARTED, BUSY = ("already-started", NUMBER), ("counter-busy", NUMBER)
NO_UNDO, NONE_WAITS = ("nothing-to-undo", {}), ("nobody-waits", {"counter": "G02"})

ACTS = (recall, start, finish, miss, restore, hold, resume, transfer, cancel, choose, undo, call_next)
TABLE = {
    waiting: {
        **dict.fromkeys((recall, start, finish, miss, hold), NOT_CALLED),
        restore: NOT_MISSED,
        resume: NOT_HELD,
        transfer: lambda day: transferred(day, ""),
        cancel: was_cancelled,
        choose: lambda day: [*opened(day), *was_called(day, 1, "Ibu dengan bayi")],
        undo: NO_UNDO,
        call_next: lambda day: [*opened(day), *was_called(day, 1)],
    },
    called: {
        recall: lambda day: [happened.TicketRecalled(*ABOUT, "G02", 1, 2, day.now)],
        start: lambda day: [happened.ServiceStarted(SITI, "B-001", "G02", day.now)],
        finish: finished,
        miss: lambda day: [happened.TicketMissed(*ABOUT, "G02", day.now)],
        restore: NOT_MISSED,
        hold: was_held,
        resume: NOT_HELD,
        transfer: lambda day: transferred(day, "G02"),
        cancel: NOT_WAITING,
        choose: BUSY,
        undo: undone("called"),
        call_next: BUSY,
    },
    serving: {
        **dict.fromkeys((recall, miss), STARTED),
        **dict.fromkeys((start, resume), NOTHING),
        finish: finished,
        restore: NOT_MISSED,
        hold: was_held,
        transfer: lambda day: transferred(day, "G02"),
        cancel: NOT_WAITING,
        choose: BUSY,
        undo: NO_UNDO,
        call_next: BUSY,
    },
    held: {
        **dict.fromkeys((recall, start, finish, miss), NOT_CALLED),
        restore: NOT_MISSED,
        hold: NOTHING,
        resume: lambda day: [happened.TicketResumed(*ABOUT, "G02", 1, day.now)],
        transfer: lambda day: transferred(day, ""),
        cancel: was_cancelled,
        choose: NOT_WAITING,
        undo: undone("held"),
        call_next: NONE_WAITS,
    },
    served: {
        **dict.fromkeys((recall, start, miss, hold), NOT_CALLED),
        finish: NOTHING,
        restore: NOT_MISSED,
        resume: NOT_HELD,
        **dict.fromkeys((transfer, cancel, choose), NOT_WAITING),
        undo: undone("served"),
        call_next: NONE_WAITS,
    },
    missed: {
        **dict.fromkeys((recall, start, finish, hold), NOT_CALLED),
        miss: NOTHING,
        restore: lambda day: [happened.TicketRestored(*ABOUT, day.now)],
        resume: NOT_HELD,
        **dict.fromkeys((transfer, cancel, choose), NOT_WAITING),
        undo: undone("missed"),
        call_next: NONE_WAITS,
    },
    cancelled: {
        **dict.fromkeys((recall, start, finish, miss, hold), NOT_CALLED),
        restore: NOT_MISSED,
        resume: NOT_HELD,
        **dict.fromkeys((transfer, choose), NOT_WAITING),
        cancel: NOTHING,
        undo: NO_UNDO,
        call_next: NONE_WAITS,
    },
    sent_on: {
        **dict.fromkeys((recall, start, finish, miss, hold), NOT_CALLED),
        restore: NOT_MISSED,
        resume: NOT_HELD,
        transfer: ("not-this-counter", {"counter": "G02", "service": "Perpanjangan SIM A"}),
        cancel: lambda day: [happened.TicketCancelled(SITI, "B-001", SIM, "POLRES", day.now)],
        choose: ("not-this-counter", {"counter": "G02", "service": "Perpanjangan SIM A"}),
        undo: lambda day: [happened.ActUndone(*ABOUT, "G02", "transferred", day.now)],
        call_next: NONE_WAITS,
    },
}


def outcome(day: MallDay, act: Callable) -> list | tuple[str, dict]:
    """The events of an act, or its refusal's reason and values."""
    try:
        return day.when(act(day))
    except Problem as refusal:
        return refusal.reason, refusal.params


def cases() -> Iterable:
    for status in TABLE:
        for act in ACTS:
            yield pytest.param(status, act, id=f"{act.__name__} when {status.__name__}")


@pytest.mark.parametrize(("status", "act"), cases())
def test_act_on_a_ticket_in_each_status(status, act):
    day = MallDay()
    status(day)
    expected = TABLE[status][act]
    before = day.state
    wanted = expected(day) if callable(expected) else expected
    assert outcome(day, act) == wanted
    if not isinstance(wanted, list):
        assert day.state is before


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", TABLE)
def test_act_after_the_day_closed_is_refused(status, act):
    day = MallDay()
    status(day)
    day.now = TUESDAY_NINE + timedelta(hours=9)
    day.when(do.Tick(TUESDAY_NINE.date(), day.now, day.mall))
    assert outcome(day, act) == ("day-over", {})


# Another counter, and staff of any counter

AT_G2B = {
    recall: lambda day: do.Recall(SITI, "G2B", day.now, day.mall),
    start: lambda day: do.StartService(SITI, "G2B", day.now),
    finish: lambda day: do.Finish(SITI, "G2B", day.now),
    miss: lambda day: do.MissTicket(SITI, "G2B", day.now),
    hold: lambda day: do.HoldTicket(SITI, "G2B", "Fotokopi", day.now),
    transfer: lambda day: do.TransferTicket(SITI, "G2B", KK, "", "", day.now, day.mall),
}


@pytest.mark.parametrize("act", AT_G2B)
@pytest.mark.parametrize("status", [called, serving])
def test_act_by_another_counter_names_the_one_with_the_visitor(status, act):
    day = MallDay()
    status(day)
    assert outcome(day, AT_G2B[act]) == ("other-counter", {"counter": "G02"})


@pytest.mark.parametrize(("status", "act"), [(served, finish), (missed, miss), (held, hold)])
def test_act_of_one_counter_repeated_by_another_is_refused(status, act):
    day = MallDay()
    status(day)
    assert outcome(day, AT_G2B[act]) == NOT_CALLED


@pytest.mark.parametrize("act", [partial(do.Recall, mall=mall()), do.StartService, do.Finish, do.MissTicket])
def test_act_by_staff_of_any_counter_names_the_visitors_counter(act):
    day = MallDay()
    called(day)
    (event,) = day.when(act(SITI, None, now=day.now))
    assert event.counter == "G02"


def test_undo_of_another_counter_does_not_touch_the_visitor():
    day = MallDay()
    called(day)
    assert outcome(day, lambda day: do.UndoLast("G2B", day.now)) == NO_UNDO


# Repeats

REPEATS = [
    (called, start, NOTHING),
    (called, finish, NOTHING),
    (called, miss, NOTHING),
    (called, hold, NOTHING),
    (held, resume, NOTHING),
    (waiting, transfer, NOTHING),
    (called, transfer, NOTHING),
    (held, transfer, NOTHING),
    (waiting, cancel, NOTHING),
    (called, recall, lambda day: [happened.TicketRecalled(*ABOUT, "G02", 1, 3, day.now)]),
    (missed, restore, NOT_MISSED),
    (called, undo, NO_UNDO),
    (served, undo, ("nothing-to-undo", {})),
    (waiting, choose, BUSY),
    (waiting, call_next, BUSY),
]


@pytest.mark.parametrize(("status", "act", "again"), REPEATS)
def test_act_repeated_at_once_changes_nothing_more(status, act, again):
    day = MallDay()
    status(day)
    assert day.when(act(day))
    wanted = again(day) if callable(again) else again
    assert outcome(day, act) == wanted


def bookable() -> MallDay:
    return MallDay(known=mall(bookings=Bookings(7, "10:00")))


TUESDAY = date(2026, 11, 24)
OF_THE_DAY = [
    lambda day: do.OpenCounter("G02", day.now, day.mall),
    lambda day: do.PauseCounter("G02", "Salat", day.now, day.mall),
    lambda day: do.CloseCounter("G02", day.now, day.mall),
    lambda day: do.ForceOpen("Layanan malam", day.now, day.mall),
    lambda day: do.StopDay("Alarm", day.now, day.mall),
    lambda day: do.ChangeRule(Rule("fifo"), "Hari ramai", day.now, day.mall),
]


@pytest.mark.parametrize("act", OF_THE_DAY)
def test_act_of_the_day_repeated_changes_nothing(act):
    day = bookable()
    first = day.when(act(day))
    assert [type(event).__name__ for event in first][:-1] == ["DayOpened"]
    assert day.when(act(day)) == []


def test_resume_of_a_day_that_goes_on_changes_nothing():
    day = bookable()
    day.when(do.StopDay("Alarm", day.now, day.mall))
    at = day.now
    assert day.when(do.ResumeDay(at)) == [happened.DayResumed(at)]
    assert day.when(do.ResumeDay(day.now)) == []


def test_booking_cancelled_twice_is_cancelled_once():
    day = bookable()
    day.when(do.BookPlace("booking", KTP, None, TUESDAY, day.now, day.mall))
    at = day.now
    assert day.when(do.CancelBooking("booking", at)) == [happened.BookingCancelled("booking", at, KTP, "DUKCAPIL")]
    assert day.when(do.CancelBooking("booking", day.now)) == []
    again = outcome(day, lambda day: do.CheckIn("booking", SITI, day.now, day.mall))
    assert again == ("booking-over", {})


def test_check_in_twice_names_the_ticket_it_has_become():
    day = bookable()
    day.when(do.BookPlace("booking", KTP, None, TUESDAY, day.now, day.mall))
    check_in: Callable = lambda day: do.CheckIn("booking", SITI, day.now, day.mall)  # noqa: E731
    opening, ticket = day.when(check_in(day))
    assert isinstance(opening, happened.DayOpened)
    assert (ticket.ticket_id, ticket.booking, ticket.number) == (SITI, "booking", "B-001")
    assert outcome(day, check_in) == ("booking-used", NUMBER)
    assert outcome(day, lambda day: do.CancelBooking("booking", day.now)) == ("booking-used", NUMBER)


# Refusals of a counter


def closed_counter(day: MallDay, scope: str = "counter", code: str = "G02") -> None:
    closure = Closure(scope, code, "Listrik padam", day.now, None)
    day.mall = evolve(day.mall, ClosureDeclared(closure))


@pytest.mark.parametrize("act", [call_next, choose, lambda day: do.OpenCounter("G02", day.now, day.mall)])
def test_counter_closed_for_a_while_is_named_with_the_reason(act):
    day = MallDay()
    waiting(day)
    closed_counter(day)
    assert outcome(day, act) == ("counter-shut", {"counter": "G02", "why": "Listrik padam"})


def test_counter_closed_by_its_clerk_is_named_without_a_reason():
    day = MallDay()
    waiting(day)
    day.when(do.CloseCounter("G02", day.now, day.mall))
    assert outcome(day, call_next) == ("counter-shut", {"counter": "G02", "why": ""})


def test_counter_on_a_break_is_named():
    day = MallDay()
    waiting(day)
    day.when(do.PauseCounter("G02", "Salat", day.now, day.mall))
    assert outcome(day, call_next) == ("counter-paused", {"counter": "G02"})


def test_choice_of_a_ticket_sent_to_another_counter_names_that_counter():
    day = MallDay()
    waiting(day)
    day.when(do.TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))
    assert outcome(day, choose) == ("other-counter", {"counter": "G2B"})


@pytest.mark.parametrize("act", [choose, resume])
def test_visitor_at_another_counter_is_named_by_number(act):
    day = MallDay()
    day.issue(SITI, KTP)
    if act is resume:
        day.call()
        day.when(do.HoldTicket(SITI, "G02", "Fotokopi", day.now))
    day.issue(BUDI, SIM, beside=SITI)
    day.call("G03")
    assert outcome(day, act) == ("visitor-elsewhere", NUMBER)


def test_undo_is_refused_while_the_visitor_is_at_another_counter():
    day = MallDay()
    day.issue(SITI, KTP)
    day.issue(BUDI, SIM, beside=SITI)
    day.call()
    day.finish()
    day.call("G03")
    assert outcome(day, undo) == ("visitor-elsewhere", NUMBER)


def test_hold_is_resumed_at_its_own_counter_also_without_the_service():
    day = MallDay()
    held(day)
    without = replace(day.mall.counters["G02"], services=(KK,))
    day.mall = replace(day.mall, counters={**day.mall.counters, "G02": without})
    at = day.now
    assert day.when(resume(day)) == [happened.TicketResumed(*ABOUT, "G02", 1, at)]


def test_hold_is_not_resumed_at_a_counter_without_the_service():
    day = MallDay()
    held(day)
    there: Callable = lambda day: do.ResumeTicket(SITI, "G2B", day.now, day.mall)  # noqa: E731
    assert outcome(day, there) == ("not-this-counter", {"counter": "G2B", "service": "Perekaman KTP-el"})


def test_transfer_to_a_service_without_a_counter_names_the_service():
    day = MallDay()
    waiting(day)
    sent: Callable = lambda day: do.TransferTicket(SITI, None, "POLRES-SKCK", "", "", day.now, day.mall)  # noqa: E731
    assert outcome(day, sent) == ("no-counter", {"service": "SKCK"})


def test_transfer_to_one_counter_names_that_counter_alone():
    day = MallDay()
    called(day)
    (event,) = day.when(do.TransferTicket(SITI, "G02", KK, "G2B", "", day.now, day.mall))
    assert (event.counters, event.to) == ((CounterWithFloor("G2B", 1),), "G2B")
    assert day.state.tickets[SITI].only_at == "G2B"


# Limits in time


@pytest.mark.parametrize(("seconds", "is_refused"), [(0, False), (1, True)])
def test_restore_is_possible_for_exactly_one_hour(seconds, is_refused):
    day = MallDay()
    missed(day)
    at = day.state.tickets[SITI].ended_at
    day.now = at + timedelta(hours=1, seconds=seconds)
    assert (outcome(day, restore) == ("too-late", {"minutes": 60})) is is_refused


@pytest.mark.parametrize(("seconds", "is_refused"), [(0, False), (1, True)])
def test_undo_is_possible_and_offered_for_exactly_two_minutes(seconds, is_refused):
    day = MallDay()
    called(day)
    day.now = day.state.desks["G02"].last.at + timedelta(minutes=2, seconds=seconds)
    assert (console(day.state, day.mall, "G02", day.now)["undo"] is None) is is_refused
    assert (outcome(day, undo) == ("too-late", {"minutes": 2})) is is_refused


# What is offered and what is kept


@pytest.mark.parametrize(
    ("status", "act"),
    [(called, "called"), (served, "served"), (missed, "missed"), (held, "held"), (sent_on, "transferred")],
)
def test_undo_is_offered_after_each_act(status, act):
    day = MallDay()
    status(day)
    assert console(day.state, day.mall, "G02", day.now)["undo"] == {"act": act, "number": "B-001", "seconds_left": 90}
    assert [type(event) for event in day.when(undo(day))] == [happened.ActUndone]


@pytest.mark.parametrize("status", [waiting, serving, cancelled])
def test_undo_is_not_offered_where_it_would_be_refused(status):
    day = MallDay()
    status(day)
    assert console(day.state, day.mall, "G02", day.now)["undo"] is None


def test_undo_is_neither_offered_nor_granted_after_a_newer_call():
    day = MallDay()
    called(day)
    day.when(undo(day))
    day.call("G02")
    day.when(do.MissTicket(SITI, "G02", day.now))
    day.when(restore(day))
    assert console(day.state, day.mall, "G02", day.now)["undo"] is None
    assert outcome(day, undo) == NO_UNDO


def test_hall_keeps_earlier_calls_when_a_visitor_is_called_again():
    day = MallDay()
    day.issue(SITI)
    day.issue(BUDI, SIM)
    day.call("G02")
    day.call("G03")
    day.when(recall(day))
    kept = [(type(call).__name__, call.number, call.call) for call in day.state.calls]
    assert kept == [("TicketCalled", "B-001", 1), ("TicketCalled", "C-001", 1), ("TicketRecalled", "B-001", 2)]


def test_hall_keeps_thirty_calls():
    day = MallDay()
    for number in range(17):
        day.issue(f"t{number}")
        day.call()
        day.when(do.Recall(f"t{number}", "G02", day.now, day.mall))
        day.finish()
    assert len(day.state.calls) == 30
    assert day.state.calls[0].number == "B-003"
    assert day.state.calls[-1].number == "B-017"


# The clock


@pytest.mark.parametrize("scope", ["mall", "counter", "service"])
def test_clock_does_not_open_the_day_while_the_mall_is_closed(scope):
    day = MallDay()
    closed_counter(day, scope, {"mall": "pekalongan", "counter": "G02", "service": KTP}[scope])
    events = day.when(do.Tick(TUESDAY, day.now, day.mall))
    assert [type(event) for event in events] == ([] if scope == "mall" else [happened.DayOpened])


def test_closing_closes_each_counter_once():
    day = MallDay()
    day.issue(SITI)
    day.issue(RINI, SIM)
    day.when(do.OpenCounter("G03", day.now, day.mall))
    day.when(do.PauseCounter("G2B", "Salat", day.now, day.mall))
    day.when(do.OpenCounter("G02", day.now, day.mall))
    day.when(do.CloseCounter("G02", day.now, day.mall))
    at = day.now
    assert day.when(do.CloseDay(at, day.mall)) == [
        happened.TicketUnserved(*ABOUT, at),
        happened.TicketUnserved(RINI, "C-001", SIM, "POLRES", at),
        happened.CounterClosed("G03", 2, "POLRES", at),
        happened.CounterClosed("G2B", 1, "DUKCAPIL", at),
        happened.DayClosed(
            "2026-11-24",
            at,
            False,
            {"issued": 2, "served": 0, "missed": 0, "cancelled": 0, "unserved": 2, "bookings": 0, "lapsed": 0},
        ),
    ]
