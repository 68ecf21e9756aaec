"""What people and programs see of a mall's directory, as JSON-ready values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.catalog.contract import rules, week
from services.catalog.domain.directory import CounterListed, Directory, ServiceListed
from services.catalog.domain.mall import HoursException
from services.catalog.domain.waiting import Waiting
from services.catalog.search import search

# What must be public of a service's standard: UU 25/2009 article 21, PermenPANRB 15/2014.
PUBLIC_STANDARD = ("requirements", "procedure", "duration", "fee", "product", "complaints")


def summary(directory: Directory) -> dict[str, Any]:
    """A mall in a list of malls."""
    assert directory.mall is not None
    return {"code": directory.mall.code, "name": directory.mall.name, "city": directory.mall.city}


def mall(directory: Directory) -> dict[str, Any]:
    """A mall with the rules of its day, its agencies and counters."""
    listed = directory.mall
    assert listed is not None
    return summary(directory) | {
        "address": listed.address,
        "zone": listed.zone,
        **rules(listed),
        "agencies": [{"code": a.code, "name": a.name, "line": a.line} for a in directory.agencies.values()],
        "counters": [_counter(counter) for counter in directory.counters.values()],
    }


def exceptions_ahead(directory: Directory, today: date) -> list[HoursException]:
    """The dates from today on that have hours of their own, in order."""
    assert directory.mall is not None
    return sorted((x for x in directory.mall.exceptions if x.date >= today), key=lambda x: x.date)


def services(directory: Directory, words: str) -> list[dict[str, Any]]:
    """The services that fit all these words, best first, each with its agency, line and counters."""
    return [_service(directory, service) for service in search(directory, words)]


def cards(directory: Directory, words: str, agency: str = "", floor: int | None = None) -> list[dict[str, Any]]:
    """The services that fit these words, of this agency and on this floor, with all that the public page tells."""
    found = [card(directory, service) for service in search(directory, words) if agency in ("", service.agency)]
    return [each for each in found if floor is None or floor in [counter["floor"] for counter in each["counters"]]]


def card(directory: Directory, service: ServiceListed) -> dict[str, Any]:
    """A service with its fee, whom it is for, and the public part of its standard: components that say something.

    Requirements, fee and eligibility that the service itself names are told as such, not a second time as components.
    """
    told = {"requirements": bool(service.requirements), "fee": bool(getattr(service, "fee", ""))}
    standard: Mapping[str, str] = getattr(service, "components", {})
    return _service(directory, service) | {
        "fee": getattr(service, "fee", ""),
        "eligibility": getattr(service, "eligibility", ""),
        "standard": {name: standard[name] for name in PUBLIC_STANDARD if standard.get(name) and not told.get(name)},
    }


def waiting(day: Waiting, closures: Waiting, on: date, now: datetime) -> dict[str, Any]:
    """How many wait now for each service, which counters take visitors, and what is closed for a while."""
    return {
        "business_day": on.isoformat(),
        "news_at": day.news_at and day.news_at.isoformat(),
        "ended": day.ended,
        "total": len(day.tickets),
        "services": dict(sorted(day.by_service.items())),
        "open_counters": day.open_counters,
        "suspended": [
            {
                "scope": closure.scope,
                "code": closure.code,
                "reason": closure.reason,
                "until": closure.until and closure.until.isoformat(),
            }
            for closure in closures.closures_at(now)
        ],
    }


def _counter(counter: CounterListed) -> dict[str, Any]:
    return {
        "code": counter.code,
        "name": counter.name,
        "floor": counter.floor,
        "agency": counter.agency,
        "services": list(counter.services),
        "week": week(counter.week),
    }


def _service(directory: Directory, service: ServiceListed) -> dict[str, Any]:
    agency = directory.agencies[service.agency]
    return {
        "code": service.code,
        "name": service.name,
        "agency": agency.code,
        "agency_name": agency.name,
        "line": agency.line,
        "minutes": service.minutes,
        "requirements": list(service.requirements),
        "capacity": service.capacity,
        "counters": [{"code": c.code, "floor": c.floor} for c in directory.counters_for(service.code)],
    }
