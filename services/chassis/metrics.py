"""What a process counts for Prometheus: web processes tell it on `/metrics`, workers on a port of their own.

Labels take few values: names from this code, groups and topics, keys of streams. Never a person, nor what is about one.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import REGISTRY, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from pymongo.errors import PyMongoError

from services.chassis.errors import Problem
from services.chassis.life import Life, Loop

__all__ = ["GaugeMetricFamily", "Metric"]

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each of them began: nobody asks

log = structlog.get_logger()

MILLISECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

REQUESTS = Counter("mpp_http_requests", "Requests by what answered them.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "mpp_http_request_seconds", "Until the answer began, in seconds.", ["route"], buckets=MILLISECONDS
)
PROBLEMS = Counter("mpp_problems", "Problems that were told, by reason code.", ["status", "reason"])
COMMANDS = Counter(
    "mpp_commands",
    "Commands by outcome: decided, repeated (nothing new), refused (and why), failed (and of what).",
    ["command", "outcome", "reason"],
)
EVENTS = Counter("mpp_events", "Events that became true through this process, by stored type.", ["event"])
APPEND_SECONDS = Histogram("mpp_append_seconds", "Until the store had a commit.", buckets=MILLISECONDS)
APPEND_RETRIES = Counter("mpp_append_retries", "Appends tried again: Conflict, or no answer (Unsettled).", ["cause"])
RELAY_DELAY = Histogram(
    "mpp_relay_delay_seconds",
    "From a commit to its being passed on.",
    ["outbox"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0),
)
RELAY_PASSED = Gauge(
    "mpp_relay_last_pass_timestamp_seconds", "When all that was found had been passed on, as Unix time.", ["outbox"]
)
REPLAYS = Counter("mpp_relay_replays", "How often everything was delivered again from the store.", ["outbox"])
CONSUMED = Counter("mpp_consumed", "Records of topics by outcome: handled, ignored, parked.", ["group", "outcome"])
CONSUMER_LAG = Gauge(
    "mpp_consumer_lag_records", "Records that this member's group has not yet handled.", ["group", "topic", "partition"]
)
CONSUMER_POLLED = Gauge(
    "mpp_consumer_last_poll_timestamp_seconds", "When the group's member last had nothing in hand.", ["group"]
)
LOOP_RESTARTS = Counter("mpp_loop_restarts", "How often a loop of a worker failed and was started again.", ["loop"])
LEFT_OUT = Counter("mpp_figures_left_out", "Figures that could not be looked up when they were asked for.", ["of"])

Figures = Callable[[], Iterable[Metric]]  # what is looked up when it is asked for, rather than counted


def command(given: object, answer: object) -> None:
    """Count a command and what it led to: the events, or the exception."""
    match answer:
        case Problem() as problem:
            outcome = "refused", problem.reason
        case BaseException() as error:
            outcome = "failed", type(error).__name__
        case ():
            outcome = "repeated", ""
        case _:
            outcome = "decided", ""
    COMMANDS.labels(type(given).__name__, *outcome).inc()


def request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request; `route` is the rule, not the path."""
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def passed_on(outbox: str, delays: Iterable[float] = ()) -> None:
    """All that was found in the outbox has arrived; how old it was, in seconds."""
    RELAY_PASSED.labels(outbox).set(time.time())
    for delay in delays:
        RELAY_DELAY.labels(outbox).observe(max(delay, 0.0))


class GroupLag:
    """How far a group's member is behind, of the partitions that it has now."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._told: set[tuple[str, int]] = set()

    def tell(self, behind: Mapping[tuple[str, int], int]) -> None:
        """So many records by topic and partition; those that are not named are somebody else's now."""
        for topic, partition in self._told - behind.keys():
            CONSUMER_LAG.remove(self._group, topic, str(partition))
        for (topic, partition), records in behind.items():
            CONSUMER_LAG.labels(self._group, topic, str(partition)).set(records)
        self._told = set(behind)
        CONSUMER_POLLED.labels(self._group).set(time.time())

    def end(self) -> None:
        """It has no partitions any more."""
        for topic, partition in self._told:
            CONSUMER_LAG.remove(self._group, topic, str(partition))
        self._told = set()


def gauge(name: str, about: str, values: Mapping[str, float], label: str) -> GaugeMetricFamily:
    """A figure by the values of one label."""
    family = GaugeMetricFamily(name, about, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def page() -> bytes:
    """All figures of a web process and its siblings, in Prometheus's text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def serve(bind: str, *figures: Figures) -> Loop:
    """A loop that tells this process's figures on `host:port`; on none, if it is empty."""
    host, _, port = bind.rpartition(":")

    def loop(life: Life) -> None:
        looked_up = _LookedUp(figures)
        REGISTRY.register(looked_up)
        try:
            server, thread = start_http_server(int(port), host) if bind else (None, None)
            while life.goes_on():
                life.rest(1.0)
            if server and thread:
                server.shutdown()
                server.server_close()
                thread.join()
        finally:
            REGISTRY.unregister(looked_up)

    return loop


class _LookedUp(Collector):
    """Figures from elsewhere: what cannot be looked up now is left out, so that the others are told."""

    def __init__(self, figures: Iterable[Figures]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterator[Metric]:
        """Look all of them up."""
        for look in self._figures:
            try:
                yield from list(look())
            except (PyMongoError, Problem) as error:
                LEFT_OUT.labels(look.__qualname__).inc()
                log.warning("figures left out", of=look.__qualname__, cause=type(error).__name__)

    def describe(self) -> list[Metric]:
        """Nothing beforehand: it would mean to look them up."""
        return []
