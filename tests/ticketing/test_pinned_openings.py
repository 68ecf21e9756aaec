"""Which counters may call a ticket, what is asked of a withdrawn one, and when a service that is away comes again."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, MallDay, mall
from immutables import Map

from services.chassis.errors import Problem
from services.ticketing.domain.day import DAY, in_force, refusals, turns
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared, Mall
from services.ticketing.domain.mall import evolve as learn

TUESDAY = date(2026, 11, 24)
NEVER: tuple[tuple[tuple[str, str], ...], ...] = ((),) * 7


def at(clock: str, on: date = TUESDAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{clock}+07:00")


def weekly(hours: dict[int, tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """A week with these hours by weekday, Monday 0."""
    return tuple((hours[weekday],) if weekday in hours else () for weekday in range(7))


def changed(known: Mall, **counters) -> Mall:
    """The mall with other fields of these counters."""
    others = {code: replace(known.counters[code], **fields) for code, fields in counters.items()}
    return replace(known, counters={**known.counters, **others})


def closed(known: Mall, scope: str, code: str, since: datetime, until: datetime | None = None) -> Mall:
    return learn(known, ClosureDeclared(Closure(scope, code, "Padam", since, until, f"{scope}{code}"), since))


def outcome(day: MallDay, command):
    try:
        return day.when(command)
    except Problem as refusal:
        return type(refusal), refusal.params


# Which counters


def test_counter_calls_its_services_once_and_those_promised_there():
    day = MallDay()
    day.issue(SITI, KK)

    def services(known: Mall) -> tuple[str, ...]:
        return in_force.callable_services(day.state, known, known.counters["G02"], day.now)

    assert services(day.mall) == (KTP, KK)
    assert services(changed(day.mall, G02={"services": (KTP,)})) == (KTP, KK)
    assert services(closed(day.mall, "service", KTP, day.now)) == (KK,)
    fewer = changed(day.mall, G02={"services": (KTP,)})
    assert services(closed(fewer, "service", KK, day.now)) == (KTP,)
    day.when(do.CancelTicket(SITI, day.now, day.mall))
    assert services(fewer) == (KTP,)
    day.issue(BUDI, SIM)
    assert services(fewer) == (KTP,)


def test_counters_of_a_ticket_are_those_listed_and_those_promised():
    day = MallDay()
    day.issue(SITI, KTP)
    ticket = day.state.tickets[SITI]

    def codes(known: Mall) -> list[str]:
        return [counter.code for counter in in_force.counters_for(day.state, known, ticket)]

    assert codes(day.mall) == ["G02"]
    more = changed(day.mall, G03={"services": (SIM, KTP)})
    assert codes(more) == ["G02", "G03"]
    assert codes(changed(more, G02={"services": ()})) == ["G03", "G02"]
    day.when(do.TransferTicket(SITI, None, KTP, "G03", "", day.now, more))
    ticket = day.state.tickets[SITI]
    assert codes(more) == ["G03"]
    assert codes(day.mall) == ["G03"]


def test_ticket_is_callable_while_a_counter_can_call_it():
    day = MallDay()
    day.issue(SITI, KTP)

    def callable_now(known: Mall) -> bool:
        return in_force.is_callable(day.state, known, day.state.tickets[SITI], day.now)

    assert callable_now(day.mall) is True
    assert callable_now(closed(day.mall, "counter", "G02", day.now)) is False
    assert callable_now(closed(day.mall, "mall", "pekalongan", day.now)) is False
    day.when(do.CancelTicket(SITI, day.now, day.mall))
    assert callable_now(day.mall) is False


def test_withdrawn_counter_is_in_use_while_any_of_its_visitors_waits():
    day = MallDay()
    day.issue(SITI, KK)
    day.issue(BUDI, KTP, priority="elderly")
    without = replace(day.mall, counters={})
    assert in_force.counters_in_use(day.state, without) == ["G02", "G2B"]
    day.when(do.CancelTicket(SITI, day.now, day.mall))
    assert in_force.counters_in_use(day.state, without) == ["G02"]
    day.when(do.CancelTicket(BUDI, day.now, day.mall))
    assert in_force.counters_in_use(day.state, without) == []
    day.issue(RINI, SIM)
    day.call("G03")
    assert in_force.counters_in_use(replace(day.state, desks=Map()), without) == ["G03"]


def test_counter_that_is_neither_listed_nor_used_today_is_unknown():
    day = MallDay()
    day.issue(SITI, KTP)
    with pytest.raises(Problem) as refusal:
        in_force.counter_of_day(day.state, replace(day.mall, counters={}), "G2B")
    assert (type(refusal.value).__name__, refusal.value.params) == ("UnknownCounter", {"counter": "G2B"})


# New tickets


def test_closed_service_is_suspended_also_where_no_clerk_is_left():
    day = MallDay()
    day.when(do.CloseCounter("G03", day.now, day.mall))
    until = day.now + timedelta(minutes=30)
    day.mall = closed(day.mall, "service", SIM, day.now, until)
    suspended = {"service": "Perpanjangan SIM A", "why": "Padam", "until": until, "next_opening": until}
    assert outcome(day, do.IssueTicket(SITI, SIM, None, day.now, day.mall)) == (refusals.Suspended, suspended)


def test_service_whose_agency_has_left_has_no_counter():
    known = mall()
    left = replace(known, agencies={"DUKCAPIL": known.agencies["DUKCAPIL"]})
    refused = (refusals.NoCounter, {"service": "Perpanjangan SIM A"})
    assert outcome(MallDay(known=left), do.IssueTicket(SITI, SIM, None, at("09:00:00"), left)) == refused


def test_service_away_comes_with_the_first_counter_that_ever_opens():
    thursday = weekly({3: ("11:00", "12:00")})
    day = MallDay(known=changed(mall(), G02={"week": NEVER}, G2B={"week": thursday}, G03={"week": NEVER}))

    def away(service: str) -> datetime | None:
        refused, params = outcome(day, do.IssueTicket(SITI, service, None, at("09:00:00"), day.mall))
        assert refused is refusals.ServiceAway
        return params["next_opening"]

    assert away(KK) == at("11:00:00", TUESDAY + timedelta(days=2))
    assert away(SIM) is None


def test_place_on_a_day_without_counters_is_refused_with_one_after_it():
    week = weekly({2: ("09:00", "12:00"), 4: ("10:00", "12:00")})
    known = changed(mall(bookings=Bookings(7, "11:00")), G02={"week": week}, G2B={"week": NEVER})
    day = MallDay(at("08:30:00"), known)
    friday = {"service": "Kartu Keluarga baru", "next_opening": at("10:00:00", TUESDAY + timedelta(days=3))}
    thursday = TUESDAY + timedelta(days=2)
    assert outcome(day, do.BookPlace("one", KK, None, thursday, day.now, known)) == (refusals.ServiceAway, friday)
    never = changed(known, G02={"week": NEVER})
    assert outcome(day, do.BookPlace("one", KK, None, thursday, day.now, never)) == (
        refusals.ServiceAway,
        {"service": "Kartu Keluarga baru", "next_opening": None},
    )


def test_first_closure_to_end_is_not_one_without_an_end():
    now = at("09:00:00")
    endless = Closure("counter", "G02", "a", now, None, "a")
    long, short = (replace(endless, until=now + timedelta(hours=hours), id=f"{hours}") for hours in (2, 1))
    assert in_force.first_to_end([endless, long, short]) == short
    assert in_force.first_to_end([endless, replace(long, since=now + timedelta(hours=1))]).id == "2"
    assert in_force.first_to_end([endless]) == endless
    later = replace(endless, since=now + timedelta(hours=1), id="later")
    assert in_force.first_to_end([later, endless]) == endless


# Waits


def test_visit_of_a_service_no_longer_listed_takes_ten_minutes():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who, SIM)
    police = [day.mall.counters["G03"]]

    def wait(known: Mall) -> int:
        return turns.outlook_of_next(day.state, known, police, SIM, priority=False, now=day.now).wait.seconds

    as_listed = replace(day.mall, services={**day.mall.services, SIM: replace(day.mall.services[SIM], minutes=10)})
    services = {code: one for code, one in day.mall.services.items() if code != SIM}
    assert wait(day.mall) > wait(replace(day.mall, services=services)) == wait(as_listed) > 0


def test_wait_is_the_same_in_whatever_order_counters_are_listed():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who, KTP)
    counters = [day.mall.counters[code] for code in ("G02", "G2B")]

    def wait(order: list) -> int:
        return turns.outlook_of_next(day.state, day.mall, order, KK, priority=False, now=day.now).wait.seconds

    assert wait(counters) == wait(counters[::-1]) == wait(counters[1:]) < wait(counters[:1])


def test_call_out_of_turn_or_after_a_transfer_teaches_no_wait():
    day = MallDay()
    day.issue(SITI, KK)
    day.issue(BUDI, KK)
    day.when(do.CallTicket("G02", BUDI, "Lansia", day.now, day.mall))
    assert (day.state.tickets[BUDI].residual, day.state.residuals) == (None, ())
    day.when(do.TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))
    day.call("G2B")
    assert (day.state.tickets[SITI].residual, day.state.residuals) == (None, ())
    older = replace(MallDay().issue(RINI, SIM), expected_wait=None)
    day.state = DAY.evolve(day.state, older)
    day.call("G03")
    assert (day.state.tickets[RINI].residual, day.state.residuals) == (None, ())
