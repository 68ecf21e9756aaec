"""Load on the whole system while its processes are killed: nothing acknowledged is lost, nobody is texted twice.

`MPP_KILL_ROUNDS` says how many kills (4; the release check uses 20).
"""

import json
import os
import random
import threading
import time
from collections import Counter

import pytest
from e2e.conftest import Site, eventually
from e2e.crowd import MALL, Clerk, Visitors, in_stream_order, persist, wait_until_published

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("MPP_KILL_ROUNDS", "4"))
SEED_OF_CHANCE = int(os.environ.get("MPP_KILL_SEED", "20261124"))


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
    assert len({ticket["number"] for ticket in tickets.values()}) == len(tickets) > 2 * ROUNDS
    assert len({ticket_id for ticket_id, _ in calls}) == len(calls) > 2 * ROUNDS

    with busy_site.client() as client:
        for ticket in tickets.values():
            found = persist(client, "GET", f"/ticketing/api/malls/{MALL}/tickets/{ticket['code']}").json()
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
