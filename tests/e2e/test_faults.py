"""Load on the whole system while its processes are killed: nothing acknowledged is lost, nobody is texted twice.

`MPP_KILL_ROUNDS` says how many kills (4; the release check uses 20).
"""

import json
import os
import random
import re
import shutil
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from e2e.canary import places
from e2e.conftest import Site, eventually, started
from kafka import KafkaConsumer, TopicPartition
from servers import Server, free_port, running

from deploy.local import System
from deploy.local.system import SEED
from services.chassis.cloud_event import decode
from services.chassis.event_store import EventStore, connect
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences
from services.notifications.sms.dispatcher import reference_of

ROUNDS = int(os.environ.get("MPP_KILL_ROUNDS", "4"))
SEED_OF_CHANCE = int(os.environ.get("MPP_KILL_SEED", "20261124"))
MALL = "ramai"


@pytest.fixture
def busy_site(tmp_path: Path):
    """A system of its own with a mall of great capacity."""
    with started(tmp_path) as site:
        add_mall(site.system, MALL, tmp_path)
        yield site


def add_mall(system: System, code: str, folder: Path) -> None:
    seed = folder / code
    shutil.copytree(SEED, seed)
    mall = json.loads((seed / "mall.json").read_text()) | {"code": code, "capacity": 100_000}
    (seed / "mall.json").write_text(json.dumps(mall))
    system.seed(seed)
    token = system.token("supervisor")
    with httpx.Client(base_url=system.url, headers={"Authorization": f"Bearer {token}"}) as supervisor:
        opening = f"/ticketing/api/malls/{code}/opening"
        assert eventually(lambda: supervisor.post(opening, json={"reason": "Uji beban"}).status_code == 200, 20)


def persist(client: httpx.Client, method: str, url: str, stop: float = 60, **request) -> httpx.Response | None:
    """Ask until there is an answer that is not the fault's own, as a good client does; None when time is up."""
    deadline = time.monotonic() + stop
    while time.monotonic() < deadline:
        try:
            answer = client.request(method, url, **request)
            if answer.status_code < 500:
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return None


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
                persist(client, "PUT", f"/notifications/api/tickets/{ticket['id']}/phone", json=phone)
                time.sleep(0.05)


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
                    time.sleep(self.visit)
                    persist(client, "POST", f"/ticketing/api/malls/{MALL}/tickets/{ticket['id']}/completion")
                time.sleep(0.1)


def events_in_kafka(system: System, topic: str = "mpp.ticketing") -> list:
    """Every event of the busy mall, in the topic's order, repeats left out."""
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
                if event.key == MALL:
                    found.setdefault(event.id, event)
    consumer.close()
    return list(found.values())


def in_stream_order(events: list) -> bool:
    positions = [tuple(map(int, event.id.rpartition("@")[2].split("."))) for event in events]
    return positions == sorted(positions)


def wait_until_published(system: System, tickets: set[str], seconds: float = 60) -> list:
    """The events, once every one of these tickets was told of."""

    def complete() -> list:
        events = events_in_kafka(system)
        issued = {event.subject for event in events if event.type.endswith("ticket-issued.v1")}
        return events if tickets <= issued else []

    return eventually(complete, seconds) or events_in_kafka(system)


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_kills_under_load_lose_no_acknowledged_ticket_and_text_nobody_twice(busy_site: Site):
    system, chance, ending = busy_site.system, random.Random(SEED_OF_CHANCE), threading.Event()
    visitors = [
        Visitors(busy_site, "dukcapil", ["DUKCAPIL-KTPREKAM", "DUKCAPIL-KKBARU"], ending),
        Visitors(busy_site, "polres", ["POLRES-SIMA"], ending),
    ]
    clerks = [Clerk(busy_site, "G02", ending), Clerk(busy_site, "G03", ending)]
    for person in (*visitors, *clerks):
        person.start()
    killed = []
    try:
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.5, 1.5))
            name = chance.choice(sorted([*system.processes, *busy_site.brokers]))
            broker = busy_site.brokers.get(name)
            broker.kill() if broker else system.kill(name)
            killed.append(name)
            time.sleep(chance.uniform(0.1, 1.0))
            broker.start() if broker else system.start(name)
        time.sleep(3)
    finally:
        ending.set()
        for person in (*visitors, *clerks):
            person.join()
    print("killed", killed)

    assert [person.problems for person in visitors] == [[], []]
    tickets = {ticket_id: ticket for person in visitors for ticket_id, ticket in person.tickets.items()}
    calls = [call for clerk in clerks for call in clerk.calls]
    print(f"{len(tickets)} tickets, {len(calls)} calls, {ROUNDS} kills")
    assert len({ticket["number"] for ticket in tickets.values()}) == len(tickets) > 10 * ROUNDS
    assert len({ticket_id for ticket_id, _ in calls}) == len(calls) > 2 * ROUNDS

    with busy_site.client() as client:
        for ticket_id, ticket in tickets.items():
            found = persist(client, "GET", f"/ticketing/api/malls/{MALL}/tickets/{ticket_id}").json()
            assert found["number"] == ticket["number"]
    events = wait_until_published(system, set(tickets))
    issued = [event.subject for event in events if event.type.endswith("ticket-issued.v1")]
    assert len(issued) == len(set(issued))
    assert set(tickets) <= set(issued)
    assert in_stream_order(events)
    assert all(event_id in issued for event_id, _ in calls)

    called = {ticket_id for ticket_id, _ in calls}

    def untold() -> list[str]:
        """Those who had left their number before they were called, and for whom no text has come to an end."""
        ended = [t for t in busy_site.texts() if t["status"] not in ("requested", "sending")]
        kinds = {kind: {t["ticket"] for t in ended if t["kind"] == kind} for kind in ("issued", "called")}
        return sorted(called & kinds["issued"] - kinds["called"])

    assert eventually(lambda: not untold(), 60), untold()
    texts = Counter(text["status"] for text in busy_site.texts())
    handed_over = [json.loads(line)["id"] for line in system.sms_log.read_text().splitlines()]
    assert max(Counter(handed_over).values()) == 1
    print(f"{len(handed_over)} texts handed over, none twice; in the log: {dict(texts)}")
    assert texts["accepted"] > 0


@pytest.fixture
def counting_gateway(tmp_path: Path, monkeypatch):
    """A provider of our own that can be killed, and the settings by which texts go there and are reported."""
    taken, port = tmp_path / "taken.tsv", free_port()
    taken.touch()
    description = {
        "url": f"http://127.0.0.1:{port}/",
        "form": {"to": "{to}", "text": "{text}", "reference": "{reference}", "report": "{report_url}"},
        "report": {"path": "status", "delivered": ["delivered"], "failed": ["failed"]},
    }
    (tmp_path / "gateway.json").write_text(json.dumps(description))
    settings = {"GATEWAY": "http", "HTTP_FILE": str(tmp_path / "gateway.json"), "READ_SECONDS": "1", "RATE": "200"}
    for name, value in {**settings, "REPORTS_SECRET": "a secret of this test"}.items():
        monkeypatch.setenv(f"SMS_{name}", value)
    server = Server([sys.executable, str(Path(__file__).with_name("fake_gateway.py")), str(port), str(taken)], port, "")
    with running(server):
        yield server, taken


@pytest.mark.timeout(240 + 60 * ROUNDS)
def test_kills_of_the_texting_worker_and_of_the_gateway_leave_every_text_at_an_end_and_none_sent_twice(
    counting_gateway, busy_site: Site
):
    gateway, taken = counting_gateway
    system, chance, ending = busy_site.system, random.Random(SEED_OF_CHANCE), threading.Event()
    people = [
        Visitors(busy_site, "dukcapil", ["DUKCAPIL-KTPREKAM", "DUKCAPIL-KKBARU"], ending),
        Visitors(busy_site, "polres", ["POLRES-SIMA"], ending),
        Clerk(busy_site, "G02", ending, visit=0.5),
        Clerk(busy_site, "G03", ending, visit=0.5),
    ]

    def taken_so_far() -> list[str]:
        return [line.partition("\t")[0] for line in taken.read_text().splitlines()]

    def work_goes_on() -> None:
        """Wait until some more texts were handed over: what is killed then is killed at work."""
        before, more = len(taken_so_far()), chance.randint(1, 8)
        assert eventually(lambda: len(taken_so_far()) >= before + more, 60), "nothing is handed over any more"

    for person in people:
        person.start()
    try:
        for _ in range(ROUNDS):
            work_goes_on()
            system.kill("notifications-worker")
            system.start("notifications-worker")
            work_goes_on()
            gateway.kill()
            time.sleep(chance.uniform(0.0, 0.5))
            gateway.start()
        work_goes_on()
    finally:
        ending.set()
        for person in people:
            person.join()

    store = EventStore(connect(system.database_url, "notifications"))
    here = Correspondences(store, Contacts(store.database))
    tickets = [ticket_id for person in people[:2] for ticket_id in person.tickets]

    def unsettled() -> list[str]:
        """Tickets that were not heard of yet, or of whose texts one has not come to an end."""
        found = {ticket_id: here.find(ticket_id) for ticket_id in tickets}
        return [t for t, one in found.items() if not one.issued or any(m.is_open for m in one.messages.values())]

    assert eventually(lambda: not unsettled(), 120), unsettled()
    time.sleep(1)  # the last reports
    texts = {reference_of(name): m for t in tickets for name, m in here.find(t).messages.items()}
    handed, states = Counter(taken_so_far()), dict(Counter(message.status for message in texts.values()))
    print(f"{ROUNDS} rounds, {2 * ROUNDS} kills: {len(texts)} texts {states}; the gateway took {sum(handed.values())}")
    assert max(handed.values()) == 1, "a text was sent twice"
    assert set(handed) <= set(texts)
    assert {texts[reference].status for reference in handed} <= {"accepted", "delivered", "unknown"}
    assert states["delivered"] > 0
    told = {event.type for event in events_in_kafka(system, "mpp.notifications")}
    assert "id.go.mpp.message-delivered.v1" in told
    numbers = re.compile(r"8120000\d{4}(?!\d)")
    assert numbers.search(taken.read_text()), "the gateway gets the numbers, and nobody else"
    assert places(system, numbers) == {"mongo notifications.contacts"}


@pytest.mark.parametrize("clients", [8, 32])
def test_two_thousand_tickets_on_one_mall_are_unique_and_told_in_order(busy_site: Site, clients: int):
    got, failed = [], []

    def take(count: int) -> None:
        with busy_site.client() as client:
            for _ in range(count):
                body = {"service": "DUKCAPIL-KTPREKAM", "priority": None}
                answer = client.post(f"/ticketing/api/malls/{MALL}/tickets", json=body)
                (got if answer.status_code == 201 else failed).append(answer.json())

    takers = [threading.Thread(target=take, args=(2000 // clients,)) for _ in range(clients)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert failed == []
    total = 2000 // clients * clients
    assert len({ticket["number"] for ticket in got}) == len({ticket["id"] for ticket in got}) == total
    events = wait_until_published(busy_site.system, {ticket["id"] for ticket in got})
    issued = [event for event in events if event.type.endswith("ticket-issued.v1")]
    assert len(issued) == total
    assert in_stream_order(issued)
    numbers = [int(event.data["number"].partition("-")[2]) for event in issued]
    assert numbers == list(range(1, total + 1))
