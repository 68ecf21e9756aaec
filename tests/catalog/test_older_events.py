"""What was stored before a mall told the rules of its day is still read, and told in full."""

from datetime import UTC, date, datetime

import pytest

from services.catalog.contract import published
from services.catalog.directory import Malls
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.directory import CounterListed, ImportCatalog, ServiceListed
from services.catalog.domain.hours import WEEKDAYS
from services.catalog.domain.mall import Bookings, HoursException, MallListed, Priority
from services.catalog.seed import read
from services.chassis.decider import converter
from services.chassis.event_store import Commit, EventStore, StoredCommand, StoredEvent

THEN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OFFICE_HOURS = [["08:00", "15:00"]]
OLD_MALL = {
    "code": "pekalongan",
    "name": "MPP Kota Pekalongan",
    "city": "Kota Pekalongan",
    "address": "Kota Pekalongan, Jawa Tengah",
    "zone": "Asia/Jakarta",
    "capacity": 100,
    "week": {day: OFFICE_HOURS if day in WEEKDAYS[:5] else [] for day in WEEKDAYS},
}
OLD_AGENCY = {"code": "PLN", "name": "PT PLN (Persero)", "line": "W"}
OLD_SERVICE = {
    "code": "PLN-BAYAR",
    "name": "Pembayaran tagihan / token",
    "agency": "PLN",
    "minutes": 5,
    "requirements": ["ID pelanggan"],
    "basis": "K",
}
OLD_COUNTER = {"code": "G23", "name": "Gerai 23", "floor": 2, "agency": "PLN", "services": ["PLN-BAYAR"]}


@pytest.fixture
def old_commit(store: EventStore) -> Commit:
    """A directory as the first version stored it."""
    told = {
        "MallListed": OLD_MALL,
        "AgencyListed": OLD_AGENCY,
        "ServiceListed": OLD_SERVICE,
        "CounterListed": OLD_COUNTER,
    }
    events = tuple(StoredEvent(kind, data) for kind, data in told.items())
    commit = Commit("mall/pekalongan", 1, events, (StoredCommand("import-1"),), THEN, outboxes=("events",))
    store.append(commit)
    return commit


def test_an_old_mall_has_the_usual_rules(store, old_commit):
    mall = Malls(store).get("pekalongan").mall
    assert mall == MallListed(
        "pekalongan",
        "MPP Kota Pekalongan",
        "Kota Pekalongan",
        "Kota Pekalongan, Jawa Tengah",
        "Asia/Jakarta",
        100,
        {day: (("08:00", "15:00"),) if day in WEEKDAYS[:5] else () for day in WEEKDAYS},
        exceptions=(),
        closed_on=(),
        tickets_from_minutes=0,
        last_ticket_minutes=0,
        overtime_minutes=120,
        kept_for_priority=0,
        kept_for_bookings=0,
        bookings=None,
        priority=Priority("ratio", 2, None),
        approaching=3,
        home_percent=30,
        bookings_percent=30,
    )


def test_an_old_service_has_no_capacity_and_an_old_counter_no_week(store, old_commit):
    directory = Malls(store).get("pekalongan")
    assert directory.services["PLN-BAYAR"].capacity is None
    assert directory.counters["G23"].week is None


def test_an_old_service_tells_no_more_of_its_standard_and_an_old_agency_is_not_suspended(store, old_commit):
    directory = Malls(store).get("pekalongan")
    service = directory.services["PLN-BAYAR"]
    assert (service.fee, service.eligibility, service.components) == ("", "", {})
    assert directory.agencies["PLN"].suspended == ""


def test_a_replay_tells_old_events_with_every_field(old_commit):
    mall, agency, service, counter = published(old_commit)
    assert {name: mall.data[name] for name in ("exceptions", "closed_on", "bookings", "overtime_minutes")} == {
        "exceptions": [],
        "closed_on": [],
        "bookings": None,
        "overtime_minutes": 120,
    }
    assert mall.data["priority"]["rule"] == "ratio"
    assert (service.data["capacity"], counter.data["week"], agency.data["suspended"]) == (None, None, None)
    assert [service.data[name] for name in ("fee", "eligibility", "components")] == ["", "", {}]


def test_only_the_six_public_components_of_a_standard_are_published():
    standard = {"procedure": "Ambil nomor", "staff_count": "2 orang", "product": "KTP-el"}
    told = ServiceListed("PLN-BAYAR", "Pembayaran", "PLN", 5, fee="Gratis", eligibility="Umum", components=standard)
    stored = (StoredEvent("ServiceListed", converter.unstructure(told)),)
    (event,) = published(Commit("mall/pekalongan", 1, stored, (), THEN))
    assert event.data["components"] == {"procedure": "Ambil nomor", "product": "KTP-el"}
    assert (event.data["fee"], event.data["eligibility"]) == ("Gratis", "Umum")


def test_what_says_nothing_new_is_not_listed_again(store, old_commit):
    malls = Malls(store)
    assert malls.act("pekalongan", ImportCatalog(malls.get("pekalongan"))).events == ()


def test_importing_the_folder_over_an_old_directory_lists_the_mall_anew(store, folder, old_commit):
    Malls(store).act("pekalongan", ImportCatalog(read(folder.path)))
    mall = Malls(store).get("pekalongan").mall
    assert (mall.closed_on, mall.bookings) == (("public-holiday", "joint-leave"), Bookings(14, "10:00"))
    assert Malls(store).act("pekalongan", ImportCatalog(read(folder.path))).events == ()


def test_events_with_every_field_come_back_from_the_store_as_they_were(folder):
    mall = read(folder.path).mall
    full = [
        converter.structure(
            converter.unstructure(mall)
            | {
                "exceptions": [{"date": "2026-12-24", "intervals": [["08:00", "11:00"]], "reason": "Akhir tahun"}],
                "kept_for_priority": 10,
            },
            MallListed,
        ),
        ServiceListed("PLN-BAYAR", "Pembayaran tagihan / token", "PLN", 5, capacity=40),
        CounterListed("G23", "Gerai 23", 2, "PLN", week={"monday": (("08:00", "12:00"),)}),
    ]
    stored = [StoredEvent(type(event).__name__, converter.unstructure(event)) for event in full]
    commit = Commit("mall/pekalongan", 1, stored, (), THEN)
    assert DIRECTORY.recorded(commit) == full
    assert full[0].exceptions == (HoursException(date(2026, 12, 24), (("08:00", "11:00"),), "Akhir tahun"),)
