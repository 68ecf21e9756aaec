"""The promises of the event store, on two servers by different people: what every store of this house must pass."""

import threading
from datetime import UTC, datetime

import pytest
from servers import MONGO_SERVERS

from services.chassis.event_store import (
    FULL_BATCH,
    Commit,
    Conflict,
    EventStore,
    PositionLost,
    StoredCommand,
    StoredEvent,
)

pytestmark = pytest.mark.parametrize("mongo_server", MONGO_SERVERS, indirect=True, scope="session")

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

# What the second server does not do. Where it begins to, the test fails, so that this stays true.
SILENT = "it takes a change stream and tells nothing in it"
NOT_ON_THE_SECOND = {
    "test_a_command_is_recorded_once_in_its_stream": "its unique indexes do not look into arrays",
    "test_news_come_in_order_and_go_on_where_they_were_left": SILENT,
    "test_an_open_feed_gives_what_comes_while_it_is_open_in_bounded_batches": SILENT,
    "test_news_hold_only_what_is_to_leave_by_their_outbox": SILENT,
    "test_a_position_that_means_nothing_to_the_database_is_lost": SILENT,
}


@pytest.fixture(autouse=True)
def known_difference(request: pytest.FixtureRequest) -> None:
    reason = NOT_ON_THE_SECOND.get(request.node.originalname)
    if reason and request.node.callspec.params["mongo_server"] == "second":
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


def commit(stream: str = "s", version: int = 1, commands: tuple[str, ...] = ("c1",), outboxes=("events",)) -> Commit:
    events = [StoredEvent("Happened", {"by": name, "list": [1, {"deep": None}]}, n) for n, name in enumerate(commands)]
    stored = [StoredCommand(name, "digest", "siti") for name in commands]
    return Commit(stream, version, events, stored, AT, "t", outboxes)


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


def news(store: EventStore, outbox: str, position=None, batches: int = 3) -> tuple[list[str], dict | None]:
    """What an outbox's changes give after a position, in so many batches, and where it ends."""
    with store.follow(outbox, position) as changes:
        return [commit.id for _ in range(batches) for commit in changes.batch()], changes.position


def test_news_come_in_order_and_go_on_where_they_were_left(store: EventStore):
    _, start = news(store, "events")
    for version in (1, 2, 3):
        store.append(commit("a", version, (f"a{version}",)))
        store.append(commit("b", version, (f"b{version}",)))
    everything = ["a@1", "b@1", "a@2", "b@2", "a@3", "b@3"]
    found, end = news(store, "events", start)
    assert found == everything
    assert news(store, "events", end)[0] == []
    store.append(commit("a", 4, ("a4",)))
    assert news(store, "events", end)[0] == ["a@4"]
    assert news(store, "events", start)[0] == [*everything, "a@4"]


def test_an_open_feed_gives_what_comes_while_it_is_open_in_bounded_batches(store: EventStore):
    with store.follow("events", None) as changes:
        assert changes.batch() == []
        store.append_all([commit(f"s{n:03d}") for n in range(250)])
        sizes = [len(changes.batch()) for _ in range(4)]
    assert sum(sizes) == 250
    assert max(sizes) <= FULL_BATCH


def test_news_hold_only_what_is_to_leave_by_their_outbox(store: EventStore):
    _, start = news(store, "events")
    store.append(commit("a", 1, ("a1",), outboxes=()))
    store.append(commit("a", 2, ("a2",), outboxes=("events", "sms")))
    store.append(commit("a", 3, ("a3",), outboxes=("events",)))
    assert news(store, "events", start)[0] == ["a@2", "a@3"]
    assert news(store, "sms", start)[0] == ["a@2"]
    assert [c.id for c in store.with_outbox("sms")] == ["a@2"]


def test_a_position_that_means_nothing_to_the_database_is_lost(store: EventStore):
    store.append(commit())
    with pytest.raises(PositionLost):
        news(store, "events", {"_data": "nonsense"})


def test_several_streams_are_appended_in_one_round_trip_and_a_conflict_harms_only_its_own(store: EventStore):
    store.append(commit("b"))
    done = store.append_all([commit("a"), commit("b", commands=("late",)), commit("c")])
    assert done == [True, False, True]
    assert [[c.commands[0].id for c in store.read(stream)] for stream in "abc"] == [["c1"], ["c1"], ["c1"]]


def test_a_replay_reads_stream_by_stream_in_order_also_before_anything_was_written(store: EventStore):
    assert list(store.with_outbox("events")) == []
    for stream, version in [("b", 1), ("a", 1), ("b", 2), ("a", 2)]:
        store.append(commit(stream, version, (f"{stream}{version}",)))
    assert [c.id for c in store.with_outbox("events")] == ["a@1", "a@2", "b@1", "b@2"]


def test_recent_streams_of_an_event_type_come_newest_first(store: EventStore):
    for minute, stream in enumerate(["a", "b", "c"]):
        older = Commit(stream, 1, [StoredEvent("Happened", {})], [StoredCommand(stream)], AT.replace(minute=minute))
        store.append(older)
    assert store.recent("Happened", 2) == ["c", "b"]
