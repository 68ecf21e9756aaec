"""The journal, on a real store: numbers without gaps, the same ones for the same events, whoever asks at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.chassis.cloud_event import CloudEvent, structured
from services.kernel.journal import Journal


def event(id: str, key: str = "pekalongan", type: str = "called.v1", **data: str) -> CloudEvent:
    return CloudEvent(id, "/test", type, "", datetime(2026, 11, 24, 2, tzinfo=UTC), key, data)


def numbers(events: Sequence[CloudEvent]) -> list[int]:
    return [event.sequence for event in events]


@pytest.fixture
def journal(database) -> Journal:
    return Journal(database)


def test_each_mall_counts_its_own_events_from_one_on(journal: Journal):
    assert numbers(journal.number([event("a"), event("b"), event("c", "tegal")])) == [1, 2, 1]
    assert numbers(journal.number([event("d"), event("e", "tegal")])) == [3, 2]
    assert journal.last("pekalongan") == 3
    assert journal.last("batang") == 0


def test_an_event_that_is_published_again_keeps_its_number(journal: Journal, database):
    first = journal.number([event("a"), event("b")])
    assert journal.number([event("a"), event("b"), event("c")])[:2] == first
    assert numbers(Journal(database).number([event("c"), event("d"), event("d")])) == [3, 4, 4]
    assert journal.last("pekalongan") == 4


def test_two_relays_at_once_leave_no_gap_and_number_nothing_twice(database):
    def number(who: int) -> None:
        journal = Journal(database)
        for n in range(20):
            journal.number([event(f"both-{n}"), event(f"{who}-{n}")])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(number, range(2)))
    told = Journal(database).after("pekalongan", 0, 1000)
    assert numbers(told) == list(range(1, 61))
    assert len({event.id for event in told}) == 60


def test_what_came_after_a_number_is_told_in_order_and_as_it_was(journal: Journal):
    kept = journal.number([event(str(n), name="Perekaman KTP-el – ±10 menit") for n in range(5)])
    assert journal.after("pekalongan", 2, 2) == kept[2:4]
    assert journal.after("pekalongan", 5, 2) == []


def test_journal_keeps_the_position_and_events_without_one(journal: Journal, database):
    placed, older = replace(event("a"), position=(57, 3)), event("b")
    kept = journal.number([placed, older])
    assert journal.after("pekalongan", 0, 2) == kept
    assert [one.position for one in kept] == [(57, 3), None]
    assert [entry.get("position") for entry in database["journal"].find().sort("sequence")] == [[57, 3], None]
    assert "streamposition" not in structured(kept[1])


def test_entry_of_an_older_release_keeps_its_number_and_leaves_with_position(journal: Journal):
    older = event("a@57.3")
    assert numbers(journal.number([older])) == [1]
    (again,) = journal.number([replace(older, position=(57, 3))])
    assert (again.sequence, again.position) == (1, (57, 3))
    assert [one.position for one in journal.after("pekalongan", 0, 2)] == [None]


def test_an_agency_is_told_its_own_and_what_concerns_everybody(journal: Journal):
    journal.number(
        [
            event("a", agency="DUKCAPIL"),
            event("b", agency="POLRES"),
            event("c", type="day-opened.v1"),
            event("d", type="transferred.v1", agency="POLRES", from_agency="DUKCAPIL"),
        ]
    )
    assert [event.id for event in journal.after("pekalongan", 0, 9, owner="DUKCAPIL")] == ["a", "c", "d"]
    assert [event.id for event in journal.after("pekalongan", 0, 9, ["called.v1"], "POLRES")] == ["b"]
