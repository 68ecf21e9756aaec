"""What administrators change in a directory, as sentences."""

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from pathlib import Path

import pytest

import services
from services.catalog.directory import Malls
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.differences import differences, left_alone
from services.catalog.domain.directory import (
    AdmitAgency,
    AgencyInUse,
    AgencyListed,
    AgencyWithdrawn,
    ChangeMall,
    Command,
    CounterListed,
    CounterWithdrawn,
    Directory,
    Event,
    ImportCatalog,
    InvalidCatalog,
    InvalidEntry,
    ListAgency,
    ListCounter,
    ListService,
    ReturnAgency,
    ServiceListed,
    ServiceWithdrawn,
    SuspendAgency,
    UnknownAgency,
    UnknownMall,
    WithdrawAgency,
    WithdrawCounter,
    WithdrawService,
)
from services.catalog.domain.hours import SHUT
from services.catalog.domain.mall import HoursException, MallListed, Priority
from services.chassis.words import Words

OFFICE = (("08:00", "12:00"), ("13:00", "15:00"))
MALL = MallListed("kota", "MPP Kota", "Kota", "Jl. Raya 1", "Asia/Jakarta", 100, {**SHUT, "monday": OFFICE})
DINKES = AgencyListed("DINKES", "Dinas Kesehatan", "D")
JKN = ServiceListed("DINKES-JKN", "Kepesertaan JKN", "DINKES", 15, ("KTP-el", "KK"))
G05 = CounterListed("G05", "Gerai 5", 1, "DINKES", ("DINKES-JKN",))
G06 = CounterListed("G06", "Gerai 6", 1, "DINKES", ())
KNOWN = Directory(MALL, {"DINKES": DINKES}, {"DINKES-JKN": JKN}, {"G05": G05, "G06": G06})
TASPEN = AgencyListed("TASPEN", "PT Taspen", "X")
G24 = CounterListed("G24", "Gerai 24", 2, "")
PENSIUN = ServiceListed("TASPEN-PENSIUN", "Klaim pensiun", "", 20)
DATA = ServiceListed("TASPEN-DATA", "Perubahan data", "", 10)


def decided(command: Command, directory: Directory = KNOWN) -> list[Event]:
    """What the command leads to; said again, it is nothing new."""
    events = DIRECTORY.decide(command, directory)
    if not isinstance(command, AdmitAgency):
        assert DIRECTORY.decide(command, after(events, directory)) == []
    return events


def after(events: list[Event], directory: Directory = KNOWN) -> Directory:
    for event in events:
        directory = DIRECTORY.evolve(directory, event)
    return directory


def faults(command: Command, directory: Directory = KNOWN) -> dict[str, list[str]]:
    """What is wrong with the command, by field."""
    with pytest.raises(InvalidEntry) as refusal:
        DIRECTORY.decide(command, directory)
    return {field: [str(fault) for fault in found] for field, found in refusal.value.params["errors"].items()}


# Agencies


def test_an_agency_joins():
    assert decided(ListAgency(TASPEN)) == [TASPEN]


def test_an_agency_changes_and_stays_suspended_if_it_was():
    suspended = after(decided(SuspendAgency("DINKES", "Pindah gedung")))
    renamed = replace(DINKES, name="Dinas Kesehatan Kota")
    assert decided(ListAgency(renamed), suspended) == [replace(renamed, suspended="Pindah gedung")]


def test_an_agency_is_suspended_with_a_reason_and_returns():
    (suspended,) = decided(SuspendAgency("DINKES", " Jaringan pusat terganggu "))
    assert suspended == replace(DINKES, suspended="Jaringan pusat terganggu")
    assert decided(ReturnAgency("DINKES"), after([suspended])) == [DINKES]


def test_a_suspension_needs_a_reason():
    assert faults(SuspendAgency("DINKES", " x ")) == {"reason": ["a reason of at least 3 letters"]}


@pytest.mark.parametrize("command", [SuspendAgency("PLN", "Listrik padam"), ReturnAgency("PLN")])
def test_an_agency_that_is_not_there_is_unknown(command):
    with pytest.raises(UnknownAgency):
        DIRECTORY.decide(command, KNOWN)


def test_an_agency_with_counters_and_services_does_not_leave_without_them():
    with pytest.raises(AgencyInUse) as refusal:
        DIRECTORY.decide(WithdrawAgency("DINKES"), KNOWN)
    assert refusal.value.params == {"agency": "DINKES", "counters": 2, "services": 1}


def test_an_agency_leaves_with_all_that_is_its_own():
    events = decided(WithdrawAgency("DINKES", with_all=True))
    gone = [CounterWithdrawn("G05"), CounterWithdrawn("G06"), ServiceWithdrawn("DINKES-JKN"), AgencyWithdrawn("DINKES")]
    assert events == gone


def test_a_counter_of_another_agency_stays_without_the_services_of_the_one_that_left():
    shared = replace(G06, agency="TASPEN", services=("DINKES-JKN", "TASPEN-DATA"))
    known = after([TASPEN, replace(DATA, agency="TASPEN"), shared])
    stays, *_ = decided(WithdrawAgency("DINKES", with_all=True), known)
    assert stays == replace(shared, services=("TASPEN-DATA",))


def test_an_agency_without_counters_and_services_simply_leaves():
    assert decided(WithdrawAgency("TASPEN"), after([TASPEN])) == [AgencyWithdrawn("TASPEN")]


def test_what_is_wrong_with_an_agency_is_told_by_field():
    assert faults(ListAgency(AgencyListed("taspen", " ", "xyz"))) == {
        "code": ["capital letters, digits and hyphens, at most 40"],
        "name": ["a name is needed"],
        "line": ["line must be one or two capital letters"],
    }
    assert faults(ListAgency(replace(TASPEN, line="D"))) == {"line": ["line D is used by another agency too"]}


# Line letters in use today

MORNING = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 09:00 in Pekalongan
USED = "line D was used by DINKES today, and is free tomorrow"


def in_order(*commands: Command) -> Directory:
    """The directory after these commands, each decided on what came before."""
    found = KNOWN
    for command in commands:
        found = reduce(DIRECTORY.evolve, DIRECTORY.decide(command, found), found)
    return found


@pytest.mark.parametrize(
    "release",
    [
        WithdrawAgency("DINKES", with_all=True, at=MORNING),
        ListAgency(replace(KNOWN.agencies["DINKES"], line="Z"), MORNING),
    ],
    ids=["withdrawn", "another letter"],
)
def test_line_released_today_is_refused_to_another_agency_until_tomorrow(release):
    known = in_order(release)
    taspen, later = replace(TASPEN, line="D"), MORNING + timedelta(hours=14, minutes=59)  # 23:59 in Pekalongan
    assert faults(ListAgency(taspen, MORNING), known) == {"line": [USED]}
    assert faults(ListAgency(taspen, later), known) == {"line": [USED]}
    assert faults(AdmitAgency(taspen, G24, (DATA,), later), known) == {"agency.line": [USED]}
    assert decided(ListAgency(taspen, later + timedelta(minutes=1)), known) == [taspen]


def test_agency_takes_back_its_own_line():
    known = in_order(ListAgency(replace(KNOWN.agencies["DINKES"], line="Z"), MORNING))
    own = KNOWN.agencies["DINKES"]
    assert decided(ListAgency(own, MORNING), known) == [own]
    again = in_order(WithdrawAgency("DINKES", with_all=True, at=MORNING), ListAgency(own, MORNING))
    assert again.agencies["DINKES"].line == "D"


def test_import_refuses_line_that_another_agency_has_or_had_today():
    taken = replace(KNOWN, agencies=KNOWN.agencies | {"TASPEN": TASPEN})
    swapped = {
        "DINKES": replace(KNOWN.agencies["DINKES"], line=TASPEN.line),
        "TASPEN": replace(TASPEN, line="D"),
    }
    command = ImportCatalog(replace(taken, agencies=taken.agencies | swapped), MORNING)
    with pytest.raises(InvalidCatalog) as refusal:
        DIRECTORY.decide(command, taken)
    assert list(map(str, refusal.value.params["faults"])) == [
        f"agency DINKES: line {TASPEN.line} was used by TASPEN today, and is free tomorrow",
        f"agency TASPEN: {USED}",
    ]
    known = in_order(ListAgency(replace(KNOWN.agencies["DINKES"], line="Z"), MORNING))
    other = ImportCatalog(replace(known, agencies=known.agencies | {"TASPEN": replace(TASPEN, line="D")}), MORNING)
    with pytest.raises(InvalidCatalog):
        DIRECTORY.decide(other, known)
    tomorrow = replace(other, at=MORNING + timedelta(days=1))
    assert DIRECTORY.decide(tomorrow, known) == [replace(TASPEN, line="D")]


def test_released_lines_survive_the_store_and_are_forgotten_after_two_days(store):
    malls = Malls(store)
    malls.act("batang", ImportCatalog(replace(KNOWN, mall=replace(KNOWN.mall, code="batang")), MORNING))
    malls.act("batang", WithdrawAgency("DINKES", with_all=True, at=MORNING))
    assert Malls(store).get("batang").released == {("D", "DINKES"): MORNING}
    malls.act("batang", ListAgency(TASPEN, MORNING))
    malls.act("batang", ListAgency(replace(TASPEN, line="Z"), MORNING + timedelta(days=3)))
    assert Malls(store).get("batang").released == {(TASPEN.line, "TASPEN"): MORNING + timedelta(days=3)}


# A new agency with all it needs


def test_a_new_agency_comes_with_its_counter_and_services_at_once():
    agency, *offered, counter = decided(AdmitAgency(TASPEN, G24, (PENSIUN, DATA)))
    assert agency == TASPEN
    assert offered == [replace(PENSIUN, agency="TASPEN"), replace(DATA, agency="TASPEN")]
    assert counter == replace(G24, agency="TASPEN", services=("TASPEN-PENSIUN", "TASPEN-DATA"))


def test_a_new_agency_takes_nothing_that_is_there_already():
    command = AdmitAgency(replace(TASPEN, code="DINKES", line="D"), replace(G24, code="G05"), (DATA, DATA))
    found = faults(command)
    assert {field for field in found if field.endswith("code")} == {
        "agency.code",
        "counter.code",
        "services.0.code",
        "services.1.code",
    }


def test_every_part_of_a_new_agency_is_checked():
    found = faults(AdmitAgency(replace(TASPEN, line=""), replace(G24, name=""), (replace(DATA, minutes=0),)))
    assert set(found) == {"agency.line", "counter.name", "services.0.minutes"}
    assert faults(AdmitAgency(TASPEN, G24, ())) == {"services": ["at least one service"]}


# Services


def test_a_service_is_offered_at_some_counters_of_its_agency():
    north = ServiceListed("DINKES-JKNU", "JKN Pekalongan Utara", "DINKES", 15, eligibility="Warga Pekalongan Utara")
    events = decided(ListService(north, ("G06",)))
    assert events == [north, replace(G06, services=("DINKES-JKNU",))]


def test_a_service_moves_from_one_counter_to_another():
    events = decided(ListService(JKN, ("G06",)))
    assert events == [replace(G05, services=()), replace(G06, services=("DINKES-JKN",))]


def test_a_service_changes_and_is_given_where_it_was():
    cheaper = replace(JKN, fee="Gratis", components={"product": "Kartu JKN", "legal_basis": "UU 24/2011"})
    assert decided(ListService(cheaper)) == [cheaper]


def test_a_service_that_is_withdrawn_is_given_by_no_counter():
    assert decided(WithdrawService("DINKES-JKN")) == [replace(G05, services=()), ServiceWithdrawn("DINKES-JKN")]


def test_what_is_wrong_with_a_service_is_told_by_field():
    wrong = ServiceListed("dinkes", "", "PLN", 0, ("KTP; KK",), capacity=0, components={"colour": "biru"})
    found = faults(ListService(wrong, ("G99",)))
    assert set(found) == {
        "counters",
        "code",
        "name",
        "agency",
        "minutes",
        "requirements",
        "capacity",
        "components",
    }
    assert found["counters"] == ["no counter G99"]


# Counters


def test_a_counter_is_assigned_moved_and_given_services():
    new = replace(G24, agency="DINKES", services=("DINKES-JKN",))
    assert decided(ListCounter(new)) == [new]
    assert decided(ListCounter(replace(G05, floor=2))) == [replace(G05, floor=2)]
    week = {**SHUT, "wednesday": (("08:00", "11:00"),)}
    assert decided(ListCounter(replace(G05, week=week))) == [replace(G05, week=week)]


def test_the_order_of_a_counters_services_says_nothing():
    known = after([replace(JKN, code="DINKES-LAIN"), replace(G05, services=("DINKES-JKN", "DINKES-LAIN"))])
    assert decided(ListCounter(replace(G05, services=("DINKES-LAIN", "DINKES-JKN"))), known) == []


def test_a_counter_is_given_up():
    assert decided(WithdrawCounter("G05")) == [CounterWithdrawn("G05")]


def test_what_is_wrong_with_a_counter_is_told_by_field():
    week = {**SHUT, "monday": (("12:00", "08:00"),)}
    found = faults(ListCounter(CounterListed("GERAI-NOMOR-25", "", 1, "PLN", ("X",), week)))
    assert set(found) == {"code", "name", "agency", "services", "week.monday"}
    assert set(faults(ListCounter(replace(G05, week=dict(SHUT))))) == {"week"}


# The mall


def test_the_rules_of_a_mall_change_in_the_fields_that_are_given():
    friday = {**MALL.week, "friday": (("08:00", "11:30"), ("13:00", "15:00"))}
    changes = {"capacity": 120, "week": friday, "closed_on": ("public-holiday",)}
    assert decided(ChangeMall(changes)) == [replace(MALL, **changes)]


def test_what_is_wrong_with_the_rules_is_told_by_field():
    changes = {
        "capacity": -1,
        "week": {**SHUT, "monday": (("25:00", "26:00"),)},
        "kept_for_bookings": 5,
        "priority": Priority(rule="random"),
    }
    assert set(faults(ChangeMall(changes))) == {"capacity", "week.monday", "kept_for_bookings", "priority.rule"}


def test_a_mall_nobody_imported_is_changed_by_nobody():
    with pytest.raises(UnknownMall):
        DIRECTORY.decide(ListAgency(TASPEN), Directory())


# What is different


def test_a_difference_tells_each_field_before_and_after():
    events = decided(ListService(replace(JKN, minutes=20), ("G05", "G06")))
    service, counter = differences(KNOWN, events)
    assert (service.act, service.code, service.fields) == ("changed", "DINKES-JKN", {"minutes": (15, 20)})
    assert counter.fields == {"services": ((), ("DINKES-JKN",))}
    (added,) = differences(KNOWN, [TASPEN])
    assert (added.act, added.fields["name"]) == ("added", (None, "PT Taspen"))
    (gone,) = differences(KNOWN, [CounterWithdrawn("G05")])
    assert (gone.act, gone.name) == ("withdrawn", "Gerai 5")


def test_services_that_lose_their_last_counter_are_named():
    assert left_alone(KNOWN, after([CounterWithdrawn("G05")])) == ["DINKES-JKN"]
    assert left_alone(KNOWN, after([CounterWithdrawn("G06")])) == []


def test_importing_services_in_another_order_at_a_counter_is_no_change():
    known = after([replace(JKN, code="DINKES-LAIN"), replace(G05, services=("DINKES-JKN", "DINKES-LAIN"))])
    turned = {**known.counters, "G05": replace(G05, services=("DINKES-LAIN", "DINKES-JKN"))}
    assert DIRECTORY.decide(ImportCatalog(replace(known, counters=turned)), known) == []


# Words


def said() -> set[str]:
    """Every fault that the catalog's rules can tell."""
    found = set()
    for file in (Path(services.__file__).parent / "catalog").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name("Fault"), args=[_, ast.Constant(text), *_]):
                    found.add(text)
                case ast.Assign(targets=[ast.Name("says")], value=ast.Constant(text)):
                    found.add(text)
    return found


def test_every_fault_has_words_in_both_languages():
    folder = Path(services.__file__).parent
    words = Words([folder / "chassis" / "words", folder / "catalog" / "words"])
    assert len(said()) > 30
    assert [fault for fault in said() if not words.has(fault)] == []


def test_an_exception_without_a_reason_is_a_fault_of_its_own_field():
    day = HoursException(date(2026, 12, 24), (("11:00", "08:00"),), " ")
    assert set(faults(ChangeMall({"exceptions": (day,)}))) == {"exceptions.0.reason", "exceptions.0.intervals"}
