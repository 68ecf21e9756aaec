"""The texting worker and the gateway are killed at work: every text comes to an end, and none is sent twice.

`MPP_KILL_ROUNDS` says how often each is killed (2; the release check uses 20).
"""

import json
import os
import random
import re
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from e2e.canary import places
from e2e.conftest import Site, eventually
from e2e.crowd import Clerk, Visitors, events_in_kafka
from servers import Server, free_port, running

from services.chassis.event_store import EventStore, connect
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences
from services.notifications.sms.sender import reference_of

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("MPP_KILL_ROUNDS", "2"))
SEED_OF_CHANCE = int(os.environ.get("MPP_KILL_SEED", "20261124"))


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

    def unsettled(among: list[str]) -> list[str]:
        """Tickets that were not heard of yet, or of whose texts one has not come to an end."""
        found = {ticket_id: here.find(ticket_id) for ticket_id in among}
        return [t for t, one in found.items() if not one.issued or any(m.is_open for m in one.messages.values())]

    began = time.monotonic()
    while waiting := unsettled(tickets):  # looked at one after the other: all at once keep the database from its work
        for ticket in waiting:
            assert eventually(lambda ticket=ticket: not unsettled([ticket]), 120), f"{ticket} comes to no end"
    print(f"all at an end {time.monotonic() - began:.0f} s after the last visitor")
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
    assert places(system, numbers) == set()
