"""Relay and consumer against the real broker, each killed with -9 between each pair of steps: nothing is lost."""

import time
import uuid
from dataclasses import astuple, replace
from typing import Any, ClassVar

import pipeline
import pytest
from kafka import KafkaConsumer, KafkaProducer
from loops import kept_running
from pipeline import DEAD_LETTERS, TOPIC, Count, counting, eventually, hearing, ids_in_topic, in_topic, publish
from servers import kafka, running

from services.chassis import inbox
from services.chassis.broker import Kafka
from services.chassis.cloud_event import decode
from services.chassis.journal import Journal
from services.chassis.life import Life
from services.chassis.outbox import Topic, request_replay

SOON = 0.5  # seconds of a lease, where a test waits for its end or its renewal


@pytest.fixture
def broker(tmp_path):
    with running(kafka(tmp_path)) as server:
        yield server


@pytest.fixture
def processes(store, mongo_server, broker):
    """Starts workers of the pipeline; ends those that are left."""
    started = []

    def start(role: str, moment: str = "", **more: float):
        started.append(pipeline.start(store, mongo_server.url, broker.url, role, moment, **more))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def count(store, stream: str, times: int) -> list[str]:
    streams = counting(store)
    return [f"{stream}@{streams.execute(stream, Count()).now.version}.0" for _ in range(times)]


def heard(store) -> list[int]:
    return sorted(hearing(store).snapshot("heard").state)


def test_events_reach_the_topic_in_the_order_of_their_stream(store, broker, processes):
    processes("relay")
    first = count(store, "pekalongan", 30)
    assert ids_in_topic(broker.url, 30) == first
    assert {record.key for record in in_topic(broker.url, 30)} == {b"pekalongan"}


@pytest.mark.faults
@pytest.mark.parametrize("moment", ["before publishing", "after publishing"])
def test_a_relay_killed_between_its_steps_loses_nothing(store, broker, processes, moment):
    expected = count(store, "pekalongan", 5)
    assert processes("relay", moment, lease=SOON).wait(20) == -9
    processes("relay")
    expected += count(store, "pekalongan", 5)
    assert ids_in_topic(broker.url, 10) == expected


@pytest.mark.faults
def test_a_relay_killed_while_it_follows_goes_on_where_it_was(store, broker, processes):
    relay = processes("relay", lease=SOON)
    expected = count(store, "pekalongan", 5)
    assert ids_in_topic(broker.url, 5) == expected
    relay.kill()
    relay.wait()
    expected += count(store, "pekalongan", 5)
    processes("relay")
    assert ids_in_topic(broker.url, 10) == expected


def test_a_second_relay_stands_by(store, broker, processes):
    processes("relay")
    expected = count(store, "pekalongan", 1)
    assert ids_in_topic(broker.url, 1) == expected
    processes("relay")
    count(store, "pekalongan", 20)
    ids_in_topic(broker.url, 21)
    assert len(in_topic(broker.url, 99, seconds=2)) == 21


@pytest.mark.faults
def test_a_consumer_killed_after_deciding_and_before_committing_decides_nothing_twice(store, broker, processes):
    processes("relay")
    count(store, "pekalongan", 10)
    ids_in_topic(broker.url, 10)
    assert processes("consumer", "after deciding").wait(20) == -9
    processes("consumer")
    assert eventually(lambda: heard(store) == list(range(1, 11)))
    events = [event.data["number"] for commit in store.read("heard") for event in commit.events]
    assert sorted(events) == list(range(1, 11))


@pytest.mark.faults
def test_a_broker_that_comes_back_empty_is_filled_again_and_consumers_ignore_what_they_have(store, broker, processes):
    processes("relay")
    processes("consumer")
    count(store, "pekalongan", 5)
    assert eventually(lambda: heard(store) == [1, 2, 3, 4, 5])
    broker.kill()
    count(store, "pekalongan", 5)
    broker.lose_data()
    broker.start()
    assert eventually(lambda: heard(store) == list(range(1, 11)), seconds=40)
    assert len(set(ids_in_topic(broker.url, 10))) == 10
    records = [decode(record.value, record.headers) for record in in_topic(broker.url, 10)]
    assert {event.id: event.sequence for event in records} == {f"pekalongan@{n}.0": n for n in range(1, 11)}
    events = [event.data["number"] for commit in store.read("heard") for event in commit.events]
    assert sorted(events) == list(range(1, 11))


def test_another_topic_of_the_same_name_and_length_is_filled_again(store, broker, processes):
    def remembered() -> int:
        return sum((store.database["leases"].find_one({"_id": "events"}) or {}).get("reached", {}).values())

    relay = processes("relay", lease=SOON)
    expected = count(store, "pekalongan", 5)
    assert ids_in_topic(broker.url, 5) == expected
    assert eventually(lambda: remembered() == 5)
    relay.kill()
    relay.wait()
    broker.kill()
    broker.lose_data()
    broker.start()
    Kafka((broker.url,), session_timeout_ms=1500, partitions=3, replication=1).create_topics([TOPIC])
    producer = KafkaProducer(bootstrap_servers=broker.url)
    for _ in range(5):
        producer.send(TOPIC, b"{}", b"pekalongan", [("ce_id", b"somebody's")])
    producer.close()
    processes("relay")
    found = [dict(record.headers)["ce_id"].decode() for record in in_topic(broker.url, 10)]
    assert found == ["somebody's"] * 5 + expected


def test_a_replay_that_was_asked_for_publishes_everything_again(store, broker, processes):
    processes("relay", lease=SOON)  # when it renews its lease, it learns what was asked for
    expected = count(store, "pekalongan", 5)
    assert ids_in_topic(broker.url, 5) == expected
    request_replay(store)
    assert len(in_topic(broker.url, 10, seconds=20)) == 10
    assert ids_in_topic(broker.url, 5) == expected


def test_poison_is_parked_with_its_bytes_and_stops_nobody(store, broker, processes):
    processes("consumer")
    producer = KafkaProducer(bootstrap_servers=broker.url)
    good = [
        ("ce_specversion", b"1.0"),
        ("ce_source", b"/t"),
        ("ce_type", b"counted.v1"),
        ("ce_time", b"2026-11-24T00:00:00Z"),
    ]
    bad = {
        b"\xff not json": [*good, ("ce_id", b"1")],
        b'{"number": 7}': [("nothing", b"known")],
        b'{"wrong": "field"}': [*good, ("ce_id", b"2")],
        b'{"number": -1}': [*good, ("ce_id", b"3")],
    }
    for value, headers in bad.items():
        producer.send(TOPIC, value, b"k", headers)
    producer.send(TOPIC, b'{"number": 42}', b"k", [*good, ("ce_id", b"4")])
    producer.flush()
    assert eventually(lambda: heard(store) == [42])
    parked = in_topic(broker.url, 4, DEAD_LETTERS)
    assert {record.value for record in parked} == set(bad)
    story = dict(parked[0].headers)
    assert story["dead-letter-topic"] == TOPIC.encode()
    assert story["ce_id"] == b"1"
    assert all(dict(record.headers)["dead-letter-cause"] for record in parked)


def test_an_event_of_a_type_nobody_subscribed_to_is_passed_over(store, broker, processes):
    processes("consumer")
    producer = KafkaProducer(bootstrap_servers=broker.url)
    headers = [("ce_specversion", b"1.0"), ("ce_source", b"/t"), ("ce_id", uuid.uuid4().hex.encode())]
    headers.append(("ce_time", b"2026-11-24T00:00:00Z"))
    producer.send(TOPIC, b"{}", b"k", [*headers, ("ce_type", b"something-new.v9")])
    producer.send(TOPIC, b'{"number": 1}', b"k", [*headers, ("ce_type", b"counted.v1")])
    producer.flush()
    assert eventually(lambda: heard(store) == [1])


@pytest.mark.faults
def test_a_subscriber_that_was_down_for_a_day_catches_up_in_order_without_loss(store, kafka_settings):
    topic, streams = f"counted-{uuid.uuid4().hex[:8]}", counting(store)
    relayed = Topic(kafka_settings, topic, publish, Journal(store.database))

    def happen(times: int) -> None:
        before = len(store.read("pekalongan"))
        streams.execute_all([("pekalongan", Count())] * times)
        for commit in store.read("pekalongan", after=before):
            relayed.deliver(commit)
        relayed.confirm()

    def read(count: int) -> list[int]:
        consumer, found, deadline = kafka_settings.consumer(topic, [topic]), [], time.monotonic() + 30
        while len(found) < count and time.monotonic() < deadline:
            for records in consumer.poll(200).values():
                found += [decode(record.value, record.headers).sequence for record in records]
                consumer.commit()
        consumer.close()
        return found

    happen(5)
    assert read(5) == [1, 2, 3, 4, 5]
    happen(200)
    assert read(200) == list(range(6, 206))
    relayed.close()


class Muted(Kafka):
    """Its first consumer sends no heartbeat, as those that kafka-python loses on the way."""

    made: ClassVar[list[KafkaConsumer]] = []

    def consumer(self, *arguments: Any) -> KafkaConsumer:
        consumer = super().consumer(*arguments)
        if not self.made:
            consumer._coordinator._close_heartbeat()
        self.made.append(consumer)
        return consumer


def test_a_consumer_knows_its_partitions_before_it_joins(kafka_settings):
    topics = [f"known-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    kafka_settings.create_topics(topics)
    consumer = kafka_settings.consumer("knowing", topics)
    try:
        assert consumer._coordinator._metadata_snapshot == {topic: {0, 1, 2} for topic in topics}
    finally:
        consumer.close()


@pytest.mark.faults
def test_a_consumer_that_fell_silent_is_made_anew(kafka_settings, monkeypatch):
    monkeypatch.setattr(inbox, "LOST_AFTER", 1.0)
    topic, got = f"silent-{uuid.uuid4().hex[:8]}", []
    muted = Muted(*astuple(replace(kafka_settings, session_timeout_ms=1000))[:4])
    loop = inbox.batches(muted, topic, [topic], lambda records, _: got.extend(r.value for r in records))

    with kept_running(loop):
        assert eventually(lambda: len(muted.made) >= 2)
        kafka_settings.producer().send(topic, b"after all").get(timeout=10)
        assert eventually(lambda: got == [b"after all"])


class EndsEarly(Life):
    """The life of a worker that is asked to end as soon as its consumer has sent its request to join."""

    def __init__(self) -> None:
        super().__init__()
        self.polls = 0

    def goes_on(self) -> bool:
        self.polls += 1
        return self.polls <= 1


def test_worker_that_ends_while_it_joins_leaves_its_group_to_the_next(kafka_settings):
    topic, got = f"early-{uuid.uuid4().hex[:8]}", []
    loop = inbox.batches(kafka_settings, topic, [topic], lambda records, _: got.extend(r.value for r in records))
    loop(EndsEarly())
    with kept_running(loop):
        kafka_settings.producer().send(topic, b"next").get(timeout=10)
        assert eventually(lambda: b"next" in got)


def test_a_member_joins_once_because_it_knows_its_partitions_before(broker):
    kafka = Kafka((broker.url,), session_timeout_ms=1500, partitions=3, replication=1)
    kafka.create_topics([TOPIC])
    generations = set()
    for number in range(2):
        consumer = kafka.consumer(f"group-{number}", [TOPIC])
        assert eventually(lambda one=consumer: one.poll(200) or one.assignment(), 30)
        generations.add(consumer.group_metadata().generation_id)
        consumer.close(autocommit=False, timeout_ms=1000)
    assert generations == {min(generations)}
    assert min(generations) <= 1  # the local broker counts from 0
