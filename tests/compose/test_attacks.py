"""What `tests/containers/run` started, attacked: by names and passwords, from container to container, by faults.

The servers may be stand-ins (it says so): what they refuse is refused by their own implementation of the same rules.
"""

import os
import socket
import ssl
import subprocess
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from compose.conftest import MALL, SERVICE, client, compose, eventually
from kafka.errors import KafkaError

from services.chassis.broker import Kafka, Login

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these attack"),
]


def python_in(container: str, program: str, *arguments: str) -> str:
    """What a Python program says that runs in a container, its errors included."""
    done = compose("exec", "-T", container, "python", "-c", program, *arguments, check=False)
    return done.stdout + done.stderr


MONGO = """
import os, sys
from pymongo import MongoClient
user, file, database = sys.argv[1:]
password = open(file).read().strip() if file.startswith("/") else file
login = {"username": user, "password": password} if user else {}
with MongoClient(os.environ["MONGO_URL"], serverSelectionTimeoutMS=3000, **login) as client:
    print("read", client[database]["commits"].find_one({}, {"_id": 1}) is not None)
"""
OWN = "/run/secrets/mongo_password"


def test_a_service_reads_its_own_database():
    assert "read True" in python_in("catalog-web", MONGO, "catalog", OWN, "catalog")


@pytest.mark.parametrize("database", ["ticketing", "notifications", "admin"])
def test_a_service_does_not_reach_the_database_of_another(database: str):
    assert "not authorized" in python_in("catalog-web", MONGO, "catalog", OWN, database)


@pytest.mark.parametrize(("user", "password"), [("catalog", "guessed"), ("ticketing", OWN), ("admin", "admin")])
def test_a_wrong_name_or_password_opens_no_database(user: str, password: str):
    assert "uthentication failed" in python_in("catalog-web", MONGO, user, password, "catalog")


def test_no_password_opens_no_database():
    assert "requires authentication" in python_in("catalog-web", MONGO, "", "", "catalog")


KAFKA = """
import os, sys
from dataclasses import replace
from services.chassis.broker import Kafka, Login
from services.chassis.config import Env
act, user, password, topic, group = sys.argv[1:]
kafka = Kafka.from_env(Env())
if user:
    kafka = replace(kafka, login=Login("SASL_PLAINTEXT", "SCRAM-SHA-512", user, password))
if act == "write":
    print("written", kafka.producer().send(topic, b"{}").get(timeout=10).offset)
else:
    consumer = kafka.consumer(group, [topic])
    found = sum(len(records) for _ in range(40) for records in consumer.poll(250).values())
    print("read", found > 0)
"""


def test_a_service_does_not_publish_in_the_name_of_another():
    assert "uthorization" in python_in("catalog-worker", KAFKA, "write", "", "", "mpp.ticketing", "")


def test_an_agency_reads_what_is_published_and_writes_nothing():
    said = compose("run", "--rm", "-T", "kafka-prepare", "agency", "DUKCAPIL").stdout
    told = dict(line.split(maxsplit=1) for line in said.splitlines())
    as_agency = (told["user"], told["password"])
    assert "read True" in python_in("ticketing-worker", KAFKA, "read", *as_agency, "mpp.catalog", "agency-dukcapil.a")
    assert "uthorization" in python_in("ticketing-worker", KAFKA, "write", *as_agency, "mpp.ticketing", "")
    assert "uthorization" in python_in("ticketing-worker", KAFKA, "read", *as_agency, "mpp.catalog", "agency-bpn.a")
    guessed = python_in("ticketing-worker", KAFKA, "read", told["user"], "guessed", "mpp.catalog", "agency-dukcapil.a")
    assert "Unable to bootstrap" in guessed
    compose("run", "--rm", "-T", "kafka-prepare", "remove", "DUKCAPIL")
    gone = python_in("ticketing-worker", KAFKA, "read", *as_agency, "mpp.catalog", "agency-dukcapil.a")
    assert "Unable to bootstrap" in gone


def from_outside(user: str, password: str, protocol: str = "SASL_SSL") -> Kafka:
    """Kafka as an agency reaches it, over TLS by the certificate that it was given."""
    ca_file = os.environ["SSL_CERT_FILE"] if protocol == "SASL_SSL" else ""
    login = Login(protocol, "SCRAM-SHA-512", user, password, ca_file)
    return Kafka((os.environ["MPP_KAFKA_ADDRESS"],), 10000, partitions=3, replication=1, login=login)


def test_an_agency_outside_reads_over_tls_and_nobody_without_it():
    said = compose("run", "--rm", "-T", "kafka-prepare", "agency", "BPN").stdout
    told = dict(line.split(maxsplit=1) for line in said.splitlines())
    consumer = from_outside(told["user"], told["password"]).consumer(f"{told['user']}.reports", ["mpp.ticketing"])
    try:
        assert eventually(lambda: consumer.poll(500))
        consumer.commit()
    finally:
        consumer.close(autocommit=False, timeout_ms=2000)
    for outsider in (
        from_outside(told["user"], "guessed"),
        from_outside("admin", (Path(os.environ["MPP_SECRETS"]) / "kafka_admin").read_text()),
        from_outside(told["user"], told["password"], "SASL_PLAINTEXT"),
    ):
        with pytest.raises(KafkaError):
            outsider.ends("mpp.ticketing")
    compose("run", "--rm", "-T", "kafka-prepare", "remove", "BPN")


@pytest.mark.parametrize("port", ["9093", "9094"])
def test_only_the_brokers_own_container_reaches_its_administration(port: str):
    said = python_in("ticketing-worker", f"import socket; socket.create_connection(('kafka', {port}), 3)")
    assert "Connection refused" in said


@pytest.mark.parametrize("container", ["catalog-web", "ticketing-web", "ticketing-worker", "notifications-worker"])
def test_a_process_is_nobody_on_a_disk_it_cannot_write(container: str):
    said = python_in(container, "import os; print(os.getuid()); open('/app/x', 'w')")
    assert said.startswith("10001")
    assert "Read-only file system" in said


@pytest.mark.parametrize("service", ["catalog", "ticketing", "notifications"])
def test_image_holds_no_other_service(service: str):
    said = python_in(
        f"{service}-web", "import os; print(*(each.name for each in os.scandir('services') if each.is_dir()))"
    )
    assert set(said.split()) - {"__pycache__"} == {"chassis", "kernel", service}


def test_each_container_sees_its_own_secrets_alone():
    def secrets_of(name: str) -> set[str]:
        return set(python_in(name, "import os; print(*os.listdir('/run/secrets'))").split())

    assert secrets_of("catalog-web") == {"token_public", "token_private", "access_keys", "mongo_password"}
    assert secrets_of("ticketing-web") == {"token_public", "seal_public", "visitor_secret", "mongo_password"}
    assert secrets_of("ticketing-worker") == {"seal_private", "seal_public", "mongo_password", "kafka_password"}


def test_no_secret_is_in_the_environment_or_the_logs():
    folder = Path(os.environ["MPP_SECRETS"])
    names = [f"{server}_{user}" for server in ("mongo", "kafka") for user in ("admin", "catalog", "ticketing")]
    words = [(folder / name).read_text() for name in names]
    everything = compose("config").stdout + compose("logs", "--no-color").stdout
    everything += python_in("ticketing-worker", "import os; print(dict(os.environ))")
    assert [name for name, word in zip(names, words, strict=True) if word in everything] == []


@pytest.mark.parametrize(
    "container", ["catalog-web", "catalog-worker", "ticketing-web", "ticketing-live", "ticketing-worker"]
)
def test_process_that_needs_no_other_machine_has_no_way_out(container: str):
    said = python_in(container, "import socket; socket.create_connection(('192.0.2.1', 443), 3)")
    assert "unreachable" in said or "timed out" in said


@pytest.mark.parametrize("path", ["/readyz", "/metrics", "//readyz", "/%72eadyz"])
def test_gateway_refuses_what_is_for_health_checks_and_prometheus(path: str):
    with client() as visitor:
        answer = visitor.get(str(visitor.base_url).rstrip("/") + path)  # httpx joins a path to its base with one slash
    assert (answer.status_code, answer.json()["reason"]) == (404, "not-found")


def test_gateway_refuses_a_request_with_two_readings():
    head = b"POST /ticketing/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    address = urlsplit(os.environ["MPP_URL"])
    with (
        socket.create_connection((address.hostname, address.port), 5) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=address.hostname) as connection,
    ):
        connection.sendall(head + b"0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_who_comes_without_tls_is_sent_to_it():
    answer = httpx.get(f"{os.environ['MPP_HTTP_URL']}/ticketing/malls/{MALL}/hall?x=1")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{os.environ['MPP_URL']}/ticketing/malls/{MALL}/hall?x=1"
    assert urlsplit(os.environ["MPP_URL"]).scheme == "https"


def test_a_session_is_for_tls_alone():
    name, password = f"t{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    with client("administrator") as administrator:
        body = {"name": name, "password": password, "role": "auditor", "mall": MALL}
        administrator.post("/catalog/api/access/accounts", json=body).raise_for_status()
    with client() as visitor:
        same_site = {"Origin": os.environ["MPP_URL"], "Sec-Fetch-Site": "same-origin"}
        body = {"name": name, "password": password}
        answer = visitor.post("/catalog/api/session", json=body, headers=same_site).raise_for_status()
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict"))
    assert "Strict-Transport-Security" not in answer.headers  # it would bind this port number


class Load(threading.Thread):
    """People who take tickets, one after the other, until they are stopped: the status of each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = threading.Event()
        self.answers: Counter[int | str] = Counter()
        self.tickets: dict[str, str] = {}

    def run(self) -> None:
        with client("device", mall=MALL) as kiosk:
            while not self.ending.is_set():
                body, headers = {"service": SERVICE, "priority": None}, {"Idempotency-Key": uuid.uuid4().hex}
                try:
                    answer = kiosk.post(f"/ticketing/api/malls/{MALL}/tickets", json=body, headers=headers)
                except httpx.TransportError as error:
                    self.answers[type(error).__name__] += 1
                    continue
                self.answers[answer.status_code] += 1
                if answer.status_code == 201:
                    self.tickets[answer.json()["code"]] = answer.json()["number"]
                time.sleep(0.05)

    def __enter__(self) -> "Load":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.join()


def hall_answers() -> bool:
    with client() as visitor:
        return visitor.get(f"/ticketing/api/malls/{MALL}/hall").status_code == 200


def test_three_web_processes_serve_and_two_of_them_leave_in_peace(opened: None):
    compose("up", "-d", "--no-build", "--wait", "--scale", "ticketing-web=3", "ticketing-web")
    with Load() as load:
        time.sleep(2)
        compose("up", "-d", "--no-build", "--wait", "--scale", "ticketing-web=1", "ticketing-web")
        time.sleep(3)
    print(dict(load.answers))
    assert set(load.answers) <= {201, 409}  # 409: the mall's hundred tickets of the day are given
    assert sum(load.answers.values()) > 20
    with client() as visitor:  # whatever was acknowledged is there
        there = {id: visitor.get(f"/ticketing/api/malls/{MALL}/tickets/{id}") for id in load.tickets}
    assert {id: answer.json()["number"] for id, answer in there.items()} == load.tickets


LEASES = """
import os
from datetime import UTC, datetime
from services.chassis.config import Env, Settings
from services.chassis.event_store import connect
settings = Settings.from_env(Env(), "ticketing")
for lease in connect(settings.mongo_url, settings.database)["leases"].find():
    print(lease["_id"], lease["until"].year)
"""


def test_a_worker_that_is_stopped_gives_its_leases_back():
    compose("stop", "ticketing-worker")
    try:
        found = dict(line.split() for line in python_in("ticketing-web", LEASES).splitlines())
        assert found
        assert set(found.values()) == {"2000"}  # the moment from which on another one may take it
    finally:
        compose("start", "ticketing-worker")


@pytest.mark.parametrize("name", ["ticketing-web", "ticketing-worker", "kafka", "gateway"])
def test_a_killed_container_comes_back_to_a_system_that_works(name: str):
    compose("kill", name)
    compose("up", "-d", "--no-build", "--wait", name)
    assert eventually(hall_answers)


def test_a_paused_database_is_told_and_forgotten():
    compose("pause", "mongo")
    try:
        with client() as visitor:
            answer = visitor.get(f"/ticketing/api/malls/{MALL}/hall")
            assert answer.status_code in (200, 503, 504)
            body = {"service": SERVICE, "priority": None}
            refused = visitor.post(f"/ticketing/api/malls/{MALL}/tickets", json=body)
            assert refused.status_code in (503, 504)
            assert refused.json()["reason"] in ("store-unavailable", "service-slow", "service-down")
    finally:
        compose("unpause", "mongo")
    assert eventually(hall_answers)
    # To Docker a paused container is unwell, until the next look at it.
    assert eventually(lambda: compose("up", "-d", "--no-build", "--wait", "mongo", check=False).returncode == 0, 60)


def test_a_worker_cut_off_from_the_network_goes_on_when_it_is_back():
    worker = compose("ps", "--quiet", "ticketing-worker").stdout.strip()
    network = f"{os.environ['COMPOSE_PROJECT_NAME']}_data"
    subprocess.run(["docker", "network", "disconnect", network, worker], check=True)
    time.sleep(3)
    subprocess.run(["docker", "network", "connect", "--alias", "ticketing-worker", network, worker], check=True)

    def relays() -> bool:
        found = python_in("ticketing-web", LEASES)
        return "2000" not in found and found != ""

    assert eventually(relays, 60)
