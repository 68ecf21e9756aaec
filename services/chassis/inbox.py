"""The consumer loop: events to commands, decided in batches, offsets committed afterwards, poison parked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import bson
import structlog
from cattrs.errors import BaseValidationError
from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import CommitFailedError, KafkaError

from services.chassis.broker import LARGE, Kafka
from services.chassis.cloud_event import CloudEvent, Malformed, decode
from services.chassis.decider import Streams, converter
from services.chassis.errors import Unavailable
from services.chassis.life import Life, Loop

log = structlog.get_logger()

ATTEMPTS = 5
LONGEST_CAUSE = 500  # characters; what others sent may be in it
# What reading a poisoned event, or storing what it says, can end with: other types, other forms, numbers and depths
# that do not fit.
UNREADABLE = (
    *(KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError),
    *(BaseValidationError, bson.errors.BSONError),
)

# What an event leads to: a command, and the stream that decides it. Reads the event, does nothing else.
Reaction = Callable[[CloudEvent], tuple[str, Any]]


def consume(
    kafka: Kafka,
    group: str,
    topics: Sequence[str],
    reactions: Mapping[str, Reaction],
    streams: Streams[Any, Any, Any],
    dead_letters: str,
) -> Loop:
    """A loop that reads the topics as a member of `group` and decides what `reactions` make of their events.

    At least once: a command for an event seen before must lead to nothing. An event that cannot be read, or whose
    command is refused, goes to the `dead_letters` topic; a database that does not answer stops the loop before it.
    """

    def handle(records: Sequence[ConsumerRecord], life: Life) -> None:
        _handle(kafka, records, reactions, streams, dead_letters, life)

    return batches(kafka, group, topics, handle, dead_letters)


def batches(
    kafka: Kafka,
    group: str,
    topics: Sequence[str],
    handle: Callable[[Sequence[ConsumerRecord], Life], None],
    dead_letters: str = "",
) -> Loop:
    """A loop that reads the topics as a member of `group` and hands their records over, a batch at a time.

    At least once: a batch counts as read when `handle` returns; if it raises, the batch comes again.
    """

    def loop(life: Life) -> None:
        try:
            kafka.create_topics(topics)
            if dead_letters:
                kafka.create_topics([dead_letters], LARGE)
            consumer = kafka.consumer(group, topics)
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
        except CommitFailedError:
            log.info("another member took over, the rest will be delivered again", group=group)
        except KafkaError as error:
            log.warning("the broker failed, connecting anew", group=group, cause=repr(error))
            life.rest(0.5)
        finally:
            _close(consumer)

    return loop


def _handle(
    kafka: Kafka,
    records: Sequence[ConsumerRecord],
    reactions: Mapping[str, Reaction],
    streams: Streams[Any, Any, Any],
    dead_letters: str,
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
            _park(kafka, dead_letters, record, cause)
    for attempt in range(1, ATTEMPTS + 1):
        outcomes = streams.execute_all(jobs)
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
            _park(kafka, dead_letters, record, outcome)
        else:
            (handled if outcome.events else ignored).append(event.id)
    if handled or ignored:
        log.info("events", handled=handled, ignored=ignored)


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


def _park(kafka: Kafka, dead_letters: str, record: ConsumerRecord, cause: Exception) -> None:
    """Keep the record as it came, with where it came from and why it could not be handled."""
    story = {
        "dead-letter-topic": record.topic,
        "dead-letter-partition": str(record.partition),
        "dead-letter-offset": str(record.offset),
        "dead-letter-cause": f"{type(cause).__name__}: {cause}"[:LONGEST_CAUSE],
        "dead-letter-at": datetime.now(UTC).isoformat(),
    }
    known = ((name, text or b"") for name, text in record.headers)  # one of nothing may come, but not go
    headers = [*known, *((name, text.encode(errors="replace")) for name, text in story.items())]
    producer = kafka.producer(LARGE)  # rare enough for a connection of its own
    try:
        producer.send(dead_letters, record.value, record.key, headers).get(timeout=10)
    finally:
        producer.close(timeout=2)
    log.error("parked", dead_letters=dead_letters, **story)


def _close(consumer: KafkaConsumer) -> None:
    try:
        consumer.close(autocommit=False, timeout_ms=2000)
    except KafkaError as error:
        log.info("the consumer did not close cleanly", cause=repr(error))
