"""The journal: a service's published events, numbered in the order in which those of each key became true.

The relay writes it just before an event leaves; the number travels with the event, so every way out tells one order.
An event that is published again keeps its number.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.chassis.cloud_event import TYPES, CloudEvent, data_as_json
from services.chassis.config import URN
from services.chassis.event_store import DUPLICATE, Document

ALL_OWNERS = ""  # the owner of an event that names none


class Journal:
    """Numbers events and tells what came after a number. Its numbers are promised to others: back it up."""

    OWNERS: ClassVar[tuple[str, ...]] = ()  # fields of an event's data that say whose it is
    OWNERS_AS: ClassVar[str] = "owners"  # where an entry holds them

    def __init__(self, database: Database[Document], schemas: str = URN) -> None:
        """`schemas` is the address of an event's schema, with `{type}` in it (`Settings.schemas`)."""
        self._schemas = schemas
        self._entries: Collection[Document] = database["journal"]
        self._last: dict[str, int] = {}
        self._indexed = False

    def number(self, events: Sequence[CloudEvent]) -> list[CloudEvent]:
        """The events with their numbers, from 1 on without gaps for each key; known ones keep theirs."""
        if not events:
            return []
        if not self._indexed:
            self._entries.create_index([("key", ASCENDING), ("sequence", ASCENDING)], unique=True)
            self._indexed = True
        ids = list({event.id for event in events})
        while True:
            query = {"_id": {"$in": ids}}
            known = {entry["_id"]: entry["sequence"] for entry in self._entries.find(query, {"sequence": 1})}
            numbered = [self._numbered(event, known.get(event.id) or self._next(event.key)) for event in events]
            new = [self._entry(event) for event in numbered if event.id not in known]
            try:
                if new:
                    self._entries.insert_many(new)
                return numbered
            except BulkWriteError as error:
                if {failure["code"] for failure in error.details["writeErrors"]} != {DUPLICATE}:
                    raise
                self._last.clear()  # another relay is at it, or was: take its numbers into account

    def after(
        self,
        key: str,
        sequence: int,
        limit: int,
        types: Sequence[str] = (),
        owner: str = "",
    ) -> list[CloudEvent]:
        """At most `limit` events of a key above a number, in order.

        Of some types, where any are named; of one owner: those that name it, and those that name none.
        """
        query: Document = {"key": key, "sequence": {"$gt": sequence}}
        if types:
            query["type"] = {"$in": list(types)}
        if owner:
            query[self.OWNERS_AS] = {"$in": [owner, ALL_OWNERS]}
        found = self._entries.find(query).sort("sequence", ASCENDING).limit(limit)
        return [self._numbered(_event(entry), entry["sequence"]) for entry in found]

    def last(self, key: str) -> int:
        """The highest number of a key; 0 where there is none."""
        return self._highest({"key": key})

    def before(self, key: str, moment: datetime) -> int:
        """The number of a key's last event from before a moment; 0 where there is none."""
        return self._highest({"key": key, "time": {"$lt": moment.astimezone(UTC).isoformat()}})

    def _highest(self, query: Document) -> int:
        found = self._entries.find(query, {"sequence": 1}).sort("sequence", DESCENDING).limit(1)
        return next((entry["sequence"] for entry in found), 0)

    def _numbered(self, event: CloudEvent, sequence: int) -> CloudEvent:
        schema = self._schemas.format(type=event.type.removeprefix(TYPES))
        return replace(event, sequence=sequence, dataschema=schema)

    def _entry(self, event: CloudEvent) -> Document:
        named = sorted({event.data[name] for name in self.OWNERS if event.data.get(name)})
        return {
            "_id": event.id,
            "key": event.key,
            "sequence": event.sequence,
            "type": event.type,
            self.OWNERS_AS: named or [ALL_OWNERS],
            "source": event.source,
            "subject": event.subject,
            "time": event.time.isoformat(),
            "data": data_as_json(event),
            **({"position": list(event.position)} if event.position else {}),
        }

    def _next(self, key: str) -> int:
        if key not in self._last:
            self._last[key] = self.last(key)
        self._last[key] += 1
        return self._last[key]


def _event(entry: Document) -> CloudEvent:
    position = entry.get("position")  # missing in entries of releases before the attribute
    return CloudEvent(
        id=entry["_id"],
        source=entry["source"],
        type=entry["type"],
        subject=entry["subject"],
        time=datetime.fromisoformat(entry["time"]),
        key=entry["key"],
        data=json.loads(entry["data"]),
        position=(position[0], position[1]) if position else None,
    )
