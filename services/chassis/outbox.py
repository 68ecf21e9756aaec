"""The relay: delivers each commit's events, in stream order, at least once, and then takes the commit's mark off."""

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import structlog
from kafka.errors import KafkaError
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from services.chassis.broker import Kafka
from services.chassis.cloud_event import CloudEvent, encode
from services.chassis.event_store import Commit, EventStore
from services.chassis.life import Life, Loop

log = structlog.get_logger()

IDLE = 0.04  # seconds between two looks at the store; half of it is added to the way of an event on average
LEASE = timedelta(seconds=6)
RECORD_EVERY = timedelta(seconds=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

Publish = Callable[[Commit], Iterable[CloudEvent]]
Deliver = Callable[[Sequence[Commit]], None]


class ReplayNeeded(Exception):
    """The topic must be filled again from the store."""


class Lease:
    """The right to be the one relay of an outbox; a second one stands by until the first ends or dies.

    Two at once would still be correct, only wasteful: consumers ignore what they have. So clocks need not agree well.
    """

    def __init__(self, store: EventStore, outbox: str) -> None:
        self._leases: Collection[dict[str, Any]] = store.database["leases"]
        self.outbox = outbox
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self._until = LONG_AGO
        self._recorded_at = LONG_AGO
        try:
            self._leases.insert_one({"_id": outbox, "until": LONG_AGO, "offsets": {}})
        except DuplicateKeyError:
            pass

    def held(self) -> bool:
        """Take the lease or keep it; renewed when half of it has passed."""
        now = datetime.now(UTC)
        if self._until - now > LEASE / 2:
            return True
        mine_or_free = {"_id": self.outbox, "$or": [{"holder": self._holder}, {"until": {"$lt": now}}]}
        taken = {"$set": {"holder": self._holder, "until": now + LEASE}}
        lease = self._leases.find_one_and_update(mine_or_free, taken)
        if lease is None:
            return False
        if lease.get("replay") and self._until > LONG_AGO:
            raise ReplayNeeded("requested")
        self._until = now + LEASE
        return True

    def release(self) -> None:
        """Give way to the next relay at once."""
        mine = {"_id": self.outbox, "holder": self._holder}
        self._leases.update_one(mine, {"$set": {"until": LONG_AGO}})
        self._until = LONG_AGO

    def replay_needed(self, ends: Mapping[int, int]) -> bool:
        """Whether somebody asked for a replay, or the broker holds less than it once acknowledged."""
        lease = self._leases.find_one({"_id": self.outbox}) or {}
        lost = any(ends.get(int(partition), 0) < end for partition, end in lease.get("offsets", {}).items())
        return lost or bool(lease.get("replay"))

    def replayed(self, ends: Mapping[int, int]) -> None:
        """Everything has been published again."""
        self._leases.update_one({"_id": self.outbox}, {"$unset": {"replay": ""}})
        self._recorded_at = LONG_AGO
        self.record(ends)

    def record(self, ends: Mapping[int, int]) -> None:
        """Remember how far the broker has acknowledged; at most once a second, for a low mark is good enough."""
        now = datetime.now(UTC)
        if now - self._recorded_at > RECORD_EVERY:
            self._recorded_at = now
            offsets = {str(partition): end for partition, end in ends.items()}
            self._leases.update_one({"_id": self.outbox}, {"$set": {"offsets": offsets}})


def request_replay(store: EventStore) -> None:
    """Make the relay, wherever it runs, publish everything again from the store within seconds."""
    store.database["leases"].update_one({"_id": "events"}, {"$set": {"replay": True}})


def relay(store: EventStore, outbox: str, deliver: Deliver) -> Loop:
    """A loop that hands an outbox's commits to `deliver`, each stream's oldest first, and then marks them delivered."""

    def loop(life: Life) -> None:
        lease = Lease(store, outbox)
        try:
            _drain(store, lease, deliver, life)
        finally:
            lease.release()

    return loop


def relay_to_kafka(store: EventStore, kafka: Kafka, topic: str, publish: Publish) -> Loop:
    """A relay to a topic. Where the broker has lost what it acknowledged, it publishes everything again first."""

    def loop(life: Life) -> None:
        lease = Lease(store, "events")
        try:
            while not lease.held() and life.goes_on():
                life.rest(0.5)
            if life.goes_on():
                _connected(store, lease, kafka, topic, publish, life)
        except (KafkaError, ReplayNeeded) as error:
            log.warning("the broker failed, connecting anew", topic=topic, cause=repr(error))
            life.rest(0.5)
        finally:
            lease.release()

    return loop


def _connected(store: EventStore, lease: Lease, kafka: Kafka, topic: str, publish: Publish, life: Life) -> None:
    kafka.create_topics([topic])
    ends = kafka.ends(topic)
    producer = kafka.producer()

    def deliver(commits: Sequence[Commit]) -> None:
        sent = [producer.send(topic, value, key, headers) for key, value, headers in _encoded(commits, publish)]
        for future in sent:
            where = future.get(timeout=10)
            if where.offset < ends.get(where.partition, 0):
                raise ReplayNeeded("the broker's log is shorter than it was")
            ends[where.partition] = where.offset + 1
        lease.record(ends)

    try:
        if lease.replay_needed(ends):
            log.warning("publishing everything again from the store", topic=topic)
            for batch in batched(store.read_all(), 200):
                deliver(batch)
            lease.replayed(ends)
        _drain(store, lease, deliver, life)
    finally:
        producer.close(timeout=2)


def _encoded(commits: Sequence[Commit], publish: Publish) -> Iterable[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    return (encode(event) for commit in commits for event in publish(commit))


def _drain(store: EventStore, lease: Lease, deliver: Deliver, life: Life) -> None:
    while life.goes_on():
        if not lease.held():
            life.rest(0.5)
        elif commits := store.pending(lease.outbox):
            deliver(commits)
            store.delivered(lease.outbox, commits)
        else:
            life.rest(IDLE)


def batched(items: Iterable[Commit], size: int) -> Iterator[list[Commit]]:
    """Lists of at most `size` items (itertools has it from Python 3.12 on)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
