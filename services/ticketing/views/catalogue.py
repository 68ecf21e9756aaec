"""What the catalogue and its closures offer now, and a token by which open screens learn that it has changed."""

import hashlib
import json
from datetime import datetime
from typing import Any

from services.chassis.decider import Snapshot
from services.ticketing.domain.day import in_force
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Mall
from services.ticketing.views import hall_display, kiosk

TOKEN_DIGITS = 16

Moment = tuple[object, ...]

_tokens: dict[str, tuple[Mall, Moment, str]] = {}  # by mall: the catalogue and the moment that a token is of


def hall(snapshot: Snapshot[Day], mall: Mall, now: datetime) -> dict[str, Any]:
    """Return the hall display with `catalogue`, so that every screen which follows it knows when to fetch its lists."""
    return hall_display.hall(snapshot, mall, now) | {"catalogue": token(mall, now, snapshot.state)}


def transfer_targets(mall: Mall, now: datetime, day: Day) -> list[dict[str, Any]]:
    """Return the services that a counter gives, by name, each with the agency's name and `why_not`.

    A service with no places left takes visitors who are sent on: they have their place.
    """
    services = [
        {**offered, "agency": agency["name"], "why_not": None if _is_kind(offered, "full") else offered["why_not"]}
        for agency in kiosk.directory(mall, now, day)
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
    full = tuple(service.code for service in mall.services.values() if in_force.is_full(day, service))
    went_home = tuple(sorted(code for code, desk in day.desks.items() if desk.status == "closed"))
    return (int(now.timestamp() // 60), day.override is not None, closures, full, went_home, day.letters)


def _hash(mall: Mall, now: datetime, day: Day) -> str:
    about = mall.about
    shown = {
        "name": about.name,
        "zone": about.zone,
        "classes": [[one.code, dict(one.name), one.basis] for one in about.classes],
        "bookings": about.bookings is not None,
        "counters": [[desk.code, desk.name, desk.floor, desk.agency] for desk in mall.counters.values()],
        "agencies": kiosk.directory(mall, now, day),
    }
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:TOKEN_DIGITS]


def _is_kind(offered: dict[str, Any], kind: str) -> bool:
    return offered["why_not"] is not None and offered["why_not"]["kind"] == kind
