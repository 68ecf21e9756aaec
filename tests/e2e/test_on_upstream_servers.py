"""The whole journey on Apache Kafka and MongoDB themselves, by testcontainers: `make test-containers`.

Skipped where there is no Docker, or the images can be neither found nor pulled.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest
import yaml
from e2e import test_journey
from e2e.conftest import Site
from servers import free_port

from deploy.local import System

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # the containers end with their block, no reaper needed
docker = pytest.importorskip("docker")
containers = pytest.importorskip("testcontainers.core.container")
pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]
COMPOSE = yaml.safe_load(Path("docker-compose.yml").read_text())["services"]
IMAGES = {server: COMPOSE[server]["image"] for server in ("kafka", "mongo")}


@pytest.fixture(scope="module")
def upstream() -> Iterator[tuple[str, str]]:
    """A database url and a Kafka address, each a container of the image that docker-compose.yml names."""
    try:
        client = docker.from_env()
        for image in IMAGES.values():
            if not client.images.list(image):
                client.images.pull(image)
    except docker.errors.DockerException as error:
        pytest.skip(f"no Docker here, or no images: {error}")
    port = free_port()
    kafka = containers.DockerContainer(IMAGES["kafka"]).with_bind_ports(9092, port)
    settings = COMPOSE["kafka"]["environment"] | {"KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}"}
    for name, value in settings.items():
        if "${" not in str(value):  # those that an operator may set have their own default in the image
            kafka.with_env(name, str(value))
    mongo = containers.DockerContainer(IMAGES["mongo"]).with_exposed_ports(27017)
    mongo.with_command("mongod --replSet rs0 --bind_ip_all")
    with kafka, mongo:
        address = f"127.0.0.1:{mongo.get_exposed_port(27017)}"
        yield _replica_set(address), f"127.0.0.1:{port}"


def _replica_set(address: str) -> str:
    """The url of the server, once it is a replica set of one."""
    url = f"mongodb://{address}/?directConnection=true"
    client, deadline = pymongo.MongoClient(url, serverSelectionTimeoutMS=1000), time.monotonic() + 60
    while True:
        try:
            if client.admin.command("hello").get("isWritablePrimary"):
                return url
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": "127.0.0.1:27017"}]})
        except pymongo.errors.PyMongoError:
            assert time.monotonic() < deadline, "mongo did not start"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def site(upstream: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("upstream")
    with System(data, database_url=upstream[0], kafka=upstream[1]) as system:
        yield Site(system.url, (data / "keys/token_private.pem").read_bytes(), system)


def test_the_whole_journey_on_upstream_servers(site: Site):
    test_journey.test_the_whole_journey(site)


def test_a_double_tap_makes_one_ticket_on_upstream_servers(site: Site):
    test_journey.test_a_double_tap_makes_one_ticket(site)
