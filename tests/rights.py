"""What each service asks of the database, compared with the rights of its user (deploy/mongo/rights.json).

Every command that service code sends in any test of this run is looked at, so a collection or an act that the user has
no right to fails the test that needs it, although the test servers know no rights.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from pymongo import monitoring

ROOT = Path(__file__).parents[1]
RIGHTS = json.loads((ROOT / "deploy/mongo/rights.json").read_text())
SERVICES = str(ROOT / "services") + "/"
KINDS = ("add", "change", "remove")
NEEDS = {
    "find": "find",
    "aggregate": "find",
    "count": "find",
    "distinct": "find",
    "insert": "insert",
    "update": "update",
    "delete": "remove",
    "createIndexes": "createIndex",
    "drop": "dropCollection",
    "listCollections": "listCollections",
    "listIndexes": "listIndexes",
}
FREE = {"ping", "hello", "getMore", "killCursors", "endSessions", "isMaster"}  # need no right of their own


def privileges(user: str) -> list[dict[str, Any]]:
    """The privileges of a user's role, as MongoDB wants them; deploy/mongo/initiate.js makes the same."""
    rights, actions = RIGHTS["users"][user], RIGHTS["actions"]
    resources = [("", actions["all"])]
    resources += [(name, actions[kind]) for kind in KINDS for name in rights.get(kind, [])]
    return [
        {"resource": {"db": rights["database"], "collection": name}, "actions": allowed} for name, allowed in resources
    ]


def is_allowed(user: str, collection: str, action: str) -> bool:
    """Whether the user's role allows the action on a collection of its database."""
    return any(
        action in privilege["actions"] and privilege["resource"]["collection"] in ("", collection)
        for privilege in privileges(user)
    )


def needed(command: str, document: dict[str, Any]) -> set[str]:
    """The actions that a command needs on its collection."""
    if command in FREE:
        return set()
    if command == "findAndModify":
        removes = bool(document.get("remove"))
        return {"find", "remove"} if removes else {"find", "update"} | ({"insert"} if document.get("upsert") else set())
    found = {NEEDS.get(command, command)}  # a command that is not in the table needs a right that no user has
    if command == "update" and any(update.get("upsert") for update in document["updates"]):
        found.add("insert")
    if command == "aggregate" and any("$changeStream" in stage for stage in document["pipeline"]):
        found.add("changeStream")
    return found


class Watch(monitoring.CommandListener):
    """Looks at each command when it is sent, in the thread that sends it."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str, str]] = set()
        self.refused: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        users = users_of(sys._getframe())
        if not users:
            return
        target = event.command.get(event.command_name)
        collection = target if isinstance(target, str) else ""
        for action in needed(event.command_name, event.command):
            self.asked |= {(user, collection, action) for user in users}
            if not any(is_allowed(user, collection, action) for user in users):
                self.refused.append(f"{' or '.join(users)} may not {action} on {collection or 'the database'}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass

    def take(self) -> list[str]:
        """What was refused since the last look."""
        found, self.refused = self.refused, []
        return found


def users_of(frame: FrameType | None) -> list[str]:
    """Return the users whose rights a command needs: that of the service in the stack; all where there is none."""
    places = [place for place in stack(frame) if place[0].startswith(SERVICES)]
    if not places:
        return []  # the test itself asks
    if any(name == "forget" and file.endswith("/event_store.py") for file, name in places):
        return ["eraser"]
    named = {file.removeprefix(SERVICES).partition("/")[0] for file, _ in places} - {"chassis", "kernel"}
    return sorted(named & set(RIGHTS["users"])) or ["catalog", "notifications", "ticketing"]


def stack(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and function of each call, from the innermost out."""
    while frame:
        yield frame.f_code.co_filename, frame.f_code.co_name
        frame = frame.f_back


WATCH = Watch()
