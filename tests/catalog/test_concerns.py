"""The preview of a change counts the visitors and bookings that it concerns."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest

from services.catalog import directory
from services.catalog.directory import Malls
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.concerns import Concerns, People, concerns
from services.catalog.domain.directory import (
    AgencyListed,
    ChangeMall,
    Command,
    CounterListed,
    Directory,
    ImportCatalog,
    ListAgency,
    ListCounter,
    ListService,
    ReturnAgency,
    ServiceListed,
    SuspendAgency,
    WithdrawAgency,
    WithdrawCounter,
    WithdrawService,
)
from services.catalog.domain.hours import SHUT, WEEKDAYS
from services.catalog.domain.mall import Bookings, HoursException, MallListed
from services.catalog.seed import read
from services.catalog.subscriptions import REACTIONS
from services.chassis.clock import CLOCK
from services.chassis.cloud_event import CloudEvent

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 09:00 in Pekalongan, a Tuesday
TODAY, TOMORROW, FRIDAY = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27)
OFFICE = (("08:00", "15:00"),)
WEEK = dict.fromkeys(WEEKDAYS[:5], OFFICE)
MALL = MallListed(
    *("kota", "MPP Kota", "Kota", "Jl. Raya 1", "Asia/Jakarta", 100, {**SHUT, **WEEK}), bookings=Bookings(14, "10:00")
)
DINKES, PLN = AgencyListed("DINKES", "Dinas Kesehatan", "D"), AgencyListed("PLN", "PT PLN", "P")
JKN, IMUNISASI = ServiceListed("JKN", "Kartu JKN", "DINKES", 10), ServiceListed("IMUN", "Imunisasi", "DINKES", 10)
BAYAR = ServiceListed("BAYAR", "Pembayaran", "PLN", 5)
G05 = CounterListed("G05", "Gerai 5", 1, "DINKES", ("JKN", "IMUN"))
G06 = CounterListed("G06", "Gerai 6", 1, "DINKES", ("JKN",))
G23 = CounterListed("G23", "Gerai 23", 1, "PLN", ("BAYAR",))
LISTED = Directory(
    MALL,
    {"DINKES": DINKES, "PLN": PLN},
    {one.code: one for one in (JKN, IMUNISASI, BAYAR)},
    {one.code: one for one in (G05, G06, G23)},
)
PEOPLE = People(
    NINE,
    {"JKN": 3, "IMUN": 2, "BAYAR": 1},
    {TODAY: {"JKN": 1}, TOMORROW: {"JKN": 2, "BAYAR": 4}, FRIDAY: {"IMUN": 5}},
    ("G05", "G23"),
)


def of(command: Command, people: People = PEOPLE, known: Directory = LISTED) -> Concerns:
    """The people that the command would concern."""
    return concerns(known, reduce(DIRECTORY.evolve, DIRECTORY.decide(command, known), known), people)


def by_reason(found: Concerns) -> dict[str, tuple[int, int]]:
    """Who waits and who booked, by reason."""
    return {one.reason: (one.waiting, one.bookings) for one in found.warnings}


def closed_on(day: date, *intervals: tuple[str, str]) -> ChangeMall:
    return ChangeMall({"exceptions": (HoursException(day, intervals, "Rapat"),)})


@pytest.mark.parametrize(
    ("command", "warnings", "waiting", "days"),
    [
        (WithdrawService("JKN"), {"service-withdrawn": (3, 3)}, 3, {TODAY: 1, TOMORROW: 2}),
        (ListService(replace(JKN, agency="PLN")), {"service-moved": (3, 3)}, 3, {TODAY: 1, TOMORROW: 2}),
        (WithdrawCounter("G06"), {}, 0, {}),
        (WithdrawCounter("G05"), {"counter-open": (0, 0), "without-counter": (2, 5)}, 2, {FRIDAY: 5}),
        (ListCounter(replace(G05, services=("JKN",))), {"without-counter": (2, 5)}, 2, {FRIDAY: 5}),
        (SuspendAgency("DINKES", "Rapat"), {"agency-suspended": (5, 8)}, 5, {TODAY: 1, TOMORROW: 2, FRIDAY: 5}),
        (
            WithdrawAgency("PLN", with_all=True),
            {"counter-open": (0, 0), "agency-withdrawn": (1, 4)},
            1,
            {TOMORROW: 4},
        ),
        (ListAgency(replace(DINKES, line="Z")), {"line-changed": (5, 0)}, 5, {}),
        (closed_on(TOMORROW), {"hours-changed": (0, 6)}, 0, {TOMORROW: 6}),
        (closed_on(TOMORROW, ("13:00", "15:00")), {"hours-changed": (0, 6)}, 0, {TOMORROW: 6}),
        (closed_on(date(2026, 11, 26)), {}, 0, {}),
        (
            ChangeMall({"week": {**SHUT, **WEEK, "friday": (("08:00", "11:00"),)}}),
            {"hours-changed": (0, 5)},
            0,
            {FRIDAY: 5},
        ),
        (
            ChangeMall({"bookings": Bookings(14, "09:30")}),
            {"claim-by-changed": (0, 12)},
            0,
            {TODAY: 1, TOMORROW: 6, FRIDAY: 5},
        ),
        (ChangeMall({"bookings": None}), {"bookings-ended": (0, 12)}, 0, {TODAY: 1, TOMORROW: 6, FRIDAY: 5}),
        (ChangeMall({"zone": "Asia/Makassar"}), {"hours-changed": (0, 12)}, 0, {TODAY: 1, TOMORROW: 6, FRIDAY: 5}),
        (
            ListCounter(replace(G23, week={**SHUT, "tuesday": OFFICE})),
            {"hours-changed": (0, 4)},
            0,
            {TOMORROW: 4},
        ),
        (ListCounter(replace(G06, week={**SHUT, "tuesday": OFFICE})), {}, 0, {}),
        (ListAgency(replace(DINKES, name="Dinkes")), {}, 0, {}),
        (ChangeMall({"capacity": 120}), {}, 0, {}),
    ],
)
def test_change_concerns_those_who_wait_and_booked(command, warnings, waiting, days):
    found = of(command)
    assert (by_reason(found), found.waiting, found.days) == (warnings, waiting, days)
    assert found.bookings == sum(days.values())


def test_holiday_that_is_added_concerns_bookings_of_that_day():
    people = replace(PEOPLE, bookings={date(2026, 12, 25): {"JKN": 2}, date(2026, 12, 28): {"JKN": 1}})
    assert of(ChangeMall({"closed_on": ("public-holiday",)}), people).days == {date(2026, 12, 25): 2}


def test_return_of_an_agency_has_no_warnings():
    known = replace(LISTED, agencies=LISTED.agencies | {"DINKES": replace(DINKES, suspended="Rapat")})
    assert of(ReturnAgency("DINKES"), known=known) == Concerns()


def test_visitor_is_counted_once_whatever_the_ways():
    change = ImportCatalog(
        replace(
            LISTED,
            mall=replace(MALL, exceptions=(HoursException(TOMORROW, (), "Rapat"),), bookings=None),
            agencies={"PLN": replace(PLN, suspended="Rapat")},
            services={"BAYAR": BAYAR},
            counters={"G23": G23},
        )
    )
    found = of(change)
    assert set(by_reason(found)) == {
        "agency-withdrawn",
        "agency-suspended",
        "counter-open",
        "hours-changed",
        "bookings-ended",
    }
    assert (found.waiting, found.bookings, found.days) == (6, 12, {TODAY: 1, TOMORROW: 6, FRIDAY: 5})


# A change that closes today

THREE = NINE + timedelta(hours=6)  # closing time


@pytest.mark.parametrize(
    ("command", "now", "closes"),
    [
        (closed_on(TODAY), NINE, None),
        (closed_on(TODAY, ("08:00", "08:30")), NINE, "08:30"),
        (closed_on(TODAY, ("08:00", "09:00")), NINE, "09:00"),
        (ChangeMall({"week": {**SHUT, **WEEK, "tuesday": ()}}), NINE, None),
        (ChangeMall({"overtime_minutes": 0}), THREE + timedelta(minutes=1), "15:00"),
        (ChangeMall({"zone": "Asia/Jayapura"}), THREE - timedelta(hours=1), "15:00"),
    ],
)
def test_change_that_closes_today_concerns_all_who_wait(command, now, closes):
    people = replace(PEOPLE, now=now)
    found = of(command, people)
    first = found.warnings[0]
    assert (first.reason, first.closes, first.waiting, first.bookings) == ("closes-today", closes, 6, 1)
    assert found.waiting == 6
    without_people = of(command, People(now))
    assert by_reason(without_people) == {"closes-today": (0, 0)}


@pytest.mark.parametrize(
    ("command", "people"),
    [
        (closed_on(TODAY, ("08:00", "09:01")), PEOPLE),
        (closed_on(TODAY, ("08:00", "16:00")), PEOPLE),
        (closed_on(TODAY), replace(PEOPLE, now=NINE - timedelta(days=2))),
        (closed_on(TODAY), replace(PEOPLE, now=THREE + timedelta(hours=3))),  # overtime is over: it is closed
        (closed_on(TODAY), replace(PEOPLE, ended=True)),
        (ChangeMall({"overtime_minutes": 0}), PEOPLE),
        (ChangeMall({"overtime_minutes": 240}), replace(PEOPLE, now=THREE + timedelta(minutes=1))),
    ],
)
def test_change_that_does_not_close_today_has_no_such_warning(command, people):
    assert "closes-today" not in by_reason(of(command, people))


# Over HTTP, from what ticketing published

API = "/catalog/api/malls/pekalongan"
KTP = "DUKCAPIL-KTPREKAM"


@pytest.fixture
def malls(store, folder, monkeypatch) -> Malls:
    monkeypatch.setattr(CLOCK, "read", lambda: NINE)
    monkeypatch.setattr(directory, "WAITING_AGE", 0.0)
    found = Malls(store)
    found.act("pekalongan", ImportCatalog(read(folder.path), NINE), actor="seed")
    return found


@pytest.fixture
def publish(malls):
    """Takes in events of ticketing, each twice, as after a restart of the worker."""
    version = 0

    def take_in(*events: tuple[str, str, dict]) -> None:
        nonlocal version
        for kind, day, data in events:
            version += 1
            event = CloudEvent(
                id=f"pekalongan/{day}@{version}.0",
                source="/mpp/pekalongan/ticketing",
                type=f"id.go.mpp.{kind}.v1",
                subject="",
                time=NINE,
                key="pekalongan",
                data={"mall": "pekalongan", "business_day": day, **data},
                position=(version, 0),
            )
            for _ in range(2):
                malls.waiting.execute(*REACTIONS[event.type](event))

    return take_in


def dry(web, bearer, method: str, path: str, body=None, language: str = "id") -> dict:
    headers = bearer() | {"Accept-Language": language}
    separator = "&" if "?" in path else "?"
    answer = web.open(f"{API}{path}{separator}dry_run=true", method=method, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json["concerns"]


def test_preview_counts_waiting_tickets_and_bookings(web, bearer, publish):
    publish(
        ("ticket-issued", "2026-11-24", {"ticket_id": "siti", "service": KTP}),
        ("ticket-issued", "2026-11-24", {"ticket_id": "budi", "service": KTP}),
        ("place-booked", "2026-11-25", {"booking_id": "ani", "service": KTP}),
        ("place-booked", "2026-12-01", {"booking_id": "ani", "service": KTP}),
        ("place-booked", "2026-12-01", {"booking_id": "dewi", "service": KTP}),
        ("place-booked", "2026-12-01", {"booking_id": "citra", "service": "PLN-BAYAR"}),
        ("place-booked", "2026-11-23", {"booking_id": "eko", "service": KTP}),  # past
    )
    found = dry(web, bearer, "DELETE", f"/services/{KTP}", language="en")
    assert found == {
        "text": "This concerns 2 visitors waiting, 3 bookings. "
        "Tickets that were issued are still served at the counters promised, until today ends.",
        "waiting": 2,
        "bookings": 3,
        "days": [{"day": "2026-11-25", "bookings": 1}, {"day": "2026-12-01", "bookings": 2}],
        "warnings": [
            {
                "reason": "service-withdrawn",
                "text": "Service withdrawn: Perekaman KTP-el. 2 visitors waiting, 3 bookings.",
                "waiting": 2,
                "bookings": 3,
            }
        ],
    }
    one = dry(web, bearer, "DELETE", "/services/PLN-BAYAR", language="en")
    assert one["text"] == "This concerns 1 booking."


def test_claimed_booking_is_counted_once_as_ticket(web, bearer, publish):
    publish(
        ("place-booked", "2026-11-24", {"booking_id": "ani", "service": KTP}),
        ("place-booked", "2026-11-24", {"booking_id": "budi", "service": KTP}),
    )
    assert dry(web, bearer, "DELETE", f"/services/{KTP}")["bookings"] == 2
    publish(("ticket-issued", "2026-11-24", {"ticket_id": "ani's", "service": KTP, "booked": True}))
    found = dry(web, bearer, "DELETE", f"/services/{KTP}")
    assert (found["waiting"], found["bookings"]) == (1, 1)
    publish(("booking-lapsed", "2026-11-24", {"booking_id": "budi"}))
    found = dry(web, bearer, "DELETE", f"/services/{KTP}")
    assert (found["waiting"], found["bookings"]) == (1, 0)
    publish(("day-closed", "2026-11-24", {}))
    found = dry(web, bearer, "DELETE", f"/services/{KTP}")
    assert (found["waiting"], found["bookings"], found["text"], found["warnings"]) == (0, 0, "", [])


def test_preview_warns_of_change_that_closes_today(web, bearer, publish):
    publish(("ticket-issued", "2026-11-24", {"ticket_id": "siti", "service": KTP}))
    wrong = {"exceptions": [{"date": "2026-11-24", "intervals": [["08:00", "08:30"]], "reason": "Rapat"}]}
    (warning,) = dry(web, bearer, "PUT", "", wrong)["warnings"]
    assert warning["reason"] == "closes-today"
    assert warning["text"] == (
        "Hari ini akan tutup sekarang: jam tutup menjadi 08:30, dan itu sudah lewat. 1 pengunjung yang menunggu."
    )
    none = {"exceptions": [{"date": "2026-11-24", "intervals": [], "reason": "Rapat"}]}
    (warning,) = dry(web, bearer, "PUT", "", none, "en")["warnings"]
    assert warning["text"] == "Today will close now: no opening hours are left today. 1 visitor waiting."


SERVICE = {"name": "Perekaman KTP-el", "agency": "PLN", "minutes": 10}


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("PUT", "", {"week": {}}, "closes-today"),
        ("PUT", "/agencies/DUKCAPIL", {"name": "Dukcapil", "line": "ZA"}, "line-changed"),
        ("DELETE", "/agencies/DUKCAPIL?with_all=true", None, "agency-withdrawn"),
        ("PUT", "/agencies/DUKCAPIL/suspension", {"reason": "Listrik padam"}, "agency-suspended"),
        ("PUT", f"/services/{KTP}", SERVICE, "service-moved"),
        ("DELETE", f"/services/{KTP}", None, "service-withdrawn"),
        ("PUT", "/counters/G02", {"name": "Gerai 2", "floor": 1, "agency": "DUKCAPIL"}, "without-counter"),
        ("DELETE", "/counters/G02", None, "without-counter"),
    ],
)
def test_every_route_of_the_administration_counts_people(web, bearer, publish, store, method, path, body, reason):
    publish(("ticket-issued", "2026-11-24", {"ticket_id": "siti", "service": KTP}))
    found = dry(web, bearer, method, path, body)
    assert (found["waiting"], [one["reason"] for one in found["warnings"]]) == (1, [reason])
    assert len(store.read("mall/pekalongan")) == 1


def test_import_counts_people_in_dry_run_only(web, bearer, publish):
    publish(("ticket-issued", "2026-11-24", {"ticket_id": "siti", "service": KTP}))
    document = web.get(f"{API}/export", headers=bearer()).json
    document["agencies"][1]["suspended"] = "Listrik padam"
    assert document["agencies"][1]["code"] == "DUKCAPIL"
    assert dry(web, bearer, "POST", "/import", {"document": document})["waiting"] == 1
    made = web.post(f"{API}/import", json={"document": document}, headers=bearer())
    assert (made.status_code, made.json["concerns"]) == (200, None)
