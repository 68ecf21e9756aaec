"""Cursors and attempts of webhooks. Not synced to disk: after a crash of the database some events are sent twice."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from services.chassis.event_store import Document
from services.notifications.webhooks.news import Item
from services.notifications.webhooks.post import Attempt

KEPT = timedelta(days=14)  # of the log
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)

Lane = tuple[str, str]  # a webhook and a producer


@dataclass(frozen=True)
class Cursor:
    """Everything up to `after` has been sent; the next event was tried `failed` times and is `due`.

    `run` and `tries` are those of the webhook that the cursor follows (see `Webhook` and `Start`).
    """

    run: int
    after: int
    tries: int
    failed: int = 0
    due: datetime = AT_ONCE


@dataclass(frozen=True)
class Lookup:
    """What the worker found when it looked up the name in a webhook's URL: `outside`, or the reason to send nothing."""

    url: str
    found: str
    at: datetime


class Deliveries:
    """Cursors, the results of look-ups and the log of attempts."""

    def __init__(self, database: Database[Document]) -> None:
        # A crash of the database may lose the last of them, and some events are told twice: not worth a synced write.
        relaxed = WriteConcern(w=1, j=False)
        self._cursors = database.get_collection("webhook_cursors", write_concern=relaxed)
        self._lookups = database.get_collection("webhook_lookups", write_concern=relaxed)
        self._log = database.get_collection("webhook_log", write_concern=relaxed)
        self._indexed = False

    def cursors(self, webhooks: Collection[str] | None = None) -> dict[Lane, Cursor]:
        """The cursors of some webhooks; None: of all."""
        query = {} if webhooks is None else {"webhook": {"$in": list(webhooks)}}
        return {(kept["webhook"], kept["producer"]): _cursor(kept) for kept in self._cursors.find(query)}

    def save(self, lane: Lane, cursor: Cursor) -> None:
        """Store how far events were sent to a webhook."""
        webhook, producer = lane
        kept = {"webhook": webhook, "producer": producer, **asdict(cursor)}
        self._cursors.update_one({"_id": f"{webhook}/{producer}"}, {"$set": kept}, upsert=True)

    def lookups(self, webhooks: Collection[str] | None = None) -> dict[str, Lookup]:
        """Return the last look-up of some webhooks, or of all."""
        query = {} if webhooks is None else {"_id": {"$in": list(webhooks)}}
        return {kept["_id"]: Lookup(kept["url"], kept["found"], kept["at"]) for kept in self._lookups.find(query)}

    def save_lookup(self, webhook: str, lookup: Lookup) -> None:
        """Store the last look-up of a webhook."""
        self._lookups.update_one({"_id": webhook}, {"$set": asdict(lookup)}, upsert=True)

    def write(self, webhook: str, item: Item, number: int, attempt: Attempt) -> None:
        """Write an attempt, its `number`-th for this event, into the log."""
        if not self._indexed:
            self._log.create_index([("webhook", ASCENDING), ("at", DESCENDING)])
            self._log.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        now = datetime.now(UTC)
        line = {
            "webhook": webhook,
            "event": item.id,
            "kind": item.kind,
            "producer": item.producer,
            "sequence": item.sequence,
            "attempt": number,
            "came": attempt.came,
            "status": attempt.status,
            "answer": attempt.answer,
            "millis": attempt.millis,
            "at": now,
            "expires_at": now + KEPT,
        }
        self._log.insert_one(line)

    def latest(self, webhook: str, limit: int) -> list[Document]:
        """The latest attempts of a webhook, newest first."""
        return list(self._log.find({"webhook": webhook}).sort("at", DESCENDING).limit(limit))

    def was_tried(self, webhook: str, event: str) -> bool:
        """Whether the log has an attempt for this event."""
        return self._log.find_one({"webhook": webhook, "event": event}) is not None

    def forget(self, webhook: str) -> None:
        """Forget a webhook that is no more."""
        self._cursors.delete_many({"webhook": webhook})
        self._log.delete_many({"webhook": webhook})
        self._lookups.delete_one({"_id": webhook})


def _cursor(kept: Mapping[str, object]) -> Cursor:
    return Cursor(**{name: kept[name] for name in Cursor.__dataclass_fields__})  # type: ignore[arg-type]
