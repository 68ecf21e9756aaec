"""The real worker between the real broker and a real server, killed with -9 between sending and recording."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import pairwise

import pytest
from kafka import TopicPartition
from notifications.receiver import Answer, receiving
from pipeline import eventually
from servers import kafka, running
from standardwebhooks import Webhook as Verifier

from services.chassis.broker import Kafka
from services.chassis.cloud_event import CloudEvent, encode
from services.chassis.event_store import EventStore
from services.notifications.webhooks.addresses import Gate
from services.notifications.webhooks.intake import TOPICS
from services.notifications.webhooks.registry import Registry

ROUNDS = int(os.environ.get("MPP_KILL_ROUNDS", "2"))  # the release check uses 20
KINDS = ("ticket-called", "service-listed", "day-opened")


class Producers:
    """What the other services publish, as they publish it."""

    def __init__(self, bootstrap: str) -> None:
        self.kafka = Kafka((bootstrap,), session_timeout_ms=1500, partitions=3, replication=1)
        self.kafka.create_topics(list(TOPICS))
        self._producer = self.kafka.producer()

    def publish(self, *numbers: int, producer="ticketing", kind="ticket-called", mall="pekalongan", **more) -> None:
        called = {
            "ticket_id": f"20261124-{'x' * 22}",
            "counter": "G02",
            "floor": 1,
            "called_at": "2026-11-24T02:00:00Z",
        }
        about = {"mall": mall, "agency": "DUKCAPIL", "service": "KTP", **called, **more}
        for number in numbers:
            at, id = datetime.now(UTC), f"{mall}/2026-11-24@{number}.0"
            event = CloudEvent(id, f"/mpp/{mall}/{producer}", f"id.go.mpp.{kind}.v1", "x", at, mall, about, number)
            key, value, headers = encode(event)
            self._producer.send(f"mpp.{producer}", value, key, headers)
        self._producer.flush()

    def publish_bytes(self, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        self._producer.send("mpp.ticketing", value, b"pekalongan", headers).get(timeout=5)

    def close(self) -> None:
        self._producer.close()


@pytest.fixture
def producers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Producers]:
    with running(kafka(tmp_path_factory.mktemp("kafka"))) as broker:
        found = Producers(broker.url)
        yield found
        found.close()


@pytest.fixture
def worker(mongo_server, database, producers, tmp_path):
    """Starts the worker of notifications; ends those that are left."""
    started = []
    settings = {
        "MONGO_URL": mongo_server.url,
        "MONGO_DATABASE": database.name,
        "KAFKA_BOOTSTRAP": producers.kafka.bootstrap[0],
        "KAFKA_SESSION_TIMEOUT_MS": "1500",
        "SMS_LOG_FILE": str(tmp_path / "sms.log"),
        "WORKER_HEALTH_FILE": str(tmp_path / "healthy"),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_HTTP": "true",
        "CONTACTS_KEYS": "a-key-of-this-test-which-is-long-enough",
        "LOG_LEVEL": "ERROR",
    }

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "services.notifications.worker"]
        started.append(subprocess.Popen(command, env={**os.environ, **settings, "PYTHONPATH": os.getcwd()}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def registry(store: EventStore) -> Registry:
    return Registry(store, Gate((ip_network("127.0.0.0/8"),), http=True))


@pytest.mark.faults
@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_kills_of_the_worker_between_sending_and_recording_repeat_that_event_and_lose_none(producers, worker, registry):
    with receiving() as server:
        _, secret = registry.register("pekalongan", "DUKCAPIL", "Server", server.url, KINDS, ())
        processes, kills = [worker()], [10 * number + 5 for number in range(ROUNDS)]

        def answer(number: int, _) -> Answer:
            if number in kills:
                processes[-1].kill()
            return Answer()

        server.answer = answer
        for number in range(ROUNDS):
            producers.publish(*range(20 * number + 1, 20 * number + 21))
            assert processes[-1].wait(60) == -9
            processes.append(worker())
        assert eventually(lambda: len(set(server.ids)) == 20 * ROUNDS, 90)
        assert list(dict.fromkeys(server.sequences)) == list(range(1, 20 * ROUNDS + 1)), "in order, none is missing"
        assert len(server.ids) > 20 * ROUNDS, "what was sent and not recorded came again"
        assert all(later >= earlier - 2 for earlier, later in pairwise(server.sequences))
        for got in server.got:
            Verifier(secret).verify(got.body, got.headers)


def test_a_secret_from_before_there_was_a_key_is_sealed_and_signs_on(producers, worker, registry, database):
    with receiving() as server:
        _, secret = registry.register("pekalongan", "DUKCAPIL", "Server", server.url, KINDS, ())
        assert database["webhook_secrets"].count_documents({"secret": secret}) == 1
        first = worker()
        assert eventually(lambda: database["webhook_secrets"].count_documents({"sealed": {"$exists": True}}) == 1, 60)
        first.terminate()  # and not killed: the next one need not wait for its lease and its place in the group
        first.wait(30)
        assert database["webhook_secrets"].count_documents({"secret": {"$exists": True}}) == 0
        worker()
        producers.publish(1)
        assert eventually(lambda: server.got, 60)
        Verifier(secret).verify(server.got[0].body, server.got[0].headers)


def test_what_cannot_be_read_is_of_another_mall_or_is_no_event_for_others_holds_up_nothing(
    producers, worker, registry, database
):
    """The broker has them all before anybody listens; only what happens after the registration is told."""
    with receiving() as server:
        producers.publish(1, 2)
        registry.register("pekalongan", "DUKCAPIL", "Server", server.url, KINDS, ())
        producers.publish(3)
        producers.publish(1, mall="batang")
        producers.publish_bytes(b"{", [])
        headers = [("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_source", b"x"), ("ce_type", b"x")]
        producers.publish_bytes(b'{"mall": "pekalongan"}', [*headers, ("ce_time", b"9999-12-31T23:59:59+00:00")])
        producers.publish_bytes(b'{"agency": "\\ud800"}', [*headers, ("ce_time", b"2026-11-24T02:00:00+00:00")])
        evil = [("ce_sequence", b"9"), ("ce_partitionkey", b"pekalongan"), ("ce_time", b"2026-11-24T02:00:00+00:00")]
        identity = [(name, b"x\r\nx: 1" if name == "ce_id" else value) for name, value in headers]
        producers.publish_bytes(b'{"mall": "pekalongan"}', [*identity, *evil])
        producers.publish(1, producer="catalog", kind="service-listed")
        producers.publish(4)
        worker()
        assert eventually(lambda: len(server.got) == 3, 20)
        assert sorted(server.ids) == [
            "catalog:pekalongan/2026-11-24@1-0",
            "ticketing:pekalongan/2026-11-24@3-0",
            "ticketing:pekalongan/2026-11-24@4-0",
        ]
        assert database["heard_events"].count_documents({"mall": "batang"}) == 0


def test_where_nobody_listens_nothing_is_written(producers, worker, database, tmp_path):
    producers.publish(*range(1, 50))
    worker()
    assert eventually((tmp_path / "healthy").exists, 20)
    committed = producers.kafka.consumer("notifications-webhooks", [])
    try:
        partitions = [TopicPartition("mpp.ticketing", number) for number in range(3)]
        assert eventually(lambda: sum(committed.committed(place) or 0 for place in partitions) == 49, 20)
    finally:
        committed.close()
    assert {"heard_events", "heard_heads", "webhook_cursors"} & set(database.list_collection_names()) == set()
