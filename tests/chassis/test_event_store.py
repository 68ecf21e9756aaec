"""The promises of the event store, on a real server: what every store of this house must pass."""

import threading
from datetime import UTC, datetime

import pytest

from services.chassis.event_store import Commit, Conflict, EventStore, StoredCommand, StoredEvent

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def commit(stream: str = "s", version: int = 1, commands: tuple[str, ...] = ("c1",), outboxes=("events",)) -> Commit:
    events = [StoredEvent("Happened", {"by": name, "list": [1, {"deep": None}]}, n) for n, name in enumerate(commands)]
    return Commit(stream, version, events, [StoredCommand(name, "digest", "siti") for name in commands], AT, "t", outboxes)


def test_what_was_appended_is_read_back_the_same(store: EventStore):
    first, second = commit(version=1), commit(version=2, commands=("c2", "c3"))
    store.append(first)
    store.append(second)
    assert [(c.id, list(c.events), list(c.commands), c.at, c.trace) for c in store.read("s")] == [
        (c.id, list(c.events), list(c.commands), c.at, c.trace) for c in (first, second)
    ]


def test_the_tail_begins_after_the_version_given(store: EventStore):
    for version in range(1, 6):
        store.append(commit(version=version, commands=(f"c{version}",)))
    assert [c.version for c in store.read("s", after=3)] == [4, 5]


def test_streams_are_apart(store: EventStore):
    store.append(commit("a"))
    store.append(commit("b"))
    assert [c.stream for c in store.read("a")] == ["a"]


def test_a_version_is_taken_once(store: EventStore):
    store.append(commit())
    with pytest.raises(Conflict):
        store.append(commit(commands=("other",)))


def test_a_command_is_recorded_once_in_its_stream(store: EventStore):
    store.append(commit(commands=("c1", "c2")))
    with pytest.raises(Conflict):
        store.append(commit(version=2, commands=("c2",)))
    store.append(commit("another", commands=("c2",)))


def test_of_many_who_race_for_a_version_exactly_one_wins(store: EventStore):
    won, start = [], threading.Barrier(8)

    def race(name: str) -> None:
        for version in range(1, 21):
            start.wait()
            try:
                store.append(commit(version=version, commands=(f"{name}-{version}",)))
                won.append(version)
            except Conflict:
                pass

    threads = [threading.Thread(target=race, args=(f"r{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(1, 21))
    assert [c.version for c in store.read("s")] == list(range(1, 21))


def test_pending_commits_come_each_stream_from_its_oldest_on_until_delivered(store: EventStore):
    for version in (1, 2, 3):
        store.append(commit("a", version, (f"a{version}",)))
        store.append(commit("b", version, (f"b{version}",)))
    found = store.pending("events")
    assert [c.id for c in found] == ["a@1", "a@2", "a@3", "b@1", "b@2", "b@3"]
    store.delivered("events", found[:4])
    assert [c.id for c in store.pending("events")] == ["b@2", "b@3"]


def test_a_commit_without_an_outbox_is_never_pending(store: EventStore):
    store.append(commit(outboxes=()))
    assert store.pending("events") == []


def test_outboxes_are_apart(database):
    store = EventStore(database, ("events", "sms"))
    store.append(commit(outboxes=("events", "sms")))
    store.delivered("events", store.pending("events"))
    assert store.pending("events") == []
    assert [c.id for c in store.pending("sms")] == ["s@1"]


def test_everything_is_read_stream_by_stream_in_order(store: EventStore):
    for stream, version in [("b", 1), ("a", 1), ("b", 2), ("a", 2)]:
        store.append(commit(stream, version, (f"{stream}{version}",)))
    assert [c.id for c in store.read_all()] == ["a@1", "a@2", "b@1", "b@2"]


def test_recent_streams_of_an_event_type_come_newest_first(store: EventStore):
    for minute, stream in enumerate(["a", "b", "c"]):
        older = Commit(stream, 1, [StoredEvent("Happened", {})], [StoredCommand(stream)], AT.replace(minute=minute))
        store.append(older)
    assert store.recent("Happened", 2) == ["c", "b"]


def test_looking_for_work_uses_its_index(store: EventStore):
    store.append(commit())
    plan = store._commits.find({"pending.events": {"$gt": ""}}).explain()
    assert "IXSCAN" in str(plan)
