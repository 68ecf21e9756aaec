"""What a supervisor sees: the mall at a glance, and what needs attention."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.chassis.decider import Snapshot
from services.ticketing.domain.day import in_force, turns
from services.ticketing.domain.day.state import Booking, Day, Ticket
from services.ticketing.domain.hours import elapsed
from services.ticketing.domain.mall import Mall
from services.ticketing.views.console import pace, seconds_worked
from services.ticketing.views.hall_display import hall, waiting_by_line

IDLE_MINUTES = 5  # that a free counter may let visitors wait before it is an alert
CLOCK_MINUTES = 2  # that the machine's clock may be off before it is an alert
Booked = tuple[str, Booking]  # ISO date of the day, and the booking


def overview(
    snapshot: Snapshot[Day], mall: Mall, now: datetime, clock_doubt: float = 0.0, bookings: Sequence[Booked] = ()
) -> dict[str, Any]:
    """The mall at a glance, for supervisors: lines, counters, places left, and what needs attention.

    `clock_doubt` is by how many seconds this machine's clock jumped or differs from the database's; `bookings` are
    those of days ahead that cannot be claimed.
    """
    day = snapshot.state
    worked = seconds_worked(day)
    lines = _lines(day, now, mall)
    desks = [_desk(day, mall, code, now, worked.get(code, [])) for code in in_force.counters_in_use(day, mall)]
    return hall(snapshot, mall, now) | {
        "lines": lines,
        "counters": desks,
        "places_left": in_force.places_left(day, mall),
        "bookings_unclaimed": day.unclaimed,
        "statuses": dict(Counter(one.status for one in day.tickets.values())),
        "alerts": [
            *_clock_alerts(clock_doubt),
            *_closing_alerts(day, mall.about.zone),
            *_stranded(day, mall, now),
            *_booking_alerts(bookings),
            *_alerts(day, lines, desks),
        ],
        "closed": day.closed is not None,
    }


def _lines(day: Day, now: datetime, mall: Mall) -> list[dict[str, Any]]:
    lines = waiting_by_line(day, mall)
    oldest: dict[tuple[str, str], Ticket] = {}
    for queue in day.queues.values():
        for ticket in (day.tickets[one] for one in (*queue.ordinary, *queue.priority)):
            key = (ticket.now_for.line, ticket.now_for.agency)
            if key not in oldest or ticket.arrival < oldest[key].arrival:
                oldest[key] = ticket
    for line in lines:
        longest = oldest[(line["line"], line["agency"])]
        line["longest_minutes"] = round(elapsed(longest.issued.issued_at, now) / 60)
        line["longest_number"] = longest.issued.number
    return lines


def _desk(day: Day, mall: Mall, code: str, now: datetime, worked: Sequence[float]) -> dict[str, Any]:
    counter, desk, current = in_force.counter_of_day(day, mall, code), day.desks.get(code), day.serving.get(code)
    waiting = turns.waiting_for(day, mall, counter, now)
    called = day.tickets[current].called if current else None
    closure = mall.closure("counter", code, now)
    status = desk.status if desk else "new"
    return {
        "counter": code,
        "floor": counter.floor,
        "agency": counter.agency,
        "agency_name": mall.agency_name(counter.agency),
        "withdrawn": code not in mall.counters,
        "status": status,
        "status_reason": desk.reason if desk else "",
        "closure": closure.reason if closure else None,
        "current": day.tickets[current].issued.number if current else None,
        "current_since": called.called_at.isoformat() if called else None,
        "waiting": len(waiting),
        "idle_minutes": _idle_minutes(day, code, waiting, now) if status == "open" and not current else 0,
        "served_today": len(worked),
        "pace_minutes": pace(worked),
    }


def _idle_minutes(day: Day, code: str, waiting: Sequence[Ticket], now: datetime) -> int:
    """Minutes for which an open counter has had no visitor although some could be called."""
    if not waiting:
        return 0
    desk = day.desks[code]
    free_since = max(desk.since, desk.last.at) if desk.last else desk.since
    came = min(ticket.issued.issued_at for ticket in waiting)
    return int(elapsed(max(free_since, came), now) // 60)


def _clock_alerts(clock_doubt: float) -> list[dict[str, Any]]:
    minutes = round(abs(clock_doubt) / 60)
    return [{"kind": "clock-doubtful", "minutes": minutes}] if minutes >= CLOCK_MINUTES else []


def _closing_alerts(day: Day, zone: str) -> list[dict[str, Any]]:
    """An edit of the hours moved the closing of the day into the past: a person has to close it, or correct them."""
    if not day.closing_has_passed or day.closed or day.closes_at is None or day.override:
        return []
    waiting = sum(line.waiting for line in day.lines.values())
    return [
        {"kind": "closing-has-passed", "time": f"{day.closes_at.astimezone(ZoneInfo(zone)):%H.%M}", "waiting": waiting}
    ]


def _stranded(day: Day, mall: Mall, now: datetime) -> list[dict[str, Any]]:
    """Tickets that no counter can call now. A stop or a closure of the mall is one alert for all who wait."""
    waiting = [ticket for ticket in day.tickets.values() if ticket.status == "waiting"]
    halted = in_force.halted(day, mall, now)
    if halted.state != "open":
        return [{"kind": f"waiting-while-{halted.state}", "waiting": len(waiting)}] if waiting else []
    stranded = []
    for ticket in sorted(waiting, key=lambda each: each.arrival):
        found = in_force.for_ticket(day, mall, ticket, now)
        if found is not None and found.state != "open":
            stranded.append(_without_counter(ticket, found, now))
    return stranded


def _without_counter(ticket: Ticket, found: in_force.InForce, now: datetime) -> dict[str, Any]:
    return {
        "kind": "ticket-without-counter",
        "id": ticket.id,
        "number": ticket.issued.number,
        "service": ticket.now_for.service,
        "service_name": ticket.now_for.service_name,
        "since_minutes": round(elapsed(ticket.issued.issued_at, now) / 60),
        "cause": found.reason or found.state,
    }


def _booking_alerts(bookings: Sequence[Booked]) -> list[dict[str, Any]]:
    """How many booked places of a day and service cannot be claimed, and why."""
    counts = Counter(
        (date, booking.placed.service_name, booking.suspended.cause)
        for date, booking in bookings
        if booking.suspended is not None
    )
    return [
        {"kind": "booking-concerned", "day": date, "service_name": name, "cause": cause, "count": count}
        for (date, name, cause), count in sorted(counts.items())
    ]


def _alerts(day: Day, lines: list[dict[str, Any]], desks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ceiling = day.rule.ceiling_minutes
    late = [
        {"kind": "line-over-ceiling", "line": line["line"], "minutes": line["longest_minutes"]}
        for line in lines
        if ceiling is not None and line["longest_minutes"] > ceiling
    ]
    withdrawn = [
        {"kind": "counter-withdrawn-busy", "counter": desk["counter"], "number": desk["current"]}
        for desk in desks
        if desk["withdrawn"] and desk["current"]
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
    return [*late, *withdrawn, *idle, *slow]
