"""Servers for the whole run, a database of its own for each test."""

import gc
import os
import uuid
from collections.abc import Iterator
from typing import Any

import compiled
import pymongo
import pytest
from hypothesis import settings
from pymongo import monitoring
from rights import WATCH
from servers import Server, data_folder, kafka, mongo, running, second_mongo
from xdist.scheduler import LoadFileScheduling

from services.chassis.broker import Kafka
from services.chassis.event_store import EventStore, connect

LONGEST = (  # of the other files, longest first, as `--durations=0` shows
    "chassis/test_pipeline.py",
    "deploy/test_smuggling.py",
    "notifications/test_closures.py",
    "notifications/test_webhook_worker.py",
    "security/test_hostile_addresses.py",
    "security/test_fuzz.py",
    "ticketing/test_any_day.py",
    "catalog/test_sign_in.py",
    "catalog/test_passkeys.py",
    "catalog/test_provider.py",
    "notifications/test_stops.py",
    "ticketing/test_api.py",
    "security/test_limits.py",
    "ticketing/test_races.py",
)

ON_ONE_SYSTEM = [  # the files of tests/e2e whose tests ask for `site`, but for those in a browser
    f"tests/e2e/test_{name}.py" for name in ("access", "canary", "documents", "journey", "mpp", "runbook", "traces")
]

settings.register_profile("suite", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("suite")
monitoring.register(WATCH)
compiled.keep()


@pytest.hookimpl(optionalhook=True)  # `make mutate` runs without xdist
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: a third of the time of the tests is spent on waiting for other processes."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


class FilesOfOneSystem(LoadFileScheduling):
    """Gives each file to one worker, and those that share a running system all to the same: starting it takes 20 s."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return ON_ONE_SYSTEM[0] if file in ON_ONE_SYSTEM else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return FilesOfOneSystem(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no worker has one left when the others have ended.

    Those of the whole system come before all others: the system ends with the last of them.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder, name = item.path.parts[-2:]
    if "e2e" in item.path.parts:
        return -1
    return LONGEST.index(f"{folder}/{name}") if f"{folder}/{name}" in LONGEST else len(LONGEST)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end: a full collection took 0.4 s, every few tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(autouse=True)
def database_rights() -> Iterator[None]:
    """Fail a test in which a service asks the database for what its user has no right to."""
    yield
    assert WATCH.take() == []


@pytest.fixture(scope="session")
def mongo_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The store of the local run; where a module asks for it by `MONGO_SERVERS`, also the second one."""
    make = {"second": second_mongo}.get(getattr(request, "param", ""), mongo)
    with data_folder(tmp_path_factory.mktemp("mongo")) as folder:
        found = make(folder)
        if found is None:
            pytest.skip("nx-27017, the second server of MongoDB's protocol, is not installed: make install")
        with running(found) as server:
            yield server


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(kafka(tmp_path_factory.mktemp("kafka"))) as server:
        yield server


@pytest.fixture
def database(mongo_server: Server) -> Iterator:
    database = connect(mongo_server.url, f"test_{uuid.uuid4().hex[:12]}")
    yield database
    with pymongo.timeout(60):  # a busy machine may need more for it than a service waits
        database.client.drop_database(database.name)
    database.client.close()


@pytest.fixture
def store(database) -> EventStore:
    return EventStore(database)


@pytest.fixture
def kafka_settings(kafka_server: Server) -> Kafka:
    return Kafka((kafka_server.url,), session_timeout_ms=1500, partitions=3, replication=1)
