"""`make backup` and `make restore`, as docs/operating-data.md has them, on what `tests/containers/run` started."""

import os
import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from compose.conftest import MALL, SERVICE, Operator, client, eventually
from runbook import command

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]
AT = f"/ticketing/api/malls/{MALL}"
TODAY = f"{datetime.now(ZoneInfo('Asia/Jakarta')):%Y-%m-%d}"  # the mall's
FOLLOWING = command("docker compose exec -T ticketing-worker python -m services.chassis.backup save --follow")
READ = [f"/catalog/api/malls/{MALL}", "/catalog/api/access/accounts", f"{AT}/days/{TODAY}/audit"]


def known() -> dict[str, Any]:
    """What there is: the directory, the accounts, and the record of the day with its hashes."""
    with client("administrator") as administrator:
        return {path: administrator.get(path).raise_for_status().json() for path in READ}


def take() -> None:
    """A visitor takes a ticket, unless a hundred were given today."""
    with client("device", mall=MALL) as kiosk:
        taking = {"json": {"service": SERVICE, "priority": None}, "headers": {"Idempotency-Key": uuid.uuid4().hex}}
        assert kiosk.post(f"{AT}/tickets", **taking).status_code in (201, 409)


def close_and_open_a_counter() -> None:
    """What can be done at any time of any day, and is recorded."""
    with client("supervisor", mall=MALL) as supervisor:
        for act in ("closing", "opening"):
            supervisor.post(f"{AT}/counters/G02/{act}").raise_for_status()


def test_after_the_database_was_lost_everything_is_there_to_the_last_acknowledged_commit(
    opened: None, operator: Operator
):
    for _ in range(5):
        take()
    operator.types("make backup")
    file = operator.folder / "elsewhere/ticketing.bson"
    with operator.start(FOLLOWING) as following:
        assert eventually(lambda: file.exists() and b"complete" in file.read_bytes(), 60)
        close_and_open_a_counter()
        before = known()
        last = before[READ[-1]]["acts"][-1]["hash"]
        assert eventually(lambda: last.encode() in file.read_bytes(), 60)
        following.terminate()
    assert len(before[READ[-1]]["acts"]) > 5
    operator.types(command("docker compose down"))  # and the volume of the database
    said = operator.types(command("make restore FROM=backups"))
    print(said[-2000:])
    assert len(known()[READ[-1]]["acts"]) < len(before[READ[-1]]["acts"])
    operator.types(command("docker compose stop"))  # what was followed goes on top
    assert known() == before


def test_after_the_restore_services_hear_each_other_by_kafka_again():
    with client("administrator") as administrator:
        name = f"t{uuid.uuid4().hex[:8]}"
        body = {"name": name, "role": "device", "mall": MALL, "days": 1}
        made = administrator.post("/catalog/api/access/tokens", json=body).raise_for_status().json()
        administrator.delete(f"/catalog/api/access/tokens/{made['id']}").raise_for_status()
    with client() as kiosk:
        kiosk.headers["Authorization"] = f"Bearer {made['token']}"
        taking = {"json": {"service": SERVICE, "priority": None}, "headers": {"Idempotency-Key": name}}
        assert eventually(lambda: kiosk.post(f"{AT}/tickets", **taking).status_code == 401)
