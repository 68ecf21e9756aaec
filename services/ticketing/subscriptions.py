"""What ticketing hears from the catalog, and what it learns of a mall by it. A fact heard again is nothing new."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from services.chassis.cloud_event import CloudEvent
from services.chassis.inbox import Reaction
from services.kernel import access
from services.kernel.positions import position_of
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import (
    AgencyForgotten,
    AgencyLearned,
    Bookings,
    CounterForgotten,
    CounterLearned,
    Fact,
    MallLearned,
    PriorityClass,
    Rule,
    ServiceForgotten,
    ServiceLearned,
)
from services.ticketing.queue import mall_stream

TOPICS = ["mpp.catalog"]
# Named in the event as here.
NUMERIC_RULES = tuple(rule.name for rule in fields(MallLearned) if isinstance(rule.default, int))
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def on_mall_listed(event: CloudEvent) -> tuple[str, Fact]:
    """The mall itself, and the rules of its days; one that an older catalog does not send has its stored default."""
    data = event.data
    bookings = data.get("bookings")
    ZoneInfo(data["zone"])  # a KeyError now, rather than with every visitor
    fact = MallLearned(
        code=data["mall"],
        name=data["name"],
        zone=data["zone"],
        capacity=data["capacity"],
        week=_week(data["week"]),
        position=position_of(event),
        exceptions=tuple(
            Exceptional(date.fromisoformat(day["date"]).isoformat(), _intervals(day["intervals"]), day["reason"])
            for day in data.get("exceptions", ())
        ),
        closed_on=tuple(data.get("closed_on", ())),
        bookings=Bookings(bookings["days_ahead"], _clock(bookings["claim_by"])) if bookings else None,
        **{rule: data[rule] for rule in NUMERIC_RULES if rule in data},
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
    fact = AgencyLearned(data["agency"], data["name"], data["line"], position_of(event), data.get("suspended") or "")
    return mall_stream(data["mall"]), fact


def on_service_listed(event: CloudEvent) -> tuple[str, Fact]:
    """A service of the mall."""
    data = event.data
    needs = tuple(data.get("requirements", ()))
    fact = ServiceLearned(
        data["service"], data["name"], data["agency"], data["minutes"], needs, position_of(event), data.get("capacity")
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
        position_of(event),
        _week(week) if week else None,
    )
    return mall_stream(data["mall"]), fact


def on_agency_withdrawn(event: CloudEvent) -> tuple[str, Fact]:
    """An agency left the mall."""
    return mall_stream(event.data["mall"]), AgencyForgotten(event.data["agency"], position_of(event))


def on_service_withdrawn(event: CloudEvent) -> tuple[str, Fact]:
    """A service is no longer offered."""
    return mall_stream(event.data["mall"]), ServiceForgotten(event.data["service"], position_of(event))


def on_counter_withdrawn(event: CloudEvent) -> tuple[str, Fact]:
    """A counter is gone."""
    return mall_stream(event.data["mall"]), CounterForgotten(event.data["counter"], position_of(event))


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
