"""The relay's memory, on a real store, with a destination that only counts."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pipeline import eventually

from services.chassis import outbox
from services.chassis.event_store import Commit, EventStore, StoredCommand, StoredEvent
from services.chassis.life import Life
from services.chassis.outbox import Lease, Reached, ReplayNeeded, relay, request_replay


class Heap:
    """A destination that keeps what it gets."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()
        self.lost = False

    def deliver(self, commit: Commit) -> None:
        self.got[commit.id] += 1

    def confirm(self) -> Reached:
        if self.lost:
            self.lost = False
            raise ReplayNeeded("a part is gone")
        return Reached()

    def close(self) -> None:
        pass


def append(store: EventStore, version: int) -> None:
    event, command = StoredEvent("Happened", {}), StoredCommand(f"c{version}")
    store.append(Commit("s", version, [event], [command], datetime.now(UTC), outboxes=("events",)))


@contextmanager
def following(store: EventStore, name: str) -> Iterator[Heap]:
    """What a relay of this name has delivered that follows the store by now."""
    heap, life = Heap(), Life()

    def keep_going() -> None:
        while life.goes_on():
            relay(store, "events", lambda: heap, name=name)(life)

    thread = threading.Thread(target=keep_going)
    thread.start()
    try:
        assert eventually(lambda: (store.database["leases"].find_one({"_id": name}) or {}).get("position"))
        yield heap
    finally:
        life.end()
        thread.join()


@pytest.fixture
def heap(store: EventStore) -> Iterator[Heap]:
    """What the first relay of the outbox has delivered."""
    with following(store, "events") as heap:
        yield heap


@pytest.fixture
def short_lease(monkeypatch) -> None:
    """Let a lease that is taken from now on be renewed at every look, as in a long replay."""
    monkeypatch.setattr(outbox, "LEASE", timedelta(milliseconds=1))


def test_a_replay_that_outlasts_its_lease_is_done_once(store: EventStore, short_lease: None, heap: Heap):
    append(store, 1)
    append(store, 2)
    assert eventually(lambda: heap.got == {"s@1": 1, "s@2": 1})
    assert request_replay(store) == 1
    assert eventually(lambda: heap.got["s@2"] == 2)
    append(store, 3)
    assert eventually(lambda: heap.got["s@3"] == 1)
    assert heap.got == {"s@1": 2, "s@2": 2, "s@3": 1}


def test_second_relay_of_an_outbox_delivers_all_of_it(store: EventStore, heap: Heap):
    append(store, 1)
    assert eventually(lambda: heap.got == {"s@1": 1})
    with following(store, "copies") as copies:
        assert copies.got == {"s@1": 1}, "what the first one delivered before the second existed"
        append(store, 2)
        assert eventually(lambda: copies.got == heap.got == {"s@1": 1, "s@2": 1})
        assert request_replay(store) == 2


def test_a_relay_that_dies_during_a_replay_leaves_it_to_the_next(store: EventStore):
    lease = Lease(store, "events")
    lease.save({"_data": "somewhere"}, Reached())
    lease.start_over()
    assert lease.recall(Reached()) == (None, "no position yet")


def test_what_a_destination_lost_is_delivered_again_even_if_it_looks_whole_afterwards(store: EventStore, heap: Heap):
    append(store, 1)
    append(store, 2)
    assert eventually(lambda: heap.got == {"s@1": 1, "s@2": 1})
    heap.lost = True
    assert eventually(lambda: heap.got == {"s@1": 2, "s@2": 2})


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (Reached("log", {"0": 5, "1": 2}), ""),
        (Reached("log", {"0": 6, "1": 2, "2": 1}), ""),
        (Reached("log", {"0": 4, "1": 2}), "the destination lost what it had"),
        (Reached("log", {"0": 5}), "the destination lost what it had"),
        (Reached("another", {"0": 5, "1": 2}), "the destination lost what it had"),
    ],
)
def test_a_log_that_is_shorter_or_another_one_has_lost_something(store: EventStore, found: Reached, cause: str):
    lease = Lease(store, "events")
    lease.save({"_data": "somewhere"}, Reached("log", {"0": 5, "1": 2}))
    assert lease.recall(found) == (None if cause else {"_data": "somewhere"}, cause)


def test_a_position_that_an_older_release_left_counts_though_it_names_no_log(store: EventStore):
    lease = Lease(store, "events")
    left = {"position": {"_data": "somewhere"}, "reached": {"0": 5}}
    store.database["leases"].update_one({"_id": "events"}, {"$set": left})
    assert lease.recall(Reached("log", {"0": 5})) == ({"_data": "somewhere"}, "")
