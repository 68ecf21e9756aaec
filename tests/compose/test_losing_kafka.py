"""Kafka's volume is lost: `replay`, as docs/operating-data.md has it, brings every consumer to the state it had."""

import json
import os
import subprocess
import time
import uuid

import pytest
from compose.conftest import MALL, SERVICE, Operator, client, compose, eventually
from runbook import command

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]
AT = f"/ticketing/api/malls/{MALL}"

# What each service makes of what it heard of the others: the state of each of its streams, told the same way each time.
STATES = {
    "catalog": "from services.catalog.directory import Malls\nstreams, begins = Malls(store).waiting, 'waiting/'",
    "ticketing": "from services.ticketing.queue import Queue\nstreams, begins = Queue(store).malls, 'mall/'",
    "notifications": """
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences
streams, begins = Correspondences(store, Contacts(store.database)).streams, 'ticket/'
""",
}
PROGRAM = """
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from services.chassis.config import Env, Settings
from services.chassis.event_store import EventStore, connect
settings = Settings.from_env(Env(), "{service}")
store = EventStore(connect(settings.mongo_url, settings.database))
{state}

def plain(value):
    if is_dataclass(value):
        return {{field.name: plain(getattr(value, field.name)) for field in fields(value)}}
    if isinstance(value, Mapping):
        return sorted((str(key), plain(one)) for key, one in value.items())
    if isinstance(value, Set):
        return sorted(str(plain(one)) for one in value)
    return [plain(one) for one in value] if isinstance(value, list | tuple) else str(value)

names = {{commit.stream for commit in store.everything() if commit.stream.startswith(begins)}}
print(json.dumps({{name: plain(streams.snapshot(name).state) for name in sorted(names)}}, default=str))
"""
FORGET = """
from services.chassis.config import Env, Settings
from services.chassis.event_store import EventStore, connect
settings = Settings.from_env(Env(), "catalog")
print(EventStore(connect(settings.mongo_url, settings.database)).forget("waiting/", "waiting0"))
"""


def folds() -> dict[str, dict]:
    """The states, by service and stream."""
    found = {}
    for service, state in STATES.items():
        program = PROGRAM.format(service=service, state=state)
        found[service] = json.loads(compose("exec", "-T", f"{service}-worker", "python", "-c", program).stdout)
    return found


def settled() -> dict[str, dict]:
    """The same, once nobody hears anything new any more."""
    found = [folds()]

    def again() -> bool:
        time.sleep(3)
        found.append(folds())
        return found[-1] == found[-2]

    assert eventually(again, 60)
    return found[-1]


def take() -> str:
    """A visitor takes a ticket: its id, or nothing if a hundred were given today."""
    with client("device", mall=MALL) as kiosk:
        taking = {"json": {"service": SERVICE, "priority": None}, "headers": {"Idempotency-Key": uuid.uuid4().hex}}
        answer = kiosk.post(f"{AT}/tickets", **taking)
    assert answer.status_code in (201, 409), answer.text
    return answer.json().get("id", "") if answer.status_code == 201 else ""


def test_after_kafkas_volume_is_lost_a_replay_brings_every_consumer_to_the_state_it_had(
    opened: None, operator: Operator
):
    for _ in range(4):
        take()
    before = settled()
    assert all(before.values()), "each service has heard of the others"
    for name in ("catalog-worker", "catalog-web"):  # the catalog is to hear everything anew, not only to ignore it
        compose("stop", name)
    compose("rm", "--force", "--stop", "kafka")
    subprocess.run(
        ["docker", "volume", "rm", f"{os.environ['COMPOSE_PROJECT_NAME']}_kafka"], check=True, capture_output=True
    )
    forgotten = compose("run", "--rm", "--no-deps", "-T", "catalog-worker", "python", "-c", FORGET).stdout
    assert int(forgotten) > 0
    operator.types("docker compose up -d --wait")
    operator.types(command("docker compose exec ticketing-worker python -m services.ticketing.worker replay"))
    assert eventually(lambda: folds() == before, 90)
    assert settled() == before
    if ticket := take():
        assert eventually(lambda: any(ticket in stream for stream in folds()["notifications"]), 30)
