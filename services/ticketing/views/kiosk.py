"""What the kiosk offers."""

from collections import Counter
from datetime import datetime
from typing import Any

from services.ticketing.domain.day.state import Day
from services.ticketing.domain.history import History
from services.ticketing.domain.mall import Mall, ServiceLearned

LATELY = 30  # closed days
ENOUGH, FEWEST, MOST_USED = 20, 3, 10  # visits, and services, before some count as the most used


def directory(mall: Mall, now: datetime, day: Day | None = None) -> list[dict[str, Any]]:
    """What the kiosk offers: each agency with its services, and those that nobody gives today (`away`)."""
    nobody_away = (day is not None and day.override is not None) or not mall.about.hours.serves_later(now)
    agencies = [
        {
            "code": agency.code,
            "name": agency.name,
            "line": agency.line,
            "services": [
                offer(mall, service, now) | {"away": None if nobody_away else _away(mall, service, now)}
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
    """When a service is given again whose counters do not serve any more today."""
    hours_there = [mall.hours_of(counter) for counter in mall.counters_for(service.code)]
    if any(there.serves_later(now) for there in hours_there):
        return None
    openings = [opening for there in hours_there if (opening := there.next_opening(now))]
    return {"next_opening": min(openings).isoformat() if openings else None}
