"""Which closure applies to a ticket, a counter or a booking; which ticket is called next where some are reserved."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TONO, WATI, MallDay, mall

from services.chassis.errors import Problem
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import in_force, refusals, turns
from services.ticketing.domain.day.in_force import ForBooking, InForce
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared, Mall, Rule
from services.ticketing.domain.mall import evolve as learn

TUESDAY = date(2026, 11, 24)
FULL_WEEK = ((("08:00", "15:00"),),) * 7


def at(clock: str, on: date = TUESDAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{clock}+07:00")


def closed(known: Mall, scope: str, code: str, since: datetime, until: datetime | None = None, why="Padam") -> Mall:
    closure = Closure(scope, code, why, since, until, f"{scope}{code}{since}")
    return learn(known, ClosureDeclared(closure, since))


def close(day: MallDay, scope: str, code: str, until: datetime | None = None, why: str = "Padam") -> None:
    day.mall = closed(day.mall, scope, code, day.now, until, why)


def holds(day: MallDay, who: str = SITI) -> InForce | None:
    return in_force.for_ticket(day.state, day.mall, day.state.tickets[who], day.now)


# Tickets


@pytest.fixture
def waiting() -> MallDay:
    day = MallDay()
    day.issue(SITI, KTP)
    return day


def test_ticket_of_a_mall_that_is_closed_or_stopped_is_frozen(waiting):
    assert holds(waiting) == InForce("open", "", None)
    until = waiting.now + timedelta(hours=1)
    close(waiting, "mall", "pekalongan", until, "Banjir")
    assert holds(waiting) == InForce("closed", "Banjir", until)
    waiting.when(do.StopDay("Gempa", waiting.now, waiting.mall))
    assert holds(waiting) == InForce("stopped", "Gempa", None)


def test_ticket_of_another_mall_code_is_not_closed(waiting):
    close(waiting, "mall", "batang")
    assert holds(waiting) == InForce()


@pytest.mark.parametrize("scope", [("service", KTP), ("counter", "G02")])
def test_ticket_is_suspended_by_its_service_or_all_its_counters(waiting, scope):
    until = waiting.now + timedelta(hours=1)
    close(waiting, *scope, until)
    assert holds(waiting) == InForce("suspended", "Padam", until)
    assert holds(waiting.after(61)) == InForce()


def test_ticket_at_a_counter_is_frozen_by_the_mall_alone(waiting):
    waiting.call()
    close(waiting, "service", KTP)
    close(waiting, "counter", "G02")
    assert holds(waiting) == InForce()
    waiting.when(do.StopDay("Gempa", waiting.now, waiting.mall))
    assert holds(waiting) == InForce("stopped", "Gempa", None)
    waiting.when(do.StartService(SITI, "G02", waiting.now))
    assert holds(waiting) == InForce("stopped", "Gempa", None)
    waiting.finish()
    assert holds(waiting) is None


def test_something_holds_for_every_ticket_until_it_ends():
    day, found = MallDay(), {}

    def note() -> None:
        found[day.status(SITI)] = holds(day) is not None

    day.issue(SITI, KTP)
    for command in (
        do.CallNext("G02", day.now, day.mall),
        do.StartService(SITI, "G02", day.now),
        do.HoldTicket(SITI, "G02", "Fotokopi", day.now),
        do.EndTicket(SITI, "Sudah pulang", day.now, day.mall),
    ):
        note()
        day.when(command)
    note()
    assert found == {"waiting": True, "called": True, "serving": True, "held": True, "unserved": False}


def test_ticket_without_a_staffed_counter_has_none(waiting):
    waiting.when(do.CloseCounter("G02", waiting.now, waiting.mall))
    assert holds(waiting) == InForce("no-counter")
    close(waiting, "counter", "G02")
    assert holds(waiting) == InForce("no-counter"), "its clerk has left, also while a closure is declared"


def test_ticket_for_two_closed_counters_waits_for_the_first_to_open():
    day = MallDay()
    day.issue(SITI, KK)
    first, second = day.now + timedelta(hours=1), day.now + timedelta(hours=2)
    close(day, "counter", "G02", second, "AC rusak")
    assert holds(day) == InForce()
    close(day, "counter", "G2B", first, "Pipa bocor")
    assert holds(day) == InForce("suspended", "Pipa bocor", first)


def test_places_left_are_none_below_nothing_and_after_the_close():
    day = MallDay(known=mall(capacity=2))
    assert in_force.places_left(day.state, day.mall) == 2
    day.issue(SITI)
    assert in_force.places_left(day.state, day.mall) == 1
    fewer = replace(day.mall, learned=replace(day.mall.about, capacity=0))
    assert in_force.places_left(day.state, fewer) == 0
    day.when(do.CloseDay(day.now, day.mall))
    assert in_force.places_left(day.state, day.mall) == 0


# Counters


def test_counter_starts_now_if_open_and_else_with_its_hours():
    day = MallDay(at("07:30:00"), mall(tickets_from_minutes=60))
    day.when(do.OpenCounter("G02", day.now, day.mall))
    g02, g2b = day.mall.counters["G02"], day.mall.counters["G2B"]

    def starts(counter, now: datetime) -> datetime:
        return in_force.starts_at(day.state, day.mall, counter, now)

    assert starts(g02, at("07:31:00")) == at("07:31:00")
    assert starts(g2b, at("07:31:00")) == at("08:00:00")
    assert starts(g2b, at("09:00:00")) == at("09:00:00")
    assert starts(g2b, at("14:59:59")) == at("14:59:59")
    assert starts(g2b, at("15:00:00")) == at("15:00:00")
    day.when(do.ForceOpen("Simulasi", day.now, day.mall))
    assert starts(g2b, at("07:31:00")) == at("07:31:00")


def test_counter_that_is_closed_for_a_while_starts_at_its_end():
    day = MallDay(at("07:30:00"), mall(tickets_from_minutes=60))
    g02 = day.mall.counters["G02"]
    day.mall = closed(day.mall, "counter", "G02", at("08:00:00"), at("09:15:00"))
    assert in_force.starts_at(day.state, day.mall, g02, at("07:31:00")) == at("09:15:00")
    assert in_force.starts_at(day.state, day.mall, g02, at("09:15:00")) == at("09:15:00")
    day.mall = closed(day.mall, "counter", "G02", at("10:00:00"))
    assert in_force.starts_at(day.state, day.mall, g02, at("10:00:01")) == at("10:00:01")


def test_wait_begins_when_the_first_of_several_counters_opens():
    known = mall(tickets_from_minutes=60)
    late = replace(known.counters["G2B"], week=((("09:00", "15:00"),),) * 7)
    day = MallDay(at("07:30:00"), replace(known, counters={**known.counters, "G2B": late}))
    assert day.issue(SITI, KK).expected_wait == 30 * 60


# Booked places


def booked_mall(**rules) -> Mall:
    return mall(bookings=Bookings(7, "10:00"), **rules)


NOW = at("08:00:00")
BY = at("10:00:00")


def for_booking(known: Mall, now: datetime = NOW) -> ForBooking | None:
    return in_force.for_booking(known, KK, TUESDAY, now)


@pytest.mark.parametrize(
    ("since", "until", "prevents"),
    [
        ("08:00:00", None, True),
        ("09:59:59", None, True),
        ("10:00:00", None, False),
        ("08:00:00", "09:59:59", False),
        ("08:00:00", "10:00:00", True),
    ],
)
@pytest.mark.parametrize(
    ("scope", "code", "cause"),
    [("mall", "pekalongan", "mall-closed"), ("service", KK, "service-closed")],
)
def test_booked_place_is_prevented_by_what_is_closed_in_its_last_second(since, until, prevents, scope, code, cause):
    known = closed(booked_mall(), scope, code, at(since), at(until) if until else None)
    found = for_booking(known)
    assert found is not None
    assert (found.claim_by, found.cause, found.reason) == ((BY, cause, "Padam") if prevents else (BY, "", ""))
    if prevents and until == "10:00:00":
        day = MallDay(NOW, known)
        with pytest.raises(refusals.Closed if scope == "mall" else refusals.Suspended) as refusal:
            day.when(do.BookPlace("one", KK, None, TUESDAY, NOW, known))
        assert (refusal.value.params["why"], refusal.value.params["next_opening"]) == ("Padam", BY)


def test_booked_place_is_prevented_once_all_counters_are_closed():
    one = closed(booked_mall(), "counter", "G02", NOW, None, "AC rusak")
    assert for_booking(one) == ForBooking(BY)
    found = for_booking(closed(one, "counter", "G2B", NOW, at("12:00:00"), "Pipa bocor"))
    assert found is not None
    assert (found.claim_by, found.cause, found.reason) == (BY, "counter-closed", "Pipa bocor")
    assert found.closure is not None
    assert found.closure.code == "G2B"


def test_booked_place_needs_a_service_a_day_and_a_time():
    known = booked_mall()
    assert in_force.for_booking(mall(), KK, TUESDAY, NOW) is None
    without = replace(known, services={})
    assert for_booking(without) == ForBooking(BY, "service-withdrawn")
    assert for_booking(replace(known, agencies={})) == ForBooking(BY, "service-withdrawn")
    shut = replace(known, learned=replace(known.about, exceptions=(Exceptional("2026-11-24", (), "Cuti"),)))
    assert for_booking(shut) == ForBooking(BY, "closed-day", "Cuti")
    assert for_booking(known, BY - timedelta(seconds=1)) == ForBooking(BY)
    assert for_booking(known, BY) == ForBooking(BY, "closed-day", "")
    assert for_booking(replace(known, counters={})) == ForBooking(BY, "counter-closed")
    agency = replace(known.agencies["DUKCAPIL"], suspended="Pindah")
    found = for_booking(replace(known, agencies={"DUKCAPIL": agency}))
    assert found is not None
    assert (found.cause, found.reason) == ("agency-suspended", "Pindah")


def test_place_is_kept_until_the_last_of_its_counters_closes():
    known = booked_mall()
    short = {
        code: replace(known.counters[code], week=((("08:00", closes),),) * 7)
        for code, closes in (("G02", "09:00"), ("G2B", "09:30"))
    }
    known = replace(known, counters={**known.counters, **short})
    assert in_force.claim_of_service(known, KK, TUESDAY) == at("09:30:00")
    assert in_force.claim_of_service(known, KTP, TUESDAY) == at("09:00:00")
    assert in_force.claim_of_service(known, SIM, TUESDAY) == BY


# Reserved tickets


def reserve(day: MallDay, who: str, counter: str, service: str = KK) -> None:
    day.when(do.TransferTicket(who, None, service, counter, "", day.now, day.mall))


def shortest(day: MallDay, *codes: str) -> int:
    counters = [day.mall.counters[code] for code in codes]
    return turns.waiting_at_shortest(day.state, day.mall, counters, day.now)


def test_waiting_at_a_counter_leaves_out_those_reserved_for_another():
    day = MallDay()
    for who, service in ((SITI, KTP), (BUDI, KK), (RINI, KK), (TONO, SIM), (WATI, KTP)):
        day.issue(who, service)
    assert (shortest(day, "G02"), shortest(day, "G2B"), shortest(day, "G02", "G2B")) == (4, 2, 2)
    reserve(day, BUDI, "G2B")
    assert (shortest(day, "G02"), shortest(day, "G2B")) == (3, 2)
    reserve(day, RINI, "G02")
    assert (shortest(day, "G02"), shortest(day, "G2B")) == (3, 1)
    reserve(day, TONO, "G03", SIM)
    reserve(day, WATI, "G02", KTP)
    assert [shortest(day, code) for code in ("G02", "G2B")] == [3, 1]
    assert shortest(day, "G03") == 1
    day.when(do.OpenCounter("G02", day.now, day.mall))
    assert shortest(day, "G02", "G2B") == 3, "only G02 is open"
    day.when(do.PauseCounter("G02", "Salat", day.now, day.mall))
    assert shortest(day, "G02", "G2B") == 1, "none is open"


@pytest.mark.parametrize(
    ("rule", "reserved", "ordinary", "priority"),
    [
        (Rule("fifo"), (BUDI, RINI), 3, 3),
        (Rule("strict"), (BUDI, RINI), 3, 1),
        (Rule("ratio", 2), (BUDI, RINI), 3, 1),
        (Rule("fifo"), (SITI, RINI), 3, 3),
        (Rule("strict"), (SITI, RINI), 3, 2),
        (Rule("ratio", 2), (SITI, RINI), 3, 3),
        (Rule("fifo"), (BUDI, TONO), 3, 3),
        (Rule("strict"), (BUDI, TONO), 3, 0),
        (Rule("ratio", 2), (BUDI, TONO), 3, 0),
        (Rule("ratio", 1), (BUDI, RINI), 3, 2),
    ],
)
def test_place_in_line_leaves_out_each_class_reserved_elsewhere(rule, reserved, ordinary, priority):
    day = MallDay(known=mall(rule=rule))
    for who, elderly in ((SITI, None), (BUDI, "elderly"), (RINI, None), (TONO, "elderly"), (WATI, None)):
        day.issue(who, KK, priority=elderly)
    for who in reserved:
        reserve(day, who, "G2B")
    g02 = [day.mall.counters["G02"]]

    def ahead(*, of_priority: bool) -> int:
        return turns.outlook_of_next(day.state, day.mall, g02, KK, priority=of_priority, now=day.now).ahead

    assert (ahead(of_priority=False), ahead(of_priority=True)) == (ordinary, priority)


@pytest.mark.parametrize("rule", [Rule("fifo"), Rule("strict"), Rule("ratio", 2)])
def test_place_in_line_counts_those_reserved_for_the_counter_itself(rule):
    day = MallDay(known=mall(rule=rule))
    for who, elderly in ((SITI, None), (BUDI, "elderly")):
        day.issue(who, KK, priority=elderly)
        reserve(day, who, "G02")
    g02 = [day.mall.counters["G02"]]
    found = turns.outlook_of_next(day.state, day.mall, g02, KK, priority=False, now=day.now)
    assert found.ahead == 2


def twins(known: Mall) -> Mall:
    """G2B gives the same services as G02."""
    g2b = replace(known.counters["G2B"], services=known.counters["G02"].services)
    return replace(known, counters={**known.counters, "G2B": g2b})


def test_wait_for_counters_of_one_line_begins_when_the_first_opens():
    known = twins(mall(tickets_from_minutes=60))
    late = replace(known.counters["G2B"], week=((("09:00", "15:00"),),) * 7)
    day = MallDay(at("07:30:00"), replace(known, counters={**known.counters, "G2B": late}))
    assert day.issue(SITI, KK).expected_wait == 30 * 60


def test_place_of_a_ticket_counts_the_reserved_ones_before_it_alone():
    day = MallDay(known=mall(rule=Rule("fifo")))
    for who in (SITI, BUDI, RINI, TONO):
        day.issue(who, KK)
    reserve(day, SITI, "G2B")
    reserve(day, TONO, "G2B")
    day.when(do.OpenCounter("G02", day.now, day.mall))
    tickets = [day.state.tickets[who] for who in (BUDI, RINI)]
    outlooks = [turns.outlook(day.state, day.mall, ticket, day.now) for ticket in tickets]
    assert [outlook.ahead for outlook in outlooks if outlook] == [0, 1]


# Whose turn


def test_nearest_counter_decides_how_close_a_visitor_is():
    day = MallDay()
    left = day.issue("agus", KK)
    for who, service in ((SITI, KTP), (BUDI, KTP), (RINI, KK)):
        day.issue(who, service)
    ticket = day.state.tickets[left.ticket_id]
    day.when(do.CancelTicket("agus", day.now, day.mall))
    found = list(turns.approaching(day.state, day.mall, [ticket], 3, day.now))
    assert [(one.id, ahead) for one, ahead in found] == [(SITI, 0), (RINI, 0), (BUDI, 1)]


def test_reserved_visitor_is_near_at_the_own_counter_and_first_to_come_first():
    day = MallDay(known=twins(mall()))
    left = day.issue("agus", KK)
    for who in (BUDI, SITI, RINI):
        day.issue(who, KK)
    reserve(day, BUDI, "G2B")
    ticket = day.state.tickets[left.ticket_id]
    day.when(do.CancelTicket("agus", day.now, day.mall))
    found = list(turns.approaching(day.state, day.mall, [ticket], 3, day.now))
    assert [(one.id, ahead) for one, ahead in found] == [(BUDI, 0), (SITI, 0), (RINI, 1)]


def test_ordinary_visitor_at_another_counter_does_not_hold_up_priority():
    day = MallDay(known=mall(rule=Rule("ratio", 1)))
    day.issue(SITI, KK)
    day.issue(BUDI, KTP, beside=SITI)
    day.issue(RINI, KTP, priority="elderly")
    day.issue(TONO, KK)
    assert day.call("G2B").ticket_id == SITI
    assert day.call("G02").ticket_id == RINI
    day.finish("G02")
    day.issue(WATI, KTP, priority="elderly")
    g02 = day.mall.counters["G02"]
    queues = day.state.queues
    assert {code: queues[code].passed for code in (KTP, KK)} == {KTP: 1, KK: 1}
    only_ktp = replace(day.state, queues=queues.set(KK, replace(queues[KK], passed=0)))
    ticket = turns.next_ticket(only_ktp, day.mall, g02, day.now)
    assert ticket is not None
    assert ticket.id == WATI, "Budi is passed but is at G2B with the other ticket; Tono was not passed"


def test_ceiling_is_passed_only_after_its_last_minute():
    day = MallDay(known=mall(rule=Rule("ratio", 2, ceiling_minutes=60)))
    day.issue(SITI, KTP)
    since = day.state.tickets[SITI].issued.issued_at
    day.issue(BUDI, KTP, priority="elderly")
    g02 = day.mall.counters["G02"]
    turns_at = [turns.next_ticket(day.state, day.mall, g02, since + timedelta(minutes=60, seconds=s)) for s in (0, 1)]
    assert [ticket.id for ticket in turns_at if ticket] == [BUDI, SITI]


def outcome(day: MallDay, command):
    try:
        return day.when(command)
    except Problem as refusal:
        return type(refusal), refusal.params


def test_new_ticket_is_refused_with_the_next_opening():
    known = mall()
    day = MallDay(known=known)
    day.when(do.CloseCounter("G03", day.now, known))
    away = {"service": "Perpanjangan SIM A", "next_opening": at("08:00:00", date(2026, 11, 25))}
    assert outcome(day, do.IssueTicket(SITI, SIM, None, day.now, known)) == (refusals.ServiceAway, away)
    late = {code: replace(one, week=((("10:00", "15:00"),),) * 7) for code, one in known.counters.items()}
    mornings = {"G02": replace(known.counters["G02"], week=((("08:00", "08:30"),),) * 7)}
    day = MallDay(known=replace(known, counters={**late, **mornings}))
    found = outcome(day, do.IssueTicket(SITI, KTP, None, day.now, day.mall))
    tomorrow = at("08:00:00", date(2026, 11, 25))
    assert found == (refusals.ServiceAway, {"service": "Perekaman KTP-el", "next_opening": tomorrow})
    none = replace(known, counters={})
    assert outcome(MallDay(known=none), do.IssueTicket(SITI, SIM, None, at("09:00:00"), none)) == (
        refusals.NoCounter,
        {"service": "Perpanjangan SIM A"},
    )
