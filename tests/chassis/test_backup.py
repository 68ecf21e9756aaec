"""Backup and restore of one service's database: whole commits up to one moment, nothing that expires."""

import io
import threading
import time
from datetime import UTC, datetime, timedelta

import bson
import pytest
from test_decider import PLACES, Take, Taken
from waiting import eventually

from services.chassis import backup, chain, worker
from services.chassis.cloud_event import CloudEvent
from services.chassis.decider import Streams
from services.chassis.event_store import EventStore, connect
from services.chassis.journal import Journal
from services.chassis.life import Life
from services.notifications.contacts import Contacts

SOON = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def places(store: EventStore) -> Streams:
    return Streams(store, PLACES, {"events": (Taken,)})


@pytest.fixture
def fresh(mongo_server, store: EventStore):
    """An empty database of the same name, as on another machine: the old one is dropped before it is used."""
    made: list = []

    def make() -> EventStore:
        store.database.client.drop_database(store.database.name)
        made.append(connect(mongo_server.url, store.database.name))
        return EventStore(made[-1])

    yield make
    for database in made:
        database.client.close()


def saved(store: EventStore) -> io.BytesIO:
    file = io.BytesIO()
    backup.save(store.database, file)
    file.seek(0)
    return file


def kept(store: EventStore, name: str) -> list[dict]:
    return sorted(store.database[name].find(), key=lambda one: str(one["_id"]))


def test_what_was_saved_is_restored_the_same_and_goes_on(store: EventStore, fresh):
    streams = places(store)
    for stream in ("a", "b", "a", "a"):
        streams.execute(stream, Take(), id=f"{stream}-{time.monotonic_ns()}", actor="siti")
    store.database["passwords"].update_one({"_id": "siti"}, {"$set": {"hash": "argon2"}}, upsert=True)
    Journal(store.database).number([CloudEvent("a@1.0", "/mpp/m/s", "t", "", SOON, "m", {"agency": "X"})])
    before = {name: kept(store, name) for name in ("commits", "passwords", "journal")}
    file = saved(store)

    other = fresh()
    restored = backup.restore(other.database, file)
    assert restored.written == {"commits": 4, "passwords": 1, "journal": 1}
    assert abs(restored.moment - datetime.now(UTC)) < timedelta(minutes=1)
    assert {name: kept(other, name) for name in before} == before
    assert chain.first_misfit(other.read("a")) is None
    assert places(other).execute("a", Take()).events == (Taken(4),)
    assert Journal(other.database).last("m") == 1


def test_nothing_that_is_forgotten_by_itself_is_in_a_backup(store: EventStore):
    Contacts(store.database).keep("20261124-ticket", "+6281234567890")
    places(store).execute("a", Take())
    file = saved(store).getvalue()
    assert b"a@1" in file
    assert b"81234567890" not in file
    assert b"20261124-ticket" not in file


def test_a_restore_leaves_no_number_that_could_be_texted_and_no_position_of_a_relay(store: EventStore):
    file = saved(store)
    Contacts(store.database).keep("20261124-ticket", "+6281234567890")
    store.database["leases"].insert_one({"_id": "sms", "position": {"_data": "old"}})
    backup.restore(store.database, file)
    assert Contacts(store.database).find("20261124-ticket") is None
    assert list(store.database["leases"].find()) == []


def test_a_backup_made_under_load_holds_every_stream_up_to_one_moment(store: EventStore, fresh):
    ending, acknowledged = threading.Event(), []

    def write(stream: str) -> None:
        streams = places(EventStore(store.database))
        while not ending.wait(0.01):
            acknowledged.append((stream, streams.execute(stream, Take(10**6)).events[0].place))

    writers = [threading.Thread(target=write, args=(f"s{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    assert eventually(lambda: len(acknowledged) >= 40)
    promised = list(acknowledged)
    file = saved(store)
    ending.set()
    for writer in writers:
        writer.join()

    other = fresh()
    backup.restore(other.database, file)
    restored = {stream: places(other).snapshot(stream).state for stream in ("s0", "s1", "s2", "s3")}
    assert all(place <= restored[stream] for stream, place in promised)
    assert all(chain.first_misfit(other.read(stream)) is None for stream in restored)


def test_a_backup_that_follows_holds_the_last_acknowledged_commit(store: EventStore, fresh):
    life, file = Life(), io.BytesIO()
    places(store).execute("a", Take())
    following = threading.Thread(target=backup.save, args=(store.database, file, life))
    following.start()
    try:
        assert eventually(lambda: b"complete" in file.getvalue())
        places(store).execute("a", Take())
        store.database["passwords"].insert_one({"_id": "gone", "hash": "x"})
        store.database["passwords"].delete_one({"_id": "gone"})
        assert eventually(lambda: b"a@2" in file.getvalue() and b"gone" in file.getvalue())
    finally:
        life.end()
        following.join()
    torn = io.BytesIO(file.getvalue() + b"\x40\x00\x00\x00\x03in")  # its machine died while it wrote

    other = fresh()
    backup.restore(other.database, torn)
    assert places(other).snapshot("a").state == 2
    assert kept(other, "passwords") == []


def test_a_restore_refuses_a_database_that_holds_commits_unless_told_to_add_what_is_missing(store: EventStore):
    streams = places(store)
    for _ in range(3):
        streams.execute("a", Take())
    file = saved(store)
    store.database["commits"].delete_one({"_id": "a@2"})  # as an interrupted restore leaves it
    with pytest.raises(backup.NotEmpty):
        backup.restore(store.database, file)
    file.seek(0)
    backup.restore(store.database, file, add=True)
    assert [commit.id for commit in store.read("a")] == ["a@1", "a@2", "a@3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no backup"),
        (b"PK\x03\x04 a zip file, say", "no backup"),
        (bson.encode({"format": backup.FORMAT, "service": "another"}), "a backup of another"),
    ],
)
def test_what_is_no_backup_of_this_service_is_refused_before_anything_is_written(store: EventStore, content, said):
    with pytest.raises(backup.NoBackup, match=said):
        backup.restore(store.database, io.BytesIO(content))
    assert store.database.list_collection_names() == []


def test_a_backup_that_was_cut_short_says_so(store: EventStore, fresh):
    places(store).execute("a", Take())
    places(store).execute("b", Take())
    file = saved(store).getvalue()
    other = fresh()
    with pytest.raises(backup.NoBackup, match="ends before"):
        backup.restore(other.database, io.BytesIO(file[: file.index(b"complete") - 10]))
    assert places(other).snapshot("a").state == 1


def test_verify_without_a_stream_looks_at_all_of_them(store: EventStore, monkeypatch, capsys):
    for stream in ("a", "b", "c"):
        places(store).execute(stream, Take())
    monkeypatch.setattr("sys.argv", ["worker", "verify"])

    def ended() -> tuple[int, list[str]]:
        with pytest.raises(SystemExit) as end:
            worker.run(store)
        return end.value.code, capsys.readouterr().out.splitlines()

    name = store.database.name
    assert ended() == (0, [f"{name}: 3 streams fit"])
    store.database["commits"].update_one({"_id": "b@1"}, {"$set": {"at": SOON - timedelta(days=1)}})
    changed = "b@1 does not fit: it, or what came before it, was changed"
    assert ended() == (1, [changed, f"{name}: 2 streams fit, 1 do not"])
