"""Apache Kafka as docker-compose.yml sets it up: who may do what, tried with real users of a real broker."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apache import Broker, compose_settings, running
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ACLOperation, KafkaAdminClient, NewTopic
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)
from servers import free_port

from deploy import make_secrets
from deploy.kafka import access
from deploy.kafka.access import Administration, add_agency, agency_user
from services.catalog import contract as catalog
from services.catalog import subscriptions as catalog_hears
from services.chassis.broker import Kafka, Login
from services.kernel.access import TOPIC as ACCESS
from services.notifications import contract as notifications
from services.notifications import subscriptions as notifications_hears
from services.notifications.webhooks import intake
from services.notifications.worker import DEAD_LETTERS as NOTIFICATIONS_DEAD_LETTERS
from services.ticketing import contract as ticketing
from services.ticketing import subscriptions as ticketing_hears
from services.ticketing.worker import DEAD_LETTERS as TICKETING_DEAD_LETTERS

REFUSED = pytest.raises(KafkaError, match="Authorization")
NO_ENTRY = pytest.raises(KafkaTimeoutError, match="Unable to bootstrap")  # kafka-python does not say why

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]


class Secured:
    """The broker of docker-compose.yml, its secrets, and the users it has."""

    def __init__(self, folder: Path) -> None:
        self.secrets = folder / "secrets"
        make_secrets.make(self.secrets, [])
        ports = {name: free_port() for name in ("CLIENT", "AGENCIES", "INTERNAL", "CONTROLLER")}
        listeners = {name: f"{name}://127.0.0.1:{port}" for name, port in ports.items()}
        settings = compose_settings() | {
            "listeners": ",".join(listeners.values()),
            "advertised.listeners": ",".join(address for name, address in listeners.items() if name != "CONTROLLER"),
            "controller.quorum.voters": f"1@127.0.0.1:{ports['CONTROLLER']}",
        }
        jaas = f"-Djava.security.auth.login.config={self.secrets / 'kafka_jaas'}"
        self.broker = Broker(folder / "kafka", settings, ports["CLIENT"], (jaas,))
        self.address, self.agencies, self.internal = (
            f"127.0.0.1:{ports[name]}" for name in ("CLIENT", "AGENCIES", "INTERNAL")
        )
        self.passwords: dict[str, str] = {}

    def administrator(self) -> Kafka:
        login = Login("SASL_PLAINTEXT", "PLAIN", "admin", (self.secrets / "kafka_admin").read_text())
        return Kafka((self.internal,), 6000, partitions=3, replication=1, login=login)

    def as_user(self, name: str, password: str = "") -> Kafka:
        known = password or self.passwords.get(name) or (self.secrets / f"kafka_{name}").read_text()
        login = Login("SASL_PLAINTEXT", "SCRAM-SHA-512", name, known)
        address = self.agencies if name.startswith("agency-") else self.address
        return replace(self.administrator(), bootstrap=(address,), login=login)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    found = Secured(tmp_path_factory.mktemp("secured"))
    with running(found.broker):
        with Administration(found.administrator()) as administration:
            access.prepare(administration, found.secrets)
            for code in ("DUKCAPIL", "BPN"):
                found.passwords[agency_user(code)] = add_agency(administration, code)
        yield found


def write(kafka: Kafka, topic: str) -> None:
    producer = kafka.producer()
    try:
        producer.send(topic, b"{}").get(timeout=10)
    finally:
        producer.close(timeout=1)


def read(kafka: Kafka, topic: str, group: str, looks: int = 100) -> list[bytes]:
    """The values in a topic, read as a member of the group and committed; nothing after so many looks of 0.2 s."""
    consumer = kafka.consumer(group, [topic])
    try:
        found: list[bytes] = []
        for _ in range(looks):
            for records in consumer.poll(200).values():
                found += [record.value for record in records]
            if found:
                consumer.commit()
                break
        return found
    finally:
        consumer.close(autocommit=False, timeout_ms=2000)


def test_what_the_services_read_and_write_is_what_they_may():
    written = {
        "catalog": {catalog.TOPIC, ACCESS, "mpp.catalog.dead-letters"},
        "ticketing": {ticketing.TOPIC, TICKETING_DEAD_LETTERS},
        "notifications": {notifications.TOPIC, NOTIFICATIONS_DEAD_LETTERS},
    }
    received = {*catalog_hears.TOPICS, *ticketing_hears.TOPICS, *ticketing_hears.ACCESS_TOPICS, *intake.TOPICS}
    received |= {*notifications_hears.TOPICS, *notifications_hears.MALL_TOPICS, *notifications_hears.ACCESS_TOPICS}
    assert received <= {*access.PUBLIC, access.ACCESS}
    for service, topics in written.items():
        rights = access.rights_of_service(service)
        assert topics == {right.name for right in rights if right.operation == ACLOperation.WRITE}


def test_a_service_writes_its_own_topic_and_reads_what_others_publish(secured: Secured):
    write(secured.as_user("ticketing"), "mpp.ticketing")
    assert read(secured.as_user("notifications"), "mpp.ticketing", "notifications")


def test_a_service_finds_its_topics_made_and_makes_none(secured: Secured):
    kafka = secured.as_user("catalog")
    kafka.create_topics(["mpp.catalog", "mpp.ticketing"])
    kafka.create_topics(["mpp.catalog.dead-letters"], 2**21)
    with REFUSED:
        kafka.create_topics(["mpp.mine"])


@pytest.mark.parametrize("topic", ["mpp.ticketing", "mpp.catalog.dead-letters", "mpp.notifications"])
def test_a_service_does_not_write_what_another_publishes(secured: Secured, topic: str):
    with pytest.raises(TopicAuthorizationFailedError):
        write(secured.as_user("catalog") if "catalog" not in topic else secured.as_user("ticketing"), topic)


@pytest.mark.parametrize("group", ["notifications", "notifications-malls", "notifications-access", intake.GROUP])
def test_a_service_reads_in_all_its_groups(secured: Secured, group: str):
    write(secured.as_user("catalog"), "mpp.catalog")
    assert read(secured.as_user("notifications"), "mpp.catalog", group)


def test_revocations_are_written_by_the_catalog_and_read_by_services(secured: Secured):
    write(secured.as_user("catalog"), ACCESS)
    for service in ("ticketing", "notifications"):
        assert read(secured.as_user(service), ACCESS, f"{service}-access")
        with pytest.raises(TopicAuthorizationFailedError):
            write(secured.as_user(service), ACCESS)


def test_an_agency_does_not_read_revocations(secured: Secured):
    write(secured.as_user("catalog"), ACCESS)
    assert read(secured.as_user("agency-dukcapil"), ACCESS, "agency-dukcapil.x", looks=10) == []


@pytest.mark.parametrize("topic", access.PUBLIC)
def test_an_agency_reads_in_a_group_of_its_own(secured: Secured, topic: str):
    write(secured.as_user(topic.removeprefix("mpp.")), topic)
    assert read(secured.as_user("agency-dukcapil"), topic, "agency-dukcapil.reports")


@pytest.mark.parametrize("topic", [*access.PUBLIC, ACCESS, "mpp.ticketing.dead-letters"])
def test_an_agency_writes_nothing(secured: Secured, topic: str):
    with REFUSED:
        write(secured.as_user("agency-dukcapil"), topic)


@pytest.mark.parametrize("group", ["agency-bpn.reports", "ticketing", "notifications-access", "agency-dukcapilx"])
def test_an_agency_does_not_read_in_a_group_of_another(secured: Secured, group: str):
    with pytest.raises(AuthorizationError):
        read(secured.as_user("agency-dukcapil"), "mpp.ticketing", group)


def test_an_agency_does_not_read_what_was_put_aside(secured: Secured):
    write(secured.as_user("ticketing"), "mpp.ticketing.dead-letters")
    assert read(secured.as_user("agency-dukcapil"), "mpp.ticketing.dead-letters", "agency-dukcapil.x", looks=10) == []


def test_an_agency_administers_nothing(secured: Secured):
    kafka = secured.as_user("agency-dukcapil")
    admin = KafkaAdminClient(bootstrap_servers=list(kafka.bootstrap), **kafka.login.options())
    try:
        with pytest.raises(KafkaError):
            admin.create_topics([NewTopic("agency-dukcapil.mine", 1, 1)])
        with pytest.raises(KafkaError):
            admin.delete_topics(["mpp.ticketing"])
    finally:
        admin.close()
    with Administration(kafka) as administration, pytest.raises((KafkaError, TypeError)):
        administration.set_user("agency-dukcapil", "guessed", access.rights_of_service("ticketing"))
    with REFUSED:
        write(kafka, "mpp.ticketing")


@pytest.mark.parametrize(
    "login",
    [
        Login("SASL_PLAINTEXT", "SCRAM-SHA-512", "ticketing", "wrong"),
        Login("SASL_PLAINTEXT", "SCRAM-SHA-512", "nobody", "wrong"),
        Login("SASL_PLAINTEXT", "SCRAM-SHA-512", "admin", "wrong"),
    ],
    ids=lambda login: login.username,
)
def test_a_wrong_name_or_password_is_refused(secured: Secured, login: Login):
    with NO_ENTRY:
        replace(secured.as_user("ticketing"), login=login).create_topics(["mpp.ticketing"])


@pytest.mark.parametrize("listener", ["address", "agencies"])
def test_the_administrator_has_no_login_where_others_sign_in(secured: Secured, listener: str):
    administrator = replace(secured.administrator(), bootstrap=(getattr(secured, listener),))
    with pytest.raises(KafkaError):
        administrator.create_topics(["mpp.ticketing"])


def test_who_shows_no_password_hears_nothing(secured: Secured):
    with pytest.raises(KafkaError):
        KafkaConsumer("mpp.ticketing", bootstrap_servers=secured.address, bootstrap_timeout_ms=3000)


def test_a_new_password_ends_the_old_one_and_a_removed_agency_is_out(secured: Secured):
    with Administration(secured.administrator()) as administration:
        first = add_agency(administration, "POLRES")
        second = add_agency(administration, "POLRES")
        secured.as_user("agency-polres", second).ends("mpp.ticketing")
        with NO_ENTRY:
            secured.as_user("agency-polres", first).ends("mpp.ticketing")
        administration.remove_user("agency-polres")
        assert administration.rights_of("agency-polres") == set()
    with NO_ENTRY:
        secured.as_user("agency-polres", second).ends("mpp.ticketing")


def test_preparing_again_changes_nothing_and_takes_away_what_was_added_by_hand(secured: Secured):
    with Administration(secured.administrator()) as administration:
        administration.set_user(
            "catalog", (secured.secrets / "kafka_catalog").read_text(), access.rights_of_service("ticketing")
        )
        access.prepare(administration, secured.secrets)
        assert administration.rights_of("catalog") == access.rights_of_service("catalog")


def test_the_topics_keep_their_events_for_thirty_days(secured: Secured):
    from kafka.admin import ConfigResource, ConfigResourceType

    kafka = secured.administrator()
    admin = KafkaAdminClient(bootstrap_servers=list(kafka.bootstrap), **kafka.login.options())
    try:
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "mpp.ticketing")])
        assert "2592000000" in str(found)
        assert len(admin.describe_topics(["mpp.ticketing"])[0]["partitions"]) == 3
    finally:
        admin.close()


def test_a_producer_is_stopped_by_the_broker_not_by_its_own_manners(secured: Secured):
    """The same attack by a client that was not written by us: plain kafka-python, no idempotence, no waiting."""
    login = secured.as_user("agency-bpn").login.options()
    producer = KafkaProducer(bootstrap_servers=secured.address, acks=1, enable_idempotence=False, **login)
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            producer.send("mpp.ticketing", b"forged").get(timeout=10)
    finally:
        producer.close(timeout=1)
