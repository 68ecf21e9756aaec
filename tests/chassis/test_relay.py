"""The relay's memory, on a real store, with a destination that only counts."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pipeline import eventually

from services.chassis import outbox
from services.chassis.event_store import Commit, EventStore, StoredCommand, StoredEvent
from services.chassis.life import Life
from services.chassis.outbox import Lease, relay, request_replay


class Heap:
    """A destination that keeps what it gets."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()

    def deliver(self, commit: Commit) -> None:
        self.got[commit.id] += 1

    def confirm(self) -> Mapping[str, int]:
        return {}

    def close(self) -> None:
        pass


def append(store: EventStore, version: int) -> None:
    event, command = StoredEvent("Happened", {}), StoredCommand(f"c{version}")
    store.append(Commit("s", version, [event], [command], datetime.now(UTC), outboxes=("events",)))


@pytest.fixture
def heap(store: EventStore) -> Iterator[Heap]:
    """What a relay has delivered that follows the store by now."""
    heap, life = Heap(), Life()

    def keep_going() -> None:
        while life.goes_on():
            relay(store, "events", lambda: heap)(life)

    thread = threading.Thread(target=keep_going)
    thread.start()
    assert eventually(lambda: (store.database["leases"].find_one({"_id": "events"}) or {}).get("position"))
    yield heap
    life.end()
    thread.join()


def test_a_replay_that_outlasts_its_lease_is_done_once(store: EventStore, heap: Heap, monkeypatch):
    monkeypatch.setattr(outbox, "LEASE", timedelta(milliseconds=1))  # renewed at every look, as in a long replay
    append(store, 1)
    append(store, 2)
    assert eventually(lambda: heap.got == {"s@1": 1, "s@2": 1})
    assert request_replay(store) == 1
    assert eventually(lambda: heap.got["s@2"] == 2)
    append(store, 3)
    assert eventually(lambda: heap.got["s@3"] == 1)
    assert heap.got == {"s@1": 2, "s@2": 2, "s@3": 1}


def test_a_relay_that_dies_during_a_replay_leaves_it_to_the_next(store: EventStore):
    lease = Lease(store, "events")
    lease.save({"_data": "somewhere"}, {})
    lease.start_over()
    with pytest.raises(outbox.ReplayNeeded, match="no position"):
        lease.remembered({})
