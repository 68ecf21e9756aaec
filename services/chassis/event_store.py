"""The event store: one commit document per append, which is also the lock, the outbox and the record of commands."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Document = dict[str, Any]

FULL_BATCH = 200
SELECTION_MS = 3000  # how long a service looks for a database that is away
DUPLICATE = 11000  # MongoDB's code of a unique index that says no


class Conflict(Exception):
    """Another commit has this version, or one of these commands is recorded: read the tail, decide anew."""


class PositionLost(Exception):
    """The database cannot tell what came after this position: deliver everything again."""


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
    outboxes: Sequence[str] = ()
    previous: str = ""  # the hash of the commit before it in its stream, and its own (`chain`)
    hash: str = ""
    traceparents: Sequence[str] = ()  # of each command, where one is known: no part of what is hashed

    def traceparent(self, index: int) -> str:
        """Return the trace parent of the event at `index` (from 0 on) of this commit; empty if none is known."""
        command = self.events[index].command
        return self.traceparents[command] if command < len(self.traceparents) else ""

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
        serverSelectionTimeoutMS=SELECTION_MS,
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
    """Appends, reads and follows the commits of one service. A commit never changes; old streams may be forgotten."""

    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self._commits: Collection[Document] = database["commits"]
        self._indexed = self._indexed_by_type = False

    def ping(self) -> None:
        """Raise unless the database answers."""
        self.database.command("ping")

    def clock_offset(self) -> float:
        """Seconds by which this machine's clock is ahead of the database server's; 0 where the server has none."""
        server = self.database.command("hello").get("localTime")
        return (datetime.now(UTC) - server.replace(tzinfo=UTC)).total_seconds() if server else 0.0

    def create_indexes(self) -> None:
        """Make the indexes that the promises rest on; harmless when they exist."""
        self._commits.create_index([("stream", ASCENDING), ("version", ASCENDING)], unique=True)
        self._commits.create_index([("stream", ASCENDING), ("commands.id", ASCENDING)], unique=True)
        self._indexed = True

    def append(self, commit: Commit) -> None:
        """Make the commit true, durably, exactly once. Raises `Conflict` or `Unsettled`."""
        try:
            if not self._indexed:
                self.create_indexes()
            self._commits.insert_one(_to_document(commit))
        except DuplicateKeyError as error:
            raise Conflict(commit.id) from error
        except PyMongoError as error:
            raise Unsettled(commit.id) from error

    def append_all(self, commits: Sequence[Commit]) -> list[bool]:
        """Append commits of different streams in one round trip; for each whether it is there now.

        One that is not there met a conflict. Raises `Unsettled`.
        """
        try:
            if not self._indexed:
                self.create_indexes()
            self._commits.insert_many([_to_document(commit) for commit in commits], ordered=False)
        except BulkWriteError as error:
            failed = {failure["index"]: failure["code"] for failure in error.details["writeErrors"]}
            if set(failed.values()) != {DUPLICATE} or error.details["writeConcernErrors"]:
                raise Unsettled(commits[0].id) from error
            return [position not in failed for position in range(len(commits))]
        except PyMongoError as error:
            raise Unsettled(commits[0].id) from error
        return [True] * len(commits)

    def read(self, stream: str, after: int = 0) -> list[Commit]:
        """The stream's commits above version `after`, in order."""
        query = {"stream": stream, "version": {"$gt": after}}
        return [_to_commit(document) for document in self._commits.find(query).sort("version", ASCENDING)]

    def with_outbox(self, outbox: str) -> Iterator[Commit]:
        """Every commit that was ever to leave by this outbox, each stream in order: what a replay delivers."""
        return self._in_order({"outboxes": outbox})

    def everything(self) -> Iterator[Commit]:
        """Every commit, stream by stream, each in order."""
        return self._in_order({})

    def _in_order(self, query: Document) -> Iterator[Commit]:
        order = [("stream", ASCENDING), ("version", ASCENDING)]
        return map(_to_commit, self._commits.find(query).sort(order).batch_size(FULL_BATCH))

    def recent(self, event_type: str, limit: int, **data: str) -> list[str]:
        """Streams of the latest commits holding an event of this type, and with this data in it, newest first."""
        if not self._indexed_by_type:  # only where somebody asks: every index is a cost to each append
            self._commits.create_index([("events.type", ASCENDING), ("at", DESCENDING)])
            self._indexed_by_type = True
        query: Document = {"events.type": event_type}
        if data:
            query["events"] = {"$elemMatch": {f"data.{name}": value for name, value in data.items()}}
        found = self._commits.find(query, {"stream": 1}).sort("at", DESCENDING).limit(limit)
        return list(dict.fromkeys(document["stream"] for document in found))

    def streams(self, first: str, end: str) -> list[str]:
        """Names of the streams from `first` up to, not including, `end`, in order."""
        query = {"stream": {"$gte": first, "$lt": end}, "version": 1}
        found = self._commits.find(query, {"stream": 1}).sort("stream", ASCENDING)
        return [document["stream"] for document in found]

    def forget(self, first: str, end: str) -> int:
        """Delete the streams whose names lie from `first` up to, not including, `end`; how many commits that were.

        Whole streams only: one that were cut would fit its chain no more.
        """
        return self._commits.delete_many({"stream": {"$gte": first, "$lt": end}}).deleted_count

    @contextmanager
    def follow(self, outbox: str, position: Document | None) -> Iterator["Changes"]:
        """News of an outbox: all commits that carry its mark and became true after `position` (None: from now on).

        Raises `PositionLost` when the database no longer knows what came after it.
        """
        after = {"resumeAfter": position} if position else {}
        mark = {"operationType": "insert", "fullDocument.outboxes": outbox}
        with self.database.client.start_session() as session:
            try:
                changes = Changes(self._commits, [{"$changeStream": after}, {"$match": mark}], session)
            except OperationFailure as error:
                raise PositionLost(str(error)) from error
            yield changes


class Changes:
    """News of an outbox in the order in which they became true, in batches.

    The change stream is read by its commands, not through the driver's iterator, because that one hides where a batch
    ends: a reader who fetches again at once costs the database more than the commits themselves.
    """

    def __init__(self, commits: Collection[Document], pipeline: Sequence[Document], session: ClientSession) -> None:
        self._commits, self._session = commits, session
        cursor = {"batchSize": FULL_BATCH}
        self._cursor: Document = self._command({"aggregate": commits.name, "pipeline": pipeline, "cursor": cursor})
        self._unread: list[Document] | None = self._cursor["firstBatch"]

    def batch(self) -> list[Commit]:
        """What is new since the last batch, at most `FULL_BATCH` commits; does not wait for any."""
        if self._unread is None:
            more = {"getMore": self._cursor["id"], "collection": self._commits.name, "batchSize": FULL_BATCH}
            self._cursor = self._command(more | {"maxTimeMS": 1})
            self._unread = self._cursor["nextBatch"]
        found, self._unread = self._unread, None
        return [_to_commit(change["fullDocument"]) for change in found]

    @property
    def position(self) -> Document | None:
        """Where to go on after a break: behind the last batch."""
        position: Document | None = self._cursor.get("postBatchResumeToken")
        return position

    def _command(self, command: Document) -> Document:
        answer = self._commits.database.command(
            command, session=self._session, codec_options=self._commits.codec_options
        )
        cursor: Document = answer["cursor"]
        return cursor


def _to_document(commit: Commit) -> Document:
    return {
        "_id": commit.id,
        "stream": commit.stream,
        "version": commit.version,
        "events": [{"type": event.type, "data": event.data, "command": event.command} for event in commit.events],
        "commands": [{"id": c.id, "digest": c.digest, "actor": c.actor} for c in commit.commands],
        "at": commit.at,
        "trace": commit.trace,
        "outboxes": list(commit.outboxes),
        "previous": commit.previous,
        "hash": commit.hash,
        **({"traceparents": list(commit.traceparents)} if any(commit.traceparents) else {}),
    }


def _to_commit(document: Document) -> Commit:
    return Commit(
        stream=document["stream"],
        version=document["version"],
        events=tuple(StoredEvent(**event) for event in document["events"]),
        commands=tuple(StoredCommand(**command) for command in document["commands"]),
        at=document["at"].astimezone(UTC),
        trace=document["trace"],
        outboxes=tuple(document["outboxes"]),
        previous=document.get("previous", ""),
        hash=document.get("hash", ""),
        traceparents=tuple(document.get("traceparents", ())),
    )
