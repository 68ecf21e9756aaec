"""Streams: repeats, conflicts, lost answers and many callers at once, on a real store."""

import threading
from dataclasses import dataclass

import pytest
from processes import at_once
from servers import MONGO_SERVERS

from services.chassis import decider, event_store
from services.chassis.decider import Decider, StoreUnavailable, Streams
from services.chassis.errors import KeyReused, Refused
from services.chassis.event_store import EventStore, Unsettled, connect

on_both_servers = pytest.mark.parametrize("mongo_server", MONGO_SERVERS, indirect=True, scope="session")


@dataclass(frozen=True)
class Taken:
    place: int


class Full(Refused):
    pass


@dataclass(frozen=True)
class Take:
    most: int = 1000


def decide(command: Take, taken: int) -> list[Taken]:
    if taken >= command.most:
        raise Full()
    return [Taken(taken + 1)]


PLACES = Decider(initial=0, decide=decide, evolve=lambda _, event: event.place, events=(Taken,))


def places(store: EventStore) -> Streams:
    return Streams(store, PLACES, {"events": (Taken,)})


def test_a_command_is_decided_and_durable(store):
    outcome = places(store).execute("s", Take())
    assert outcome.events == (Taken(1),)
    assert places(store).snapshot("s").state == 1


@on_both_servers
def test_a_command_that_comes_again_gets_its_first_answer_also_from_another_process(store):
    here, there = places(store), places(store)
    first = here.execute("s", Take(), id="key", digest="d")
    here.execute("s", Take())
    assert here.execute("s", Take(), id="key", digest="d").events == first.events
    assert there.execute("s", Take(), id="key", digest="d").events == first.events
    assert here.snapshot("s").state == 2


def test_a_key_with_another_request_is_refused(store):
    streams = places(store)
    streams.execute("s", Take(), id="key", digest="one")
    with pytest.raises(KeyReused):
        streams.execute("s", Take(), id="key", digest="two")


@on_both_servers
def test_a_process_that_is_behind_decides_anew(store):
    here, there = places(store), places(store)
    here.execute("s", Take())
    there.execute("s", Take())
    assert here.execute("s", Take()).events == (Taken(3),)


@on_both_servers
def test_a_refusal_never_rests_on_a_state_that_others_have_moved_on_from(store):
    here, there = places(store), places(store)
    here.execute("s", Take())
    with pytest.raises(Full):
        there.execute("s", Take(most=1))


@on_both_servers
def test_many_threads_combine_into_fewer_commits_and_each_gets_its_own_answer(store):
    streams, got = places(store), []
    threads = [threading.Thread(target=lambda: got.append(streams.execute("s", Take()).events[0])) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event.place for event in got) == list(range(1, 65))
    assert len(store.read("s")) < 64


def test_one_refusal_in_a_batch_leaves_the_others_alone(store):
    streams, answers = places(store), []

    def take(most: int) -> None:
        try:
            answers.append(streams.execute("s", Take(most)).events[0].place)
        except Full:
            answers.append("full")

    threads = [threading.Thread(target=take, args=(most,)) for most in [0, 1000] * 16]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("full") == 16
    assert sorted(a for a in answers if a != "full") == list(range(1, 17))


@on_both_servers
def test_commands_of_many_streams_are_decided_together_each_with_its_own_answer(store):
    here, there = places(store), places(store)
    there.execute("known", Take())
    outcomes = here.execute_all([("new", Take()), ("known", Take()), ("full", Take(most=0)), ("new", Take())])
    assert [outcome.events for outcome in outcomes[:2]] == [(Taken(1),), (Taken(2),)]
    assert isinstance(outcomes[2], Full)
    assert outcomes[3].events == (Taken(2),)
    assert [len(store.read(stream)) for stream in ("new", "known", "full")] == [1, 2, 0]


def take_some(number: int, results, url: str, name: str, count: int) -> None:
    streams, got = places(EventStore(connect(url, name))), []
    for _ in range(count):
        try:
            got.append(streams.execute("s", Take(most=150)).events[0].place)
        except Full:
            got.append(0)
    results.put(got)


@on_both_servers
def test_several_processes_give_each_place_out_once_and_no_more_than_there_are(mongo_server, store):
    got = at_once(take_some, 4, mongo_server.url, store.database.name, 60)
    assert sorted(place for place in got if place) == list(range(1, 151))
    assert got.count(0) == 4 * 60 - 150


class LosesAnswers(EventStore):
    """A store whose connection breaks after the commit was made, or before."""

    def __init__(self, store: EventStore, made: bool) -> None:
        super().__init__(store.database)
        self.made, self.broken = made, 1

    def append(self, commit) -> None:
        if not self.broken:
            return super().append(commit)
        self.broken -= 1
        if self.made:
            super().append(commit)
        raise Unsettled(commit.id)


@on_both_servers
@pytest.mark.parametrize("made", [True, False])
def test_an_append_whose_answer_was_lost_is_settled_by_reading_and_happens_once(store, made):
    outcome = places(LosesAnswers(store, made)).execute("s", Take(), id="key")
    assert outcome.events == (Taken(1),)
    assert len(store.read("s")) == 1


def test_command_without_a_database_raises_store_unavailable(monkeypatch):
    monkeypatch.setattr(event_store, "SELECTION_MS", 50)
    unreachable = EventStore(connect("mongodb://127.0.0.1:1/?directConnection=true", "unreachable"))
    with pytest.raises(StoreUnavailable):
        places(unreachable).execute("s", Take())


class CountsReads(EventStore):
    """A database that counts how often a stream is asked for."""

    reads = 0

    def read(self, stream, after=0):
        self.reads += 1
        return super().read(stream, after)


def test_batch_without_a_database_answers_each_command_after_one_attempt(monkeypatch):
    monkeypatch.setattr(event_store, "SELECTION_MS", 50)
    unreachable = CountsReads(connect("mongodb://127.0.0.1:1/?directConnection=true", "unreachable"))
    outcomes = places(unreachable).execute_all([(f"s{number}", Take()) for number in range(50)])
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert unreachable.reads <= 1


class LosesBatches(EventStore):
    """A database whose answer to a batch of commits gets lost, after making them or before."""

    def __init__(self, store: EventStore, made: bool) -> None:
        super().__init__(store.database)
        self.made = made

    def append_all(self, commits):
        if self.made:
            super().append_all(commits)
        raise Unsettled(commits[0].id)


@pytest.mark.parametrize("made", [True, False])
def test_batch_whose_answer_was_lost_happens_once(store, made):
    outcomes = places(LosesBatches(store, made)).execute_all([("a", Take()), ("b", Take(most=0)), ("c", Take())])
    assert [outcome.events for outcome in (outcomes[0], outcomes[2])] == [(Taken(1),), (Taken(1),)]
    assert isinstance(outcomes[1], Full)
    assert [len(store.read(stream)) for stream in "abc"] == [1, 0, 1]


def test_process_remembers_so_many_streams_and_reads_the_others_again(store, monkeypatch):
    monkeypatch.setattr(decider, "HOT_STREAMS", 2)
    streams = places(store)
    for stream in ("a", "b", "c", "a"):
        streams.execute(stream, Take())
    assert list(streams._hot) == ["c", "a"]
    assert [streams.snapshot(stream).state for stream in "abc"] == [2, 1, 1]


def test_stream_with_a_command_at_work_is_not_dropped(store, monkeypatch):
    monkeypatch.setattr(decider, "HOT_STREAMS", 2)
    streams = places(store)
    streams._hot_stream("a").busy = True
    streams.execute("b", Take())
    streams.execute("c", Take())
    assert list(streams._hot) == ["a", "c"]
