"""What people see of a business day: plain questions to the folded state, as JSON-ready values."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.chassis.decider import Snapshot
from services.chassis.errors import Refused
from services.ticketing.domain import hours
from services.ticketing.domain.day import DAY, counters, turns, visitors
from services.ticketing.domain.day.commands import BookPlace
from services.ticketing.domain.day.events import Place, TicketCalled, TicketIssued, TicketRecalled, TicketTransferred
from services.ticketing.domain.day.state import GOES_ON, Booking, Day, Queue, Status, Ticket
from services.ticketing.domain.history import History
from services.ticketing.domain.mall import Closure, Mall, ServiceLearned

CALLS_SHOWN = 10
WAITING_SHOWN = 50
IDLE_MINUTES = 5  # that a free counter may let people wait before a supervisor hears of it
LATELY = 30  # closed days
ENOUGH, FEWEST, MOST_USED = 20, 3, 10  # visits, and services, before some count as the most used
AT_A_PLACE = ("called", "serving", "held", "served", "missed")


def ticket(day: Day, mall: Mall, ticket_id: str) -> dict[str, Any]:
    """A ticket as its holder may see it: no personal data, no priority class. Raises `UnknownTicket`."""
    found = day.ticket(ticket_id)
    at = _place(found.now_for.counters, found) if found.status in AT_A_PLACE else None
    return {
        **_ticket(day, mall, found.issued, found.status, found.now_for),
        "counter": at,
        "ahead": turns.ahead_of(day, found),
        "estimate": _estimate(turns.wait_range(day, mall, found)),
        "called_at": found.called.called_at.isoformat() if found.called and at else None,
        "calls": found.calls,
    }


def issued_ticket(day: Day, mall: Mall, issued: TicketIssued) -> dict[str, Any]:
    """A ticket as it was when it was issued: the same answer however often, and whenever, it is asked for."""
    return {
        **_ticket(day, mall, issued, "waiting", issued),
        "counter": None,
        "ahead": issued.ahead,
        "estimate": _estimate((issued.told_low, issued.told_high)),
        "called_at": None,
        "calls": 0,
    }


def called_ticket(day: Day, mall: Mall, called: TicketCalled) -> dict[str, Any]:
    """A ticket as it was when it was called: the same answer however often, and whenever, it is asked for."""
    found = day.ticket(called.ticket_id)
    return {
        **_ticket(day, mall, found.issued, "called", found.now_for),
        "counter": {"code": called.counter, "floor": called.floor},
        "ahead": None,
        "estimate": None,
        "called_at": called.called_at.isoformat(),
        "calls": called.call,
    }


def _ticket(
    day: Day, mall: Mall, issued: TicketIssued, status: Status, about: TicketIssued | TicketTransferred
) -> dict[str, Any]:
    return {
        "id": issued.ticket_id,
        "number": issued.number,
        "status": status,
        "service": about.service,
        "service_name": about.service_name,
        "agency": about.agency,
        "agency_name": about.agency_name,
        "counters": [{"code": place.code, "floor": place.floor} for place in about.counters],
        "issued_at": issued.issued_at.isoformat(),
        "mall_name": mall.about.name,
        "business_day": day.opened.date if day.opened else None,
        "status_url": f"/ticketing/malls/{mall.about.code}/tickets/{issued.ticket_id}",
    }


def _place(promised: Sequence[Place], found: Ticket) -> dict[str, Any]:
    called = found.called
    floors = {place.code: place.floor for place in promised} | ({called.counter: called.floor} if called else {})
    return {"code": found.counter, "floor": floors.get(found.counter, 0)}


def _estimate(seconds: tuple[int, int] | None) -> dict[str, int] | None:
    """A range in whole minutes, the optimistic end rounded down and the pessimistic up."""
    return {"low_minutes": seconds[0] // 60, "high_minutes": -(-seconds[1] // 60)} if seconds else None


def booking(mall: Mall, found: Booking) -> dict[str, Any]:
    """A booked place as its holder sees it."""
    placed = found.placed
    return {
        "id": placed.booking_id,
        "status": found.status,
        "service": placed.service,
        "service_name": placed.service_name,
        "agency": placed.agency,
        "agency_name": mall.agency_name(placed.agency),
        "day": placed.claim_by.date().isoformat(),
        "claim_by": placed.claim_by.isoformat(),
        "ticket": found.ticket_id or None,
        "mall_name": mall.about.name,
        "status_url": f"/ticketing/malls/{mall.about.code}/bookings/{placed.booking_id}",
    }


def bookable_days(
    mall: Mall, service: str, priority: str | None, now: datetime, day_on: Callable[[date], Day]
) -> list[dict[str, Any]]:
    """Each day ahead with its hours, and whether a place on it could be booked now; if not, the refusal's reason."""
    about = mall.about
    if about.bookings is None:
        return []
    today = hours.business_day(now, about.zone)
    days = [today + timedelta(days=ahead) for ahead in range(about.bookings.days_ahead + 1)]
    return [_bookable(mall, BookPlace("", service, priority, on, now, mall), day_on(on)) for on in days]


def _bookable(mall: Mall, wanted: BookPlace, day: Day) -> dict[str, Any]:
    reason = None
    try:
        DAY.decide(wanted, day)
    except Refused as refusal:
        reason = refusal.reason
    times = sorted({i for c in mall.counters_for(wanted.service) for i in mall.hours_of(c).intervals(wanted.date)})
    why_closed = mall.about.hours.why_closed(wanted.date)
    return {
        "day": wanted.date.isoformat(),
        "bookable": reason is None,
        "reason": reason,
        "standing": _standing(reason, why_closed, times),
        "why_closed": why_closed or None,
        "hours": _clocks(times),
        "claim_by": visitors.claim_by(mall, wanted.date).isoformat(),
    }


def _standing(reason: str | None, why_closed: str, times: Sequence[hours.Interval]) -> str:
    """In a word how a day ahead stands for people."""
    match reason:
        case None:
            return "free"
        case "capacity-reached" | "service-full" | "places-kept":
            return "full"
        case "service-away":
            return "too-late" if times else "holiday" if why_closed else "closed"
        case "day-over":
            return "closed"
        case _:
            return "suspended"


def _clocks(intervals: Sequence[hours.Interval]) -> list[list[str]]:
    return [[opens.strftime("%H:%M"), closes.strftime("%H:%M")] for opens, closes in intervals]


def hall(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """The hall display: who is called where, the last calls, how many wait per line, and what holds today."""
    day, about = snapshot.state, mall.about
    date = hours.business_day(now, about.zone)
    open_now = _is_open(day, mall, now)
    gives, is_full = _gives_tickets(day, mall, now), day.places.all >= about.capacity
    opening = None if open_now and gives and not is_full else _next_opening(day, mall, now)
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
        "waiting": _waiting_by_line(day, mall),
        "seal": snapshot.hash if day.closed else None,
    }


def _is_open(day: Day, mall: Mall, now: datetime) -> bool:
    if day.closed or day.stopped or mall.closure("mall", mall.about.code, now):
        return False
    return day.override is not None or mall.about.hours.is_open(now)


def _gives_tickets(day: Day, mall: Mall, now: datetime) -> bool:
    if day.closed or day.stopped or mall.closure("mall", mall.about.code, now):
        return False
    return day.override is not None or mall.about.hours.gives_tickets(now)


def _next_opening(day: Day, mall: Mall, now: datetime) -> datetime | None:
    """When service opens next, as far as the clock can tell: nobody knows how long an emergency stop lasts."""
    about = mall.about
    if day.stopped:
        return None
    if closure := mall.closure("mall", about.code, now):
        return mall.opens_after(closure)
    if day.closed or day.places.all >= about.capacity:  # nobody else is served today, whatever the hours say
        return about.hours.next_day(now)
    return about.hours.next_opening(now)


def rule(day: Day, mall: Mall) -> dict[str, Any]:
    """The priority rule in force: today's, or the mall's before the day begins."""
    found = day.rule if day.opened else mall.about.rule
    return {"rule": found.rule, "in_a_row": found.in_a_row, "ceiling_minutes": found.ceiling_minutes}


def rules(day: Day, mall: Mall, now: datetime) -> dict[str, Any]:
    """What holds at this mall today, for everybody to read."""
    about = mall.about
    date = hours.business_day(now, about.zone)
    return {
        "mall": about.code,
        "business_day": date.isoformat(),
        "priority": rule(day, mall)
        | {"classes": [{"code": c.code, "name": dict(c.name), "basis": c.basis} for c in about.classes]},
        "hours": _clocks(about.hours.intervals(date)),
        "why_closed": about.hours.why_closed(date) or None,
        "tickets_from_minutes": about.tickets_from_minutes,
        "last_ticket_minutes": about.last_ticket_minutes,
        "capacity": about.capacity,
        "kept_for_priority": about.kept_for_priority,
        "kept_for_bookings": about.kept_for_bookings,
        "places_left": max(0, about.capacity - day.places.all),
        "bookings": {"days_ahead": about.bookings.days_ahead, "claim_by": about.bookings.claim_by}
        if about.bookings
        else None,
        "approaching": about.approaching,
    }


def closures(mall: Mall, now: datetime) -> list[dict[str, Any]]:
    """What is closed for a while, or will be."""
    return [_closure(mall, closure, now) for closure in mall.closures_ahead(now)]


def _closure(mall: Mall, closure: Closure, now: datetime) -> dict[str, Any]:
    names = {"mall": mall.about.name, "counter": closure.code, "service": closure.code}
    if closure.scope == "service" and closure.code in mall.services:
        names["service"] = mall.services[closure.code].name
    return {
        "scope": closure.scope,
        "code": closure.code,
        "name": names[closure.scope],
        "reason": closure.reason,
        "since": closure.since.isoformat(),
        "until": closure.until.isoformat() if closure.until else None,
        "holds": closure.holds(now),
    }


def counter(day: Day, mall: Mall, code: str, now: datetime) -> dict[str, Any]:
    """One counter's desk: its visitor, who it would call next, who is on hold. Raises `UnknownCounter`."""
    found = mall.counter(code)
    desk, current = day.desks.get(code), day.serving.get(code)
    services = turns.callable_services(day, mall, found, now)
    order = turns.in_order(day, services, code, now)
    waiting = [one for one, _ in zip(order, range(WAITING_SHOWN), strict=False)]
    mine = [one for one in day.tickets.values() if one.counter == code or one.now_for.service in found.services]
    closure = mall.closure("counter", code, now) or mall.closure("mall", mall.about.code, now)
    worked = _worked(day).get(code, [])
    return {
        "counter": code,
        "floor": found.floor,
        "agency": found.agency,
        "agency_name": mall.agency_name(found.agency),
        "status": desk.status if desk else "new",
        "status_reason": desk.reason if desk else "",
        "closure": closure.reason if closure else None,
        "current": _at_desk(day, mall, current) if current else None,
        "waiting": [_waiting(one) for one in waiting],
        "waiting_count": sum(turns.length(day.queues[name]) for name in services if name in day.queues),
        "held": [_waiting(one) for one in mine if one.status == "held"],
        "missed": [_missed(one) for one in mine if one.status == "missed" and _can_be_restored(one, now)],
        "services": [_given(mall, service, now) for service in found.services if service in mall.services],
        "undo": _undo(day, code, now),
        "served_today": len(worked),
        "pace_minutes": _pace(worked),
        "open": _is_open(day, mall, now),
        "override": day.override.reason if day.override else None,
        "stopped": day.stopped.reason if day.stopped else None,
    }


def _at_desk(day: Day, mall: Mall, ticket_id: str) -> dict[str, Any]:
    found = day.tickets[ticket_id]
    started = found.started_at.isoformat() if found.started_at else None
    more = {"started_at": started, "recalls_left": counters.RECALLS - found.recalls, "note": found.note}
    others = [t for t in day.tickets.values() if t.visit == found.visit and t.id != found.id and t.status in GOES_ON]
    return ticket(day, mall, ticket_id) | more | {"other_numbers": [other.issued.number for other in others]}


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


def _can_be_restored(found: Ticket, now: datetime) -> bool:
    return found.ended_at is not None and now - found.ended_at <= counters.RESTORE_WITHIN


def _undo(day: Day, code: str, now: datetime) -> dict[str, Any] | None:
    """The counter's last act, while it can be taken back."""
    last = day.desks[code].last if code in day.desks else None
    if last is None or not counters.can_be_undone(day, code, last, now):
        return None
    seconds = round((last.at + counters.UNDO_WITHIN - now).total_seconds())
    return {"act": last.act, "number": last.before.issued.number, "seconds_left": seconds}


def _worked(day: Day) -> dict[str, list[float]]:
    """Seconds of each visit that a counter has finished today, by counter."""
    found: dict[str, list[float]] = {}
    for one in day.tickets.values():
        if one.status == "served":
            found.setdefault(one.counter, []).append(one.worked)
    return found


def _pace(worked: Sequence[float]) -> float | None:
    """Minutes of a visit on average."""
    return round(sum(worked) / len(worked) / 60, 1) if worked else None


def overview(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """The mall at a glance, for supervisors: lines, counters, places left, and what needs attention."""
    day, about = snapshot.state, mall.about
    worked = _worked(day)
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
    found = _waiting_by_line(day, mall)
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
        "pace_minutes": _pace(worked),
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


def directory(mall: Mall, now: datetime, day: Day | None = None) -> list[dict[str, Any]]:
    """What the kiosk offers: each agency with its services, and those that nobody gives today (`away`)."""
    any_hours = day is not None and day.override is not None
    agencies = [
        {
            "code": agency.code,
            "name": agency.name,
            "line": agency.line,
            "services": [
                offer(mall, service, now) | {"away": None if any_hours else _away(mall, service, now)}
                for service in mall.services.values()
                if service.agency == agency.code
            ],
        }
        for agency in mall.agencies.values()
    ]
    return sorted(agencies, key=lambda agency: (len(str(agency["line"])), agency["line"]))


def most_used(mall: Mall, history: History, day: Day) -> list[dict[str, str]]:
    """The services asked for most, lately and today, that a counter gives; none before enough people came."""
    asked = Counter(one.issued.service for one in day.tickets.values())
    for closed in sorted(history.days)[-LATELY:]:
        asked.update(history.days[closed].visits.service)
    by_number = sorted(asked.items(), key=lambda one: (-one[1], one[0]))
    codes = [code for code, _ in by_number if code in mall.services and mall.counters_for(code)]
    if asked.total() < ENOUGH or len(codes) < FEWEST:
        return []
    found = [mall.services[code] for code in codes[:MOST_USED]]
    return [{"code": one.code, "name": one.name, "line": mall.agencies[one.agency].line} for one in found]


def offer(mall: Mall, service: ServiceLearned, now: datetime) -> dict[str, Any]:
    """A service as it is offered: where, how long it takes, what to bring."""
    closure = mall.closure_of(service, now)
    return {
        "code": service.code,
        "name": service.name,
        "minutes": service.minutes,
        "requirements": list(service.requirements),
        "counters": [{"code": counter.code, "floor": counter.floor} for counter in mall.counters_for(service.code)],
        "closed": closure.reason if closure else None,
    }


def _away(mall: Mall, service: ServiceLearned, now: datetime) -> dict[str, str | None] | None:
    """When a service is given again whose counters do not serve any more today, though the mall does."""
    hours_there = [mall.hours_of(counter) for counter in mall.counters_for(service.code)]
    if not mall.about.hours.serves_later(now) or any(there.serves_later(now) for there in hours_there):
        return None
    openings = [opening for there in hours_there if (opening := there.next_opening(now))]
    return {"next_opening": min(openings).isoformat() if openings else None}


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


def _waiting_by_line(day: Day, mall: Mall) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    queue: Queue
    for queue in day.queues.values():
        counts[queue.line] += turns.length(queue)
    return [
        {
            "line": agency.line,
            "agency": agency.code,
            "agency_name": agency.name,
            "waiting": counts[agency.line],
            "floors": sorted({desk.floor for desk in mall.counters.values() if desk.agency == agency.code}),
        }
        for agency in sorted(mall.agencies.values(), key=lambda agency: (len(agency.line), agency.line))
        if counts[agency.line]
    ]
