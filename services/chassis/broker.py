"""Kafka through kafka-python 3, with every choice that matters for delivery made explicit.

Clients are not fork-safe and their constructors block: make them in a worker's loop, never before gunicorn forks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError

from services.chassis.config import Env

USUAL = 1024 * 1024  # bytes of a message, as Kafka and its clients have it
LARGE = 2 * USUAL  # for dead letters: the largest message, and the story of it


@dataclass(frozen=True)
class Kafka:
    """Where the brokers are and how to speak to them."""

    bootstrap: tuple[str, ...]
    session_timeout_ms: int
    partitions: int
    replication: int

    @classmethod
    def from_env(cls, env: Env) -> "Kafka":
        """Read `KAFKA_…` settings."""
        return cls(
            bootstrap=tuple(env.list("KAFKA_BOOTSTRAP") or ()),
            session_timeout_ms=env.int("KAFKA_SESSION_TIMEOUT_MS", 45000),
            partitions=env.int("KAFKA_PARTITIONS", 3),
            replication=env.int("KAFKA_REPLICATION", 1),
        )

    def create_topics(self, names: Sequence[str], largest: int = USUAL) -> None:
        """Make the topics that do not exist yet; messages may have so many bytes."""
        configs = {"max.message.bytes": str(largest)} if largest != USUAL else {}
        admin = KafkaAdminClient(bootstrap_servers=list(self.bootstrap), bootstrap_timeout_ms=5000)
        try:
            for name in set(names) - set(admin.list_topics()):
                try:
                    admin.create_topics([NewTopic(name, self.partitions, self.replication, topic_configs=configs)])
                except TopicAlreadyExistsError:
                    pass
        finally:
            admin.close()

    def producer(self, largest: int = USUAL) -> KafkaProducer:
        """A producer that is acknowledged by all in-sync replicas and repeats nothing within its session."""
        return KafkaProducer(
            bootstrap_servers=list(self.bootstrap),
            acks="all",
            enable_idempotence=True,
            max_request_size=largest,
            compression_type=None,  # the local broker miscounts compressed batches
            linger_ms=0,
            max_block_ms=5000,
            request_timeout_ms=5000,
            delivery_timeout_ms=10000,
            bootstrap_timeout_ms=5000,
        )

    def consumer(self, group: str, topics: Sequence[str]) -> KafkaConsumer:
        """A group member that starts at the earliest event and commits only when told to."""
        return KafkaConsumer(
            *topics,
            bootstrap_servers=list(self.bootstrap),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=50,
            fetch_max_wait_ms=50,
            session_timeout_ms=self.session_timeout_ms,
            heartbeat_interval_ms=self.session_timeout_ms // 3,
            request_timeout_ms=max(10000, self.session_timeout_ms + 5000),
            bootstrap_timeout_ms=5000,
        )

    def ends(self, topic: str) -> dict[int, int]:
        """The offset that the next record of each partition will get."""
        client = KafkaConsumer(bootstrap_servers=list(self.bootstrap), bootstrap_timeout_ms=5000)
        try:
            partitions = [TopicPartition(topic, number) for number in client.partitions_for_topic(topic) or ()]
            return {found.partition: end for found, end in client.end_offsets(partitions).items()}
        finally:
            client.close()
