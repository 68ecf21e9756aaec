"""What ticketing hears from the catalog, and what it keeps of it."""

from collections.abc import Mapping

from services.chassis.cloud_event import CloudEvent
from services.chassis.inbox import Reaction
from services.ticketing.domain.mall import (
    AgencyForgotten,
    AgencyLearned,
    CounterForgotten,
    CounterLearned,
    MallLearned,
    ServiceForgotten,
    ServiceLearned,
)
from services.ticketing.queue import Queue

TOPICS = ["mpp.catalog"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def reactions(queue: Queue) -> Mapping[str, Reaction]:
    """Which event leads to what. A fact heard again is nothing new."""

    def on_mall_listed(event: CloudEvent) -> None:
        data = event.data
        week = tuple(tuple((opens, closes) for opens, closes in data["week"][day]) for day in WEEKDAYS)
        queue.learn(data["mall"], MallLearned(data["mall"], data["name"], data["zone"], data["capacity"], week))

    def on_agency_listed(event: CloudEvent) -> None:
        data = event.data
        queue.learn(data["mall"], AgencyLearned(data["agency"], data["name"], data["line"]))

    def on_service_listed(event: CloudEvent) -> None:
        data = event.data
        service = ServiceLearned(
            code=data["service"],
            name=data["name"],
            agency=data["agency"],
            minutes=data["minutes"],
            requirements=tuple(data.get("requirements", ())),
        )
        queue.learn(data["mall"], service)

    def on_counter_listed(event: CloudEvent) -> None:
        data = event.data
        services = tuple(data["services"])
        counter = CounterLearned(data["counter"], data["name"], data["floor"], data["agency"], services)
        queue.learn(data["mall"], counter)

    def on_agency_withdrawn(event: CloudEvent) -> None:
        queue.learn(event.data["mall"], AgencyForgotten(event.data["agency"]))

    def on_service_withdrawn(event: CloudEvent) -> None:
        queue.learn(event.data["mall"], ServiceForgotten(event.data["service"]))

    def on_counter_withdrawn(event: CloudEvent) -> None:
        queue.learn(event.data["mall"], CounterForgotten(event.data["counter"]))

    return {
        "id.go.mpp.mall-listed.v1": on_mall_listed,
        "id.go.mpp.agency-listed.v1": on_agency_listed,
        "id.go.mpp.service-listed.v1": on_service_listed,
        "id.go.mpp.counter-listed.v1": on_counter_listed,
        "id.go.mpp.agency-withdrawn.v1": on_agency_withdrawn,
        "id.go.mpp.service-withdrawn.v1": on_service_withdrawn,
        "id.go.mpp.counter-withdrawn.v1": on_counter_withdrawn,
    }
