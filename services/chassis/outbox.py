"""The relay: delivers each commit's events in stream order, at least once, however often a process dies.

It follows the database's change stream and keeps its position there. Where the position is lost, or the broker holds
less than it once acknowledged or another log, it delivers everything again from the store: consumers ignore what they
have.
"""

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.future import Future
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.chassis import metrics
from services.chassis.broker import Kafka
from services.chassis.cloud_event import CloudEvent, encode
from services.chassis.event_store import FULL_BATCH, Changes, Commit, Document, EventStore, PositionLost
from services.chassis.journal import Journal
from services.chassis.life import Life, Loop

log = structlog.get_logger()

LEASE = timedelta(seconds=6)
SAVE_EVERY = timedelta(seconds=0.5)  # what was delivered since is delivered again after a crash
PAUSE = 0.03  # seconds between two looks; half of it is added to the way of an event on average
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

Publish = Callable[[Commit], Iterable[CloudEvent]]


class ReplayNeeded(Exception):
    """Everything must be delivered again from the store."""


@dataclass(frozen=True)
class Reached:
    """How far a destination has got: which log it is, and the end of each of its partitions.

    Empty where a destination does not count.
    """

    log: str = ""
    ends: Mapping[str, int] = field(default_factory=dict)

    def lacks(self, log: str, ends: Mapping[str, int]) -> bool:
        """Return whether records were lost: another log has replaced this one, or it is shorter."""
        return log != self.log or any(self.ends.get(name, 0) < end for name, end in ends.items())


class Destination(Protocol):
    """Where an outbox's commits go."""

    def deliver(self, commit: Commit) -> None:
        """Send the commit's events on their way, after all that came before."""

    def confirm(self) -> Reached:
        """Wait until all of it has arrived; how far the destination has got. Raises when it has not."""
        ...

    def close(self) -> None:
        """Let go of it."""


class Lease:
    """The right to be the one relay of this name, and its position. A second relay waits until the first one ends.

    Two at once would still be correct, only wasteful: consumers ignore what they have. So clocks need not agree well.
    """

    def __init__(self, store: EventStore, name: str) -> None:
        self._leases: Collection[dict[str, Any]] = store.database["leases"]
        self.name = name
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self._until = LONG_AGO
        self._saved_at = LONG_AGO
        try:
            self._leases.insert_one({"_id": name, "until": LONG_AGO})
        except DuplicateKeyError:
            pass

    def held(self) -> bool:
        """Take the lease or keep it, renewed when half of it has passed. Raises `ReplayNeeded` if one was asked for."""
        now = datetime.now(UTC)
        if self._until - now > LEASE / 2:
            return True
        mine_or_free = {"_id": self.name, "$or": [{"holder": self._holder}, {"until": {"$lt": now}}]}
        lease = self._leases.find_one_and_update(mine_or_free, {"$set": {"holder": self._holder, "until": now + LEASE}})
        if lease is None:
            return False
        if lease.get("replay") and self._until > LONG_AGO:
            raise ReplayNeeded("asked for")
        self._until = now + LEASE
        return True

    def release(self) -> None:
        """Give way to the next relay at once."""
        mine = {"_id": self.name, "holder": self._holder}
        self._leases.update_one(mine, {"$set": {"until": LONG_AGO}})
        self._until = LONG_AGO

    def recall(self, found: Reached) -> tuple[Document | None, str]:
        """The position to go on from; or none, and why everything is to be delivered again."""
        lease = self._leases.find_one({"_id": self.name}) or {}
        if lease.get("replay"):
            return None, "asked for"
        if not lease.get("position"):
            return None, "no position yet"
        if found.lacks(lease.get("log", found.log), lease.get("reached", {})):
            return None, "the destination lost what it had"
        return lease["position"], ""

    @property
    def save_is_due(self) -> bool:
        """Whether the position was saved a while ago."""
        return datetime.now(UTC) - self._saved_at > SAVE_EVERY

    def start_over(self) -> None:
        """Forget the position: a relay that dies during a replay begins it again. What was asked for is being done."""
        self._leases.update_one({"_id": self.name}, {"$unset": {"position": "", "replay": ""}})

    def ask_again(self) -> None:
        """Make the next relay deliver everything, whoever it is: what was lost may look whole by then."""
        self._leases.update_one({"_id": self.name}, {"$set": {"replay": True}})

    def save(self, position: Document | None, reached: Reached) -> None:
        """Remember that everything up to the position has been delivered, and how far the destination got by it."""
        self._saved_at = datetime.now(UTC)
        saved = {"position": position, "log": reached.log, "reached": dict(reached.ends)}
        self._leases.update_one({"_id": self.name}, {"$set": saved})


def request_replay(store: EventStore) -> int:
    """Make the service's relays, wherever they run, deliver everything again within seconds; how many were asked."""
    return store.database["leases"].update_many({}, {"$set": {"replay": True}}).matched_count


def relay(
    store: EventStore, outbox: str, connect: Callable[[], Destination], pause: float = PAUSE, name: str = ""
) -> Loop:
    """A loop that delivers an outbox's commits to what `connect` makes, and looks for news every `pause` seconds.

    `name` is that of its lease and its metrics, where an outbox has several destinations; else that of the outbox.
    """
    name = name or outbox

    def loop(life: Life) -> None:
        lease = Lease(store, name)
        try:
            while not lease.held():
                if not life.goes_on():
                    return
                life.rest(0.5)
            destination = connect()
            try:
                _follow(store, outbox, lease, destination, life, pause)
            finally:
                destination.close()
        except (KafkaError, ReplayNeeded, PositionLost) as error:
            log.warning("the relay starts over", outbox=name, cause=repr(error))
            if not isinstance(error, KafkaError):
                lease.ask_again()
            life.rest(0.5)
        finally:
            with suppress(PyMongoError):  # it runs out by itself
                lease.release()

    return loop


def _follow(store: EventStore, outbox: str, lease: Lease, destination: Destination, life: Life, pause: float) -> None:
    position, cause = lease.recall(destination.confirm())
    with store.follow(outbox, position) as changes:  # opened before a replay, so that nothing falls between them
        if cause:
            log.warning("delivering everything from the store", outbox=lease.name, cause=cause)
            metrics.REPLAYS.labels(lease.name).inc()
            _replay(store.with_outbox(outbox), lease, changes.position, destination, life)
        _pass_on(lease, changes, destination, life, pause)


def _replay(
    commits: Iterable[Commit], lease: Lease, position: Document | None, destination: Destination, life: Life
) -> None:
    lease.start_over()
    for count, commit in enumerate(commits, start=1):
        if not (life.goes_on() and lease.held()):
            return
        destination.deliver(commit)
        if count % FULL_BATCH == 0:
            destination.confirm()
    lease.save(position, destination.confirm())


def _pass_on(lease: Lease, changes: Changes, destination: Destination, life: Life, pause: float) -> None:
    unsaved = False
    while life.goes_on() and lease.held():
        commits = changes.batch()
        for commit in commits:
            if not (life.goes_on() and lease.held()):
                return
            destination.deliver(commit)
        reached = destination.confirm()
        now = datetime.now(UTC)
        metrics.passed_on(lease.name, ((now - commit.at).total_seconds() for commit in commits))
        unsaved = unsaved or bool(commits)
        if unsaved and (not commits or lease.save_is_due):
            lease.save(changes.position, reached)
            unsaved = False
        if len(commits) < FULL_BATCH:
            life.rest(pause)


class Topic:
    """A Kafka topic as destination: an event counts as delivered when all in-sync replicas have it.

    Each event is numbered in the journal before it leaves.
    """

    def __init__(self, kafka: Kafka, name: str, publish: Publish, journal: Journal) -> None:
        kafka.create_topics([name])
        self._name, self._publish, self._journal = name, publish, journal
        self._log, self._ends = kafka.log_of(name)
        self._producer: KafkaProducer = kafka.producer()
        self._waiting: list[CloudEvent] = []

    def deliver(self, commit: Commit) -> None:
        """Take the commit's public events; they leave when they are to be confirmed."""
        self._waiting += self._publish(commit)

    def confirm(self) -> Reached:
        """Send what waits, wait for all acknowledgements; the end of each partition.

        Raises `ReplayNeeded` if the log became shorter.
        """
        sent: list[Future] = []
        for event in self._journal.number(self._waiting):
            key, value, headers = encode(event)
            sent.append(self._producer.send(self._name, value, key, headers))
        self._waiting = []
        for future in sent:
            where = future.get(timeout=10)
            if where.offset < self._ends.get(where.partition, 0):
                raise ReplayNeeded("the broker's log is shorter than it was")
            self._ends[where.partition] = where.offset + 1
        return Reached(self._log, {str(partition): end for partition, end in self._ends.items()})

    def close(self) -> None:
        """Close the producer."""
        self._producer.close(timeout=2)
