"""What a clerk sees at the own counter."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from services.ticketing.domain.day import counters, in_force, turns
from services.ticketing.domain.day.commands import RestoreTicket
from services.ticketing.domain.day.state import GOES_ON, Day, Ticket
from services.ticketing.domain.hours import elapsed
from services.ticketing.domain.mall import Mall
from services.ticketing.views.today import is_open
from services.ticketing.views.visitor import ticket

WAITING_SHOWN = 50


def counter(day: Day, mall: Mall, code: str, now: datetime) -> dict[str, Any]:
    """One counter's desk: its visitor, the next to be called, who is on hold. Raises `UnknownCounter`.

    A counter that was withdrawn from the catalogue keeps its visitor and those who were sent to it (`withdrawn`).
    """
    found = in_force.counter_of_day(day, mall, code)
    desk, current = day.desks.get(code), day.serving.get(code)
    waiting = list(islice(turns.in_order(day, mall, found, now), WAITING_SHOWN))
    mine = [one for one in day.tickets.values() if counters.concerns(found, one)]
    closure = mall.closure("counter", code, now) or mall.closure("mall", mall.about.code, now)
    worked = seconds_worked(day).get(code, [])

    return {
        "counter": code,
        "floor": found.floor,
        "agency": found.agency,
        "agency_name": mall.agency_name(found.agency),
        "withdrawn": code not in mall.counters,
        "status": desk.status if desk else "new",
        "status_reason": desk.reason if desk else "",
        "closure": closure.reason if closure else None,
        "current": _at_desk(day, mall, current, now) if current else None,
        "waiting": [_waiting(one) for one in waiting],
        "waiting_count": len(turns.waiting_for(day, mall, found, now)),
        "held": [_waiting(one) for one in mine if one.status == "held"],
        "missed": [
            _missed(one)
            for one in mine
            if one.status == "missed" and counters.accepts(RestoreTicket(one.id, now, code, mall), day)
        ],
        "services": [_given(mall, service, now) for service in found.services if service in mall.services],
        "undo": _undo(day, code, now),
        "served_today": len(worked),
        "pace_minutes": pace(worked),
        "open": is_open(day, mall, now),
        "override": day.override.reason if day.override else None,
        "stopped": day.stopped.reason if day.stopped else None,
    }


def _at_desk(day: Day, mall: Mall, ticket_id: str, now: datetime) -> dict[str, Any]:
    found = day.tickets[ticket_id]
    started = found.started_at.isoformat() if found.started_at else None
    more = {"started_at": started, "recalls_left": counters.RECALLS - found.recalls, "note": found.note}
    others = [t for t in day.tickets.values() if t.visit == found.visit and t.id != found.id and t.status in GOES_ON]
    return ticket(day, mall, ticket_id, now) | more | {"other_numbers": [other.issued.number for other in others]}


def _waiting(found: Ticket) -> dict[str, Any]:
    return {
        "id": found.id,
        "number": found.issued.number,
        "service": found.now_for.service,
        "service_name": found.now_for.service_name,
        "issued_at": found.issued.issued_at.isoformat(),
        "note": found.note,
    }


def _missed(found: Ticket) -> dict[str, Any]:
    return _waiting(found) | {"missed_at": found.ended_at.isoformat() if found.ended_at else None}


def _given(mall: Mall, code: str, now: datetime) -> dict[str, Any]:
    closure = mall.closure("service", code, now)
    return {"code": code, "name": mall.services[code].name, "closed": closure.reason if closure else None}


def _undo(day: Day, code: str, now: datetime) -> dict[str, Any] | None:
    """The counter's last act, while it can be taken back."""
    last = day.desks[code].last if code in day.desks else None
    if last is None or not counters.can_be_undone(day, code, now):
        return None
    seconds = round(counters.UNDO_WITHIN.total_seconds() - elapsed(last.at, now))
    return {"act": last.act, "number": last.before.issued.number, "seconds_left": seconds}


def seconds_worked(day: Day) -> dict[str, list[float]]:
    """Seconds of each visit that a counter has finished today, by counter."""
    found: dict[str, list[float]] = {}
    for one in day.tickets.values():
        if one.status == "served":
            found.setdefault(one.counter, []).append(one.worked)
    return found


def pace(worked: Sequence[float]) -> float | None:
    """Minutes of a visit on average."""
    return round(sum(worked) / len(worked) / 60, 1) if worked else None
