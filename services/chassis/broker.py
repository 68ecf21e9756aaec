"""Kafka through kafka-python 3, with every choice that matters for delivery made explicit.

Clients are not fork-safe and their constructors block: make them in a worker's loop, never before gunicorn forks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
from marshmallow import ValidationError
from marshmallow.validate import Length, OneOf

from services.chassis.config import Env

USUAL = 1024 * 1024  # bytes of a message, as Kafka and its clients have it
LARGE = 2 * USUAL  # for dead letters: the largest message, and the story of it


PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True)
class Login:
    """As whom to speak to the brokers, and whether by TLS; `ca_file` is PEM, without it the machine's own list counts.

    The password is in no log: it is left out where this is printed.
    """

    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    @classmethod
    def from_env(cls, env: Env) -> "Login":
        """Read `KAFKA_SECURITY_PROTOCOL`, `KAFKA_SASL_…` and `KAFKA_SSL_CAFILE`; a user is asked for where SASL is."""
        protocol = env.str("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT", validate=OneOf(PROTOCOLS))
        ca_file = env.str("KAFKA_SSL_CAFILE", "", validate=_is_file)
        if not (protocol or "").startswith("SASL_"):
            return cls(protocol, ca_file=ca_file)
        mechanism = env.str("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512", validate=OneOf(MECHANISMS))
        username = env.str("KAFKA_SASL_USERNAME", validate=Length(min=1))
        password = env.str("KAFKA_SASL_PASSWORD", validate=Length(min=1))
        return cls(protocol, mechanism, username, password, ca_file)

    def options(self) -> Mapping[str, Any]:
        """The same, in the words of kafka-python."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.ca_file:
            options |= {"ssl_cafile": self.ca_file}
        if self.mechanism:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options


def _is_file(path: str) -> None:
    if path and not Path(path).is_file():
        raise ValidationError("must be a file that is there")


@dataclass(frozen=True)
class Kafka:
    """Where the brokers are and how to speak to them."""

    bootstrap: tuple[str, ...]
    session_timeout_ms: int
    partitions: int
    replication: int
    login: Login = Login()

    @classmethod
    def from_env(cls, env: Env) -> "Kafka":
        """Read `KAFKA_…` settings."""
        return cls(
            bootstrap=tuple(env.list("KAFKA_BOOTSTRAP") or ()),
            session_timeout_ms=env.int("KAFKA_SESSION_TIMEOUT_MS", 10000),
            partitions=env.int("KAFKA_PARTITIONS", 3),
            replication=env.int("KAFKA_REPLICATION", 1),
            login=Login.from_env(env),
        )

    def create_topics(self, names: Sequence[str], largest: int = USUAL) -> None:
        """Make the topics that do not exist yet; messages may have so many bytes.

        Raises `TopicAuthorizationFailedError` where that is somebody else's right; topics that are there need none.
        """
        configs = {"max.message.bytes": str(largest)} if largest != USUAL else {}
        admin = KafkaAdminClient(**self._reach())
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
            **self._reach(),
            acks="all",
            enable_idempotence=True,
            max_request_size=largest,
            compression_type=None,  # the local broker miscounts compressed batches
            linger_ms=0,
            max_block_ms=5000,
            request_timeout_ms=5000,
            # Longer than anybody waits for it: a batch that expired would be overtaken by those behind it, and
            # who reads takes what comes after a gap for the whole.
            delivery_timeout_ms=120000,
        )

    def consumer(self, group: str, topics: Sequence[str], wait_ms: int = 50) -> KafkaConsumer:
        """A group member that starts at the earliest event and commits only when told to.

        `wait_ms` is how long the broker may hold back an answer for want of news: the local one does, in full.
        """
        consumer = KafkaConsumer(
            *topics,
            **self._reach(),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=50,
            fetch_max_wait_ms=wait_ms,
            session_timeout_ms=self.session_timeout_ms,
            heartbeat_interval_ms=self.session_timeout_ms // 3,
            request_timeout_ms=max(10000, self.session_timeout_ms + 5000),
        )
        # It learns of its partitions before it joins. Who does so afterwards joins again, and where a poll ends
        # meanwhile, kafka-python 3.0.12 forgets to: it turns in circles and hears nothing more (`inbox.LOST_AFTER`).
        try:
            consumer.topics()
        except KafkaError:
            consumer.close(autocommit=False, timeout_ms=0)
            raise
        return consumer

    def log_of(self, topic: str) -> tuple[str, dict[int, int]]:
        """The id of the topic, which one of the same name that is made anew does not have; and where it ends.

        That is the offset that the next record of each partition will get. Raises `UnknownTopicOrPartitionError` while
        the broker that is asked has not heard of it yet.
        """
        admin = KafkaAdminClient(**self._reach())
        try:
            (described,) = admin.describe_topics([topic])
        finally:
            admin.close()
        if not described["partitions"]:
            raise UnknownTopicOrPartitionError(topic)
        return str(described["topic_id"]), self.ends(topic)

    def ends(self, topic: str) -> dict[int, int]:
        """The offset that the next record of each partition will get."""
        client = KafkaConsumer(**self._reach())
        try:
            partitions = [TopicPartition(topic, number) for number in client.partitions_for_topic(topic) or ()]
            return {found.partition: end for found, end in client.end_offsets(partitions).items()}
        finally:
            client.close()

    def _reach(self) -> Mapping[str, Any]:
        return {"bootstrap_servers": list(self.bootstrap), "bootstrap_timeout_ms": 5000, **self.login.options()}
