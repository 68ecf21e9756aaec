"""What a day or a period looks like in figures: waits and service times, no-shows, by whatever divides visits."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from math import ceil
from typing import Any, Literal
from zoneinfo import ZoneInfo

from services.ticketing.domain.day.state import Day, Ticket
from services.ticketing.domain.history import DayRecorded, Visit, Visits
from services.ticketing.domain.hours import elapsed

By = Literal["service", "agency", "counter", "class", "hour", "day"]
NAMES: Mapping[str, Callable[[Visits], Iterable[str]]] = {
    "service": lambda visits: visits.service,
    "agency": lambda visits: visits.agency,
    "counter": lambda visits: visits.counter,
    "class": lambda visits: (priority or "ordinary" for priority in visits.priority),
    "hour": lambda visits: (f"{hour:02d}:00" for hour in visits.hour),
}


def visits(day: Day) -> list[Visit]:
    """The visits of a day as they stand, in order of arrival."""
    zone = ZoneInfo(day.opened.zone if day.opened else "UTC")
    return [_visit(ticket, zone) for ticket in sorted(day.tickets.values(), key=lambda one: one.place)]


def _visit(ticket: Ticket, zone: ZoneInfo) -> Visit:
    issued = ticket.issued
    served = ticket.status == "served" and ticket.result != "assumed"
    waited = _seconds(issued.issued_at, ticket.first_called_at)
    return Visit(
        service=ticket.now_for.service,
        agency=ticket.now_for.agency,
        counter=ticket.counter,
        priority=issued.priority or "",
        hour=issued.issued_at.astimezone(zone).hour,
        waited=waited,
        worked=round(ticket.worked) if served else None,
        outcome=ticket.status,
        residual=ticket.residual,
        in_range=None if ticket.residual is None or waited is None else _in_range(ticket, waited),
    )


def _in_range(ticket: Ticket, waited: int) -> bool:
    """As people were told it: in whole minutes."""
    low, high = ticket.issued.told_low // 60, -(-ticket.issued.told_high // 60)
    return low * 60 <= waited <= high * 60


def _seconds(start: datetime, end: datetime | None) -> int | None:
    return round(elapsed(start, end)) if end else None


def record(day: Day, refused: Mapping[str, int], seal: str) -> DayRecorded:
    """What is kept of a closed day."""
    assert day.closed is not None
    return DayRecorded(day.closed.date, day.closed.closed_at, day.closed.totals, refused, Visits.of(visits(day)), seal)


@dataclass
class Tally:
    """What is counted of some visits in one pass over them."""

    waited: list[int] = field(default_factory=list)
    worked: list[int] = field(default_factory=list)
    told: list[bool] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)

    def add(self, waited: int | None, worked: int | None, outcome: str, in_range: bool | None) -> None:
        """One more visit."""
        self.ended[outcome] += 1
        if waited is not None:
            self.waited.append(waited)
        if worked is not None:
            self.worked.append(worked)
        if in_range is not None:
            self.told.append(in_range)

    def include(self, other: "Tally") -> None:
        """Those of another tally too."""
        self.waited += other.waited
        self.worked += other.worked
        self.told += other.told
        self.ended += other.ended

    def figures(self) -> dict[str, Any]:
        """How many ended how, waits and service times in seconds (median, 90th percentile), how well they were told."""
        waited, worked = sorted(self.waited), sorted(self.worked)
        return {
            "tickets": self.ended.total(),
            **{outcome: self.ended[outcome] for outcome in ("served", "missed", "cancelled", "unserved")},
            "wait_median": quantile(waited, 0.5),
            "wait_p90": quantile(waited, 0.9),
            "service_median": quantile(worked, 0.5),
            "service_p90": quantile(worked, 0.9),
            "waits_in_range": _share(self.told),
        }


def summary(days: Mapping[str, Visits], group: By) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The figures of all these days' visits, and of each part of them by its name."""
    parts: dict[str, Tally] = {}
    for date, visits in days.items():
        if group == "day":
            parts[date] = Tally()
        names = repeat(date, len(visits.service)) if group == "day" else NAMES[group](visits)
        for name, *one in zip(names, visits.waited, visits.worked, visits.outcome, visits.in_range, strict=True):
            if (part := parts.get(name)) is None:
                part = parts[name] = Tally()
            part.add(*one)
    whole = Tally()
    for part in parts.values():
        whole.include(part)
    return whole.figures(), {name: parts[name].figures() for name in sorted(parts)}


def _share(answers: Sequence[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None


def quantile(ordered: Sequence[int], part: float) -> int | None:
    """The smallest value that at least this part of an ordered sequence does not exceed (nearest rank)."""
    return ordered[max(0, ceil(round(part * len(ordered), 9)) - 1)] if ordered else None
