"""Importing a catalog: what is new is listed, what is gone is withdrawn, what contradicts itself is refused whole."""

from collections import Counter

import pytest

from services.catalog.domain import (
    DIRECTORY,
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Directory,
    ImportCatalog,
    InvalidCatalog,
    MallListed,
    ServiceListed,
    ServiceWithdrawn,
)
from services.catalog.seed import read


class Import:
    """A mall's directory under test: folders in, events out."""

    def __init__(self) -> None:
        self.directory: Directory = DIRECTORY.initial

    def of(self, folder) -> list:
        events = DIRECTORY.decide(ImportCatalog(read(folder.path)), self.directory)
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
    return refusal.value.params["faults"]


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
        ("services.tsv", ("PLN-BARU", "Layanan", "PLN", "G23", "0", "KTP", "I"), "minutes must be more than 0"),
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
        ({"capacity": -1}, "capacity: not negative"),
        ({"zone": "Asia/Pekalongan"}, "there is no time zone 'Asia/Pekalongan'"),
        ({"week": {"monday": [["15:00", "08:00"]]}}, "monday needs intervals that open before they close"),
        (
            {"week": {"monday": [["08:00", "12:00"], ["11:00", "15:00"]]}},
            "monday needs intervals that open before they",
        ),
        ({"week": {"monday": [["08:00", "25:00"]]}}, "monday needs times such as 08:00"),
        ({"week": {"senin": [["08:00", "15:00"]]}}, "'senin' is none of monday"),
        ({"capacity": "banyak"}, "mall.json: ValueError"),
        ({"zone": "Asia"}, "there is no time zone 'Asia'"),
        ({"code": "mall"}, "mall code 'mall'"),
        ({"code": "pekalongan/2026-11-24"}, "mall code 'pekalongan/2026-11-24'"),
    ],
)
def test_a_mall_that_makes_no_sense_is_refused(folder, changed, fault):
    folder.mall(**changed)
    (told,) = faults(folder)
    assert fault in told


def test_a_refused_import_leaves_the_directory_as_it_was(folder, imported):
    before = imported.directory
    folder.take_away("services.tsv", "DUKCAPIL-KTPREKAM\t")
    folder.mall(capacity=-1)
    with pytest.raises(InvalidCatalog):
        imported.of(folder)
    assert imported.directory == before
