"""Every sample in the documents for subscribers does what it says, against the running system.

A comment above each block says what its output must hold (a pattern), or why it is not run.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from e2e.conftest import MALL, Site, key
from servers import free_port
from waiting import eventually

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "docs" / name for name in ("subscribing.md", "webhooks.md") if (ROOT / "docs" / name).exists()]
BLOCK = re.compile(
    r"^(?:<!-- (?P<kind>sample|not run): (?P<about>[^\n]+) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S
)
PROGRAMS = {"sh": ("sh", "-eu"), "python": (sys.executable,), "js": ("node",)}
NAMES = {"sh": "sample.sh", "python": "sample.py", "js": "sample.mjs"}
PATIENCE = 25  # seconds


class Sample(NamedTuple):
    where: str
    language: str
    code: str
    expected: str


def blocks(document: Path) -> list[tuple[int, re.Match]]:
    """Each block that a reader could run, with its line."""
    text = document.read_text()
    found = [(text[: block.start("code")].count("\n"), block) for block in BLOCK.finditer(text)]
    return [(line, block) for line, block in found if block["language"] in PROGRAMS]


SAMPLES = [
    Sample(f"{document.name}:{line}", block["language"], block["code"], block["about"])
    for document in DOCUMENTS
    for line, block in blocks(document)
    if block["kind"] == "sample"
]
# The server of which subscribing.md says: save it.
RECEIVER = re.search(r"```python\n(# receive\.py\n.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.S)[1]


class Visits:
    """Visitors of Dukcapil who take a ticket and are called, again and again."""

    def __init__(self, site: Site) -> None:
        self._visitor, self._clerk, self._over = site.client("device"), site.desk("G02"), threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> None:
        self.one()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._visitor.close()
        self._clerk.close()

    def one(self) -> None:
        at, desk = f"/ticketing/api/malls/{MALL}", f"/ticketing/api/malls/{MALL}/counters/G02"
        taken = self._visitor.post(f"{at}/tickets", json={"service": "DUKCAPIL-KTPREKAM"}, headers=key())
        assert taken.status_code == 201, taken.text
        called = self._clerk.post(f"{desk}/calls", headers=key())
        assert called.status_code == 201, called.text
        done = self._clerk.post(f"{at}/tickets/{called.json()['id']}/completion", headers=key())
        assert done.status_code == 200, done.text

    def _go_on(self) -> None:
        while not self._over.wait(2.0):
            self.one()


def run(sample: Sample, folder: Path, environment: dict[str, str]) -> str:
    """What the sample says: all of it, or what it said until it held what is expected."""
    file, output = folder / NAMES[sample.language], folder / "output"
    file.write_text(sample.code)
    with output.open("w") as sink:
        command = [*PROGRAMS[sample.language], str(file)]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )

        def is_done() -> bool:
            ended = process.poll() is not None
            return bool(re.search(sample.expected, output.read_text())) or ended

        try:
            eventually(is_done, PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and what the shell started
            process.wait()
    return output.read_text()


@pytest.fixture(scope="package")
def broker(site: Site) -> Mapping[str, str]:
    """Where the broker is, and what its operator gives an agency; empty where nobody says."""
    if site.system:
        return {"KAFKA_BOOTSTRAP": site.system.kafka}
    if "MPP_COMPOSE" not in os.environ:
        return {}
    command = [*shlex.split(os.environ["MPP_COMPOSE"]), "run", "--rm", "-T", "kafka-prepare", "agency", "DUKCAPIL"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    told = dict(line.split(maxsplit=1) for line in said.splitlines())
    return {
        "KAFKA_BOOTSTRAP": os.environ["MPP_KAFKA_ADDRESS"],
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": told["user"],
        "KAFKA_SASL_PASSWORD": told["password"],
        "KAFKA_SSL_CAFILE": os.environ["SSL_CERT_FILE"],
    }


@pytest.fixture
def registered(site: Site) -> Iterator[None]:
    """What a sample registers is gone afterwards: other tests count webhooks."""
    yield
    webhooks = f"/notifications/api/malls/{MALL}/webhooks"
    with site.client("agency", agency="DUKCAPIL") as agency:
        for hook in agency.get(webhooks).raise_for_status().json()["webhooks"]:
            agency.delete(f"{webhooks}/{hook['id']}").raise_for_status()


def test_every_block_that_can_be_run_says_what_comes_of_it_or_why_it_is_not_run():
    silent = [f"{d.name}:{line}" for d in DOCUMENTS for line, block in blocks(d) if block["kind"] is None]
    assert silent == []
    assert len(SAMPLES) >= 10
    assert {sample.language for sample in SAMPLES} == set(PROGRAMS)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.where)
def test_a_sample_does_what_the_document_says(sample: Sample, site: Site, broker: Mapping[str, str], tmp_path: Path):
    if sample.language == "js" and not shutil.which("node"):
        pytest.skip("node is not installed here: the samples in JavaScript are not run")
    if "receive.py" in sample.code and site.system is None:
        pytest.skip("containers look for 127.0.0.1 in themselves: tests/compose/test_webhooks.py calls this machine")
    trusted = os.environ.get("SSL_CERT_FILE", "")
    if "KafkaConsumer" in sample.code and not broker:
        pytest.skip("where this system's broker is, nobody says")
    (tmp_path / "mpp").symlink_to(ROOT / "clients" / "mpp.py")
    (tmp_path / "receive.py").write_text(RECEIVER)
    token = {
        role: site.client(role, **scope).headers["Authorization"].partition(" ")[2] for role, scope in ROLES.items()
    }
    environment = {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MPP_URL": site.url,
        "MALL": MALL,
        "MPP_TOKEN": token["agency"],
        "ADMIN_TOKEN": token["administrator"],
        "PORT": str(free_port()),
        **broker,
        **({"SSL_CERT_FILE": trusted, "NODE_EXTRA_CA_CERTS": trusted} if trusted else {}),
    }
    with Visits(site):
        output = run(sample, tmp_path, environment)
    assert re.search(sample.expected, output), output[-2000:]


ROLES: dict[str, dict[str, str | None]] = {"agency": {"agency": "DUKCAPIL"}, "administrator": {"mall": None}}
