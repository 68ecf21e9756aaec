"""What a day or a period looks like in figures: waits and service times, no-shows, by whatever divides visits."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Literal
from zoneinfo import ZoneInfo

from services.ticketing.domain.day.state import Day, Ticket
from services.ticketing.domain.history import DayRecorded, Visit, Visits

By = Literal["service", "agency", "counter", "class", "hour", "day"]
GROUPS: Mapping[str, Callable[[Visit], str]] = {
    "service": lambda visit: visit.service,
    "agency": lambda visit: visit.agency,
    "counter": lambda visit: visit.counter,
    "class": lambda visit: visit.priority or "ordinary",
    "hour": lambda visit: f"{visit.hour:02d}:00",
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
    return round((end - start).total_seconds()) if end else None


def record(day: Day, refused: Mapping[str, int], seal: str) -> DayRecorded:
    """What is kept of a closed day."""
    assert day.closed is not None
    return DayRecorded(day.closed.date, day.closed.closed_at, day.closed.totals, refused, Visits.of(visits(day)), seal)


def summary(found: Iterable[Visit]) -> dict[str, Any]:
    """Figures of some visits: how many ended how, waits and service times in seconds (median, 90th percentile)."""
    rows = list(found)
    waited = sorted(visit.waited for visit in rows if visit.waited is not None)
    worked = sorted(visit.worked for visit in rows if visit.worked is not None)
    ended = Counter(visit.outcome for visit in rows)
    return {
        "tickets": len(rows),
        "served": ended["served"],
        "missed": ended["missed"],
        "cancelled": ended["cancelled"],
        "unserved": ended["unserved"],
        "wait_median": quantile(waited, 0.5),
        "wait_p90": quantile(waited, 0.9),
        "service_median": quantile(worked, 0.5),
        "service_p90": quantile(worked, 0.9),
        "waits_in_range": _share([visit.in_range for visit in rows if visit.in_range is not None]),
    }


def by(days: Mapping[str, Iterable[Visit]], group: By) -> dict[str, dict[str, Any]]:
    """The summary of each part of these days' visits, by name of the part."""
    parts: dict[str, list[Visit]] = {}
    for date, found in days.items():
        if group == "day":
            parts[date] = list(found)
            continue
        name_of = GROUPS[group]
        for visit in found:
            parts.setdefault(name_of(visit), []).append(visit)
    return {name: summary(parts[name]) for name in sorted(parts)}


def _share(answers: Sequence[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None


def quantile(ordered: Sequence[int], part: float) -> int | None:
    """The smallest value that at least this part of an ordered sequence does not exceed (nearest rank)."""
    return ordered[max(0, ceil(round(part * len(ordered), 9)) - 1)] if ordered else None
