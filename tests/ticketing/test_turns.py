"""Whose turn it is, as sentences: the rules a mall can choose."""

from dataclasses import replace

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TONO, WATI, MallDay, mall

from services.ticketing.domain.day import refusals
from services.ticketing.domain.day.commands import CancelTicket
from services.ticketing.domain.day.turns import in_order, outlook
from services.ticketing.domain.mall import PriorityClass, Rule


def called_in_order(day: MallDay, counter: str = "G02") -> list[str]:
    order = []
    while True:
        try:
            order.append(day.call(counter).ticket_id)
        except refusals.NobodyWaits:
            return order
        day.finish(counter)


def a_day(rule: Rule) -> MallDay:
    """Budi came first; three elderly visitors and Wati after him."""
    day = MallDay(known=mall(rule=rule))
    day.issue(BUDI)
    for who in (SITI, RINI, TONO):
        day.issue(who, priority="elderly")
    day.issue(WATI)
    return day


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        (Rule("ratio", 2), [SITI, RINI, BUDI, TONO, WATI]),
        (Rule("ratio", 1), [SITI, BUDI, RINI, WATI, TONO]),
        (Rule("ratio", 3), [SITI, RINI, TONO, BUDI, WATI]),
        (Rule("strict"), [SITI, RINI, TONO, BUDI, WATI]),
        (Rule("fifo"), [BUDI, SITI, RINI, TONO, WATI]),
    ],
)
def test_visitors_are_called_by_the_rule_of_the_mall(rule, order):
    assert called_in_order(a_day(rule)) == order


@pytest.mark.parametrize("rule", [Rule("ratio", 2), Rule("ratio", 1), Rule("strict"), Rule("fifo")])
def test_those_ahead_are_counted_by_the_rule_of_the_mall(rule):
    day = a_day(rule)
    order = in_order(day.state, day.mall, day.mall.counters["G02"], day.now)
    assert [outlook(day.state, day.mall, ticket, day.now).ahead for ticket in order] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("passed", [KTP, KK])
def test_ordinary_visitor_goes_first_if_one_of_two_lines_was_passed(passed):
    known, other = mall(rule=Rule("ratio", 2)), KK if passed == KTP else KTP
    beside = replace(known.counters["G2B"], services=(passed,))
    day = MallDay(known=replace(known, counters={**known.counters, "G2B": beside}))
    day.issue(BUDI, other)
    day.issue(WATI, passed)
    for who in (SITI, RINI):
        day.issue(who, passed, priority="elderly")
    day.issue(TONO, other, priority="elderly")
    assert [day.call("G2B").ticket_id, day.finish("G2B") and day.call("G2B").ticket_id] == [SITI, RINI]
    assert {code: queue.passed for code, queue in day.state.queues.items()} == {passed: 2, other: 0}
    assert outlook(day.state, day.mall, day.state.tickets[BUDI], day.now).ahead == 0
    assert day.call("G02").ticket_id == BUDI


@pytest.mark.parametrize("waits", [True, False])
def test_passed_line_counts_only_while_an_ordinary_visitor_waits_in_it(waits):
    day = MallDay(known=mall(rule=Rule("ratio", 1)))
    day.issue(BUDI, KTP)
    day.issue(WATI, KK)
    day.issue(SITI, KK, priority="elderly")
    day.issue(RINI, KTP, priority="elderly")
    assert day.call("G2B").ticket_id == SITI
    if not waits:
        day.when(CancelTicket(WATI, day.now, day.mall))
    assert day.call("G02").ticket_id == (BUDI if waits else RINI)


def test_who_waited_longer_than_the_ceiling_goes_before_all_younger_ones():
    day = MallDay(known=mall(rule=Rule("ratio", 2, ceiling_minutes=60)))
    day.issue(BUDI)
    day.after(45).issue(SITI, priority="elderly")
    day.issue(RINI, priority="elderly")
    assert day.after(5).call().ticket_id == SITI
    day.finish()
    assert day.after(15).call().ticket_id == BUDI


def test_the_ceiling_does_not_let_priority_pass_more_often_than_promised():
    day = MallDay(known=mall(rule=Rule("ratio", 1, ceiling_minutes=10)))
    day.issue(SITI, priority="elderly")
    day.issue(RINI, priority="elderly")
    day.issue(BUDI)
    day.after(30)
    assert called_in_order(day) == [SITI, BUDI, RINI]


def test_the_classes_are_the_malls_own():
    day = MallDay(known=mall(classes=(PriorityClass("with-child", {"id": "Membawa balita", "en": "With a child"}),)))
    assert day.issue(SITI, priority="with-child").priority == "with-child"
    with pytest.raises(refusals.UnknownClass):
        day.issue(BUDI, priority="elderly")


def test_a_service_has_places_of_its_own():
    known = mall()
    day = MallDay(known=replace(known, services={**known.services, SIM: replace(known.services[SIM], capacity=1)}))
    day.issue(SITI, SIM)
    with pytest.raises(refusals.ServiceFull):
        day.issue(BUDI, SIM)
    assert day.issue(BUDI, KTP).number == "B-001"


def test_places_kept_for_priority_visitors_are_given_to_nobody_else():
    day = MallDay(known=mall(capacity=3, kept_for_priority=2))
    day.issue(BUDI)
    with pytest.raises(refusals.PlacesKept) as refusal:
        day.issue(WATI)
    assert refusal.value.params["kept"] == 2
    day.issue(SITI, priority="elderly")
    with pytest.raises(refusals.PlacesKept):
        day.issue(WATI)
    day.issue(RINI, priority="elderly")
    with pytest.raises(refusals.CapacityReached):
        day.issue(TONO, priority="elderly")
