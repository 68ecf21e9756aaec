"""Three brokers of Apache Kafka, each event on all three, two of which must have it: one may die at any time."""

import threading
import time
from datetime import UTC, datetime

import pytest
from apache import Cluster, running
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.kafka.access import Administration
from services.chassis.broker import Kafka
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import Commit, EventStore, StoredCommand, StoredEvent
from services.chassis.life import Life
from services.chassis.outbox import Topic, relay
from services.chassis.publication import public_event
from services.kernel.journal import Journal

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]
TOPIC = "mpp.ticketing"
EVENTS = 300


@pytest.fixture
def cluster(tmp_path):
    found = Cluster(tmp_path, 3)
    with running(found):
        yield found


def leader_of(kafka: Kafka, partition: int) -> int:
    admin = KafkaAdminClient(bootstrap_servers=list(kafka.bootstrap))
    try:
        (topic,) = admin.describe_topics([TOPIC])
        return next(p["leader_id"] for p in topic["partitions"] if p["partition_index"] == partition)
    finally:
        admin.close()


def publish(commit: Commit) -> list[CloudEvent]:
    about = {"source": "/test", "type": "counted.v1", "subject": "", "key": commit.stream}
    return [public_event(commit, 0, data={"n": commit.version}, **about)]


def ids_in(kafka: Kafka, seconds: float) -> list[str]:
    """The ids of the topic's events in the order in which each first came."""
    consumer = KafkaConsumer(bootstrap_servers=list(kafka.bootstrap), group_id=None)
    partitions = [TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    seen: dict[str, None] = {}
    deadline = time.monotonic() + seconds
    while len(seen) < EVENTS and time.monotonic() < deadline:
        for records in consumer.poll(300).values():
            seen.update(dict.fromkeys(dict(record.headers)["ce_id"].decode() for record in records))
    consumer.close()
    return list(seen)


def test_the_leader_is_killed_under_load_and_nothing_is_lost(cluster: Cluster, store: EventStore):
    kafka = Kafka(tuple(cluster.url.split(",")), 6000, partitions=3, replication=3)
    with Administration(kafka) as administration:
        administration.make_topics()
    life = Life()

    def keep_going() -> None:
        while life.goes_on():
            relay(store, "events", lambda: Topic(kafka, TOPIC, publish, Journal(store.database)))(life)

    relaying = threading.Thread(target=keep_going)
    relaying.start()
    killed = ""
    try:
        for version in range(1, EVENTS + 1):
            event, command = StoredEvent("Happened", {}), StoredCommand(f"c{version}")
            store.append(Commit("pekalongan", version, [event], [command], datetime.now(UTC), outboxes=("events",)))
            if version == EVENTS // 3:
                counts = kafka.ends(TOPIC)
                killed = f"kafka-{leader_of(kafka, max(counts, key=counts.__getitem__))}"
                cluster.brokers[killed].kill()
            time.sleep(0.02)
        assert ids_in(kafka, 120) == [f"pekalongan@{version}.0" for version in range(1, EVENTS + 1)]
        cluster.brokers[killed].start()
    finally:
        life.end()
        relaying.join()
