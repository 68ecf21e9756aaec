"""The metrics of each mall's queue that ticketing's worker exports."""

from datetime import timedelta

import pytest
from ticketing.conftest import PEKALONGAN

from services.ticketing import figures
from services.ticketing.queue import Queue

SERVICE = {"service": "DUKCAPIL-KTPREKAM", "priority": None}


@pytest.fixture
def metrics(store, clock):
    """Return the metrics that another process on the same store exports."""

    def read() -> dict[str, dict[str, float]]:
        families = figures.queues(Queue(store))()
        return {one.name: {sample.labels["mall"]: sample.value for sample in one.samples} for one in families}

    return read


def test_before_anybody_came_nobody_waits(client, metrics):
    found = metrics()
    assert found["mpp_queue_waiting"] == {"pekalongan": 0}
    assert found["mpp_queue_oldest_wait_seconds"] == {"pekalongan": 0}


def test_who_waits_and_how_long_the_first_has_waited(client, metrics, clock):
    client.post(f"{PEKALONGAN}/tickets", json=SERVICE | {"priority": "elderly"})
    clock.at += timedelta(minutes=10)
    client.post(f"{PEKALONGAN}/tickets", json=SERVICE)
    clock.at += timedelta(minutes=5)
    found = metrics()
    assert found["mpp_queue_waiting"] == {"pekalongan": 2}
    assert found["mpp_queue_oldest_wait_seconds"] == {"pekalongan": 15 * 60}
    assert found["mpp_tickets_today"] == {"pekalongan": 2}
    assert found["mpp_places_left"] == {"pekalongan": 98}


def test_places_left_follow_a_change_of_capacity(client, known, metrics):
    client.post(f"{PEKALONGAN}/tickets", json=SERVICE)
    for capacity, left in ((50, 49), (1, 0), (0, 0)):
        known(capacity)
        assert metrics()["mpp_places_left"] == {"pekalongan": left}


def test_who_is_called_waits_no_more(client, metrics, clock, g02):
    client.post(f"{PEKALONGAN}/tickets", json=SERVICE)
    client.post(f"{PEKALONGAN}/counters/G02/calls", headers=g02)
    found = metrics()
    assert found["mpp_queue_waiting"] == {"pekalongan": 0}
    assert found["mpp_counters_open"] == {"pekalongan": 1}
