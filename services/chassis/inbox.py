"""The consumer loop: each event to its reaction, offsets committed afterwards, poison parked with its bytes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import CommitFailedError, KafkaError

from services.chassis.broker import Kafka
from services.chassis.cloud_event import CloudEvent, Malformed, decode
from services.chassis.errors import Problem, Unavailable
from services.chassis.life import Life, Loop

log = structlog.get_logger()

ATTEMPTS = 3

Reaction = Callable[[CloudEvent], object]


def consume(
    kafka: Kafka, group: str, topics: Sequence[str], reactions: Mapping[str, Reaction], dead_letters: str
) -> Loop:
    """A loop that reads the topics as a member of `group` and reacts to the event types named in `reactions`.

    At least once: a reaction must ignore what it has seen. An event that cannot be read or handled goes to the
    `dead_letters` topic; a database that does not answer stops the loop before the event instead.
    """

    def loop(life: Life) -> None:
        try:
            kafka.create_topics([*topics, dead_letters])
            consumer = kafka.consumer(group, topics)
        except KafkaError as error:
            log.warning("the broker failed, connecting anew", group=group, cause=repr(error))
            life.rest(0.5)
            return
        try:
            while life.goes_on():
                for partition, records in consumer.poll(timeout_ms=200).items():
                    _handle(
                        consumer,
                        partition,
                        records,
                        lambda record: _react(kafka, reactions, dead_letters, record, life),
                    )
        except CommitFailedError:
            log.info("another member took over, the rest will be delivered again", group=group)
        except KafkaError as error:
            log.warning("the broker failed, connecting anew", group=group, cause=repr(error))
            life.rest(0.5)
        finally:
            consumer.close(autocommit=False)

    return loop


def _handle(
    consumer: KafkaConsumer,
    partition: TopicPartition,
    records: Sequence[ConsumerRecord],
    react: Callable[[ConsumerRecord], None],
) -> None:
    done: ConsumerRecord | None = None
    try:
        for record in records:
            react(record)
            done = record
    finally:
        if done is not None:
            consumer.commit({partition: OffsetAndMetadata(done.offset + 1, "", -1)})


def _react(
    kafka: Kafka, reactions: Mapping[str, Reaction], dead_letters: str, record: ConsumerRecord, life: Life
) -> None:
    where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    for attempt in range(1, ATTEMPTS + 1):
        life.goes_on()
        try:
            event = decode(record.value, record.headers)
            if reaction := reactions.get(event.type):
                reaction(event)
                log.info("handled", event_id=event.id, event_type=event.type, **where)
            return
        except Unavailable:
            if attempt == ATTEMPTS:
                raise
        except (Malformed, Problem) as error:
            return _park(kafka, dead_letters, record, error, attempt)
        except Exception as error:
            log.warning("failed", attempt=attempt, cause=repr(error), **where)
            if attempt == ATTEMPTS:
                return _park(kafka, dead_letters, record, error, attempt)
        life.rest(0.2 * attempt)


def _park(kafka: Kafka, dead_letters: str, record: ConsumerRecord, cause: Exception, attempts: int) -> None:
    """Keep the record as it came, with where it came from and why it could not be handled."""
    story = {
        "dead-letter-topic": record.topic,
        "dead-letter-partition": str(record.partition),
        "dead-letter-offset": str(record.offset),
        "dead-letter-cause": f"{type(cause).__name__}: {cause}",
        "dead-letter-attempts": str(attempts),
        "dead-letter-at": datetime.now(UTC).isoformat(),
    }
    headers = [*record.headers, *((name, text.encode()) for name, text in story.items())]
    producer = kafka.producer()  # rare enough for a connection of its own
    try:
        producer.send(dead_letters, record.value, record.key, headers).get(timeout=10)
    finally:
        producer.close(timeout=2)
    log.error("parked", dead_letters=dead_letters, **story)
