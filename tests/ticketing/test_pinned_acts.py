"""Whole tickets after each act, the indices of a day against its tickets, and the parameters of each refusal."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from examples import BUDI, KK, KTP, PRIORITIES, RINI, SIM, SITI, TONO, WATI, MallDay, mall

from services.chassis.errors import Problem
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import counters, refusals
from services.ticketing.domain.day.events import BookingRescheduled, BookingSuspended, TicketCancelled
from services.ticketing.domain.day.evolve import evolve
from services.ticketing.domain.day.state import Desk, LastAct, Ticket
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared
from services.ticketing.domain.mall import evolve as learn
from services.ticketing.views import counter as console


def consistent(day: MallDay) -> None:
    """What the day keeps by status must be what its tickets say."""
    state, tickets = day.state, day.state.tickets.values()
    waiting = sorted((one for one in tickets if one.status == "waiting"), key=lambda one: one.arrival)
    for service in {one.now_for.service for one in tickets} | set(state.queues):
        queue = state.queues.get(service)
        mine = [one for one in waiting if one.now_for.service == service]
        assert (queue.ordinary if queue else ()) == tuple(one.id for one in mine if not one.is_priority)
        assert (queue.priority if queue else ()) == tuple(one.id for one in mine if one.is_priority)
    lines = Counter((one.now_for.line, one.now_for.agency) for one in waiting)
    assert {key: line.waiting for key, line in state.lines.items() if line.waiting} == dict(lines)
    at_counter = [one for one in tickets if one.status in ("called", "serving")]
    assert dict(state.serving) == {one.counter: one.id for one in at_counter}
    assert dict(state.engaged) == {one.visit: one.id for one in at_counter}
    assert sorted(state.reserved) == sorted(one.id for one in waiting if one.only_at)
    taken = [one for one in tickets if one.status != "cancelled"]
    assert (state.places.all, state.places.priority) == (len(taken), sum(one.is_priority for one in taken))
    by_service = Counter(one.issued.service for one in taken)
    assert {code: count for code, count in state.places.by_service.items() if count} == dict(by_service)


def act(day: MallDay, command) -> list:
    events = day.when(command)
    consistent(day)
    return events


# Whole tickets


def test_ticket_is_whole_after_each_act_of_its_visit():
    day = MallDay()
    issued = day.issue(SITI, KK)
    siti = Ticket(issued, 0)
    assert day.state.tickets[SITI] == siti
    call = day.call()
    siti = replace(
        siti,
        status="called",
        called=call,
        first_called_at=call.called_at,
        calls=1,
        counter="G02",
        residual=round(100 * 30 / issued.expected_spread),
    )
    assert day.state.tickets[SITI] == siti
    consistent(day)
    (recalled,) = act(day, do.Recall(SITI, "G02", day.now, day.mall))
    siti = replace(siti, calls=2, recalls=1)
    assert (recalled.call, day.state.tickets[SITI]) == (2, siti)
    (started,) = act(day, do.StartService(SITI, "G02", day.now))
    siti = replace(siti, status="serving", started_at=started.started_at)
    assert day.state.tickets[SITI] == siti
    act(day, do.HoldTicket(SITI, "G02", "Fotokopi", day.now))
    siti = replace(siti, status="held", note="Fotokopi", worked=30.0)
    assert day.state.tickets[SITI] == siti
    (_, resumed) = act(day, do.ResumeTicket(SITI, "G2B", day.now, day.mall))
    siti = replace(siti, status="serving", counter="G2B", note="", started_at=resumed.resumed_at)
    assert day.state.tickets[SITI] == siti
    (moved,) = act(day, do.TransferTicket(SITI, "G2B", KK, "G02", "Tanda tangan", day.now, day.mall))
    siti = replace(
        siti,
        status="waiting",
        moved=moved,
        counter="",
        only_at="G02",
        note="Tanda tangan",
        started_at=None,
        worked=60.0,
    )
    assert day.state.tickets[SITI] == siti
    second = day.call()
    siti = replace(siti, status="called", called=second, calls=3, recalls=0, counter="G02")
    assert (second.call, day.state.tickets[SITI]) == (3, siti)
    (missed,) = act(day, do.MissTicket(SITI, "G02", day.now))
    siti = replace(siti, status="missed", ended_at=missed.missed_at)
    assert day.state.tickets[SITI] == siti
    act(day, do.RestoreTicket(SITI, day.now))
    siti = replace(siti, status="waiting", counter="", ended_at=None)
    assert day.state.tickets[SITI] == siti
    third = day.call()
    (served,) = act(day, do.Finish(SITI, "G02", day.now, "referred"))
    siti = replace(
        siti,
        status="served",
        called=third,
        calls=4,
        counter="G02",
        ended_at=served.served_at,
        worked=90.0,
        result="referred",
    )
    assert day.state.tickets[SITI] == siti


@pytest.mark.parametrize("priority", [None, PRIORITIES[0]])
def test_indices_follow_every_act(priority):
    day = MallDay()
    for who, service in ((SITI, KTP), (BUDI, KK), (RINI, SIM), (TONO, KK), (WATI, KTP)):
        day.issue(who, service, priority=priority if who in (BUDI, TONO, SITI) else None)
        consistent(day)
    act(day, do.TransferTicket(TONO, None, KK, "G2B", "", day.now, day.mall))
    act(day, do.TransferTicket(TONO, None, SIM, "", "", day.now, day.mall))
    act(day, do.TransferTicket(WATI, None, KK, "G2B", "", day.now, day.mall))
    act(day, do.CallNext("G2B", day.now, day.mall))
    act(day, do.UndoLast("G2B", day.now))
    act(day, do.CancelTicket(BUDI, day.now, day.mall))
    act(day, do.CallNext("G02", day.now, day.mall))
    act(day, do.HoldTicket(day.state.serving["G02"], "G02", "Fotokopi", day.now))
    act(day, do.CallNext("G03", day.now, day.mall))
    act(day, do.MissTicket(day.state.serving["G03"], "G03", day.now))
    act(day, do.EndTicket(WATI, "Sudah pulang", day.now, day.mall))
    lines = {key: line.waiting for key, line in day.state.lines.items()}
    assert lines == {("B", "DUKCAPIL"): 0, ("C", "POLRES"): 1}


def test_wait_is_recorded_once_and_taken_back_with_its_call():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who, KK)
    kept = []
    for minutes in (0, 20, 0):
        day.after(minutes).call()
        kept.append(day.state.tickets[day.state.serving["G02"]].residual)
        day.finish()
    assert day.state.residuals == tuple(kept)
    same = replace(day.state, residuals=(7, kept[-1], 5, kept[-1], 6))
    last = LastAct("called", replace(day.state.tickets[RINI], residual=None, status="waiting"), day.now)
    day.state = replace(same, desks=same.desks.set("G02", replace(same.desks["G02"], last=last)))
    undone = counters.ActUndone(RINI, "B-003", KK, "DUKCAPIL", "G02", "called", day.now)
    assert evolve(day.state, undone).residuals == (7, kept[-1], 5, 6)


# Undo


def test_undo_of_a_call_is_for_that_call_alone():
    day = MallDay()
    day.issue(SITI)
    call = day.call()
    desk = day.state.desks["G02"]
    assert desk == Desk("open", call.called_at, 1, "DUKCAPIL", last=desk.last)
    for at, is_same in ((call.called_at, True), (call.called_at - timedelta(seconds=1), False)):
        other = replace(desk, last=replace(desk.last, at=at))
        state = replace(day.state, desks=day.state.desks.set("G02", other))
        assert counters.can_be_undone(state, "G02", day.now) is is_same


def test_undo_of_a_call_is_for_the_counter_that_called_last():
    day = MallDay()
    day.issue(SITI, KK)
    at = day.now
    for command in (
        do.CallNext("G02", at, day.mall),
        do.MissTicket(SITI, None, at),
        do.RestoreTicket(SITI, at),
    ):
        day.when(command)
    desks = day.state.desks
    called = replace(desks["G02"], last=LastAct("called", day.state.tickets[SITI], at))
    day.state = replace(day.state, desks=desks.set("G02", called))
    day.when(do.CallNext("G2B", at, day.mall))
    assert [counters.can_be_undone(day.state, code, at) for code in ("G02", "G2B")] == [False, True]
    day.when(do.Recall(SITI, "G2B", at, day.mall))
    assert not counters.can_be_undone(day.state, "G2B", at)


def test_undo_of_a_hold_is_for_the_counter_that_held():
    day = MallDay()
    day.issue(SITI, KK)
    day.call()
    act(day, do.HoldTicket(SITI, "G02", "Fotokopi", day.now))
    act(day, do.ResumeTicket(SITI, "G2B", day.now, day.mall))
    act(day, do.HoldTicket(SITI, "G2B", "Fotokopi", day.now))
    assert [counters.can_be_undone(day.state, code, day.now) for code in ("G02", "G2B")] == [False, True]


def test_undone_call_of_an_ordinary_visitor_leaves_lines_as_they_were():
    day = MallDay()
    for who, service, elderly in ((TONO, KTP, None), (SITI, KK, None), (RINI, KK, "elderly")):
        day.issue(who, service, priority=elderly)
    day.call("G2B")
    before = {code: queue.passed for code, queue in day.state.queues.items()}
    assert (day.state.serving["G2B"], before) == (RINI, {KK: 1, KTP: 0})
    assert day.call("G02").ticket_id == TONO
    assert {code: queue.passed for code, queue in day.state.queues.items()} == {KK: 0, KTP: 0}
    day.when(do.UndoLast("G02", day.now))
    assert {code: queue.passed for code, queue in day.state.queues.items()} == before


def test_visitor_notified_after_a_transfer_stays_so_when_it_is_undone():
    day = MallDay()
    day.issue(TONO, SIM)
    for who in (SITI, BUDI, RINI, WATI):
        day.issue(who, KTP)
    day.when(do.CallTicket("G02", WATI, "Lansia", day.now, day.mall))
    day.when(do.TransferTicket(WATI, "G02", SIM, "", "", day.now, day.mall))
    assert not day.state.tickets[WATI].told
    day.call("G03")
    assert day.state.tickets[WATI].told
    day.when(do.UndoLast("G02", day.now))
    assert (day.status(WATI), day.state.tickets[WATI].told) == ("called", True)


def test_last_thirty_calls_are_kept_for_the_hall():
    day = MallDay()
    calls = []
    for number in range(32):
        day.issue(f"v{number}")
        calls.append(day.call())
        day.finish()
    assert day.state.calls == tuple(calls[-30:])


# What refusals name


def outcome(day: MallDay, command):
    try:
        return day.when(command)
    except Problem as refusal:
        return type(refusal), refusal.params


def walk_in(day: MallDay, counter: str, service: str):
    return do.WalkIn(counter, SITI, service, None, "", day.now, day.mall)


def test_refusals_name_counter_service_and_classes():
    day = MallDay()
    elsewhere = {"counter": "G02", "service": "Perpanjangan SIM A"}
    assert outcome(day, walk_in(day, "G02", SIM)) == (refusals.NotThisCounter, elsewhere)
    unknown = outcome(day, do.IssueTicket(SITI, KTP, "vip", day.now, day.mall))
    assert unknown == (refusals.UnknownClass, {"classes": "disability, elderly, pregnancy"})
    day.issue(BUDI, SIM)
    choose = do.CallTicket("G02", BUDI, "Lansia", day.now, day.mall)
    assert outcome(day, choose) == (refusals.NotThisCounter, elsewhere)
    assert outcome(day, do.CallNext("G02", day.now, day.mall)) == (refusals.NobodyWaits, {"counter": "G02"})
    send = do.TransferTicket(BUDI, None, SIM, "G02", "", day.now, day.mall)
    assert outcome(day, send) == (refusals.NotThisCounter, elsewhere)


@pytest.mark.parametrize(("reserved", "calls"), [("G1", "G11"), ("G11", "G1")])
def test_ticket_of_one_counter_is_refused_to_one_with_a_similar_code(reserved, calls):
    known = mall()
    desks = {code: replace(known.counters["G02"], code=code) for code in ("G1", "G11")}
    day = MallDay(known=replace(known, counters=desks))
    day.issue(SITI)
    day.when(do.TransferTicket(SITI, None, KTP, reserved, "", day.now, day.mall))
    choose = do.CallTicket(calls, SITI, "Lansia", day.now, day.mall)
    assert outcome(day, choose) == (refusals.OtherCounter, {"counter": reserved})
    assert outcome(day, do.CallNext(calls, day.now, day.mall)) == (refusals.NobodyWaits, {"counter": calls})
    *_, called = day.when(replace(choose, counter=reserved, now=day.now))
    assert called.counter == reserved


def test_waits_are_measured_by_first_calls_alone():
    day = MallDay()
    for who in (SITI, BUDI):
        day.issue(who)
    day.after(7).call()
    (first,) = day.state.residuals
    day.when(do.MissTicket(SITI, "G02", day.now))
    day.when(do.RestoreTicket(SITI, day.now))
    day.when(do.CallTicket("G02", SITI, "Kembali", day.now, day.mall))
    assert (day.state.residuals, day.state.tickets[SITI].residual) == ((first,), first)


def test_ticket_cancelled_again_leads_to_an_empty_list():
    day = MallDay()
    day.issue(SITI)
    cancel = do.CancelTicket(SITI, day.now, day.mall)
    assert day.when(cancel) == [TicketCancelled(SITI, "B-001", KTP, "DUKCAPIL", cancel.now)]
    assert outcome(day, replace(cancel, now=day.now)) == []


def test_visit_of_a_ticket_is_its_own_unless_it_joins_another():
    day = MallDay()
    assert day.issue(SITI, KTP).visit == ""
    assert day.issue(BUDI, KK, beside=SITI).visit == SITI
    assert day.issue(RINI, SIM, beside=BUDI).visit == SITI
    _, given, called = day.when(do.WalkIn("G03", TONO, SIM, None, "Buru-buru", day.now, day.mall))
    assert (given.visit, called.reason) == ("", "Buru-buru")


# Bookings


def booked(day: MallDay, booking: str) -> None:
    day.when(do.BookPlace(booking, KTP, None, day.now.date(), day.now, day.mall))


def test_only_bookings_that_are_still_open_are_suspended():
    day = MallDay(known=mall(bookings=Bookings(7, "10:00")))
    for booking in ("one", "two", "three"):
        booked(day, booking)
    day.when(do.CancelBooking("two", day.now))
    *_, claimed = day.when(do.CheckIn("three", SITI, day.now, day.mall))
    assert (claimed.visit, claimed.booking) == ("", "three")
    closure = Closure("service", KTP, "Mesin rusak", day.now, None, "c1")
    day.mall = learn(day.mall, ClosureDeclared(closure, day.now))
    tick = do.Tick(day.now.date(), day.now, day.mall)
    assert [event for event in day.when(tick) if isinstance(event, BookingSuspended)] == [
        BookingSuspended("one", KTP, "DUKCAPIL", "service-closed", "Mesin rusak", tick.now)
    ]
    assert not [event for event in day.when(replace(tick, now=day.now)) if isinstance(event, BookingSuspended)]


def test_rescheduled_booking_is_kept_until_its_new_time():
    day = MallDay(known=mall(bookings=Bookings(7, "10:00")))
    booked(day, "one")
    before = day.state.bookings["one"]
    later = before.claim_by + timedelta(hours=1)
    change = BookingRescheduled("one", KTP, "DUKCAPIL", later, day.now)
    assert evolve(day.state, change).bookings["one"] == replace(before, claim_by=later)


def test_console_offers_the_undo_that_would_be_granted():
    day = MallDay()
    day.issue(SITI)
    day.call()
    assert console(day.state, day.mall, "G02", day.now)["undo"]["act"] == "called"
