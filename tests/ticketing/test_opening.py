"""When a mall gives tickets and serves, as sentences."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from examples import BUDI, KK, KTP, OFFICE_HOURS, SIM, SITI, TUESDAY_NINE, WEEK, MallDay, mall, only

from services.ticketing.domain.day import refusals
from services.ticketing.domain.day.commands import ChangeRule, ForceOpen, ResumeDay, StopDay
from services.ticketing.domain.day.events import DayOpened, RuleChanged
from services.ticketing.domain.hours import Exceptional, Hours, business_day, day_ends
from services.ticketing.domain.mall import (
    MALL,
    Closure,
    ClosureDeclared,
    ClosureLifted,
    DeclareClosure,
    LiftClosure,
    Mall,
    Rule,
    UnknownCounter,
    UnknownService,
    UntilPast,
)

FRIDAY = (("08:00", "11:30"), ("13:00", "15:00"))
HOLIDAYS = ("public-holiday", "joint-leave")


def wib(day: int, clock: str, month: int = 11, year: int = 2026) -> datetime:
    """An instant in Pekalongan."""
    hour, minute = map(int, clock.split(":"))
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Jakarta"))


def hours(**more) -> Hours:
    week = (*WEEK[:4], FRIDAY, (), ())
    return Hours("Asia/Jakarta", week, **more)


# The week


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("07:59", False),
        ("08:00", True),
        ("11:29", True),
        ("11:30", False),
        ("12:59", False),
        ("13:00", True),
        ("15:00", False),
    ],
)
def test_a_friday_has_a_break_for_prayers(clock, is_open):
    assert hours().is_open(wib(27, clock)) is is_open


def test_in_the_break_the_next_opening_is_after_it():
    assert hours().next_opening(wib(27, "12:00")) == wib(27, "13:00")
    assert hours().next_opening(wib(27, "15:00")) == wib(30, "08:00")


@pytest.mark.parametrize(
    ("clock", "gives"),
    [
        ("07:29", False),
        ("07:30", True),
        ("11:29", True),
        ("11:30", False),
        ("12:30", True),
        ("14:44", True),
        ("14:45", False),
    ],
)
def test_tickets_are_given_before_service_opens_and_not_shortly_before_closing(clock, gives):
    friday = hours(tickets_from_minutes=30, last_ticket_minutes=15)
    assert friday.gives_tickets(wib(27, clock)) is gives


def test_after_the_last_ticket_those_who_wait_are_still_called():
    day = MallDay(wib(24, "14:40"), mall(last_ticket_minutes=15))
    day.issue(SITI)
    with pytest.raises(refusals.Closed):
        day.after(10).issue(BUDI)
    assert day.after(60).call().ticket_id == SITI


# Exceptions and holidays


def test_an_exception_overrides_the_week():
    special = hours(exceptions=(Exceptional("2026-11-24", (("08:00", "11:00"),), "Upacara"),))
    assert special.is_open(wib(24, "10:59"))
    assert not special.is_open(wib(24, "11:00"))
    assert special.why_closed(date(2026, 11, 24)) == "Upacara"


def test_on_national_holidays_and_joint_leave_a_mall_may_be_closed():
    christmas_eve, christmas = wib(24, "09:00", 12), wib(25, "09:00", 12)
    assert hours().is_open(christmas)
    assert not hours(closed_on=HOLIDAYS).is_open(christmas)
    assert hours(closed_on=("public-holiday",)).is_open(christmas_eve)
    assert not hours(closed_on=HOLIDAYS).is_open(christmas_eve)
    assert hours(closed_on=HOLIDAYS).why_closed(christmas.date()) == "Hari Raya Natal"
    assert hours(closed_on=HOLIDAYS).next_opening(christmas_eve) == wib(28, "08:00", 12)


def test_an_exception_opens_a_holiday():
    """Joint leave is decreed year by year, and local leaders decide otherwise: the operator's table wins."""
    special = hours(closed_on=HOLIDAYS, exceptions=(Exceptional("2026-12-24", OFFICE_HOURS, "Tetap buka"),))
    assert special.is_open(wib(24, "09:00", 12))


def test_a_refusal_on_a_holiday_names_it_and_the_next_opening():
    with pytest.raises(refusals.Closed) as refusal:
        MallDay(wib(25, "09:00", 12), mall(closed_on=HOLIDAYS)).issue(SITI)
    assert refusal.value.params["why"] == "Hari Raya Natal"
    assert refusal.value.params["next_opening"] == wib(28, "08:00", 12)


def test_a_mall_that_never_opens_has_no_next_opening():
    assert Hours("Asia/Jakarta", ((),) * 7).next_opening(TUESDAY_NINE) is None


# Counters that come some days only


def with_week(counter: str, week) -> Mall:
    known = mall()
    return replace(known, counters={**known.counters, counter: replace(known.counters[counter], week=week)})


MONDAYS = ((("09:00", "12:00"),), *((),) * 6)


def test_a_service_whose_counter_comes_on_mondays_is_refused_on_tuesday_with_the_next_monday():
    with pytest.raises(refusals.ServiceAway) as refusal:
        MallDay(known=with_week("G03", MONDAYS)).issue(SITI, SIM)
    assert refusal.value.params["next_opening"] == wib(30, "09:00")


def test_a_service_with_another_counter_that_day_is_given_there():
    issued = MallDay(known=with_week("G02", MONDAYS)).issue(SITI, KK)
    assert [place.code for place in issued.counters] == ["G2B"]


def test_on_an_exceptional_day_a_counter_keeps_the_malls_hours_if_it_is_one_of_its_days():
    special = hours(exceptions=(Exceptional("2026-11-30", (("10:00", "11:00"),), "Upacara"),)).at_counter(MONDAYS)
    assert [(start.hour, end.hour) for start, end in special.intervals(date(2026, 11, 30))] == [(10, 11)]
    assert special.intervals(date(2026, 12, 1)) == []


def test_a_supervisor_who_opens_outside_hours_opens_every_counter():
    day = MallDay(known=with_week("G03", MONDAYS))
    day.when(ForceOpen("Pelayanan khusus", day.now, day.mall))
    assert day.issue(SITI, SIM).number == "C-001"


# Closed for a while


def closed(known: Mall, scope: str, code: str, reason: str = "Listrik padam", until: datetime | None = None) -> Mall:
    closure = Closure(scope, code, reason, TUESDAY_NINE - timedelta(minutes=5), until)
    for event in MALL.decide(DeclareClosure(closure, TUESDAY_NINE), known):
        known = MALL.evolve(known, event)
    return known


def test_a_service_that_is_closed_for_a_while_is_refused_with_the_reason_and_reopens_by_itself():
    day = MallDay(known=closed(mall(), "service", SIM, until=TUESDAY_NINE + timedelta(hours=1)))
    with pytest.raises(refusals.Suspended) as refusal:
        day.issue(SITI, SIM)
    assert refusal.value.params["why"] == "Listrik padam"
    assert refusal.value.params["until"] == refusal.value.params["next_opening"] == TUESDAY_NINE + timedelta(hours=1)
    assert day.after(60).issue(SITI, SIM).number == "C-001"


def test_a_closure_that_ends_at_night_is_over_when_the_mall_opens():
    day = MallDay(known=closed(mall(), "service", SIM, until=TUESDAY_NINE + timedelta(hours=12)))
    with pytest.raises(refusals.Suspended) as refusal:
        day.issue(SITI, SIM)
    assert refusal.value.params["next_opening"] == wib(25, "08:00")


def test_a_service_whose_counters_are_all_closed_is_given_again_when_the_first_reopens():
    known = closed(mall(), "counter", "G02", "Mesin rusak", TUESDAY_NINE + timedelta(hours=2))
    day = MallDay(known=closed(known, "counter", "G2B", "Pelatihan", TUESDAY_NINE + timedelta(hours=1)))
    with pytest.raises(refusals.Suspended) as refusal:
        day.issue(SITI, KK)
    assert refusal.value.params["why"] == "Pelatihan"
    assert refusal.value.params["next_opening"] == TUESDAY_NINE + timedelta(hours=1)


def test_those_who_wait_for_a_closed_service_are_not_called_meanwhile():
    day = MallDay()
    day.issue(SITI, KTP)
    day.issue(BUDI, KK)
    day.mall = closed(day.mall, "service", KTP)
    assert day.call().ticket_id == BUDI


def agency_suspended(known: Mall, code: str, reason: str) -> Mall:
    fact = replace(known.agencies[code], suspended=reason, position=(known.position[0] + 1, 0))
    for learned in MALL.decide(fact, known):
        known = MALL.evolve(known, learned)
    return known


def test_an_agency_that_is_suspended_gives_no_tickets_until_it_is_told_otherwise_but_serves_who_waits():
    day = MallDay()
    day.issue(SITI, SIM)
    day.mall = agency_suspended(day.mall, "POLRES", "Jaringan pusat terganggu")
    with pytest.raises(refusals.Suspended) as refusal:
        day.issue(BUDI, SIM)
    assert refusal.value.params["why"] == "Jaringan pusat terganggu"
    assert (refusal.value.params["until"], refusal.value.params["next_opening"]) == (None, None)
    assert day.call("G03").ticket_id == SITI
    day.mall = agency_suspended(day.mall, "POLRES", "")
    assert day.issue(BUDI, SIM).number == "C-002"


def test_the_suspension_of_an_agency_is_told_before_a_closure_that_ends():
    known = closed(mall(), "service", SIM, until=TUESDAY_NINE + timedelta(hours=1))
    with pytest.raises(refusals.Suspended) as refusal:
        MallDay(known=agency_suspended(known, "POLRES", "Pindah gedung")).issue(SITI, SIM)
    assert (refusal.value.params["why"], refusal.value.params["until"]) == ("Pindah gedung", None)


def test_a_closed_counter_calls_nobody_and_takes_no_tickets():
    day = MallDay()
    day.issue(SITI, SIM)
    day.mall = closed(day.mall, "counter", "G03")
    with pytest.raises(refusals.CounterShut):
        day.call("G03")
    with pytest.raises(refusals.Suspended):
        day.issue(BUDI, SIM)


def test_a_closed_mall_gives_no_tickets_and_calls_nobody():
    day = MallDay()
    day.issue(SITI)
    day.mall = closed(day.mall, "mall", "pekalongan", until=TUESDAY_NINE + timedelta(hours=2))
    with pytest.raises(refusals.Closed) as refusal:
        day.issue(BUDI)
    assert refusal.value.params["why"] == "Listrik padam"
    assert refusal.value.params["next_opening"] == TUESDAY_NINE + timedelta(hours=2)
    with pytest.raises(refusals.Closed):
        day.call()


@pytest.mark.parametrize(
    ("until", "opens"),
    [
        (None, None),  # until somebody reopens it: nobody knows
        (TUESDAY_NINE + timedelta(hours=9), "2026-11-25T08:00:00+07:00"),  # 18:00, when the mall has closed anyway
    ],
)
def test_who_is_refused_by_a_closed_mall_is_told_when_there_is_service_again(until, opens):
    with pytest.raises(refusals.Closed) as refusal:
        MallDay(known=closed(mall(), "mall", "pekalongan", until=until)).issue(SITI)
    told = refusal.value.params["next_opening"]
    assert (told and told.isoformat()) == opens


def test_closing_again_and_reopening_again_is_nothing_new():
    closure = Closure("counter", "G02", "Servis mesin", TUESDAY_NINE, None)
    known = mall()
    declared = only(ClosureDeclared, MALL.decide(DeclareClosure(closure, TUESDAY_NINE), known))
    known = MALL.evolve(known, declared)
    assert MALL.decide(DeclareClosure(closure, TUESDAY_NINE), known) == []
    lifted = only(ClosureLifted, MALL.decide(LiftClosure("counter", "G02", TUESDAY_NINE), known))
    known = MALL.evolve(known, lifted)
    assert MALL.decide(LiftClosure("counter", "G02", TUESDAY_NINE), known) == []


@pytest.mark.parametrize(
    ("scope", "code", "until", "refusal"),
    [
        ("counter", "G99", None, UnknownCounter),
        ("service", "NO-SUCH", None, UnknownService),
        ("counter", "G02", TUESDAY_NINE - timedelta(minutes=1), UntilPast),
    ],
)
def test_only_what_the_mall_has_is_closed_and_not_for_the_past(scope, code, until, refusal):
    with pytest.raises(refusal):
        closed(mall(), scope, code, until=until)


# Supervisors


def test_an_emergency_stop_holds_at_once_until_the_day_goes_on():
    day = MallDay()
    day.issue(SITI)
    day.issue(BUDI)
    day.call()
    day.when(StopDay("Alarm kebakaran", day.now, day.mall))
    assert day.when(StopDay("Alarm kebakaran", day.now, day.mall)) == []
    for act in (lambda: day.issue("x"), lambda: day.call("G2B")):
        with pytest.raises(refusals.Stopped):
            act()
    day.finish()  # who is at a counter is served
    day.when(ResumeDay(day.now))
    assert day.call().ticket_id == BUDI


def test_a_rule_that_the_mall_changes_holds_from_the_next_act_on_and_is_recorded():
    day = MallDay()
    day.issue(SITI)
    day.mall = mall(rule=Rule("fifo"))
    events = day.when(ForceOpen("Uji", day.now, day.mall))
    assert only(RuleChanged, events).rule == Rule("fifo")


def test_a_rule_that_a_supervisor_sets_holds_for_the_rest_of_the_day():
    day = MallDay()
    day.issue(SITI)
    day.when(ChangeRule(Rule("strict"), "Banyak lansia", day.now, day.mall))
    assert day.when(ChangeRule(Rule("strict"), "Banyak lansia", day.now, day.mall)) == []
    day.mall = mall(rule=Rule("fifo"))
    day.issue(BUDI)
    assert day.state.rule == Rule("strict")


# The mall's own day


@pytest.mark.parametrize(
    ("zone", "utc", "day"),
    [
        ("Asia/Jakarta", datetime(2026, 11, 24, 23, 59, tzinfo=UTC), "2026-11-25"),  # 06:59
        ("Asia/Jakarta", datetime(2026, 11, 25, 0, 0, tzinfo=UTC), "2026-11-25"),  # 07:00: a new day in UTC only
        ("Asia/Jakarta", datetime(2026, 11, 25, 16, 59, tzinfo=UTC), "2026-11-25"),  # 23:59
        ("Asia/Jakarta", datetime(2026, 11, 25, 17, 0, tzinfo=UTC), "2026-11-26"),
        ("Asia/Makassar", datetime(2026, 11, 25, 15, 59, tzinfo=UTC), "2026-11-25"),  # WITA, 23:59
        ("Asia/Makassar", datetime(2026, 11, 25, 16, 0, tzinfo=UTC), "2026-11-26"),
        ("Asia/Jayapura", datetime(2026, 11, 25, 14, 59, tzinfo=UTC), "2026-11-25"),  # WIT, 23:59
        ("Asia/Jayapura", datetime(2026, 11, 25, 15, 0, tzinfo=UTC), "2026-11-26"),
    ],
)
def test_the_business_day_is_the_malls_own(zone, utc, day):
    assert business_day(utc, zone).isoformat() == day
    assert day_ends(business_day(utc, zone), zone) > utc


@pytest.mark.parametrize(("zone", "utc_hour"), [("Asia/Jakarta", 1), ("Asia/Makassar", 0), ("Asia/Jayapura", 23)])
def test_eight_in_the_morning_is_eight_in_every_zone(zone, utc_hour):
    known = mall()
    known = replace(known, learned=replace(known.about, zone=zone))
    at = datetime(2026, 11, 24 if utc_hour < 12 else 23, utc_hour, 0, tzinfo=UTC)
    day = MallDay(at, known)
    day.issue(SITI)
    assert day.state.opened.date == "2026-11-24"
    with pytest.raises(refusals.Closed):
        MallDay(at - timedelta(minutes=1), known).issue(SITI)
    assert isinstance(day.state.opened, DayOpened)
