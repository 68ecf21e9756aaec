"""Settings: from the environment or from files, every fault told at once."""

import pytest

from services.catalog.app import create_app as catalog
from services.chassis.broker import Kafka, Login
from services.chassis.config import Env, Settings
from services.kernel import tokens
from services.notifications.worker import main as notifications_worker

SETTINGS = ("MONGO_URL", "MONGO_DATABASE", "LOG_LEVEL", "TOKEN_PUBLIC_KEY", "KAFKA_BOOTSTRAP", "SMS_LOG_FILE")
SETTINGS += tuple(f"KAFKA_{name}" for name in ("SECURITY_PROTOCOL", "SASL_MECHANISM", "SASL_USERNAME", "SASL_PASSWORD"))
SETTINGS += ("KAFKA_SSL_CAFILE", "PUBLIC_URL")


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def read_settings() -> Settings:
    env = Env()
    settings = Settings.from_env(env, "ticketing")
    env.check()
    return settings


def faults(start, capsys) -> list[str]:
    """What a process says before it ends because of its settings."""
    with pytest.raises(SystemExit) as end:
        start()
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()


def test_what_is_not_given_has_a_sensible_value(monkeypatch):
    monkeypatch.setenv("MONGO_URL", "mongodb://mongo:27017/?replicaSet=rs0")
    assert read_settings() == Settings("mongodb://mongo:27017/?replicaSet=rs0", "ticketing", "INFO")


def test_what_is_given_counts(monkeypatch):
    for name, value in {"MONGO_URL": "mongodb+srv://atlas", "MONGO_DATABASE": "antrean", "LOG_LEVEL": "DEBUG"}.items():
        monkeypatch.setenv(name, value)
    assert read_settings() == Settings("mongodb+srv://atlas", "antrean", "DEBUG")


def test_schemas_are_at_the_public_address_where_there_is_one(monkeypatch, capsys):
    monkeypatch.setenv("MONGO_URL", "mongodb://mongo/")
    assert read_settings().schemas == "urn:mpp:event:{type}"
    for address in ("https://mpp.example.go.id", "https://mpp.example.go.id/"):
        monkeypatch.setenv("PUBLIC_URL", address)
        assert read_settings().schemas == "https://mpp.example.go.id/ticketing/api/schemas/{type}.json"
    for wrong in ("mpp.example.go.id", "https://mpp.example.go.id/antrean", "https://{mpp}"):
        monkeypatch.setenv("PUBLIC_URL", wrong)
        [fault] = faults(read_settings, capsys)
        assert fault.startswith("setting PUBLIC_URL: ")


def test_a_setting_can_lie_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("mongodb://user:secret@mongo/")
    monkeypatch.setenv("MONGO_URL_FILE", str(tmp_path / "url"))
    assert read_settings().mongo_url == "mongodb://user:secret@mongo/"


def test_the_token_key_can_lie_in_a_file(monkeypatch, tmp_path):
    tokens.make_keys(tmp_path)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
    env = Env()
    key = tokens.public_key(env)
    env.check()
    private = (tmp_path / "token_private.pem").read_bytes()
    token = tokens.mint(private, name="Ibu Sri", role="operator")
    assert tokens.Verifier(key).actor(f"Bearer {token}").name == "Ibu Sri"


def test_kafka_is_read_from_a_list_of_brokers(monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka-1:9092,kafka-2:9092")
    env = Env()
    kafka = Kafka.from_env(env)
    env.check()
    assert kafka == Kafka(("kafka-1:9092", "kafka-2:9092"), session_timeout_ms=10000, partitions=3, replication=1)


def read_kafka() -> Kafka:
    env = Env()
    kafka = Kafka.from_env(env)
    env.check()
    return kafka


def test_the_login_of_kafka_has_its_password_in_a_file_and_shows_it_nowhere(monkeypatch, tmp_path):
    (tmp_path / "password").write_text("rahasia\n")
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----")
    given = {"BOOTSTRAP": "kafka:9092", "SECURITY_PROTOCOL": "SASL_SSL", "SASL_USERNAME": "ticketing"}
    given |= {"SASL_PASSWORD_FILE": str(tmp_path / "password"), "SSL_CAFILE": str(tmp_path / "ca.pem")}
    for name, value in given.items():
        monkeypatch.setenv(f"KAFKA_{name}", value)
    kafka = read_kafka()
    assert kafka.login == Login("SASL_SSL", "SCRAM-SHA-512", "ticketing", "rahasia", str(tmp_path / "ca.pem"))
    assert "rahasia" not in repr(kafka)


def test_a_login_of_kafka_that_is_not_whole_is_told_in_full(monkeypatch, capsys):
    given = {"BOOTSTRAP": "kafka:9092", "SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "GUESS"}
    for name, value in (given | {"SSL_CAFILE": "/nowhere.pem"}).items():
        monkeypatch.setenv(f"KAFKA_{name}", value)
    assert sorted(line.split(":")[0] for line in faults(read_kafka, capsys)) == [
        "setting KAFKA_SASL_MECHANISM",
        "setting KAFKA_SASL_PASSWORD",
        "setting KAFKA_SASL_USERNAME",
        "setting KAFKA_SSL_CAFILE",
    ]


def test_an_unknown_protocol_of_kafka_is_told(monkeypatch, capsys):
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "TRUST_ME")
    assert [line.split(":")[0] for line in faults(read_kafka, capsys)] == ["setting KAFKA_SECURITY_PROTOCOL"]


def test_a_web_process_lists_all_that_is_missing_or_wrong_at_once(monkeypatch, capsys):
    monkeypatch.setenv("TOKEN_PUBLIC_KEY", "rahasia")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    said = faults(catalog, capsys)
    assert [line.split(":")[0] for line in said] == [
        "setting MONGO_URL",
        "setting LOG_LEVEL",
        "setting TOKEN_PUBLIC_KEY",
    ]
    assert "must be a public key in PEM" in said[2]


def test_a_worker_lists_all_that_is_missing_or_wrong_at_once(monkeypatch, capsys):
    monkeypatch.setenv("MONGO_URL", "postgres://elsewhere")
    monkeypatch.setenv("KAFKA_SESSION_TIMEOUT_MS", "soon")
    said = faults(notifications_worker, capsys)
    assert sorted(line.split(":")[0] for line in said) == [
        "setting KAFKA_BOOTSTRAP",
        "setting KAFKA_SESSION_TIMEOUT_MS",
        "setting MONGO_URL",
        "setting SMS_LOG_FILE",
    ]


def test_a_fault_does_not_tell_what_was_set(monkeypatch, capsys):
    monkeypatch.setenv("MONGO_URL", "user:secret@mongo")
    assert "secret" not in "\n".join(faults(read_settings, capsys))
