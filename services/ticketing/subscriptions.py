"""What ticketing hears from the catalog, and what it learns of a mall by it. A fact heard again is nothing new."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from services.chassis.cloud_event import CloudEvent
from services.chassis.inbox import Reaction
from services.kernel import access
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import (
    AgencyForgotten,
    AgencyLearned,
    Bookings,
    CounterForgotten,
    CounterLearned,
    Fact,
    MallLearned,
    Position,
    PriorityClass,
    Rule,
    ServiceForgotten,
    ServiceLearned,
)
from services.ticketing.queue import mall_stream

TOPICS = ["mpp.catalog"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _position(event: CloudEvent) -> Position:
    version, _, place = event.id.rpartition("@")[2].partition(".")
    return int(version), int(place)


def on_mall_listed(event: CloudEvent) -> tuple[str, Fact]:
    """The mall itself, and the rules of its days; those that an older catalog does not tell have defaults."""
    data = event.data
    bookings = data.get("bookings")
    ZoneInfo(data["zone"])  # a KeyError now, rather than with every visitor
    fact = MallLearned(
        code=data["mall"],
        name=data["name"],
        zone=data["zone"],
        capacity=data["capacity"],
        week=_week(data["week"]),
        position=_position(event),
        exceptions=tuple(
            Exceptional(date.fromisoformat(day["date"]).isoformat(), _intervals(day["intervals"]), day["reason"])
            for day in data.get("exceptions", ())
        ),
        closed_on=tuple(data.get("closed_on", ())),
        tickets_from_minutes=data.get("tickets_from_minutes", 0),
        last_ticket_minutes=data.get("last_ticket_minutes", 0),
        overtime_minutes=data.get("overtime_minutes", 120),
        kept_for_priority=data.get("kept_for_priority", 0),
        kept_for_bookings=data.get("kept_for_bookings", 0),
        bookings=Bookings(bookings["days_ahead"], _clock(bookings["claim_by"])) if bookings else None,
        approaching=data.get("approaching", 3),
        home_percent=data.get("home_percent", 30),
        bookings_percent=data.get("bookings_percent", 30),
        **_priority(data["priority"]) if "priority" in data else {},
    )
    return mall_stream(data["mall"]), fact


def _priority(data: Mapping[str, Any]) -> dict[str, Any]:
    classes = tuple(PriorityClass(one["code"], dict(one["name"]), one.get("basis", "")) for one in data["classes"])
    return {"rule": Rule(data["rule"], data["in_a_row"], data["ceiling_minutes"]), "classes": classes}


def _week(week: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(_intervals(week[day]) for day in WEEKDAYS)


def _intervals(intervals: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_clock(opens), _clock(closes)) for opens, closes in intervals)


def _clock(told: str) -> str:
    """A time of the day as it was told. Raises ValueError if it is none."""
    time.fromisoformat(told)
    return told


def on_agency_listed(event: CloudEvent) -> tuple[str, Fact]:
    """An agency of the mall."""
    data = event.data
    fact = AgencyLearned(data["agency"], data["name"], data["line"], _position(event), data.get("suspended") or "")
    return mall_stream(data["mall"]), fact


def on_service_listed(event: CloudEvent) -> tuple[str, Fact]:
    """A service of the mall."""
    data = event.data
    needs = tuple(data.get("requirements", ()))
    fact = ServiceLearned(
        data["service"], data["name"], data["agency"], data["minutes"], needs, _position(event), data.get("capacity")
    )
    return mall_stream(data["mall"]), fact


def on_counter_listed(event: CloudEvent) -> tuple[str, Fact]:
    """A counter of the mall."""
    data = event.data
    services, week = tuple(data["services"]), data.get("week")
    fact = CounterLearned(
        data["counter"],
        data["name"],
        data["floor"],
        data["agency"],
        services,
        _position(event),
        _week(week) if week else None,
    )
    return mall_stream(data["mall"]), fact


def on_agency_withdrawn(event: CloudEvent) -> tuple[str, Fact]:
    """An agency left the mall."""
    return mall_stream(event.data["mall"]), AgencyForgotten(event.data["agency"], _position(event))


def on_service_withdrawn(event: CloudEvent) -> tuple[str, Fact]:
    """A service is no longer offered."""
    return mall_stream(event.data["mall"]), ServiceForgotten(event.data["service"], _position(event))


def on_counter_withdrawn(event: CloudEvent) -> tuple[str, Fact]:
    """A counter is gone."""
    return mall_stream(event.data["mall"]), CounterForgotten(event.data["counter"], _position(event))


REACTIONS: Mapping[str, Reaction] = {
    "id.go.mpp.mall-listed.v1": on_mall_listed,
    "id.go.mpp.agency-listed.v1": on_agency_listed,
    "id.go.mpp.service-listed.v1": on_service_listed,
    "id.go.mpp.counter-listed.v1": on_counter_listed,
    "id.go.mpp.agency-withdrawn.v1": on_agency_withdrawn,
    "id.go.mpp.service-withdrawn.v1": on_service_withdrawn,
    "id.go.mpp.counter-withdrawn.v1": on_counter_withdrawn,
}

# Of access, into a stream of its own.
ACCESS_TOPICS, ACCESS_REACTIONS = access.TOPICS, access.REACTIONS
