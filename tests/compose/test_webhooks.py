"""Webhooks from what `tests/containers/run` started: they reach a server outside, and nothing that is inside."""

import os
import subprocess

import pytest
from compose.conftest import MALL, client, eventually
from notifications.receiver import receiving
from standardwebhooks import Webhook as Verifier

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]
HOOKS = f"/notifications/api/malls/{MALL}/webhooks"
DESK = f"/ticketing/api/malls/{MALL}/counters/G02"


def this_machine() -> str:
    """Where the network that leads out finds the machine it is on."""
    network = f"{os.environ['COMPOSE_PROJECT_NAME']}_outside"
    command = ["docker", "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_an_agency_is_told_of_its_counter_by_a_signed_call(opened: None):
    with (
        receiving(this_machine()) as server,
        client("agency", mall=MALL, agency="DUKCAPIL") as agency,
        client("supervisor", mall=MALL) as supervisor,
    ):
        wanted = {"name": "Server antrean", "url": server.url, "kinds": ["counter-closed", "counter-opened"]}
        hook = agency.post(HOOKS, json=wanted).raise_for_status().json()
        for act in ("closing", "opening"):
            supervisor.post(f"{DESK}/{act}").raise_for_status()
        assert eventually(lambda: len(server.got) >= 2, 30)
        told = [Verifier(hook["secret"]).verify(got.body, got.headers) for got in server.got[:2]]
        agency.delete(f"{HOOKS}/{hook['id']}").raise_for_status()
    assert [event["type"] for event in told] == ["id.go.mpp.counter-closed.v1", "id.go.mpp.counter-opened.v1"]
    assert {event["data"]["counter"] for event in told} == {"G02"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://169.254.169.254/latest/", "http://10.0.0.1/"])
def test_an_address_inside_is_refused(url: str):
    with client("agency", mall=MALL, agency="DUKCAPIL") as agency:
        answer = agency.post(HOOKS, json={"name": "x", "url": url, "kinds": ["ticket-issued"]})
    assert (answer.status_code, answer.json()["reason"]) == (422, "internal-address")
