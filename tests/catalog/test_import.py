"""Importing a catalog: what is new is listed, what is gone is withdrawn, what contradicts itself is refused whole."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.declaration import fields_of
from services.catalog.domain.directory import (
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Directory,
    ImportCatalog,
    InvalidCatalog,
    ServiceListed,
    ServiceWithdrawn,
)
from services.catalog.domain.hours import SHUT, WEEKDAYS
from services.catalog.domain.mall import Bookings, HoursException, MallListed, Priority, PriorityClass
from services.catalog.seed import read

YEAR_END = {"date": "2026-12-24", "intervals": [["08:00", "11:00"]], "reason": "Jam khusus akhir tahun"}
ELDERLY = {"code": "elderly", "name": {"id": "Lansia", "en": "Elderly"}, "basis": "PP 43/2004"}
RULES = tuple(each.name for each in fields_of(MallListed) if not each.required)


class Import:
    """A mall's directory under test: folders in, events out."""

    def __init__(self) -> None:
        self.directory: Directory = DIRECTORY.initial

    def of(self, folder) -> list:
        events = DIRECTORY.decide(ImportCatalog(read(folder.path, self.directory)), self.directory)
        for event in events:
            self.directory = DIRECTORY.evolve(self.directory, event)
        return events


@pytest.fixture
def imported(folder) -> Import:
    imported = Import()
    imported.of(folder)
    return imported


def faults(folder) -> list[str]:
    """What is wrong with the folder; nothing of it may have happened."""
    fresh = Import()
    with pytest.raises(InvalidCatalog) as refusal:
        fresh.of(folder)
    assert fresh.directory == Directory()
    return list(map(str, refusal.value.params["faults"]))


def test_the_first_import_lists_everything(folder):
    events = Import().of(folder)
    counts = Counter(type(event) for event in events)
    assert counts == {MallListed: 1, AgencyListed: 23, ServiceListed: 130, CounterListed: 23}
    assert [event.capacity for event in events if isinstance(event, MallListed)] == [100]


def test_what_others_refer_to_is_listed_before_them(folder):
    kinds = [type(event) for event in Import().of(folder)]
    assert list(dict.fromkeys(kinds)) == [MallListed, AgencyListed, ServiceListed, CounterListed]


def test_every_service_has_a_counter(imported):
    assert [code for code in imported.directory.services if not imported.directory.counters_for(code)] == []


def test_the_second_import_changes_nothing(folder, imported):
    assert imported.of(folder) == []


def test_a_changed_service_is_one_event(folder, imported):
    folder.replace("services.tsv", "Perekaman KTP-el\tDUKCAPIL\tG02\t10", "Perekaman KTP-el\tDUKCAPIL\tG02\t12")
    (event,) = imported.of(folder)
    assert (event.code, event.minutes) == ("DUKCAPIL-KTPREKAM", 12)
    assert imported.directory.services["DUKCAPIL-KTPREKAM"] == event


def test_changed_hours_are_one_event(folder, imported):
    folder.mall(week={"monday": [["08:00", "12:00"], ["13:00", "15:30"]]})
    (event,) = imported.of(folder)
    assert isinstance(event, MallListed)
    assert event.week["monday"] == (("08:00", "12:00"), ("13:00", "15:30"))
    assert event.week["tuesday"] == ()


def test_a_service_that_is_no_longer_named_is_withdrawn_and_its_counter_listed_without_it(folder, imported):
    folder.take_away("services.tsv", "DUKCAPIL-KTPREKAM\t")
    counter, withdrawn = imported.of(folder)
    assert isinstance(counter, CounterListed)
    assert counter.code == "G02"
    assert "DUKCAPIL-KTPREKAM" not in counter.services
    assert withdrawn == ServiceWithdrawn("DUKCAPIL-KTPREKAM")
    assert "DUKCAPIL-KTPREKAM" not in imported.directory.services


def test_an_agency_leaves_after_its_counter_and_its_services(folder, imported):
    gone = [code for code, service in imported.directory.services.items() if service.agency == "PLN"]
    for file, beginning in (("agencies.tsv", "PLN\t"), ("counters.tsv", "G23\t"), ("services.tsv", "PLN-")):
        folder.take_away(file, beginning)
    events = imported.of(folder)
    assert events == [CounterWithdrawn("G23"), *map(ServiceWithdrawn, gone), AgencyWithdrawn("PLN")]


def test_what_was_withdrawn_can_come_back(folder, imported):
    before = imported.directory
    line = next(x for x in (folder.path / "services.tsv").read_text().splitlines() if x.startswith("PLN-"))
    folder.take_away("services.tsv", line)
    imported.of(folder)
    assert line.split("\t")[0] not in imported.directory.services
    folder.add("services.tsv", *line.split("\t"))
    imported.of(folder)
    assert imported.directory.services.keys() == before.services.keys()


def test_minutes_that_are_no_number_are_named_by_file_and_line(folder):
    line = folder.add("services.tsv", "PLN-BARU", "Layanan baru", "PLN", "G23", "sebentar", "KTP", "I")
    assert faults(folder) == [f"services.tsv line {line}: minutes must be a number, not 'sebentar'"]


def test_a_floor_that_is_no_number_is_named_by_file_and_line(folder):
    line = folder.add("counters.tsv", "G24", "Gerai 24", "dasar", "PLN")
    assert faults(folder) == [f"counters.tsv line {line}: floor must be a number, not 'dasar'"]


def test_a_counter_that_is_not_listed_is_named_with_the_service_that_wants_it(folder):
    folder.add("services.tsv", "PLN-BARU", "Layanan baru", "PLN", "G99", "10", "KTP", "I")
    assert faults(folder) == ["services.tsv: PLN-BARU: counter G99 is not in counters.tsv"]


def test_a_code_that_is_listed_twice_is_named_with_its_line(folder):
    folder.add("counters.tsv", "G02", "Gerai 2 lagi", "1", "DUKCAPIL")
    folder.add("agencies.tsv", "PLN", "PLN lagi", "ZZ")
    assert faults(folder) == ["counters.tsv line 25: G02 is listed twice", "agencies.tsv line 25: PLN is listed twice"]


def test_a_line_that_ends_too_early_is_named(folder):
    folder.add("services.tsv", "PLN-BARU", "Layanan baru")
    assert faults(folder) == ["services.tsv line 132: agency, counters, minutes missing"]


def test_all_faults_of_the_files_are_told_at_once(folder):
    folder.add("services.tsv", "PLN-SATU", "Layanan", "PLN", "G23", "sebentar", "KTP", "I")
    folder.add("services.tsv", "PLN-DUA", "Layanan", "PLN", "G99", "10", "KTP", "I")
    folder.add("counters.tsv", "G24", "Gerai 24", "dasar", "PLN")
    assert len(faults(folder)) == 3


@pytest.mark.parametrize(
    ("file", "fields", "fault"),
    [
        (
            "services.tsv",
            ("PLN-BARU", "Layanan", "POLDA", "G23", "10", "KTP", "I"),
            "service PLN-BARU: no agency POLDA",
        ),
        ("services.tsv", ("PLN-BARU", "Layanan", "PLN", "G23", "0", "KTP", "I"), "minutes: at least 1"),
        ("counters.tsv", ("G24", "Gerai 24", "1", "POLDA"), "counter G24: no agency POLDA"),
        ("agencies.tsv", ("POLDA", "Polda Jawa Tengah", "b2"), "agency POLDA: line must be one or two capital letters"),
    ],
)
def test_what_does_not_fit_together_is_named(folder, file, fields, fault):
    folder.add(file, *fields)
    (told,) = faults(folder)
    assert fault in told


def test_two_agencies_with_one_line_are_both_named(folder):
    folder.add("agencies.tsv", "POLDA", "Polda Jawa Tengah", "B")
    assert faults(folder) == [
        "agency DUKCAPIL: line B is used by another agency too",
        "agency POLDA: line B is used by another agency too",
    ]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"name": "Mal Pelayanan Publik Kabupaten Pekalongan"}, "mall name: at most 40 plain letters"),
        ({"name": "MPP Kota Pékalongan"}, "mall name: at most 40 plain letters"),
        ({"capacity": -1}, "capacity: at least 0"),
        ({"zone": "Asia/Pekalongan"}, "there is no time zone 'Asia/Pekalongan'"),
        ({"week": {"monday": [["15:00", "08:00"]]}}, "monday needs intervals that open before they close"),
        (
            {"week": {"monday": [["08:00", "12:00"], ["11:00", "15:00"]]}},
            "monday needs intervals that open before they",
        ),
        ({"week": {"monday": [["08:00", "25:00"]]}}, "monday needs times such as 08:00"),
        ({"week": {"senin": [["08:00", "15:00"]]}}, "'senin' is none of monday"),
        ({"capacity": "banyak"}, "mall.json: capacity: must be a whole number"),
        ({"zone": "Asia"}, "there is no time zone 'Asia'"),
        ({"code": "mall"}, "mall code 'mall'"),
        ({"code": "pekalongan/2026-11-24"}, "mall code 'pekalongan/2026-11-24'"),
    ],
)
def test_a_mall_that_makes_no_sense_is_refused(folder, changed, fault):
    folder.mall(**changed)
    (told,) = faults(folder)
    assert fault in told


def test_a_mall_without_rules_of_its_own_gets_the_usual_ones(folder):
    folder.mall_without(*RULES)
    mall = read(folder.path).mall
    assert (mall.exceptions, mall.closed_on, mall.bookings) == ((), (), None)
    assert (mall.tickets_from_minutes, mall.last_ticket_minutes, mall.overtime_minutes) == (0, 0, 120)
    assert (mall.kept_for_priority, mall.kept_for_bookings, mall.approaching) == (0, 0, 3)
    assert (mall.home_percent, mall.bookings_percent) == (30, 30)
    assert (mall.priority.rule, mall.priority.in_a_row, mall.priority.ceiling_minutes) == ("ratio", 2, None)
    assert [each.code for each in mall.priority.classes] == ["disability", "elderly", "pregnancy"]


def test_the_rules_of_a_mall_are_read_as_they_are_written(folder):
    folder.mall(
        exceptions=[YEAR_END, {"date": "2026-12-31", "intervals": [], "reason": "Pemeliharaan gedung"}],
        kept_for_priority=40,
        kept_for_bookings=60,
        bookings={"days_ahead": 7, "claim_by": "09:30"},
        priority={"rule": "strict", "classes": [ELDERLY]},
    )
    mall = read(folder.path).mall
    assert mall.exceptions == (
        HoursException(date(2026, 12, 24), (("08:00", "11:00"),), "Jam khusus akhir tahun"),
        HoursException(date(2026, 12, 31), (), "Pemeliharaan gedung"),
    )
    assert (mall.kept_for_priority, mall.kept_for_bookings) == (40, 60)
    assert mall.bookings == Bookings(7, "09:30")
    assert mall.priority == Priority(
        "strict", classes=(PriorityClass("elderly", {"id": "Lansia", "en": "Elderly"}, "PP 43/2004"),)
    )


@pytest.mark.parametrize("rule", RULES)
def test_a_changed_rule_is_one_event(folder, imported, rule):
    before = imported.directory.mall
    other = {
        "exceptions": [YEAR_END],
        "closed_on": ["public-holiday"],
        "bookings": {"days_ahead": 7, "claim_by": "10:00"},
        "priority": {"rule": "fifo"},
    }
    folder.mall(**{rule: other.get(rule, 5)})
    (event,) = imported.of(folder)
    assert isinstance(event, MallListed)
    assert [name for name in RULES if getattr(event, name) != getattr(before, name)] == [rule]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"exceptions": [YEAR_END, YEAR_END]}, "exceptions: 2026-12-24 is named twice"),
        ({"exceptions": [YEAR_END | {"date": "2026-02-30"}]}, "exceptions[0].date: must be a date such as 2026-12-24"),
        ({"exceptions": [YEAR_END | {"reason": " "}]}, "exceptions: 2026-12-24 needs a reason"),
        (
            {"exceptions": [YEAR_END | {"intervals": [["08:00", "25:00"]]}]},
            "exceptions: 2026-12-24 needs times such as 08:00",
        ),
        (
            {"exceptions": [YEAR_END | {"intervals": [["11:00", "08:00"]]}]},
            "exceptions: 2026-12-24 needs intervals that open before they close, one after the other",
        ),
        (
            {"exceptions": [YEAR_END | {"intervals": ["08:00"]}]},
            """exceptions[0].intervals[0]: must be two times, such as ["08:00", "12:00"]""",
        ),
        ({"closed_on": ["sunday"]}, "closed_on: 'sunday' is none of public-holiday, joint-leave"),
        ({"closed_on": ["joint-leave", "joint-leave"]}, "closed_on: joint-leave is named twice"),
        ({"tickets_from_minutes": -1}, "tickets_from_minutes: at least 0"),
        ({"last_ticket_minutes": -1}, "last_ticket_minutes: at least 0"),
        ({"overtime_minutes": -1}, "overtime_minutes: at least 0"),
        ({"overtime_minutes": 7.5}, "overtime_minutes: must be a whole number"),
        ({"kept_for_priority": -1}, "kept_for_priority: at least 0"),
        ({"kept_for_bookings": -1}, "kept_for_bookings: at least 0"),
        (
            {"kept_for_priority": 41, "kept_for_bookings": 60},
            "kept_for_priority, kept_for_bookings: together more than the capacity",
        ),
        (
            {"bookings": None, "kept_for_bookings": 1},
            "kept_for_bookings: nobody could book these places, for bookings is null",
        ),
        ({"bookings": {"days_ahead": 0, "claim_by": "10:00"}}, "bookings: days_ahead: at least 1"),
        ({"bookings": {"days_ahead": 14, "claim_by": "10"}}, "bookings: claim_by needs a time such as 10:00"),
        ({"bookings": {"days_ahead": 14}}, "bookings.claim_by: required field missing"),
        ({"priority": {"rule": "random"}}, "priority: rule 'random' is none of ratio, strict, fifo"),
        ({"priority": {"in_a_row": 0}}, "priority: in_a_row: at least 1"),
        ({"priority": {"ceiling_minutes": 0}}, "priority: ceiling_minutes: at least 1, or null"),
        (
            {"priority": {"ceiling_minutes": "lama"}},
            "priority.ceiling_minutes: must be a whole number or null",
        ),
        ({"priority": {"classes": [ELDERLY, ELDERLY]}}, "priority: class elderly is named twice"),
        (
            {"priority": {"classes": [ELDERLY | {"code": "60+"}]}},
            "priority: class '60+': small letters and hyphens, at most 30, a letter first",
        ),
        ({"priority": {"classes": [ELDERLY | {"name": {"id": "Lansia"}}]}}, "class elderly has no name in 'en'"),
        (
            {"priority": {"classes": [ELDERLY | {"name": {"id": " ", "en": "Elderly"}}]}},
            "class elderly has no name in 'id'",
        ),
        ({"approaching": 0}, "approaching: at least 1"),
        ({"home_percent": 101}, "home_percent: at most 100"),
        ({"bookings_percent": -1}, "bookings_percent: at least 0"),
        ({"overtime_minute": 60}, "extra fields found: overtime_minute"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told_with_the_file_and_its_place_in_it(folder, changed, fault):
    folder.mall(**changed)
    (told,) = faults(folder)
    assert told.startswith("mall.json: ")
    assert told.endswith(fault)


def test_a_mall_that_is_no_json_is_told_with_its_line(folder):
    folder.replace("mall.json", '"pekalongan",', '"pekalongan"')
    (told,) = faults(folder)
    assert told == "mall.json: no JSON: line 3, column 3"


def test_a_mall_that_is_no_object_is_refused(folder):
    (folder.path / "mall.json").write_text("[]")
    assert faults(folder) == ["mall.json: must be an object"]


def test_a_service_can_have_a_capacity_of_its_own(folder, imported):
    folder.column("services.tsv", "capacity", **{"DUKCAPIL-KTPREKAM": "40"})
    (event,) = imported.of(folder)
    assert (event.code, event.capacity) == ("DUKCAPIL-KTPREKAM", 40)
    assert {service.capacity for service in imported.directory.services.values()} == {40, None}
    assert imported.of(folder) == []


@pytest.mark.parametrize(
    ("capacity", "fault"),
    [
        ("banyak", "capacity must be a number, not 'banyak'"),
        ("-1", "capacity: at least 1, or null"),
        ("9" * 5000, f"capacity must be a number, not '{'9' * 40}'"),
        ("0", "capacity: at least 1, or null"),
    ],
)
def test_a_capacity_of_a_service_that_makes_no_sense_is_named_by_file_and_line(folder, capacity, fault):
    lines = folder.column("services.tsv", "capacity", **{"DUKCAPIL-KTPREKAM": capacity})
    assert faults(folder) == [f"services.tsv line {lines['DUKCAPIL-KTPREKAM']}: {fault}"]


def test_a_counter_can_have_a_week_of_its_own(folder, imported):
    folder.column("counters.tsv", "week", G14=" monday 08:00-12:00 13:00-15:00; wednesday 08:00-15:00;")
    (event,) = imported.of(folder)
    assert event.code == "G14"
    assert {day: hours for day, hours in event.week.items() if hours} == {
        "monday": (("08:00", "12:00"), ("13:00", "15:00")),
        "wednesday": (("08:00", "15:00"),),
    }
    assert set(event.week) == set(WEEKDAYS)
    assert {code for code, counter in imported.directory.counters.items() if counter.week} == {"G14"}
    assert imported.of(folder) == []


@pytest.mark.parametrize(
    ("week", "fault"),
    [
        ("senin 08:00-12:00", f"'senin' is none of {', '.join(WEEKDAYS)}"),
        ("monday", "monday needs hours such as 08:00-12:00"),
        ("monday 08:00", "monday needs times such as 08:00"),
        ("monday 8-12", "monday needs times such as 08:00"),
        ("monday 12:00-08:00", "monday needs intervals that open before they close, one after the other"),
        ("monday 08:00-12:00 11:00-15:00", "monday needs intervals that open before they close, one after the other"),
        ("monday 08:00-12:00; monday 13:00-15:00", "monday is named twice"),
    ],
)
def test_a_week_of_a_counter_that_makes_no_sense_is_named_by_file_and_line(folder, week, fault):
    lines = folder.column("counters.tsv", "week", G14=week)
    assert faults(folder) == [f"counters.tsv line {lines['G14']}: week: {fault}"]


def test_a_field_without_a_column_is_named_by_file_and_line(folder):
    line = folder.add("counters.tsv", "G24", "Gerai 24", "1", "PLN", "monday 08:00-12:00")
    assert faults(folder) == [f"counters.tsv line {line}: more fields than the first line names"]


def test_empty_fields_at_the_end_of_a_line_are_passed_over(folder):
    folder.add("counters.tsv", "G24", "Gerai 24", "1", "PLN", "", "")
    assert "G24" in read(folder.path).counters


def test_faults_of_the_mall_and_of_every_table_are_told_at_once(folder):
    service = folder.column("services.tsv", "capacity", **{"DUKCAPIL-KTPREKAM": "0"})["DUKCAPIL-KTPREKAM"]
    counter = folder.column("counters.tsv", "week", G14="senin 08:00-12")["G14"]
    folder.mall(approaching=0, closed_on=["sunday"])
    assert [fault.split(": ")[0] for fault in faults(folder)] == [
        f"services.tsv line {service}",
        f"counters.tsv line {counter}",
        f"counters.tsv line {counter}",
        "mall.json",
        "mall.json",
    ]


def test_the_rules_refuse_whatever_way_a_faulty_directory_comes(imported):
    known = imported.directory
    faulty = replace(
        known,
        mall=replace(known.mall, approaching=0),
        services=known.services | {"PLN-BARU": ServiceListed("PLN-BARU", "Layanan", "PLN", 10, capacity=0)},
        counters=known.counters | {"G24": CounterListed("G24", "Gerai 24", 1, "PLN", week={"monday": (("8", "12"),)})},
    )
    with pytest.raises(InvalidCatalog) as refusal:
        DIRECTORY.decide(ImportCatalog(faulty), known)
    assert list(map(str, refusal.value.params["faults"])) == [
        "approaching: at least 1",
        "service PLN-BARU: capacity: at least 1, or null",
        "counter G24: week: monday needs times such as 08:00",
    ]


def test_a_refused_import_leaves_the_directory_as_it_was(folder, imported):
    before = imported.directory
    folder.take_away("services.tsv", "DUKCAPIL-KTPREKAM\t")
    folder.add("agencies.tsv", "POLDA", "Polda Jawa Tengah", "B")
    with pytest.raises(InvalidCatalog):
        imported.of(folder)
    assert imported.directory == before


def test_a_column_that_is_left_out_changes_nothing(folder, imported):
    known = imported.directory
    told = {
        "suspended": replace(known.agencies["PLN"], suspended="Pindah gedung"),
        "week": replace(known.counters["G02"], week={**SHUT, "monday": (("08:00", "12:00"),)}),
        "others": replace(
            known.services["PLN-BAYAR"],
            fee="Gratis",
            eligibility="Pelanggan",
            capacity=5,
            components={"product": "Struk"},
        ),
    }
    for event in told.values():
        imported.directory = DIRECTORY.evolve(imported.directory, event)
    before = imported.directory
    for file, columns in (("services.tsv", ("code", "name", "agency", "counters", "minutes")),):
        header, *rows = [line.split("\t") for line in (folder.path / file).read_text().splitlines()]
        kept = [header.index(column) for column in columns]
        text = ["\t".join(row[place] if place < len(row) else "" for place in kept) for row in (header, *rows)]
        (folder.path / file).write_text("\n".join(text) + "\n")
    assert imported.of(folder) == []
    assert imported.directory == before


def test_an_empty_cell_says_that_there_is_nothing(folder, imported):
    imported.directory = DIRECTORY.evolve(
        imported.directory, replace(imported.directory.agencies["PLN"], suspended="Pindah gedung")
    )
    folder.column("agencies.tsv", "suspended")
    (event,) = imported.of(folder)
    assert (event.code, event.suspended) == ("PLN", "")


def test_a_rule_that_the_file_of_the_mall_leaves_out_stays(folder, imported):
    imported.directory = DIRECTORY.evolve(imported.directory, replace(imported.directory.mall, approaching=7))
    folder.mall_without("approaching")
    assert imported.of(folder) == []


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_tables_may_come_as_spreadsheets_write_them(folder, imported, delimiter):
    for name in ("agencies.tsv", "services.tsv", "counters.tsv"):
        rows = list(csv.reader((folder.path / name).open(), delimiter="\t"))
        with (folder.path / name).open("w", newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
    assert imported.of(folder) == []
