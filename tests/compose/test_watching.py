"""Prometheus, as compose starts it, sees every process; nobody outside sees what it sees."""

import json
import os
import subprocess
import urllib.parse

import pytest
import yaml
from compose.conftest import MALL, client, compose, eventually
from deploy.test_observability import DASHBOARDS, RULES, of_dashboard

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]


@pytest.fixture(scope="module")
def prometheus():
    """Asks Prometheus by its HTTP API, from inside its container: it has no port outside."""
    with open("docker-compose.yml") as file:
        image = yaml.safe_load(file)["services"]["prometheus"]["image"]
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
        pytest.skip(f"{image} is not here")
    compose("up", "-d", "--no-build", "--wait", "prometheus")

    def ask(path: str, **query: str):
        url = f"http://127.0.0.1:9090/api/v1/{path}?{urllib.parse.urlencode(query)}"
        said = compose("exec", "-T", "prometheus", "wget", "-q", "-O", "-", url).stdout
        return json.loads(said)["data"]

    yield ask
    compose("rm", "--force", "--stop", "prometheus")


def test_every_process_is_seen_and_those_that_are_scaled_each(prometheus):
    compose("up", "-d", "--no-build", "--wait", "--scale", "ticketing-web=3", "ticketing-web")

    def up() -> dict[str, int]:
        found = prometheus("query", query="sum by (job) (up)")["result"]
        return {one["metric"]["job"]: int(one["value"][1]) for one in found}

    services = ("catalog", "ticketing", "notifications")
    wanted = {f"{name}-{kind}": 1 for name in services for kind in ("web", "worker")}
    assert eventually(lambda: up() == wanted | {"ticketing-live": 1, "ticketing-web": 3}, 90), up()
    compose("up", "-d", "--no-build", "--wait", "--scale", "ticketing-web=1", "ticketing-web")


def test_every_alert_is_watched_and_every_panel_can_be_asked(prometheus):
    watched = {rule["name"]: rule["health"] for group in prometheus("rules")["groups"] for rule in group["rules"]}
    assert watched.keys() == {rule["alert"] for rule in RULES}
    for panel in [one for file in DASHBOARDS for one in of_dashboard(file)]:
        prometheus("query", query=panel.replace("$mall", MALL).replace("$__rate_interval", "1m"))
    assert prometheus("query", query=f'mpp_counters_open{{mall="{MALL}"}}')["result"]
    assert prometheus("query", query="mpp_http_requests_total")["result"]


@pytest.mark.parametrize(
    "path",
    [
        *(f"{service}/metrics" for service in ("", "/catalog", "/ticketing", "/ticketing/live", "/notifications")),
        *("//metrics", "/%6detrics", "/metrics/", "/metrics?x=1", "/ticketing/../metrics", "/ticketing/%2e%2e/metrics"),
        *("/ticketing//metrics", "/ticketing/live/..%2f..%2fmetrics", "/METRICS"),
    ],
)
def test_nobody_outside_is_told_a_figure(path: str):
    with client("administrator") as somebody:  # the path as it stands here: nothing tidies it up on the way
        answer = somebody.get(somebody.base_url.copy_with(raw_path=path.encode()))
    assert answer.status_code == 404
    assert "mpp_" not in answer.text
