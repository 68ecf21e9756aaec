"""What closed days left behind: one stream per mall, which reports and estimates read. No ids, no names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from immutables import Map

from services.chassis.decider import Decider
from services.ticketing.domain import pace
from services.ticketing.domain.pace import Prior

TEACHING = 60  # latest days that estimates rest on; what faded longer than that weighs nothing

Column = tuple[Any, ...]  # of plain values, so that reading a year does not look at each of a million


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
    """The visits of a day, a column for each field of `Visit`: a year of rows would take ten times as long to read."""

    service: Column = ()
    agency: Column = ()
    counter: Column = ()
    priority: Column = ()
    hour: Column = ()
    waited: Column = ()
    worked: Column = ()
    outcome: Column = ()
    residual: Column = ()
    in_range: Column = ()

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
    """The closed days of a mall by date."""

    days: Map[str, DayRecorded] = field(default_factory=Map)

    def between(self, first: str, last: str) -> list[DayRecorded]:
        """The days from first to last (ISO dates, both included), in order."""
        return [self.days[date] for date in sorted(self.days) if first <= date <= last]

    @cached_property
    def prior(self) -> Prior:
        """The pace that the latest days teach."""
        prior = Prior()
        for date in sorted(self.days)[-TEACHING:]:
            visits = self.days[date].visits
            ended = zip(visits.service, visits.worked, strict=True)
            worked = ((service, float(seconds)) for service, seconds in ended if seconds is not None)
            prior = pace.after_day(prior, worked, (one for one in visits.residual if one is not None))
        return prior


def evolve(history: History, event: DayRecorded) -> History:
    """The history after one more day."""
    return replace(history, days=history.days.set(event.date, event))


def decide(command: RecordDay, history: History) -> list[DayRecorded]:
    """Record a day, once."""
    return [] if command.day.date in history.days else [command.day]


HISTORY: Decider[RecordDay, History, DayRecorded] = Decider(
    initial=History(), decide=decide, evolve=evolve, events=(DayRecorded,)
)
