"""What a clerk can do with a visitor, as sentences."""

from functools import partial

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TONO, WATI, MallDay, mall, only

from services.ticketing.domain.day import refusals
from services.ticketing.domain.day.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    CloseCounter,
    Finish,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    Recall,
    RestoreTicket,
    ResumeTicket,
    StartService,
    TransferTicket,
    UndoLast,
    WalkIn,
)
from services.ticketing.domain.day.events import (
    ActUndone,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    TicketApproaching,
    TicketCalled,
    TicketIssued,
    TicketRecalled,
    TicketServed,
)
from services.ticketing.domain.mall import UnknownService


@pytest.fixture
def day() -> MallDay:
    """Siti, Budi and Rini wait for the population office."""
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who)
    return day


# Open, pause, close


def test_the_first_call_opens_the_counter(day):
    opened, called = day.when(CallNext("G02", day.now, day.mall))
    assert (opened.counter, opened.floor, opened.agency) == ("G02", 1, "DUKCAPIL")
    assert called.ticket_id == SITI


def test_a_counter_on_a_break_calls_nobody_until_it_opens_again(day):
    only(CounterPaused, day.when(PauseCounter("G02", "Salat Zuhur", day.now, day.mall)))
    with pytest.raises(refusals.CounterPaused):
        day.call()
    only(CounterOpened, day.when(OpenCounter("G02", day.now, day.mall)))
    assert day.call().ticket_id == SITI


def test_a_closed_counter_calls_nobody_until_it_opens_again(day):
    only(CounterClosed, day.when(CloseCounter("G02", day.now, day.mall)))
    with pytest.raises(refusals.CounterShut):
        day.call()
    day.when(OpenCounter("G02", day.now, day.mall))
    assert day.call().ticket_id == SITI


@pytest.mark.parametrize("leaves", [CloseCounter, lambda c, n, m: PauseCounter(c, "Salat", n, m)])
def test_a_counter_does_not_leave_its_visitor(day, leaves):
    day.call()
    with pytest.raises(refusals.CounterBusy):
        day.when(leaves("G02", day.now, day.mall))


@pytest.mark.parametrize(
    "act",
    [
        lambda day: OpenCounter("G02", day.now, day.mall),
        lambda day: PauseCounter("G02", "Salat", day.now, day.mall),
        lambda day: CloseCounter("G02", day.now, day.mall),
    ],
)
def test_opening_pausing_and_closing_again_is_nothing_new(day, act):
    assert day.when(act(day))
    assert day.when(act(day)) == []


# Call again, start, finish


def test_a_visitor_is_called_again_each_time_with_a_number_of_its_own(day):
    day.call()
    recalls = [only(TicketRecalled, day.when(Recall(SITI, "G02", day.now, day.mall))) for _ in range(3)]
    assert [(again.call, again.counter, again.floor) for again in recalls] == [
        (2, "G02", 1),
        (3, "G02", 1),
        (4, "G02", 1),
    ]
    with pytest.raises(refusals.RecallsUsedUp) as refusal:
        day.when(Recall(SITI, "G02", day.now, day.mall))
    assert refusal.value.params == {"number": "B-001", "recalls": 3}


def test_a_visitor_who_has_come_is_not_called_again_and_cannot_be_missing(day):
    day.call()
    day.when(StartService(SITI, "G02", day.now))
    assert day.when(StartService(SITI, "G02", day.now)) == []
    for act in (partial(Recall, mall=day.mall), MissTicket):
        with pytest.raises(refusals.AlreadyStarted):
            day.when(act(SITI, "G02", now=day.now))


def test_a_visit_ends_with_a_result_and_what_else_was_done(day):
    day.call()
    served = only(TicketServed, day.finish(result="incomplete", also=(KK,)))
    assert (served.result, served.also) == ("incomplete", (KK,))


def test_the_time_at_the_counter_is_measured_from_its_start(day):
    day.call()
    day.after(5).when(StartService(SITI, "G02", day.now))
    started = day.state.tickets[SITI].started_at
    day.after(8).finish()
    ticket = day.state.tickets[SITI]
    assert ticket.worked == (ticket.ended_at - started).total_seconds()
    assert day.state.measured[KTP].count == 1


# Miss and restore


def test_a_missed_visitor_who_comes_after_all_waits_at_the_old_place(day):
    day.call()
    day.when(MissTicket(SITI, "G02", day.now))
    day.after(20).when(RestoreTicket(SITI, day.now))
    called = day.call()
    assert (called.ticket_id, called.call) == (SITI, 2)


def test_after_an_hour_a_missed_visitor_needs_a_new_ticket(day):
    day.call()
    day.when(MissTicket(SITI, "G02", day.now))
    with pytest.raises(refusals.TooLate):
        day.after(61).when(RestoreTicket(SITI, day.now))


def test_only_a_missed_visitor_is_restored(day):
    with pytest.raises(refusals.NotMissed):
        day.when(RestoreTicket(SITI, day.now))


# Hold and resume


def test_a_visitor_on_hold_leaves_the_counter_free_and_comes_back_without_waiting(day):
    day.call()
    day.when(HoldTicket(SITI, "G02", "Fotokopi KK", day.now))
    assert day.status(SITI) == "held"
    assert day.call().ticket_id == BUDI
    with pytest.raises(refusals.CounterBusy):
        day.when(ResumeTicket(SITI, "G02", day.now, day.mall))
    day.finish()
    day.when(ResumeTicket(SITI, "G02", day.now, day.mall))
    assert day.when(ResumeTicket(SITI, "G02", day.now, day.mall)) == []
    assert day.state.serving["G02"] == SITI


def test_both_stretches_at_the_counter_are_measured(day):
    day.call()
    day.after(4.5).when(HoldTicket(SITI, "G02", "Fotokopi", day.now))
    day.after(60).when(ResumeTicket(SITI, "G02", day.now, day.mall))
    day.after(2.5).finish()
    assert day.state.tickets[SITI].worked == 5 * 60 + 3 * 60


def test_a_visitor_on_hold_comes_back_only_where_the_service_is_given(day):
    day.call()
    day.when(HoldTicket(SITI, "G02", "Fotokopi", day.now))
    with pytest.raises(refusals.NotThisCounter):
        day.when(ResumeTicket(SITI, "G03", day.now, day.mall))
    with pytest.raises(refusals.NotHeld):
        day.when(ResumeTicket(BUDI, "G02", day.now, day.mall))


# Transfer


def transfer(day: MallDay, who: str, service: str, to: str = "", counter: str | None = "G02", note: str = "") -> list:
    return day.when(TransferTicket(who, counter, service, to, note, day.now, day.mall))


def test_a_transferred_visitor_keeps_number_and_arrival(day):
    day.issue(TONO, SIM)
    day.call()
    transfer(day, SITI, SIM, note="Perlu SKCK dahulu")
    ticket = day.state.tickets[SITI]
    assert (ticket.status, ticket.now_for.line, ticket.issued.number, ticket.note) == (
        "waiting",
        "C",
        "B-001",
        "Perlu SKCK dahulu",
    )
    assert day.call("G03").ticket_id == SITI  # she came before Tono


def test_a_visitor_sent_to_one_counter_is_called_by_no_other(day):
    day.call()
    transfer(day, SITI, KK, "G2B")
    assert day.call("G02").ticket_id == BUDI
    assert day.call("G2B").ticket_id == SITI


def test_a_transfer_to_where_the_visitor_waits_is_nothing_new(day):
    assert transfer(day, SITI, KTP) == []


def test_a_visitor_is_sent_only_where_the_service_is_given(day):
    with pytest.raises(refusals.NotThisCounter):
        transfer(day, SITI, SIM, "G02")
    with pytest.raises(refusals.NoCounter):
        transfer(day, SITI, "POLRES-SKCK")
    with pytest.raises(UnknownService):
        transfer(day, SITI, "NO-SUCH")


def test_a_visitor_at_another_counter_is_not_sent_on(day):
    day.call("G02")
    with pytest.raises(refusals.OtherCounter):
        transfer(day, SITI, SIM, counter="G03")


# Out of turn, and without a ticket


def test_a_call_out_of_turn_needs_a_reason_and_keeps_it(day):
    with pytest.raises(refusals.ReasonRequired):
        day.when(CallTicket("G02", RINI, "  ", day.now, day.mall))
    called = only(TicketCalled, day.when(CallTicket("G02", RINI, "Membawa bayi sakit", day.now, day.mall)))
    assert (called.ticket_id, called.reason) == (RINI, "Membawa bayi sakit")


def test_a_call_out_of_turn_makes_up_for_nobody_who_was_passed():
    day = MallDay()
    for who in (BUDI, WATI):
        day.issue(who)
    for who in ("p1", "p2", "p3", "p4"):
        day.issue(who, priority="elderly")
    for _ in range(2):
        day.call()
        day.finish()
    day.when(CallTicket("G02", WATI, "Sudah ditunggu ambulans", day.now, day.mall))
    day.finish()
    assert day.call().ticket_id == BUDI


def test_only_who_waits_for_this_counter_is_called_out_of_turn(day):
    day.issue(TONO, SIM)
    with pytest.raises(refusals.NotThisCounter):
        day.when(CallTicket("G02", TONO, "Titipan", day.now, day.mall))
    day.call()
    with pytest.raises(refusals.NotWaiting):
        day.when(CallTicket("G03", SITI, "Titipan", day.now, day.mall))


def test_a_visitor_without_a_ticket_gets_one_and_is_served_at_once():
    day = MallDay()
    events = day.when(WalkIn("G02", SITI, KTP, None, "", day.now, day.mall))
    assert only(TicketIssued, events).number == "B-001"
    assert only(TicketCalled, events).counter == "G02"


def test_a_visitor_without_a_ticket_passes_those_who_wait_only_for_a_reason(day):
    with pytest.raises(refusals.ReasonRequired):
        day.when(WalkIn("G02", TONO, KTP, None, "", day.now, day.mall))
    events = day.when(WalkIn("G02", TONO, KTP, None, "Kembali membawa berkas", day.now, day.mall))
    assert only(TicketCalled, events).reason == "Kembali membawa berkas"


def test_a_counter_takes_in_only_whom_it_can_serve():
    day = MallDay()
    with pytest.raises(refusals.NotThisCounter):
        day.when(WalkIn("G02", SITI, SIM, None, "", day.now, day.mall))


# Undo


def test_a_call_that_is_taken_back_leaves_the_line_as_it_was(day):
    day.call()
    undone = only(ActUndone, day.when(UndoLast("G02", day.now)))
    assert (undone.act, undone.ticket_id) == ("called", SITI)
    assert day.state.calls == ()
    called = day.call()
    assert (called.ticket_id, called.call) == (SITI, 2)  # the hall strikes its gong, and a text is sent, once more


def test_an_end_that_is_taken_back_brings_the_visitor_back_to_the_counter(day):
    day.call()
    day.finish()
    day.when(UndoLast("G02", day.now))
    assert (day.status(SITI), day.state.serving["G02"]) == ("called", SITI)
    assert day.state.measured[KTP].count == 0


def test_an_end_is_not_taken_back_while_the_counter_has_another_visitor(day):
    day.call()
    day.when(HoldTicket(SITI, "G02", "Fotokopi", day.now))
    day.call()
    day.finish()
    day.when(ResumeTicket(SITI, "G02", day.now, day.mall))
    with pytest.raises(refusals.CounterBusy):
        day.when(UndoLast("G02", day.now))


def test_nothing_is_taken_back_twice_or_after_two_minutes(day):
    with pytest.raises(refusals.NothingToUndo):
        day.when(UndoLast("G02", day.now))
    day.call()
    day.when(UndoLast("G02", day.now))
    with pytest.raises(refusals.NothingToUndo):
        day.when(UndoLast("G02", day.now))
    day.call()
    with pytest.raises(refusals.TooLate):
        day.after(3).when(UndoLast("G02", day.now))


def test_a_transfer_is_not_taken_back_once_another_counter_has_called_the_visitor(day):
    day.call()
    transfer(day, SITI, SIM)
    day.call("G03")
    with pytest.raises(refusals.NothingToUndo):
        day.when(UndoLast("G02", day.now))


def test_an_ordinary_call_that_is_taken_back_makes_up_for_nobody():
    day = MallDay()
    for who in (BUDI, WATI):
        day.issue(who)
    for who in ("p1", "p2", "p3"):
        day.issue(who, priority="elderly")
    for _ in range(2):
        day.call()
        day.finish()
    assert day.call().ticket_id == BUDI
    day.when(UndoLast("G02", day.now))
    assert day.call().ticket_id == BUDI


# One visitor, several tickets


def test_a_visitor_with_two_tickets_is_at_one_counter_at_a_time():
    day = MallDay()
    day.issue(SITI)
    day.issue("siti-sim", SIM, beside=SITI)
    day.issue(TONO, SIM)
    day.call("G02")
    assert day.call("G03").ticket_id == TONO
    day.finish("G02")
    day.finish("G03")
    assert day.call("G03").ticket_id == "siti-sim"


def test_a_ticket_joins_only_a_visit_that_goes_on(day):
    day.call()
    day.finish()
    for beside in (SITI, "nobody"):
        with pytest.raises(refusals.SameVisit):
            day.when(IssueTicket(TONO, SIM, None, day.now, day.mall, beside))


def test_a_visitor_at_another_counter_is_not_called_out_of_turn_either():
    day = MallDay()
    day.issue(SITI)
    day.issue("siti-sim", SIM, beside=SITI)
    day.call("G02")
    with pytest.raises(refusals.VisitorElsewhere):
        day.when(CallTicket("G03", "siti-sim", "Titipan", day.now, day.mall))


# Leaving, and nearly there


def test_a_visitor_who_leaves_gives_the_place_back(day):
    day.when(CancelTicket(SITI, day.now, day.mall))
    assert day.when(CancelTicket(SITI, day.now, day.mall)) == []
    assert day.state.places.all == 2
    assert day.call().ticket_id == BUDI


def test_a_visitor_at_a_counter_cannot_leave_the_line(day):
    day.call()
    with pytest.raises(refusals.NotWaiting):
        day.when(CancelTicket(SITI, day.now, day.mall))


def test_the_third_in_line_is_told_once_that_it_is_nearly_time():
    day = MallDay()
    visitors = [SITI, BUDI, RINI, TONO, WATI]
    for who in visitors:
        day.issue(who)
    told = [event for event in day.when(CallNext("G02", day.now, day.mall)) if isinstance(event, TicketApproaching)]
    assert [(one.ticket_id, one.ahead) for one in told] == [(TONO, 2)]  # the first three came when it was nearly time
    told = [event for event in day.when(CancelTicket(BUDI, day.now, day.mall)) if isinstance(event, TicketApproaching)]
    assert [(one.ticket_id, one.ahead) for one in told] == [(WATI, 2)]
    day.finish()
    assert not [event for event in day.when(CallNext("G02", day.now, day.mall)) if isinstance(event, TicketApproaching)]


@pytest.mark.parametrize("act", [Finish, MissTicket, StartService, partial(Recall, mall=mall())])
def test_act_on_a_waiting_ticket_is_refused(day, act):
    with pytest.raises(refusals.NotCalled):
        day.when(act(SITI, "G02", now=day.now))
