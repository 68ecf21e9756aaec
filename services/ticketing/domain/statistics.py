"""What a day or a period looks like in figures: waits and service times, no-shows, by whatever divides visits."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import repeat
from math import ceil
from typing import Any, Literal
from zoneinfo import ZoneInfo

from services.ticketing.domain import disclosure
from services.ticketing.domain.day.state import Day, Ticket
from services.ticketing.domain.history import DayRecorded, Visit, Visits
from services.ticketing.domain.hours import elapsed

By = Literal["service", "agency", "counter", "hour", "day"]
OUTCOMES = ("served", "missed", "cancelled", "unserved")
COARSE = 300  # seconds to which the times of a priority class are rounded
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
    return [_visit(ticket, zone) for ticket in sorted(day.tickets.values(), key=lambda one: one.arrival)]


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
    ended: Counter[str] = field(default_factory=Counter)

    def add(self, waited: int | None, worked: int | None, outcome: str) -> None:
        """One more visit."""
        self.ended[outcome] += 1
        if waited is not None:
            self.waited.append(waited)
        if worked is not None:
            self.worked.append(worked)

    def include(self, other: "Tally") -> None:
        """Those of another tally too."""
        self.waited += other.waited
        self.worked += other.worked
        self.ended += other.ended

    def figures(self, in_range: Sequence[bool] = ()) -> dict[str, Any]:
        """How many ended how, waits and service times in seconds (median, 90th percentile), share of waits in range.

        `in_range` is which of the waits were in the range on their tickets, where that may be shown.
        """
        waited, worked = sorted(self.waited), sorted(self.worked)
        return {
            "tickets": self.ended.total(),
            **{outcome: self.ended[outcome] for outcome in OUTCOMES},
            "wait_median": quantile(waited, 0.5),
            "wait_p90": quantile(waited, 0.9),
            "service_median": quantile(worked, 0.5),
            "service_p90": quantile(worked, 0.9),
            "waits_in_range": _share(in_range),
        }

    def coarse_figures(self, *, with_outcomes: bool) -> dict[str, Any]:
        """The figures of a group that rests on the priority class: none by which one visit of it could be recognised.

        Times are of at least five visits and rounded to five minutes: an exact one would be that of a single visit,
        which subscribers find among the times of the events.
        """
        waited, worked = sorted(self.waited), sorted(self.worked)
        return {
            "tickets": self.ended.total(),
            **{outcome: self.ended[outcome] if with_outcomes else None for outcome in OUTCOMES},
            "wait_median": _coarse(waited, 0.5),
            "wait_p90": _coarse(waited, 0.9),
            "service_median": _coarse(worked, 0.5),
            "service_p90": _coarse(worked, 0.9),
            "waits_in_range": None,
        }


Groups = dict[str, dict[str, Any]]


def summary(days: Mapping[str, Visits], group: By) -> tuple[dict[str, Any], Groups]:
    """The figures of all these days' visits, and of each part of them by its name.

    The share of waits in the range on their tickets is shown for whole days alone, not for other parts.
    """
    parts: dict[str, Tally] = {}
    for day, visits in days.items():
        if group == "day":
            parts[day] = Tally()
        names = repeat(day, len(visits.service)) if group == "day" else NAMES[group](visits)
        _count(parts, names, visits)
    whole = Tally()
    for part in parts.values():
        whole.include(part)
    in_range = disclosure.waits_in_range(days)
    figures = whole.figures([wait for waits in in_range.values() for wait in waits])
    by_day = in_range if group == "day" else {}
    return figures, {name: parts[name].figures(by_day.get(name, ())) for name in sorted(parts)}


def by_class(
    days: Mapping[str, Visits], first: date, last: date, today: date, others: Mapping[str, Visits] | None = None
) -> tuple[list[str], Groups]:
    """The months between these days whose figures by priority class may be shown, and those figures.

    A class, or all priority classes together; the rules are those of `disclosure`. `others` are visits that the reader
    does not see: the months are shown only where the groups of these are large enough too, so that figures of all
    visits less these figures show no small group.
    """
    settled = disclosure.settled_months(days, first, last, today)
    tallies, hidden = _classes_by_month(days, settled), _classes_by_month(others or {}, settled)
    counts, rest = _counts(tallies), _counts(hidden)
    months = [month for month in settled if None not in (disclosure.grouping([one[month]]) for one in (counts, rest))]
    groups = disclosure.grouping([counts[month] for month in months])
    assert groups is not None, "each of these months can be shown by the two groups"
    by_month = [_merged(tallies[month], groups) for month in months]
    with_outcomes = all(
        disclosure.can_be_shown(count) for parts in by_month for part in parts.values() for count in part.ended.values()
    )
    whole: dict[str, Tally] = {}
    for parts in by_month:
        for name, part in parts.items():
            whole.setdefault(name, Tally()).include(part)
    return months, {name: whole[name].coarse_figures(with_outcomes=with_outcomes) for name in sorted(whole)}


def _classes_by_month(days: Mapping[str, Visits], months: Iterable[str]) -> dict[str, dict[str, Tally]]:
    tallies: dict[str, dict[str, Tally]] = {month: {} for month in months}
    for day, visits in days.items():
        if (month := day[:7]) in tallies:
            _count(tallies[month], NAMES["class"](visits), visits)
    return tallies


def _counts(tallies: Mapping[str, Mapping[str, Tally]]) -> dict[str, dict[str, int]]:
    return {month: {name: one.ended.total() for name, one in parts.items()} for month, parts in tallies.items()}


def _merged(parts: Mapping[str, Tally], groups: disclosure.Grouping) -> dict[str, Tally]:
    merged: dict[str, Tally] = {}
    for name, part in parts.items():
        merged.setdefault(groups[name], Tally()).include(part)
    return merged


def _count(parts: dict[str, Tally], names: Iterable[str], visits: Visits) -> None:
    for name, *one in zip(names, visits.waited, visits.worked, visits.outcome, strict=True):
        if (part := parts.get(name)) is None:
            part = parts[name] = Tally()
        part.add(*one)


def _coarse(ordered: Sequence[int], part: float) -> int | None:
    value = quantile(ordered, part) if len(ordered) >= disclosure.LEAST else None
    return None if value is None else round(value / COARSE) * COARSE


def _share(answers: Sequence[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None


def quantile(ordered: Sequence[int], part: float) -> int | None:
    """The smallest value that at least this part of an ordered sequence does not exceed (nearest rank)."""
    return ordered[max(0, ceil(round(part * len(ordered), 9)) - 1)] if ordered else None
