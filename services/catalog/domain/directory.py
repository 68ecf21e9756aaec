"""A mall's directory: the mall and its agencies, services and counters."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, assert_never

from services.catalog.domain.declaration import declared
from services.catalog.domain.hours import Week
from services.catalog.domain.limits import COMPONENT, NAME, PLACES, REASON, Number, Text, Texts
from services.catalog.domain.mall import MallListed
from services.chassis.errors import Invalid, NotFound, Refused

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


class MallExists(Refused):
    """There is a mall with this code."""


class UnknownService(NotFound):
    """The mall does not offer this service."""


class InvalidCatalog(Invalid):
    """The catalog contradicts itself; `faults` says where, line by line."""


class InvalidEntry(Invalid):
    """What was given for the mall, an agency, a service or a counter does not fit; `errors` says what, by field."""


class UnknownAgency(NotFound):
    """No such agency in this mall."""


class AgencyInUse(Refused):
    """The agency has counters or services still."""


# Stored as named here: rename nothing; new fields get defaults. What is declared of a field is explained in
# `declaration`: limits, schemas, columns, event data and form attributes follow from it.
@dataclass(frozen=True)
class AgencyListed:
    """An agency and the letter of its line; suspended is the public reason while it gives no service.

    `line_since` is when it got this letter, None if that is not known: two entries that differ in it alone are equal.
    """

    code: str = field(metadata=declared(example="TASPEN"))
    name: str = field(metadata=declared(NAME, example="PT Taspen (Persero)"))
    line: str = field(metadata=declared(example="X"))
    suspended: str = field(default="", metadata=declared(REASON, example=""))
    line_since: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ServiceListed:
    """A service: minutes are what a visit typically takes, requirements what to bring, capacity its tickets a day.

    `fee` and `eligibility` (whom it is for) are in the agency's own words, `components` what else its standard says.
    """

    code: str = field(metadata=declared(example="DUKCAPIL-KTPHILANG"))
    name: str = field(metadata=declared(NAME, example="KTP-el hilang atau rusak"))
    agency: str = field(metadata=declared(example="DUKCAPIL"))
    minutes: int = field(metadata=declared(Number(1, 480), example=10))
    requirements: tuple[str, ...] = field(
        default=(), metadata=declared(Texts(Text(300), 50), example=["Kartu keluarga", "Surat kehilangan"])
    )
    basis: str = field(default="", metadata=declared(Text(200), internal=True))
    capacity: int | None = field(default=None, metadata=declared(Number(1, PLACES, optional=True)))
    fee: str = field(
        default="", metadata=declared(Text(500), example="Gratis", about="Empty: the agency says nothing of it.")
    )
    eligibility: str = field(default="", metadata=declared(Text(500), example="Warga Kec. Pekalongan Utara"))
    components: Mapping[str, str] = field(
        default_factory=dict, metadata=declared(COMPONENT, keys=COMPONENTS, public_keys=PUBLIC_COMPONENTS)
    )


@dataclass(frozen=True)
class CounterListed:
    """A counter and the services it gives; week is None if its agency is there whenever the mall is open."""

    code: str = field(metadata=declared(example="G24"))
    name: str = field(metadata=declared(NAME, example="Gerai 24"))
    floor: int = field(metadata=declared(Number(-5, 60)))
    agency: str = field(metadata=declared())
    services: tuple[str, ...] = field(default=(), metadata=declared(column=False))
    week: Week | None = field(default=None, metadata=declared(example={"monday": [["08:00", "12:00"]], "tuesday": []}))


@dataclass(frozen=True)
class AgencyWithdrawn:
    """An agency has left; `at` is when, None if that is not known."""

    code: str
    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ServiceWithdrawn:
    """A service is no longer offered."""

    code: str


@dataclass(frozen=True)
class CounterWithdrawn:
    """A counter is gone."""

    code: str


KEPT = timedelta(days=2)  # that a released letter is remembered: longer than a business day
Listed = AgencyListed | ServiceListed | CounterListed
Withdrawn = AgencyWithdrawn | ServiceWithdrawn | CounterWithdrawn
Event = MallListed | Listed | Withdrawn
Entry = TypeVar("Entry", AgencyListed, ServiceListed, CounterListed)


@dataclass(frozen=True)
class Directory:
    """All that is known of a mall.

    `released` has the letters that agencies gave up: by letter and agency, when. No part of what is listed.
    """

    mall: MallListed | None = None
    agencies: Mapping[str, AgencyListed] = field(default_factory=dict)
    services: Mapping[str, ServiceListed] = field(default_factory=dict)
    counters: Mapping[str, CounterListed] = field(default_factory=dict)
    released: Mapping[tuple[str, str], datetime] = field(default_factory=dict, compare=False)

    def service(self, code: str) -> ServiceListed:
        """A service by its code. Raises `UnknownService`."""
        if code not in self.services:
            raise UnknownService(service=code)
        return self.services[code]

    def counters_for(self, service: str) -> list[CounterListed]:
        """Counters that give this service."""
        return [counter for counter in self.counters.values() if service in counter.services]


@dataclass(frozen=True)
class ImportCatalog:
    """Make the directory what this one says: list what is new or different, withdraw what it does not name.

    `at` here and below is when: what letters were used today depends on it. Without it, none is refused for that.
    """

    wanted: Directory
    at: datetime | None = None


@dataclass(frozen=True)
class AdmitAgency:
    """A new agency joins with its services and the counter that gives them, all or nothing."""

    agency: AgencyListed
    counter: CounterListed
    services: tuple[ServiceListed, ...]
    at: datetime | None = None


@dataclass(frozen=True)
class ListAgency:
    """An agency joins or changes; whether it is suspended stays as it was."""

    agency: AgencyListed
    at: datetime | None = None


@dataclass(frozen=True)
class SuspendAgency:
    """An agency gives no service until it returns; the reason is public."""

    code: str
    reason: str


@dataclass(frozen=True)
class ReturnAgency:
    """A suspended agency gives its services again."""

    code: str


@dataclass(frozen=True)
class WithdrawAgency:
    """An agency leaves; with_all: its counters and services too."""

    code: str
    with_all: bool = False
    at: datetime | None = None


@dataclass(frozen=True)
class ListService:
    """A service is offered or changes; counters are all that give it, None: those that do so now."""

    service: ServiceListed
    counters: tuple[str, ...] | None = None


@dataclass(frozen=True)
class WithdrawService:
    """A service is no longer offered, and no counter gives it."""

    code: str


@dataclass(frozen=True)
class ListCounter:
    """A counter is assigned to an agency, moves to another floor, or gives other services at other hours."""

    counter: CounterListed


@dataclass(frozen=True)
class WithdrawCounter:
    """A counter is given up."""

    code: str


@dataclass(frozen=True)
class OpenMall:
    """There is a new mall, with nothing in it yet."""

    mall: MallListed


@dataclass(frozen=True)
class ChangeMall:
    """The mall or the rules of its day change in these fields."""

    changes: Mapping[str, Any]


OfAgencies = AdmitAgency | ListAgency | SuspendAgency | ReturnAgency | WithdrawAgency
OfServices = ListService | WithdrawService
OfCounters = ListCounter | WithdrawCounter
Command = ImportCatalog | OpenMall | ChangeMall | OfAgencies | OfServices | OfCounters


def evolve(directory: Directory, event: Event) -> Directory:
    """The directory after an event."""
    match event:
        case MallListed():
            return replace(directory, mall=event)
        case AgencyListed():
            directory = _line_released(directory, event.code, event.line, event.line_since)
            return replace(directory, agencies={**directory.agencies, event.code: event})
        case ServiceListed():
            return replace(directory, services={**directory.services, event.code: event})
        case CounterListed():
            return replace(directory, counters={**directory.counters, event.code: event})
        case AgencyWithdrawn(code, at):
            directory = _line_released(directory, code, "", at)
            return replace(directory, agencies=_without(directory.agencies, code))
        case ServiceWithdrawn(code):
            return replace(directory, services=_without(directory.services, code))
        case CounterWithdrawn(code):
            return replace(directory, counters=_without(directory.counters, code))
        case _:
            assert_never(event)


def _line_released(directory: Directory, agency: str, line: str, at: datetime | None) -> Directory:
    """The directory after an agency got another letter, or none, at this instant."""
    known = directory.agencies.get(agency)
    if at is None or known is None or known.line == line:
        return directory
    recent = {one: when for one, when in directory.released.items() if when > at - KEPT}
    return replace(directory, released={**recent, (known.line, agency): at})


def _without(entries: Mapping[str, Entry], code: str) -> dict[str, Entry]:
    return {key: kept for key, kept in entries.items() if key != code}
