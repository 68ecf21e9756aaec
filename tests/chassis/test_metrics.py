"""What a process counts, and where it tells it."""

import contextlib
import threading
import time
import urllib.error
import urllib.request

import pipeline
import pytest
from prometheus_client.core import REGISTRY
from pymongo.errors import AutoReconnect, PyMongoError
from structlog.testing import capture_logs
from waiting import eventually

from services.chassis import metrics
from services.chassis.dead_letters import DeadLetters
from services.chassis.errors import Refused
from services.chassis.event_store import Conflict, EventStore
from services.chassis.life import Life
from services.chassis.worker import _keep
from services.kernel import tokens
from services.kernel.app import make_app
from services.kernel.tokens import Verifier


class SoldOut(Refused):
    """No place is left."""


class Count:
    """A command."""


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def client(tmp_path):
    tokens.make_keys(tmp_path)
    verifier = Verifier((tmp_path / "token_public.pem").read_text())
    return make_app("ticketing", verifier, [], {}, "MPP test").test_client()


@pytest.fixture
def served():
    """Starts the loop that tells figures; gives the address."""
    lives, threads = [], []

    def start(*figures) -> str:
        from servers import free_port

        port, life = free_port(), Life()
        thread = threading.Thread(target=metrics.serve(f"127.0.0.1:{port}", *figures), args=(life,))
        thread.start()
        lives.append(life)
        threads.append(thread)
        return f"http://127.0.0.1:{port}/metrics"

    yield start
    for life in lives:
        life.end()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def page(address: str) -> str:
    def answer() -> str:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address, timeout=5) as found:
            return found.read().decode()
        return ""

    metrics = eventually(answer)
    assert metrics, f"no process answers at {address}"
    return metrics


def test_a_request_is_counted_by_its_route_and_never_by_its_path(client):
    labels = {"method": "GET", "route": "/livez", "status": "200"}
    before = value("mpp_http_requests_total", **labels)
    client.get("/livez?ticket=20261124-JIQIB5zD7YKJMCqDar8ksQ")
    client.get("/ticketing/20261124-JIQIB5zD7YKJMCqDar8ksQ")
    assert value("mpp_http_requests_total", **labels) == before + 1
    told = client.get("/metrics").text
    assert 'route="none",status="404"' in told
    assert "JIQIB5zD7YKJMCqDar8ksQ" not in told


def test_a_method_that_somebody_made_up_becomes_no_label(client):
    client.open("/livez", method="BREW")
    told = client.get("/metrics").text
    assert 'method="other"' in told
    assert "BREW" not in told


def test_whoever_comes_through_a_gateway_is_told_nothing(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (("an event",), "decided", ""),
        ((), "repeated", ""),
        (SoldOut(), "refused", "sold-out"),
        (KeyError("x"), "failed", "KeyError"),
    ],
)
def test_a_command_is_counted_by_what_it_led_to(answer, outcome, reason):
    labels = {"command": "Count", "outcome": outcome, "reason": reason}
    before = value("mpp_commands_total", **labels)
    metrics.command(Count(), answer)
    assert value("mpp_commands_total", **labels) == before + 1


def test_what_became_true_is_counted_once_however_often_it_was_tried(store: EventStore, monkeypatch):
    events, retries = value("mpp_events_total", event="Counted"), value("mpp_append_retries_total", cause="Conflict")
    append, failures = store.append, [Conflict("somebody was faster")]

    def fails_once(commit):
        if failures:
            raise failures.pop()
        append(commit)

    monkeypatch.setattr(store, "append", fails_once)
    pipeline.counting(store).execute("pekalongan", pipeline.Count())
    assert value("mpp_events_total", event="Counted") == events + 1
    assert value("mpp_append_retries_total", cause="Conflict") == retries + 1


def test_partitions_that_went_to_another_member_are_told_by_that_one():
    lag = metrics.GroupLag("group")
    lag.tell({("topic", 0): 3, ("topic", 1): 4})
    lag.tell({("topic", 1): 5})
    labels = {"group": "group", "topic": "topic"}
    assert REGISTRY.get_sample_value("mpp_consumer_lag_records", labels | {"partition": "0"}) is None
    assert value("mpp_consumer_lag_records", **labels, partition="1") == 5
    lag.end()
    assert REGISTRY.get_sample_value("mpp_consumer_lag_records", labels | {"partition": "1"}) is None


def test_a_worker_tells_its_figures_and_looks_some_up_when_asked(served):
    looked = []

    def figures():
        looked.append(1)
        yield metrics.gauge("mpp_test_waiting", "Visitors who wait.", {"pekalongan": 7}, "mall")

    address = served(figures)
    assert 'mpp_test_waiting{mall="pekalongan"} 7.0' in page(address)
    page(address)
    assert len(looked) == 2


def test_figures_that_the_database_keeps_from_us_are_left_out_and_the_others_told(served):
    def away():
        raise PyMongoError("away")

    def here():
        yield metrics.gauge("mpp_test_here", "Here.", {"a": 1}, "what")

    assert 'mpp_test_here{what="a"} 1.0' in page(served(away, here))
    assert any("away" in labels for labels in [sample.labels["of"] for sample in left_out()])


def left_out():
    return [one for metric in metrics.LEFT_OUT.collect() for one in metric.samples if one.name.endswith("_total")]


def test_dead_letters_are_counted_by_group_while_nobody_has_decided_about_them(database):
    letters = DeadLetters(database)
    record = type("Record", (), {"topic": "t", "partition": 0, "offset": 1, "key": b"", "value": b"x", "headers": []})
    letters.park("hearers", record, "why")
    (family,) = letters.figures()
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"group": "hearers"}, 1)]
    letters.discard(letters.latest("", 1)[0].id, by="Ibu Sri", why="a test")
    (family,) = letters.figures()
    assert family.samples == []


@pytest.mark.parametrize(("error", "is_surprise"), [(RuntimeError("gone wrong"), True), (AutoReconnect("away"), False)])
def test_a_loop_that_fails_is_counted_and_told_at_length_only_where_nobody_expected_it(error, is_surprise):
    before, life = value("mpp_loop_restarts_total", loop="fragile"), Life()

    def loop(life: Life) -> None:
        life.end()
        raise error

    with capture_logs() as logged:
        _keep("fragile", loop, life)
    assert value("mpp_loop_restarts_total", loop="fragile") == before + 1
    assert [(line["cause"], line["exc_info"]) for line in logged] == [(repr(error), is_surprise)]


def test_a_relay_tells_how_late_it_is_and_a_consumer_how_far_behind(store, kafka_settings):
    relayed = value("mpp_relay_delay_seconds_count", outbox="events")
    handled = value("mpp_consumed_total", group="counters", outcome="handled")
    from services.chassis.inbox import consume
    from services.chassis.journal import Journal
    from services.chassis.outbox import Topic, relay

    journal = Journal(store.database)
    loops = [
        relay(store, "events", lambda: Topic(kafka_settings, pipeline.TOPIC, pipeline.publish, journal)),
        consume(
            kafka_settings,
            "counters",
            [pipeline.TOPIC],
            {"counted.v1": pipeline.on_counted},
            pipeline.hearing(store),
            pipeline.DEAD_LETTERS,
        ),
    ]
    lives = [Life() for _ in loops]
    threads = [threading.Thread(target=loop, args=(life,)) for loop, life in zip(loops, lives, strict=True)]
    for thread in threads:
        thread.start()
    try:
        assert pipeline.eventually(lambda: value("mpp_relay_last_pass_timestamp_seconds", outbox="events"))
        pipeline.counting(store).execute("pekalongan", pipeline.Count())
        assert pipeline.eventually(lambda: value("mpp_relay_delay_seconds_count", outbox="events") > relayed)
        assert pipeline.eventually(lambda: value("mpp_consumed_total", group="counters", outcome="handled") > handled)
        told = {"group": "counters", "topic": pipeline.TOPIC, "partition": "0"}
        assert pipeline.eventually(lambda: REGISTRY.get_sample_value("mpp_consumer_lag_records", told) == 0)
        assert time.time() - value("mpp_consumer_last_poll_timestamp_seconds", group="counters") < 5
    finally:
        for life in lives:
            life.end()
        for thread in threads:
            thread.join(10)
