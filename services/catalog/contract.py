"""What catalog tells the world: stored events translated to public ones, one to one."""

from collections.abc import Mapping
from typing import Any, assert_never

from services.catalog.directory import PREFIX
from services.catalog.domain import (
    DIRECTORY,
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Event,
    MallListed,
    ServiceListed,
    ServiceWithdrawn,
)
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import Commit

TOPIC = "mpp.catalog"
TYPES = "id.go.mpp."


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order."""
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
                "capacity": event.capacity,
                "week": {day: [list(interval) for interval in intervals] for day, intervals in event.week.items()},
            }
        case AgencyListed():
            return "agency-listed.v1", {"agency": event.code, "name": event.name, "line": event.line}
        case ServiceListed():
            return "service-listed.v1", {
                "service": event.code,
                "name": event.name,
                "agency": event.agency,
                "minutes": event.minutes,
                "requirements": list(event.requirements),
            }
        case CounterListed():
            return "counter-listed.v1", {
                "counter": event.code,
                "name": event.name,
                "floor": event.floor,
                "agency": event.agency,
                "services": list(event.services),
            }
        case AgencyWithdrawn(code):
            return "agency-withdrawn.v1", {"agency": code}
        case ServiceWithdrawn(code):
            return "service-withdrawn.v1", {"service": code}
        case CounterWithdrawn(code):
            return "counter-withdrawn.v1", {"counter": code}
        case _:
            assert_never(event)
