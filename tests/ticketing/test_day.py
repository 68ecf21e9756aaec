"""The rules of a business day, as sentences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from examples import AGUS, BUDI, KK, KTP, RINI, SIM, SITI, SUNDAY_NINE, TONO, WATI, MallDay, mall

from services.ticketing.domain.day import turns
from services.ticketing.domain.day.commands import Finish, ForceOpen, IssueTicket, MissTicket
from services.ticketing.domain.day.events import DayForcedOpen, DayOpened, TicketIssued, TicketMissed, TicketServed
from services.ticketing.domain.day.refusals import (
    CapacityReached,
    Closed,
    CounterBusy,
    NobodyWaits,
    NoCounter,
    NotCalled,
    OtherCounter,
    UnknownTicket,
)
from services.ticketing.domain.mall import UnknownCounter, UnknownService


def called_in_order(day: MallDay, counter: str = "G02") -> list[str]:
    order = []
    while True:
        try:
            order.append(day.call(counter).ticket_id)
        except NobodyWaits:
            return order
        day.when(Finish(order[-1], counter, day.now))


def test_the_first_ticket_opens_the_day():
    day = MallDay()
    opened, issued = day.when(IssueTicket(SITI, KTP, None, day.now, day.mall))
    assert isinstance(opened, DayOpened)
    assert (opened.date, opened.capacity, opened.zone) == ("2026-11-24", 100, "Asia/Jakarta")
    assert opened.ends_at == datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    assert (issued.number, issued.agency_name, issued.ahead) == ("B-001", "Dinas Dukcapil", 0)


def test_numbers_count_up_within_their_line():
    day = MallDay()
    numbers = [day.issue(f"v{n}", service).number for n, service in enumerate([KTP, KK, SIM, KTP])]
    assert numbers == ["B-001", "B-002", "C-001", "B-003"]


def test_a_counter_calls_in_the_order_of_arrival():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who)
    assert called_in_order(day) == [SITI, BUDI, RINI]


def test_an_ordinary_visitor_is_called_after_two_priority_visitors():
    day = MallDay()
    day.issue(BUDI)
    for who, claim in ((SITI, "elderly"), (RINI, "pregnancy"), (TONO, "disability")):
        day.issue(who, priority=claim)
    assert called_in_order(day) == [SITI, RINI, BUDI, TONO]


def test_priority_visitors_wait_for_nobody_when_no_ordinary_visitor_waits():
    day = MallDay()
    for who in (SITI, RINI, TONO, WATI):
        day.issue(who, priority="elderly")
    assert called_in_order(day) == [SITI, RINI, TONO, WATI]


def test_priority_calls_made_before_an_ordinary_visitor_came_do_not_count_against_the_others():
    day = MallDay()
    day.issue(SITI, priority="elderly")
    day.issue(RINI, priority="elderly")
    for counter in ("G02", "G02"):
        day.when(Finish(day.call(counter).ticket_id, counter, day.now))
    day.issue(BUDI)
    day.issue(TONO, priority="elderly")
    assert called_in_order(day) == [TONO, BUDI]


def test_an_ordinary_visitor_passed_at_one_counter_is_remembered_at_another():
    day = MallDay()
    day.issue(BUDI, KK)
    for who in (SITI, RINI, TONO):
        day.issue(who, KK, "elderly")
    assert day.call("G02").ticket_id == SITI
    assert day.call("G2B").ticket_id == RINI
    day.when(Finish(SITI, "G02", day.now))
    assert day.call("G02").ticket_id == BUDI


def test_a_counter_calls_only_what_it_serves():
    day = MallDay()
    day.issue(SITI, KTP)
    day.issue(BUDI, KK)
    assert day.call("G2B").ticket_id == BUDI
    with pytest.raises(NobodyWaits):
        day.call("G03")


def test_a_counter_serves_one_visitor_at_a_time():
    day = MallDay()
    day.issue(SITI)
    day.issue(BUDI)
    day.call()
    with pytest.raises(CounterBusy) as refusal:
        day.call()
    assert refusal.value.params == {"number": "B-001"}


def test_nobody_waits_at_an_empty_mall():
    with pytest.raises(NobodyWaits):
        MallDay().call()


def test_an_unknown_counter_calls_nobody():
    with pytest.raises(UnknownCounter):
        MallDay().call("G99")


def test_the_visitor_after_the_last_place_is_refused_and_told_when_to_come():
    day = MallDay(known=mall(capacity=2))
    day.issue(SITI)
    day.issue(BUDI)
    with pytest.raises(CapacityReached) as refusal:
        day.issue(RINI)
    assert refusal.value.params["capacity"] == 2
    assert refusal.value.params["next_opening"].isoformat() == "2026-11-25T08:00:00+07:00"


def test_the_visitor_after_the_last_place_is_not_told_to_come_after_the_break():
    week = ((("08:00", "11:30"), ("13:00", "15:00")),) * 5 + ((), ())
    known = mall(capacity=1)
    day = MallDay(known=replace(known, learned=replace(known.about, week=week)))
    day.issue(SITI)
    with pytest.raises(CapacityReached) as refusal:
        day.issue(BUDI)
    assert refusal.value.params["next_opening"].isoformat() == "2026-11-25T08:00:00+07:00"


def test_a_no_show_does_not_give_its_place_back():
    day = MallDay(known=mall(capacity=1))
    day.issue(SITI)
    day.call()
    day.when(MissTicket(SITI, "G02", day.now))
    with pytest.raises(CapacityReached):
        day.issue(BUDI)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (datetime(2026, 11, 24, 0, 59, tzinfo=UTC), "2026-11-24T08:00:00+07:00"),  # 07:59
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), "2026-11-25T08:00:00+07:00"),  # 15:00
        (datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "2026-11-30T08:00:00+07:00"),  # Friday afternoon
        (SUNDAY_NINE, "2026-11-23T08:00:00+07:00"),
    ],
)
def test_outside_hours_the_mall_is_closed_and_says_when_it_opens(at, opens):
    with pytest.raises(Closed) as refusal:
        MallDay(at).issue(SITI)
    assert refusal.value.params["next_opening"].isoformat() == opens


@pytest.mark.parametrize("minute", [0, 59])
def test_from_eight_to_the_last_minute_before_three_the_mall_is_open(minute):
    at = datetime(2026, 11, 24, 1, 0, tzinfo=UTC) if minute == 0 else datetime(2026, 11, 24, 7, 59, tzinfo=UTC)
    assert MallDay(at).issue(SITI).number == "B-001"


def test_a_supervisor_opens_the_mall_outside_its_hours_with_a_reason_once():
    day = MallDay(SUNDAY_NINE)
    command = ForceOpen("Pelayanan hari Minggu", day.now, day.mall)
    assert [type(event) for event in day.when(command)] == [DayOpened, DayForcedOpen]
    assert day.when(command) == []
    assert day.issue(SITI).number == "B-001"


def test_a_service_that_the_mall_does_not_offer_has_no_tickets():
    with pytest.raises(UnknownService):
        MallDay().issue(SITI, "NO-SUCH")


def test_a_service_without_a_counter_has_no_tickets():
    with pytest.raises(NoCounter):
        MallDay().issue(SITI, "POLRES-SKCK")


def test_serving_again_is_nothing_new_and_frees_the_counter_once():
    day = MallDay()
    day.issue(SITI)
    day.call()
    assert [type(event) for event in day.when(Finish(SITI, "G02", day.now))] == [TicketServed]
    assert day.when(Finish(SITI, "G02", day.now)) == []


def test_missing_again_is_nothing_new():
    day = MallDay()
    day.issue(SITI)
    day.call()
    assert [type(event) for event in day.when(MissTicket(SITI, "G02", day.now))] == [TicketMissed]
    assert day.when(MissTicket(SITI, "G02", day.now)) == []


def test_a_served_visitor_cannot_be_missed():
    day = MallDay()
    day.issue(SITI)
    day.call()
    day.when(Finish(SITI, "G02", day.now))
    with pytest.raises(NotCalled):
        day.when(MissTicket(SITI, "G02", day.now))


def test_a_waiting_visitor_cannot_be_finished():
    day = MallDay()
    day.issue(SITI)
    with pytest.raises(NotCalled):
        day.when(Finish(SITI, "G02", day.now))


def test_a_counter_finishes_only_its_own_visitor():
    day = MallDay()
    day.issue(SITI)
    day.call("G02")
    with pytest.raises(OtherCounter):
        day.when(Finish(SITI, "G2B", day.now))
    assert [type(event) for event in day.when(Finish(SITI, None, day.now))] == [TicketServed]


def test_a_ticket_nobody_has_is_unknown():
    with pytest.raises(UnknownTicket):
        MallDay().when(Finish(AGUS, "G02", SUNDAY_NINE))


def test_those_ahead_are_counted_as_they_will_be_called():
    day = MallDay()
    for who in (SITI, BUDI, WATI):
        day.issue(who)
    for who in (RINI, TONO, AGUS):
        day.issue(who, priority="elderly")
    order = list(turns.in_order(day.state, day.mall, day.mall.counters["G02"], day.now))
    assert [ticket.id for ticket in order] == [RINI, TONO, SITI, AGUS, BUDI, WATI]
    outlooks = [turns.outlook(day.state, day.mall, ticket, day.now) for ticket in order]
    assert [outlook.ahead for outlook in outlooks] == [0, 1, 2, 3, 4, 5]


def test_the_answer_to_a_visitor_tells_how_many_are_ahead():
    day = MallDay()
    aheads = [day.issue(SITI).ahead, day.issue(BUDI).ahead, day.issue(RINI, priority="elderly").ahead]
    assert aheads == [0, 1, 0]
    assert isinstance(day.issue(WATI), TicketIssued)


def test_the_business_day_is_the_malls_own():
    before_utc_midnight = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # 06:30 on the 25th in Pekalongan
    day = MallDay(before_utc_midnight + timedelta(hours=2))
    day.issue(SITI)
    assert day.state.opened.date == "2026-11-25"
