"""The whole system to test against: one that runs already (MPP_URL, MPP_TOKEN_KEY), or one of our own."""

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers import apache_kafka, kafka, running
from waiting import eventually

from services.kernel import tokens
from tools.local import System
from tools.local.system import SEED

MALL = "pekalongan"


@dataclass
class Site:
    """A running system as its users know it: an address, and tokens."""

    url: str
    private_key: bytes
    system: System | None
    brokers: dict = field(default_factory=dict)  # those of Apache Kafka, by name, where the system runs on it

    def client(self, role: str = "", **scope: str | None) -> httpx.Client:
        """A client of somebody with this role; of anybody if there is none."""
        headers = {}
        if role:
            token = tokens.mint(self.private_key, name=f"test {role}", role=role, **{"mall": MALL, **scope})
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def desk(self, counter: str) -> httpx.Client:
        """A client of the clerk at a counter."""
        return self.client("operator", counter=counter)

    def texts(self) -> list[dict]:
        """The message log of all malls."""
        with self.client("administrator", mall=None) as staff:
            return staff.get("/notifications/api/messages?limit=1000").raise_for_status().json()["messages"]


@contextmanager
def started(folder: Path) -> Iterator[Site]:
    """A system of our own; on Apache Kafka if that was asked for."""
    if not apache_kafka():
        with System(folder / "data") as system:
            yield Site(system.url, (folder / "data/keys/token_private.pem").read_bytes(), system)
        return
    with (
        running(kafka(folder / "kafka")) as cluster,
        System(folder / "data", kafka=cluster.url, kafka_replication=len(cluster.brokers)) as system,
    ):
        yield Site(system.url, (folder / "data/keys/token_private.pem").read_bytes(), system, cluster.brokers)


@pytest.fixture(scope="package", autouse=True)
def tickets_from_anybody() -> Iterator[None]:
    """Visitors of these tests take many tickets from one address; what protects a day has tests of its own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TICKETS_FROM", os.environ.get("TICKETS_FROM", "anybody"))
        yield


@pytest.fixture(scope="package")
def collector() -> Iterator[Any]:
    """Where the system sends its traces; None without OpenTelemetry."""
    try:
        from e2e.collector import Collector  # late: it needs OpenTelemetry
    except ImportError:
        yield None
        return
    found = Collector()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture(scope="package")  # idle, it would take processor time from all other tests
def site(tmp_path_factory: pytest.TempPathFactory, collector: Any) -> Iterator[Site]:
    if url := os.environ.get("MPP_URL"):
        found = Site(url, Path(os.environ["MPP_TOKEN_KEY"]).read_bytes(), None)
        _open(found)
        yield found
    else:
        with started(tmp_path_factory.mktemp("site")) as found:
            yield found


@pytest.fixture
def busy_site(tmp_path: Path) -> Iterator[Site]:
    """A system of its own with a mall of great capacity, to kill what it runs."""
    from e2e.crowd import MALL as BUSY  # late: it needs us
    from e2e.crowd import add_mall

    with started(tmp_path) as found:
        add_mall(found.system, BUSY, tmp_path)
        yield found


def _open(site: Site) -> None:
    with site.client("supervisor") as supervisor:
        opening, reason = f"/ticketing/api/malls/{MALL}/opening", {"reason": "Uji coba"}
        opened = eventually(lambda: supervisor.post(opening, json=reason).status_code == 200, 30, every=0.2)
        assert opened, "ticketing has not received the mall"


@pytest.fixture(scope="module")
def chromium():
    from e2e.browser import CHROMIUM, QUIET, playwright  # late: it skips whoever has no playwright

    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium, site: Site):
    """Opens windows on the site; at the end none of them may have complained or asked another origin.

    `expecting` is the status of an answer that is meant to be refused (several with spaces between), or "offline": the
    browser complains of each. `agent` is the address of a print agent that the page may ask too. `script` runs before
    the page's own.
    """
    complaints, contexts = [], []

    def open_window(width: int, height: int, path: str, expecting: str = "", agent: str = "data:", script: str = ""):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale="id-ID",
            timezone_id="Europe/Lisbon",  # not the mall's, whose time pages tell wherever they are looked at
            base_url=site.url,
            ignore_https_errors=site.system is None,
        )  # a certificate that signed itself
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        # A server that is killed also breaks off what it was saying.
        meant = (
            (
                *(f"status of {one} " for one in expecting.split()),
                "net::ERR_" if expecting in ("502", "offline") else "\n",
            )
            if expecting
            else ("\n",)
        )
        page.on(
            "console",
            lambda m: (
                complaints.append(m.text)
                if m.type in ("error", "warning") and not any(one in m.text for one in meant)
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((site.url, "data:", "blob:", agent)) else complaints.append(r.url),
        )
        if script:
            page.add_init_script(script)
        page.goto(path)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def never_closes(site: Site, folder: Path, code: str, name: str) -> None:
    """A second mall, open at all hours, so that a day can be used up without harm to other tests."""
    seed = Path(shutil.copytree(SEED, folder / code))
    about = json.loads((seed / "mall.json").read_text())
    week = {day: [["00:00", "23:59"]] for day in about["week"]}
    about |= {"code": code, "name": name, "week": week, "closed_on": [], "last_ticket_minutes": 0}
    about |= {"bookings": {"days_ahead": 3, "claim_by": "23:58"}}
    (seed / "mall.json").write_text(json.dumps(about))
    site.system.add_malls(seed)


def poison(site: Site, event: str) -> None:
    """Publish a call that nobody can read, with a phone number in it."""
    if site.system is None:
        pytest.skip("where this system's broker is, we do not know")
    from kafka import KafkaProducer  # late, as few tests speak to the broker

    producer = KafkaProducer(bootstrap_servers=site.system.kafka)
    good = {"specversion": "1.0", "id": event, "source": "/uji", "type": "id.go.mpp.ticket-called.v1"}
    headers = [(f"ce_{name}", text.encode()) for name, text in {**good, "time": "2026-11-24T00:00:00Z"}.items()]
    producer.send("mpp.ticketing", b'{"phone": "0812-3456-7890"}', b"uji", headers).get(10)
    producer.close()


def key() -> dict[str, str]:
    """A fresh Idempotency-Key header."""
    return {"Idempotency-Key": uuid.uuid4().hex}
