"""The record of closed days and its figures, column by column."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from examples import KK, KTP, TUESDAY_NINE, MallDay

from services.ticketing.domain import statistics
from services.ticketing.domain.day.commands import CloseDay
from services.ticketing.domain.history import HISTORY, DayRecorded, History, RecordDay, Visit, Visits
from services.ticketing.domain.pace import Measured

SHORT = Visit(KTP, "DUKCAPIL", "G02", "", 9, 60, 600, "served", 10, True)
LONG = Visit(KK, "DUKCAPIL", "G2B", "elderly", 10, None, None, "missed", None, None)


def recorded(date: str, *visits: Visit) -> DayRecorded:
    return DayRecorded(date, TUESDAY_NINE, {"issued": len(visits)}, {"closed": 1}, Visits.of(visits), "ab12")


def history(*days: DayRecorded) -> History:
    found = HISTORY.initial
    for day in days:
        for event in HISTORY.decide(RecordDay(day), found):
            found = HISTORY.evolve(found, event)
    return found


def test_columns_hold_each_field_of_the_visits_in_order():
    assert Visits.of([SHORT, LONG]) == Visits(
        service=(KTP, KK),
        agency=("DUKCAPIL", "DUKCAPIL"),
        counter=("G02", "G2B"),
        priority=("", "elderly"),
        hour=(9, 10),
        waited=(60, None),
        worked=(600, None),
        outcome=("served", "missed"),
        residual=(10, None),
        in_range=(True, None),
    )
    assert list(Visits.of([SHORT, LONG])) == [SHORT, LONG]


def test_day_is_recorded_once_and_first_record_stays():
    first = recorded("2026-11-24", SHORT)
    found = history(first, replace(recorded("2026-11-24", LONG), seal="other"))
    assert found.between("2026-11-24", "2026-11-24") == [first]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-20", "2026-11-24", ["2026-11-20", "2026-11-23", "2026-11-24"]),
        ("2026-11-21", "2026-11-23", ["2026-11-23"]),
        ("2026-11-25", "2026-11-30", []),
    ],
)
def test_period_has_its_first_and_last_day_in_order(first, last, days):
    found = history(*(recorded(date) for date in ("2026-11-24", "2026-11-20", "2026-11-23")))
    assert [day.date for day in found.between(first, last)] == days


def test_prior_learns_what_was_measured_and_nothing_else():
    prior = history(recorded("2026-11-24", SHORT, LONG)).prior
    assert prior.measured == {KTP: Measured(1, 600, 360_000)}
    assert prior.residuals == (10,)


def test_prior_learns_from_the_latest_sixty_days():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    dates = [(start + timedelta(days=number)).date().isoformat() for number in range(61)]
    days = [recorded(date, SHORT._replace(residual=number)) for number, date in enumerate(dates)]
    assert history(*reversed(days)).prior.residuals == tuple(range(1, 61))


# A visit


def measured(day: MallDay) -> Visit:
    (found,) = statistics.visits(day.state)
    return found


def test_visit_of_a_served_ticket_has_every_field():
    day = MallDay()
    issued = day.issue("siti", KTP, "elderly")
    day.after(4.5).call()
    day.after(9.5).finish()
    residual = round(100 * (300 - issued.expected_wait) / issued.expected_spread)
    assert measured(day) == Visit(KTP, "DUKCAPIL", "G02", "elderly", 9, 300, 600, "served", residual, False)


def test_visit_whose_end_is_assumed_has_no_service_time():
    day = MallDay()
    day.issue("siti")
    day.call()
    ticket = replace(day.state.tickets["siti"], status="served", result="assumed", worked=900.0)
    day.state = replace(day.state, tickets=day.state.tickets.set("siti", ticket))
    assert measured(day).worked is None


@pytest.mark.parametrize(
    ("low", "high", "waited", "is_inside"),
    [(119, 121, 60, True), (119, 121, 59, False), (119, 121, 180, True), (119, 121, 181, False), (0, 60, 60, True)],
)
def test_range_is_judged_in_the_whole_minutes_that_were_published(low, high, waited, is_inside):
    day = MallDay()
    issued = day.issue("siti")
    day.now = issued.issued_at + timedelta(seconds=waited)
    day.call()
    ticket = day.state.tickets["siti"]
    changed = replace(ticket, issued=replace(ticket.issued, told_low=low, told_high=high))
    day.state = replace(day.state, tickets=day.state.tickets.set("siti", changed))
    assert measured(day).in_range is is_inside


def test_visits_are_in_order_of_arrival_with_hours_of_the_malls_zone():
    day = MallDay(datetime(2026, 11, 24, 1, 59, 50, tzinfo=UTC))
    for who in ("zaki", "agus", "siti"):
        day.issue(who)
    found = statistics.visits(day.state)
    assert [one.hour for one in found] == [8, 9, 9]
    assert [one.service for one in found] == [KTP] * 3


def test_record_of_a_closed_day_keeps_totals_refusals_and_seal():
    day = MallDay()
    day.issue("siti")
    day.when(CloseDay(day.now, day.mall))
    made = statistics.record(day.state, {"closed": 2}, "seal")
    closed = day.state.closed
    visits = Visits.of(statistics.visits(day.state))
    assert made == DayRecorded("2026-11-24", closed.closed_at, closed.totals, {"closed": 2}, visits, "seal")


# Figures


def test_share_of_right_ranges_has_three_decimals():
    some = [SHORT] * 4 + [SHORT._replace(in_range=False)] * 2
    whole, _ = statistics.summary({"2026-11-24": Visits.of(some)}, "day")
    assert whole["waits_in_range"] == 0.667


def test_groups_of_hours_and_classes_are_named_for_reading():
    visits = Visits.of([SHORT, LONG._replace(hour=11)])
    _, hours = statistics.summary({"2026-11-24": visits}, "hour")
    _, classes = statistics.summary({"2026-11-24": visits}, "class")
    assert list(hours) == ["09:00", "11:00"]
    assert list(classes) == ["elderly", "ordinary"]
    assert hours["09:00"] == {
        "tickets": 1,
        "served": 1,
        "missed": 0,
        "cancelled": 0,
        "unserved": 0,
        "wait_median": 60,
        "wait_p90": 60,
        "service_median": 600,
        "service_p90": 600,
        "waits_in_range": None,
    }


@pytest.mark.parametrize(
    ("count", "part", "rank"),
    [(10, 0.5, 5), (11, 0.5, 6), (10, 0.9, 9), (11, 0.9, 10), (100, 0.9, 90), (3, 0.0, 1)],
)
def test_quantile_is_the_value_at_the_nearest_rank(count, part, rank):
    assert statistics.quantile(range(1, count + 1), part) == rank
