"""A mall's directory as its administrators see it change: what a change makes different, who changed what when."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.differences import difference, differences, left_alone
from services.catalog.domain.directory import Directory, Event, evolve
from services.catalog.mall_file import IN_FILE
from services.chassis.event_store import Commit

LONGEST = 500


def changes(before: Directory, events: Iterable[Event]) -> dict[str, Any]:
    """What events make different, and which services have no counter then."""
    told = list(events)
    return {
        "changes": [_told(asdict(one)) for one in differences(before, told)],
        "without_counter": left_alone(before, reduce(evolve, told, before)),
    }


def rows(commits: Sequence[Commit], zone: str, code: str = "") -> list[dict[str, Any]]:
    """Who changed what when, the newest first; those of one entry if its code is given. Times in the mall's zone."""
    local, directory = ZoneInfo(zone), Directory()
    found = []
    for commit in commits:
        for stored, event in zip(commit.events, DIRECTORY.recorded(commit), strict=True):
            if code in ("", event.code):
                at = commit.at.astimezone(local).isoformat(timespec="seconds")
                actor = commit.commands[stored.command].actor
                found.append({"at": at, "actor": actor, **_told(asdict(difference(directory, event)))})
            directory = evolve(directory, event)
    return found[::-1][:LONGEST]


def _told(found: dict[str, Any]) -> dict[str, Any]:
    differs = [
        {"field": name, "before": IN_FILE.unstructure(before), "after": IN_FILE.unstructure(after)}
        for name, (before, after) in found.pop("fields").items()
    ]
    return found | {"differs": differs}
