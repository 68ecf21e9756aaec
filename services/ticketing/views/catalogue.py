"""What the catalogue and its closures offer now, and a token by which open screens learn that it has changed."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.decider import Snapshot
from services.ticketing.domain import hours
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Closure, CounterLearned, Mall, ServiceLearned
from services.ticketing.views import hall_display, kiosk

TOKEN_DIGITS = 16

Moment = tuple[object, ...]

_tokens: dict[str, tuple[Mall, Moment, str]] = {}  # by mall: the catalogue and the moment that a token is of


def hall(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """Return the hall display with `catalogue`, so that every screen which follows it knows when to fetch its lists."""
    return hall_display.hall(snapshot, mall, now) | {"catalogue": token(mall, now, snapshot.state)}


def directory(mall: Mall, now: datetime, day: Day | None = None) -> list[dict[str, Any]]:
    """Return each agency, `suspended` with its reason, and its services.

    Each service has `why_not`: the kind, reason and end (`until`) of what it cannot be chosen for now, or None.
    """
    agencies = kiosk.directory(mall, now, day)
    for agency in agencies:
        known = mall.agencies[agency["code"]]
        agency["suspended"] = known.suspended
        for offered in agency["services"]:
            offered["why_not"] = _why_not(mall, mall.services[offered["code"]], now, day, offered["away"])
    return agencies


def transfer_targets(mall: Mall, now: datetime, day: Day) -> list[dict[str, Any]]:
    """Return the services that a counter gives, by name, each with the agency's name and `why_not`.

    A service with no places left takes visitors who are sent on: they have their place.
    """
    services = [
        {**offered, "agency": agency["name"], "why_not": None if _is_kind(offered, "full") else offered["why_not"]}
        for agency in directory(mall, now, day)
        for offered in agency["services"]
        if offered["counters"]
    ]
    return sorted(services, key=lambda service: str(service["name"]))


def token(mall: Mall, now: datetime, day: Day) -> str:
    """Return a hash of what screens take from the catalogue; the same in every process.

    It is computed once for each state of the catalogue and minute, whoever asks: hours begin and end with a minute,
    and what else changes the directory is part of the key.
    """
    code, moment = mall.about.code, _moment(mall, now, day)
    known = _tokens.get(code)
    if known is None or known[0] is not mall or known[1] != moment:
        known = _tokens[code] = (mall, moment, _hash(mall, now, day))
    return known[2]


def _moment(mall: Mall, now: datetime, day: Day) -> Moment:
    closures = tuple(closure for closure in mall.closures_ahead(now) if closure.holds(now))
    full = tuple(service.code for service in mall.services.values() if _is_full(service, day))
    return (int(now.timestamp() // 60), day.override is not None, closures, full)


def _hash(mall: Mall, now: datetime, day: Day) -> str:
    about = mall.about
    shown = {
        "name": about.name,
        "zone": about.zone,
        "classes": [[one.code, dict(one.name), one.basis] for one in about.classes],
        "bookings": about.bookings is not None,
        "counters": [[desk.code, desk.name, desk.floor, desk.agency] for desk in mall.counters.values()],
        "agencies": directory(mall, now, day),
    }
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:TOKEN_DIGITS]


def _why_not(
    mall: Mall, service: ServiceLearned, now: datetime, day: Day | None, away: dict[str, Any] | None
) -> dict[str, Any] | None:
    """What a ticket of the service would be refused for: its kind, the reason as visitors read it, until when."""
    counters = mall.counters_for(service.code)
    if not counters or service.agency not in mall.agencies:
        return {"kind": "no-counter", "reason": "", "until": None}
    of_service = mall.closure_of(service, now)
    if away and not of_service:
        today = hours.business_day(now, mall.about.zone)
        came = any(mall.hours_of(counter).intervals(today) for counter in counters)
        return {"kind": "gone-home" if came else "away", "reason": "", "until": away["next_opening"]}
    closure = of_service or _first_to_end(mall, _there(mall, counters, now, day), now)
    if closure:
        return {"kind": "closed", "reason": closure.reason, "until": closure.until and closure.until.isoformat()}
    if day is not None and _is_full(service, day):
        return {"kind": "full", "reason": "", "until": None}
    return None


def _there(mall: Mall, counters: Sequence[CounterLearned], now: datetime, day: Day | None) -> Sequence[CounterLearned]:
    """The counters that serve today; all of them under an override or after the last hour of the mall."""
    if day is not None and day.override:
        return counters
    return [counter for counter in counters if mall.hours_of(counter).serves_later(now)] or counters


def _first_to_end(mall: Mall, counters: Sequence[CounterLearned], now: datetime) -> Closure | None:
    """The closure that ends first, if each of these counters is closed for a while."""
    closures = [closure for counter in counters if (closure := mall.closure("counter", counter.code, now))]
    if len(closures) < len(counters):
        return None
    with_end = [closure for closure in closures if closure.until]
    return min(with_end, key=lambda closure: closure.until or closure.since, default=closures[0])


def _is_kind(offered: dict[str, Any], kind: str) -> bool:
    return offered["why_not"] is not None and offered["why_not"]["kind"] == kind


def _is_full(service: ServiceLearned, day: Day) -> bool:
    return service.capacity is not None and day.places.by_service.get(service.code, 0) >= service.capacity
