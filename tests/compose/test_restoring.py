"""`make backup` and `make restore`, as docs/operating-data.md has them, on what `tests/containers/run` started."""

import os
import subprocess
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from compose.conftest import MALL, SERVICE, client, compose, eventually

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]
AT = f"/ticketing/api/malls/{MALL}"
TODAY = f"{datetime.now(ZoneInfo('Asia/Jakarta')):%Y-%m-%d}"  # the mall's
READ = [f"/catalog/api/malls/{MALL}", "/catalog/api/access/accounts", f"{AT}/days/{TODAY}/audit"]


@pytest.fixture
def make(tmp_path: Path):
    """Runs make as an operator would: `docker compose` is the Compose that these tests were told of."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    real = subprocess.run(["which", "docker"], capture_output=True, text=True, check=True).stdout.strip()
    its_compose = os.environ["MPP_COMPOSE"].replace("docker compose", f"{real} compose")
    docker.write_text(f'#!/bin/sh\n[ "$1" = compose ] || exec {real} "$@"\nshift\nexec {its_compose} "$@"\n')
    docker.chmod(0o755)

    def run(*words: str) -> str:
        env = os.environ | {"PATH": f"{docker.parent}:{os.environ['PATH']}"}
        done = subprocess.run(["make", *words], capture_output=True, text=True, timeout=400, env=env)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout + done.stderr

    return run


def known() -> dict[str, Any]:
    """What there is: the directory, the accounts, and the record of the day with its hashes."""
    with client("administrator") as administrator:
        return {path: administrator.get(path).raise_for_status().json() for path in READ}


def test_everything_that_was_backed_up_is_there_after_the_database_was_lost(opened: None, make, tmp_path: Path):
    with client("device", mall=MALL) as kiosk:
        for _ in range(5):
            taking = {"json": {"service": SERVICE, "priority": None}, "headers": {"Idempotency-Key": uuid.uuid4().hex}}
            assert kiosk.post(f"{AT}/tickets", **taking).status_code in (201, 409)  # 409: a hundred were given today
    make("backup", f"TO={tmp_path / 'backups'}")
    (backup,) = (tmp_path / "backups").iterdir()
    before = known()
    assert len(before[READ[-1]]["acts"]) > 5
    project = os.environ["COMPOSE_PROJECT_NAME"]
    compose("down", "--timeout", "10")
    subprocess.run(["docker", "volume", "rm", f"{project}_mongo"], check=True, capture_output=True)
    said = make("restore", f"FROM={backup}")
    print(said[-2000:])
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
