"""Hours of a mall and its counters: a Friday with a break, the last ticket, holidays, the edges of zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from examples import OFFICE_HOURS, WEEK

from services.ticketing.domain.hours import Exceptional, Hours, business_day, day_ends

ZONE = "Asia/Jakarta"
FRIDAY_HOURS = (("08:00", "11:30"), ("13:00", "15:00"))
THURSDAY, FRIDAY, SATURDAY, MONDAY = (date(2026, 11, day) for day in (26, 27, 28, 30))
WITH_A_BREAK = (*WEEK[:4], FRIDAY_HOURS, (), ())


def hours(**more) -> Hours:
    return Hours(ZONE, WITH_A_BREAK, **more)


def at(day: date, clock: str, zone: str = ZONE) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))


# A day with a break


def test_friday_has_two_intervals_and_closes_with_the_last():
    assert hours().intervals(FRIDAY) == [
        (at(FRIDAY, "08:00"), at(FRIDAY, "11:30")),
        (at(FRIDAY, "13:00"), at(FRIDAY, "15:00")),
    ]
    assert hours().closing(FRIDAY) == at(FRIDAY, "15:00")
    assert hours().closing(SATURDAY) is None


def test_intervals_are_ordered_also_where_an_exception_is_not():
    exception = Exceptional("2026-11-26", (("13:00", "15:00"), ("08:00", "11:00")), "Rapat")
    found = hours(exceptions=(exception,))
    assert [opens.hour for opens, _ in found.intervals(THURSDAY)] == [8, 13]
    assert found.closing(THURSDAY) == at(THURSDAY, "15:00")


@pytest.mark.parametrize(
    ("clock", "later"),
    [("00:00", True), ("11:45", True), ("14:59", True), ("15:00", False), ("23:59", False)],
)
def test_service_is_expected_later_until_the_last_interval_ends(clock, later):
    assert hours().serves_later(at(FRIDAY, clock)) is later


def test_service_is_not_expected_on_a_day_without_hours():
    assert not hours().serves_later(at(SATURDAY, "08:00"))


@pytest.mark.parametrize(
    ("clock", "gives"),
    [
        ("07:29", False),
        ("07:30", True),
        ("11:29", True),  # no cut before the break: service goes on after it
        ("11:30", False),
        ("12:29", False),
        ("12:30", True),
        ("14:39", True),
        ("14:40", False),  # twenty minutes before the day's last closing
        ("15:00", False),
    ],
)
def test_tickets_stop_before_the_last_closing_alone(clock, gives):
    given = hours(tickets_from_minutes=30, last_ticket_minutes=20)
    assert given.gives_tickets(at(FRIDAY, clock)) is gives


def test_tickets_without_margins_are_given_while_it_is_open():
    for clock in ("07:59", "08:00", "11:30", "13:00", "14:59", "15:00"):
        assert hours().gives_tickets(at(FRIDAY, clock)) is hours().is_open(at(FRIDAY, clock))


# The next opening


@pytest.mark.parametrize(
    ("day", "clock", "opens"),
    [
        (FRIDAY, "07:00", (FRIDAY, "08:00")),
        (FRIDAY, "08:00", (FRIDAY, "13:00")),  # it has opened: the next one is after the break
        (FRIDAY, "12:00", (FRIDAY, "13:00")),
        (FRIDAY, "13:00", (MONDAY, "08:00")),
        (SATURDAY, "09:00", (MONDAY, "08:00")),
    ],
)
def test_next_opening_is_the_first_after_this_instant(day, clock, opens):
    assert hours().next_opening(at(day, clock)) == at(*opens)


def test_next_day_opens_on_another_day_even_at_midnight():
    assert hours().next_day(at(FRIDAY, "07:00")) == at(MONDAY, "08:00")
    always = Hours(ZONE, ((("00:00", "23:00"),),) * 7)
    assert always.next_day(at(FRIDAY, "07:00")) == at(SATURDAY, "00:00")


@pytest.mark.parametrize(("days", "is_seen"), [(59, True), (60, False)])
def test_next_opening_is_looked_for_sixty_days_ahead(days, is_seen):
    opens = THURSDAY + timedelta(days=days)
    only = Exceptional(opens.isoformat(), OFFICE_HOURS, "Pembukaan")
    closed = Hours(ZONE, ((),) * 7, exceptions=(only,))
    assert closed.next_opening(at(THURSDAY, "09:00")) == (at(opens, "08:00") if is_seen else None)


# Exceptions, holidays, presence


def test_exception_is_stronger_than_holiday_and_week():
    christmas = date(2026, 12, 25)
    closed = hours(closed_on=("public-holiday",))
    assert closed.intervals(christmas) == []
    assert closed.why_closed(christmas) == "Hari Raya Natal"
    opened = hours(closed_on=("public-holiday",), exceptions=(Exceptional("2026-12-25", OFFICE_HOURS, "Khusus"),))
    assert opened.intervals(christmas) == [(at(christmas, "08:00"), at(christmas, "15:00"))]
    assert opened.why_closed(christmas) == "Khusus"


@pytest.mark.parametrize(
    ("kinds", "reasons"),
    [
        ((), ("", "")),
        (("public-holiday",), ("Hari Raya Natal", "")),
        (("joint-leave",), ("", "Cuti Bersama Hari Raya Natal")),
        (("unknown-kind",), ("", "")),
    ],
)
def test_each_kind_of_holiday_closes_its_own_days(kinds, reasons):
    days = (date(2026, 12, 25), date(2026, 12, 24))
    found = hours(closed_on=kinds)
    assert tuple(found.why_closed(day) for day in days) == reasons
    assert [bool(found.intervals(day)) for day in days] == [not reason for reason in reasons]


def test_exception_without_a_word_closes_and_gives_no_reason():
    closed = hours(exceptions=(Exceptional("2026-11-26"),))
    assert (closed.intervals(THURSDAY), closed.why_closed(THURSDAY)) == ([], "")


def test_counter_serves_in_its_own_week_and_in_the_malls_exceptions():
    mornings = ((("08:00", "10:00"),), (), (), (("09:00", "11:00"),), (), (), ())
    short = Exceptional("2026-11-26", (("13:00", "14:00"),), "Rapat")
    friday = Exceptional("2026-11-27", (("13:00", "14:00"),), "Rapat")
    mall = hours(exceptions=(short, friday))
    counter = mall.at_counter(mornings)
    assert mall.at_counter(None) is mall
    assert counter.intervals(MONDAY) == [(at(MONDAY, "08:00"), at(MONDAY, "10:00"))]
    assert counter.intervals(THURSDAY) == [(at(THURSDAY, "13:00"), at(THURSDAY, "14:00"))]
    assert counter.intervals(FRIDAY) == [], "it does not come on Fridays, whatever the mall does"


# Zones


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        ("Asia/Jakarta", "16:59:59", "17:00:00"),
        ("Asia/Makassar", "15:59:59", "16:00:00"),
        ("Asia/Jayapura", "14:59:59", "15:00:00"),
    ],
)
def test_business_day_ends_at_the_midnight_of_its_zone(zone, last, first):
    before, after = (datetime.fromisoformat(f"2026-11-27T{clock}+00:00") for clock in (last, first))
    assert business_day(before, zone) == FRIDAY
    assert business_day(after, zone) == SATURDAY
    assert day_ends(FRIDAY, zone) == after


@pytest.mark.parametrize(("zone", "utc_hour"), [("Asia/Jakarta", 1), ("Asia/Makassar", 0), ("Asia/Jayapura", 23)])
def test_opening_is_the_same_clock_time_in_each_zone(zone, utc_hour):
    opens = Hours(zone, WEEK).next_opening(datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
    assert opens is not None
    assert opens.astimezone(UTC).hour == utc_hour
    assert (opens.hour, opens.date()) == (8, THURSDAY)
