"""The rules of a directory at their limits: what stays when one entry changes, and each fault in full."""

from dataclasses import replace
from datetime import date

import pytest

from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.differences import Difference, difference, differences, left_alone
from services.catalog.domain.directory import (
    COMPONENTS,
    PUBLIC_COMPONENTS,
    AdmitAgency,
    AgencyInUse,
    AgencyListed,
    AgencyWithdrawn,
    ChangeMall,
    CounterListed,
    CounterWithdrawn,
    Directory,
    ImportCatalog,
    InvalidCatalog,
    InvalidEntry,
    ListAgency,
    ListCounter,
    ListService,
    MallExists,
    OpenMall,
    ServiceListed,
    ServiceWithdrawn,
    SuspendAgency,
    UnknownService,
    WithdrawAgency,
    WithdrawCounter,
    WithdrawService,
)
from services.catalog.domain.faults import faults_of, faults_of_all, faults_of_code
from services.catalog.domain.hours import SHUT, WEEKDAYS, faults_of_day, faults_of_week
from services.catalog.domain.mall import (
    USUAL_CLASSES,
    Bookings,
    HoursException,
    MallListed,
    Priority,
    PriorityClass,
    faults_of_mall,
)
from services.chassis.errors import Fault

OFFICE = (("08:00", "12:00"), ("13:00", "15:00"))
MALL = MallListed("kota", "MPP Kota", "Kota", "Jl. Raya 1", "Asia/Jakarta", 100, {**SHUT, "monday": OFFICE})
DINKES, PLN = AgencyListed("DINKES", "Dinas Kesehatan", "D"), AgencyListed("PLN", "PLN", "P")
JKN, SEHAT = ServiceListed("JKN", "JKN", "DINKES", 15), ServiceListed("SEHAT", "Surat sehat", "DINKES", 10)
DAYA = ServiceListed("DAYA", "Tambah daya", "PLN", 20)
G05 = CounterListed("G05", "Gerai 5", 1, "DINKES", ("JKN", "SEHAT"))
G06 = CounterListed("G06", "Gerai 6", 1, "DINKES", ("SEHAT",))
G07 = CounterListed("G07", "Gerai 7", 2, "PLN", ("DAYA", "JKN"))
KNOWN = Directory(
    MALL,
    {"DINKES": DINKES, "PLN": PLN},
    {"JKN": JKN, "SEHAT": SEHAT, "DAYA": DAYA},
    {"G05": G05, "G06": G06, "G07": G07},
)


def decided(command, known: Directory = KNOWN) -> list:
    return DIRECTORY.decide(command, known)


def after(events, known: Directory = KNOWN) -> Directory:
    for event in events:
        known = DIRECTORY.evolve(known, event)
    return known


def errors(command, known: Directory = KNOWN) -> dict[str, list[Fault]]:
    with pytest.raises(InvalidEntry) as refused:
        decided(command, known)
    return refused.value.params["errors"]


# What stays when one thing changes


def test_counter_given_one_more_service_keeps_its_others():
    assert decided(ListService(JKN, ("G05", "G06", "G07"))) == [replace(G06, services=("SEHAT", "JKN"))]
    new = ServiceListed("BARU", "Layanan baru", "DINKES", 5)
    assert decided(ListService(new, ("G05",))) == [new, replace(G05, services=("JKN", "SEHAT", "BARU"))]


def test_counter_that_loses_a_service_keeps_its_others():
    assert decided(ListService(JKN, ())) == [replace(G05, services=("SEHAT",)), replace(G07, services=("DAYA",))]
    assert decided(WithdrawService("JKN")) == [
        replace(G05, services=("SEHAT",)),
        replace(G07, services=("DAYA",)),
        ServiceWithdrawn("JKN"),
    ]


def test_service_without_named_counters_stays_at_those_that_give_it():
    changed = replace(JKN, minutes=25)
    assert decided(ListService(changed)) == [changed]
    assert decided(ListService(JKN)) == []
    assert decided(WithdrawService("X")) == decided(WithdrawCounter("X")) == []


def test_service_names_each_counter_that_is_not_there():
    assert errors(ListService(JKN, ("G99", "G05", "G98"))) == {
        "counters": [
            Fault("counters", "no counter {code}", {"code": "G99"}),
            Fault("counters", "no counter {code}", {"code": "G98"}),
        ]
    }


def test_agency_withdrawn_with_all_leaves_other_agencies_as_they_are():
    assert decided(WithdrawAgency("DINKES", with_all=True)) == [
        replace(G07, services=("DAYA",)),
        CounterWithdrawn("G05"),
        CounterWithdrawn("G06"),
        ServiceWithdrawn("JKN"),
        ServiceWithdrawn("SEHAT"),
        AgencyWithdrawn("DINKES"),
    ]
    assert decided(WithdrawAgency("X", with_all=True)) == []


@pytest.mark.parametrize(
    ("known", "counts"),
    [
        (KNOWN, (2, 2)),
        (replace(KNOWN, services={"DAYA": DAYA}), (2, 0)),
        (replace(KNOWN, counters={"G07": G07}), (0, 2)),
    ],
)
def test_agency_with_counters_or_services_is_not_withdrawn_alone(known, counts):
    with pytest.raises(AgencyInUse) as refused:
        decided(WithdrawAgency("DINKES"), known)
    assert refused.value.params == {"agency": "DINKES", "counters": counts[0], "services": counts[1]}


def test_counter_lists_each_service_once_and_in_any_order():
    assert decided(ListCounter(replace(G05, services=("SEHAT", "JKN", "SEHAT")))) == []
    twice = replace(G06, services=("SEHAT", "JKN", "JKN"))
    assert decided(ListCounter(twice)) == [replace(G06, services=("SEHAT", "JKN"))]
    moved = replace(G05, floor=3)
    assert decided(ListCounter(moved)) == [moved]
    assert decided(WithdrawCounter("G06")) == [CounterWithdrawn("G06")]


def test_entries_are_withdrawn_alone():
    left = after([CounterWithdrawn("G06"), ServiceWithdrawn("SEHAT"), AgencyWithdrawn("PLN")])
    assert (list(left.counters), list(left.services), list(left.agencies)) == (
        ["G05", "G07"],
        ["JKN", "DAYA"],
        ["DINKES"],
    )
    assert left.mall == MALL


def test_directory_names_a_service_that_it_does_not_have():
    assert KNOWN.service("JKN") == JKN
    with pytest.raises(UnknownService) as refused:
        KNOWN.service("X")
    assert refused.value.params == {"service": "X"}
    assert [counter.code for counter in KNOWN.counters_for("JKN")] == ["G05", "G07"]


def test_import_lists_what_is_new_and_withdraws_in_order():
    wanted = Directory(
        replace(MALL, capacity=120),
        {"PLN": PLN},
        {"DAYA": replace(DAYA, minutes=30)},
        {"G07": replace(G07, services=("DAYA",))},
    )
    assert decided(ImportCatalog(wanted)) == [
        replace(MALL, capacity=120),
        replace(DAYA, minutes=30),
        replace(G07, services=("DAYA",)),
        CounterWithdrawn("G05"),
        CounterWithdrawn("G06"),
        ServiceWithdrawn("JKN"),
        ServiceWithdrawn("SEHAT"),
        AgencyWithdrawn("DINKES"),
    ]
    assert decided(ImportCatalog(KNOWN)) == []
    with pytest.raises(InvalidCatalog) as refused:
        decided(ImportCatalog(Directory()))
    assert refused.value.params == {"faults": [Fault("mall", "no mall")]}


def test_mall_is_opened_once_and_no_other_takes_its_code():
    assert decided(OpenMall(MALL), Directory()) == [MALL]
    assert decided(OpenMall(MALL)) == []
    with pytest.raises(MallExists) as refused:
        decided(OpenMall(replace(MALL, city="Lain")))
    assert refused.value.params == {"mall": "kota"}
    with pytest.raises(InvalidEntry):
        decided(OpenMall(replace(MALL, name="")), Directory())


def test_mall_changes_in_the_given_fields_alone():
    assert decided(ChangeMall({"capacity": 5})) == [replace(MALL, capacity=5)]
    assert decided(ChangeMall({"capacity": 100})) == []


# A new agency

TASPEN = AgencyListed("TASPEN", "PT Taspen", "X", suspended="dari formulir")
G24 = CounterListed("G24", "Gerai 24", 2, "", ("lain",))
PENSIUN, DATA = ServiceListed("PENSIUN", "Klaim pensiun", "", 20), ServiceListed("DATA", "Data", "PLN", 10)


def test_new_agency_owns_the_services_and_the_counter_it_comes_with():
    assert decided(AdmitAgency(TASPEN, G24, (PENSIUN, DATA))) == [
        replace(TASPEN, suspended=""),
        replace(PENSIUN, agency="TASPEN"),
        replace(DATA, agency="TASPEN"),
        replace(G24, agency="TASPEN", services=("PENSIUN", "DATA")),
    ]


def test_new_agency_names_every_part_that_is_wrong():
    command = AdmitAgency(
        replace(TASPEN, line="D"), replace(G24, code="G05"), (PENSIUN, PENSIUN, replace(DATA, minutes=0))
    )
    there = "{code} is there already"
    assert errors(command) == {
        "agency.line": [Fault("agency.line", "line {line} is used by another agency too", {"line": "D"})],
        "services.2.minutes": [Fault("services.2.minutes", "at least {n}", {"n": 1}, label="minutes: ")],
        "counter.code": [Fault("counter.code", there, {"code": "G05"})],
        "services.0.code": [Fault("services.0.code", there, {"code": "PENSIUN"})],
        "services.1.code": [Fault("services.1.code", there, {"code": "PENSIUN"})],
    }
    assert errors(AdmitAgency(TASPEN, G24, ())) == {"services": [Fault("services", "at least one service")]}


@pytest.mark.parametrize(("reason", "is_enough"), [("ab", False), (" ab ", False), ("abc", True)])
def test_suspension_has_a_reason_of_three_letters(reason, is_enough):
    if is_enough:
        assert decided(SuspendAgency("PLN", reason)) == [replace(PLN, suspended="abc")]
    else:
        assert errors(SuspendAgency("PLN", reason)) == {
            "reason": [Fault("reason", "a reason of at least {n} letters", {"n": 3})]
        }


# Faults of entries


def faults(entry, known: Directory = KNOWN) -> list[Fault]:
    return list(faults_of(entry, known))


@pytest.mark.parametrize(
    ("code", "is_sound"),
    [("A", True), ("9-B", True), ("A" * 40, True), ("A" * 41, False), ("-A", False), ("a", False), ("", False)],
)
def test_code_of_a_new_entry_fits_an_address(code, is_sound):
    wrong = [Fault("code", "capital letters, digits and hyphens, at most {n}", {"n": 40})]
    assert list(faults_of_code(code)) == ([] if is_sound else wrong)


def test_code_is_checked_of_new_entries_alone():
    old = replace(PLN, code="pln lama")
    known = replace(KNOWN, agencies={**KNOWN.agencies, "pln lama": replace(old, line="Q")})
    assert decided(ListAgency(replace(old, line="Q", name="PLN Lama")), known)
    assert "code" in errors(ListAgency(replace(old, line="Z")))


@pytest.mark.parametrize("entry", [DINKES, JKN, G05])
def test_name_has_1_to_150_letters(entry):
    assert faults(replace(entry, name="x" * 150)) == []
    long = Fault("name", "at most {n} letters", {"n": 150}, label="name: ")
    assert faults(replace(entry, name="x" * 151)) == [long]
    assert faults(replace(entry, name=" ")) == [Fault("name", "a name is needed")]


@pytest.mark.parametrize(("line", "is_sound"), [("A", True), ("AB", True), ("ABC", False), ("a", False), ("", False)])
def test_line_is_one_or_two_capital_letters(line, is_sound):
    wrong = [Fault("line", "line must be one or two capital letters")]
    assert faults(replace(DINKES, line=line)) == ([] if is_sound else wrong)


def test_line_is_used_by_one_agency():
    assert faults(DINKES) == []
    assert faults(replace(DINKES, line="P")) == [
        Fault("line", "line {line} is used by another agency too", {"line": "P"})
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"agency": "X"}, Fault("agency", "no agency {code}", {"code": "X"})),
        ({"minutes": 0}, Fault("minutes", "at least {n}", {"n": 1}, label="minutes: ")),
        ({"capacity": 0}, Fault("capacity", "at least {n}, or null", {"n": 1}, label="capacity: ")),
        ({"requirements": ("KTP; KK",)}, Fault("requirements", "one requirement a line, without semicolons")),
        ({"requirements": ("KTP", " ")}, Fault("requirements", "one requirement a line, without semicolons")),
        (
            {"components": {"fee": "gratis", "price": "gratis"}},
            Fault(
                "components",
                "{name!r} is none of {names}",
                {"name": "price", "names": ", ".join(COMPONENTS)},
                label="components: ",
            ),
        ),
    ],
)
def test_service_fault_names_its_field(changes, fault):
    assert faults(replace(JKN, **changes)) == [fault]


def test_service_at_its_limits_is_sound():
    sound = replace(JKN, minutes=1, capacity=1, requirements=("KTP",), components=dict.fromkeys(COMPONENTS, "x"))
    assert faults(sound) == []
    assert len(COMPONENTS) == 14
    assert PUBLIC_COMPONENTS == ("requirements", "procedure", "duration", "fee", "product", "complaints")
    assert COMPONENTS[6:] == (
        *("legal_basis", "facilities", "competence", "supervision", "staff_count", "guarantee", "safety"),
        "evaluation",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"agency": "X"}, Fault("agency", "no agency {code}", {"code": "X"})),
        ({"code": ""}, Fault("code", "1 to {n} characters, for it is part of a text message", {"n": 10})),
        ({"code": "G" * 11}, Fault("code", "1 to {n} characters, for it is part of a text message", {"n": 10})),
        ({"services": ("JKN", "X")}, Fault("services", "no service {code}", {"code": "X"})),
        ({"week": SHUT}, Fault("week", "hours on at least one day, or none of its own", label="week: ")),
        (
            {"week": {**SHUT, "monday": (("8", "9"),)}},
            Fault("week.monday", "needs times such as 08:00", label="week: monday "),
        ),
    ],
)
def test_counter_fault_names_its_field(changes, fault):
    assert faults(replace(G05, **changes)) == [fault]


def test_counter_at_its_limits_is_sound():
    assert faults(replace(G05, code="G" * 10, week={**SHUT, "friday": OFFICE})) == []
    assert faults(replace(G05, code="G", week=None)) == []


def test_faults_of_a_catalog_name_the_entry():
    wanted = replace(
        KNOWN,
        agencies={**KNOWN.agencies, "": AgencyListed("", "Tanpa kode", "Z", "")},
        services={"JKN": replace(JKN, minutes=0)},
        counters={"G06": replace(G06, services=("X",))},
    )
    assert list(faults_of_all(replace(wanted, agencies=KNOWN.agencies), KNOWN)) == [
        Fault("minutes", "at least {n}", {"n": 1, "entry": "JKN"}, label="minutes: ", where="service {entry}: "),
        Fault("services", "no service {code}", {"code": "X", "entry": "G06"}, where="counter {entry}: "),
    ]
    nameless = replace(KNOWN, agencies={**KNOWN.agencies, "": AgencyListed("", " ", "Z")})
    assert [str(fault) for fault in faults_of_all(nameless, KNOWN)] == [
        "agency '': capital letters, digits and hyphens, at most 40",
        "agency '': a name is needed",
    ]


# Faults of hours


@pytest.mark.parametrize(
    ("intervals", "says"),
    [
        ((), None),
        ((("00:00", "23:59"),), None),
        ((("08:00", "12:00"), ("13:00", "15:00")), None),
        ((("24:00", "25:00"),), "needs times such as 08:00"),
        ((("8:00", "12:00"),), "needs times such as 08:00"),
        ((("08:60", "12:00"),), "needs times such as 08:00"),
        ((("08:00", "08:00"),), "needs intervals that open before they close, one after the other"),
        ((("08:00", "12:00"), ("12:00", "15:00")), "needs intervals that open before they close, one after the other"),
        ((("12:00", "08:00"),), "needs intervals that open before they close, one after the other"),
    ],
)
def test_intervals_of_a_day_follow_each_other(intervals, says):
    assert list(faults_of_day(intervals)) == ([Fault("", says)] if says else [])


def test_faults_of_a_week_name_the_day():
    days = ", ".join(WEEKDAYS)
    assert list(faults_of_week({"monday": OFFICE, "sontag": (), "sunday": (("9", "10"),)})) == [
        Fault("sontag", "{day!r} is none of {days}", {"day": "sontag", "days": days}),
        Fault("sunday", "needs times such as 08:00", label="sunday "),
    ]
    assert days == "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
    assert dict(SHUT) == dict.fromkeys(WEEKDAYS, ())


# Faults of a mall


@pytest.mark.parametrize(("code", "is_sound"), [("k", True), ("a" * 40, True), ("a" * 41, False), ("mall", False)])
def test_code_of_a_mall_is_part_of_addresses(code, is_sound):
    found = list(faults_of_mall(replace(MALL, code=code)))
    says = "small letters, digits and hyphens, at most 40, and not the word mall itself"
    assert found == ([] if is_sound else [Fault("code", says, label=f"mall code {code!r}: ")])


@pytest.mark.parametrize(("name", "is_sound"), [("M" * 40, True), ("M" * 41, False), ("MPP Kotá", False)])
def test_name_of_a_mall_fits_a_text_message(name, is_sound):
    found = list(faults_of_mall(replace(MALL, name=name)))
    says = "at most {n} plain letters, for it opens every text message"
    assert found == ([] if is_sound else [Fault("name", says, {"n": 40}, label="mall name: ")])


def at_least(name: str, least: int) -> Fault:
    return Fault(name, "at least {n}", {"n": least}, label=f"{name}: ")


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("capacity", 0),
        ("tickets_from_minutes", 0),
        ("last_ticket_minutes", 0),
        ("overtime_minutes", 0),
        ("kept_for_priority", 0),
        ("kept_for_bookings", 0),
        ("approaching", 1),
        ("home_percent", 0),
        ("bookings_percent", 0),
    ],
)
def test_number_of_a_mall_is_at_least_its_least(name, least):
    assert list(faults_of_mall(replace(MALL, **{name: least}))) == []
    assert list(faults_of_mall(replace(MALL, **{name: least - 1}))) == [at_least(name, least)]


CHRISTMAS = HoursException(date(2026, 12, 24), OFFICE, "Natal")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"city": " "}, [Fault("city", "must not be empty", label="city: ")]),
        ({"address": ""}, [Fault("address", "must not be empty", label="address: ")]),
        ({"name": ""}, [Fault("name", "must not be empty", label="name: ")]),
        ({"zone": "Asia/Solo"}, [Fault("zone", "there is no time zone {zone!r}", {"zone": "Asia/Solo"}, "zone: ")]),
        (
            {"week": {"monday": (("9", "10"),)}},
            [Fault("week.monday", "needs times such as 08:00", {}, "week: monday ")],
        ),
        ({"exceptions": (CHRISTMAS,)}, []),
        (
            {"exceptions": (CHRISTMAS, CHRISTMAS)},
            [Fault("exceptions", "{date} is named twice", {"date": date(2026, 12, 24)}, "exceptions: ")],
        ),
        (
            {"exceptions": (CHRISTMAS, HoursException(date(2026, 12, 31), (("9", "10"),), " "))},
            [
                Fault("exceptions.1.reason", "needs a reason", {}, "exceptions: 2026-12-31 "),
                Fault("exceptions.1.intervals", "needs times such as 08:00", {}, "exceptions: 2026-12-31 "),
            ],
        ),
        ({"closed_on": ("public-holiday", "joint-leave")}, []),
        (
            {"closed_on": ("sunday", "sunday")},
            [
                *[
                    Fault(
                        "closed_on",
                        "{kind!r} is none of {kinds}",
                        {"kind": "sunday", "kinds": "public-holiday, joint-leave"},
                        "closed_on: ",
                    )
                ]
                * 2,
                Fault("closed_on", "{kind} is named twice", {"kind": "sunday"}, "closed_on: "),
            ],
        ),
        ({"home_percent": 60, "bookings_percent": 40}, []),
        (
            {"home_percent": 60, "bookings_percent": 41},
            [Fault("bookings_percent", "together more than 100 per cent", {}, "home_percent, bookings_percent: ")],
        ),
        ({"kept_for_priority": 60, "kept_for_bookings": 40, "bookings": Bookings(1, "10:00")}, []),
        (
            {"kept_for_priority": 61, "kept_for_bookings": 40, "bookings": Bookings(1, "10:00")},
            [
                Fault(
                    "kept_for_bookings",
                    "together more than the capacity",
                    {},
                    "kept_for_priority, kept_for_bookings: ",
                )
            ],
        ),
        (
            {"kept_for_bookings": 1},
            [
                Fault(
                    "kept_for_bookings",
                    "nobody could book these places, for bookings is null",
                    {},
                    "kept_for_bookings: ",
                )
            ],
        ),
        (
            {"bookings": Bookings(0, "25:00")},
            [
                Fault("bookings.days_ahead", "at least {n}", {"n": 1}, "bookings: days_ahead: "),
                Fault("bookings.claim_by", "needs a time such as 10:00", {}, "bookings: claim_by "),
            ],
        ),
        ({"capacity": -1}, [at_least("capacity", 0)]),
    ],
)
def test_fault_of_a_mall_names_field_and_place(changes, found):
    assert list(faults_of_mall(replace(MALL, **changes))) == found


NAMES = {"id": "Lansia", "en": "Elderly"}


@pytest.mark.parametrize(
    ("priority", "found"),
    [
        (Priority("ratio", 1, 1), []),
        (Priority("strict"), []),
        (Priority("fifo"), []),
        (
            Priority("dadu"),
            [
                Fault(
                    "priority.rule",
                    "rule {rule!r} is none of {rules}",
                    {"rule": "dadu", "rules": "ratio, strict, fifo"},
                    "priority: ",
                )
            ],
        ),
        (Priority(in_a_row=0), [Fault("priority.in_a_row", "at least {n}", {"n": 1}, "priority: in_a_row: ")]),
        (
            Priority(ceiling_minutes=0),
            [Fault("priority.ceiling_minutes", "at least {n}, or null", {"n": 1}, "priority: ceiling_minutes: ")],
        ),
        (
            Priority(classes=(PriorityClass("lansia", NAMES), PriorityClass("lansia", NAMES))),
            [Fault("priority.classes", "class {code} is named twice", {"code": "lansia"}, "priority: ")],
        ),
        (
            Priority(classes=(PriorityClass("a" * 30, NAMES), PriorityClass("a" * 31, NAMES))),
            [
                Fault(
                    "priority.classes.1.code",
                    "small letters and hyphens, at most 30, a letter first",
                    {},
                    f"priority: class {'a' * 31!r}: ",
                )
            ],
        ),
        (
            Priority(classes=(PriorityClass("lansia", {"id": "Lansia", "en": " "}),)),
            [
                Fault(
                    "priority.classes.0.name.en",
                    "class {code} has no name in {language!r}",
                    {"code": "lansia", "language": "en"},
                    "priority: ",
                )
            ],
        ),
    ],
)
def test_fault_of_the_priority_rule_names_field_and_place(priority, found):
    assert list(faults_of_mall(replace(MALL, priority=priority))) == found


def test_mall_has_the_usual_rules_unless_it_says_otherwise():
    assert (MALL.overtime_minutes, MALL.approaching, MALL.bookings, MALL.closed_on) == (120, 3, None, ())
    assert (MALL.tickets_from_minutes, MALL.last_ticket_minutes) == (0, 0)
    assert (MALL.kept_for_priority, MALL.kept_for_bookings, MALL.exceptions) == (0, 0, ())
    assert (MALL.home_percent, MALL.bookings_percent) == (30, 30)
    assert MALL.priority == Priority("ratio", 2, None, USUAL_CLASSES)
    assert (
        PriorityClass("disability", {"id": "Penyandang disabilitas", "en": "Person with a disability"}, "UU 8/2016"),
        PriorityClass(
            "elderly",
            {"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"},
            "UU 13/1998 pasal 1 ayat (2); PP 43/2004",
        ),
        PriorityClass("pregnancy", {"id": "Ibu hamil", "en": "Expectant mother"}, "PermenPANRB 11/2024"),
    ) == USUAL_CLASSES


# Differences


def test_difference_of_each_event_has_kind_name_act_and_fields():
    renamed = replace(JKN, name="JKN baru", minutes=20)
    new = CounterListed("G30", "Gerai 30", 3, "PLN")
    assert differences(KNOWN, [renamed, new, replace(new, floor=4), ServiceWithdrawn("JKN")]) == [
        Difference("service", "JKN", "JKN baru", "changed", {"name": ("JKN", "JKN baru"), "minutes": (15, 20)}),
        Difference(
            "counter",
            "G30",
            "Gerai 30",
            "added",
            {"name": (None, "Gerai 30"), "floor": (None, 3), "agency": (None, "PLN"), "services": (None, ())},
        ),
        Difference("counter", "G30", "Gerai 30", "changed", {"floor": (3, 4)}),
        Difference("service", "JKN", "JKN baru", "withdrawn"),
    ]


@pytest.mark.parametrize(
    ("event", "kind", "name"),
    [
        (AgencyWithdrawn("PLN"), "agency", "PLN"),
        (CounterWithdrawn("G05"), "counter", "Gerai 5"),
        (CounterWithdrawn("G99"), "counter", "G99"),
        (ServiceWithdrawn("SEHAT"), "service", "Surat sehat"),
    ],
)
def test_difference_of_a_withdrawal_has_the_last_name(event, kind, name):
    assert difference(KNOWN, event) == Difference(kind, event.code, name, "withdrawn")


@pytest.mark.parametrize(("event", "kind"), [(replace(MALL, capacity=3), "mall"), (replace(PLN, line="Q"), "agency")])
def test_difference_of_a_change_has_what_was_before(event, kind):
    found = difference(KNOWN, event)
    assert (found.kind, found.act, list(found.fields.values())) in [
        ("mall", "changed", [(100, 3)]),
        ("agency", "changed", [("P", "Q")]),
    ]
    assert found.kind == kind


def test_services_left_without_a_counter_are_named_once():
    left = after([CounterWithdrawn("G07"), CounterWithdrawn("G06")])
    assert left_alone(KNOWN, left) == ["DAYA"]
    assert left_alone(left, left) == [], "it had none before"
    assert left_alone(Directory(), left) == ["DAYA"]
