"""The whole journey on Apache Kafka and MongoDB themselves, by testcontainers: `make test-containers`.

Skipped where there is no Docker, or the images can be neither found nor pulled.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest
import yaml
from e2e import test_journey
from e2e.conftest import Site
from servers import free_port
from waiting import eventually

from tools.local import System

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # the containers end with their block, no reaper needed
docker = pytest.importorskip("docker")
containers = pytest.importorskip("testcontainers.core.container")
pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]
COMPOSE = yaml.safe_load(Path("docker-compose.yml").read_text())["services"]
IMAGES = {server: COMPOSE[server]["image"] for server in ("kafka", "mongo")}
STAND_IN = "id.go.mpp.stand-in"  # the label of what tests/containers puts in an image's place
# One broker without passwords: what is tried here is what the services do with these servers. That they let in nobody
# else is tried where compose itself runs (tests/compose) and on the broker's own jars (tests/kafka).
PLAIN = {
    "CLUSTER_ID": "bXBwLXF1ZXVlLWthZmthMQ",
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
}


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
    for name, value in (PLAIN | {"KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}"}).items():
        kafka.with_env(name, value)
    mongo = containers.DockerContainer(IMAGES["mongo"]).with_exposed_ports(27017)
    mongo.with_command("mongod --replSet rs0 --bind_ip_all")
    stands_in = STAND_IN in client.images.get(IMAGES["mongo"]).labels
    with kafka, mongo:
        url = f"mongodb://127.0.0.1:{mongo.get_exposed_port(27017)}/?directConnection=true"
        _make_replica_set(url)
        yield url + ("&retryWrites=false" if stands_in else ""), f"127.0.0.1:{port}"


def _make_replica_set(url: str) -> None:
    """Return once the server is a replica set of one."""
    client = pymongo.MongoClient(url, serverSelectionTimeoutMS=1000)
    only = {"_id": "rs0", "members": [{"_id": 0, "host": "127.0.0.1:27017"}]}

    def is_primary() -> bool:
        with contextlib.suppress(pymongo.errors.PyMongoError):
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            client.admin.command("replSetInitiate", only)
        return False

    assert eventually(is_primary, 60, every=0.5), "mongo did not start"


@pytest.fixture(scope="module")
def site(upstream: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("upstream")
    with System(data, database_url=upstream[0], kafka=upstream[1]) as system:
        yield Site(system.url, (data / "keys/token_private.pem").read_bytes(), system)


def test_the_whole_journey_on_upstream_servers(site: Site):
    test_journey.test_the_whole_journey(site)


def test_a_double_tap_makes_one_ticket_on_upstream_servers(site: Site):
    test_journey.test_a_double_tap_makes_one_ticket(site)
