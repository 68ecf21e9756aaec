"""Whom a change of a directory concerns, as whole answers; and events of waiting visitors in any order, as states."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.catalog.domain.concerns import Concern, Concerns, People, concerns
from services.catalog.domain.directory import AgencyListed, CounterListed, Directory, ServiceListed
from services.catalog.domain.hours import SHUT, WEEKDAYS
from services.catalog.domain.mall import Bookings, HoursException, MallListed
from services.catalog.domain.waiting import (
    WAITING,
    BookingEnded,
    ClosureHeard,
    CounterStands,
    DayEnded,
    PlaceBooked,
    ReopeningHeard,
    TicketWaits,
    TicketWaitsNoMore,
    Waiting,
)

TUESDAY, FRIDAY = date(2026, 11, 24), date(2026, 11, 27)


def at(clock: str, on: date = TUESDAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{clock}+07:00")


OFFICE = (("08:00", "15:00"),)
WEEK = {**SHUT, **dict.fromkeys(WEEKDAYS[:5], OFFICE)}
MALL = MallListed(
    "kota",
    "MPP Kota",
    "Kota",
    "Jl. Merdeka 1",
    "Asia/Jakarta",
    100,
    WEEK,
    overtime_minutes=60,
    bookings=Bookings(7, "10:00"),
)
AGENCIES = {"PLN": AgencyListed("PLN", "Listrik", "A"), "BPN": AgencyListed("BPN", "Pertanahan", "B")}
SERVICES = {
    "METER": ServiceListed("METER", "Meteran", "PLN", 10),
    "DAYA": ServiceListed("DAYA", "Tambah daya", "PLN", 10),
    "TANAH": ServiceListed("TANAH", "Sertipikat", "BPN", 20),
}
COUNTERS = {
    "G01": CounterListed("G01", "Gerai 1", 1, "PLN", ("METER", "DAYA")),
    "G02": CounterListed("G02", "Gerai 2", 1, "PLN", ("METER",)),
    "G03": CounterListed("G03", "Gerai 3", 1, "BPN", ("TANAH",)),
}
BEFORE = Directory(MALL, AGENCIES, SERVICES, COUNTERS)
BOOKED = {TUESDAY: {"METER": 1, "TANAH": 2}, FRIDAY: {"METER": 4, "DAYA": 8}}
PEOPLE = People(at("09:00:00"), {"METER": 16, "DAYA": 32, "TANAH": 64}, BOOKED, ("G01", "G03"))


def without(entries: dict, *codes: str) -> dict:
    return {code: entry for code, entry in entries.items() if code not in codes}


def of_mall(**changed) -> Directory:
    return replace(BEFORE, mall=replace(MALL, **changed))


def answer(waiting: int, days: dict, *warnings: Concern) -> Concerns:
    return Concerns(waiting, sum(days.values()), days, warnings)


EARLY = (HoursException(TUESDAY, (("08:00", "09:00"),), "Rapat"),)
SHORT = (HoursException(TUESDAY, (("08:00", "09:01"),), "Rapat"),)
HOURS = Concern("hours-changed", (), 0, 3)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, answer(0, {})),
        (Directory(), answer(0, {})),
        (
            of_mall(exceptions=EARLY),
            answer(112, {TUESDAY: 3}, Concern("closes-today", (), 112, 3, "09:00"), HOURS),
        ),
        (of_mall(exceptions=SHORT), answer(0, {TUESDAY: 3}, HOURS)),
        (
            of_mall(exceptions=(HoursException(TUESDAY, (), "Cuti"),)),
            answer(112, {TUESDAY: 3}, Concern("closes-today", (), 112, 3, None), HOURS),
        ),
        (of_mall(exceptions=(HoursException(TUESDAY, OFFICE, "Sama"),)), answer(0, {})),
        (of_mall(overtime_minutes=0), answer(0, {})),
        (of_mall(bookings=None), answer(0, {TUESDAY: 3, FRIDAY: 12}, Concern("bookings-ended", (), 0, 15))),
        (
            of_mall(bookings=Bookings(7, "11:00")),
            answer(0, {TUESDAY: 3, FRIDAY: 12}, Concern("claim-by-changed", ("11:00",), 0, 15)),
        ),
        (of_mall(bookings=Bookings(9, "10:00")), answer(0, {})),
        (
            replace(BEFORE, counters=without(COUNTERS, "G02")),
            answer(0, {}),
        ),
        (
            replace(BEFORE, counters=without(COUNTERS, "G01")),
            answer(
                32,
                {FRIDAY: 8},
                Concern("counter-open", ("Gerai 1",), 0, 0),
                Concern("without-counter", ("Tambah daya",), 32, 8),
            ),
        ),
        (
            replace(BEFORE, agencies={**AGENCIES, "BPN": replace(AGENCIES["BPN"], suspended="Pindah")}),
            answer(64, {TUESDAY: 2}, Concern("agency-suspended", ("Pertanahan",), 64, 2)),
        ),
        (
            replace(BEFORE, agencies={**AGENCIES, "BPN": replace(AGENCIES["BPN"], line="C")}),
            answer(64, {}, Concern("line-changed", ("Pertanahan",), 64, 0)),
        ),
        (
            Directory(MALL, without(AGENCIES, "BPN"), without(SERVICES, "TANAH"), without(COUNTERS, "G03")),
            answer(
                64,
                {TUESDAY: 2},
                Concern("counter-open", ("Gerai 3",), 0, 0),
                Concern("agency-withdrawn", ("Pertanahan",), 64, 2),
            ),
        ),
        (
            replace(
                BEFORE,
                services=without(SERVICES, "DAYA"),
                counters={**COUNTERS, "G01": replace(COUNTERS["G01"], services=("METER",))},
            ),
            answer(32, {FRIDAY: 8}, Concern("service-withdrawn", ("Tambah daya",), 32, 8)),
        ),
        (
            replace(BEFORE, services={**SERVICES, "DAYA": replace(SERVICES["DAYA"], agency="BPN")}),
            answer(32, {FRIDAY: 8}, Concern("service-moved", ("Tambah daya",), 32, 8)),
        ),
        (
            replace(
                BEFORE,
                counters={**COUNTERS, "G03": replace(COUNTERS["G03"], week={**SHUT, "tuesday": (("09:00", "12:00"),)})},
            ),
            answer(0, {TUESDAY: 2}, Concern("hours-changed", (), 0, 2)),
        ),
        (
            replace(
                BEFORE,
                counters={**COUNTERS, "G02": replace(COUNTERS["G02"], week={**SHUT, "friday": (("09:00", "12:00"),)})},
            ),
            answer(0, {}),
        ),
    ],
)
def test_change_concerns_these_people(after, expected):
    assert concerns(BEFORE, after, PEOPLE) == expected


def test_mall_that_is_new_has_no_concerns():
    assert concerns(Directory(), BEFORE, PEOPLE) == Concerns()


def test_change_that_concerns_no_visitor_has_no_warnings():
    away = replace(BEFORE, agencies={**AGENCIES, "PLN": replace(AGENCIES["PLN"], suspended="Pindah", line="C")})
    others = People(at("09:00:00"), {"TANAH": 64}, {FRIDAY: {"TANAH": 8}}, ("G03",))
    assert concerns(BEFORE, away, others) == Concerns()


def test_what_was_so_before_the_change_is_no_concern_of_it():
    suspended = {**AGENCIES, "BPN": replace(AGENCIES["BPN"], suspended="Pindah")}
    before = Directory(replace(MALL, bookings=None), suspended, SERVICES, without(COUNTERS, "G01"))
    renamed = {**suspended, "BPN": replace(suspended["BPN"], suspended="Renovasi")}
    assert concerns(before, replace(before, agencies=renamed), PEOPLE) == Concerns()


def test_days_of_a_change_are_in_order():
    days = [FRIDAY + timedelta(days=ahead) for ahead in range(30)]
    booked = {day: {"METER": number} for number, day in reversed([*enumerate(days, start=1)])}
    found = concerns(BEFORE, of_mall(bookings=None), replace(PEOPLE, bookings=booked))
    assert list(found.days.items()) == [(day, number) for number, day in enumerate(days, start=1)]


@pytest.mark.parametrize(
    ("overtime", "now", "closes"),
    [
        (60, "13:59:59", False),
        (60, "14:00:00", True),
        (60, "15:59:59", True),
        (60, "16:00:00", False),
        (0, "15:30:00", True),
        (30, "15:30:00", True),
        (31, "15:30:00", False),
        (75, "14:59:59", True),
        (75, "15:00:00", False),
        (0, "16:00:00", False),
    ],
)
def test_end_of_service_or_of_overtime_that_passes_closes_today(overtime, now, closes):
    earlier = {60: "14:00", 75: "14:30"}.get(overtime)
    noon = (HoursException(TUESDAY, (("08:00", earlier),), "Rapat"),) if earlier else ()
    people = replace(PEOPLE, now=at(now))
    found = concerns(BEFORE, of_mall(overtime_minutes=overtime, exceptions=noon), people)
    assert ("closes-today" in [one.reason for one in found.warnings]) is closes
    ended = concerns(BEFORE, of_mall(overtime_minutes=overtime, exceptions=noon), replace(people, ended=True))
    assert "closes-today" not in [one.reason for one in ended.warnings]


def test_hours_of_several_counters_are_joined():
    def weeks(*spans: tuple[str, str]) -> dict[str, CounterListed]:
        given = [
            replace(COUNTERS["G03"], code=f"X{n}", week={**SHUT, "tuesday": (span,)}) for n, span in enumerate(spans)
        ]
        return {**without(COUNTERS, "G03"), **{one.code: one for one in given}}

    def same(first: tuple, second: tuple) -> bool:
        one, two = (replace(BEFORE, counters=weeks(*spans)) for spans in (first, second))
        return not [each for each in concerns(one, two, PEOPLE).warnings if each.reason == "hours-changed"]

    whole = (("08:00", "12:00"),)
    assert same(whole, (("08:00", "10:00"), ("10:00", "12:00")))
    assert same(whole, (("08:00", "12:00"), ("09:00", "10:00")))
    assert same(whole, (("09:00", "12:00"), ("08:00", "11:00")))
    assert not same(whole, (("08:00", "10:00"), ("10:01", "12:00")))


# Events of waiting visitors

NINE = at("09:00:00")
LATER = NINE + timedelta(minutes=1)


def after(*news, state: Waiting = WAITING.initial) -> Waiting:
    for each in news:
        state = WAITING.evolve(state, each)
    return state


def test_tickets_counters_and_bookings_are_kept_while_they_last():
    waits = TicketWaits("a", "METER", LATER, (2, 0))
    state = after(
        waits,
        TicketWaits("b", "METER", NINE, (3, 0)),
        CounterStands("G02", "open", NINE, (4, 0)),
        CounterStands("G01", "open", NINE, (5, 0)),
        CounterStands("G03", "paused", NINE, (6, 0)),
    )
    positions = {
        ("ticket", "a"): (2, 0),
        ("ticket", "b"): (3, 0),
        ("desk", "G02"): (4, 0),
        ("desk", "G01"): (5, 0),
        ("desk", "G03"): (6, 0),
    }
    counters = {"G02": "open", "G01": "open", "G03": "paused"}
    assert state == Waiting(positions, {"a": "METER", "b": "METER"}, counters, news_at=LATER)
    assert (dict(state.by_service), state.open_counters) == ({"METER": 2}, ["G01", "G02"])
    assert after(TicketWaitsNoMore("a", NINE, (7, 0)), state=state) == replace(
        state, heard={**positions, ("ticket", "a"): (7, 0)}, tickets={"b": "METER"}
    )
    assert after(TicketWaitsNoMore("a", NINE, (1, 0)), state=state) == state
    assert after(DayEnded(LATER, (9, 0)), state=state) == Waiting(news_at=LATER, ended=True)
    booked = after(PlaceBooked("x", "METER", NINE, (1, 0)), PlaceBooked("y", "DAYA", NINE, (2, 0)))
    assert booked.bookings == {"x": "METER", "y": "DAYA"}
    ended = after(BookingEnded("x", NINE, (3, 0)), state=booked)
    assert (ended.bookings, ended.heard) == ({"y": "DAYA"}, {("booking", "x"): (3, 0), ("booking", "y"): (2, 0)})


def test_claimed_booking_counts_whenever_it_is_published():
    waits = TicketWaits("a", "METER", NINE, (2, 0), booked=True)
    called = after(TicketWaitsNoMore("a", NINE, (3, 0)))
    assert WAITING.decide(waits, called) == [waits]
    state = after(waits, state=called)
    assert (state.claimed, state.tickets) == ({"a": "METER"}, {})
    assert WAITING.decide(waits, state) == []
    plain = replace(waits, booked=False)
    assert WAITING.decide(plain, called) == []
    assert WAITING.decide(plain, WAITING.initial) == [plain]
    assert after(plain).claimed == {}
    assert WAITING.decide(waits, after(DayEnded(NINE, (9, 0)))) == []


def closed(closure: str, code: str = "G01", position=(1, 0), until=None) -> ClosureHeard:
    return ClosureHeard("counter", code, "Padam", NINE, until, position, closure)


def test_closures_are_kept_by_scope_code_and_id():
    a, b, other = closed("a"), closed("b", position=(2, 0)), closed("a", "G02")
    state = after(a, b, other)
    assert set(state.closures) == {("counter", "G01", "a"), ("counter", "G01", "b"), ("counter", "G02", "a")}
    assert set(state.heard) == {("counter", "G01/a"), ("counter", "G01/b"), ("counter", "G02/a")}
    whole = closed("", position=(3, 0))
    assert set(after(whole, state=state).closures) == {("counter", "G01", ""), ("counter", "G02", "a")}
    lifted = ReopeningHeard("counter", "G01", NINE, (4, 0), "a")
    assert set(after(lifted, state=state).closures) == {("counter", "G01", "b"), ("counter", "G02", "a")}
    every = ReopeningHeard("counter", "G01", NINE, (4, 0))
    assert set(after(every, state=state).closures) == {("counter", "G02", "a")}
    unnamed = after(other, whole)
    assert set(after(lifted, state=unnamed).closures) == {("counter", "G02", "a")}
    assert after(lifted, state=unnamed).heard[("counter", "G01/a")] == (4, 0)


def test_closures_of_an_instant_are_those_that_hold():
    short, endless = closed("a", until=LATER), closed("b", "G02")
    state = after(short, endless)
    second = timedelta(seconds=1)
    moments = (NINE - second, NINE, LATER - second, LATER)
    assert [state.closures_at(now) for now in moments] == [[], [short, endless], [short, endless], [endless]]


def test_service_without_visitors_adds_none_to_the_count():
    away = replace(BEFORE, agencies={**AGENCIES, "PLN": replace(AGENCIES["PLN"], suspended="Pindah")})
    shut = of_mall(exceptions=(HoursException(FRIDAY, (), "Libur"),))
    few = People(at("09:00:00"), {"METER": 16}, {FRIDAY: {"DAYA": 8}}, ("G01",))
    assert (concerns(BEFORE, away, few).waiting, concerns(BEFORE, away, few).days) == (16, {FRIDAY: 8})
    assert (concerns(BEFORE, shut, few).waiting, concerns(BEFORE, shut, few).days) == (0, {FRIDAY: 8})
    empty = People(at("09:00:00"), {}, {}, ())
    assert (concerns(BEFORE, away, empty).waiting, concerns(BEFORE, away, empty).bookings) == (0, 0)
