"""What a supervisor sees: the mall at a glance, and what needs attention."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.decider import Snapshot
from services.ticketing.domain.day import turns
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Mall
from services.ticketing.views.console import pace, seconds_worked
from services.ticketing.views.hall_display import hall, waiting_by_line

IDLE_MINUTES = 5  # that a free counter may let people wait before a supervisor hears of it


def overview(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """The mall at a glance, for supervisors: lines, counters, places left, and what needs attention."""
    day, about = snapshot.state, mall.about
    worked = seconds_worked(day)
    lines = _lines(day, now, mall)
    desks = [_desk(day, mall, code, now, worked.get(code, [])) for code in sorted(mall.counters)]
    return hall(snapshot, mall, now) | {
        "lines": lines,
        "counters": desks,
        "places_left": max(0, about.capacity - day.places.all),
        "bookings_unclaimed": day.unclaimed,
        "statuses": dict(Counter(one.status for one in day.tickets.values())),
        "alerts": _alerts(day, lines, desks),
        "closed": day.closed is not None,
    }


def _lines(day: Day, now: datetime, mall: Mall) -> list[dict[str, Any]]:
    found = waiting_by_line(day, mall)
    for line in found:
        heads = [one for queue in day.queues_of(line["line"]) for one in (*queue.ordinary[:1], *queue.priority[:1])]
        longest = min((day.tickets[one] for one in heads), key=lambda ticket: ticket.place)
        line["longest_minutes"] = round((now - longest.issued.issued_at).total_seconds() / 60)
        line["longest_number"] = longest.issued.number
    return found


def _desk(day: Day, mall: Mall, code: str, now: datetime, worked: Sequence[float]) -> dict[str, Any]:
    found, desk, current = mall.counters[code], day.desks.get(code), day.serving.get(code)
    services = turns.callable_services(day, mall, found, now)
    called = day.tickets[current].called if current else None
    closure = mall.closure("counter", code, now)
    status = desk.status if desk else "new"
    return {
        "counter": code,
        "floor": found.floor,
        "agency": found.agency,
        "agency_name": mall.agency_name(found.agency),
        "status": status,
        "status_reason": desk.reason if desk else "",
        "closure": closure.reason if closure else None,
        "current": day.tickets[current].issued.number if current else None,
        "current_since": called.called_at.isoformat() if called else None,
        "waiting": sum(turns.length(day.queues[name]) for name in services if name in day.queues),
        "idle_minutes": _idle_minutes(day, code, services, now) if status == "open" and not current else 0,
        "served_today": len(worked),
        "pace_minutes": pace(worked),
    }


def _idle_minutes(day: Day, code: str, services: Sequence[str], now: datetime) -> int:
    """For how long a free counter has called nobody although somebody waited."""
    heads = [one for name in services if (q := day.queues.get(name)) for one in (*q.ordinary[:1], *q.priority[:1])]
    if not heads:
        return 0
    desk = day.desks[code]
    free_since = max(desk.since, desk.last.at) if desk.last else desk.since
    came = min(day.tickets[one].issued.issued_at for one in heads)
    return int((now - max(free_since, came)).total_seconds() // 60)


def _alerts(day: Day, lines: list[dict[str, Any]], desks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ceiling = day.rule.ceiling_minutes
    late = [
        {"kind": "line-over-ceiling", "line": line["line"], "minutes": line["longest_minutes"]}
        for line in lines
        if ceiling is not None and line["longest_minutes"] > ceiling
    ]
    idle = [
        {"kind": "counter-idle", "counter": desk["counter"], "waiting": desk["waiting"]}
        for desk in desks
        if desk["waiting"] and not desk["current"] and desk["status"] != "open" and desk["closure"] is None
    ]
    slow = [
        {
            "kind": "counter-not-calling",
            "counter": desk["counter"],
            "waiting": desk["waiting"],
            "minutes": desk["idle_minutes"],
        }
        for desk in desks
        if desk["idle_minutes"] >= IDLE_MINUTES and desk["closure"] is None
    ]
    return [*late, *idle, *slow]
