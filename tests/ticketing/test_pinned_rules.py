"""Numbers and boundaries that visitors and clerks depend on: the watch on the clock, closures, groups, surveys."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from examples import BUDI, KTP, RINI, SIM, SITI, MallDay, mall

from services.chassis.errors import Problem
from services.ticketing.domain import disclosure, history
from services.ticketing.domain import mall as malls
from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import counters, refusals
from services.ticketing.domain.day.events import CounterClosed, DayClosed, DayOpened, RuleChanged
from services.ticketing.domain.history import Visit, Visits
from services.ticketing.domain.mall import (
    MALL,
    AgencyForgotten,
    AgencyLearned,
    Bookings,
    Closure,
    ClosureDeclared,
    ClosureLifted,
    CounterForgotten,
    DeclareClosure,
    LiftClosure,
    Mall,
    MallLearned,
    Rule,
    ServiceForgotten,
    TooManyClosures,
    UntilPast,
)
from services.ticketing.domain.statistics import Tally, by_class, summary
from services.ticketing.survey.domain import ELEMENTS, PROFILE, Profile

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


# The watch on the clock


def test_watch_begins_without_doubt_and_settles_in_half_an_hour():
    watch = ClockWatch.start(NINE, 100.0)
    assert watch == ClockWatch(NINE, 100.0, 100.0, 0.0, timedelta(minutes=30))
    assert ClockWatch.start(NINE, 0.0, HOUR).settle == HOUR
    for seconds, trusted in ((1799, False), (1800, True)):
        assert watch.read(NINE + timedelta(seconds=seconds), 100.0 + seconds, 0.0).is_trusted is trusted


@pytest.mark.parametrize(("jump", "doubt"), [(120, 0.0), (121, 121.0), (-120, 0.0), (-121, -121.0)])
def test_watch_doubts_a_jump_of_more_than_two_minutes(jump, doubt):
    before = ClockWatch.start(NINE, 0.0).read(NINE + HOUR, 3600.0, 0.0)
    after = before.read(NINE + HOUR + timedelta(seconds=60 + jump), 3660.0, 0.0)
    assert (after.doubt, after.steady_since) == (doubt, 3660.0 if doubt else 0.0)
    apart = before.read(NINE + HOUR + timedelta(seconds=60), 3660.0, float(jump))
    assert (apart.doubt, apart.steady_since) == (after.doubt, after.steady_since)


def test_watch_keeps_its_doubt_until_it_has_settled():
    watch = ClockWatch.start(NINE, 0.0).read(NINE + HOUR, 0.0, 0.0)
    assert watch.doubt == 3600.0
    for seconds, doubt in ((1799.0, 3600.0), (1800.0, 0.0)):
        assert watch.read(NINE + HOUR + timedelta(seconds=seconds), seconds, 0.0).doubt == doubt


# A mall


def closure(scope="counter", code="G02", since=NINE, until=None, id="a", reason="Padam") -> Closure:
    return Closure(scope, code, reason, since, until, id)


def declared(*closures: Closure, known: Mall | None = None) -> Mall:
    known = known or mall()
    for each in closures:
        known = MALL.evolve(known, ClosureDeclared(each, NINE))
    return known


def test_closure_holds_from_its_beginning_until_before_its_end():
    one = closure(until=NINE + HOUR)
    second = timedelta(seconds=1)
    moments = (NINE - second, NINE, NINE + HOUR - second, NINE + HOUR)
    assert [one.holds(now) for now in moments] == [False, True, True, False]
    assert [one.is_over(now) for now in moments] == [False, False, False, True]
    assert closure().holds(NINE + 1000 * HOUR)
    assert not closure().is_over(NINE + 1000 * HOUR)
    assert one.is_same(replace(one, id="b"))
    assert not one.is_same(replace(one, reason="Banjir"))


def test_closure_of_several_is_the_one_that_ends_last():
    short, long, endless = closure(until=NINE + HOUR), closure(until=NINE + 2 * HOUR, id="b"), closure(id="c")
    assert declared(long, short).closure("counter", "G02", NINE) == long
    assert declared(endless, long, short).closure("counter", "G02", NINE) == endless
    assert declared(long).closure("counter", "G2B", NINE) is None
    assert declared(long).closure("service", "G02", NINE) is None


def test_closure_declared_forgets_those_that_are_over():
    over, present = closure(until=NINE), closure(until=NINE + HOUR, id="b")
    assert declared(over, present).closures == {("counter", "G02"): (present,)}
    without_time = MALL.evolve(declared(over), ClosureDeclared(present, None))
    assert without_time.closures == {("counter", "G02"): (over, present)}
    old = MALL.evolve(declared(over), ClosureDeclared(replace(present, id=""), NINE))
    assert old.closures == {("counter", "G02"): (replace(present, id="20261124T020000"),)}


def decide(command, known: Mall):
    try:
        return MALL.decide(command, known)
    except Problem as refusal:
        return type(refusal), refusal.params


def test_closure_is_declared_once_in_time_and_at_most_fifty_times():
    one = closure(until=NINE + HOUR)
    assert decide(DeclareClosure(one, NINE), mall()) == [ClosureDeclared(one, NINE)]
    assert decide(DeclareClosure(replace(one, id="b"), NINE), declared(one)) == []
    for until in (NINE, NINE - HOUR):
        assert decide(DeclareClosure(replace(one, until=until), NINE), mall()) == (UntilPast, {})
    late = replace(one, since=NINE + 2 * HOUR, until=NINE + 2 * HOUR)
    assert decide(DeclareClosure(late, NINE), mall()) == (UntilPast, {})
    many = [closure(since=NINE + n * HOUR, id=f"{n}") for n in range(50)]
    assert decide(DeclareClosure(one, NINE), declared(*many[:49])) == [ClosureDeclared(one, NINE)]
    assert decide(DeclareClosure(one, NINE), declared(*many)) == (TooManyClosures, {"most": 50})
    over = [closure(until=NINE, id=f"{n}") for n in range(50)]
    full = replace(mall(), closures={("counter", "G02"): tuple(over)})
    assert decide(DeclareClosure(one, NINE), full) == [ClosureDeclared(one, NINE)]
    for scope, refused in (("counter", malls.UnknownCounter), ("service", malls.UnknownService)):
        kind, params = decide(DeclareClosure(closure(scope, "X"), NINE), mall())
        assert (kind, params) == (refused, {scope: "X"})
    assert decide(DeclareClosure(closure("mall", "m"), NINE), Mall()) == (malls.UnknownMall, {})


def test_lift_ends_what_holds_or_else_what_is_planned():
    now, planned = closure(until=NINE + HOUR), closure(since=NINE + 2 * HOUR, id="b")
    over = closure(until=NINE, id="c")
    known = replace(mall(), closures={("counter", "G02"): (over, now, planned)})

    def lifted(id: str = "", at: datetime = NINE) -> list:
        return [event.id for event in MALL.decide(LiftClosure("counter", "G02", at, id), known)]

    assert (lifted(), lifted(at=NINE + HOUR), lifted("b"), lifted("c"), lifted("x")) == (["a"], ["b"], ["b"], [], [])
    (event,) = MALL.decide(LiftClosure("counter", "G02", NINE, "b"), known)
    assert event == ClosureLifted("counter", "G02", NINE, "b")
    assert MALL.evolve(known, event).closures == {("counter", "G02"): (over, now)}
    assert MALL.evolve(known, replace(event, id="")).closures == {}


def test_closures_ahead_are_in_order_of_beginning_and_thing():
    far = closure("service", KTP, NINE + 2 * HOUR, id="a")
    first, second = closure(id="a", reason="x"), closure(id="b", reason="y")
    other, whole = closure(code="G2B", id="a"), closure("mall", "pekalongan", id="z")
    known = declared(far, second, first, other, whole, closure("service", SIM, until=NINE - HOUR))
    assert list(known.closures_ahead(NINE)) == [first, second, other, whole, far]
    assert list(known.closures_ahead(NINE + HOUR)) == [first, second, other, whole, far]


def test_suspended_agency_closes_its_services_for_new_tickets():
    known = mall()
    away = replace(known.agencies["POLRES"], suspended="Pindah")
    known = replace(known, agencies={**known.agencies, "POLRES": away})
    assert known.closure_of(known.services[SIM], NINE) == Closure("service", SIM, "Pindah", NINE, None)
    assert known.closure_of(known.services[KTP], NINE) is None
    own = closure("service", KTP)
    assert declared(own).closure_of(known.services[KTP], NINE) == own
    assert (known.agency_name("POLRES"), known.agency_name("PLN")) == ("Polres Pekalongan Kota", "PLN")


def test_mall_forgets_entries_one_by_one():
    known = mall()
    forgotten = (
        (AgencyForgotten("POLRES", (9, 1)), "agencies"),
        (ServiceForgotten(SIM, (9, 1)), "services"),
        (CounterForgotten("G03", (9, 1)), "counters"),
    )
    for event, kind in forgotten:
        after = MALL.evolve(known, event)
        assert set(getattr(known, kind)) - set(getattr(after, kind)) == {event.code}
        others = [one.name for one in fields(Mall) if one.name not in (kind, "position")]
        assert [getattr(after, name) for name in others] == [getattr(known, name) for name in others]
        assert after.position == (9, 1)
        assert MALL.evolve(after, replace(event, position=(3, 0))).position == (9, 1)
        assert MALL.decide(event, after) == []
        assert MALL.decide(event, known) == [event]


def test_fact_older_than_what_is_known_is_ignored():
    known = replace(mall(), position=(5, 2))
    new = AgencyLearned("PLN", "PLN", "P", (5, 2))
    assert MALL.decide(new, known) == [new]
    assert MALL.decide(replace(new, position=(5, 1)), known) == []


@pytest.mark.parametrize(("days", "horizon"), [(-1, 0), (0, 0), (7, 7), (366, 366), (367, 366)])
def test_places_are_booked_at_most_a_year_ahead(days, horizon):
    assert Bookings(days, "10:00").horizon == timedelta(days=horizon)


@pytest.mark.parametrize(("minutes", "bounded"), [(-5, 0), (0, 0), (120, 120), (1440, 1440), (1441, 1440)])
def test_minutes_of_a_mall_stay_within_a_day(minutes, bounded):
    about = replace(mall().about, overtime_minutes=minutes)
    assert about.overtime == timedelta(minutes=bounded)
    if minutes >= 0:
        hours = replace(about, tickets_from_minutes=minutes, last_ticket_minutes=minutes).hours
        assert (hours.tickets_from_minutes, hours.last_ticket_minutes) == (bounded, bounded)


# The day


def test_undo_is_offered_after_the_counter_is_closed_or_paused():
    for leave in (do.CloseCounter, lambda code, now, known: do.PauseCounter(code, "Salat", now, known)):
        day = MallDay()
        day.issue(SITI)
        day.call()
        day.finish()
        day.when(leave("G02", day.now, day.mall))
        assert counters.can_be_undone(day.state, "G02", day.now)
        day.when(do.OpenCounter("G02", day.now, day.mall))
        assert counters.can_be_undone(day.state, "G02", day.now)


def test_rule_of_the_catalog_is_followed_unless_a_person_set_one():
    day = MallDay()
    day.issue(SITI)
    day.mall = replace(day.mall, learned=replace(day.mall.about, rule=Rule("strict")))
    now = day.now
    assert RuleChanged(Rule("strict"), "", now) in day.when(do.IssueTicket(BUDI, KTP, None, now, day.mall))
    now = day.now
    assert day.when(do.ChangeRule(Rule("strict"), "Tetap", now, day.mall)) == [
        RuleChanged(Rule("strict"), "Tetap", now)
    ]
    assert day.when(do.ChangeRule(Rule("strict"), "Lagi", day.now, day.mall)) == []
    day.mall = replace(day.mall, learned=replace(day.mall.about, rule=Rule("fifo")))
    assert not [e for e in day.when(do.IssueTicket(RINI, KTP, None, day.now, day.mall)) if isinstance(e, RuleChanged)]


def test_day_opens_and_closes_with_whole_events():
    day = MallDay()
    opened = day.when(do.IssueTicket(SITI, KTP, None, NINE, day.mall))[0]
    midnight = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    closes = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # two hours after 15:00 in Pekalongan
    about = ("pekalongan", "MPP Kota Pekalongan", "Asia/Jakarta", "2026-11-24", 100)
    assert opened == DayOpened(*about, midnight, Rule("ratio", 2), closes)
    day.call()
    now = day.now
    with pytest.raises(refusals.CountersBusy) as refusal:
        day.when(do.CloseDay(now, day.mall))
    assert refusal.value.params == {"counters": "G02"}
    day.finish()
    now = day.now
    totals = {"issued": 1, "served": 1, "missed": 0, "cancelled": 0, "unserved": 0, "bookings": 0, "lapsed": 0}
    assert day.when(do.CloseDay(now, day.mall)) == [
        CounterClosed("G02", 1, "DUKCAPIL", now),
        DayClosed("2026-11-24", now, False, totals),
    ]
    assert day.when(do.CloseDay(day.now, day.mall)) == []
    with pytest.raises(refusals.NothingToClose):
        MallDay().when(do.CloseDay(NINE, day.mall))


# Figures


def visit(priority: str = "", waited: int | None = 60, worked: int | None = 300, outcome: str = "served") -> Visit:
    return Visit(KTP, "DUKCAPIL", "G02", priority, 9, waited, worked, outcome, 10, True)


def test_figures_of_a_group_by_hand():
    tally = Tally()
    for n in range(1, 11):
        tally.add(60 * n, 100 * n if n > 2 else None, "served" if n > 2 else "missed")
    assert tally.figures([True, True, False]) == {
        "tickets": 10,
        "served": 8,
        "missed": 2,
        "cancelled": 0,
        "unserved": 0,
        "wait_median": 300,
        "wait_p90": 540,
        "service_median": 600,
        "service_p90": 1000,
        "waits_in_range": 0.667,
    }
    assert tally.coarse_figures(with_outcomes=True) == {
        "tickets": 10,
        "served": 8,
        "missed": 2,
        "cancelled": 0,
        "unserved": 0,
        "wait_median": 300,
        "wait_p90": 600,
        "service_median": 600,
        "service_p90": 900,
        "waits_in_range": None,
    }
    hidden = tally.coarse_figures(with_outcomes=False)
    assert [hidden[name] for name in ("tickets", "served", "missed", "cancelled", "unserved")] == [10, *[None] * 4]
    four, five = Tally(), Tally()
    for n in range(5):
        five.add(60, 300, "served")
        if n < 4:
            four.add(60, 300, "served")
    names = ("wait_median", "wait_p90", "service_median", "service_p90")
    assert [four.coarse_figures(with_outcomes=True)[name] for name in names] == [None] * 4
    assert [five.coarse_figures(with_outcomes=True)[name] for name in names] == [0, 0, 300, 300]


def test_figures_by_class_hide_groups_of_one_to_four():
    november = [visit()] * 5 + [visit("elderly")] * 4 + [visit("disability")]
    december = [visit()] * 5 + [visit("elderly")] * 5
    days = {"2026-11-24": Visits.of(november), "2026-12-01": Visits.of(december)}
    first, last = date(2026, 11, 1), date(2026, 12, 31)
    months, groups = by_class(days, first, last, date(2027, 1, 8))
    assert months == ["2026-11", "2026-12"]
    assert {name: part["tickets"] for name, part in groups.items()} == {"ordinary": 10, "priority": 10}
    assert by_class(days, first, last, date(2027, 1, 7))[0] == ["2026-11"]
    months, groups = by_class({"2026-12-01": days["2026-12-01"]}, first, last, date(2027, 1, 8))
    assert {name: part["tickets"] for name, part in groups.items()} == {"ordinary": 5, "elderly": 5}
    others = {"2026-12-02": Visits.of([visit("elderly")] * 4)}
    assert by_class(days, first, last, date(2027, 1, 8), others)[0] == ["2026-11"]


def test_groups_and_months_of_disclosure():
    assert [disclosure.can_be_shown(count) for count in (0, 1, 4, 5, 6)] == [True, False, False, True, True]
    one = {"ordinary": 5, "elderly": 5}
    assert disclosure.grouping([one]) == {"ordinary": "ordinary", "elderly": "elderly"}
    mixed = [one, {"elderly": 3, "disability": 2}]
    assert disclosure.grouping(mixed) == {"ordinary": "ordinary", "elderly": "priority", "disability": "priority"}
    assert disclosure.grouping([{"elderly": 3}]) is None
    assert disclosure.end_of(date(2028, 2, 3)) == date(2028, 2, 29)
    for today, settled in ((date(2026, 12, 7), False), (date(2026, 12, 8), True)):
        assert disclosure.is_settled(date(2026, 11, 24), today) is settled
    days, late = ["2026-11-24", "2026-10-02", "2026-11-25"], date(2027, 1, 1)
    months = disclosure.settled_months(days, date(2026, 10, 1), date(2026, 11, 30), late)
    assert months == ["2026-10", "2026-11"]
    assert disclosure.settled_months(days, date(2026, 10, 2), date(2026, 11, 30), late) == ["2026-11"]
    assert disclosure.settled_months(days, date(2026, 10, 1), date(2026, 11, 29), late) == ["2026-10"]


def test_summary_shows_ranges_for_whole_days_alone():
    days = {"2026-11-24": Visits.of([visit()] * 5), "2026-11-25": Visits.of([visit()] * 4)}
    whole, by_day = summary(days, "day")
    assert (whole["tickets"], whole["waits_in_range"]) == (9, 1.0)
    assert {name: (part["tickets"], part["waits_in_range"]) for name, part in by_day.items()} == {
        "2026-11-24": (5, 1.0),
        "2026-11-25": (4, None),
    }
    _, by_hour = summary(days, "hour")
    assert {name: (part["tickets"], part["waits_in_range"]) for name, part in by_hour.items()} == {"09:00": (9, None)}
    assert summary({}, "day")[0]["waits_in_range"] is None
    assert history.TEACHING == 60


# The survey


def test_survey_asks_the_nine_elements_and_a_coarse_profile():
    assert " ".join(ELEMENTS) == ("requirements procedure time cost product competence behaviour complaints facilities")
    assert {name: " ".join(bands) for name, bands in PROFILE.items()} == {
        "sex": "female male",
        "age": "under-20 20-29 30-39 40-49 50-59 60-over",
        "education": "primary junior senior diploma bachelor postgraduate",
        "occupation": "civil-servant forces employee self-employed student home other",
    }
    assert list(PROFILE) == [one.name for one in fields(Profile)]
    assert Profile() == Profile("", "", "", "")


def test_learned_mall_has_the_defaults_of_its_release():
    about = MallLearned("m", "M", "Asia/Jakarta", 1, ())
    assert (about.hours.tickets_from_minutes, about.overtime) == (0, timedelta(minutes=120))
