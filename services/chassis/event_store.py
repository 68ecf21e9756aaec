"""The event store: one commit document per append, which is also the lock, the outbox and the record of commands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Document = dict[str, Any]


class Conflict(Exception):
    """Another commit has this version, or one of these commands is recorded: read the tail, decide anew."""


class Unsettled(Exception):
    """The database did not answer: the commit may be there or not. Read the stream before deciding anything else."""


@dataclass(frozen=True)
class StoredCommand:
    """A command that a commit answers: its id, a digest of what it asked for, and who asked."""

    id: str
    digest: str = ""
    actor: str = ""


@dataclass(frozen=True)
class StoredEvent:
    """An event as stored: type name, plain data, and which command of its commit caused it."""

    type: str
    data: Mapping[str, Any]
    command: int = 0


@dataclass(frozen=True)
class Commit:
    """Events that became true together, at `version` of their stream (the first is 1)."""

    stream: str
    version: int
    events: Sequence[StoredEvent]
    commands: Sequence[StoredCommand]
    at: datetime
    trace: str = ""
    outboxes: Sequence[str] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        """`stream@version`, unique in its service."""
        return f"{self.stream}@{self.version}"


def connect(url: str, database: str) -> Database[Document]:
    """The service's own database; every write acknowledged by a majority and its journal, every wait bounded."""
    client: MongoClient[Document] = MongoClient(
        url,
        tz_aware=True,
        connect=False,
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=3000,
        socketTimeoutMS=5000,
        waitQueueTimeoutMS=3000,
    )
    return client.get_database(
        database,
        write_concern=WriteConcern(w="majority", j=True, wtimeout=5000),
        read_concern=ReadConcern("majority"),
    )


class EventStore:
    """Appends and reads the commits of one service.

    A commit carries one `pending` mark for each outbox it is to leave by, until that outbox's relay has delivered it.
    """

    def __init__(self, database: Database[Document], outboxes: Sequence[str] = ("events",)) -> None:
        self.database = database
        self._outboxes = outboxes
        self._commits: Collection[Document] = database["commits"]
        self._indexed = False

    def ping(self) -> None:
        """Raise unless the database answers."""
        self.database.command("ping")

    def _create_indexes(self) -> None:
        """Make the indexes that the promises rest on; harmless when they exist."""
        self._commits.create_index([("stream", ASCENDING), ("version", ASCENDING)], unique=True)
        self._commits.create_index([("stream", ASCENDING), ("commands.id", ASCENDING)], unique=True)
        self._commits.create_index([("events.type", ASCENDING), ("at", DESCENDING)])
        for outbox in self._outboxes:
            self._commits.create_index([(f"pending.{outbox}", ASCENDING)], sparse=True)
        self._indexed = True

    def append(self, commit: Commit) -> None:
        """Make the commit true, durably, exactly once. Raises `Conflict` or `Unsettled`."""
        try:
            if not self._indexed:
                self._create_indexes()
            self._commits.insert_one(_to_document(commit))
        except DuplicateKeyError as error:
            raise Conflict(commit.id) from error
        except PyMongoError as error:
            raise Unsettled(commit.id) from error

    def read(self, stream: str, after: int = 0) -> list[Commit]:
        """The stream's commits above version `after`, in order."""
        query = {"stream": stream, "version": {"$gt": after}}
        return [_to_commit(document) for document in self._commits.find(query).sort("version", ASCENDING)]

    def read_all(self) -> Iterator[Commit]:
        """Every commit, each stream in order: what a replay publishes."""
        order = [("stream", ASCENDING), ("version", ASCENDING)]
        return map(_to_commit, self._commits.find({}).sort(order).hint(order).batch_size(200))

    def recent(self, event_type: str, limit: int) -> list[str]:
        """Streams of the latest commits holding an event of this type, newest first."""
        found = self._commits.find({"events.type": event_type}, {"stream": 1}).sort("at", DESCENDING).limit(limit)
        return list(dict.fromkeys(document["stream"] for document in found))

    def pending(self, outbox: str, limit: int = 100) -> list[Commit]:
        """Commits that this outbox has not delivered; each stream's from its oldest on, without a gap.

        Two looks: the first finds streams with work, the second reads those streams. A commit only exists after the
        one before it, so all that the first look saw, and all below it, is there for the second.
        """
        mark = f"pending.{outbox}"
        streams = {
            document["stream"] for document in self._commits.find({mark: {"$gt": ""}}, {"stream": 1}).limit(limit)
        }
        found: list[Commit] = []
        for stream in sorted(streams):
            tail = self._commits.find({mark: stream})
            found += sorted(map(_to_commit, tail), key=lambda commit: commit.version)[:limit]
        return found

    def delivered(self, outbox: str, commits: Sequence[Commit]) -> None:
        """Take the outbox's mark off these commits."""
        query = {"_id": {"$in": [commit.id for commit in commits]}}
        self._commits.update_many(query, {"$unset": {f"pending.{outbox}": ""}})


def _to_document(commit: Commit) -> Document:
    return {
        "_id": commit.id,
        "stream": commit.stream,
        "version": commit.version,
        "events": [{"type": event.type, "data": event.data, "command": event.command} for event in commit.events],
        "commands": [{"id": c.id, "digest": c.digest, "actor": c.actor} for c in commit.commands],
        "at": commit.at,
        "trace": commit.trace,
        "pending": dict.fromkeys(commit.outboxes, commit.stream),
    }


def _to_commit(document: Document) -> Commit:
    return Commit(
        stream=document["stream"],
        version=document["version"],
        events=tuple(StoredEvent(**event) for event in document["events"]),
        commands=tuple(StoredCommand(**command) for command in document["commands"]),
        at=document["at"].astimezone(UTC),
        trace=document["trace"],
    )
