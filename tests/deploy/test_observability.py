"""What Prometheus and Grafana are told to show is what the processes tell; every alert says what to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.core import REGISTRY

from services.chassis.dead_letters import DeadLetters
from services.notifications.sms import dispatcher
from services.notifications.sms.outgoing import Outgoing
from services.notifications.webhooks import loops as webhooks
from services.ticketing.figures import queues
from services.ticketing.queue import Queue
from tools.local.system import WEBS, WORKERS

FOLDER = Path("deploy/observability")
CONFIG = FOLDER / "prometheus/prometheus.yml"
ALERTS = FOLDER / "prometheus/alerts.yml"
DASHBOARDS = sorted((FOLDER / "grafana/dashboards").glob("*.json"))
COMPOSE = yaml.safe_load(Path("docker-compose.yml").read_text())
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
NAME = re.compile(r"\bmpp_\w+")
LABELS = re.compile(r"\b(mpp_\w+)\{([^}]*)\}")
EVERYWHERE = {"job", "instance", "le"}  # Prometheus's own


def of_dashboard(file: Path) -> list[str]:
    panels = json.loads(file.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


EXPRESSIONS = {str(rule["alert"]): [rule["expr"]] for rule in RULES} | {
    one.stem: of_dashboard(one) for one in DASHBOARDS
}


@pytest.fixture
def told(database, store) -> dict[str, set[str]]:
    """Every figure that a process can tell, with its labels."""
    assert dispatcher.HANDOVERS  # what it counts is known once it is imported
    gate = webhooks.Gate(allowed=(), http=False)
    looked_up = (
        DeadLetters(database).figures,
        Outgoing(database).figures,
        webhooks.figures(store, gate),
        queues(Queue(store)),
    )
    found = {family.name: set(family._labelnames) for look in looked_up for family in look()}
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    for counted in {one for one in REGISTRY._collector_to_names if hasattr(one, "_labelnames")}:
        for end in ends[counted._type]:
            found[f"{counted._name}{end}"] = set(counted._labelnames)
    return found


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_what_is_shown_or_watched_is_told_by_a_process(told, place):
    for expression in EXPRESSIONS[place]:
        assert set(NAME.findall(expression)) <= told.keys() | {"mpp_"}, expression
        for name, chosen in LABELS.findall(expression):
            assert set(re.findall(r"(\w+)\s*[=!]", chosen)) <= told[name] | EVERYWHERE, expression


def test_every_figure_is_shown_or_watched(told):
    used = {name for expressions in EXPRESSIONS.values() for one in expressions for name in NAME.findall(one)}
    families = {
        name.removesuffix("_sum").removesuffix("_count").removesuffix("_bucket") for name in told if "mpp_" in name
    }
    assert {one for one in families if not any(name.startswith(one) for name in used)} == set()


def test_no_figure_names_a_ticket_a_person_or_a_class(told):
    few = {"method", "route", "status", "reason", "command", "outcome", "event", "cause", "outbox", "group", "topic"}
    few |= {"partition", "loop", "of", "gateway", "mall", "state"}
    assert {label for name, labels in told.items() if name.startswith("mpp_") for label in labels} <= few


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do(rule):
    file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = {line.strip("# \n").lower() for line in Path(file).read_text().splitlines() if line.startswith("#")}
    assert anchor in headings
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_prometheus_asks_every_process_of_compose():
    jobs = {job["job_name"]: job["dns_sd_configs"][0] for job in yaml.safe_load(CONFIG.read_text())["scrape_configs"]}
    assert jobs.keys() == {*WEBS, *(f"{name}-worker" for name in WORKERS)}
    for name, found in jobs.items():
        process = COMPOSE["services"][name]
        assert found["names"] == [name]
        assert "data" in process["networks"]
        bind = str(process["environment"]["METRICS_BIND"])
        assert found["port"] == (int(bind.rpartition(":")[2]) if name.endswith("-worker") else 8000)


def test_who_watches_is_started_only_where_somebody_wants_that_and_reaches_no_more_than_needed():
    watching = {name: one for name, one in COMPOSE["services"].items() if "observability" in one.get("profiles", [])}
    assert watching.keys() == {"prometheus", "grafana"}
    assert watching["prometheus"]["networks"] == ["data", "watch"]
    assert watching["grafana"]["networks"] == ["watch"]
    assert "ports" not in watching["prometheus"]
    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", one["image"]) for one in watching.values())
    assert "127.0.0.1" in watching["grafana"]["ports"][0]


def test_panels_ask_the_source_that_is_provided():
    provided = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    for file in DASHBOARDS:
        panels = json.loads(file.read_text())["panels"]
        assert {panel["datasource"]["uid"] for panel in panels} == {one["uid"] for one in provided}
        assert len({panel["title"] for panel in panels}) == len(panels)


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    return found


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_its_settings_and_every_alert_and_panel(promtool, tmp_path):
    run(promtool, "check", "config", CONFIG)
    panels = [one.replace("$mall", "x") for file in DASHBOARDS for one in of_dashboard(file)]
    rules = [{"record": f"panel_{place}", "expr": one} for place, one in enumerate(panels)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run(promtool, "check", "rules", tmp_path / "panels.yml")


STANDS = "0+0x20"  # a value that no longer moves


@pytest.mark.parametrize(
    ("alert", "series", "labels"),
    [
        ("ProcessGone", {'up{job="catalog-web"}': STANDS}, {"job": "catalog-web"}),
        (
            "RequestsFail",
            {
                'mpp_http_requests_total{job="catalog-web",status="200"}': "0+90x20",
                'mpp_http_requests_total{job="catalog-web",status="503"}': "0+10x20",
            },
            {"job": "catalog-web"},
        ),
        (
            "RelayStands",
            {'mpp_relay_last_pass_timestamp_seconds{job="ticketing-worker",outbox="events"}': STANDS},
            {"job": "ticketing-worker", "outbox": "events"},
        ),
        ("ConsumerStands", {'mpp_consumer_last_poll_timestamp_seconds{group="catalog"}': STANDS}, {"group": "catalog"}),
        (
            "ConsumerBehind",
            {
                'mpp_consumer_lag_records{group="catalog",partition="0"}': "600+0x20",
                'mpp_consumer_lag_records{group="catalog",partition="1"}': "600+0x20",
            },
            {"group": "catalog"},
        ),
        ("TextsOverdue", {"mpp_texts_overdue_seconds": "300+0x20"}, {}),
        (
            "NobodyCalls",
            {'mpp_queue_waiting{mall="pekalongan"}': "3+0x20", 'mpp_counters_open{mall="pekalongan"}': STANDS},
            {"mall": "pekalongan"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_alert_is_raised_when_it_should_be(promtool, tmp_path, alert, series, labels):
    rule = next(one for one in RULES if one["alert"] == alert)
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                "eval_time": "18m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            },
            {
                "expr": f'ALERTS{{alertname="{alert}",alertstate="firing"}}',
                "eval_time": "18m",
                "exp_samples": [{"labels": name_of(alert, labels, rule), "value": 1}],
            },
            {"expr": f'ALERTS{{alertname="{alert}",alertstate="firing"}}', "eval_time": "0m", "exp_samples": []},
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS.resolve())], "tests": [case]}))
    run(promtool, "test", "rules", file)


def name_of(alert: str, labels: dict[str, str], rule: dict) -> str:
    known = {"alertname": alert, "alertstate": "firing", "severity": rule["labels"]["severity"], **labels}
    return "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in known.items()) + "}"
