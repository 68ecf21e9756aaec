"""What people see of a business day: plain questions to the folded state, as JSON-ready values."""

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

from services.chassis.decider import Snapshot
from services.ticketing.domain import hours
from services.ticketing.domain.day import Day, Status, TicketCalled, TicketIssued
from services.ticketing.domain.mall import Mall, ServiceLearned

CALLS_SHOWN = 10
WAITING_SHOWN = 50


def ticket(day: Day, mall: Mall, ticket_id: str) -> dict[str, Any]:
    """A ticket as its holder may see it: no personal data, no priority class. Raises `UnknownTicket`."""
    found = day.ticket(ticket_id)
    return _ticket(day, mall, found.issued, found.status, found.called, day.ahead_of(ticket_id))


def issued_ticket(day: Day, mall: Mall, issued: TicketIssued) -> dict[str, Any]:
    """A ticket as it was when it was issued: the same answer however often, and whenever, it is asked for."""
    return _ticket(day, mall, issued, "waiting", None, issued.ahead)


def called_ticket(day: Day, mall: Mall, called: TicketCalled) -> dict[str, Any]:
    """A ticket as it was when it was called: the same answer however often, and whenever, it is asked for."""
    return _ticket(day, mall, day.ticket(called.ticket_id).issued, "called", called, None)


def _ticket(
    day: Day, mall: Mall, issued: TicketIssued, status: Status, called: TicketCalled | None, ahead: int | None
) -> dict[str, Any]:
    about = mall.about
    return {
        "id": issued.ticket_id,
        "number": issued.number,
        "status": status,
        "service": issued.service,
        "service_name": issued.service_name,
        "agency": issued.agency,
        "agency_name": issued.agency_name,
        "counters": [{"code": place.code, "floor": place.floor} for place in issued.counters],
        "counter": {"code": called.counter, "floor": called.floor} if called else None,
        "ahead": ahead,
        "issued_at": issued.issued_at.isoformat(),
        "called_at": called.called_at.isoformat() if called else None,
        "mall_name": about.name,
        "business_day": day.opened.date if day.opened else None,
        "status_url": f"/ticketing/malls/{about.code}/tickets/{issued.ticket_id}",
    }


def hall(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """The hall display: who is called where, the last calls, how many wait per line."""
    day, about = snapshot.state, mall.about
    date = hours.business_day(now, about.zone).isoformat()
    open_now = day.override is not None or hours.is_open(now, about.zone, about.week)
    opening = None if open_now else hours.next_opening(now, about.zone, about.week)
    return {
        "mall": about.code,
        "name": about.name,
        "zone": about.zone,
        "business_day": date,
        "position": f"{date}@{snapshot.version}",
        "open": open_now,
        "override": day.override.reason if day.override else None,
        "next_opening": opening.isoformat() if opening else None,
        "capacity": about.capacity,
        "issued": len(day.tickets),
        "serving": [_call(day, called) for called in _now_called(day)],
        "calls": [_call(day, called) for called in reversed(day.calls[-CALLS_SHOWN:])],
        "waiting": _waiting_by_line(day, mall),
    }


def counter(day: Day, mall: Mall, code: str, now: datetime) -> dict[str, Any]:
    """One counter's desk: its visitor, who it would call next, how many it has served. Raises `UnknownCounter`."""
    desk = mall.counter(code)
    current = day.serving.get(code)
    waiting = [day.tickets[waits].issued for waits in day.waiting(desk.services, WAITING_SHOWN)]
    served = [t for t in day.tickets.values() if t.status == "served" and t.called and t.called.counter == code]
    return {
        "counter": code,
        "floor": desk.floor,
        "agency": desk.agency,
        "agency_name": mall.agency_name(desk.agency),
        "current": ticket(day, mall, current) if current else None,
        "waiting": [
            {"number": t.number, "service_name": t.service_name, "issued_at": t.issued_at.isoformat()} for t in waiting
        ],
        "served_today": len(served),
        "open": day.override is not None or hours.is_open(now, mall.about.zone, mall.about.week),
        "override": day.override.reason if day.override else None,
    }


def directory(mall: Mall) -> list[dict[str, Any]]:
    """What the kiosk offers: each agency with its services."""
    agencies = [
        {
            "code": agency.code,
            "name": agency.name,
            "line": agency.line,
            "services": [_offer(mall, service) for service in mall.services.values() if service.agency == agency.code],
        }
        for agency in mall.agencies.values()
    ]
    return sorted(agencies, key=lambda agency: (len(str(agency["line"])), agency["line"]))


def _offer(mall: Mall, service: ServiceLearned) -> dict[str, Any]:
    return {
        "code": service.code,
        "name": service.name,
        "minutes": service.minutes,
        "requirements": list(service.requirements),
        "counters": [{"code": counter.code, "floor": counter.floor} for counter in mall.counters_for(service.code)],
    }


def _now_called(day: Day) -> list[TicketCalled]:
    current = [day.tickets[ticket_id].called for ticket_id in day.serving.values()]
    return sorted((called for called in current if called), key=lambda called: called.counter)


def _call(day: Day, called: TicketCalled) -> dict[str, Any]:
    return {
        "call": hashlib.sha256(called.ticket_id.encode()).hexdigest()[:16],  # tells calls apart, not whose they are
        "number": day.tickets[called.ticket_id].issued.number,
        "counter": called.counter,
        "floor": called.floor,
        "called_at": called.called_at.isoformat(),
    }


def _waiting_by_line(day: Day, mall: Mall) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for queue in day.queues.values():
        counts[queue.line] += len(queue.ordinary) + len(queue.priority)
    return [
        {"line": agency.line, "agency": agency.code, "agency_name": agency.name, "waiting": counts[agency.line]}
        for agency in sorted(mall.agencies.values(), key=lambda agency: (len(agency.line), agency.line))
        if counts[agency.line]
    ]
