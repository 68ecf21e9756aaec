"""`make secrets`: everything compose names, each made once. The certificate: test_certificates."""

import stat
from pathlib import Path

import pytest
import yaml

from deploy import make_secrets

COMPOSE = yaml.safe_load(Path("docker-compose.yml").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "secrets"
    make_secrets.make(made, ["antrean.example", "192.168.1.10"])
    return made


def test_every_secret_that_compose_names_is_made(folder: Path):
    named = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert named <= {file.name for file in folder.iterdir()}


def test_the_folder_is_shut_and_each_container_can_read_its_file(folder: Path):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o644}


def test_what_is_there_stays(folder: Path):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    make_secrets.make(folder, ["another.example"])
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_password_whose_file_is_removed_is_made_anew_with_all_that_holds_it(folder: Path):
    old = (folder / "kafka_admin").read_text()
    (folder / "kafka_admin").unlink()
    make_secrets.make(folder, [])
    new = (folder / "kafka_admin").read_text()
    assert new != old
    assert (folder / "kafka_jaas").read_text().count(new) == 4
    assert old not in (folder / "kafka_jaas").read_text()


def test_no_two_passwords_are_the_same(folder: Path):
    passwords = [(folder / name).read_text() for name in make_secrets.PASSWORDS]
    assert len(set(passwords)) == len(passwords) == 10
    assert min(map(len, passwords)) >= 32


def test_a_certificate_that_was_given_is_left_alone(tmp_path: Path):
    (tmp_path / "tls_cert.pem").write_text("given")
    (tmp_path / "tls_key.pem").write_text("given too")
    make_secrets.make(tmp_path, [])
    assert (tmp_path / "tls_cert.pem").read_text() == "given"


def test_the_key_of_the_replica_set_is_one_that_mongodb_takes(folder: Path):
    key = (folder / "mongo_keyfile").read_text()
    assert 6 <= len(key) <= 1024  # of base64's characters alone
    assert key.replace("+", "").replace("/", "").rstrip("=").isalnum()


def test_no_password_stands_in_the_compose_file():
    text = Path("docker-compose.yml").read_text().lower()
    assert [line for line in text.splitlines() if "password:" in line] == []


def test_containers_have_read_only_disks_limits_and_no_capabilities():
    for name, service in COMPOSE["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["mem_limit"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["logging"]["options"]["max-size"], name


def test_images_are_named_by_exact_tags():
    images = {service["image"] for service in COMPOSE["services"].values()}
    assert all(image.startswith("mpp-") or image.partition(":")[2].count(".") >= 1 for image in images)
