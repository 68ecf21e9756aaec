"""What the tests of the compose deployment share: Compose itself, people, and a mall that is open."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import waiting
from runbook import as_typed, project_folder

from services.kernel import tokens

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
    """Look for what happens in containers, which takes longer."""
    return waiting.eventually(check, seconds, every=0.2)


@pytest.fixture(scope="session")
def opened() -> None:
    """The mall takes visitors, at whatever hour these tests run."""
    with client("supervisor", mall=MALL) as supervisor:
        opening = f"/ticketing/api/malls/{MALL}/opening"
        assert eventually(lambda: supervisor.post(opening, json={"reason": "Uji coba"}).status_code == 200)


class Operator:
    """Who types what the documents say, in the project's folder; `docker compose` there is the Compose under test."""

    def __init__(self, folder: Path) -> None:
        secrets = Path(os.environ["MPP_SECRETS"])
        self.folder = project_folder(folder / "mpp", secrets)
        (self.folder / "elsewhere").mkdir()
        for given, taken in {"fullchain.pem": "tls_cert.pem", "privkey.pem": "tls_key.pem"}.items():
            shutil.copy(secrets / taken, self.folder / given)  # as if somebody had signed it
        real = os.environ["MPP_COMPOSE"].replace("docker compose", f"{shutil.which('docker')} compose")
        docker = self.folder / "bin/docker"
        docker.write_text(
            f'#!/bin/sh\n[ "$1" = compose ] || exec {shutil.which("docker")} "$@"\n'
            f'shift\ncd {Path.cwd()} && exec {real} "$@"\n'
        )
        docker.chmod(0o755)

    def start(self, words: str, **options) -> subprocess.Popen:
        """Begin to do it, in a shell that ends at the first line that fails."""
        typed = as_typed(words, self.folder, mpp_mongo=f"{os.environ['COMPOSE_PROJECT_NAME']}_mongo")
        env = os.environ | {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        env |= {"MPP_TOKEN": client("administrator").headers["Authorization"].partition(" ")[2]}
        return subprocess.Popen(["bash", "-ec", typed], cwd=self.folder, env=env, **options)

    def types(self, words: str) -> str:
        """What is said; none of it may fail."""
        pipe = subprocess.PIPE
        process = self.start(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        try:
            said, _ = process.communicate(timeout=500)
        finally:
            process.kill()
        assert process.returncode == 0, said[-3000:]
        return said


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(tmp_path_factory.mktemp("operator"))
