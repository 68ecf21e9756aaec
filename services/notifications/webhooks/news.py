"""What was heard from all producers and may go out: kept for a month, in the order of each producer's numbers.

Kept only for malls that have a webhook: where nobody listens, nothing is written.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.chassis.cloud_event import CloudEvent, structured
from services.chassis.event_store import DUPLICATE, Document
from services.kernel.journal import AGENCIES

KEPT = timedelta(days=30)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
TYPES, VERSION = "id.go.mpp.", ".v1"
SERVICES = ("service", "from_service")  # fields of an event's data that name services


@dataclass(frozen=True)
class Item:
    """An event as it may go out: what decides who is told, and the body that they get."""

    id: str
    producer: str
    mall: str
    sequence: int
    kind: str
    agencies: frozenset[str]
    services: frozenset[str]
    time: datetime
    heard_at: datetime
    body: str


def message_id(producer: str, event_id: str) -> str:
    """The `webhook-id`: with the producer, for two may use the same id; without full stops, which part the signed."""
    return f"{producer}:{event_id}".replace(".", "-")


def kind_of(event_type: str) -> str:
    """The short name of an event type: `id.go.mpp.ticket-called.v1` → `ticket-called`."""
    return event_type.removeprefix(TYPES).removesuffix(VERSION)


def body_of(event: CloudEvent) -> str:
    """The event as it is sent: a CloudEvent in JSON, in one line."""
    return json.dumps(structured(event), ensure_ascii=False, separators=(",", ":"))


def as_item(event: CloudEvent, producer: str, now: datetime) -> Item:
    """An event as it may go out."""
    return Item(
        id=message_id(producer, event.id),
        producer=producer,
        mall=event.key,
        sequence=event.sequence,
        kind=kind_of(event.type),
        agencies=_named(event, AGENCIES),
        services=_named(event, SERVICES),
        time=event.time.astimezone(UTC),
        heard_at=now,
        body=body_of(event),
    )


def _named(event: CloudEvent, fields: Sequence[str]) -> frozenset[str]:
    return frozenset(str(event.data[name]) for name in fields if event.data.get(name))


class News:
    """The events that were heard."""

    def __init__(self, database: Database[Document]) -> None:
        self._heard, self._heads = database["heard_events"], database["heard_heads"]
        self._indexed = False

    def keep(self, items: Sequence[Item]) -> None:
        """Keep events; those that are kept already stay as they are, and what is too old stays forgotten."""
        fresh = [item for item in items if item.time > datetime.now(UTC) - KEPT]
        if not fresh:
            return
        if not self._indexed:
            order = [("producer", ASCENDING), ("mall", ASCENDING), ("sequence", ASCENDING)]
            self._heard.create_index(order)
            self._heard.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        try:
            self._heard.insert_many([as_document(item) for item in fresh], ordered=False)
        except BulkWriteError as error:
            if {failure["code"] for failure in error.details["writeErrors"]} != {DUPLICATE}:
                raise
        heads: dict[str, int] = {}
        for item in fresh:
            heads[_head(item.producer, item.mall)] = max(item.sequence, heads.get(_head(item.producer, item.mall), 0))
        highest = [UpdateOne({"_id": name}, {"$max": {"last": last}}, upsert=True) for name, last in heads.items()]
        self._heads.bulk_write(highest, ordered=False)

    def heads(self) -> dict[tuple[str, str], int]:
        """The highest number that was heard, by producer and mall."""
        found = ((kept["_id"].partition("/"), kept["last"]) for kept in self._heads.find())
        return {(producer, mall): last for (producer, _, mall), last in found}

    def after(self, producer: str, mall: str, sequence: int, limit: int) -> list[Item]:
        """At most so many events above a number, in order."""
        query = {"producer": producer, "mall": mall, "sequence": {"$gt": sequence}}
        return [_item(kept) for kept in self._heard.find(query).sort("sequence", ASCENDING).limit(limit)]

    def first_since(self, producer: str, mall: str, since: datetime) -> int | None:
        """The lowest number of those that happened at this moment or later; None while there is none."""
        since = max(since, EARLIEST)  # a replay stored by an earlier release may begin in a year that BSON cannot hold
        query = {"producer": producer, "mall": mall, "time": {"$gte": since}}
        found = self._heard.find(query, {"sequence": 1}).sort("sequence", ASCENDING).limit(1)
        return next((int(kept["sequence"]) for kept in found), None)


def _head(producer: str, mall: str) -> str:
    return f"{producer}/{mall}"


def as_document(item: Item) -> Document:
    """An event as it is kept."""
    return {
        "_id": item.id,
        "producer": item.producer,
        "mall": item.mall,
        "sequence": item.sequence,
        "kind": item.kind,
        "agencies": sorted(item.agencies),
        "services": sorted(item.services),
        "time": item.time,
        "heard_at": item.heard_at,
        "expires_at": item.time + KEPT,
        "body": item.body,
    }


def _item(kept: Document) -> Item:
    return Item(
        id=kept["_id"],
        producer=kept["producer"],
        mall=kept["mall"],
        sequence=kept["sequence"],
        kind=kept["kind"],
        agencies=frozenset(kept["agencies"]),
        services=frozenset(kept["services"]),
        time=kept["time"],
        heard_at=kept["heard_at"],
        body=kept["body"],
    )
