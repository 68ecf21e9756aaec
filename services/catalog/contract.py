"""What catalog tells the world: stored events translated to public ones, one to one."""

from collections.abc import Mapping
from typing import Any, assert_never

from services.catalog.access import contract as access
from services.catalog.directory import PREFIX
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.declaration import public
from services.catalog.domain.directory import (
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Event,
    Listed,
    ServiceListed,
    ServiceWithdrawn,
)
from services.catalog.domain.mall import MallListed
from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.event_store import Commit
from services.chassis.publication import public_event

TOPIC = "mpp.catalog"


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order.

    What was revoked is among them for workers of releases that do not read `mpp.access`: decision 0038 says until when.
    """
    if commit.stream == access.STREAM:
        return access.published(commit)
    mall = commit.stream.removeprefix(PREFIX)
    events = []
    for index, stored in enumerate(DIRECTORY.recorded(commit)):
        kind, data = _public(stored)
        events.append(
            public_event(
                commit,
                index,
                source=f"/mpp/{mall}/catalog",
                type=f"{TYPES}{kind}",
                subject=stored.code,
                key=mall,
                data={"mall": mall, **data},
            )
        )
    return events


def _public(event: Event) -> tuple[str, Mapping[str, Any]]:
    match event:
        case MallListed():
            return "mall-listed.v1", _about(event, without=("code", "address"))
        case AgencyListed(code):
            data = {"agency": code, **_about(event), "suspended": event.suspended or None}
            return "agency-listed.v1", data
        case ServiceListed(code):
            return "service-listed.v1", {"service": code, **_about(event)}
        case CounterListed(code):
            return "counter-listed.v1", {"counter": code, **_about(event)}
        case AgencyWithdrawn(code):
            return "agency-withdrawn.v1", {"agency": code}
        case ServiceWithdrawn(code):
            return "service-withdrawn.v1", {"service": code}
        case CounterWithdrawn(code):
            return "counter-withdrawn.v1", {"counter": code}
        case _:
            assert_never(event)


def _about(entry: Listed | MallListed, without: tuple[str, ...] = ("code",)) -> dict[str, Any]:
    return {name: value for name, value in public(entry).items() if name not in without}
