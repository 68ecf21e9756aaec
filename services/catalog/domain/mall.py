"""A mall and the rules of its day: when it is open, how many it takes, whom it calls first."""

import datetime
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.catalog.domain import limits
from services.catalog.domain.declaration import declared, limits_of
from services.catalog.domain.hours import CLOCK, Intervals, Week, faults_of_day, faults_of_week, within
from services.catalog.domain.limits import PLACES, REASON, Dates, Number, Text
from services.chassis.errors import Fault

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
CLASS = re.compile(r"[a-z][a-z-]{0,29}")
LONGEST_SHORT_NAME = limits.NAME_OF_MALL.longest
HOLIDAYS = ("public-holiday", "joint-leave")  # hari libur nasional, cuti bersama
RULES = ("ratio", "strict", "fifo")
LANGUAGES = ("id", "en")
LANGUAGE = re.compile(r"[a-z]{2,3}")
Thing = TypeVar("Thing", bound=Hashable)


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class HoursException:
    """The hours of one date, whatever the week and the holidays say; none when the mall is closed."""

    date: datetime.date = field(metadata=declared(Dates(2000, 2100), example="2026-12-24"))
    intervals: Intervals = field(metadata=declared(example=[["08:00", "11:00"]]))
    reason: str = field(metadata=declared(REASON, example="Jam khusus akhir tahun"))


@dataclass(frozen=True)
class Bookings:
    """How many days ahead places can be booked; at claim_by ("HH:MM") those nobody claimed are free to everybody."""

    days_ahead: int = field(metadata=declared(Number(1, limits.DAYS_AHEAD), example=14))
    claim_by: str = field(metadata=declared(example="10:00"))


@dataclass(frozen=True)
class PriorityClass:
    """Visitors who have priority: the name by language, and the regulation behind it."""

    code: str = field(metadata=declared(example="elderly"))
    name: Mapping[str, str] = field(
        metadata=declared(example={"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"})
    )
    basis: str = field(default="", metadata=declared(Text(200), example="UU 13/1998 pasal 1 ayat (2); PP 43/2004"))


USUAL_CLASSES = (
    PriorityClass("disability", {"id": "Penyandang disabilitas", "en": "Person with a disability"}, "UU 8/2016"),
    PriorityClass(
        "elderly",
        {"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"},
        "UU 13/1998 pasal 1 ayat (2); PP 43/2004",
    ),
    PriorityClass("pregnancy", {"id": "Ibu hamil", "en": "Expectant mother"}, "PermenPANRB 11/2024"),
)


@dataclass(frozen=True)
class Priority:
    """Whom a counter calls first.

    ratio: priority visitors, at most in_a_row in a row while another waits, and whoever waited longer than the ceiling
    before all who came later. strict: priority visitors, always. fifo: by arrival alone.
    """

    rule: str = field(default="ratio", metadata=declared(choices=RULES))
    in_a_row: int = field(default=2, metadata=declared(Number(1, 20)))
    ceiling_minutes: int | None = field(default=None, metadata=declared(Number(1, 600, optional=True)))
    classes: tuple[PriorityClass, ...] = field(default=USUAL_CLASSES, metadata=declared(most=limits.CLASSES))


@dataclass(frozen=True)
class MallListed:
    """A mall: zone is an IANA name, times are of that zone; the minutes and places are explained in the event model."""

    code: str = field(metadata=declared(example="batang"))
    name: str = field(metadata=declared(limits.NAME_OF_MALL, example="MPP Kabupaten Batang"))
    city: str = field(metadata=declared(Text(80), example="Kabupaten Batang"))
    address: str = field(metadata=declared(Text(200)))
    zone: str = field(metadata=declared(Text(64), example="Asia/Jakarta"))
    capacity: int = field(metadata=declared(Number(0, PLACES), about="Applicants a day."))
    week: Week = field(metadata=declared(example={"monday": [["08:00", "12:00"], ["13:00", "15:00"]]}))
    exceptions: tuple[HoursException, ...] = field(default=(), metadata=declared(most=limits.EXCEPTIONS))
    closed_on: tuple[str, ...] = field(default=(), metadata=declared(choices=HOLIDAYS))
    tickets_from_minutes: int = field(
        default=0, metadata=declared(Number(0, 240), about="Tickets are given so long before it opens.")
    )
    last_ticket_minutes: int = field(
        default=0,
        metadata=declared(
            Number(0, 480), about="No more tickets so long before it closes; those given are still served."
        ),
    )
    overtime_minutes: int = field(
        default=120, metadata=declared(Number(0, 720), about="The day is closed automatically so long after closing.")
    )
    kept_for_priority: int = field(
        default=0, metadata=declared(Number(0, PLACES), about="Places a day kept for priority visitors.")
    )
    kept_for_bookings: int = field(
        default=0, metadata=declared(Number(0, PLACES), about="Places a day kept for online bookings.")
    )
    bookings: Bookings | None = field(default=None, metadata=declared(about="Null: no online booking."))
    priority: Priority = field(default_factory=Priority, metadata=declared())
    approaching: int = field(
        default=3, metadata=declared(Number(1, 20), about="A visitor who reaches this place in line is notified.")
    )
    home_percent: int = field(
        default=30, metadata=declared(Number(0, 100), about="Per cent of the capacity issued from home at most.")
    )
    bookings_percent: int = field(
        default=30, metadata=declared(Number(0, 100), about="Per cent of the capacity booked online at most.")
    )


def faults_of_mall(mall: MallListed) -> Iterator[Fault]:
    """What contradicts itself in a mall, each fault with its field."""
    if not CODE.fullmatch(mall.code) or mall.code == "mall":
        says = "small letters, digits and hyphens, at most 40, and not the word mall itself"
        yield Fault("code", says, label=f"mall code {mall.code!r}: ")
    if not mall.name.isascii() or len(mall.name) > LONGEST_SHORT_NAME:
        says = "at most {n} plain letters, for it opens every text message"
        yield Fault("name", says, {"n": LONGEST_SHORT_NAME}, label="mall name: ")
    else:
        yield from limits.faults_of_value("name", mall.name, limits.NAME_OF_MALL)
    for named in ("name", "city", "address"):
        if not getattr(mall, named).strip():
            yield Fault(named, "must not be empty", label=f"{named}: ")
    try:
        ZoneInfo(mall.zone)
    except (KeyError, ValueError, OSError):
        yield Fault("zone", "there is no time zone {zone!r}", {"zone": mall.zone}, label="zone: ")
    yield from limits.faults_of_fields(
        mall, {name: one for name, one in limits_of(MallListed).items() if name != "name"}
    )
    yield from within("week", faults_of_week(mall.week), "week: ")
    yield from _faults_of_closures(mall)
    yield from _faults_of_kept_places(mall)
    yield from within("priority", _faults_of_priority(mall.priority), "priority: ")


def _faults_of_closures(mall: MallListed) -> Iterator[Fault]:
    yield from limits.faults_of_count("exceptions", len(mall.exceptions), limits.EXCEPTIONS)
    for date in _repeated(exception.date for exception in mall.exceptions):
        yield Fault("exceptions", "{date} is named twice", {"date": date}, label="exceptions: ")
    for number, exception in enumerate(mall.exceptions):
        label = f"exceptions: {exception.date} "
        if not exception.reason.strip():
            yield Fault(f"exceptions.{number}.reason", "needs a reason", label=label)
        yield from within(f"exceptions.{number}", limits.faults_of_fields(exception, limits_of(HoursException)), label)
        yield from within(f"exceptions.{number}.intervals", faults_of_day(exception.intervals), label)
    for kind in mall.closed_on:
        if kind not in HOLIDAYS:
            known = {"kind": kind, "kinds": ", ".join(HOLIDAYS)}
            yield Fault("closed_on", "{kind!r} is none of {kinds}", known, label="closed_on: ")
    for kind in _repeated(mall.closed_on):
        yield Fault("closed_on", "{kind} is named twice", {"kind": kind}, label="closed_on: ")


def _faults_of_kept_places(mall: MallListed) -> Iterator[Fault]:
    if max(mall.home_percent, mall.bookings_percent) <= 100 < mall.home_percent + mall.bookings_percent:
        label = "home_percent, bookings_percent: "
        yield Fault("bookings_percent", "together more than 100 per cent", label=label)
    if mall.kept_for_priority + mall.kept_for_bookings > max(mall.capacity, 0):
        label = "kept_for_priority, kept_for_bookings: "
        yield Fault("kept_for_bookings", "together more than the capacity", label=label)
    if mall.bookings is None:
        if mall.kept_for_bookings > 0:
            says = "nobody could book these places, for bookings is null"
            yield Fault("kept_for_bookings", says, label="kept_for_bookings: ")
        return
    yield from within("bookings", limits.faults_of_fields(mall.bookings, limits_of(Bookings)), "bookings: ")
    if not CLOCK.fullmatch(mall.bookings.claim_by):
        yield Fault("bookings.claim_by", "needs a time such as 10:00", label="bookings: claim_by ")


def _faults_of_priority(priority: Priority) -> Iterator[Fault]:
    if priority.rule not in RULES:
        yield Fault("rule", "rule {rule!r} is none of {rules}", {"rule": priority.rule, "rules": ", ".join(RULES)})
    yield from limits.faults_of_fields(priority, limits_of(Priority))
    yield from limits.faults_of_count("classes", len(priority.classes), limits.CLASSES)
    for code in _repeated(c.code for c in priority.classes):
        yield Fault("classes", "class {code} is named twice", {"code": code})
    for number, each in enumerate(priority.classes):
        if not CLASS.fullmatch(each.code):
            says = "small letters and hyphens, at most 30, a letter first"
            yield Fault(f"classes.{number}.code", says, label=f"class {each.code!r}: ")
        for language in LANGUAGES:
            if not each.name.get(language, "").strip():
                given = {"code": each.code, "language": language}
                yield Fault(f"classes.{number}.name.{language}", "class {code} has no name in {language!r}", given)
        yield from within(f"classes.{number}", _faults_of_texts(each), "classes: ")


def _faults_of_texts(each: PriorityClass) -> Iterator[Fault]:
    yield from limits.faults_of_fields(each, limits_of(PriorityClass))
    for language, name in each.name.items():
        if not LANGUAGE.fullmatch(language):
            yield Fault("name", "{language!r} is no code of a language", {"language": language[:20]}, label="name: ")
        yield from limits.faults_of_value(f"name.{language}", name, limits.CLASS_NAME)


def _repeated(things: Iterable[Thing]) -> list[Thing]:
    return [thing for thing, times in Counter(things).items() if times > 1]
