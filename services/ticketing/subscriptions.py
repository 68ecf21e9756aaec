"""What ticketing hears from the catalog, and what it learns of a mall by it. A fact heard again is nothing new."""

from collections.abc import Mapping

from services.chassis.cloud_event import CloudEvent
from services.chassis.inbox import Reaction
from services.ticketing.domain.mall import (
    AgencyForgotten,
    AgencyLearned,
    CounterForgotten,
    CounterLearned,
    Fact,
    MallLearned,
    Position,
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
    """The mall itself."""
    data = event.data
    week = tuple(tuple((opens, closes) for opens, closes in data["week"][day]) for day in WEEKDAYS)
    fact = MallLearned(data["mall"], data["name"], data["zone"], data["capacity"], week, _position(event))
    return mall_stream(data["mall"]), fact


def on_agency_listed(event: CloudEvent) -> tuple[str, Fact]:
    """An agency of the mall."""
    data = event.data
    return mall_stream(data["mall"]), AgencyLearned(data["agency"], data["name"], data["line"], _position(event))


def on_service_listed(event: CloudEvent) -> tuple[str, Fact]:
    """A service of the mall."""
    data = event.data
    needs = tuple(data.get("requirements", ()))
    fact = ServiceLearned(data["service"], data["name"], data["agency"], data["minutes"], needs, _position(event))
    return mall_stream(data["mall"]), fact


def on_counter_listed(event: CloudEvent) -> tuple[str, Fact]:
    """A counter of the mall."""
    data = event.data
    services = tuple(data["services"])
    fact = CounterLearned(data["counter"], data["name"], data["floor"], data["agency"], services, _position(event))
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
