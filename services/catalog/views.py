"""What people and programs see of a mall's directory, as JSON-ready values."""

from datetime import date, datetime
from typing import Any

from services.catalog.domain.concerns import Concern, Concerns
from services.catalog.domain.declaration import public
from services.catalog.domain.directory import PUBLIC_COMPONENTS, Directory, ServiceListed
from services.catalog.domain.mall import HoursException
from services.catalog.domain.waiting import Waiting
from services.catalog.search import search
from services.chassis.languages import text

NAMED = 5  # of what a warning is about; more are too many to read


def summary(directory: Directory) -> dict[str, Any]:
    """A mall in a list of malls."""
    assert directory.mall is not None
    return {"code": directory.mall.code, "name": directory.mall.name, "city": directory.mall.city}


def mall(directory: Directory) -> dict[str, Any]:
    """A mall with the rules of its day, its agencies and counters."""
    listed = directory.mall
    assert listed is not None
    return public(listed) | {
        "agencies": [public(agency) for agency in directory.agencies.values()],
        "counters": [public(counter) for counter in directory.counters.values()],
    }


def exceptions_ahead(directory: Directory, today: date) -> list[HoursException]:
    """The dates from today on that have hours of their own, in order."""
    assert directory.mall is not None
    return sorted((x for x in directory.mall.exceptions if x.date >= today), key=lambda x: x.date)


def services(directory: Directory, words: str, agency: str = "", floor: int | None = None) -> list[dict[str, Any]]:
    """The services that fit these words, of this agency and on this floor, best first, with all that is public."""
    found = [service(directory, each) for each in search(directory, words) if agency in ("", each.agency)]
    return [each for each in found if floor is None or floor in [counter["floor"] for counter in each["counters"]]]


def service(directory: Directory, listed: ServiceListed) -> dict[str, Any]:
    """A service with its agency, line and counters, its fee, whom it is for, and the public part of its standard.

    `standard` has the components that say something. Requirements and fee that the service itself names are told as
    such, not a second time as components; what is internal of the standard (UU 25/2009 article 21) is not told.
    """
    agency = directory.agencies[listed.agency]
    told = {"requirements": bool(listed.requirements), "fee": bool(listed.fee)}
    standard = listed.components
    about = {name: value for name, value in public(listed).items() if name != "components"}
    return about | {
        "agency_name": agency.name,
        "line": agency.line,
        "suspended": agency.suspended,
        "standard": {name: standard[name] for name in PUBLIC_COMPONENTS if standard.get(name) and not told.get(name)},
        "counters": [{"code": c.code, "floor": c.floor} for c in directory.counters_for(listed.code)],
    }


def waiting(directory: Directory, day: Waiting, closures: Waiting, on: date, now: datetime) -> dict[str, Any]:
    """How many wait now for each service, which counters take visitors, and what is closed for a while.

    Services and counters that were withdrawn are not counted: the directory does not show them.
    """
    services = {code: number for code, number in day.by_service.items() if code in directory.services}
    listed = {"mall": ("",), "counter": directory.counters, "service": directory.services}
    return {
        "business_day": on.isoformat(),
        "news_at": day.news_at and day.news_at.isoformat(),
        "ended": day.ended,
        "total": sum(services.values()),
        "services": dict(sorted(services.items())),
        "open_counters": [code for code in day.open_counters if code in directory.counters],
        "suspended": [
            {
                "scope": closure.scope,
                "code": closure.code,
                "reason": closure.reason,
                "until": closure.until and closure.until.isoformat(),
            }
            for closure in closures.closures_at(now)
            if closure.code in listed[closure.scope]
        ],
    }


def concerns(found: Concerns) -> dict[str, Any]:
    """The people that a change would concern, with texts in the language of the request."""
    return {
        "text": _summary(found),
        "waiting": found.waiting,
        "bookings": found.bookings,
        "days": [{"day": day.isoformat(), "bookings": number} for day, number in found.days.items()],
        "warnings": [
            {"reason": one.reason, "text": _warned(one), "waiting": one.waiting, "bookings": one.bookings}
            for one in found.warnings
        ],
    }


def _summary(found: Concerns) -> str:
    if not (people := _people(found.waiting, found.bookings)):
        return ""
    summary = text("concern.summary", people=people)
    closes = any(one.reason == "closes-today" for one in found.warnings)
    return f"{summary} {text('concern.kept')}" if found.waiting and not closes else summary


def _warned(one: Concern) -> str:
    key = f"concern.{one.reason}" + (".no-hours" if one.reason == "closes-today" and one.closes is None else "")
    about = ", ".join(one.about[:NAMED]) + (" …" if len(one.about) > NAMED else "")
    people = _people(one.waiting, one.bookings)
    return text(key, about=about, closes=one.closes) + (f" {people}." if people else "")


def _people(waiting: int, bookings: int) -> str:
    """How many wait and booked, such as `3 visitors waiting, 1 booking`; empty if none."""
    numbers = {"waiting": waiting, "bookings": bookings}
    return ", ".join(
        text(f"concern.{what}.{'one' if number == 1 else 'many'}", n=number)
        for what, number in numbers.items()
        if number
    )
