"""API10: what others send is not trusted. A poisoned event is parked with its bytes; the next one is read."""

import json
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from pipeline import eventually

from services.chassis import inbox
from services.chassis.cloud_event import CloudEvent, encode
from services.chassis.dead_letters import DeadLetters
from services.chassis.inbox import consume
from services.chassis.life import Life
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences, stream_of
from services.notifications.subscriptions import REACTIONS as HEARD_BY_NOTIFICATIONS
from services.ticketing.queue import Queue, mall_stream
from services.ticketing.subscriptions import REACTIONS as HEARD_BY_TICKETING
from services.ticketing.subscriptions import WEEKDAYS

OPEN = {day: [["08:00", "15:00"]] for day in WEEKDAYS}
MALL = {"mall": "pekalongan", "name": "MPP", "zone": "Asia/Jakarta", "capacity": 100, "week": OPEN}
RULE = {"rule": "ratio", "in_a_row": 2, "ceiling_minutes": None, "classes": []}
ISSUED = {
    "mall": "pekalongan",
    "mall_name": "MPP",
    "ticket_id": "20261124-pV0nX3mQx2Jc5sV7b1TtGA",
    "number": "B-001",
    "ahead": 3,
    "issued_at": "2026-11-24T02:00:00+00:00",
}
DEEP = b"[" * 100_000
LIST = {"name": "A", "agency": "X", "line": "A"}


def message(kind: str, data, **attributes: str) -> tuple[bytes, bytes, list]:
    kind, at = f"id.go.mpp.{kind}.v1", datetime.now(UTC)
    event = CloudEvent("mall/x@7.0", "/mpp/x", kind, "x", at, "x", data, position=(7, 0))
    key, value, headers = encode(event)
    return key, value, [(name, attributes.get(name, text.decode()).encode()) for name, text in headers]


def without_position(sent: tuple[bytes, bytes, list]) -> tuple[bytes, bytes, list]:
    key, value, headers = sent
    return key, value, [header for header in headers if header[0] != "ce_streamposition"]


def raw(kind: str, value: bytes | None) -> tuple[bytes, bytes | None, list]:
    key, _, headers = message(kind, {})
    return key, value, headers


def listed(**changed):
    return message("mall-listed", MALL | changed)


POISON = {
    "nothing": raw("mall-listed", None),
    "no JSON": raw("mall-listed", b"{"),
    "no text": raw("mall-listed", b"\xff\xfe\x00"),
    "a list": raw("mall-listed", b"[1]"),
    "JSON without an end": raw("mall-listed", DEEP),
    "a number of five thousand digits": raw("mall-listed", b'{"mall": ' + b"9" * 5000 + b"}"),
    "headers that are no text": (b"x", b"{}", [("ce_type", b"\xff\xfe")]),
    "no headers": (b"x", b"{}", []),
    "a time that is none": message("mall-listed", MALL, ce_time="yesterday"),
    "an id without a place": without_position(message("mall-listed", MALL, ce_id="x")),
    "a position that is none": message("mall-listed", MALL, ce_streamposition="soon"),
    "a position beyond any": message("mall-listed", MALL, ce_streamposition="9" * 5000 + ".000000"),
    "no field at all": message("mall-listed", {}),
    "a capacity in words": listed(capacity="many"),
    "a capacity that is a list": listed(capacity=[100]),
    "a capacity beyond any": listed(capacity=2**70),
    "a fraction of a place": listed(capacity=99.5),
    "a name that is an object": listed(name={"$gt": ""}),
    "half a character": raw("mall-listed", json.dumps(MALL | {"name": "\ud800"}).encode()),
    "a zone on another planet": listed(zone="Mars/Olympus"),
    "a zone upwards": listed(zone="../../../etc/passwd"),
    "hours of another day": listed(week=OPEN | {"monday": [["25:00", "99:99"]]}),
    "a week without Sunday": listed(week={"monday": []}),
    "a date that is none": listed(exceptions=[{"date": "2026-02-30", "intervals": [], "reason": ""}]),
    "a name keyed by NUL": listed(priority=RULE | {"classes": [{"code": "x", "name": {"\x00": "x"}}]}),
    "a mall that is an object": message("agency-listed", LIST | {"mall": {"$gt": ""}, "agency": {"$gt": ""}}),
    "a very large event": listed(name=["x" * 900_000]),
    "the largest event": listed(name=["x" * 1_047_800]),
}


@contextmanager
def consuming(kafka_settings, topic, reactions, streams):
    """The consumer loop of a worker, as long as the block lasts."""
    life, loop = Life(), consume(kafka_settings, topic, [topic], reactions, streams, f"{topic}.dead")
    thread = threading.Thread(target=lambda: keep(loop, life))
    thread.start()
    try:
        yield
    finally:
        life.end()
        thread.join(15)


def keep(loop, life) -> None:
    while life.goes_on():
        loop(life)


def send(kafka_settings, topic, messages) -> None:
    kafka_settings.create_topics([topic])
    producer = KafkaProducer(bootstrap_servers=list(kafka_settings.bootstrap), acks="all", max_request_size=1_048_576)
    for key, value, headers in messages:
        producer.send(topic, value, key, headers, partition=0).get(10)
    producer.close()


def parked(kafka_settings, topic, count: int) -> list[bytes]:
    """The dead letters' bytes."""
    consumer = KafkaConsumer(
        f"{topic}.dead",
        bootstrap_servers=list(kafka_settings.bootstrap),
        auto_offset_reset="earliest",
        consumer_timeout_ms=3000,
    )
    found = []
    try:
        for record in consumer:
            found.append(record.value)
            if len(found) == count:
                break
    except KafkaError:
        pass
    finally:
        consumer.close()
    return found


def test_a_poisoned_event_is_parked_with_its_bytes_and_the_next_one_is_read(store, kafka_settings):
    topic, queue = f"poison-{uuid.uuid4().hex[:8]}", Queue(store)
    good = listed(name="Mal yang benar")
    send(kafka_settings, topic, [*POISON.values(), good])
    with consuming(kafka_settings, topic, HEARD_BY_TICKETING, queue.malls):
        assert eventually(lambda: store.read(mall_stream("pekalongan")), 40)
        found = parked(kafka_settings, topic, len(POISON))
    assert sorted(found, key=str) == sorted((value for _, value, _ in POISON.values()), key=str)
    assert Queue(store).mall("pekalongan").about.name == "Mal yang benar"
    assert len(store.read(mall_stream("pekalongan"))) == 1, "nothing of a poisoned event was recorded"


WRONG_TICKETS = {
    "ahead in words": ISSUED | {"ahead": "three"},
    "a number that is an object": ISSUED | {"number": {"$gt": ""}},
    "a mall of NULs": {k: v for k, v in ISSUED.items() if k != "mall"} | {"mall": None},
    "no time": ISSUED | {"issued_at": "nanti"},
    "an id that is a list": ISSUED | {"ticket_id": [1]},
}


def test_notifications_does_not_trust_ticketing_either(store, kafka_settings):
    topic, here = f"poison-{uuid.uuid4().hex[:8]}", Correspondences(store, Contacts(store.database))
    bad = [message("ticket-issued", data) for data in WRONG_TICKETS.values()]
    send(kafka_settings, topic, [*bad, message("ticket-issued", ISSUED)])
    with consuming(kafka_settings, topic, HEARD_BY_NOTIFICATIONS, here.streams):
        assert eventually(lambda: store.read(stream_of(ISSUED["ticket_id"])), 20)
        found = parked(kafka_settings, topic, len(bad))
    assert sorted(found) == sorted(value for _, value, _ in bad)


def test_a_header_of_nothing_can_be_parked_too(store, kafka_settings):
    topic = f"poison-{uuid.uuid4().hex[:8]}"
    kafka_settings.create_topics([f"{topic}.dead"])
    record = SimpleNamespace(topic=topic, partition=0, offset=7, key=None, value=b"{}", headers=[("ce_type", None)])
    parking = inbox.Parking(kafka_settings, "tests", f"{topic}.dead", DeadLetters(store.database))
    parking.park(record, ValueError("x" * 100_000))
    assert parked(kafka_settings, topic, 1) == [b"{}"]


@pytest.mark.parametrize("mall", ["batang", "../pekalongan", "a\x00b", "x" * 2000, ""])
def test_a_mall_that_nobody_knows_troubles_no_other(store, kafka_settings, mall):
    queue = Queue(store)
    stream, fact = HEARD_BY_TICKETING["id.go.mpp.agency-listed.v1"](
        CloudEvent("m@1.0", "s", "t", "", datetime.now(UTC), mall, LIST | {"mall": mall})
    )
    queue.malls.execute_all([(stream, fact)])
    assert store.read(mall_stream("pekalongan")) == []
