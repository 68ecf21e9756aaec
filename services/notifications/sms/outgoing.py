"""The list of texts that are to go out: what the events say, kept so that what is due is found at once.

Nothing rests on it alone: a text that is missing here is put back by a replay of the outbox.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import ASCENDING
from pymongo.database import Database

from services.chassis.event_store import Document
from services.chassis.metrics import GaugeMetricFamily, Metric


@dataclass(frozen=True)
class Entry:
    """A text, the ticket or booking it is about, and the trace that it was asked for in."""

    message_id: str
    subject: str
    traceparent: str = ""


class Outgoing:
    """Which texts are due."""

    def __init__(self, database: Database[Document]) -> None:
        self._list = database["outgoing"]
        self._indexed = False

    def add(self, entry: Entry, due: datetime) -> None:
        """Put a text on the list, unless it is there."""
        if not self._indexed:
            self._list.create_index([("due", ASCENDING)])
            self._indexed = True
        new = {"subject": entry.subject, "due": due, "traceparent": entry.traceparent}
        self._list.update_one({"_id": entry.message_id}, {"$setOnInsert": new}, upsert=True)

    def due(self, at: datetime, limit: int, without: Iterable[str] = ()) -> list[Entry]:
        """The texts that are due, the longest due first, without those of these subjects."""
        wanted = {"due": {"$lte": at}, "subject": {"$nin": list(without)}}
        found = self._list.find(wanted).sort("due", ASCENDING).limit(limit)
        return [Entry(kept["_id"], kept["subject"], kept.get("traceparent", "")) for kept in found]

    def postpone(self, entry: Entry, due: datetime) -> None:
        """Look at a text again then; also where another process took it off the list meanwhile."""
        about = {"subject": entry.subject, "traceparent": entry.traceparent}
        self._list.update_one({"_id": entry.message_id}, {"$set": {"due": due}, "$setOnInsert": about}, upsert=True)

    def remove(self, entry: Entry) -> None:
        """Take a text off the list."""
        self._list.delete_one({"_id": entry.message_id})

    def figures(self) -> Iterator[Metric]:
        """How many texts have not reached an end, and how long the first of those that are due has been so."""
        waiting = self._list.estimated_document_count()
        first = self._list.find_one({}, {"due": 1}, sort=[("due", ASCENDING)])
        late = max((datetime.now(UTC) - first["due"]).total_seconds(), 0.0) if first else 0.0
        yield GaugeMetricFamily("mpp_texts_waiting", "Texts on the list of what is to go out.", waiting)
        yield GaugeMetricFamily("mpp_texts_overdue_seconds", "How long the first text that is due waits.", late)
