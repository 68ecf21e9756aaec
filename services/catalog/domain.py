"""A mall's directory: its agencies, services and counters, when it opens, how many visitors it takes a day."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar, assert_never
from zoneinfo import ZoneInfo

from services.chassis.decider import Decider
from services.chassis.errors import Invalid, NotFound

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LINE = re.compile(r"[A-Z]{1,2}")
LONGEST_COUNTER = 10
LONGEST_SHORT_NAME = 40  # a mall's name opens every text message, which has 160 characters in all


class UnknownMall(NotFound):
    """No such mall."""


class InvalidCatalog(Invalid):
    """The catalog contradicts itself; `faults` says where, line by line."""


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class MallListed:
    """A mall: zone is an IANA name; week has, per weekday, intervals of (opens, closes) as "HH:MM"."""

    code: str
    name: str
    city: str
    address: str
    zone: str
    capacity: int
    week: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class AgencyListed:
    """An agency and the letter of its line."""

    code: str
    name: str
    line: str


@dataclass(frozen=True)
class ServiceListed:
    """A service: minutes are what a visit typically takes, requirements what to bring."""

    code: str
    name: str
    agency: str
    minutes: int
    requirements: tuple[str, ...] = ()
    basis: str = ""


@dataclass(frozen=True)
class CounterListed:
    """A counter and the services it gives."""

    code: str
    name: str
    floor: int
    agency: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgencyWithdrawn:
    """An agency has left."""

    code: str


@dataclass(frozen=True)
class ServiceWithdrawn:
    """A service is no longer offered."""

    code: str


@dataclass(frozen=True)
class CounterWithdrawn:
    """A counter is gone."""

    code: str


Listed = AgencyListed | ServiceListed | CounterListed
Withdrawn = AgencyWithdrawn | ServiceWithdrawn | CounterWithdrawn
Event = MallListed | Listed | Withdrawn
Entry = TypeVar("Entry", AgencyListed, ServiceListed, CounterListed)


@dataclass(frozen=True)
class Directory:
    """All that is known of a mall."""

    mall: MallListed | None = None
    agencies: Mapping[str, AgencyListed] = field(default_factory=dict)
    services: Mapping[str, ServiceListed] = field(default_factory=dict)
    counters: Mapping[str, CounterListed] = field(default_factory=dict)

    def counters_for(self, service: str) -> list[CounterListed]:
        """Counters that give this service."""
        return [counter for counter in self.counters.values() if service in counter.services]


@dataclass(frozen=True)
class ImportCatalog:
    """Make the directory what this one says: list what is new or different, withdraw what it does not name."""

    wanted: Directory


def evolve(directory: Directory, event: Event) -> Directory:
    """The directory after an event."""
    match event:
        case MallListed():
            return replace(directory, mall=event)
        case AgencyListed():
            return replace(directory, agencies={**directory.agencies, event.code: event})
        case ServiceListed():
            return replace(directory, services={**directory.services, event.code: event})
        case CounterListed():
            return replace(directory, counters={**directory.counters, event.code: event})
        case AgencyWithdrawn(code):
            return replace(directory, agencies=_without(directory.agencies, code))
        case ServiceWithdrawn(code):
            return replace(directory, services=_without(directory.services, code))
        case CounterWithdrawn(code):
            return replace(directory, counters=_without(directory.counters, code))
        case _:
            assert_never(event)


def decide(command: ImportCatalog, directory: Directory) -> list[Event]:
    """The differences, all or nothing. Raises `InvalidCatalog`."""
    wanted = command.wanted
    if faults := list(_faults(wanted)):
        raise InvalidCatalog(faults=faults)
    assert wanted.mall is not None  # _faults has seen to it
    events: list[Event] = [] if wanted.mall == directory.mall else [wanted.mall]
    events += _new(wanted.agencies, directory.agencies)
    events += _new(wanted.services, directory.services)
    events += _new(wanted.counters, directory.counters)
    events += [CounterWithdrawn(code) for code in directory.counters if code not in wanted.counters]
    events += [ServiceWithdrawn(code) for code in directory.services if code not in wanted.services]
    events += [AgencyWithdrawn(code) for code in directory.agencies if code not in wanted.agencies]
    return events


def search(directory: Directory, words: str) -> list[ServiceListed]:
    """Services whose name, code, requirements or agency hold every word, in the catalog's order."""
    wanted = words.casefold().split()
    return [service for service in directory.services.values() if _holds(directory, service, wanted)]


def _holds(directory: Directory, service: ServiceListed, wanted: list[str]) -> bool:
    agency = directory.agencies.get(service.agency)
    parts = (service.name, service.code, *service.requirements, agency.name if agency else "")
    everything = " ".join(parts).casefold()
    return all(word in everything for word in wanted)


def _without(entries: Mapping[str, Entry], code: str) -> dict[str, Entry]:
    return {key: kept for key, kept in entries.items() if key != code}


def _new(wanted: Mapping[str, Entry], known: Mapping[str, Entry]) -> list[Entry]:
    return [entry for code, entry in wanted.items() if known.get(code) != entry]


def _faults(wanted: Directory) -> Iterable[str]:
    if wanted.mall is None:
        yield "no mall"
        return
    yield from _faults_of_mall(wanted.mall)
    lines = Counter(agency.line for agency in wanted.agencies.values())
    for agency in wanted.agencies.values():
        if not LINE.fullmatch(agency.line):
            yield f"agency {agency.code}: line must be one or two capital letters"
        if lines[agency.line] > 1:
            yield f"agency {agency.code}: line {agency.line} is used by another agency too"
    for service in wanted.services.values():
        if service.agency not in wanted.agencies:
            yield f"service {service.code}: no agency {service.agency}"
        if service.minutes <= 0:
            yield f"service {service.code}: minutes must be more than 0"
    for counter in wanted.counters.values():
        if counter.agency not in wanted.agencies:
            yield f"counter {counter.code}: no agency {counter.agency}"
        if not 0 < len(counter.code) <= LONGEST_COUNTER:
            yield f"counter {counter.code!r}: 1 to {LONGEST_COUNTER} characters, for it is part of a text message"
        unknown = [code for code in counter.services if code not in wanted.services]
        yield from (f"counter {counter.code}: no service {code}" for code in unknown)


def _faults_of_mall(mall: MallListed) -> Iterable[str]:
    if not CODE.fullmatch(mall.code) or mall.code == "mall":
        yield f"mall code {mall.code!r}: small letters, digits and hyphens, at most 40, and not the word mall itself"
    if not mall.name.isascii() or len(mall.name) > LONGEST_SHORT_NAME:
        yield f"mall name: at most {LONGEST_SHORT_NAME} plain letters, for it opens every text message"
    if mall.capacity < 0:
        yield "capacity: not negative"
    try:
        ZoneInfo(mall.zone)
    except (KeyError, ValueError, OSError):
        yield f"zone: there is no time zone {mall.zone!r}"
    for day, intervals in mall.week.items():
        if day not in WEEKDAYS:
            yield f"week: {day!r} is none of {', '.join(WEEKDAYS)}"
        moments = [moment for interval in intervals for moment in interval]
        if not all(CLOCK.fullmatch(moment) for moment in moments):
            yield f"week: {day} needs times such as 08:00"
        elif any(earlier >= later for earlier, later in pairwise(moments)):
            yield f"week: {day} needs intervals that open before they close, one after the other"


DIRECTORY: Decider[ImportCatalog, Directory, Event] = Decider(
    initial=Directory(),
    decide=decide,
    evolve=evolve,
    events=(
        MallListed,
        AgencyListed,
        ServiceListed,
        CounterListed,
        AgencyWithdrawn,
        ServiceWithdrawn,
        CounterWithdrawn,
    ),
)
