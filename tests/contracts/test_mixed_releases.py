"""Events without a position, as older releases publish them, beside the same events with one: decided once."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from kafka import KafkaProducer
from loops import kept_running
from waiting import eventually

from services.chassis.cloud_event import TYPES, CloudEvent, encode
from services.chassis.dead_letters import DeadLetters
from services.chassis.inbox import consume
from services.ticketing.queue import Queue, mall_stream
from services.ticketing.subscriptions import REACTIONS

LISTED = CloudEvent(
    id="mall/pekalongan@7.2",
    source="/mpp/pekalongan/catalog",
    type=f"{TYPES}agency-listed.v1",
    subject="DUKCAPIL",
    time=datetime(2026, 11, 24, 2, tzinfo=UTC),
    key="pekalongan",
    data={"mall": "pekalongan", "agency": "DUKCAPIL", "name": "Dinas Kependudukan", "line": "B"},
    position=(7, 2),
)
LAST = replace(LISTED, id="mall/pekalongan@8.0", position=(8, 0), data={**LISTED.data, "name": "Dukcapil"})
OLDER = replace(LISTED, position=None)


@contextmanager
def consuming(kafka_settings, topic: str, queue: Queue) -> Iterator[None]:
    """Ticketing's consumer of a topic, for as long as the block lasts."""
    loop = consume(kafka_settings, f"{topic}.group", [topic], REACTIONS, queue.malls, f"{topic}.dead")

    with kept_running(loop):
        yield


def learned(store) -> list[tuple[str, list[int]]]:
    """Name and position of each fact that is stored."""
    commits = store.read(mall_stream("pekalongan"))
    return [(event.data["name"], list(event.data["position"])) for commit in commits for event in commit.events]


@pytest.fixture
def topic(kafka_settings) -> str:
    name = f"mixed-{uuid.uuid4().hex[:8]}"
    kafka_settings.create_topics([name])
    return name


@pytest.mark.parametrize("events", [(OLDER, LISTED, LAST), (LISTED, OLDER, LAST)], ids=["older-first", "newer-first"])
def test_event_received_from_both_releases_is_stored_once(store, kafka_settings, topic, events):
    producer = KafkaProducer(bootstrap_servers=list(kafka_settings.bootstrap))
    for event in events:
        key, value, headers = encode(event)
        producer.send(topic, value, key, headers, partition=0).get(10)
    producer.close()
    with consuming(kafka_settings, topic, Queue(store)):
        assert eventually(lambda: ("Dukcapil", [8, 0]) in learned(store), 20)
    assert learned(store) == [("Dinas Kependudukan", [7, 2]), ("Dukcapil", [8, 0])]


def test_dead_letters_of_both_releases_are_replayed_and_stored_once(store, kafka_settings, topic):
    letters = DeadLetters(store.database)
    for offset, event in enumerate((OLDER, LISTED)):
        key, value, headers = encode(event)
        about = {"topic": topic, "partition": 0, "offset": offset}
        letters.park(f"{topic}.group", SimpleNamespace(key=key, value=value, headers=headers, **about), "a fault")
    parked = letters.latest("parked", 10)
    assert len(parked) == 2
    for letter in parked:
        letters.ask(letter.id, "sri")
    with consuming(kafka_settings, topic, Queue(store)):
        assert eventually(lambda: {letter.state for letter in letters.latest("", 10)} == {"handled"}, 20)
    assert learned(store) == [("Dinas Kependudukan", [7, 2])]
