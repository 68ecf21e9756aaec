"""What an operator can lose and get back: all of Kafka, all of the machine; and processes that are replaced."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from e2e.conftest import MALL, Site, eventually, key
from e2e.crowd import wait_until_published
from kafka import KafkaConsumer, TopicPartition
from pymongo import MongoClient

from services.catalog.directory import Malls
from services.chassis.cloud_event import decode
from services.chassis.event_store import EventStore, connect
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences
from services.notifications.sms.sender import reference_of
from services.ticketing.queue import Queue
from tools.local import System
from tools.local.system import ROOT

pytestmark = pytest.mark.faults

SERVICES = ("catalog", "notifications", "ticketing")
TICKETS = f"/ticketing/api/malls/{MALL}/tickets"
SERVICE = "DUKCAPIL-KTPREKAM"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    """A system of its own, with a morning's work done."""
    data = tmp_path_factory.mktemp("recovery") / "data"
    with System(data) as system:
        site = Site(system.url, (data / "keys/token_private.pem").read_bytes(), system)
        work(site, visitors=6, calls=2)
        yield site


def work(site: Site, visitors: int, calls: int) -> list[dict]:
    """Visitors take tickets and leave their numbers, a clerk calls some of them; each is told."""
    with site.client() as visitor, site.desk("G02") as clerk:
        tickets = [take(visitor) for _ in range(visitors)]
        for place, ticket in enumerate(tickets):
            url = f"/notifications/api/tickets/{ticket['code']}/phone"
            visitor.put(url, json={"phone": f"0812-0000-{place:04d}"}).raise_for_status()
        # Whoever is called before being told of the ticket, or served before being told of the call, needs no text.
        told(site, {f"{ticket['id']}.issued" for ticket in tickets})
        for _ in range(calls):
            call = clerk.post(f"/ticketing/api/malls/{MALL}/counters/G02/calls", headers=key()).raise_for_status()
            told(site, {f"{call.json()['id']}.called"})
            clerk.post(f"{TICKETS}/{call.json()['id']}/completion").raise_for_status()
    return tickets


def told(site: Site, messages: set[str]) -> None:
    """Wait until the gateway was given these texts."""
    wanted = {reference_of(message) for message in messages}
    assert eventually(lambda: wanted <= set(handed_over(site.system)), 60), messages


def take(visitor) -> dict:
    answer = visitor.post(TICKETS, json={"service": SERVICE, "priority": None}, headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


def handed_over(system: System) -> list[str]:
    """By what the gateway knows the texts that it was given, in order."""
    return texts_in(system.sms_log)


def texts_in(log: Path) -> list[str]:
    return [json.loads(line)["id"] for line in log.read_text().splitlines()] if log.exists() else []


def in_kafka(system: System) -> dict[tuple[str, str], dict]:
    """Everything that a subscriber who comes now can read: the data of each event."""
    found = {}
    for topic in ("mpp.catalog", "mpp.ticketing"):
        consumer = KafkaConsumer(bootstrap_servers=system.kafka, auto_offset_reset="earliest", group_id=None)
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        polled = True
        while polled:
            polled = consumer.poll(700)
            for records in polled.values():
                for event in (decode(record.value, record.headers) for record in records):
                    found[(event.source, event.id)] = dict(event.data) | {"sequence": event.sequence}
        consumer.close()
    return found


def folds(system: System) -> dict[str, object]:
    """What every service makes of its streams: the state of each, by service and stream."""
    found: dict[str, object] = {}
    clients = []
    for service in SERVICES:
        database = connect(system.database_url, service)
        clients.append(database.client)
        store = EventStore(database)
        names = {commit.stream for commit in store.everything()}
        if service == "notifications":
            streams = Correspondences(store, Contacts(database)).streams
            found |= {f"{service} {name}": streams.snapshot(name).state for name in names if name.startswith("ticket/")}
        elif service == "catalog":
            waiting = Malls(store).waiting
            found |= {f"{service} {name}": waiting.snapshot(name).state for name in names if name.startswith("waiting")}
        else:
            malls = Queue(store).malls
            found |= {f"{service} {name}": malls.snapshot(name).state for name in names if name.startswith("mall/")}
    for client in clients:
        client.close()
    return found


def heads(system: System) -> dict[str, dict[str, str]]:
    """The last hash of every stream, by service."""
    found: dict[str, dict[str, str]] = {}
    for service in SERVICES:
        database = connect(system.database_url, service)
        found[service] = {commit.stream: commit.hash for commit in EventStore(database).everything()}
        database.client.close()
    return found


def settled(system: System) -> dict[str, object]:
    """The same, once nobody hears anything new any more."""
    found: list[dict[str, object]] = [{}]

    def again() -> bool:
        time.sleep(1.5)  # longer than any consumer or relay is silent that has something to pass on
        found.append(folds(system))
        return found[-1] == found[-2]

    assert eventually(again, 30)
    return found[-1]


def worker(system: System, service: str, command: str) -> tuple[int, str]:
    """Run a command of a service's worker; its status and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}.worker", command],
        env={**os.environ, **system.service_env(service)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def forget_who_waits(system: System) -> None:
    """Take from the catalog what it heard of ticketing, while nothing of it runs."""
    for name in ("catalog-worker", "catalog-web"):
        system.kill(name)
    database = connect(system.database_url, "catalog")
    assert EventStore(database).forget("waiting/", "waiting0") > 0
    database.client.close()
    for name in ("catalog-worker", "catalog-web"):
        system.start(name)


@pytest.mark.timeout(400)
def test_after_all_topics_are_lost_everybody_is_told_again_and_nobody_is_texted_twice(own: Site):
    system = own.system
    before, texts, published = settled(system), handed_over(system), in_kafka(system)
    assert {name.partition("/")[0] for name in before} == {"catalog waiting", "notifications ticket", "ticketing mall"}
    system.kill("broker")
    forget_who_waits(system)  # so that the catalog has to hear everything anew, not only to ignore it
    system.start("broker")  # it kept nothing
    for service, relays in (("catalog", 2), ("ticketing", 1)):
        assert worker(system, service, "replay") == (0, f"asked {relays} relays to deliver everything again\n")
    assert eventually(lambda: published.items() <= in_kafka(system).items(), 60), published.keys()
    assert eventually(lambda: folds(system) == before, 60)
    assert settled(system) == before
    work(own, visitors=1, calls=0)
    sent = handed_over(system)
    assert sent[: len(texts)] == texts
    assert max(Counter(sent).values()) == 1
    assert len(sent) == len(texts) + 1


@pytest.mark.timeout(400)
def test_a_restored_system_has_every_ticket_goes_on_with_the_numbers_and_texts_nobody_again(own: Site, tmp_path: Path):
    tickets = work(own, visitors=3, calls=1)
    saved = subprocess.run(
        [sys.executable, "-m", "deploy.backup", "save", str(tmp_path), "--local", str(own.system.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert saved.returncode == 0, saved.stderr
    backup = Path(saved.stdout.strip())
    kept, told = heads(own.system), in_kafka(own.system)

    restored = subprocess.run(
        [sys.executable, "-m", "deploy.backup", "restore", str(backup), "--local", str(tmp_path / "data")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert restored.returncode == 0, restored.stderr
    with System(tmp_path / "data") as system:
        again = Site(system.url, (tmp_path / "data/keys/token_private.pem").read_bytes(), system)
        found = heads(system)
        assert {s: {name: h for name, h in found[s].items() if name in kept[s]} for s in ("ticketing",)} == {
            "ticketing": kept["ticketing"]
        }
        assert [worker(system, service, "verify")[0] for service in SERVICES] == [0, 0, 0]
        with again.client() as visitor:
            for ticket in tickets:
                shown = visitor.get(f"{TICKETS}/{ticket['code']}").raise_for_status().json()
                assert shown["number"] == ticket["number"]
            new = take(visitor)
        assert number(new) == max(map(number, tickets)) + 1
        # The relays found no position and published everything again, under the numbers that the events had.
        assert eventually(lambda: told.items() <= in_kafka(system).items(), 60), told.keys() - in_kafka(system).keys()
        time.sleep(1)
        assert handed_over(system) == []
        contacts = MongoClient(system.database_url)["notifications"]["contacts"]
        assert contacts.count_documents({}) == 0
        contacts.database.client.close()


def number(ticket: dict) -> int:
    return int(ticket["number"].partition("-")[2])


def test_processes_are_replaced_one_after_the_other_and_nobody_is_refused_and_nothing_lost(own: Site):
    ending, answers, tickets = threading.Event(), [], []
    hall, streamed = f"/ticketing/live/malls/{MALL}", []

    def ask() -> None:
        with own.client() as client:
            while not ending.wait(0.02):
                answers.append(client.get(f"/ticketing/api/malls/{MALL}/hall").status_code)
                answers.append(client.get(f"/catalog/api/malls/{MALL}").status_code)

    def take_tickets() -> None:
        with own.client() as client:
            while not ending.wait(0.4) and len(tickets) < 40:  # of a hundred places
                tickets.append(take(client))
                phone = client.put(
                    f"/notifications/api/tickets/{tickets[-1]['code']}/phone", json={"phone": "081200009999"}
                )
                answers.append(phone.status_code)

    def watch() -> None:
        """A screen: it comes back when its stream ends, as a browser does."""
        while not ending.is_set():
            with own.client() as client, client.stream("GET", hall) as stream:
                streamed.append(stream.status_code)
                with suppress(httpx.TransportError):
                    for _ in stream.iter_lines():
                        if ending.is_set():
                            break

    people = [threading.Thread(target=act) for act in (ask, ask, take_tickets, watch)]
    for person in people:
        person.start()
    try:
        for name in own.system.processes:
            if name.endswith(("-web", "-live")):
                so_many_more(answers, 20)
                reload(own.system, name)
            elif name.endswith("-worker"):
                replace(own.system, name)
        so_many_more(answers, 20)
    finally:
        ending.set()
        take_one_more(own)  # so that the screen hears of something, and looks up
        for person in people:
            person.join()
    assert Counter(answers).keys() == {200}
    assert Counter(streamed).keys() == {200}
    assert len(streamed) > 1
    issued = {ticket["id"] for ticket in tickets}
    assert len({ticket["number"] for ticket in tickets}) == len(issued) > 3
    assert issued <= {event.subject for event in wait_until_published(own.system, issued, mall=MALL)}
    told(own, {f"{ticket}.issued" for ticket in issued})
    print(f"{len(answers)} requests and {len(issued)} tickets while all processes were replaced")


def so_many_more(answers: list[int], count: int) -> None:
    wanted = len(answers) + count
    assert eventually(lambda: len(answers) >= wanted, 60), f"only {len(answers)} answers"


def reload(system: System, name: str) -> None:
    """What an upgrade does: gunicorn starts a new process with the code that is there, and the old one ends."""
    master = system.processes[name]
    old = children(master)
    os.kill(master, signal.SIGHUP)
    assert eventually(lambda: children(master) and not children(master) & old, 30), "the old process is still there"


def replace(system: System, name: str) -> None:
    """A worker ends, its leases given back, and the next one starts."""
    old = system.processes[name]
    os.kill(old, signal.SIGTERM)
    assert eventually(lambda: name not in system.processes, 30), f"{name} does not end"
    system.start(name)


def take_one_more(site: Site) -> None:
    with site.client() as visitor:
        take(visitor)


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
