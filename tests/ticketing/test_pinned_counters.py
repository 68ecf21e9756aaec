"""What a counter may do with the ticket it had last, what an undo leaves, and refusals of a stopped or shut place."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TONO, MallDay, mall

from services.chassis.errors import Problem
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import counters, course, in_force, refusals, visitors
from services.ticketing.domain.day.events import BookingLapsed, TicketRestored
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared, Rule
from services.ticketing.domain.mall import evolve as learn
from services.ticketing.domain.statistics import visits

TUESDAY = date(2026, 11, 24)


def at(clock: str, on: date = TUESDAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{clock}+07:00")


def outcome(day: MallDay, command):
    try:
        return day.when(command)
    except Problem as refusal:
        return type(refusal), refusal.params


def giving(day: MallDay, counter: str, *services: str) -> None:
    """The catalogue gives a counter these services."""
    changed = replace(day.mall.counters[counter], services=services)
    day.mall = replace(day.mall, counters={**day.mall.counters, counter: changed})


def close(day: MallDay, scope: str, code: str, why: str = "Padam") -> None:
    closure = Closure(scope, code, why, day.now, None, "c1")
    day.mall = learn(day.mall, ClosureDeclared(closure, day.now))


# Tickets that a counter had last


@pytest.fixture
def missed() -> MallDay:
    """A ticket that was missed at G03, which neither gives its service any more nor was promised."""
    day = MallDay()
    day.issue(SITI, KK)
    giving(day, "G03", SIM, KK)
    day.call("G03")
    day.when(do.MissTicket(SITI, "G03", day.now))
    giving(day, "G03", SIM)
    return day


def test_counter_restores_the_ticket_that_it_had_last(missed):
    now = missed.now
    restored = TicketRestored(SITI, "B-001", KK, "DUKCAPIL", now)
    assert missed.when(do.RestoreTicket(SITI, now, "G03", missed.mall)) == [restored]


def test_counter_restores_no_ticket_that_another_had_last():
    day = MallDay()
    day.issue(SITI, KTP)
    day.call("G02")
    day.when(do.MissTicket(SITI, "G02", day.now))
    refused = (refusals.NotThisCounter, {"counter": "G03", "service": "Perekaman KTP-el"})
    assert outcome(day, do.RestoreTicket(SITI, day.now, "G03", day.mall)) == refused


def test_ticket_concerns_the_counter_that_gives_it_or_had_it_last(missed):
    ticket = missed.state.tickets[SITI]
    concerned = {code: counters.concerns(counter, ticket) for code, counter in missed.mall.counters.items()}
    assert concerned == {"G02": True, "G2B": True, "G03": True}
    missed.when(do.RestoreTicket(SITI, missed.now))
    ticket = missed.state.tickets[SITI]
    concerned = {code: counters.concerns(counter, ticket) for code, counter in missed.mall.counters.items()}
    assert concerned == {"G02": True, "G2B": True, "G03": False}


@pytest.fixture
def promised() -> MallDay:
    """Budi was sent to G03 for a family card, which it no longer gives; Siti was not."""
    day = MallDay()
    day.issue(SITI, KK)
    giving(day, "G03", SIM, KK)
    day.issue(BUDI, KK)
    giving(day, "G03", SIM)
    return day


def test_counter_gives_a_withdrawn_service_to_those_sent_to_it_alone(promised):
    g03, now = promised.mall.counters["G03"], promised.now
    assert in_force.callable_services(promised.state, promised.mall, g03, now) == (SIM, KK)
    refused = (refusals.NotThisCounter, {"counter": "G03", "service": "Kartu Keluarga baru"})
    assert outcome(promised, do.CallTicket("G03", SITI, "Lansia", now, promised.mall)) == refused
    assert outcome(promised, do.WalkIn("G03", RINI, KK, None, "Lansia", now, promised.mall)) == refused
    *_, called = promised.when(do.CallTicket("G03", BUDI, "Lansia", now, promised.mall))
    assert (called.ticket_id, called.counter) == (BUDI, "G03")


def test_clerk_calls_no_visitor_for_a_service_that_is_closed():
    day = MallDay()
    day.issue(SITI, KTP)
    close(day, "service", KTP)
    refused = (refusals.NotThisCounter, {"counter": "G02", "service": "Perekaman KTP-el"})
    assert outcome(day, do.CallTicket("G02", SITI, "Lansia", day.now, day.mall)) == refused
    assert outcome(day, do.WalkIn("G02", BUDI, KTP, None, "Lansia", day.now, day.mall)) == refused


def test_visit_that_goes_on_is_resumed_by_no_other_counter():
    day = MallDay()
    day.issue(SITI, KK)
    day.call()
    day.when(do.StartService(SITI, "G02", day.now))
    assert day.when(do.ResumeTicket(SITI, "G02", day.now, day.mall)) == []
    refused = (refusals.NotHeld, {"number": "B-001"})
    assert outcome(day, do.ResumeTicket(SITI, "G2B", day.now, day.mall)) == refused


def test_ticket_that_is_at_a_counter_is_not_ended():
    day = MallDay()
    day.issue(SITI)
    day.call()
    refused = (refusals.NotWaiting, {"number": "B-001"})
    assert outcome(day, do.EndTicket(SITI, "Sudah pulang", day.now, day.mall)) == refused


# Transfers


def test_transfer_to_the_same_counter_is_refused_once_that_is_shut():
    day = MallDay()
    day.issue(SITI, KK)
    send = do.TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall)
    day.when(send)
    assert day.when(send) == []
    day.when(do.CloseCounter("G2B", day.now, day.mall))
    assert outcome(day, send) == (refusals.CounterShut, {"counter": "G2B", "why": ""})


def test_transfer_to_a_closed_counter_is_refused_with_the_reason():
    day = MallDay()
    day.issue(SITI, KK)
    close(day, "counter", "G2B", "AC rusak")
    shut = (refusals.CounterShut, {"counter": "G2B", "why": "AC rusak"})
    assert outcome(day, do.TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall)) == shut
    assert outcome(day, do.TransferAll(KK, KK, "G2B", "", day.now, day.mall)) == shut


def test_only_those_whom_no_counter_can_call_are_sent_on():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who, KK, priority="elderly" if who == RINI else None)
    for who in (RINI, SITI):
        day.when(do.TransferTicket(who, None, KK, "G2B", "", day.now, day.mall))
    day.when(do.CloseCounter("G2B", day.now, day.mall))
    moved = day.when(do.TransferAll(KK, KK, "", "G2B tutup", day.now, day.mall))
    assert [(event.ticket_id, event.to, event.note) for event in moved] == [
        (SITI, "", "G2B tutup"),
        (RINI, "", "G2B tutup"),
    ]
    assert day.when(do.TransferAll(KK, KK, "", "", day.now, day.mall)) == []


# Undo


def test_hold_is_not_undone_once_the_ticket_was_ended():
    day = MallDay()
    day.issue(SITI, KK)
    day.call()
    day.when(do.HoldTicket(SITI, "G02", "Fotokopi", day.now))
    assert counters.can_be_undone(day.state, "G02", day.now)
    day.when(do.EndTicket(SITI, "Sudah pulang", day.now, day.mall))
    assert not counters.can_be_undone(day.state, "G02", day.now)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("then", ["missed", "served"])
def test_missed_call_is_undone_by_the_counter_of_the_last_one_alone(then, at_once):
    day = MallDay()
    day.issue(SITI, KK)
    start = day.now

    def now() -> datetime:
        return start if at_once else day.now

    day.when(do.CallNext("G02", now(), day.mall))
    day.when(do.MissTicket(SITI, "G02", now()))
    assert counters.can_be_undone(day.state, "G02", now())
    day.when(do.RestoreTicket(SITI, now()))
    day.when(do.CallNext("G2B", now(), day.mall))
    end = do.MissTicket(SITI, "G2B", now()) if then == "missed" else do.Finish(SITI, "G2B", now())
    day.when(end)
    assert counters.can_be_undone(day.state, "G2B", now())
    if (then, at_once) != ("missed", True):  # two misses of one instant are the same
        assert not counters.can_be_undone(day.state, "G02", now())


@pytest.mark.parametrize("act", ["called", "served", "missed", "held", "transferred"])
def test_undone_act_is_no_longer_the_last_of_its_counter(act):
    day = MallDay()
    day.issue(SITI, KK)
    day.call()
    acts = {
        "served": do.Finish(SITI, "G02", day.now),
        "missed": do.MissTicket(SITI, "G02", day.now),
        "held": do.HoldTicket(SITI, "G02", "Fotokopi", day.now),
        "transferred": do.TransferTicket(SITI, "G02", KK, "G2B", "", day.now, day.mall),
    }
    if act != "called":
        day.when(acts[act])
    last = day.state.desks["G02"].last
    assert last is not None
    assert last.act == act
    before = replace(day.state.desks["G02"], last=None)
    (undone,) = day.when(do.UndoLast("G02", day.now))
    assert undone.act == act
    assert day.state.desks["G02"] == before
    assert outcome(day, do.UndoLast("G02", day.now)) == (refusals.NothingToUndo, {})


# Refusals


def test_stopped_mall_says_why_and_names_no_next_opening():
    day = MallDay(known=mall(bookings=Bookings(7, "14:00")))
    day.issue(SITI)
    day.issue(BUDI)
    day.call()
    day.when(do.StopDay("Gempa", day.now, day.mall))
    stopped = (refusals.Stopped, {"why": "Gempa", "next_opening": None})
    for command in (
        do.IssueTicket("x", KTP, None, day.now, day.mall),
        do.BookPlace("x", KTP, None, TUESDAY, day.now, day.mall),
        do.CallNext("G03", day.now, day.mall),
        do.Recall(SITI, "G02", day.now, day.mall),
        do.WalkIn("G2B", "x", KK, None, "", day.now, day.mall),
    ):
        assert outcome(day, command) == stopped


def test_transfer_to_a_counter_without_a_clerk_is_refused_without_a_reason():
    day = MallDay()
    day.issue(SITI, KK)
    day.when(do.CloseCounter("G2B", day.now, day.mall))
    shut = (refusals.CounterShut, {"counter": "G2B", "why": ""})
    assert outcome(day, do.TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall)) == shut
    assert outcome(day, do.CallNext("G2B", day.now, day.mall)) == shut


def test_counter_whose_clerk_has_left_opens_on_another_day():
    known = mall()
    split = replace(known.counters["G03"], week=((("08:00", "12:00"), ("13:00", "15:00")),) * 7)
    day = MallDay(known=replace(known, counters={**known.counters, "G03": split}))
    day.when(do.CloseCounter("G03", day.now, day.mall))
    tomorrow = at("08:00:00", TUESDAY + timedelta(days=1))
    refused = (refusals.ServiceAway, {"service": "Perpanjangan SIM A", "next_opening": tomorrow})
    assert outcome(day, do.IssueTicket(SITI, SIM, None, day.now, day.mall)) == refused


# Counters that are no longer listed


def test_withdrawn_counter_is_in_use_while_a_visitor_relies_on_it():
    day = MallDay()
    day.issue(SITI, KTP)
    without = replace(day.mall, counters={})
    assert in_force.counters_in_use(day.state, without) == ["G02"]
    withdrawn = in_force.counter_of_day(day.state, without, "G02")
    assert (withdrawn.code, withdrawn.name, withdrawn.floor, withdrawn.agency) == ("G02", "G02", 1, "DUKCAPIL")
    assert withdrawn.services == ()
    day.call()
    assert in_force.counters_in_use(day.state, without) == ["G02"]
    day.finish()
    assert in_force.counters_in_use(day.state, without) == ["G02"], "its clerk is there"
    day.when(do.CloseCounter("G02", day.now, day.mall))
    assert in_force.counters_in_use(day.state, without) == []
    assert in_force.counters_in_use(day.state, day.mall) == ["G02", "G03", "G2B"]


def test_withdrawn_counter_without_tickets_keeps_its_floor_and_agency():
    day = MallDay()
    day.when(do.OpenCounter("G03", day.now, day.mall))
    withdrawn = in_force.counter_of_day(day.state, replace(day.mall, counters={}), "G03")
    assert (withdrawn.name, withdrawn.floor, withdrawn.agency, withdrawn.services) == ("G03", 2, "POLRES", ())


# The course of a day


def test_day_ends_with_the_zone_that_it_opened_in():
    day = MallDay()
    day.issue(SITI)
    day.when(do.ForceOpen("Simulasi", day.now, day.mall))
    day.mall = replace(day.mall, learned=replace(day.mall.about, zone="Asia/Jayapura", overtime_minutes=1440))
    midnight = at("00:00:00", TUESDAY + timedelta(days=1))

    def closes(now: datetime) -> bool:
        return bool(counted(day, now))

    day.when(do.Tick(TUESDAY, day.now, day.mall))
    assert not closes(midnight - timedelta(seconds=1))
    assert closes(midnight)


def counted(day: MallDay, now: datetime) -> list:
    """Return the end of the day, if the clock ends it now; the day itself stays open."""
    other = MallDay(now, day.mall)
    other.state = day.state
    return [one for one in other.when(do.Tick(TUESDAY, now, day.mall)) if type(one).__name__ == "DayClosed"]


# Figures


def test_visit_of_an_ordinary_visitor_has_no_class():
    day = MallDay()
    day.issue(SITI)
    day.issue(BUDI, priority="elderly")
    assert [visit.priority for visit in visits(day.state)] == ["", "elderly"]


# Repeats


def test_repeated_act_of_a_counter_leads_to_an_empty_list():
    day = MallDay()
    for who in (SITI, BUDI, RINI, TONO):
        day.issue(who, KK)
    now, known = day.now, day.mall
    pairs = [
        do.OpenCounter("G2B", now, known),
        do.PauseCounter("G2B", "Salat", now, known),
        do.CloseCounter("G2B", now, known),
        do.CallNext("G02", now, known),
        do.StartService(SITI, "G02", now),
        do.HoldTicket(SITI, "G02", "Fotokopi", now),
        do.ResumeTicket(SITI, "G02", now, known),
        do.Finish(SITI, "G02", now),
        do.CallNext("G02", now, known),
        do.MissTicket(BUDI, "G02", now),
        do.EndTicket(RINI, "Sudah pulang", now, known),
        do.TransferTicket(TONO, None, KTP, "", "", now, known),
    ]
    for command in pairs:
        day.when(command)
        if not isinstance(command, do.CallNext):
            assert counters.decide(command, day.state) == []


def test_repeated_act_of_a_visitor_or_supervisor_leads_to_an_empty_list():
    day = MallDay(at("08:10:00"), mall(bookings=Bookings(7, "10:00")))
    now, known = day.now, day.mall
    day.issue(SITI)
    day.when(do.BookPlace("one", KTP, None, TUESDAY, now, known))
    for command in (do.CancelBooking("one", now), do.CancelTicket(SITI, now, known)):
        day.when(command)
        assert visitors.decide(command, day.state) == []
    for command in (
        do.ForceOpen("Simulasi", now, known),
        do.StopDay("Gempa", now, known),
        do.ResumeDay(now),
        do.ChangeRule(Rule("fifo"), "Sepi", now, known),
        do.CloseDay(now, known),
    ):
        day.when(command)
        assert course.decide(command, day.state) == []


def test_booking_lapses_at_its_time_unless_the_clock_is_in_doubt():
    day = MallDay(at("08:10:00"), mall(bookings=Bookings(7, "10:00")))
    day.when(do.BookPlace("one", KTP, None, TUESDAY, day.now, day.mall))
    lapsed = [BookingLapsed("one", at("10:00:00"), KTP, "DUKCAPIL")]
    assert course.due(day.state, at("10:00:00"), None) == lapsed
    assert course.due(day.state, at("09:59:59"), None) == []
    assert course.due(day.state, at("10:00:00"), None, is_trusted=False) == []


def test_undo_of_a_transfer_is_for_that_transfer_alone():
    day = MallDay()
    day.issue(SITI, KK)
    day.call()
    day.when(do.TransferTicket(SITI, "G02", KK, "G2B", "", day.now, day.mall))
    assert counters.can_be_undone(day.state, "G02", day.now)
    other = MallDay(day.now, day.mall)
    other.state = day.state
    other.call("G2B")
    assert not counters.can_be_undone(other.state, "G02", other.now)
    day.when(do.TransferTicket(SITI, None, KTP, "", "", day.now, day.mall))
    assert not counters.can_be_undone(day.state, "G02", day.now)
