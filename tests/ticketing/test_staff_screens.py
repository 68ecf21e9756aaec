"""What screens of staff show right after a change of the catalogue."""

import pytest
from ticketing.conftest import PEKALONGAN

from services.ticketing import queue
from services.ticketing.domain.mall import CounterForgotten
from services.ticketing.queue import Queue, mall_stream

LATER = (999, 0)


@pytest.fixture
def hour_long_cache(monkeypatch):
    """Let a process keep a mall's catalogue for an hour, so that a test does not depend on half a second."""
    monkeypatch.setattr(queue, "CATALOG_AGE", 3600.0)


def withdraw(store, counter: str) -> None:
    Queue(store).malls.execute(mall_stream("pekalongan"), CounterForgotten(counter, LATER))


@pytest.mark.usefixtures("hour_long_cache")
def test_console_shows_at_once_that_its_counter_was_withdrawn(client, store, bearer):
    asked = {"path": f"{PEKALONGAN}/counters/G02", "headers": bearer("operator", counter="G02")}
    client.post(f"{PEKALONGAN}/counters/G02/opening", headers=asked["headers"])
    assert client.get(**asked).json["withdrawn"] is False
    withdraw(store, "G02")
    assert client.get(**asked).json["withdrawn"] is True


@pytest.mark.usefixtures("hour_long_cache")
def test_overview_shows_at_once_that_a_counter_was_withdrawn(client, store, bearer):
    asked = {"path": f"{PEKALONGAN}/overview", "headers": bearer("supervisor")}
    assert "G02" in [desk["counter"] for desk in client.get(**asked).json["counters"]]
    withdraw(store, "G02")
    assert "G02" not in [desk["counter"] for desk in client.get(**asked).json["counters"]]
