"""The consumer loop: events to commands, decided in batches, offsets committed afterwards, poison parked."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import bson
import structlog
from cattrs.errors import BaseValidationError
from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import CommitFailedError, KafkaError

from services.chassis import metrics, tracing
from services.chassis.broker import LARGE, Kafka
from services.chassis.cloud_event import CloudEvent, Malformed, decode
from services.chassis.dead_letters import DeadLetters, Letter
from services.chassis.decider import Streams, converter
from services.chassis.errors import Unavailable
from services.chassis.life import Life, Loop

log = structlog.get_logger()

ATTEMPTS = 5
LOOK_EVERY = 1.0  # seconds between two looks for dead letters to try again
SOON_MS, UNHURRIED_MS = 50, 500  # somebody waits for what follows; nobody does
# A member that sends no heartbeat for so many seconds, and for three sessions, hears nothing any more, and does not
# know. kafka-python 3.0.12 was seen to do so on a busy machine, turning in circles without a word until its process
# was started again. It does no harm to one that still waits to join: it begins anew.
LOST_AFTER = 20.0
LONGEST_JOIN = 3.0  # seconds that a member which is to end waits for the group that it is joining
LONGEST_CAUSE = 500  # characters; what others sent may be in it
# What reading a poisoned event, or storing what it says, can end with: other types, other forms, numbers and depths
# that do not fit.
UNREADABLE = (
    *(KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError),
    *(BaseValidationError, bson.errors.BSONError),
)

# What an event leads to: a command, and the stream that decides it. Reads the event, does nothing else.
Reaction = Callable[[CloudEvent], tuple[str, Any]]


@dataclass(frozen=True)
class Parking:
    """Where a group's records go that it cannot handle: the service's own dead letters, and a topic for all to see."""

    kafka: Kafka
    group: str
    topic: str
    letters: DeadLetters

    def park(self, record: ConsumerRecord | Letter, cause: Exception) -> None:
        """Keep the record as it came, with where it came from and why it could not be handled."""
        why = f"{type(cause).__name__}: {cause}"[:LONGEST_CAUSE].encode(errors="replace").decode()
        story = {
            "dead-letter-topic": record.topic,
            "dead-letter-partition": str(record.partition),
            "dead-letter-offset": str(record.offset),
            "dead-letter-cause": why,
            "dead-letter-at": datetime.now(UTC).isoformat(),
        }
        self.letters.park(self.group, record, why)
        known = ((name, text or b"") for name, text in record.headers)  # one of nothing may come, but not go
        headers = [*known, *((name, text.encode()) for name, text in story.items())]
        producer = self.kafka.producer(LARGE)  # rare enough for a connection of its own
        try:
            producer.send(self.topic, record.value, record.key, headers).get(timeout=10)
        finally:
            producer.close(timeout=2)
        metrics.CONSUMED.labels(self.group, "parked").inc()
        log.error("parked", dead_letters=self.topic, **story)


def consume(
    kafka: Kafka,
    group: str,
    topics: Sequence[str],
    reactions: Mapping[str, Reaction],
    streams: Streams[Any, Any, Any],
    dead_letters: str,
    wait_ms: int = SOON_MS,
) -> Loop:
    """A loop that reads the topics as a member of `group` and decides what `reactions` make of their events.

    At least once: a command for an event seen before must lead to nothing. An event that cannot be read, or whose
    command is refused, is kept with the service's dead letters, told in the topic `dead_letters`, and handled once more
    when somebody asks for it; a database that does not answer stops the loop before it.
    """

    parking = Parking(kafka, group, dead_letters, DeadLetters(streams.store.database))

    def handle(records: Sequence[ConsumerRecord], life: Life) -> None:
        _handle(records, reactions, streams, parking, life)

    def try_again(life: Life) -> None:
        if due := parking.letters.due(group):
            _handle(due, reactions, streams, parking, life)
            parking.letters.tried(due)

    return batches(kafka, group, topics, handle, try_again, dead_letters, wait_ms)


def batches(
    kafka: Kafka,
    group: str,
    topics: Sequence[str],
    handle: Callable[[Sequence[ConsumerRecord], Life], None],
    between: Callable[[Life], None] = lambda life: None,
    dead_letters: str = "",
    wait_ms: int = SOON_MS,
) -> Loop:
    """A loop that reads the topics as a member of `group` and hands their records over, a batch at a time.

    At least once: a batch counts as read when `handle` returns; if it raises, the batch comes again. `between` is
    called about once a second. `wait_ms`: see `Kafka.consumer`; the shorter, the sooner, and the more work when idle.
    """

    def loop(life: Life) -> None:
        looked, lag = 0.0, metrics.GroupLag(group)
        lost_after = max(LOST_AFTER, 3 * kafka.session_timeout_ms / 1000)
        try:
            kafka.create_topics(topics)
            if dead_letters:
                kafka.create_topics([dead_letters], LARGE)
            consumer, made = kafka.consumer(group, topics, wait_ms), time.monotonic()
        except KafkaError as error:
            log.warning("the broker failed, connecting anew", group=group, cause=repr(error))
            life.rest(0.5)
            return
        try:
            while life.goes_on():
                polled = consumer.poll(timeout_ms=200)
                records = [record for partition in polled.values() for record in partition]
                if records:
                    handle(records, life)
                    consumer.commit()
                if time.monotonic() - looked > LOOK_EVERY:
                    looked = time.monotonic()
                    lag.tell(_behind(consumer))
                    if min(looked - made, _silence(consumer)) > lost_after:
                        raise KafkaError(f"no heartbeat for {lost_after:.0f} s")
                    between(life)
            _finish_joining(consumer)
        except CommitFailedError:
            log.info("another member took over, the rest will be delivered again", group=group)
        except KafkaError as error:
            log.warning("the broker failed, connecting anew", group=group, cause=repr(error))
            life.rest(0.5)
        finally:
            lag.end()
            _close(consumer)

    return loop


def _behind(consumer: KafkaConsumer) -> dict[tuple[str, int], int]:
    """How many records each partition has that the group has not handled; nothing is asked of the broker for it."""
    behind = {}
    for partition in consumer.assignment():
        end, position = consumer.highwater(partition), consumer.position(partition, timeout_ms=0)
        if end is not None and position is not None:
            behind[partition.topic, partition.partition] = max(end - position, 0)
    return behind


def _handle(
    records: Sequence[ConsumerRecord | Letter],
    reactions: Mapping[str, Reaction],
    streams: Streams[Any, Any, Any],
    parking: Parking,
    life: Life,
) -> None:
    """Decide a batch. Raises `Unavailable` when the database stays away; what was decided is ignored the next time."""
    read, jobs = [], []
    for record in records:
        try:
            event = decode(record.value, record.headers)
            if reaction := reactions.get(event.type):
                jobs.append(_read(event, reaction))
                read.append((record, event))
        except Malformed as cause:
            parking.park(record, cause)
    with ExitStack() as steps:
        traces = [steps.enter_context(_step(event)) for _, event in read]
        for attempt in range(1, ATTEMPTS + 1):
            outcomes = streams.execute_all(jobs, traces)
            away = next((outcome for outcome in outcomes if isinstance(outcome, Unavailable)), None)
            if away is None:
                break
            if attempt == ATTEMPTS:
                raise away
            life.rest(0.2 * attempt)
    handled: list[str] = []
    ignored: list[str] = []
    for (record, event), outcome in zip(read, outcomes, strict=True):
        if isinstance(outcome, Exception):
            parking.park(record, outcome)
        else:
            (handled if outcome.events else ignored).append(event.id)
    metrics.CONSUMED.labels(parking.group, "handled").inc(len(handled))
    metrics.CONSUMED.labels(parking.group, "ignored").inc(len(ignored))
    if handled or ignored:
        log.info("events", handled=handled, ignored=ignored, traces=sorted({tracing.trace_of(one) for one in traces}))


def _step(event: CloudEvent) -> AbstractContextManager[str]:
    """What an event leads to here, as a step of its trace."""
    return tracing.step(f"process {event.type}", "consumer", event.traceparent)


def _read(event: CloudEvent, reaction: Reaction) -> tuple[str, Any]:
    try:
        stream, command = reaction(event)
        _must_be_sound(stream, command)
    except UNREADABLE as error:
        raise Malformed(f"{event.type} {event.id}: {error!r}") from error
    return stream, command


def _must_be_sound(stream: str, command: Any) -> None:
    """Refuse a command that is not of its own types or cannot be stored: its stream could never be read again."""
    plain = converter.unstructure(command)
    bson.encode({"stream": stream, "command": plain})
    if converter.structure(plain, type(command)) != command:
        raise TypeError("a value of another type")


def _silence(consumer: KafkaConsumer) -> float:
    """Seconds since the consumer's last heartbeat; infinite before the first."""
    return float(consumer.metrics()["consumer-coordinator-metrics"]["last-heartbeat-seconds-ago"])


def _finish_joining(consumer: KafkaConsumer) -> None:
    """Wait until the member has partitions.

    The local broker keeps a member that leaves while it joins, makes it the leader and never removes it: the members
    that follow wait for its assignment for good.
    """
    until = time.monotonic() + LONGEST_JOIN
    while not consumer.assignment() and time.monotonic() < until:
        consumer.poll(timeout_ms=100)


def _close(consumer: KafkaConsumer) -> None:
    try:
        consumer.close(autocommit=False, timeout_ms=2000)
    except KafkaError as error:
        log.info("the consumer did not close cleanly", cause=repr(error))
