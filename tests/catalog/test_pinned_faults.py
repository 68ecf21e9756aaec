"""Which entries are refused, as whole faults: field, position, message and the values in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.catalog.domain import faults, limits
from services.catalog.domain.directory import AgencyListed, CounterListed, Directory, ServiceListed
from services.catalog.domain.hours import SHUT, WEEKDAYS, faults_of_day, faults_of_week, within
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

OFFICE = (("08:00", "15:00"),)
WEEK = {**SHUT, **dict.fromkeys(WEEKDAYS[:5], OFFICE)}
MALL = MallListed("pekalongan", "MPP Pekalongan", "Pekalongan", "Jl. Majapahit 5", "Asia/Jakarta", 100, WEEK)
PLN = AgencyListed("PLN", "PLN", "A")
METER = ServiceListed("PLN-METER", "Meteran", "PLN", 10)
G01 = CounterListed("G01", "Gerai 1", 1, "PLN", ("PLN-METER",))
KNOWN = Directory(MALL, {"PLN": PLN}, {"PLN-METER": METER}, {"G01": G01})
SHORT = Fault("suspended", "a reason of at least {n} letters", {"n": 3})
NAMELESS = Fault("name", "a name is needed")


def of(entry, known: Directory = KNOWN) -> list[Fault]:
    return list(faults.faults_of(entry, known))


def longest(field: str, most: int) -> Fault:
    return Fault(field, "at most {n} letters", {"n": most}, label=f"{field}: ")


# Agencies, services, counters


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"name": " "}, [NAMELESS]),
        ({"name": "x" * 151}, [longest("name", 150)]),
        ({"suspended": "ab "}, [SHORT]),
        ({"suspended": "abc"}, []),
        ({"suspended": "x" * 201}, [longest("suspended", 200)]),
        ({"line": "ABC"}, [Fault("line", "line must be one or two capital letters")]),
        ({"line": "a"}, [Fault("line", "line must be one or two capital letters")]),
        ({"line": ""}, [Fault("line", "line must be one or two capital letters")]),
        ({"line": "AB"}, []),
        ({"code": "PDAM"}, [Fault("line", "line {line} is used by another agency too", {"line": "A"})]),
    ],
)
def test_faults_of_an_agency(changed, expected):
    assert of(replace(PLN, **changed)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"name": ""}, [NAMELESS]),
        ({"agency": "PDAM"}, [Fault("agency", "no agency {code}", {"code": "PDAM"})]),
        ({"minutes": 0}, [Fault("minutes", "at least {n}", {"n": 1}, label="minutes: ")]),
        ({"minutes": 481}, [Fault("minutes", "at most {n}", {"n": 480}, label="minutes: ")]),
        ({"capacity": 0}, [Fault("capacity", "at least {n}, or null", {"n": 1}, label="capacity: ")]),
        ({"requirements": ("KTP", "KK; NPWP")}, [Fault("requirements", "one requirement a line, without semicolons")]),
        ({"requirements": ("KTP", " ")}, [Fault("requirements", "one requirement a line, without semicolons")]),
        ({"requirements": ("KTP", "KK")}, []),
        (
            {"requirements": ("KTP",) * 51},
            [Fault("requirements", "at most {n} entries", {"n": 50}, label="requirements: ")],
        ),
        (
            {"components": {"weather": "x"}},
            [
                Fault(
                    "components",
                    "{name!r} is none of {names}",
                    {
                        "name": "weather",
                        "names": "requirements, procedure, duration, fee, product, complaints, legal_basis, "
                        "facilities, competence, supervision, staff_count, guarantee, safety, evaluation",
                    },
                    label="components: ",
                )
            ],
        ),
        (
            {"components": {"fee": "x" * 2001}},
            [Fault("components.fee", "at most {n} letters", {"n": 2000}, label="components: fee: ")],
        ),
        ({"components": {"fee": "Rp0\nGratis"}}, []),
    ],
)
def test_faults_of_a_service(changed, expected):
    assert of(replace(METER, **changed)) == expected


CODE = Fault("code", "1 to {n} characters, for it is part of a text message", {"n": 10})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"name": ""}, [NAMELESS]),
        ({"agency": "PDAM"}, [Fault("agency", "no agency {code}", {"code": "PDAM"})]),
        ({"code": ""}, [CODE]),
        ({"code": "G"}, []),
        ({"code": "G123456789"}, []),
        ({"code": "G1234567890"}, [CODE]),
        ({"floor": -6}, [Fault("floor", "at least {n}", {"n": -5}, label="floor: ")]),
        ({"services": ("PLN-METER", "SIM")}, [Fault("services", "no service {code}", {"code": "SIM"})]),
        ({"week": WEEK}, []),
        ({"week": {}}, [Fault("week", "hours on at least one day, or none of its own", label="week: ")]),
        ({"week": SHUT}, [Fault("week", "hours on at least one day, or none of its own", label="week: ")]),
        (
            {"week": {"monday": (("8", "15:00"),)}},
            [Fault("week.monday", "needs times such as 08:00", label="week: monday ")],
        ),
    ],
)
def test_faults_of_a_counter(changed, expected):
    assert of(replace(G01, **changed)) == expected


BAD_CODE = Fault("code", "capital letters, digits and hyphens, at most {n}", {"n": 40})


@pytest.mark.parametrize(
    ("code", "is_sound"),
    [("A", True), ("9-A", True), ("A" * 40, True), ("A" * 41, False), ("-A", False), ("a", False), ("", False)],
)
def test_code_of_a_new_entry(code, is_sound):
    assert list(faults.faults_of_code(code)) == ([] if is_sound else [BAD_CODE])


@pytest.mark.parametrize(
    ("kind", "most"),
    [("agencies", limits.AGENCIES), ("services", limits.SERVICES), ("counters", limits.COUNTERS)],
)
def test_number_of_entries_of_a_mall_is_limited(kind, most):
    entry = {"agencies": PLN, "services": METER, "counters": G01}[kind]
    others = {"agencies": replace(PLN, line="B"), "services": METER, "counters": G01}[kind]
    for count, expected in ((most, []), (most + 1, [Fault("code", "at most {n} entries", {"n": most})])):
        many = {f"X{n}": replace(others, code=f"X{n}") for n in range(count - 1)}
        full = replace(KNOWN, **{kind: {**many, entry.code: entry}})
        if kind == "agencies":
            full = replace(full, agencies={**full.agencies, "PLN": PLN})
        assert list(faults.faults_of_new(entry, full)) == expected
        whole = Fault(kind, "at most {n} entries", {"n": most}, label=f"{kind}: ")
        assert (whole in list(faults.faults_of_all(full, full))) is bool(expected)


@pytest.mark.parametrize(("reason", "is_sound"), [("", False), ("ab", False), (" ab ", False), ("abc", True)])
def test_reason_of_a_suspension_has_three_letters(reason, is_sound):
    found = list(faults.faults_of_reason("reason", reason))
    assert found == ([] if is_sound else [Fault("reason", "a reason of at least {n} letters", {"n": 3})])


def test_reason_of_a_suspension_is_a_printable_text_of_limited_length():
    assert list(faults.faults_of_reason("reason", "x" * 200)) == []
    assert list(faults.faults_of_reason("reason", "x" * 201)) == [longest("reason", 200)]
    character = Fault("reason", limits.CHARACTERS, {"character": "U+0007"}, label="reason: ")
    assert list(faults.faults_of_reason("reason", "Pindah\x07")) == [character]


def test_faults_of_a_whole_directory_name_their_entries():
    assert list(faults.faults_of_all(Directory(), KNOWN)) == [Fault("mall", "no mall")]
    assert list(faults.faults_of_all(KNOWN, KNOWN)) == []
    nameless = (replace(PLN, name=""), replace(METER, name=""), replace(G01, name=""))
    wanted = Directory(replace(MALL, city=""), {"PLN": nameless[0]}, {"PLN-METER": nameless[1]}, {"G01": nameless[2]})
    assert list(faults.faults_of_all(wanted, KNOWN)) == [
        Fault("city", "must not be empty", label="city: "),
        replace(NAMELESS, where="agency {entry}: ", values={"entry": "PLN"}),
        replace(NAMELESS, where="service {entry}: ", values={"entry": "PLN-METER"}),
        replace(NAMELESS, where="counter {entry}: ", values={"entry": "G01"}),
    ]
    odd = replace(METER, code="x" * 41)
    unlisted = replace(KNOWN, services={**KNOWN.services, odd.code: odd, "": replace(METER, code="")})
    assert list(faults.faults_of_all(unlisted, KNOWN)) == [
        replace(BAD_CODE, where="service {entry}: ", values={"n": 40, "entry": "x" * 40}),
        replace(BAD_CODE, where="service {entry}: ", values={"n": 40, "entry": "''"}),
    ]
    assert list(faults.faults_of_all(unlisted, unlisted)) == [], "what is listed keeps its code"


NIGHT = datetime(2026, 11, 24, 16, 59, tzinfo=UTC)  # 23:59 in Pekalongan


def used(agency: str) -> Fault:
    values = {"line": "A", "agency": agency}
    return Fault("line", "line {line} was used by {agency} today, and is free tomorrow", values)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, []),
        (NIGHT, [used("PDAM")]),
        (NIGHT - timedelta(hours=30), [used("PDAM")]),
        (NIGHT + timedelta(minutes=1), []),
    ],
)
def test_letter_released_today_is_free_tomorrow_by_the_malls_date(at, expected):
    new = replace(PLN, code="BPN")
    before = replace(KNOWN, agencies={}, released={("A", "PDAM"): NIGHT, ("B", "X"): NIGHT, ("A", "BPN"): NIGHT})
    after = replace(before, agencies={"BPN": new})
    assert list(faults.faults_of_line(new, before, after, at)) == expected


def test_letter_of_an_agency_that_leaves_or_changes_is_used_today():
    new = replace(PLN, code="BPN")
    assert list(faults.faults_of_line(new, KNOWN, replace(KNOWN, agencies={"BPN": new}), NIGHT)) == [used("PLN")]
    changed = {"BPN": new, "PLN": replace(PLN, line="B")}
    assert list(faults.faults_of_line(new, KNOWN, replace(KNOWN, agencies=changed), NIGHT)) == [used("PLN")]
    both = replace(KNOWN, agencies={"BPN": new, "PLN": PLN})
    assert list(faults.faults_of_line(new, KNOWN, both, NIGHT)) == []
    assert list(faults.faults_of_line(PLN, KNOWN, KNOWN, NIGHT)) == []
    free = replace(new, line="C")
    assert list(faults.faults_of_line(free, KNOWN, replace(KNOWN, agencies={"BPN": free}), NIGHT)) == []
    released = replace(KNOWN, released={("A", "PDAM"): NIGHT})
    assert list(faults.faults_of_line(PLN, released, released, NIGHT)) == [], "it keeps its letter"


def test_first_import_of_a_mall_at_a_known_time_has_no_faults():
    assert list(faults.faults_of_all(KNOWN, Directory(), NIGHT)) == []
    assert list(faults.faults_of_line(PLN, Directory(), KNOWN, NIGHT)) == []


# Hours


def test_faults_of_a_day_and_of_a_week():
    six = tuple((f"{hour:02d}:00", f"{hour:02d}:30") for hour in range(6))
    order = Fault("", "needs intervals that open before they close, one after the other")
    assert list(faults_of_day(six)) == []
    assert list(faults_of_day((*six, ("07:00", "08:00")))) == [Fault("", "has more than {n} intervals", {"n": 6})]
    assert list(faults_of_day((("08:00", "08:00"),))) == [order]
    assert list(faults_of_day((("08:00", "09:00"), ("09:00", "10:00")))) == [order]
    for clock, is_sound in (("00:00", True), ("23:59", True), ("24:00", False), ("12:60", False), ("9:00", False)):
        found = list(faults_of_day(((clock, "23:59:00"),)))
        assert found == [Fault("", "needs times such as 08:00")]
        ordered = (("00:00", clock),) if clock != "00:00" else ((clock, "00:01"),)
        assert (list(faults_of_day(ordered)) == []) is is_sound
    days = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
    assert list(faults_of_week({"monday": OFFICE, "funday": (), "friday": (("1", "2"),)})) == [
        Fault("funday", "{day!r} is none of {days}", {"day": "funday", "days": days}),
        Fault("friday", "needs times such as 08:00", label="friday "),
    ]
    assert dict(SHUT) == dict.fromkeys(days.split(", "), ())
    inner = [Fault("", "a"), Fault("x", "b", label="p: ")]
    assert list(within("week", inner, "week: ")) == [
        Fault("week", "a", label="week: "),
        Fault("week.x", "b", label="week: p: "),
    ]
    assert list(within("week", inner)) == [Fault("week", "a"), Fault("week.x", "b", label="p: ")]


# The mall


def at_least(field: str, least: int, label: str = "") -> Fault:
    return Fault(field, "at least {n}", {"n": least}, label=label or f"{field}: ")


def at_most(field: str, most: int) -> Fault:
    return Fault(field, "at most {n}", {"n": most}, label=f"{field}: ")


def no_zone(zone: str) -> Fault:
    return Fault("zone", "there is no time zone {zone!r}", {"zone": zone}, label="zone: ")


CUTI = HoursException(date(2026, 12, 24), (), "Cuti bersama")
NAME = Fault("name", "at most {n} plain letters, for it opens every text message", {"n": 40}, label="mall name: ")
MALL_CODE = "small letters, digits and hyphens, at most 40, and not the word mall itself"
KEPT = Fault("kept_for_bookings", "together more than the capacity", label="kept_for_priority, kept_for_bookings: ")

TOGETHER = Fault("bookings_percent", "together more than 100 per cent", label="home_percent, bookings_percent: ")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"code": "mall"}, [Fault("code", MALL_CODE, label="mall code 'mall': ")]),
        ({"code": "P"}, [Fault("code", MALL_CODE, label="mall code 'P': ")]),
        ({"code": "x" * 41}, [Fault("code", MALL_CODE, label=f"mall code {'x' * 41!r}: ")]),
        ({"code": "x" * 40}, []),
        ({"name": "x" * 40}, []),
        ({"name": "x" * 41}, [NAME]),
        ({"name": "Pékalongan"}, [NAME]),
        (
            {"name": "a\x07"},
            [Fault("name", limits.CHARACTERS, {"character": "U+0007"}, label="name: ")],
        ),
        ({"city": " "}, [Fault("city", "must not be empty", label="city: ")]),
        ({"address": ""}, [Fault("address", "must not be empty", label="address: ")]),
        ({"name": ""}, [Fault("name", "must not be empty", label="name: ")]),
        ({"zone": "Asia/Pekalongan"}, [no_zone("Asia/Pekalongan")]),
        *(({"zone": zone}, [no_zone(zone)]) for zone in ("../x", "/etc/passwd", "Asia", "")),
        (
            {"zone": "a\0b"},
            [no_zone("a\0b"), Fault("zone", limits.CHARACTERS, {"character": "U+0000"}, label="zone: ")],
        ),
        ({"zone": "x" * 300}, [no_zone("x" * 300), longest("zone", 64)]),
        ({"capacity": -1}, [at_least("capacity", 0)]),
        ({"capacity": 0}, []),
        ({"capacity": 0, "kept_for_priority": 1}, [KEPT]),
        *(
            ({"home_percent": home, "bookings_percent": bookings}, [])
            for home, bookings in ((0, 0), (100, 0), (0, 100), (50, 50))
        ),
        *(
            ({"home_percent": home, "bookings_percent": bookings}, [TOGETHER])
            for home, bookings in ((100, 1), (1, 100), (50, 51), (100, 100))
        ),
        ({"home_percent": 101, "bookings_percent": 0}, [at_most("home_percent", 100)]),
        ({"home_percent": 1, "bookings_percent": 101}, [at_most("bookings_percent", 100)]),
        (
            {"week": {"funday": ()}},
            [
                Fault(
                    "week.funday",
                    "{day!r} is none of {days}",
                    {"day": "funday", "days": ", ".join(WEEKDAYS)},
                    label="week: ",
                )
            ],
        ),
        ({"exceptions": (CUTI,)}, []),
        *(
            ({"exceptions": (replace(CUTI, date=day),)}, [])
            for day in (date(2000, 1, 1), date(2000, 12, 31), date(2100, 1, 1), date(2100, 12, 31))
        ),
        (
            {"exceptions": (replace(CUTI, date=date(2101, 1, 1)),)},
            [
                Fault(
                    "exceptions.0.date",
                    "a date from {first} to {last}",
                    {"first": 2000, "last": 2100},
                    label="exceptions: 2101-01-01 date: ",
                )
            ],
        ),
        (
            {"exceptions": (CUTI, CUTI)},
            [Fault("exceptions", "{date} is named twice", {"date": CUTI.date}, label="exceptions: ")],
        ),
        (
            {"exceptions": (CUTI, HoursException(date(2026, 12, 25), (), " "))},
            [Fault("exceptions.1.reason", "needs a reason", label="exceptions: 2026-12-25 ")],
        ),
        (
            {"exceptions": (HoursException(date(1999, 12, 31), (("9", "10"),), "Lama"),)},
            [
                Fault(
                    "exceptions.0.date",
                    "a date from {first} to {last}",
                    {"first": 2000, "last": 2100},
                    label="exceptions: 1999-12-31 date: ",
                ),
                Fault("exceptions.0.intervals", "needs times such as 08:00", label="exceptions: 1999-12-31 "),
            ],
        ),
        (
            {"exceptions": tuple(HoursException(date(2026, 1, 1) + timedelta(n), (), "Cuti") for n in range(401))},
            [Fault("exceptions", "at most {n} entries", {"n": 400}, label="exceptions: ")],
        ),
        ({"closed_on": ("public-holiday", "joint-leave")}, []),
        (
            {"closed_on": ("rain", "rain")},
            [
                *[
                    Fault(
                        "closed_on",
                        "{kind!r} is none of {kinds}",
                        {"kind": "rain", "kinds": "public-holiday, joint-leave"},
                        label="closed_on: ",
                    )
                ]
                * 2,
                Fault("closed_on", "{kind} is named twice", {"kind": "rain"}, label="closed_on: "),
            ],
        ),
        ({"kept_for_priority": 100}, []),
        ({"kept_for_priority": 101}, [KEPT]),
        ({"bookings": Bookings(7, "10:00"), "kept_for_priority": 60, "kept_for_bookings": 41}, [KEPT]),
        ({"bookings": Bookings(7, "10:00"), "kept_for_priority": 60, "kept_for_bookings": 40}, []),
        (
            {"kept_for_bookings": 1},
            [
                Fault(
                    "kept_for_bookings",
                    "nobody could book these places, for bookings is null",
                    label="kept_for_bookings: ",
                )
            ],
        ),
        (
            {"bookings": Bookings(0, "25:00")},
            [
                at_least("bookings.days_ahead", 1, "bookings: days_ahead: "),
                Fault("bookings.claim_by", "needs a time such as 10:00", label="bookings: claim_by "),
            ],
        ),
        (
            {"priority": Priority("lottery", 0, 0)},
            [
                Fault(
                    "priority.rule",
                    "rule {rule!r} is none of {rules}",
                    {"rule": "lottery", "rules": "ratio, strict, fifo"},
                    label="priority: ",
                ),
                at_least("priority.in_a_row", 1, "priority: in_a_row: "),
                Fault(
                    "priority.ceiling_minutes",
                    "at least {n}, or null",
                    {"n": 1},
                    label="priority: ceiling_minutes: ",
                ),
            ],
        ),
        (
            {"priority": Priority(classes=(USUAL_CLASSES[0], USUAL_CLASSES[0]))},
            [Fault("priority.classes", "class {code} is named twice", {"code": "disability"}, label="priority: ")],
        ),
        (
            {"priority": Priority(classes=(PriorityClass("Vip", {"id": "VIP", "x!": "y"}, "z" * 201),))},
            [
                Fault(
                    "priority.classes.0.code",
                    "small letters and hyphens, at most 30, a letter first",
                    label="priority: class 'Vip': ",
                ),
                Fault(
                    "priority.classes.0.name.en",
                    "class {code} has no name in {language!r}",
                    {"code": "Vip", "language": "en"},
                    label="priority: ",
                ),
                Fault(
                    "priority.classes.0.basis",
                    "at most {n} letters",
                    {"n": 200},
                    label="priority: classes: basis: ",
                ),
                Fault(
                    "priority.classes.0.name",
                    "{language!r} is no code of a language",
                    {"language": "x!"},
                    label="priority: classes: name: ",
                ),
            ],
        ),
        (
            {"priority": Priority(classes=(PriorityClass("vip", {"id": "x" * 81, "en": " "}),))},
            [
                Fault(
                    "priority.classes.0.name.en",
                    "class {code} has no name in {language!r}",
                    {"code": "vip", "language": "en"},
                    label="priority: ",
                ),
                Fault(
                    "priority.classes.0.name.id",
                    "at most {n} letters",
                    {"n": 80},
                    label="priority: classes: name.id: ",
                ),
            ],
        ),
    ],
)
def test_faults_of_a_mall(changed, expected):
    assert list(faults_of_mall(replace(MALL, **changed))) == expected


def test_number_of_classes_of_a_mall_is_limited():
    many = tuple(PriorityClass(f"class-{'x' * n}", {"id": "a", "en": "b"}) for n in range(21))
    assert list(faults_of_mall(replace(MALL, priority=Priority(classes=many[:20])))) == []
    assert list(faults_of_mall(replace(MALL, priority=Priority(classes=many)))) == [
        Fault("priority.classes", "at most {n} entries", {"n": 20}, label="priority: classes: ")
    ]
