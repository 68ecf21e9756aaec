"""Every consumer reads every example of what it subscribes to, and is not troubled by what it does not know."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import TUESDAY_NINE

import services
from services.catalog import subscriptions as catalog
from services.catalog.domain.waiting import WAITING
from services.chassis.clock import CLOCK
from services.chassis.cloud_event import CloudEvent, decode, encode
from services.kernel import access
from services.kernel.access import REVOCATIONS
from services.notifications import subscriptions as notifications
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.mall import MALL as MALL_OF_TEXTS
from services.ticketing import subscriptions as ticketing
from services.ticketing.domain.mall import MALL

TYPES = "id.go.mpp."
FILES = sorted(Path(services.__file__).parent.rglob("schemas/*.json"))
EXAMPLES = {f"{TYPES}{file.stem}": json.loads(file.read_text())["examples"] for file in FILES}
CONSUMERS = [
    ("catalog", catalog.REACTIONS, WAITING),
    ("ticketing", ticketing.REACTIONS, MALL),
    ("ticketing's access", ticketing.ACCESS_REACTIONS, REVOCATIONS),
    ("notifications", notifications.REACTIONS, CORRESPONDENCE),
    ("notifications' malls", notifications.MALL_REACTIONS, MALL_OF_TEXTS),
    ("notifications' access", notifications.ACCESS_REACTIONS, REVOCATIONS),
]
READINGS = [
    pytest.param(event_type, example, reaction, decider, id=f"{name} reads {event_type}")
    for name, reactions, decider in CONSUMERS
    for event_type, reaction in reactions.items()
    for example in EXAMPLES.get(event_type, [])
]
ABOUT_KNOWN = ("withdrawn", "booking-suspended", "booking-resumed", "booking-rescheduled")
UNKNOWN = {"since_next_year": {"nested": [1, 2]}, "seats": 7}


@pytest.fixture(autouse=True)
def _the_clock_stands(monkeypatch):
    monkeypatch.setattr(CLOCK, "read", lambda: TUESDAY_NINE)


def event(event_type: str, data: dict) -> CloudEvent:
    at, mall = datetime(2026, 11, 24, 2, 15, 30, 120000, tzinfo=UTC), data.get("mall", "access")
    return CloudEvent(
        id=f"{mall}/2026-11-24@57.0",
        source=f"/mpp/{mall}/ticketing",
        type=event_type,
        subject=str(data.get("ticket_id", mall)),
        time=at,
        key=mall,
        data=data,
        position=(57, 0),
    )


def of_older_release(sent: CloudEvent) -> CloudEvent:
    return replace(sent, position=None)


def over_the_wire(sent: CloudEvent) -> CloudEvent:
    _, value, headers = encode(sent)
    return decode(value, headers)


@pytest.mark.parametrize(("name", "reactions"), [(name, reactions) for name, reactions, _ in CONSUMERS])
def test_a_consumer_subscribes_only_to_what_somebody_publishes(name, reactions):
    assert set(reactions) <= set(EXAMPLES)


def test_a_consumer_reads_the_topics_of_what_it_subscribes_to():
    topics = {
        f"{TYPES}{file.stem}": f"mpp.{file.parent.parent.name}" for file in FILES
    }  # one topic per folder of schemas
    assert {topics[event_type] for event_type in catalog.REACTIONS} == set(catalog.TOPICS)
    assert {topics[event_type] for event_type in ticketing.REACTIONS} == set(ticketing.TOPICS)
    assert {topics[event_type] for event_type in notifications.REACTIONS} == set(notifications.TOPICS)
    of_malls = {topics[event_type] for event_type in notifications.MALL_REACTIONS}
    assert of_malls == set(notifications.MALL_TOPICS)
    for heard in (ticketing, notifications):
        assert {topics[event_type] for event_type in heard.ACCESS_REACTIONS} == {access.TOPIC}
        assert set(heard.ACCESS_TOPICS) == {access.TOPIC, "mpp.catalog"}, "both topics, see decision 0038"


@pytest.mark.parametrize(("event_type", "example"), [(name, data) for name in EXAMPLES for data in EXAMPLES[name]])
def test_an_example_comes_over_the_wire_as_it_was(event_type, example):
    sent = event(event_type, example)
    assert over_the_wire(sent) == sent


@pytest.mark.parametrize(("event_type", "example", "reaction", "decider"), READINGS)
def test_a_consumer_reads_the_examples_and_learns_from_them_once(event_type, example, reaction, decider):
    stream, command = reaction(over_the_wire(event(event_type, example)))
    assert stream == access.STREAM or any(str(value) in stream for value in example.values())
    state = decider.initial
    heard = decider.decide(command, state)
    assert bool(heard) is not any(part in event_type for part in ABOUT_KNOWN), "nothing is known yet to be changed"
    for fact in heard:
        state = decider.evolve(state, fact)
    assert decider.decide(command, state) == [], "a repeat leads to nothing"


@pytest.mark.parametrize("is_older_first", [True, False])
@pytest.mark.parametrize(("event_type", "example", "reaction", "decider"), READINGS)
def test_consumer_ignores_repeat_from_another_release(event_type, example, reaction, decider, is_older_first):
    newer = event(event_type, example)
    both = [of_older_release(newer), newer] if is_older_first else [newer, of_older_release(newer)]
    (stream, first), (same_stream, again) = (reaction(over_the_wire(sent)) for sent in both)
    assert (stream, first) == (same_stream, again), "the stored position has the same form"
    state = decider.initial
    for fact in decider.decide(first, state):
        state = decider.evolve(state, fact)
    assert decider.decide(again, state) == []


@pytest.mark.parametrize(("event_type", "example", "reaction", "decider"), READINGS)
def test_consumer_does_not_read_the_id_of_an_event_with_position(event_type, example, reaction, decider):
    sent = event(event_type, example)
    assert reaction(over_the_wire(replace(sent, id="5f0c1f6e-opaque"))) == reaction(over_the_wire(sent))


@pytest.mark.parametrize(("event_type", "example", "reaction", "decider"), READINGS)
def test_a_consumer_ignores_fields_it_does_not_know(event_type, example, reaction, decider):
    wider = {**example, **UNKNOWN}
    if example.get("week"):
        wider["week"] = {**example["week"], "holiday": []}
    assert reaction(over_the_wire(event(event_type, wider))) == reaction(event(event_type, example))


def test_a_replay_does_not_bring_back_what_was_withdrawn():
    example = EXAMPLES[f"{TYPES}counter-listed.v1"][0]
    listed = replace(event(f"{TYPES}counter-listed.v1", example), position=(1, 40))
    about = {"mall": example["mall"], "counter": example["counter"]}
    withdrawn = replace(event(f"{TYPES}counter-withdrawn.v1", about), position=(2, 0))
    learned, forgotten = (ticketing.REACTIONS[heard.type](heard)[1] for heard in (listed, withdrawn))
    mall = MALL.initial
    for fact in (learned, forgotten):
        assert MALL.decide(fact, mall) == [fact]
        mall = MALL.evolve(mall, fact)
    assert MALL.decide(learned, mall) == []


def test_everything_that_is_published_is_read_by_who_subscribes_to_it(published):
    read = [
        (name, published_event.type)
        for name, reactions, _ in CONSUMERS
        for published_event in map(over_the_wire, published)
        if (reaction := reactions.get(published_event.type)) and reaction(published_event)
    ]
    assert {(name, event_type) for name, reactions, _ in CONSUMERS for event_type in reactions} == set(read)
