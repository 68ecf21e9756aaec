"""What catalog tells the world: stored events translated to public ones, one to one."""

from collections.abc import Mapping
from typing import Any, assert_never

from services.catalog.access import contract as access
from services.catalog.directory import PREFIX
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.directory import (
    PUBLIC_COMPONENTS,
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Event,
    ServiceListed,
    ServiceWithdrawn,
)
from services.catalog.domain.hours import WEEKDAYS, Intervals, Week
from services.catalog.domain.mall import MallListed, Priority
from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.event_store import Commit

TOPIC = "mpp.catalog"


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order.

    What was revoked is among them for workers of releases that do not read `mpp.access`: decision 0037 says until when.
    """
    if commit.stream == access.STREAM:
        return access.published(commit)
    mall = commit.stream.removeprefix(PREFIX)
    events = []
    for position, stored in enumerate(DIRECTORY.recorded(commit)):
        kind, data = _public(stored)
        events.append(
            CloudEvent(
                id=f"{commit.id}.{position}",
                source=f"/mpp/{mall}/catalog",
                type=f"{TYPES}{kind}",
                subject=stored.code,
                time=commit.at,
                key=mall,
                data={"mall": mall, **data},
            )
        )
    return events


def _public(event: Event) -> tuple[str, Mapping[str, Any]]:
    match event:
        case MallListed():
            return "mall-listed.v1", {
                "name": event.name,
                "city": event.city,
                "zone": event.zone,
                **rules(event),
            }
        case AgencyListed():
            return "agency-listed.v1", {
                "agency": event.code,
                "name": event.name,
                "line": event.line,
                "suspended": event.suspended or None,
            }
        case ServiceListed():
            return "service-listed.v1", {
                "service": event.code,
                "name": event.name,
                "agency": event.agency,
                "minutes": event.minutes,
                "requirements": list(event.requirements),
                "capacity": event.capacity,
                "fee": event.fee,
                "eligibility": event.eligibility,
                "components": {name: event.components[name] for name in PUBLIC_COMPONENTS if name in event.components},
            }
        case CounterListed():
            return "counter-listed.v1", {
                "counter": event.code,
                "name": event.name,
                "floor": event.floor,
                "agency": event.agency,
                "services": list(event.services),
                "week": week(event.week),
            }
        case AgencyWithdrawn(code):
            return "agency-withdrawn.v1", {"agency": code}
        case ServiceWithdrawn(code):
            return "service-withdrawn.v1", {"service": code}
        case CounterWithdrawn(code):
            return "counter-withdrawn.v1", {"counter": code}
        case _:
            assert_never(event)


def rules(mall: MallListed) -> dict[str, Any]:
    """When a mall is open, how many it takes of whom, and whom it calls first: told alike by event and API."""
    bookings = mall.bookings
    return {
        "capacity": mall.capacity,
        "week": week(mall.week),
        "exceptions": [
            {"date": x.date.isoformat(), "intervals": _intervals(x.intervals), "reason": x.reason}
            for x in mall.exceptions
        ],
        "closed_on": list(mall.closed_on),
        "tickets_from_minutes": mall.tickets_from_minutes,
        "last_ticket_minutes": mall.last_ticket_minutes,
        "overtime_minutes": mall.overtime_minutes,
        "kept_for_priority": mall.kept_for_priority,
        "kept_for_bookings": mall.kept_for_bookings,
        "bookings": bookings and {"days_ahead": bookings.days_ahead, "claim_by": bookings.claim_by},
        "priority": _priority(mall.priority),
        "approaching": mall.approaching,
        "home_percent": mall.home_percent,
        "bookings_percent": mall.bookings_percent,
    }


def week(hours: Week | None) -> dict[str, list[list[str]]] | None:
    """All seven weekdays with their intervals, none on a day without hours; None where there is no week at all."""
    return None if hours is None else {day: _intervals(hours.get(day, ())) for day in WEEKDAYS}


def _intervals(intervals: Intervals) -> list[list[str]]:
    return [list(interval) for interval in intervals]


def _priority(priority: Priority) -> dict[str, Any]:
    return {
        "rule": priority.rule,
        "in_a_row": priority.in_a_row,
        "ceiling_minutes": priority.ceiling_minutes,
        "classes": [{"code": c.code, "name": dict(c.name), "basis": c.basis} for c in priority.classes],
    }
