"""The share of a day that may be taken from elsewhere: of tickets from home, and of bookings."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from examples import AGUS, BUDI, KK, KTP, RINI, SIM, SITI, TUESDAY_NINE, MallDay, mall, only
from hypothesis import given
from hypothesis import strategies as st
from processes import at_once
from ticketing.conftest import PEKALONGAN
from ticketing.test_bookings import AT_TEN, BOOKED, TUESDAY, book, booking_day, check_in, on_tuesday
from ticketing.test_races import CLIENTS, PROCESSES

from services.chassis.decider import converter
from services.chassis.errors import Problem
from services.chassis.event_store import EventStore, connect
from services.ticketing.domain.day import DAY, in_force
from services.ticketing.domain.day.commands import BookPlace, CancelTicket, CheckIn, IssueTicket, WalkIn
from services.ticketing.domain.day.events import PlaceBooked, TicketIssued
from services.ticketing.domain.day.refusals import (
    BookingShareReached,
    CapacityReached,
    HomeShareReached,
    NotFromHome,
)
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import Queue
from services.ticketing.views import bookable_days, rules

CHANNELS = ("kiosk", "hall", "home", "")


def with_capacity_of(service: str, capacity: int, whole: int = 100, **more) -> Mall:
    """A mall in which one service has a capacity of its own."""
    known = mall(whole, **more)
    return replace(known, services=known.services | {service: replace(known.services[service], capacity=capacity)})


def reasons(day: MallDay, count: int, channel: str, service: str = KTP) -> Counter:
    """Return the answers to this many visitors in a row who take a ticket this way."""
    found: Counter = Counter()
    for number in range(count):
        try:
            day.issue(f"{channel}-{service}-{number}", service, channel=channel)
            found["issued"] += 1
        except Problem as refusal:
            found[refusal.reason] += 1
    return found


def test_tickets_from_home_take_their_share_and_leave_the_rest():
    day = MallDay(known=mall(10, home_percent=30))
    assert reasons(day, 10, "home") == {"issued": 3, "home-share-reached": 7}
    with pytest.raises(HomeShareReached) as refused:
        day.issue(SITI, channel="home")
    assert refused.value.params["share"] == 3
    assert reasons(day, 4, "hall") == {"issued": 4}
    assert reasons(day, 9, "kiosk") == {"issued": 3, "capacity-reached": 6}


def test_share_is_rounded_down_and_all_where_it_is_a_hundred():
    assert [in_force.home_share(mall(7, home_percent=percent)) for percent in (0, 14, 15, 30, 100)] == [0, 0, 1, 2, 7]
    day = MallDay(known=mall(3, home_percent=100))
    assert reasons(day, 4, "home") == {"issued": 3, "capacity-reached": 1}


def test_mall_without_a_share_issues_nothing_from_home():
    day = MallDay(known=mall(home_percent=0))
    with pytest.raises(NotFromHome):
        day.issue(SITI, channel="home")
    assert day.issue(BUDI, channel="hall").channel == "hall"


def test_service_with_a_capacity_has_the_same_share_of_it():
    day = MallDay(known=with_capacity_of(SIM, 10, home_percent=30))
    assert reasons(day, 5, "home", SIM) == {"issued": 3, "home-share-reached": 2}
    assert reasons(day, 1, "home", KTP) == {"issued": 1}
    assert reasons(day, 8, "kiosk", SIM) == {"issued": 7, "service-full": 1}


def test_service_with_few_places_has_one_for_visitors_at_home():
    day = MallDay(known=with_capacity_of(SIM, 2, home_percent=30, bookings_percent=30))
    assert reasons(day, 2, "home", SIM) == {"issued": 1, "home-share-reached": 1}
    assert in_force.booking_share(day.mall, day.mall.services[SIM]) == 1


def test_cancelled_ticket_from_home_frees_its_part_of_the_share():
    day = MallDay(known=with_capacity_of(KTP, 10, 10, home_percent=10))
    day.issue(SITI, channel="home")
    with pytest.raises(HomeShareReached):
        day.issue(BUDI, channel="home")
    day.when(CancelTicket(SITI, day.now, day.mall))
    assert (day.state.places.home, day.state.places.home_by_service[KTP]) == (0, 0)
    assert day.issue(BUDI, channel="home").channel == "home"


def test_ticket_of_an_event_stored_before_channels_is_not_from_home():
    day = MallDay()
    issued = day.issue(SITI, channel="home")
    stored = {name: value for name, value in converter.unstructure(issued).items() if name != "channel"}
    older = converter.structure(stored, TicketIssued)
    assert older.channel == ""
    assert DAY.evolve(DAY.initial, older).places.home == 0


def test_walk_in_is_issued_by_staff():
    day = MallDay()
    walk_in = WalkIn("G02", SITI, KTP, None, "", day.now, day.mall)
    assert only(TicketIssued, day.when(walk_in)).channel == "kiosk"


def test_claimed_booking_takes_no_part_of_the_share_but_a_lapsed_one_does():
    day = booking_day(10, home_percent=10)
    for who in (SITI, BUDI, RINI):
        book(day, who)
    on_tuesday(day)
    assert only(TicketIssued, day.when(CheckIn(SITI, "s", day.now, day.mall, "home"))).channel == "booking"
    on_tuesday(day, AT_TEN + timedelta(minutes=1))
    assert only(TicketIssued, day.when(CheckIn(BUDI, "b", day.now, day.mall, "home"))).channel == "home"
    assert day.state.places.home == 1
    with pytest.raises(HomeShareReached):
        day.when(CheckIn(RINI, "r", day.now, day.mall, "home"))
    assert check_in(day, RINI).number


def test_bookings_take_their_share_of_a_day_and_leave_the_rest():
    day = booking_day(10, bookings_percent=30)

    def wanted(number: int, channel: str = "home", service: str = KTP) -> BookPlace:
        return BookPlace(f"{number}", service, None, TUESDAY, day.now, day.mall, channel)

    for number in range(3):
        day.when(wanted(number))
    with pytest.raises(BookingShareReached) as refused:
        day.when(wanted(3))
    assert refused.value.params["share"] == 3
    assert day.when(wanted(4, "kiosk")), "staff books without a share"
    on_tuesday(day)
    assert reasons(day, 7, "kiosk") == {"issued": 6, "capacity-reached": 1}


def test_bookings_of_a_service_have_the_same_share_of_its_capacity():
    known = with_capacity_of(SIM, 10, bookings=BOOKED, bookings_percent=20)
    day = MallDay(booking_day().now, known)
    for number in range(2):
        day.when(BookPlace(f"{number}", SIM, None, TUESDAY, day.now, known, "home"))
    with pytest.raises(BookingShareReached):
        day.when(BookPlace("2", SIM, None, TUESDAY, day.now, known, "home"))
    assert day.when(BookPlace("3", KK, None, TUESDAY, day.now, known, "home"))


def test_places_kept_for_bookings_can_all_be_booked():
    assert in_force.booking_share(mall(10, bookings_percent=30, kept_for_bookings=6, bookings=BOOKED)) == 6
    assert in_force.booking_share(mall(10, bookings_percent=30, kept_for_bookings=60, bookings=BOOKED)) == 10


def test_day_without_places_to_book_is_shown_as_full():
    day = booking_day(1, bookings_percent=0)
    days = {
        channel: bookable_days(day.mall, KTP, None, day.now, lambda _: DAY.initial, channel) for channel in CHANNELS
    }
    (at_home,) = [one for one in days["home"] if one["day"] == TUESDAY.isoformat()]
    assert (at_home["bookable"], at_home["reason"], at_home["standing"]) == (False, "booking-share-reached", "full")
    assert [one["bookable"] for one in days["kiosk"] if one["day"] == TUESDAY.isoformat()] == [True]


def test_rules_say_what_the_share_is_and_what_is_left_of_it():
    day = MallDay(known=mall(10, home_percent=30, bookings_percent=20))
    day.issue(AGUS, channel="home")
    shares = rules(day.state, day.mall, day.now)
    assert (shares["home_percent"], shares["home_share"], shares["home_left"]) == (30, 3, 2)
    assert (shares["bookings_percent"], shares["booking_share"]) == (20, 2)
    assert reasons(day, 9, "kiosk") == {"issued": 9}
    assert rules(day.state, day.mall, day.now)["home_left"] == 0, "no more than what is left of the day"


TAKING = st.tuples(st.sampled_from(["issue", "cancel", "book"]), st.sampled_from(CHANNELS), st.sampled_from([KTP, SIM]))


@given(
    capacity=st.integers(0, 20),
    of_service=st.integers(1, 10),
    percents=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    acts=st.lists(TAKING, max_size=60),
)
def test_no_sequence_of_acts_exceeds_a_share_or_refuses_the_kiosk_for_it(capacity, of_service, percents, acts):
    shares = {"home_percent": percents[0], "bookings_percent": percents[1], "bookings": BOOKED}
    day = MallDay(known=with_capacity_of(SIM, of_service, capacity, **shares))
    police = day.mall.services[SIM]
    for number, (act, channel, service) in enumerate(acts):
        try:
            match act:
                case "issue":
                    day.issue(f"{number}", service, channel=channel)
                case "book":
                    day.when(BookPlace(f"{number}", service, None, TUESDAY, TUESDAY_NINE, day.mall, channel))
                case "cancel":
                    waiting = [one for one in day.state.tickets.values() if one.status == "waiting"]
                    if waiting:
                        day.when(CancelTicket(waiting[number % len(waiting)].id, day.now, day.mall))
        except (HomeShareReached, NotFromHome, BookingShareReached):
            assert channel == "home"
        except Problem as refusal:
            assert refusal.reason in ("capacity-reached", "service-full")
        day.now = TUESDAY_NINE
        tickets = [one.issued for one in day.state.tickets.values() if one.status != "cancelled"]
        home = [one for one in tickets if one.channel == "home"]
        assert len(home) == day.state.places.home <= in_force.home_share(day.mall)
        assert sum(one.service == SIM for one in home) <= in_force.home_share(day.mall, police)
        booked = [one for one in day.state.bookings.values() if one.status == "booked"]
        assert len(booked) == day.state.places.booked
        rest = capacity - in_force.home_share(day.mall) - len(booked)
        others = sum(one.channel != "home" for one in tickets)
        if others < rest and service == KTP:
            assert DAY.decide(IssueTicket("kiosk", KTP, None, day.now, day.mall, channel="kiosk"), day.state)


@given(st.lists(st.sampled_from(["home", "kiosk"]), max_size=40))
def test_bookings_from_home_never_exceed_their_share(channels):
    day = booking_day(20, bookings_percent=25)
    for number, channel in enumerate(channels):
        before = day.state.places.booked
        wanted = BookPlace(f"{number}", KTP, None, TUESDAY, day.now, day.mall, channel)
        try:
            only(PlaceBooked, day.when(wanted))
            assert channel == "kiosk" or before < 5
        except BookingShareReached:
            assert channel == "home"
            assert before >= 5
        except CapacityReached:
            assert before == 20


FEW = mall(40, home_percent=30)


def issue_from_home(name: int, results, url: str, database: str) -> None:
    queue, got = Queue(EventStore(connect(url, database))), []
    for number in range(CLIENTS):
        for channel in ("home", "kiosk") if number % 5 == 0 else ("home",):
            try:
                command = IssueTicket(f"{name}-{number}-{channel}", KTP, None, TUESDAY_NINE, FEW, channel=channel)
                queue.act(FEW, command)
                got.append((channel, "issued"))
            except Problem as refusal:
                got.append((channel, refusal.reason))
    results.put(got)


def test_processes_at_once_issue_no_more_than_the_share_from_home(mongo_server, store):
    got = Counter(at_once(issue_from_home, PROCESSES, mongo_server.url, store.database.name))
    assert got["home", "issued"] == 12
    assert got["home", "home-share-reached"] + got["home", "capacity-reached"] == PROCESSES * CLIENTS - 12
    assert got["kiosk", "issued"] == 28
    assert got["kiosk", "capacity-reached"] == PROCESSES * CLIENTS // 5 - 28


def test_published_rules_tell_the_share(client):
    shares = client.get(f"{PEKALONGAN}/rules").json
    assert (shares["home_percent"], shares["home_share"], shares["home_left"]) == (30, 30, 30)
    assert shares["tickets_from"] == "anybody"
