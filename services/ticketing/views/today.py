"""What holds today, for every screen: whether the mall is open, its rules, what is closed for a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.errors import Refused
from services.ticketing.domain import hours
from services.ticketing.domain.day import in_force
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Closure, Mall


def is_open(day: Day, mall: Mall, now: datetime) -> bool:
    """Whether visitors are served now."""
    if day.closed or in_force.halted(day, mall, now).state != "open":
        return False
    return day.override is not None or mall.about.hours.is_open(now)


def gives_tickets(day: Day, mall: Mall, now: datetime) -> bool:
    """Whether the kiosk gives tickets now, as far as the clock can tell."""
    try:
        in_force.must_give_tickets(day, mall, now)
    except Refused:
        return False
    return day.closed is None


def next_opening(day: Day, mall: Mall, now: datetime) -> datetime | None:
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
        "hours": clocks(about.hours.intervals(date)),
        "why_closed": about.hours.why_closed(date) or None,
        "tickets_from_minutes": about.tickets_from_minutes,
        "last_ticket_minutes": about.last_ticket_minutes,
        "capacity": about.capacity,
        "kept_for_priority": about.kept_for_priority,
        "kept_for_bookings": about.kept_for_bookings,
        "places_left": in_force.places_left(day, mall),
        "bookings": {"days_ahead": about.bookings.days_ahead, "claim_by": about.bookings.claim_by}
        if about.bookings
        else None,
        "home_percent": about.home_percent,
        "home_share": in_force.home_share(mall),
        "home_left": in_force.home_left(day, mall),
        "bookings_percent": about.bookings_percent,
        "booking_share": in_force.booking_share(mall),
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
        "id": closure.id,
        "scope": closure.scope,
        "code": closure.code,
        "name": names[closure.scope],
        "reason": closure.reason,
        "since": closure.since.isoformat(),
        "until": closure.until.isoformat() if closure.until else None,
        "holds": closure.holds(now),
    }


def clocks(intervals: Sequence[hours.Interval]) -> list[list[str]]:
    """Hours as clocks show them: `[["08:00", "12:00"], …]`."""
    return [[opens.strftime("%H:%M"), closes.strftime("%H:%M")] for opens, closes in intervals]
