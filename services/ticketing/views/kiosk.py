"""What the kiosk offers."""

from collections import Counter
from datetime import datetime
from typing import Any

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
    """A service as it is offered: where, how long it takes, what to bring; `closed` or `away` while it is not given."""
    return {
        "code": service.code,
        "name": service.name,
        "minutes": service.minutes,
        "requirements": list(service.requirements),
        "counters": [{"code": counter.code, "floor": counter.floor} for counter in mall.counters_for(service.code)],
        **_obstacle(day or Day(), mall, service, now),
    }


def _obstacle(day: Day, mall: Mall, service: ServiceLearned, now: datetime) -> dict[str, Any]:
    """Why a new ticket for this service would be refused: closed for a while (the reason), or away (until when)."""
    try:
        in_force.counters_now(day, mall, service, now)
    except refusals.Suspended as suspended:
        return {"closed": suspended.params["why"], "away": None}
    except refusals.NoCounter:
        return {"closed": None, "away": {"next_opening": None}}
    except refusals.ServiceAway as away:
        if not mall.about.hours.serves_later(now):  # the whole mall is closed, which screens say once
            return {"closed": None, "away": None}
        opening = away.params["next_opening"]
        return {"closed": None, "away": {"next_opening": opening.isoformat() if opening else None}}
    return {"closed": None, "away": None}
