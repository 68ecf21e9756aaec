"""Every command of the documents for operators, in their order, on what `tests/containers/run` started."""

import os
import pty
import re
import subprocess
import uuid
from pathlib import Path

import httpx
import pytest
from compose.conftest import MALL, SERVICE, Operator, client, compose, eventually
from runbook import NOT_RUN, command, commands

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]
FOLLOWED = command("docker compose logs -f")
ASKED = command("docker compose exec catalog-web python -m services.catalog.access create")
TRACED = command("docker compose logs | grep")
WATCHED = command("docker compose --profile observability")
CHANGED = command("rm deploy/secrets/kafka_ticketing")
# Those that go together, with something to see in between, have tests of their own: here, and in test_restoring.py.
APART = {FOLLOWED, ASKED, TRACED, WATCHED, CHANGED} | {
    command(beginning)
    for beginning in (
        "docker compose exec -T ticketing-worker python -m services.chassis.backup save --follow",
        "docker compose down",
        "make restore FROM=backups",
        "docker compose stop",
    )
}


@pytest.mark.parametrize("text", [one for one in commands() if one not in APART | NOT_RUN.keys()])
def test_a_command_does_what_it_says(text: str, operator: Operator):
    said = operator.types(text)
    if "agency" in text:
        assert "password" in said


def test_logs_are_followed(operator: Operator):
    with operator.start(FOLLOWED, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as following:
        assert b"ticketing-worker" in following.stdout.readline()
        following.terminate()


def test_the_first_administrator_is_asked_for_a_password_and_signs_in(operator: Operator):
    ours, theirs = pty.openpty()  # they sit at a terminal
    typing = operator.start(ASKED, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    said = ""
    while "assword" not in said:
        said += os.read(ours, 1000).decode()
    os.write(ours, b"rahasia-yang-panjang\n")
    while "can sign in" not in said and "refused" not in said:
        said += os.read(ours, 1000).decode()
    assert typing.wait(30) == 0, said
    assert "rahasia" not in said
    same_site = {"Origin": os.environ["MPP_URL"], "Sec-Fetch-Site": "same-origin"}
    body = {"name": "ratna", "password": "rahasia-yang-panjang"}
    with client() as visitor:
        visitor.post("/catalog/api/session", json=body, headers=same_site).raise_for_status()
        assert visitor.get("/catalog/api/access/accounts").status_code == 200


def test_what_a_request_led_to_is_found_by_its_trace(opened: None, operator: Operator):
    trace = re.search(r"[0-9a-f]{32}", TRACED)[0]
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "Idempotency-Key": uuid.uuid4().hex}
    with client("device", mall=MALL) as kiosk:
        body = {"service": SERVICE, "priority": None}
        answer = kiosk.post(f"/ticketing/api/malls/{MALL}/tickets", json=body, headers=headers)
    heard = "notifications-worker" if answer.status_code == 201 else "ticketing-web"  # a hundred were given today
    assert eventually(lambda: heard in operator.types(f"{TRACED} || true"))


def test_changed_passwords_are_the_ones_that_count(operator: Operator):
    old = (Path(os.environ["MPP_SECRETS"]) / "mongo_ticketing").read_text()
    operator.types(CHANGED)
    asking = f"""
import os
from pymongo import MongoClient
MongoClient(os.environ["MONGO_URL"], username="ticketing", password={old!r}).ticketing.commits.find_one()
"""
    said = compose("exec", "-T", "ticketing-web", "python", "-c", asking, check=False).stderr
    assert "uthentication failed" in said
    with client() as visitor:
        assert eventually(lambda: visitor.get(f"/ticketing/api/malls/{MALL}/hall").status_code == 200)


def test_without_tls_everything_is_at_the_other_port(operator: Operator):
    try:
        operator.types("MPP_SCHEME=http docker compose up -d --wait gateway")
        answer = httpx.get(f"{os.environ['MPP_HTTP_URL']}/ticketing/api/malls/{MALL}/hall")
        assert answer.status_code == 200
    finally:
        operator.types("docker compose up -d --wait gateway")


def test_prometheus_and_grafana_start_beside_the_rest(operator: Operator):
    for image in compose("--profile", "observability", "config", "--images").stdout.split():
        if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
            pytest.skip(f"{image} is not here, and nothing stands in for it; test_watching.py tries the rest")
    operator.types(WATCHED)
