"""A crowd: visitors who come one after the other, clerks who call them, and what Kafka was told of it."""

import json
import random
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import httpx
from e2e.conftest import Site, eventually
from kafka import KafkaConsumer, TopicPartition

from services.chassis.cloud_event import decode
from services.kernel.positions import position_of
from tools.local import System
from tools.local.system import SEED

MALL = "ramai"


def add_mall(system: System, code: str, folder: Path) -> None:
    """A mall with room for a crowd, open, of which ticketing knows all."""
    seed = folder / code
    shutil.copytree(SEED, seed)
    mall = json.loads((seed / "mall.json").read_text()) | {"code": code, "capacity": 100_000}
    (seed / "mall.json").write_text(json.dumps(mall))
    system.add_malls(seed)
    system.open_day(code)


def persist(client: httpx.Client, method: str, url: str, stop: float = 60, **request) -> httpx.Response | None:
    """Ask until there is an answer that is not the fault's own, as a good client does; None when time is up."""

    def answered() -> list[httpx.Response]:
        with suppress(httpx.TransportError):
            answer = client.request(method, url, **request)
            return [answer] if answer.status_code < 500 else []
        return []

    return next(iter(eventually(answered, stop, every=0.1)), None)


def code_of(ticket: dict) -> str:
    """What a visitor acts by: the code, or the id of a ticket that a release without codes issued."""
    return str(ticket.get("code") or ticket["id"])


class Visitors(threading.Thread):
    """People who come one after the other, each with a phone, for one service."""

    def __init__(self, site: Site, name: str, services: list[str], ending: threading.Event) -> None:
        super().__init__()
        self.site, self.label, self.services, self.ending = site, name, services, ending
        self.tickets: dict[str, dict] = {}
        self.problems: list[str] = []

    def run(self) -> None:
        count = 0
        with self.site.client() as client:
            while not self.ending.is_set():
                count += 1
                body = {"service": random.choice(self.services), "priority": random.choice([None, None, "elderly"])}
                headers = {"Idempotency-Key": f"{self.label}-{count}"}
                url = f"/ticketing/api/malls/{MALL}/tickets"
                answer = persist(client, "POST", url, json=body, headers=headers)
                if answer is None or answer.status_code != 201:
                    self.problems.append(answer.text if answer else "no answer")
                    continue
                ticket = answer.json()
                self.tickets[ticket["id"]] = ticket
                phone = {"phone": f"08120000{count:04d}"}
                persist(client, "PUT", f"/notifications/api/tickets/{code_of(ticket)}/phone", json=phone)
                self.ending.wait(0.05)


class Clerk(threading.Thread):
    """A clerk who calls and finishes for as long as somebody waits, and until told to go home."""

    def __init__(self, site: Site, counter: str, ending: threading.Event, visit: float = 0.0) -> None:
        super().__init__()
        self.site, self.counter, self.ending, self.visit = site, counter, ending, visit
        self.calls: list[tuple[str, str]] = []

    def run(self) -> None:
        count = 0
        token = self.site.system.token("operator", mall=MALL, counter=self.counter)
        with httpx.Client(base_url=self.site.url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
            while not self.ending.is_set():
                count += 1
                headers = {"Idempotency-Key": f"{self.counter}-{count}"}
                url = f"/ticketing/api/malls/{MALL}/counters/{self.counter}/calls"
                answer = persist(client, "POST", url, headers=headers)
                if answer is not None and answer.status_code == 201:
                    ticket = answer.json()
                    self.calls.append((ticket["id"], self.counter))
                    self.ending.wait(self.visit)
                    persist(client, "POST", f"/ticketing/api/malls/{MALL}/tickets/{ticket['id']}/completion")
                self.ending.wait(0.1)


def events_in_kafka(system: System, topic: str = "mpp.ticketing", mall: str = MALL) -> list:
    """Every event of a mall, in the topic's order, repeats left out."""
    consumer = KafkaConsumer(bootstrap_servers=system.kafka.split(","), auto_offset_reset="earliest", group_id=None)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends, found, polled = consumer.end_offsets(partitions), {}, {}
    # The local broker takes the beginning of the last batch for the end of the log: read on until nothing comes.
    while polled or any(consumer.position(partition) < ends[partition] for partition in partitions):
        polled = consumer.poll(500)
        for records in polled.values():
            for record in records:
                event = decode(record.value, record.headers)
                if event.key == mall:
                    found.setdefault(event.id, event)
    consumer.close()
    return list(found.values())


def in_stream_order(events: list) -> bool:
    positions = [position_of(event) for event in events]
    return positions == sorted(positions)


def wait_until_published(system: System, tickets: set[str], seconds: float = 60, mall: str = MALL) -> list:
    """The events, once every one of these tickets was told of."""

    def complete() -> list:
        events = events_in_kafka(system, mall=mall)
        issued = {event.subject for event in events if event.type.endswith("ticket-issued.v1")}
        return events if tickets <= issued else []

    return eventually(complete, seconds) or events_in_kafka(system, mall=mall)
