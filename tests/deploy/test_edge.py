"""The edge of the compose deployment: who has a way out, who has a port, which files the gateway reads."""

import re
from pathlib import Path

import yaml

from services.catalog.access import provider

COMPOSE = yaml.safe_load(Path("docker-compose.yml").read_text())
OIDC = yaml.safe_load(Path("deploy/oidc.yml").read_text())
SERVICES = COMPOSE["services"]
OPEN = {name for name, network in COMPOSE["networks"].items() if not (network or {}).get("internal")}


def reach_out(services: dict) -> set[str]:
    return {name for name, service in services.items() if OPEN & set(service.get("networks", []))}


def test_only_processes_that_ask_other_machines_have_a_way_out():
    assert reach_out(SERVICES) == {
        "gateway",  # for its ports
        "kafka-gateway",
        "notifications-worker",  # SMS gateways, webhooks and the names of their servers
        "prometheus",
        "grafana",  # for its port
    }
    assert reach_out(OIDC["services"]) == {"catalog-web"}
    assert all(service.get("network_mode", "service:").startswith("service:") for service in SERVICES.values())


def test_only_gateways_share_a_network_with_published_ports():
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"gateway", "kafka-gateway", "grafana"}
    assert {name for name, service in SERVICES.items() if "public" in service.get("networks", [])} == {
        "gateway",
        "kafka-gateway",
    }
    assert set(SERVICES["gateway"]["networks"]) == {"public", "edge"}
    assert COMPOSE["networks"]["edge"]["internal"]
    assert COMPOSE["networks"]["data"]["internal"]


def test_client_secret_of_the_provider_is_a_file():
    settings = set(re.findall(r'"(OIDC_\w+)"', Path(provider.__file__).read_text()))
    environment = OIDC["services"]["catalog-web"]["environment"]
    assert environment.keys() == settings - {"OIDC_CLIENT_SECRET"} | {"OIDC_CLIENT_SECRET_FILE"}
    secret = Path(environment["OIDC_CLIENT_SECRET_FILE"]).name
    assert secret in OIDC["secrets"]
    assert secret in OIDC["services"]["catalog-web"]["secrets"]


def test_environments_hold_no_secret():
    environments = [service.get("environment", {}) for file in (COMPOSE, OIDC) for service in file["services"].values()]
    names = {name for environment in environments for name in environment}
    secrets = {name for name in names if re.search("PASSWORD|SECRET|PRIVATE|TOKEN|KEYS", name)}
    assert {name for name in secrets if not name.endswith("_FILE")} == set()
    files = {file["path"] for one in SERVICES.values() for file in one.get("env_file", [])}
    assert files == {".env"}  # the choice of an SMS gateway; its passwords are files too (SMS_…_FILE)


def test_every_file_that_the_gateway_includes_is_mounted():
    mounted = {}
    for volume in SERVICES["gateway"]["volumes"]:
        if isinstance(volume, str):
            source, target, _ = volume.split(":")
        else:
            source, target = volume["source"], volume["target"]
        mounted[target] = source
    sources = [
        text.replace("${MPP_SCHEME:-https}", scheme) for text in mounted.values() for scheme in ("http", "https")
    ]
    text = "".join(Path(source).read_text() for source in sources)
    included = set(re.findall(r"^\s*include (\S+);", text, re.MULTILINE))
    assert {f"/etc/nginx/{name}" if "/" not in name else name for name in included} == {
        *(mounted.keys() - {"/etc/nginx/nginx.conf"}),
        "/tmp/port.conf",
    }
