"""What a visitor is promised: who is ahead, which counters can call, how long it takes; by hand, and for any day."""

from dataclasses import replace
from datetime import timedelta

import pytest
from examples import BUDI, KK, KTP, PRIORITIES, RINI, SIM, SITI, TONO, WATI, MallDay, mall
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Problem
from services.ticketing.domain import pace
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import in_force, turns
from services.ticketing.domain.mall import AgencyLearned, CounterLearned, Mall, Rule, ServiceLearned
from services.ticketing.domain.pace import Expected, Measured, Prior
from services.ticketing.views import counter as console
from services.ticketing.views import ticket as own_page

# A visit for a family card takes 15 minutes: 900 s, spread 540 s. For an identity card 10: 600 s, spread 360 s.


def promised(day: MallDay, who: str, service: str = KK, **more) -> tuple:
    """What a ticket says: how many are ahead, the expected seconds and spread, the range."""
    issued = day.issue(who, service, **more)
    return issued.ahead, issued.expected_wait, issued.expected_spread, (issued.told_low, issued.told_high)


def opens(day: MallDay, *counters: str) -> MallDay:
    for counter in counters:
        day.when(do.OpenCounter(counter, day.now, day.mall))
    return day


def test_ticket_estimates_by_all_counters_while_none_is_open():
    day = MallDay()
    assert [promised(day, who) for who in (SITI, BUDI, RINI)] == [
        (0, 0, 20, (0, 32)),
        (1, 0, 20, (0, 32)),
        (2, 225, 290, (0, 689)),
    ]


@pytest.mark.parametrize(
    ("counters", "wait"),
    [(("G02",), (2, 1350, 784, (331, 2604))), (("G02", "G2B"), (2, 225, 290, (0, 689)))],
)
def test_ticket_estimates_by_the_counters_that_are_open(counters, wait):
    day = opens(MallDay(), *counters)
    day.issue(SITI, KK)
    day.issue(BUDI, KK)
    assert promised(day, RINI) == wait


def test_ticket_estimates_by_open_counters_without_those_on_a_break():
    day = opens(MallDay(), "G02", "G2B")
    day.when(do.PauseCounter("G2B", "Salat", day.now, day.mall))
    day.issue(SITI, KK)
    day.issue(BUDI, KK)
    assert promised(day, RINI)[1:3] == (1350, 784)


def test_ticket_estimates_with_the_visit_under_way_half_over():
    day = opens(MallDay(), "G02")
    day.issue(SITI, KK)
    day.call()
    assert promised(day, BUDI)[:3] == (0, 450, 560)


def test_ticket_estimates_by_the_mix_of_services_that_wait():
    day = MallDay()
    day.issue(SITI, KTP)
    day.issue(BUDI, KK)
    assert promised(day, RINI, KTP)[:3] == (2, 1125, 703)  # visits of 750 s on average, variance 233,100


def test_ticket_estimates_by_measured_visits_of_today_and_before():
    known = mall()
    earlier = Prior({SIM: Measured(5, 3000, 1_800_000)}, ())
    day = opens(MallDay(known=replace(known, prior=earlier)), "G03")
    day.issue(SITI, SIM)
    assert promised(day, BUDI, SIM)[1] == 450  # five typical visits of 1200 s, five measured of 600 s
    day.call("G03")
    day.now = day.state.tickets[SITI].called.called_at + timedelta(seconds=600)
    day.finish("G03")
    day.call("G03")
    assert promised(day, RINI, SIM)[1] == round(0.5 * 9600 / 11)


def test_ticket_estimates_with_ranges_that_earlier_days_measured():
    known = mall()
    day = opens(MallDay(known=replace(known, prior=Prior({}, (0,) * 15 + (100,) * 15))), "G02")
    day.issue(SITI, KK)
    assert promised(day, BUDI)[1:] == (450, 560, (450, 1010))


def test_residual_of_a_call_is_kept_once():
    day = opens(MallDay(), "G02")
    day.issue(SITI, KK)
    waits = day.issue(BUDI, KK)
    day.call()
    day.finish()
    day.now = waits.issued_at + timedelta(seconds=1010)
    day.call()
    assert day.state.residuals[-1] == 100
    day.when(do.UndoLast("G02", day.now))
    day.call()
    assert len(day.state.residuals) == 2


def test_wait_of_a_withdrawn_service_is_that_of_ten_minutes():
    day = opens(MallDay(), "G03")
    for who in (SITI, BUDI):
        day.issue(who, SIM)
    without = replace(day.mall, services={code: one for code, one in day.mall.services.items() if code != SIM})
    outlook = turns.outlook(day.state, without, day.state.tickets[BUDI], day.now)
    assert outlook == turns.Outlook(1, Expected(300, 380))


def wait_range(day: MallDay, who: str) -> tuple[int, int]:
    outlook = turns.outlook(day.state, day.mall, day.state.tickets[who], day.now)
    return turns.range_around(day.state, day.mall, outlook.wait)


def test_wait_of_a_ticket_for_one_counter_is_that_of_the_counter():
    day = opens(MallDay(), "G02", "G2B")
    for who in (SITI, BUDI, RINI):
        day.issue(who, KK)
    assert wait_range(day, RINI) == (0, 689)
    day.when(do.TransferTicket(RINI, None, KK, "G2B", "", day.now, day.mall))
    assert wait_range(day, RINI) == (331, 2604)


def test_wait_and_place_are_not_given_once_the_visitor_is_called():
    day = MallDay()
    day.issue(SITI)
    day.call()
    page = own_page(day.state, day.mall, SITI, day.now)
    assert (page["ahead"], page["estimate"], page["calls"]) == (None, None, 1)


def test_estimate_of_a_page_is_in_whole_minutes_around_the_range():
    day = opens(MallDay(), "G02")
    for who in (SITI, BUDI, RINI):
        day.issue(who, KK)
    assert own_page(day.state, day.mall, RINI, day.now)["estimate"] == {"low_minutes": 5, "high_minutes": 44}


# Who is ahead, under each rule


@pytest.mark.parametrize(
    ("rule", "ordinary", "priority"),
    [(Rule("fifo"), 3, 3), (Rule("strict"), 3, 1), (Rule("ratio", 2), 3, 1), (Rule("ratio", 1), 3, 2)],
)
def test_next_ticket_has_those_ahead_that_the_rule_calls_first(rule, ordinary, priority):
    day = MallDay(known=mall(rule=rule))
    day.issue(SITI)
    day.issue(BUDI)
    day.issue(RINI, priority="elderly")
    g02 = [day.mall.counters["G02"]]
    for is_priority, ahead in ((False, ordinary), (True, priority)):
        outlook = turns.outlook_of_next(day.state, day.mall, g02, KTP, priority=is_priority, now=day.now)
        assert outlook.ahead == ahead
    assert day.issue(TONO).ahead == ordinary


def test_order_of_a_counter_is_that_of_its_calls():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who)
    day.issue(TONO, priority="elderly")
    order = {code: turns.in_order(day.state, day.mall, day.mall.counters[code], day.now) for code in ("G02", "G03")}
    assert [ticket.id for ticket in order["G02"]] == [TONO, SITI, BUDI, RINI]
    assert list(order["G03"]) == []


@pytest.mark.parametrize(("minutes", "first"), [(60, TONO), (60.5, SITI)])
def test_ceiling_is_passed_after_its_last_minute(minutes, first):
    day = MallDay(known=mall(rule=Rule("ratio", 2, 60)))
    waits = day.issue(SITI)
    day.issue(TONO, priority="elderly")
    day.now = waits.issued_at + timedelta(minutes=minutes)
    assert day.call().ticket_id == first


def test_ticket_of_a_withdrawn_service_is_called_where_it_was_promised():
    day = MallDay()
    day.issue(SITI, SIM)
    day.mall = replace(day.mall, services={code: one for code, one in day.mall.services.items() if code != SIM})
    day.mall = replace(day.mall, counters={**day.mall.counters, "G03": replace(day.mall.counters["G03"], services=())})
    services = {
        code: in_force.callable_services(day.state, day.mall, day.mall.counters[code], day.now)
        for code in ("G02", "G03")
    }
    assert services == {"G02": (KTP, KK), "G03": (SIM,)}
    assert day.call("G03").ticket_id == SITI


# Approaching


def test_third_in_line_is_notified_once_with_all_it_needs():
    day = MallDay()
    for who in (SITI, BUDI, RINI, TONO, WATI):
        day.issue(who)
    events = day.when(do.CallNext("G02", day.now, day.mall))
    about = [(one.ticket_id, one.number, one.service, one.agency, one.ahead) for one in events if hasattr(one, "ahead")]
    assert about == [(TONO, "B-004", KTP, "DUKCAPIL", 2)]
    day.when(do.UndoLast("G02", day.now))
    again = day.when(do.CallNext("G02", day.now, day.mall))
    assert [one for one in again if hasattr(one, "ahead")] == []


# For any day


class Morning(MallDay):
    """A day on which things happen by number, and what is refused changes nothing."""

    def do(self, number: int) -> None:
        act, counter = number % 11, ("G02", "G2B", "G03")[number // 11 % 3]
        service, who = (KTP, KK, SIM)[number // 33 % 3], f"t{number // 33 % 12}"
        priority = (None, None, *PRIORITIES)[number // 99 % (2 + len(PRIORITIES))]
        at_desk = self.state.serving.get(counter, "nobody")
        new = f"t{len(self.state.tickets)}"
        commands = [
            do.IssueTicket(new, service, priority, self.now, self.mall),
            do.IssueTicket(new, service, priority, self.now, self.mall, who),
            do.CallNext(counter, self.now, self.mall),
            do.Finish(at_desk, counter, self.now),
            do.MissTicket(at_desk, counter, self.now),
            do.HoldTicket(at_desk, counter, "Fotokopi", self.now),
            do.TransferTicket(who, counter, service, ("", counter)[number // 99 % 2], "", self.now, self.mall),
            do.RestoreTicket(who, self.now),
            do.OpenCounter(counter, self.now, self.mall),
            do.PauseCounter(counter, "Salat", self.now, self.mall),
            do.UndoLast(counter, self.now),
        ]
        try:
            self.when(commands[act])
        except Problem:
            self.now += timedelta(seconds=40)


@given(st.lists(st.integers(0, 20_000), max_size=60))
def test_any_day_publishes_counters_that_can_call_and_sound_estimates(numbers):
    day = Morning()
    for number in numbers:
        day.do(number)
    for ticket in day.state.tickets.values():
        page = own_page(day.state, day.mall, ticket.id, day.now)
        codes = [counter["code"] for counter in page["counters"]]
        if ticket.status == "waiting":
            able = [day.mall.counters[code] for code in codes]
            assert codes, "somewhere it can be called"
            assert all(ticket.now_for.service in one.services for one in able)
            assert ticket.only_at in ("", *codes)
            assert 0 <= page["estimate"]["low_minutes"] <= page["estimate"]["high_minutes"] < 24 * 60
            assert 0 <= page["ahead"] < len(day.state.tickets)
        else:
            assert (page["estimate"], page["ahead"]) == (None, None)
        issued = ticket.issued
        assert 0 <= issued.told_low <= issued.told_high
        assert issued.expected_wait >= 0
        assert issued.expected_spread >= pace.BASE


@given(st.lists(st.integers(0, 20_000), max_size=60))
def test_any_day_counts_what_its_lists_hold(numbers):
    day = Morning()
    for number in numbers:
        day.do(number)
    statuses = [ticket.status for ticket in day.state.tickets.values()]
    for code in day.mall.counters:
        desk = console(day.state, day.mall, code, day.now)
        services = day.mall.counters[code].services
        waiting = [
            ticket
            for ticket in day.state.tickets.values()
            if ticket.status == "waiting" and ticket.now_for.service in services
            if ticket.only_at in ("", code) and ticket.visit not in day.state.engaged
        ]
        assert desk["waiting_count"] == len(waiting)
        assert {one["id"] for one in desk["waiting"]} == {one.id for one in waiting}
        assert (desk["current"] is None) == (code not in day.state.serving)
    assert sum(status in ("called", "serving") for status in statuses) == len(day.state.serving)
    assert sum(map(turns.length, day.state.queues.values())) == statuses.count("waiting")


def test_lone_service_of_another_agency_is_estimated_by_its_own_counter():
    known = mall()
    more = Mall(
        known.learned,
        {**known.agencies, "PLN": AgencyLearned("PLN", "PLN", "D")},
        {**known.services, "PLN-SATU": ServiceLearned("PLN-SATU", "Pasang baru", "PLN", 30)},
        {**known.counters, "G09": CounterLearned("G09", "Gerai 9", 1, "PLN", ("PLN-SATU",))},
    )
    day = opens(MallDay(known=more), "G09")
    day.issue(SITI, "PLN-SATU")
    assert promised(day, BUDI, "PLN-SATU")[:3] == (1, 900, 1100)
