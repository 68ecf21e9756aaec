"""Defaults of commands, repeats as empty lists, and acts at the edge of what the rules allow."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, MallDay, mall
from stored_fields import defaults_by_name

from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import in_force, refusals, turns
from services.ticketing.domain.day.events import (
    PlaceBooked,
    TicketApproaching,
    TicketMissed,
    TicketServed,
    TicketTransferred,
)
from services.ticketing.domain.hours import Hours
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared, Mall, Rule, evolve
from services.ticketing.survey.domain import Month

TUESDAY = date(2026, 11, 24)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{TUESDAY}T{clock}+07:00")


def test_commands_ask_for_nothing_that_was_not_given():
    commands = [kind for kind in vars(do).values() if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")]
    given = defaults_by_name(kind for kind in commands if kind.__module__ == do.__name__)
    assert {name: values for name, values in given.items() if values} == {
        "IssueTicket": {"beside": "", "channel": ""},
        "BookPlace": {"channel": ""},
        "CheckIn": {"channel": ""},
        "Finish": {"result": "done", "also": ()},
        "RestoreTicket": {"counter": None, "mall": None},
        "Tick": {"is_trusted": True},
    }


def test_visit_that_ends_without_a_word_is_done():
    day = MallDay()
    day.issue(SITI)
    day.call()
    now = day.now
    served = TicketServed(SITI, "B-001", KTP, "DUKCAPIL", "G02", now, "done", ())
    assert day.when(do.Finish(SITI, "G02", now)) == [served]
    assert day.when(do.Finish(SITI, "G02", day.now)) == []


def test_visitor_missed_twice_is_missed_once():
    day = MallDay()
    day.issue(SITI)
    day.call()
    now = day.now
    assert day.when(do.MissTicket(SITI, "G02", now)) == [TicketMissed(SITI, "B-001", KTP, "DUKCAPIL", "G02", now)]
    assert day.when(do.MissTicket(SITI, "G02", day.now)) == []
    assert day.when(do.MissTicket(SITI, None, day.now)) == []


@pytest.mark.parametrize("now", [at("07:59:00"), at("15:00:00")])
def test_visitor_without_a_ticket_gets_none_outside_the_hours(now):
    known = mall()
    day = MallDay(now, known)
    with pytest.raises(refusals.Closed):
        day.when(do.WalkIn("G02", SITI, KTP, None, "", now, known))
    day.when(do.ForceOpen("Simulasi", day.now, known))
    assert len(day.when(do.WalkIn("G02", SITI, KTP, None, "", day.now, known))) >= 3


def test_visitor_on_hold_is_sent_back_to_wait_for_the_same_service():
    day = MallDay()
    day.issue(SITI)
    send = do.TransferTicket(SITI, None, KTP, "", "", day.now, day.mall)
    assert day.when(send) == []
    day.call()
    day.when(do.HoldTicket(SITI, "G02", "Fotokopi", day.now))
    (moved,) = day.when(replace(send, now=day.now))
    assert isinstance(moved, TicketTransferred)
    assert (moved.from_counter, moved.service, day.status(SITI)) == ("", KTP, "waiting")


def test_place_kept_for_bookings_is_booked_also_where_counters_close_early():
    known = mall(capacity=1, kept_for_bookings=1, bookings=Bookings(7, "10:00"))
    early = {code: replace(one, week=((("08:00", "09:30"),),) * 7) for code, one in known.counters.items()}
    known = replace(known, counters=early)
    day = MallDay(at("08:30:00"), known)
    with pytest.raises(refusals.PlacesKept):
        day.when(do.IssueTicket(SITI, KK, None, day.now, known))
    (booked,) = day.when(do.BookPlace("one", KK, None, TUESDAY, day.now, known))
    assert isinstance(booked, PlaceBooked)
    assert booked.claim_by == at("09:30:00")


def test_busy_counters_are_named_in_order():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who, KK if who != RINI else SIM)
    for counter in ("G2B", "G03", "G02"):
        day.call(counter)
    with pytest.raises(refusals.CountersBusy) as refusal:
        day.when(do.CloseDay(day.now, day.mall))
    assert refusal.value.params == {"counters": "G02, G03, G2B"}


def test_counters_in_use_are_in_order():
    day = MallDay()
    day.when(do.OpenCounter("G03", day.now, day.mall))
    codes = [f"X{n:02d}" for n in range(40, 0, -1)]
    known = replace(day.mall, counters={code: replace(day.mall.counters["G02"], code=code) for code in codes})
    assert in_force.counters_in_use(day.state, known) == ["G03", *sorted(codes)]
    day.when(do.CloseCounter("G03", day.now, day.mall))
    assert in_force.counters_in_use(day.state, known) == sorted(codes)


@pytest.mark.parametrize(
    ("capacity", "rules", "service_capacity", "refused", "params"),
    [
        (9, {}, 1, refusals.ServiceFull, {"service": "Perekaman KTP-el", "capacity": 1}),
        (1, {}, None, refusals.CapacityReached, {"capacity": 1}),
        (3, {"kept_for_priority": 2}, None, refusals.PlacesKept, {"kept": 2}),
    ],
)
def test_last_place_is_refused_with_the_next_day(capacity, rules, service_capacity, refused, params):
    known = mall(capacity=capacity, **rules)
    services = {**known.services, KTP: replace(known.services[KTP], capacity=service_capacity)}
    day = MallDay(known=replace(known, services=services))
    day.issue(SITI)
    with pytest.raises(refused) as refusal:
        day.issue(BUDI)
    tomorrow = datetime.fromisoformat("2026-11-25T08:00:00+07:00")
    assert refusal.value.params == {**params, "next_opening": tomorrow}


def test_usual_opening_is_the_first_of_the_weekday_or_of_the_week():
    monday = (("13:00", "15:00"), ("09:00", "12:00"))
    hours = Hours("Asia/Jakarta", (monday, (("10:00", "11:00"),), (), (), (), (), ()))
    days = [TUESDAY + timedelta(days=ahead) for ahead in (-1, 0, 1)]
    opens = [hours.usual_opening(day) for day in days]
    assert [f"{each:%H:%M}" if each else None for each in opens] == ["09:00", "10:00", "09:00"]
    assert Hours("Asia/Jakarta", ((),) * 7).usual_opening(TUESDAY) is None


@pytest.mark.parametrize("rule", [Rule("ratio", 1), Rule("ratio", 2), Rule("ratio", 3), Rule("strict"), Rule("fifo")])
@pytest.mark.parametrize("classes", ["oooppp", "pppooo", "opopop", "ppopoo", "pppppo", "oooppo"])
def test_those_ahead_stay_right_after_each_call(rule, classes):
    day = MallDay(known=mall(rule=rule))
    day.when(do.OpenCounter("G02", day.now, day.mall))
    for number, kind in enumerate(classes):
        day.issue(f"v{number}", priority="elderly" if kind == "p" else None)
    for _ in classes:
        counter = day.mall.counters["G02"]
        order = list(turns.in_order(day.state, day.mall, counter, day.now))
        ahead = [turns.outlook(day.state, day.mall, ticket, day.now) for ticket in order]
        assert [each.ahead for each in ahead if each] == list(range(len(order)))
        assert day.call().ticket_id == order[0].id
        day.finish()


def test_counter_is_staffed_while_its_clerk_is_or_will_be_there():
    day = MallDay()
    g02 = day.mall.counters["G02"]

    def staffed(known: Mall, now: datetime) -> object:
        return in_force.is_staffed(day.state, known, g02, now)

    without = replace(day.mall, counters={})
    assert (staffed(day.mall, at("14:59:59")), staffed(day.mall, at("15:00:00"))) == (True, False)
    assert staffed(without, day.now) is False
    day.when(do.OpenCounter("G02", day.now, day.mall))
    assert staffed(without, at("15:00:00")) is True
    day.when(do.PauseCounter("G02", "Salat", day.now, day.mall))
    assert staffed(day.mall, day.now) is True
    day.when(do.CloseCounter("G02", day.now, day.mall))
    assert staffed(day.mall, day.now) is False
    g03 = day.mall.counters["G03"]
    day.when(do.ForceOpen("Simulasi", day.now, day.mall))
    assert in_force.is_staffed(day.state, day.mall, g03, at("20:00:00")) is True


def test_ticket_reserved_for_another_service_is_not_taken_off_the_line():
    day = MallDay()
    day.issue(RINI, SIM)
    day.issue(SITI, KTP)
    day.when(do.TransferTicket(RINI, None, SIM, "G03", "", day.now, day.mall))
    g02 = [day.mall.counters["G02"]]
    found = turns.outlook_of_next(day.state, day.mall, g02, KTP, priority=False, now=day.now)
    assert found.ahead == 1


def test_place_that_cannot_be_booked_is_refused_with_the_first_opening():
    known = mall(bookings=Bookings(7, "10:00"))
    weeks = {
        "G02": ((), (), (), (("11:00", "12:00"),), (), (), ()),
        "G2B": ((), (), (), (), (("09:00", "12:00"),), (), ()),
    }
    known = replace(known, counters={code: replace(known.counters[code], week=week) for code, week in weeks.items()})
    day = MallDay(at("08:30:00"), known)
    with pytest.raises(refusals.ServiceAway) as refusal:
        day.when(do.BookPlace("one", KK, None, TUESDAY, day.now, known))
    thursday = datetime.fromisoformat("2026-11-26T11:00:00+07:00")
    assert refusal.value.params == {"service": "Kartu Keluarga baru", "next_opening": thursday}


def test_closure_from_the_last_second_of_the_claim_time_prevents_a_booking():
    known = mall(bookings=Bookings(7, "10:00"))
    closure = Closure("mall", "pekalongan", "Banjir", at("09:59:59"), None, "c1")
    known = evolve(known, ClosureDeclared(closure, at("08:30:00")))
    day = MallDay(at("08:30:00"), known)
    with pytest.raises(refusals.Closed):
        day.when(do.BookPlace("one", KK, None, TUESDAY, day.now, known))


def test_visit_that_was_missed_cannot_be_judged():
    day = MallDay()
    day.issue(SITI)
    day.call()
    day.when(do.MissTicket(SITI, "G02", day.now))
    assert Month().standing(day.state.tickets[SITI], day.now) == "not-over"


def test_watch_that_began_late_keeps_its_doubt_as_long():
    start = at("09:00:00")
    watch = ClockWatch.start(start, 0.0).read(start + timedelta(hours=1), 100.0, 0.0)
    for steady, is_doubted in ((1750.0, True), (1899.0, True), (1900.0, False)):
        wall = start + timedelta(hours=1, seconds=steady - 100)
        assert bool(watch.read(wall, steady, 0.0).doubt) is is_doubted


def test_third_in_line_approaches_with_at_most_two_ahead():
    day = MallDay()
    for who in (SITI, BUDI, RINI, "tono", "wati"):
        day.issue(who)
    events = day.when(do.CallNext("G02", day.now, day.mall))
    found = [(one.ticket_id, one.ahead, one.at_most) for one in events if isinstance(one, TicketApproaching)]
    assert found == [("tono", 2, 2)], "the two before were published when they took their tickets"
