"""What closed days left behind: one stream per mall, which reports and estimates read. No ids, no names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from immutables import Map

from services.chassis.decider import Decider
from services.ticketing.domain import pace
from services.ticketing.domain.pace import Prior


class Visit(NamedTuple):
    """One ticket for the record: hour of arrival in the mall's zone, seconds waited and worked (None: it was not), by
    how many hundredths of its spread the expected wait was off, and whether the wait was in the range that was told."""

    service: str
    agency: str
    counter: str
    priority: str
    hour: int
    waited: int | None
    worked: int | None
    outcome: str
    residual: int | None
    in_range: bool | None


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class Visits:
    """The visits of a day, column by column: a year of rows would take ten times as long to read."""

    service: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()
    counter: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    hour: tuple[int, ...] = ()
    waited: tuple[int | None, ...] = ()
    worked: tuple[int | None, ...] = ()
    outcome: tuple[str, ...] = ()
    residual: tuple[int | None, ...] = ()
    in_range: tuple[bool | None, ...] = ()

    @classmethod
    def of(cls, visits: Iterable[Visit]) -> "Visits":
        """These visits as columns."""
        rows = list(visits)
        return cls(*(tuple(column) for column in zip(*rows, strict=True))) if rows else cls()

    def __iter__(self) -> Iterator[Visit]:
        """The visits one by one."""
        columns = (self.service, self.agency, self.counter, self.priority, self.hour)
        measures = (self.waited, self.worked, self.outcome, self.residual, self.in_range)
        return map(Visit._make, zip(*columns, *measures, strict=True))


@dataclass(frozen=True)
class DayRecorded:
    """A closed day: its totals, who was refused why, its visits, and the hash that its stream ended with."""

    date: str
    closed_at: datetime
    totals: Mapping[str, int]
    refused: Mapping[str, int]
    visits: Visits
    seal: str


@dataclass(frozen=True)
class RecordDay:
    """A day has been closed."""

    day: DayRecorded


@dataclass(frozen=True)
class History:
    """The closed days of a mall by date, and the pace they teach."""

    days: Map[str, DayRecorded] = field(default_factory=Map)
    prior: Prior = field(default_factory=Prior)

    def between(self, first: str, last: str) -> list[DayRecorded]:
        """The days from first to last (ISO dates, both included), in order."""
        return [self.days[date] for date in sorted(self.days) if first <= date <= last]


def evolve(history: History, event: DayRecorded) -> History:
    """The history after one more day."""
    worked = ((v.service, float(v.worked)) for v in event.visits if v.outcome == "served" and v.worked is not None)
    residuals = (residual for residual in event.visits.residual if residual is not None)
    prior = pace.after_day(history.prior, worked, residuals)
    return replace(history, days=history.days.set(event.date, event), prior=prior)


def decide(command: RecordDay, history: History) -> list[DayRecorded]:
    """Record a day, once."""
    return [] if command.day.date in history.days else [command.day]


HISTORY: Decider[RecordDay, History, DayRecorded] = Decider(
    initial=History(), decide=decide, evolve=evolve, events=(DayRecorded,)
)
