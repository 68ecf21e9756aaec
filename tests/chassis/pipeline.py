"""A small pipeline for the fault tests: a producing stream, a topic, a consuming stream; and its processes to kill."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kafka import KafkaConsumer
from waiting import eventually as eventually

from services.chassis import outbox, worker
from services.chassis.broker import Kafka
from services.chassis.cloud_event import CloudEvent, decode
from services.chassis.decider import Decider, Streams
from services.chassis.event_store import Commit, EventStore, connect
from services.chassis.inbox import consume
from services.chassis.journal import Journal
from services.chassis.outbox import Topic, relay
from services.chassis.publication import public_event

TOPIC, DEAD_LETTERS = "counted", "counted.dead-letters"


@dataclass(frozen=True)
class Counted:
    number: int


@dataclass(frozen=True)
class Count:
    pass


COUNTING = Decider(
    initial=0, decide=lambda _, n: [Counted(n + 1)], evolve=lambda _, event: event.number, events=(Counted,)
)


@dataclass(frozen=True)
class Heard:
    number: int


def hear(heard: Heard, known: frozenset) -> list[Heard]:
    if heard.number < 0:
        raise ValueError("not a count")
    return [] if heard.number in known else [heard]


HEARING = Decider(initial=frozenset(), decide=hear, evolve=lambda known, heard: known | {heard.number}, events=(Heard,))


def publish(commit: Commit) -> list[CloudEvent]:
    return [
        public_event(
            commit,
            index,
            source="/test",
            type="counted.v1",
            subject="",
            key=commit.stream,
            data={"number": event.number},
        )
        for index, event in enumerate(COUNTING.recorded(commit))
    ]


def on_counted(event: CloudEvent) -> tuple[str, Heard]:
    return "heard", Heard(event.data["number"])


def counting(store: EventStore) -> Streams:
    return Streams(store, COUNTING, {"events": (Counted,)})


def hearing(store: EventStore) -> Streams:
    return Streams(store, HEARING, {})


class DiesAt(Topic):
    """A topic whose process is killed before or after the broker has acknowledged a commit's events."""

    def __init__(self, kafka: Kafka, moment: str, journal: Journal) -> None:
        super().__init__(kafka, TOPIC, publish, journal)
        self._moment = moment

    def deliver(self, commit: Commit) -> None:
        if self._moment == "before publishing":
            die()
        super().deliver(commit)

    def confirm(self):
        something = bool(self._waiting)
        reached = super().confirm()
        if something and self._moment == "after publishing":
            die()
        return reached


class DiesAfterDeciding(Streams):
    """Streams whose process is killed after a batch was decided, before its offsets are committed."""

    def execute_all(self, *jobs):
        super().execute_all(*jobs)
        die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(mongo: str, database: str, bootstrap: str, role: str, moment: str, lease: str) -> None:
    """A worker process that relays or consumes, and dies at a moment if one is named."""
    outbox.LEASE = timedelta(seconds=float(lease))
    store = EventStore(connect(mongo, database))
    kafka = Kafka((bootstrap,), session_timeout_ms=1500, partitions=3, replication=1)
    if role == "relay":
        journal = Journal(store.database)
        connect_to = (
            (lambda: DiesAt(kafka, moment, journal)) if moment else (lambda: Topic(kafka, TOPIC, publish, journal))
        )
        worker.run(store, relay=relay(store, "events", connect_to))
    else:
        kind = DiesAfterDeciding if moment else Streams
        streams = kind(store, HEARING, {})
        worker.run(store, inbox=consume(kafka, "hearers", [TOPIC], {"counted.v1": on_counted}, streams, DEAD_LETTERS))


def start(
    store: EventStore, mongo: str, bootstrap: str, role: str, moment: str = "", lease: float = 6.0
) -> subprocess.Popen:
    """Start a worker; `lease` is how many seconds a relay keeps its lease without a sign of life."""
    arguments = [mongo, store.database.name, bootstrap, role, moment, str(lease)]
    path = os.pathsep.join([os.getcwd(), str(Path(__file__).parents[1])])
    return subprocess.Popen([sys.executable, __file__, *arguments], env={**os.environ, "PYTHONPATH": path})


def in_topic(bootstrap: str, count: int, topic: str = TOPIC, seconds: float = 15) -> list:
    """The records of a topic, once there are so many."""
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    found, deadline = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        for records in consumer.poll(200).values():
            found += records
    consumer.close()
    return found


def ids_in_topic(bootstrap: str, count: int) -> list[str]:
    """Event ids in the order in which they first came, each once: what a consumer sees that ignores repeats."""
    deadline, seen = time.monotonic() + 15, {}
    while len(seen) < count and time.monotonic() < deadline:
        records = in_topic(bootstrap, count, seconds=2)
        seen = dict.fromkeys(decode(record.value, record.headers).id for record in records)
    return list(seen)


if __name__ == "__main__":
    main(*sys.argv[1:])
