"""Dead letters: records that could not be handled, kept as they came until they are tried again or discarded.

The consumer loop that could not handle a record keeps it here and, asked to, hands it to its reactions once more.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.chassis.errors import NotFound, Refused
from services.chassis.event_store import Document
from services.chassis.metrics import Metric, gauge

if TYPE_CHECKING:  # web processes do without kafka-python
    from kafka.consumer.fetcher import ConsumerRecord

log = structlog.get_logger()

PARKED, ASKED, HANDLED, DISCARDED = STATES = ("parked", "replaying", "handled", "discarded")
REMEMBERED = 50  # acts of a letter


class UnknownDeadLetter(NotFound):
    """There is no such dead letter."""


class NotParked(Refused):
    """Somebody has it tried again or has discarded it already."""


@dataclass(frozen=True)
class Letter:
    """A record as it came, and what became of it: `acts` tell when, by whom and why, oldest first."""

    id: str
    group: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, Any]]
    state: str = PARKED
    cause: str = ""
    at: datetime = datetime.min
    acts: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class DeadLetters:
    """A service's dead letters, in its own database."""

    def __init__(self, database: Database[Document]) -> None:
        self._letters: Collection[Document] = database["dead_letters"]

    def park(self, group: str, record: "ConsumerRecord | Letter", cause: str) -> None:
        """Keep a record that a group could not handle. One that was discarded stays so, if it comes again."""
        whole = {
            "group": group,
            "topic": record.topic,
            "key": record.key,
            "value": record.value,
            "headers": [[name, text] for name, text in record.headers],
        }
        id = hashlib.sha256(repr(whole).encode()).hexdigest()[:24]
        where = {
            "partition": record.partition,
            "offset": record.offset,
        }  # not in the id: a new broker starts at 0
        now = datetime.now(UTC)
        act = {"act": PARKED, "at": now, "why": cause}
        change = {
            "$set": {"state": PARKED, "cause": cause, "at": now},
            "$setOnInsert": whole | where,
            "$push": {"acts": {"$each": [act], "$slice": -REMEMBERED}},
        }
        try:
            self._letters.create_index([("group", ASCENDING), ("state", ASCENDING)])
            self._letters.update_one({"_id": id, "state": {"$ne": DISCARDED}}, change, upsert=True)
        except DuplicateKeyError:
            log.info("discarded before", dead_letter=id)

    def due(self, group: str) -> list[Letter]:
        """What somebody wants this group to try again; nothing while the database is away."""
        try:
            return [_letter(kept) for kept in self._letters.find({"group": group, "state": ASKED}).limit(50)]
        except PyMongoError:
            return []

    def tried(self, letters: Sequence[Letter]) -> None:
        """Those that were not parked again meanwhile are handled."""
        for letter in letters:
            now = datetime.now(UTC)
            change = {"$set": {"state": HANDLED, "at": now}, "$push": {"acts": {"act": HANDLED, "at": now}}}
            self._letters.update_one({"_id": letter.id, "state": ASKED, "at": letter.at}, change)

    def ask(self, id: str, by: str) -> Letter:
        """Have it tried again by the group that could not handle it. Raises `UnknownDeadLetter`, `NotParked`."""
        return self._change(id, ASKED, by)

    def discard(self, id: str, by: str, why: str) -> Letter:
        """Leave it at that. Raises `UnknownDeadLetter`, `NotParked`."""
        return self._change(id, DISCARDED, by, why)

    def get(self, id: str) -> Letter:
        """One of them. Raises `UnknownDeadLetter`."""
        if (kept := self._letters.find_one({"_id": id})) is None:
            raise UnknownDeadLetter(id=id)
        return _letter(kept)

    def latest(self, state: str, limit: int) -> list[Letter]:
        """Those in a state (empty: in any), the newest first."""
        found = self._letters.find({"state": state} if state else {}).sort("at", DESCENDING).limit(limit)
        return [_letter(kept) for kept in found]

    def figures(self) -> Iterator[Metric]:
        """How many wait for somebody to decide, by group."""
        counts = self._letters.aggregate(
            [{"$match": {"state": PARKED}}, {"$group": {"_id": "$group", "n": {"$sum": 1}}}]
        )
        parked = {found["_id"]: found["n"] for found in counts}
        yield gauge("mpp_dead_letters_parked", "Records that nobody has decided about.", parked, "group")

    def _change(self, id: str, state: str, by: str, why: str = "") -> Letter:
        now = datetime.now(UTC)
        changed = self._letters.find_one_and_update(
            {"_id": id, "state": PARKED},
            {"$set": {"state": state, "at": now}, "$push": {"acts": {"act": state, "at": now, "by": by, "why": why}}},
            return_document=ReturnDocument.AFTER,
        )
        if changed is None:
            raise NotParked(id=id, state=self.get(id).state)
        log.info("dead letter", act=state, dead_letter=id, by=by, why=why)
        return _letter(changed)


def _letter(kept: Document) -> Letter:
    known = {name: kept[name] for name in Letter.__annotations__ if name in kept}
    return Letter(**known | {"id": kept["_id"], "headers": [(name, text) for name, text in kept["headers"]]})
