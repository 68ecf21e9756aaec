"""What the tests of the compose deployment share: Compose itself, people, and a mall that is open."""

import os
import shlex
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from services.chassis import tokens

MALL = "pekalongan"
SERVICE = "DUKCAPIL-KTPREKAM"


def compose(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    command = [*shlex.split(os.environ["MPP_COMPOSE"]), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=check)


def client(role: str = "", **scope: str) -> httpx.Client:
    headers = {}
    if role:
        key = Path(os.environ["MPP_TOKEN_KEY"]).read_bytes()
        headers["Authorization"] = f"Bearer {tokens.mint(key, name=f'test {role}', role=role, **scope)}"
    return httpx.Client(base_url=os.environ["MPP_URL"], headers=headers, timeout=20)


def eventually(check, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


@pytest.fixture(scope="session")
def opened() -> None:
    """The mall takes visitors, at whatever hour these tests run."""
    with client("supervisor", mall=MALL) as supervisor:
        opening = f"/ticketing/api/malls/{MALL}/opening"
        assert eventually(lambda: supervisor.post(opening, json={"reason": "Uji coba"}).status_code == 200)
