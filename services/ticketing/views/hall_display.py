"""What the hall sees: who is called where, and how many wait."""

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

from services.chassis.decider import Snapshot
from services.ticketing.domain import hours
from services.ticketing.domain.day.events import TicketCalled, TicketRecalled
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Mall
from services.ticketing.views.today import closures, gives_tickets, is_open, next_opening, rule

CALLS_SHOWN = 10


def hall(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """The hall display: who is called where, the last calls, how many wait per line, and what holds today."""
    day, about = snapshot.state, mall.about
    date = hours.business_day(now, about.zone)
    open_now = is_open(day, mall, now)
    gives, is_full = gives_tickets(day, mall, now), day.places.all >= about.capacity
    opening = None if open_now and gives and not is_full else next_opening(day, mall, now)
    return {
        "mall": about.code,
        "name": about.name,
        "zone": about.zone,
        "business_day": date.isoformat(),
        "position": f"{date.isoformat()}@{snapshot.version}",
        "open": open_now,
        "tickets": gives,
        "override": day.override.reason if day.override else None,
        "stopped": day.stopped.reason if day.stopped else None,
        "why_closed": about.hours.why_closed(date) or None,
        "next_opening": opening.isoformat() if opening else None,
        "capacity": about.capacity,
        "issued": day.places.all,
        "rule": rule(day, mall),
        "closures": closures(mall, now),
        "serving": [_call(called) for called in _now_called(day)],
        "calls": [_call(called) for called in _latest_of_each_floor(day)],
        "waiting": waiting_by_line(day, mall),
        "seal": snapshot.hash if day.closed else None,
    }


def _now_called(day: Day) -> list[TicketCalled | TicketRecalled]:
    current = [day.tickets[ticket_id].called for ticket_id in day.serving.values()]
    return sorted((called for called in current if called), key=lambda called: called.counter)


def _latest_of_each_floor(day: Day) -> list[TicketCalled | TicketRecalled]:
    """The last calls, newest first, so many on each floor that a screen for one of them is as full as any."""
    seen: Counter[int] = Counter()
    found = []
    for called in reversed(day.calls):
        seen[called.floor] += 1
        if seen[called.floor] <= CALLS_SHOWN:
            found.append(called)
    return found


def was_called(day: Day, number: str, counter: str) -> bool:
    """Whether this is one of the last calls."""
    return any((called.number, called.counter) == (number, counter) for called in day.calls)


def _call(called: TicketCalled | TicketRecalled) -> dict[str, Any]:
    at = called.called_at if isinstance(called, TicketCalled) else called.recalled_at
    return {
        # Tells calls apart, not whose they are.
        "call": hashlib.sha256(f"{called.ticket_id}/{called.call}".encode()).hexdigest()[:16],
        "number": called.number,
        "counter": called.counter,
        "floor": called.floor,
        "called_at": at.isoformat(),
    }


def waiting_by_line(day: Day, mall: Mall) -> list[dict[str, Any]]:
    """How many wait in each line with waiting visitors: by the letter that their tickets carry."""
    return [
        {
            "line": line.letter,
            "agency": line.agency,
            "agency_name": mall.agencies[line.agency].name if line.agency in mall.agencies else line.agency_name,
            "waiting": line.waiting,
            "floors": sorted({counter.floor for counter in mall.counters.values() if counter.agency == line.agency}),
        }
        for line in sorted(day.lines.values(), key=lambda line: (len(line.letter), line.letter, line.agency))
        if line.waiting
    ]
