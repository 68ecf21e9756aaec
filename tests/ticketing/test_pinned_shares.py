"""Shares of a day by hand: places for visitors at home, places to book, and what refusals name."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, MallDay, mall, only

from services.ticketing.domain.day import commands as do
from services.ticketing.domain.day import in_force, refusals
from services.ticketing.domain.day.events import TicketIssued
from services.ticketing.domain.day.state import Places
from services.ticketing.domain.mall import Bookings, Mall

TUESDAY = date(2026, 11, 24)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{TUESDAY}T{clock}+07:00")


def known(capacity: int, of_service: int | None = None, **rules) -> Mall:
    """A mall in which SIM A has so many places of its own."""
    made = mall(capacity, **rules)
    return replace(made, services={**made.services, SIM: replace(made.services[SIM], capacity=of_service)})


def smaller(day: MallDay, capacity: int, of_service: int | None = None) -> None:
    """The catalogue lowers the capacity in the middle of the day."""
    services = {**day.mall.services, SIM: replace(day.mall.services[SIM], capacity=of_service)}
    day.mall = replace(day.mall, learned=replace(day.mall.about, capacity=capacity), services=services)


@pytest.mark.parametrize(
    ("capacity", "percent", "of_service", "whole", "own"),
    [
        (100, 30, None, 30, 30),
        (100, 30, 20, 30, 6),
        (100, 30, 19, 30, 5),
        (100, 30, 3, 30, 1),
        (100, 30, 1, 30, 1),
        (100, 30, 0, 30, 1),
        (100, 0, 20, 0, 0),
        (10, 9, 50, 0, 0),
        (10, 30, 50, 3, 3),
        (200, 50, 150, 100, 75),
    ],
)
def test_shares_of_mall_and_service_by_hand(capacity, percent, of_service, whole, own):
    made = known(capacity, of_service, home_percent=percent, bookings_percent=percent)
    sim = made.services[SIM]
    assert (in_force.home_share(made), in_force.home_share(made, sim)) == (whole, own)
    assert (in_force.booking_share(made), in_force.booking_share(made, sim)) == (whole, own)
    assert in_force.home_share(made, made.services[KTP]) == whole
    assert in_force.booking_share(made, made.services[KTP]) == whole


@pytest.mark.parametrize(("kept", "share"), [(0, 30), (29, 30), (31, 31), (100, 100), (101, 100)])
def test_share_of_bookings_is_at_least_what_is_kept(kept, share):
    made = known(100, 90, bookings_percent=30, kept_for_bookings=kept)
    assert in_force.booking_share(made) == share
    assert in_force.booking_share(made, made.services[SIM]) == 27


def home_left(day: MallDay) -> tuple[int, int, int]:
    services = (None, day.mall.services[KTP], day.mall.services[SIM])
    whole, ktp, sim = (in_force.home_left(day.state, day.mall, service) for service in services)
    return whole, ktp, sim


def test_places_left_for_visitors_at_home_by_hand():
    day = MallDay(known=known(10, 4, home_percent=50))
    assert home_left(day) == (5, 5, 2)
    day.issue(SITI, SIM, channel="home")
    assert home_left(day) == (4, 4, 1)
    day.issue(BUDI, KTP, channel="home")
    assert home_left(day) == (3, 3, 1)
    day.issue(RINI, SIM, channel="kiosk")
    assert home_left(day) == (3, 3, 1)
    smaller(day, 5, 4)
    assert home_left(day) == (0, 0, 0), "2 of 5 may be from home"
    smaller(day, 10, 1)
    assert home_left(day) == (3, 3, 0)
    smaller(day, 2, 1)
    assert home_left(day) == (0, 0, 0)


def test_places_left_at_home_are_within_the_places_of_the_day():
    day = MallDay(known=known(4, 4, home_percent=100))
    for who in (SITI, BUDI, RINI):
        day.issue(who, KTP, channel="kiosk")
    assert home_left(day) == (1, 1, 1)
    day.when(do.CloseDay(day.now, day.mall))
    assert home_left(day) == (0, 0, 0)


def test_places_left_to_book_by_hand():
    day = MallDay(at("08:10:00"), known(10, 4, bookings_percent=50, bookings=Bookings(7, "10:00")))

    def left() -> tuple[int, int]:
        ktp, sim = (in_force.bookings_left(day.state, day.mall, day.mall.services[code]) for code in (KTP, SIM))
        return ktp, sim

    assert left() == (5, 2)
    for number, service in enumerate((SIM, KTP)):
        day.when(do.BookPlace(f"{number}", service, None, TUESDAY, day.now, day.mall))
    assert left() == (3, 1)
    smaller(day, 10, 1)
    assert left() == (3, 0)
    smaller(day, 10, 2)
    day.when(do.BookPlace("2", SIM, None, TUESDAY, day.now, day.mall))
    assert left() == (2, 0), "one more is booked than the share of the service, which is 1"
    smaller(day, 2, 2)
    assert left() == (0, 0)


def test_refusals_name_the_share_and_the_service():
    day = MallDay(at("08:10:00"), known(100, 2, bookings=Bookings(7, "10:00")))
    day.issue(SITI, SIM, channel="home")
    with pytest.raises(refusals.HomeShareReached) as home:
        day.issue(BUDI, SIM, channel="home")
    assert home.value.params == {"share": 1, "service": "Perpanjangan SIM A"}
    day.mall = known(100, 3, home_percent=0, bookings=Bookings(7, "10:00"))
    with pytest.raises(refusals.NotFromHome) as none:
        day.issue(BUDI, SIM, channel="home")
    assert none.value.params == {"service": "Perpanjangan SIM A"}
    day.when(do.BookPlace("one", SIM, None, TUESDAY, day.now, day.mall, "home"))
    with pytest.raises(refusals.BookingShareReached) as booked:
        day.when(do.BookPlace("two", SIM, None, TUESDAY, day.now, day.mall, "home"))
    assert booked.value.params == {"share": 1, "service": "Perpanjangan SIM A"}


@pytest.mark.parametrize("channel", ["", "kiosk", "hall", "home"])
def test_ticket_has_the_channel_that_it_was_taken_by(channel):
    day = MallDay(at("08:10:00"), known(100, 2, bookings=Bookings(7, "10:00")))
    assert day.issue(SITI, KTP, channel=channel).channel == channel
    day.when(do.BookPlace("one", KTP, None, TUESDAY, day.now, day.mall))
    claimed = day.when(do.CheckIn("one", BUDI, day.now, day.mall, channel))
    assert only(TicketIssued, claimed).channel == "booking"
    day.when(do.BookPlace("late", KTP, None, TUESDAY, day.now, day.mall))
    day.now = at("10:00:01")
    late = day.when(do.CheckIn("late", RINI, day.now, day.mall, channel))
    assert only(TicketIssued, late).channel == channel


def test_places_are_counted_by_class_booking_and_channel():
    places = Places().plus(KTP, 1, priority=False, booked=False, home=True)
    assert (places.home, dict(places.home_by_service), dict(places.booked_by_service)) == (1, {KTP: 1}, {})
    places = places.plus(KTP, 1, priority=True, booked=True).plus(SIM, 1, priority=False, booked=True, home=True)
    counts = (places.all, places.priority, places.booked, places.home)
    assert counts == (3, 1, 2, 2)
    assert dict(places.by_service) == {KTP: 2, SIM: 1}
    assert dict(places.booked_by_service) == {KTP: 1, SIM: 1}
    assert dict(places.home_by_service) == {KTP: 1, SIM: 1}
    places = places.plus(SIM, -1, priority=False, booked=True, home=True).plus(KK, 1, priority=False, booked=False)
    assert (places.all, places.priority, places.booked, places.home) == (3, 1, 1, 1)
    assert (dict(places.booked_by_service), dict(places.home_by_service)) == ({KTP: 1, SIM: 0}, {KTP: 1, SIM: 0})
    assert dict(places.by_service) == {KTP: 2, SIM: 0, KK: 1}
