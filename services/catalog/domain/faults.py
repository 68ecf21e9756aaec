"""What is wrong with agencies, services and counters, field by field."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

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
LONGEST_NAME = 150


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


def faults_of_all(wanted: Directory) -> Iterator[Fault]:
    """What contradicts itself in a whole directory, each fault with its entry."""
    if wanted.mall is None:
        yield Fault("mall", "no mall")
        return
    yield from faults_of_mall(wanted.mall)
    kinds: tuple[tuple[str, Mapping[str, Listed]], ...] = (
        ("agency {entry}: ", wanted.agencies),
        ("service {entry}: ", wanted.services),
        ("counter {entry}: ", wanted.counters),
    )
    for where, entries in kinds:
        for entry in entries.values():
            for fault in faults_of(entry, wanted):
                values = {**fault.values, "entry": entry.code or "''"}
                yield replace(fault, where=where, values=values)


def _faults_of_name(name: str) -> Iterator[Fault]:
    if not name.strip():
        yield Fault("name", "a name is needed")
    if len(name) > LONGEST_NAME:
        yield Fault("name", "at most {n} letters", {"n": LONGEST_NAME}, place="name: ")


def _faults_of_agency(agency: AgencyListed, directory: Directory) -> Iterator[Fault]:
    yield from _faults_of_name(agency.name)
    if not LINE.fullmatch(agency.line):
        yield Fault("line", "line must be one or two capital letters")
    if any(other.line == agency.line for other in directory.agencies.values() if other.code != agency.code):
        yield Fault("line", "line {line} is used by another agency too", {"line": agency.line})


def _faults_of_service(service: ServiceListed, directory: Directory) -> Iterator[Fault]:
    yield from _faults_of_name(service.name)
    if service.agency not in directory.agencies:
        yield Fault("agency", "no agency {code}", {"code": service.agency})
    if service.minutes <= 0:
        yield Fault("minutes", "minutes must be more than 0")
    if service.capacity is not None and service.capacity <= 0:
        yield Fault("capacity", "capacity must be more than 0, or empty")
    if any(";" in need or not need.strip() for need in service.requirements):
        yield Fault("requirements", "one requirement a line, without semicolons")
    for name in service.components.keys() - COMPONENTS:
        known = {"name": name, "names": ", ".join(COMPONENTS)}
        yield Fault("components", "{name!r} is none of {names}", known, place="components: ")


def _faults_of_counter(counter: CounterListed, directory: Directory) -> Iterator[Fault]:
    yield from _faults_of_name(counter.name)
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
        yield Fault("week", "hours on at least one day, or none of its own", place="week: ")
