"""What ticketing knows of a mall: the part of the catalog's events that it needs, one stream per mall."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from services.chassis.decider import Decider
from services.chassis.errors import NotFound


class UnknownMall(NotFound):
    """No such mall."""


class UnknownCounter(NotFound):
    """No such counter in this mall."""


# Version and place in it of the catalog's commit that said so. What it says again later, in a replay, is old news.
Position = tuple[int, int]


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class MallLearned:
    """The mall itself: zone is an IANA name, week has seven lists of (opens, closes) as "HH:MM", Monday first."""

    code: str
    name: str
    zone: str
    capacity: int
    week: tuple[tuple[tuple[str, str], ...], ...]
    position: Position = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class AgencyLearned:
    """An agency and the letter of its line."""

    code: str
    name: str
    line: str
    position: Position = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class ServiceLearned:
    """A service that visitors can take a ticket for."""

    code: str
    name: str
    agency: str
    minutes: int
    requirements: tuple[str, ...] = ()
    position: Position = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class CounterLearned:
    """A counter and the services it may call tickets of."""

    code: str
    name: str
    floor: int
    agency: str
    services: tuple[str, ...]
    position: Position = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class AgencyForgotten:
    """An agency has left."""

    code: str
    position: Position = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class ServiceForgotten:
    """A service is no longer offered."""

    code: str
    position: Position = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class CounterForgotten:
    """A counter is gone."""

    code: str
    position: Position = field(default=(0, 0), compare=False)


Learned = MallLearned | AgencyLearned | ServiceLearned | CounterLearned
Forgotten = AgencyForgotten | ServiceForgotten | CounterForgotten
Fact = Learned | Forgotten
Entry = TypeVar("Entry", AgencyLearned, ServiceLearned, CounterLearned)


@dataclass(frozen=True)
class Mall:
    """A mall as last learned; services and counters may be heard of before the mall itself."""

    learned: MallLearned | None = None
    agencies: Mapping[str, AgencyLearned] = field(default_factory=dict)
    services: Mapping[str, ServiceLearned] = field(default_factory=dict)
    counters: Mapping[str, CounterLearned] = field(default_factory=dict)
    position: Position = field(default=(0, 0), compare=False)

    @property
    def about(self) -> MallLearned:
        """The mall itself. Raises `UnknownMall`."""
        if self.learned is None:
            raise UnknownMall()
        return self.learned

    def counter(self, code: str) -> CounterLearned:
        """The counter with this code. Raises `UnknownCounter`."""
        if code not in self.counters:
            raise UnknownCounter(counter=code)
        return self.counters[code]

    def agency_name(self, code: str) -> str:
        """An agency's name, or its code while the name is not known."""
        return self.agencies[code].name if code in self.agencies else code

    def counters_for(self, service: str) -> tuple[CounterLearned, ...]:
        """Counters that may call a ticket of this service."""
        return tuple(counter for counter in self.counters.values() if service in counter.services)


def evolve(mall: Mall, fact: Fact) -> Mall:
    """The mall after learning a fact."""
    return replace(_with(mall, fact), position=max(mall.position, fact.position))


def _with(mall: Mall, fact: Fact) -> Mall:
    match fact:
        case MallLearned():
            return replace(mall, learned=fact)
        case AgencyLearned():
            return replace(mall, agencies={**mall.agencies, fact.code: fact})
        case ServiceLearned():
            return replace(mall, services={**mall.services, fact.code: fact})
        case CounterLearned():
            return replace(mall, counters={**mall.counters, fact.code: fact})
        case AgencyForgotten(code):
            return replace(mall, agencies=_without(mall.agencies, code))
        case ServiceForgotten(code):
            return replace(mall, services=_without(mall.services, code))
        case CounterForgotten(code):
            return replace(mall, counters=_without(mall.counters, code))
        case _:
            assert_never(fact)


def _without(entries: Mapping[str, Entry], code: str) -> dict[str, Entry]:
    return {key: kept for key, kept in entries.items() if key != code}


def decide(fact: Fact, mall: Mall) -> list[Fact]:
    """Learn a fact, unless it is known or older than what is known."""
    return [] if fact.position < mall.position or evolve(mall, fact) == mall else [fact]


MALL: Decider[Fact, Mall, Fact] = Decider(
    initial=Mall(),
    decide=decide,
    evolve=evolve,
    events=(
        MallLearned,
        AgencyLearned,
        ServiceLearned,
        CounterLearned,
        AgencyForgotten,
        ServiceForgotten,
        CounterForgotten,
    ),
)
