"""The list of texts that are to go out: what the events say, kept so that what is due is found at once.

Nothing rests on it alone: a text that is missing here is put back by a replay of the outbox.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pymongo import ASCENDING
from pymongo.database import Database

from services.chassis.event_store import Document


@dataclass(frozen=True)
class Entry:
    """A text, and the ticket or booking it is about."""

    message_id: str
    subject: str


class Outgoing:
    """Which texts are due."""

    def __init__(self, database: Database[Document]) -> None:
        self._list = database["outgoing"]
        self._list.create_index([("due", ASCENDING)])

    def add(self, entry: Entry, due: datetime) -> None:
        """Put a text on the list, unless it is there."""
        new = {"subject": entry.subject, "due": due}
        self._list.update_one({"_id": entry.message_id}, {"$setOnInsert": new}, upsert=True)

    def due(self, at: datetime, limit: int, without: Iterable[str] = ()) -> list[Entry]:
        """The texts that are due, the longest due first, without those of these subjects."""
        wanted = {"due": {"$lte": at}, "subject": {"$nin": list(without)}}
        found = self._list.find(wanted).sort("due", ASCENDING).limit(limit)
        return [Entry(document["_id"], document["subject"]) for document in found]

    def postpone(self, entry: Entry, due: datetime) -> None:
        """Look at a text again then."""
        self._list.update_one({"_id": entry.message_id}, {"$set": {"due": due}})

    def remove(self, entry: Entry) -> None:
        """Take a text off the list."""
        self._list.delete_one({"_id": entry.message_id})
