"""A place on a day to come: booked, kept until a time of its day, claimed once, given back."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from examples import AGUS, BUDI, KK, KTP, RINI, SIM, SITI, TONO, TUESDAY_NINE, MallDay, mall, only
from ticketing.conftest import PEKALONGAN, refusal

from services.kernel.codes import id_of
from services.ticketing import views
from services.ticketing.domain.day.commands import BookPlace, CancelBooking, CheckIn, CloseDay, IssueTicket, Tick
from services.ticketing.domain.day.events import (
    BookingCancelled,
    BookingLapsed,
    DayOpened,
    PlaceBooked,
    TicketIssued,
)
from services.ticketing.domain.day.refusals import (
    BookingOver,
    BookingUsed,
    CapacityReached,
    Closed,
    DayOver,
    NoBookings,
    OtherDay,
    PlacesKept,
    ServiceAway,
    ServiceFull,
    Suspended,
    UnknownBooking,
    UnknownClass,
)
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import Bookings, Closure, ClosureDeclared, Mall, UnknownService, evolve
from services.ticketing.queue import Queue

TEN = "10:00"
BOOKED = Bookings(14, TEN)
MONDAY_NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # 12:00 in Pekalongan
TUESDAY = date(2026, 11, 24)
AT_TEN = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def booking_day(capacity: int = 100, **rules) -> MallDay:
    """A Tuesday that is booked for on Monday."""
    return MallDay(MONDAY_NOON, mall(capacity, bookings=BOOKED, **rules))


def book(day: MallDay, who: str, service: str = KTP, priority: str | None = None, on: date = TUESDAY) -> PlaceBooked:
    return only(PlaceBooked, day.when(BookPlace(who, service, priority, on, day.now, day.mall)))


def check_in(day: MallDay, who: str, ticket: str = "") -> TicketIssued:
    return only(TicketIssued, day.when(CheckIn(who, ticket or f"{who}-ticket", day.now, day.mall)))


def on_tuesday(day: MallDay, at: datetime = TUESDAY_NINE) -> MallDay:
    day.now = at
    return day


def suspended(day: MallDay, scope: str, code: str, until: datetime | None) -> None:
    closure = Closure(scope, code, "Pemeliharaan", MONDAY_NOON - timedelta(hours=1), until)
    day.mall = evolve(day.mall, ClosureDeclared(closure))


def refused(kind: type, day: MallDay, *wanted, **more) -> dict:
    with pytest.raises(kind) as refusal:
        book(day, AGUS, *wanted, **more)
    return refusal.value.params


# Booking


def test_a_booked_place_is_kept_until_its_time_and_does_not_open_its_day():
    day = booking_day()
    (placed,) = day.when(BookPlace(SITI, KTP, "elderly", TUESDAY, day.now, day.mall))
    assert (placed.service_name, placed.agency, placed.priority) == ("Perekaman KTP-el", "DUKCAPIL", "elderly")
    assert placed.claim_by == AT_TEN
    assert day.state.opened is None
    assert (day.state.places.all, day.state.places.booked, day.state.unclaimed) == (1, 1, 1)


@pytest.mark.parametrize("on", [date(2026, 11, 22), date(2026, 12, 8), date(1, 1, 1), date(9999, 12, 31)])
def test_places_are_booked_from_today_to_so_many_days_ahead(on):
    assert refused(NoBookings, booking_day(), on=on) == {"days": 14}
    book(booking_day(), SITI, on=date(2026, 12, 7))


def test_a_mall_that_takes_no_bookings_says_so():
    assert refused(NoBookings, MallDay(MONDAY_NOON, mall())) == {"days": 0}


def test_today_can_be_booked_until_claims_end():
    day = on_tuesday(booking_day())
    assert book(day, SITI).claim_by == AT_TEN
    day.now = AT_TEN
    assert refused(ServiceAway, day)["next_opening"].isoformat() == "2026-11-25T08:00:00+07:00"


def test_a_day_without_service_is_refused_with_the_next_one():
    day = booking_day(exceptions=(Exceptional("2026-11-24", (), "Hari jadi kota"),))
    assert refused(ServiceAway, day)["next_opening"].isoformat() == "2026-11-25T08:00:00+07:00"
    assert refused(ServiceAway, day, on=date(2026, 11, 28))["next_opening"].isoformat() == "2026-11-30T08:00:00+07:00"


def test_a_service_whose_counter_does_not_come_that_day_is_refused_with_its_next_day():
    day = booking_day()
    wednesdays = tuple((("09:00", "12:00"),) if weekday == 2 else () for weekday in range(7))
    counters = {**day.mall.counters, "G03": _only(day.mall, "G03", wednesdays)}
    day.mall = Mall(day.mall.learned, day.mall.agencies, day.mall.services, counters)
    assert refused(ServiceAway, day, SIM)["next_opening"].isoformat() == "2026-11-25T09:00:00+07:00"
    book(day, SITI, SIM, on=date(2026, 11, 25))


def _only(known: Mall, code: str, week):
    counter = known.counters[code]
    return type(counter)(counter.code, counter.name, counter.floor, counter.agency, counter.services, week=week)


@pytest.mark.parametrize(("scope", "code", "kind"), [("service", KTP, Suspended), ("mall", "pekalongan", Closed)])
def test_what_is_closed_on_that_day_is_not_booked(scope, code, kind):
    day = booking_day()
    suspended(day, scope, code, AT_TEN + timedelta(hours=1))
    assert refused(kind, day)["why"] == "Pemeliharaan"
    book(day, SITI, on=date(2026, 11, 25))


def test_what_is_closed_until_the_day_before_can_be_booked():
    day = booking_day()
    suspended(day, "service", KTP, MONDAY_NOON + timedelta(hours=3))
    book(day, SITI)


def test_a_service_whose_counters_are_all_closed_that_day_is_not_booked():
    day = booking_day()
    suspended(day, "counter", "G02", None)
    assert refused(Suspended, day, KTP)["until"] is None
    book(day, SITI, KK)  # G2B gives it too


def test_what_the_mall_does_not_know_is_not_booked():
    refused(UnknownService, booking_day(), "VISA-BULAN")
    refused(UnknownClass, booking_day(), KTP, "vip")


# Places


def test_bookings_and_tickets_share_the_capacity():
    day = booking_day(capacity=3)
    book(day, SITI)
    book(day, BUDI)
    on_tuesday(day).issue(RINI)
    with pytest.raises(CapacityReached):
        day.issue(TONO)
    check_in(day, SITI)
    check_in(day, BUDI)
    assert (day.state.places.all, day.state.places.booked, day.state.unclaimed) == (3, 2, 0)


def test_the_booking_after_the_last_place_is_told_the_next_opening():
    day = booking_day(capacity=1)
    book(day, SITI)
    told = refused(CapacityReached, day)
    assert (told["capacity"], told["next_opening"].isoformat()) == (1, "2026-11-25T08:00:00+07:00")


def test_a_services_own_capacity_holds_for_bookings():
    day = booking_day()
    service = day.mall.services[SIM]
    day.mall = Mall(
        day.mall.learned,
        day.mall.agencies,
        {**day.mall.services, SIM: type(service)(*_without_position(service), capacity=1)},
        day.mall.counters,
    )
    book(day, SITI, SIM)
    refused(ServiceFull, day, SIM)
    book(day, BUDI, KTP)


def _without_position(service):
    return service.code, service.name, service.agency, service.minutes, service.requirements, service.position


def test_places_kept_for_bookings_are_not_given_at_the_kiosk_before_claims_end():
    day = on_tuesday(booking_day(capacity=3, kept_for_bookings=2))
    day.issue(SITI)
    with pytest.raises(PlacesKept):
        day.issue(BUDI)
    book(day, RINI)
    with pytest.raises(PlacesKept):
        day.issue(BUDI)
    day.now = AT_TEN
    assert [type(event) for event in day.when(IssueTicket(BUDI, KTP, None, day.now, day.mall))] == [
        BookingLapsed,
        TicketIssued,
    ]
    day.issue(TONO)
    with pytest.raises(CapacityReached):
        day.issue(AGUS)


def test_places_kept_for_priority_visitors_are_not_booked_by_others():
    day = booking_day(capacity=2, kept_for_priority=1)
    book(day, SITI)
    refused(PlacesKept, day)
    book(day, BUDI, priority="disability")
    assert day.state.places.priority == 1


def test_a_place_given_back_is_free_for_the_next():
    day = booking_day(capacity=1)
    book(day, SITI)
    assert day.when(CancelBooking(SITI, day.now)) == [
        BookingCancelled(SITI, day.now - timedelta(seconds=30), KTP, "DUKCAPIL")
    ]
    assert (day.state.places.all, day.state.unclaimed) == (0, 0)
    book(day, BUDI)


def test_giving_back_again_changes_nothing():
    day = booking_day()
    book(day, SITI)
    day.when(CancelBooking(SITI, day.now))
    assert day.when(CancelBooking(SITI, day.now)) == []


# The day itself


def test_checking_in_makes_the_ticket_that_was_booked_and_opens_the_day():
    day = booking_day()
    book(day, SITI, KK, "elderly")
    opened, ticket = on_tuesday(day).when(CheckIn(SITI, "ticket", day.now, day.mall))
    assert isinstance(opened, DayOpened)
    assert (ticket.number, ticket.service, ticket.priority, ticket.booking) == ("B-001", KK, "elderly", SITI)
    booking = day.state.booking(SITI)
    assert (booking.status, booking.ticket_id) == ("claimed", "ticket")
    assert day.state.places.all == 1


def test_a_booking_becomes_a_ticket_once():
    day = booking_day()
    book(day, SITI)
    check_in(on_tuesday(day), SITI)
    with pytest.raises(BookingUsed) as refusal:
        check_in(day, SITI, "another")
    assert refusal.value.params == {"number": "B-001"}
    with pytest.raises(BookingUsed):
        day.when(CancelBooking(SITI, day.now))


def test_a_booking_that_was_given_back_is_no_ticket():
    day = booking_day()
    book(day, SITI)
    day.when(CancelBooking(SITI, day.now))
    with pytest.raises(BookingOver):
        check_in(on_tuesday(day), SITI)


def test_nobody_checks_in_outside_the_hours_of_tickets():
    day = booking_day()
    book(day, SITI)
    with pytest.raises(Closed):
        check_in(on_tuesday(day, TUESDAY_NINE - timedelta(hours=2)), SITI)
    check_in(on_tuesday(day), SITI)


@pytest.mark.parametrize("later", [timedelta(days=-1), timedelta(days=1)])
def test_nobody_checks_in_on_another_day(later):
    day = booking_day()
    book(day, SITI)
    with pytest.raises(OtherDay) as refusal:
        check_in(on_tuesday(day, TUESDAY_NINE + later), SITI)
    assert refusal.value.params == {"day": TUESDAY}


def test_a_booking_nobody_made_is_unknown():
    for command in (CheckIn(SITI, "t", TUESDAY_NINE, mall()), CancelBooking(SITI, TUESDAY_NINE)):
        with pytest.raises(UnknownBooking):
            MallDay().when(command)


def test_the_clock_gives_unclaimed_places_back_to_everybody():
    day = booking_day(capacity=2)
    book(day, SITI)
    book(day, BUDI)
    check_in(on_tuesday(day), SITI)
    assert on_tuesday(day, AT_TEN - timedelta(seconds=1)).when(Tick(TUESDAY, day.now, day.mall)) == []
    day.now = AT_TEN
    assert day.when(Tick(TUESDAY, day.now, day.mall)) == [BookingLapsed(BUDI, AT_TEN, KTP, "DUKCAPIL")]
    assert day.when(Tick(TUESDAY, day.now, day.mall)) == []
    assert (day.state.places.all, day.state.unclaimed) == (1, 0)


def test_who_comes_late_takes_a_place_like_everybody_else():
    day = booking_day(capacity=2)
    book(day, SITI)
    book(day, BUDI)
    assert check_in(on_tuesday(day, AT_TEN), SITI).booking == SITI
    day.issue(RINI)
    with pytest.raises(CapacityReached):
        check_in(day, BUDI)
    assert (day.state.places.all, day.state.unclaimed) == (2, 0)


def test_bookings_of_a_day_that_never_opened_lapse():
    day = booking_day()
    book(day, SITI)
    assert on_tuesday(day, AT_TEN).when(Tick(TUESDAY, day.now, day.mall))[0] == BookingLapsed(
        SITI, AT_TEN, KTP, "DUKCAPIL"
    )


def test_a_closed_day_takes_no_more_bookings():
    day = on_tuesday(booking_day())
    day.issue(SITI)
    day.call()
    day.finish()
    day.when(CloseDay(day.now, day.mall))
    refused(DayOver, day)


# Which days can be booked


def test_each_day_ahead_is_told_with_its_times_or_why_it_cannot_be_booked():
    known = mall(1, bookings=Bookings(6, TEN), exceptions=(Exceptional("2026-11-25", (), "Hari jadi kota"),))
    full = MallDay(MONDAY_NOON, known)
    book(full, SITI)
    empty = MallDay(MONDAY_NOON, known).state
    days = views.bookable_days(known, KTP, None, MONDAY_NOON, lambda on: full.state if on == TUESDAY else empty)
    assert [(found["day"][-2:], found["bookable"], found["reason"]) for found in days] == [
        ("23", False, "service-away"),
        ("24", False, "capacity-reached"),
        ("25", False, "service-away"),
        ("26", True, None),
        ("27", True, None),
        ("28", False, "service-away"),
        ("29", False, "service-away"),
    ]
    assert days[3]["hours"] == [["08:00", "15:00"]]
    assert days[3]["claim_by"] == "2026-11-26T10:00:00+07:00"
    assert days[2]["why_closed"] == "Hari jadi kota"


# Over HTTP


@pytest.fixture
def client(start, known, clock):
    known(bookings=BOOKED)
    clock.at = MONDAY_NOON
    return start()


def book_over_http(client, **more):
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    body = {"service": KTP, "day": "2026-11-24"} | more
    return client.post(f"{PEKALONGAN}/bookings", json=body, headers=headers)


def test_whoever_books_is_told_where_to_look_at_it(client):
    answer = book_over_http(client)
    booking = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PEKALONGAN}/bookings/{booking['code']}"
    assert client.get(answer.headers["Location"]).json == booking
    assert re.fullmatch(r"20261124-b[\w-]{24}", booking["code"])
    assert booking["id"] == id_of(booking["code"])
    assert re.fullmatch(r"20261124-b[\w-]{22}", booking["id"])
    assert (booking["status"], booking["day"], booking["ticket"]) == ("booked", "2026-11-24", None)
    assert booking["claim_by"] == "2026-11-24T10:00:00+07:00"


def test_the_same_key_books_one_place(client, store):
    first = book_over_http(client, key="phone-1-0001")
    assert book_over_http(client, key="phone-1-0001").json == first.json
    assert refusal(book_over_http(client, key="phone-1-0001", service=KK)) == (422, "key-reused")
    assert Queue(store).day("pekalongan", TUESDAY).state.places.all == 1


def test_checking_in_leads_to_the_ticket_once(client, clock):
    where = book_over_http(client, priority="elderly").headers["Location"]
    early = client.post(f"{where}/check-in")
    assert refusal(early) == (409, "other-day")
    assert early.json["day"] == "2026-11-24"
    assert "Selasa 24 November." in early.json["detail"]
    clock.at = TUESDAY_NINE
    answer = client.post(f"{where}/check-in", headers={"Idempotency-Key": "phone-2"})
    assert (answer.status_code, answer.json["number"]) == (201, "B-001")
    assert client.get(answer.headers["Location"]).json == answer.json
    assert client.post(f"{where}/check-in", headers={"Idempotency-Key": "phone-2"}).json == answer.json
    assert refusal(client.post(f"{where}/check-in")) == (409, "booking-used")
    assert refusal(client.post(f"{where}/cancellation")) == (409, "booking-used")
    booking = client.get(where).json
    assert (booking["status"], booking["ticket"]) == ("claimed", answer.json["id"])
    assert booking["ticket_url"] == answer.json["status_url"]
    assert "elderly" not in str(booking)


def test_a_booking_is_given_back_once(client, clock):
    where = book_over_http(client).headers["Location"]
    assert [client.post(f"{where}/cancellation").json["status"] for _ in range(2)] == ["cancelled", "cancelled"]
    clock.at = TUESDAY_NINE
    assert refusal(client.post(f"{where}/check-in")) == (409, "booking-over")


@pytest.mark.parametrize("booking", ["20261124-bnobody", "20261125-bnobody", "x-bnobody", "99999999-bnobody"])
def test_a_booking_nobody_has_is_unknown(client, clock, booking):
    clock.at = TUESDAY_NINE
    for answer in (
        client.get(f"{PEKALONGAN}/bookings/{booking}"),
        client.post(f"{PEKALONGAN}/bookings/{booking}/check-in"),
        client.post(f"{PEKALONGAN}/bookings/{booking}/cancellation"),
    ):
        assert refusal(answer) == (404, "unknown-booking")


def test_the_days_that_can_be_booked_are_told(client):
    days = client.get(f"{PEKALONGAN}/bookings/days?service={KTP}").json["days"]
    assert len(days) == 15
    assert [found["day"] for found in days if found["bookable"]][:2] == ["2026-11-24", "2026-11-25"]
    assert refusal(client.get(f"{PEKALONGAN}/bookings/days?service=VISA")) == (422, "unknown-service")


def test_a_refused_booking_is_counted_for_the_day_that_was_wanted(start, known, clock, store):
    known(capacity=1, bookings=BOOKED)
    clock.at = MONDAY_NOON
    client = start()
    book_over_http(client)
    assert refusal(book_over_http(client)) == (409, "capacity-reached")
    assert refusal(book_over_http(client, day="2027-11-24")) == (409, "no-bookings")
    refusals = Queue(store).refusals
    assert refusals.of("pekalongan", TUESDAY) == {"capacity-reached": 1}
    assert refusals.of("pekalongan", date(2027, 11, 24)) == {}, "days nobody can book leave nothing behind"
