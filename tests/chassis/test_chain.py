"""The hash chain: what is hashed is what the standard says, and whatever is changed afterwards is found."""

import sys
import uuid
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from properties import examples

from services.chassis import chain, worker
from services.chassis.decider import Decider, Streams
from services.chassis.event_store import Commit, EventStore, StoredCommand, StoredEvent

SEVERAL = settings(max_examples=examples(40))  # making up a chain takes far longer than looking at it
AT = datetime(2026, 11, 24, 2, 15, 30, 120000, tzinfo=UTC)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
KEYS = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.builds(StoredEvent, st.text(), st.dictionaries(KEYS, VALUES, max_size=5), st.integers(0, 9))
COMMANDS = st.builds(StoredCommand, st.text(), st.text(), st.text())
COMMITS = st.builds(
    Commit,
    stream=st.text(),
    version=st.integers(1, 2**31),
    events=st.lists(EVENTS, max_size=4),
    commands=st.lists(COMMANDS, max_size=4),
    at=st.integers(0, 10**10).map(lambda ms: AT + timedelta(milliseconds=ms)),
    trace=st.text(),
    outboxes=st.lists(st.text(), max_size=2),
    previous=st.text(),
)


def content(commit: Commit) -> dict[str, Any]:
    """What a commit's document holds but for its hash, spelled out."""
    return {
        "stream": commit.stream,
        "version": commit.version,
        "events": [{"type": one.type, "data": one.data, "command": one.command} for one in commit.events],
        "commands": [{"id": one.id, "digest": one.digest, "actor": one.actor} for one in commit.commands],
        "at": commit.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{commit.at.microsecond // 1000:03d}+00:00",
        "trace": commit.trace,
        "outboxes": list(commit.outboxes),
        "previous": commit.previous,
    }


@st.composite
def chains(draw, shortest: int = 1) -> list[Commit]:
    """Commits of one stream as they were written."""
    found: list[Commit] = []
    for commit in draw(st.lists(COMMITS, min_size=shortest, max_size=5)):
        previous = found[-1].hash if found else ""
        found.append(chain.sealed(replace(commit, stream="day", version=len(found) + 1, previous=previous)))
    return found


@given(COMMITS)
def test_what_is_hashed_is_the_canonical_form_of_the_standard(commit):
    assert chain.canonical(commit) == rfc8785.dumps(content(commit))


@SEVERAL
@given(chains())
def test_commits_as_they_were_written_fit(commits):
    assert chain.first_misfit(commits) is None
    assert chain.first_misfit([]) is None


@SEVERAL
@given(st.data())
def test_a_change_of_any_field_of_any_commit_is_found(data):
    commits = data.draw(chains())
    index = data.draw(st.integers(0, len(commits) - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(Commit)]))
    changed = replace(commits[index], **{name: getattr(chain.sealed(data.draw(COMMITS)), name)})
    assume(content(changed) != content(commits[index]) or changed.hash != commits[index].hash)
    assert chain.first_misfit([*commits[:index], changed, *commits[index + 1 :]]) is changed


@SEVERAL
@given(st.data())
def test_a_change_that_was_sealed_anew_is_found_in_the_commit_that_follows(data):
    commits = data.draw(chains(shortest=2))
    index = data.draw(st.integers(0, len(commits) - 2))
    changed = chain.sealed(replace(commits[index], trace=commits[index].trace + "x"))
    after = commits[index + 1 :]
    assert chain.first_misfit([*commits[:index], changed, *after]) is after[0]


@SEVERAL
@given(st.data())
def test_a_commit_that_was_left_out_is_missed(data):
    commits = data.draw(chains(shortest=2))
    index = data.draw(st.integers(0, len(commits) - 2))
    assert chain.first_misfit([*commits[:index], *commits[index + 1 :]]) is commits[index + 1]


@SEVERAL
@given(st.data())
def test_commits_that_changed_places_are_found(data):
    commits = data.draw(chains(shortest=2))
    first, second = data.draw(st.lists(st.integers(0, len(commits) - 1), min_size=2, max_size=2, unique=True))
    mixed = list(commits)
    mixed[first], mixed[second] = commits[second], commits[first]
    assert chain.first_misfit(mixed) is mixed[min(first, second)]


@SEVERAL
@given(chains())
def test_only_the_last_hash_tells_that_the_end_was_cut_off(commits):
    assert chain.first_misfit(commits[:-1]) is None
    assert commits[-1].hash not in [commit.hash for commit in commits[:-1]]


@dataclass(frozen=True)
class Noted:
    text: str
    number: int | None
    flags: tuple[bool, ...]
    counts: dict[str, int]


NOTES = st.builds(Noted, st.text(), st.none() | WHOLE, st.lists(st.booleans()).map(tuple), st.dictionaries(KEYS, WHOLE))
NOTING: Decider = Decider(initial=None, decide=lambda note, _: [note], evolve=lambda _, note: note, events=(Noted,))


def noting(store: EventStore) -> Streams:
    return Streams(store, NOTING, {})


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notes=st.lists(NOTES, min_size=1, max_size=4))
def test_what_is_written_and_read_back_fits(store: EventStore, notes):
    stream = uuid.uuid4().hex
    for n, note in enumerate(notes):
        writer = noting(store)  # each time another process, which reads what was there
        written = writer.execute(stream, note, id=f"{n}", actor=note.text, trace="trace-0001").now
    commits = store.read(stream)
    assert chain.first_misfit(commits) is None
    assert (len(commits), commits[-1].hash) == (len(notes), written.hash)


@pytest.fixture
def verify(store: EventStore, monkeypatch, capsys):
    """What the command line says of a stream, and the status with which it ends."""

    def run(stream: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["worker", "verify", stream])
        with pytest.raises(SystemExit) as ended:
            worker.run(store)
        return ended.value.code, capsys.readouterr().out.strip()

    return run


@pytest.fixture
def written(store: EventStore) -> list[Commit]:
    """Three commits of one stream and one of another."""
    streams = noting(store)
    for stream, number in (("day", 1), ("day", 2), ("day", 3), ("other", 1)):
        streams.execute(stream, Noted("Siti – “gerai dua”", number, (True,), {"served": number}))
    return store.read("day")


def test_verify_says_that_all_fits_and_tells_the_last_hash(verify, written):
    assert verify("day") == (0, f"day: 3 commits fit; last hash {written[-1].hash}")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"events.0.data.counts.served": 9}, "day@2"),
        ({"events.0.data.text": "Siti"}, "day@2"),
        ({"commands.0.actor": "somebody else"}, "day@2"),
        ({"at": AT}, "day@2"),
        ({"previous": ""}, "day@2"),
        ({"hash": "0" * 64}, "day@2"),
    ],
)
def test_verify_names_the_first_commit_that_was_changed_behind_our_back(store, verify, written, change, found):
    store.database["commits"].update_one({"_id": "day@2"}, {"$set": change})
    assert verify("day") == (1, f"{found} does not fit: it, or what came before it, was changed")
    assert verify("other")[0] == 0


def test_verify_names_the_commit_after_one_that_was_taken_away(store, verify, written):
    store.database["commits"].delete_one({"_id": "day@2"})
    assert verify("day") == (1, "day@3 does not fit: it, or what came before it, was changed")


def test_verify_names_the_commit_after_one_that_was_changed_and_sealed_anew(store, verify, written):
    forged = chain.sealed(replace(written[0], commands=[StoredCommand("somebody else's")]))
    change = {"commands": [{"id": "somebody else's", "digest": "", "actor": ""}], "hash": forged.hash}
    store.database["commits"].update_one({"_id": "day@1"}, {"$set": change})
    assert verify("day") == (1, "day@2 does not fit: it, or what came before it, was changed")


def test_verify_does_not_call_a_stream_sound_that_is_not_there(verify):
    assert verify("pekalongan/2026-11-24") == (1, "pekalongan/2026-11-24: no commits")
