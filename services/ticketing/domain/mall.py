"""What ticketing knows of a mall: what it needs of the catalog's events, and what supervisors closed for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal, TypeVar, assert_never

from services.chassis.decider import Decider
from services.chassis.errors import Invalid, NotFound
from services.ticketing.domain.hours import Exceptional, Hours
from services.ticketing.domain.pace import Prior

Scope = Literal["mall", "counter", "service"]
RuleName = Literal["ratio", "strict", "fifo"]


class UnknownMall(NotFound):
    """No such mall."""


class UnknownCounter(NotFound):
    """No such counter in this mall."""


class UnknownService(Invalid):
    """The mall does not offer this service."""


class UntilPast(Invalid):
    """A closure cannot end before it begins."""


class TooManyClosures(Invalid):
    """So many closures of one thing are planned that another is a mistake."""


LONGEST = 24 * 60  # minutes of any rule of a day; a larger number, from an older catalogue, counts as this
FARTHEST = 366  # days ahead that places can be booked at most
MOST_CLOSURES = 50  # present and planned, of one mall, counter or service


# Version and place in it of the catalog's commit that said so. What it says again later, in a replay, is old news.
Position = tuple[int, int]


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class Rule:
    """Who is called next. `ratio`: priority first, at most `in_a_row` while an ordinary visitor waits, and whoever
    waited longer than the ceiling before all younger ones; `strict`: priority always first; `fifo`: by arrival.

    Special treatment of certain members of society: UU 25/2009 article 29; PermenPANRB 11/2024.
    """

    rule: RuleName = "ratio"
    in_a_row: int = 2
    ceiling_minutes: int | None = None


RATIO = Rule()


@dataclass(frozen=True)
class PriorityClass:
    """A class of visitors who may go first; `name` by language, `basis` the regulation it rests on."""

    code: str
    name: Mapping[str, str] = field(default_factory=dict)
    basis: str = ""


CLASSES = (
    PriorityClass("disability", {"id": "Penyandang disabilitas", "en": "Person with a disability"}, "UU 8/2016"),
    PriorityClass("elderly", {"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"}, "UU 13/1998"),
    PriorityClass("pregnancy", {"id": "Ibu hamil", "en": "Pregnant"}, "PermenPANRB 11/2024"),
)


@dataclass(frozen=True)
class Bookings:
    """How many days ahead places can be booked, and at which local time of the day unclaimed ones fall back."""

    days_ahead: int
    claim_by: str

    @property
    def horizon(self) -> timedelta:
        """How far ahead places can be booked, within what a calendar can compute."""
        return timedelta(days=max(0, min(self.days_ahead, FARTHEST)))


@dataclass(frozen=True)
class MallLearned:
    """The mall itself: zone is an IANA name, week has seven lists of (opens, closes) as "HH:MM", Monday first.

    The defaults are those of events, stored here or sent by an older catalog, from before a rule was added.
    """

    code: str
    name: str
    zone: str
    capacity: int
    week: tuple[tuple[tuple[str, str], ...], ...]
    position: Position = field(default=(0, 0), compare=False)
    exceptions: tuple[Exceptional, ...] = ()
    closed_on: tuple[str, ...] = ()
    tickets_from_minutes: int = 0
    last_ticket_minutes: int = 0
    overtime_minutes: int = 120
    kept_for_priority: int = 0
    kept_for_bookings: int = 0
    bookings: Bookings | None = None
    rule: Rule = RATIO
    classes: tuple[PriorityClass, ...] = CLASSES
    approaching: int = 3
    home_percent: int = 30  # of the day's capacity, that may be taken from home at most
    bookings_percent: int = 30

    @cached_property
    def hours(self) -> Hours:
        """When the mall serves and gives tickets."""
        return Hours(
            self.zone,
            self.week,
            self.exceptions,
            self.closed_on,
            min(self.tickets_from_minutes, LONGEST),
            min(self.last_ticket_minutes, LONGEST),
        )

    @property
    def overtime(self) -> timedelta:
        """How long after the end of service the clock closes the day, a calendar day at most."""
        return timedelta(minutes=max(0, min(self.overtime_minutes, LONGEST)))


@dataclass(frozen=True)
class AgencyLearned:
    """An agency and the letter of its line; `suspended` is why it gives no service for now, if it gives none."""

    code: str
    name: str
    line: str
    position: Position = field(default=(0, 0), compare=False)
    suspended: str = ""


@dataclass(frozen=True)
class ServiceLearned:
    """A service that visitors can take a ticket for; `capacity` is its own limit a day, if it has one."""

    code: str
    name: str
    agency: str
    minutes: int
    requirements: tuple[str, ...] = ()
    position: Position = field(default=(0, 0), compare=False)
    capacity: int | None = None


@dataclass(frozen=True)
class CounterLearned:
    """A counter and the services it may call tickets of; `week` where its agency does not come every day."""

    code: str
    name: str
    floor: int
    agency: str
    services: tuple[str, ...]
    position: Position = field(default=(0, 0), compare=False)
    week: tuple[tuple[tuple[str, str], ...], ...] | None = None


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


@dataclass(frozen=True)
class Closure:
    """The mall, a counter or a service does not serve for a while; without `until`, until it is reopened.

    One thing can have several closures, present and planned; `id` distinguishes them.
    """

    scope: Scope
    code: str
    reason: str
    since: datetime
    until: datetime | None
    id: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it is closed at this instant. It reopens at `until`."""
        return self.since <= now and (self.until is None or now < self.until)

    def is_over(self, now: datetime) -> bool:
        """Whether it lies behind."""
        return self.until is not None and self.until <= now

    def is_same(self, other: "Closure") -> bool:
        """Whether both close the same for the same time and reason, whatever their ids."""
        return replace(self, id="") == replace(other, id="")


@dataclass(frozen=True)
class ClosureDeclared:
    """Something is or will be closed; the reason is public. One without an id replaces all others of the same thing."""

    closure: Closure
    declared_at: datetime | None = None


@dataclass(frozen=True)
class ClosureLifted:
    """A closure (without an id: each of this thing) ends before its time, or will not begin."""

    scope: Scope
    code: str
    lifted_at: datetime
    id: str = ""


@dataclass(frozen=True)
class DeclareClosure:
    """A supervisor closes the mall, a counter or a service for a while."""

    closure: Closure
    now: datetime


@dataclass(frozen=True)
class LiftClosure:
    """A supervisor lifts the closure with this id; without one, those that hold now or else those that are planned."""

    scope: Scope
    code: str
    now: datetime
    id: str = ""


Learned = MallLearned | AgencyLearned | ServiceLearned | CounterLearned
Forgotten = AgencyForgotten | ServiceForgotten | CounterForgotten
Fact = Learned | Forgotten
Event = Fact | ClosureDeclared | ClosureLifted
Command = Fact | DeclareClosure | LiftClosure
Entry = TypeVar("Entry", AgencyLearned, ServiceLearned, CounterLearned)


@dataclass(frozen=True)
class Mall:
    """A mall as last learned; services and counters may be heard of before the mall itself.

    `prior` is no part of the stream: the measured pace of earlier days, put in by whoever asks for estimates.
    """

    learned: MallLearned | None = None
    agencies: Mapping[str, AgencyLearned] = field(default_factory=dict)
    services: Mapping[str, ServiceLearned] = field(default_factory=dict)
    counters: Mapping[str, CounterLearned] = field(default_factory=dict)
    position: Position = field(default=(0, 0), compare=False)
    closures: Mapping[tuple[Scope, str], tuple[Closure, ...]] = field(default_factory=dict)
    prior: Prior = field(default=Prior(), compare=False)

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

    def service(self, code: str) -> ServiceLearned:
        """The service with this code. Raises `UnknownService`."""
        if code not in self.services:
            raise UnknownService(service=code)
        return self.services[code]

    def agency_name(self, code: str) -> str:
        """An agency's name, or its code while the name is not known."""
        return self.agencies[code].name if code in self.agencies else code

    def counters_for(self, service: str) -> tuple[CounterLearned, ...]:
        """Counters that may call a ticket of this service."""
        return self._counters_by_service.get(service, ())

    def closure(self, scope: Scope, code: str, now: datetime) -> Closure | None:
        """The closure that holds for this now, if any; of several, the one that ends last."""
        if (scope, code) not in self.closures:
            return None
        holding = [closure for closure in self.closures[(scope, code)] if closure.holds(now)]
        return max(holding, key=lambda closure: (closure.until is None, closure.until or now), default=None)

    def closure_of(self, service: ServiceLearned, now: datetime) -> Closure | None:
        """What stands against new tickets of a service: its agency is suspended, until told otherwise, or its closure.

        Who waits already is served, while no closure is declared.
        """
        agency = self.agencies.get(service.agency)
        if agency and agency.suspended:
            return Closure("service", service.code, agency.suspended, now, None)
        return self.closure("service", service.code, now)

    def opens_after(self, closure: Closure) -> datetime | None:
        """When there is service once this closure of the mall is over; None while nobody knows."""
        hours, ends = self.about.hours, closure.until
        return ends if ends is None or hours.is_open(ends) else hours.next_opening(ends)

    def closures_ahead(self, now: datetime) -> Sequence[Closure]:
        """What is closed now or will be, each closure of its own, by its beginning."""
        ahead = [each for closures in self.closures.values() for each in closures if not each.is_over(now)]
        return sorted(ahead, key=lambda closure: (closure.since, closure.scope, closure.code, closure.id))

    def hours_of(self, counter: CounterLearned) -> Hours:
        """When this counter serves."""
        return self.about.hours.at_counter(counter.week)

    @cached_property
    def _counters_by_service(self) -> Mapping[str, tuple[CounterLearned, ...]]:
        found: dict[str, tuple[CounterLearned, ...]] = {}
        for counter in self.counters.values():
            for service in counter.services:
                found[service] = (*found.get(service, ()), counter)
        return found


def evolve(mall: Mall, event: Event) -> Mall:
    """The mall after learning a fact, a closure or its end."""
    match event:
        case ClosureDeclared(closure, declared_at):
            return _with_closures(mall, closure.scope, closure.code, _after_declaring(mall, closure, declared_at))
        case ClosureLifted(scope, code, id=id):
            kept = tuple(each for each in mall.closures.get((scope, code), ()) if id and each.id != id)
            return _with_closures(mall, scope, code, kept)
        case _:
            return replace(_with(mall, event), position=max(mall.position, event.position))


def _after_declaring(mall: Mall, closure: Closure, declared_at: datetime | None) -> tuple[Closure, ...]:
    """The closures of a thing with one more, without those that are over."""
    if not closure.id:  # stored before there were several
        return (replace(closure, id=f"{closure.since:%Y%m%dT%H%M%S}"),)
    others = mall.closures.get((closure.scope, closure.code), ())
    return (*(each for each in others if declared_at is None or not each.is_over(declared_at)), closure)


def _with_closures(mall: Mall, scope: Scope, code: str, closures: tuple[Closure, ...]) -> Mall:
    others = {key: kept for key, kept in mall.closures.items() if key != (scope, code)}
    return replace(mall, closures={**others, (scope, code): closures} if closures else others)


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


def decide(command: Command, mall: Mall) -> list[Event]:
    """Learn a fact, unless it is known or older than what is known; declare and lift closures."""
    match command:
        case DeclareClosure(closure, now):
            return _declare(closure, now, mall)
        case LiftClosure():
            return _lift(command, mall)
        case _:
            return [] if command.position < mall.position or evolve(mall, command) == mall else [command]


def _declare(closure: Closure, now: datetime, mall: Mall) -> list[Event]:
    match closure.scope:
        case "mall":
            mall.about  # noqa: B018 - raises when nobody has heard of it
        case "counter":
            mall.counter(closure.code)
        case "service":
            mall.service(closure.code)
    if closure.until is not None and closure.until <= max(closure.since, now):
        raise UntilPast()
    others = [each for each in mall.closures.get((closure.scope, closure.code), ()) if not each.is_over(now)]
    if any(closure.is_same(each) for each in others):
        return []
    if len(others) >= MOST_CLOSURES:
        raise TooManyClosures(most=MOST_CLOSURES)
    return [ClosureDeclared(closure, now)]


def _lift(command: LiftClosure, mall: Mall) -> list[Event]:
    scope, code, now = command.scope, command.code, command.now
    ahead = [each for each in mall.closures.get((scope, code), ()) if not each.is_over(now)]
    if command.id:
        ahead = [each for each in ahead if each.id == command.id]
    else:
        ahead = [each for each in ahead if each.holds(now)] or ahead
    return [ClosureLifted(scope, code, now, each.id) for each in ahead]


MALL: Decider[Command, Mall, Event] = Decider(
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
        ClosureDeclared,
        ClosureLifted,
    ),
)
