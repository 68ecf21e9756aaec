"""A mall's directory: the mall and its agencies, services and counters."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from services.catalog.domain.hours import Week, faults_of_week
from services.catalog.domain.mall import MallListed, faults_of_mall
from services.chassis.decider import Decider
from services.chassis.errors import Invalid, NotFound

LINE = re.compile(r"[A-Z]{1,2}")
LONGEST_COUNTER = 10

# The 14 components of a service standard: UU 25/2009 article 21, PermenPANRB 15/2014. The first six must be public.
PUBLIC_COMPONENTS = ("requirements", "procedure", "duration", "fee", "product", "complaints")
INTERNAL_COMPONENTS = (
    "legal_basis",
    "facilities",
    "competence",
    "supervision",
    "staff_count",
    "guarantee",
    "safety",
    "evaluation",
)
COMPONENTS = PUBLIC_COMPONENTS + INTERNAL_COMPONENTS


class UnknownMall(NotFound):
    """No such mall."""


class InvalidCatalog(Invalid):
    """The catalog contradicts itself; `faults` says where, line by line."""


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class AgencyListed:
    """An agency and the letter of its line; suspended is the public reason while it gives no service."""

    code: str
    name: str
    line: str
    suspended: str = ""


@dataclass(frozen=True)
class ServiceListed:
    """A service: minutes are what a visit typically takes, requirements what to bring, capacity its tickets a day.

    `fee` and `eligibility` (whom it is for) are in the agency's own words, `components` what else its standard says.
    """

    code: str
    name: str
    agency: str
    minutes: int
    requirements: tuple[str, ...] = ()
    basis: str = ""
    capacity: int | None = None
    fee: str = ""
    eligibility: str = ""
    components: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CounterListed:
    """A counter and the services it gives; week is None if its agency is there whenever the mall is open."""

    code: str
    name: str
    floor: int
    agency: str
    services: tuple[str, ...] = ()
    week: Week | None = None


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
    yield from faults_of_mall(wanted.mall)
    yield from _faults_of_agencies(wanted)
    yield from _faults_of_services(wanted)
    yield from _faults_of_counters(wanted)


def _faults_of_agencies(wanted: Directory) -> Iterable[str]:
    lines = Counter(agency.line for agency in wanted.agencies.values())
    for agency in wanted.agencies.values():
        if not LINE.fullmatch(agency.line):
            yield f"agency {agency.code}: line must be one or two capital letters"
        if lines[agency.line] > 1:
            yield f"agency {agency.code}: line {agency.line} is used by another agency too"


def _faults_of_services(wanted: Directory) -> Iterable[str]:
    for service in wanted.services.values():
        if service.agency not in wanted.agencies:
            yield f"service {service.code}: no agency {service.agency}"
        if service.minutes <= 0:
            yield f"service {service.code}: minutes must be more than 0"
        if service.capacity is not None and service.capacity <= 0:
            yield f"service {service.code}: capacity must be more than 0, or empty"
        for name in service.components.keys() - COMPONENTS:
            yield f"service {service.code}: components: {name!r} is none of {', '.join(COMPONENTS)}"


def _faults_of_counters(wanted: Directory) -> Iterable[str]:
    for counter in wanted.counters.values():
        if counter.agency not in wanted.agencies:
            yield f"counter {counter.code}: no agency {counter.agency}"
        if not 0 < len(counter.code) <= LONGEST_COUNTER:
            yield f"counter {counter.code!r}: 1 to {LONGEST_COUNTER} characters, for it is part of a text message"
        unknown = [code for code in counter.services if code not in wanted.services]
        yield from (f"counter {counter.code}: no service {code}" for code in unknown)
        yield from (f"counter {counter.code}: week: {fault}" for fault in faults_of_week(counter.week or {}))


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
