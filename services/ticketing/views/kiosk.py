"""What the kiosk offers."""

from collections import Counter
from datetime import datetime
from typing import Any

from services.ticketing.domain import hours
from services.ticketing.domain.day import in_force, refusals, visitors
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.history import History
from services.ticketing.domain.mall import Mall, ServiceLearned

LATELY = 30  # closed days
ENOUGH, FEWEST, MOST_USED = 20, 3, 10  # visits, and services, before some count as the most used


def directory(mall: Mall, now: datetime, day: Day | None = None) -> list[dict[str, Any]]:
    """What the kiosk offers: each agency with its services, and what prevents a ticket for each of them now."""
    agencies = [
        {
            "code": agency.code,
            "name": agency.name,
            "suspended": agency.suspended,
            "line": agency.line if day is None else visitors.line_of(day, agency),
            "services": [
                offer(mall, service, now, day) for service in mall.services.values() if service.agency == agency.code
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


def offer(mall: Mall, service: ServiceLearned, now: datetime, day: Day | None = None) -> dict[str, Any]:
    """A service as it is offered: where, how long it takes, what to bring; `why_not` while no ticket is given for it.

    Without a day it is offered for days to come, and only what the catalogue knows counts.
    """
    return {
        "code": service.code,
        "name": service.name,
        "minutes": service.minutes,
        "requirements": list(service.requirements),
        "counters": [{"code": counter.code, "floor": counter.floor} for counter in mall.counters_for(service.code)],
        "why_not": _why_not(day or Day(), mall, service, now),
    }


def _why_not(day: Day, mall: Mall, service: ServiceLearned, now: datetime) -> dict[str, Any] | None:
    """What a new ticket would be refused for: the kind, the reason as visitors read it, and until when it holds."""
    try:
        in_force.counters_now(day, mall, service, now)
    except refusals.Suspended as suspended:
        return _not("closed", suspended.params["until"], suspended.params["why"])
    except refusals.NoCounter:
        return _not("no-counter")
    except refusals.ServiceAway as away:
        if not mall.about.hours.serves_later(now):  # the whole mall is closed, which screens say once
            return None
        return _not("gone-home" if _came(day, mall, service, now) else "away", away.params["next_opening"])
    return _not("full") if in_force.is_full(day, service) else None


def _not(kind: str, until: datetime | None = None, reason: str = "") -> dict[str, Any]:
    return {"kind": kind, "reason": reason, "until": until.isoformat() if until else None}


def _came(day: Day, mall: Mall, service: ServiceLearned, now: datetime) -> bool:
    """Whether a counter of the service was there today."""
    today = hours.business_day(now, mall.about.zone)
    return any(
        counter.code in day.desks or mall.hours_of(counter).intervals(today)
        for counter in mall.counters_for(service.code)
    )
