"""What is wrong with agencies, services and counters, field by field."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.catalog.domain import limits
from services.catalog.domain.declaration import limits_of
from services.catalog.domain.directory import (
    COMPONENTS,
    AgencyListed,
    CounterListed,
    Directory,
    Listed,
    ServiceListed,
)
from services.catalog.domain.hours import faults_of_week, within
from services.catalog.domain.mall import faults_of_mall
from services.chassis.errors import Fault

LINE = re.compile(r"[A-Z]{1,2}")
ENTRY = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}")
LONGEST_COUNTER = 10
SHORTEST_REASON = 3


def faults_of(entry: Listed, directory: Directory) -> Iterator[Fault]:
    """What is wrong with an entry of this directory."""
    match entry:
        case AgencyListed():
            yield from _faults_of_agency(entry, directory)
        case ServiceListed():
            yield from _faults_of_service(entry, directory)
        case CounterListed():
            yield from _faults_of_counter(entry, directory)


def faults_of_code(code: str) -> Iterator[Fault]:
    """What is wrong with the code of a new entry: it is part of addresses and cannot be changed."""
    if not ENTRY.fullmatch(code):
        yield Fault("code", "capital letters, digits and hyphens, at most {n}", {"n": 40})


def faults_of_new(entry: Listed, directory: Directory) -> Iterator[Fault]:
    """What is wrong with an entry that joins this directory, which holds it already."""
    yield from faults_of_code(entry.code)
    yield from faults_of(entry, directory)
    entries, most = _all_of_its_kind(entry, directory)
    if len(entries) > most:
        yield Fault("code", "at most {n} entries", {"n": most})


def faults_of_all(wanted: Directory, known: Directory, at: datetime | None = None) -> Iterator[Fault]:
    """What contradicts itself in a whole directory, each fault with its entry.

    `known` is what is listed so far, `at` when it is to be replaced.
    """
    if wanted.mall is None:
        yield Fault("mall", "no mall")
        return
    yield from faults_of_mall(wanted.mall)
    yield from limits.faults_of_count("agencies", len(wanted.agencies), limits.AGENCIES)
    yield from limits.faults_of_count("services", len(wanted.services), limits.SERVICES)
    yield from limits.faults_of_count("counters", len(wanted.counters), limits.COUNTERS)
    kinds: tuple[tuple[str, Mapping[str, Listed], Mapping[str, Listed]], ...] = (
        ("agency {entry}: ", wanted.agencies, known.agencies),
        ("service {entry}: ", wanted.services, known.services),
        ("counter {entry}: ", wanted.counters, known.counters),
    )
    for where, entries, listed in kinds:
        for entry in entries.values():
            # What is listed already keeps its code, though an earlier version may have taken it without asking.
            faults = [] if entry.code in listed else list(faults_of_code(entry.code))
            faults += faults_of(entry, wanted)
            faults += faults_of_line(entry, known, wanted, at) if isinstance(entry, AgencyListed) else []
            for fault in faults:
                values = {**fault.values, "entry": entry.code[:40] or "''"}
                yield replace(fault, where=where, values=values)


def faults_of_line(agency: AgencyListed, before: Directory, after: Directory, at: datetime | None) -> Iterator[Fault]:
    """Refuse a letter that another agency has had today, by the mall's date: tickets with it are in people's hands.

    An agency may keep its letter, or take back its own. What another still has `after` the change is no matter here.
    """
    known = before.agencies.get(agency.code)
    if at is None or before.mall is None or (known is not None and known.line == agency.line):
        return
    zone = ZoneInfo(before.mall.zone)
    today = at.astimezone(zone).date()
    released = [
        code
        for (line, code), when in before.released.items()
        if line == agency.line and when.astimezone(zone).date() >= today
    ]
    leaving = [one.code for one in before.agencies.values() if one.line == agency.line and not _has(one, after)]
    for code in dict.fromkeys(each for each in (*released, *leaving) if each != agency.code):
        values = {"line": agency.line, "agency": code}
        yield Fault("line", "line {line} was used by {agency} today, and is free tomorrow", values)


def _has(agency: AgencyListed, directory: Directory) -> bool:
    now = directory.agencies.get(agency.code)
    return now is not None and now.line == agency.line


def faults_of_reason(field: str, reason: str) -> Iterator[Fault]:
    """What is wrong with the reason that an agency is suspended for."""
    if len(reason.strip()) < SHORTEST_REASON:
        yield Fault(field, "a reason of at least {n} letters", {"n": SHORTEST_REASON})
    yield from limits.faults_of_value(field, reason, limits.REASON)


def _all_of_its_kind(entry: Listed, directory: Directory) -> tuple[Mapping[str, Listed], int]:
    match entry:
        case AgencyListed():
            return directory.agencies, limits.AGENCIES
        case ServiceListed():
            return directory.services, limits.SERVICES
        case CounterListed():
            return directory.counters, limits.COUNTERS


def _faults_of_name(name: str) -> Iterator[Fault]:
    if not name.strip():
        yield Fault("name", "a name is needed")


def _faults_of_agency(agency: AgencyListed, directory: Directory) -> Iterator[Fault]:
    yield from _faults_of_name(agency.name)
    yield from limits.faults_of_fields(agency, limits_of(AgencyListed))
    if agency.suspended and len(agency.suspended.strip()) < SHORTEST_REASON:
        yield Fault("suspended", "a reason of at least {n} letters", {"n": SHORTEST_REASON})
    if not LINE.fullmatch(agency.line):
        yield Fault("line", "line must be one or two capital letters")
    if any(other.line == agency.line for other in directory.agencies.values() if other.code != agency.code):
        yield Fault("line", "line {line} is used by another agency too", {"line": agency.line})


def _faults_of_service(service: ServiceListed, directory: Directory) -> Iterator[Fault]:
    yield from _faults_of_name(service.name)
    yield from limits.faults_of_fields(service, limits_of(ServiceListed))
    if service.agency not in directory.agencies:
        yield Fault("agency", "no agency {code}", {"code": service.agency})
    if any(";" in need or not need.strip() for need in service.requirements):
        yield Fault("requirements", "one requirement a line, without semicolons")
    for name, text in service.components.items():
        if name not in COMPONENTS:
            known = {"name": name, "names": ", ".join(COMPONENTS)}
            yield Fault("components", "{name!r} is none of {names}", known, label="components: ")
        yield from within("components", limits.faults_of_value(name, text, limits.COMPONENT), "components: ")


def _faults_of_counter(counter: CounterListed, directory: Directory) -> Iterator[Fault]:
    yield from _faults_of_name(counter.name)
    yield from limits.faults_of_fields(counter, limits_of(CounterListed))
    if counter.agency not in directory.agencies:
        yield Fault("agency", "no agency {code}", {"code": counter.agency})
    if not 0 < len(counter.code) <= LONGEST_COUNTER:
        says = "1 to {n} characters, for it is part of a text message"
        yield Fault("code", says, {"n": LONGEST_COUNTER})
    for code in counter.services:
        if code not in directory.services:
            yield Fault("services", "no service {code}", {"code": code})
    yield from within("week", faults_of_week(counter.week or {}), "week: ")
    if counter.week is not None and not any(counter.week.values()):
        yield Fault("week", "hours on at least one day, or none of its own", label="week: ")
