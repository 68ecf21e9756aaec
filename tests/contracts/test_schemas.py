"""The schemas say what is published, all of it and nothing else."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from examples import PRIORITIES
from jsonschema import Draft202012Validator

import services
from services.catalog.access.domain import ACCESS
from services.catalog.domain.changes import DIRECTORY
from services.chassis.cloud_event import TYPES, CloudEvent, encode, structured
from services.ticketing import contract as ticketing
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.events import Act
from services.ticketing.domain.history import HISTORY
from services.ticketing.domain.mall import MALL
from tools.asyncapi import CLOUD_EVENT, HEADERS

FILES = sorted(Path(services.__file__).parent.rglob("schemas/*.json"))
SCHEMAS = {file.stem: json.loads(file.read_text()) for file in FILES}
EXAMPLES = [(name, example) for name, schema in SCHEMAS.items() for example in schema["examples"]]
PERSONAL = re.compile("phone|telepon|contact|priority|prioritas|class|disab|elder|pregnan|nik|person", re.IGNORECASE)
RULES_OF_A_MALL = {"mall-listed.v1": {"kept_for_priority", "priority", "classes"}}  # of no visitor in particular


def kind(event_type: str) -> str:
    return event_type.removeprefix(TYPES)


def faults(name: str, data) -> list[str]:
    """What is wrong with the data of an event, by its schema."""
    validator = Draft202012Validator(SCHEMAS[name], format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{name}: {error.json_path} {error.message}" for error in validator.iter_errors(data)]


def described(schema: dict) -> list[tuple[str, dict]]:
    """Every field of a schema with its own schema, those inside others included."""
    found = []
    for part in (schema, schema.get("items"), *schema.get("$defs", {}).values()):
        if isinstance(part, dict):
            for name, inner in part.get("properties", {}).items():
                found += [(name, inner), *described(inner)]
            if part is not schema:
                found += described(part)
    return found


def test_the_sample_holds_every_event_that_the_rules_can_lead_to(told_by_catalog, told_by_ticketing):
    assert told_by_catalog.stored_types == {event.__name__ for event in (*DIRECTORY.events, *ACCESS.events)}
    rules = (*DAY.events, *MALL.events, *HISTORY.events)
    assert told_by_ticketing.stored_types == {event.__name__ for event in rules}


def test_what_is_published_has_a_schema_and_every_schema_is_published(published):
    assert {kind(event.type) for event in published} == set(SCHEMAS)


def test_everything_that_is_published_is_valid(published):
    assert len(published) > 200
    assert [fault for event in published for fault in faults(kind(event.type), event.data)] == []


def test_no_field_is_published_that_its_schema_does_not_describe(published):
    undescribed = {
        (kind(event.type), field)
        for event in published
        for field in event.data
        if field not in SCHEMAS[kind(event.type)]["properties"]
    }
    assert undescribed == set()


def test_event_without_public_type_stays_private(told_by_ticketing):
    told = {event.id for event in told_by_ticketing.events}
    silent = {
        event.type
        for commit in told_by_ticketing.commits
        for position, event in enumerate(commit.events)
        if f"{commit.id}.{position}" not in told
    }
    public = {kind.__name__ for kind in (*ticketing.PUBLISHED, *ticketing.PUBLISHED_OF_MALL)}
    assert silent == told_by_ticketing.stored_types - public
    learned = {event.__name__ for event in MALL.events if event.__name__.endswith(("Learned", "Forgotten"))}
    assert silent >= {*learned, "ClosingRescheduled", "DayRecorded"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_itself_and_explains_each_field(name):
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:mpp:event:{name}"
    assert schema["title"]
    assert [field for field, inner in described(schema) if not inner.get("description")] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_leaves_room_for_fields_to_come(name):
    schema = SCHEMAS[name]
    objects = [schema, *(inner for _, inner in described(schema) if "object" in inner.get("type", ()))]
    assert all(part.get("additionalProperties") is True for part in objects)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_has_no_room_for_a_phone_or_a_priority(name):
    personal = {field for field, _ in described(SCHEMAS[name]) if PERSONAL.search(field)}
    assert personal == RULES_OF_A_MALL.get(name, set())


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_is_valid_and_shows_no_field_that_is_not_described(name, example):
    assert faults(name, example) == []
    assert set(example) <= set(SCHEMAS[name]["properties"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_first_example_shows_every_field_and_the_last_one_only_what_was_always_there(name):
    first, *_, last = SCHEMAS[name]["examples"] * 2
    assert set(first) == set(SCHEMAS[name]["properties"])
    assert set(last) == set(SCHEMAS[name]["required"])


def test_fields_that_came_later_are_in_all_that_the_catalog_publishes(told_by_catalog):
    lacking = {
        (kind(event.type), field)
        for event in told_by_catalog.events
        for field in SCHEMAS[kind(event.type)]["properties"]
        if field not in event.data
    }
    assert lacking == set()


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_a_schema_misses_each_field_that_is_taken_away(name, example):
    for field in SCHEMAS[name]["required"]:
        assert faults(name, {key: value for key, value in example.items() if key != field})


def test_event_ids_are_unique_and_made_of_stream_version_and_place(published):
    ids = [event.id for event in published]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"\S+@\d+\.\d+", id) for id in ids)


def test_position_of_a_published_event_is_that_of_its_stored_one(
    told_by_catalog, told_by_ticketing, told_by_notifications
):
    for told in (told_by_catalog, told_by_ticketing, told_by_notifications):
        stored = {
            f"{commit.id}.{place}": (commit.version, place)
            for commit in told.commits
            for place in range(len(commit.events))
        }
        assert [event.position for event in told.events] == [stored[event.id] for event in told.events]


def test_envelope_of_what_is_published_is_as_described(published):
    validator = Draft202012Validator(CLOUD_EVENT, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for event in published:
        whole = structured(replace(event, sequence=1))
        assert [error.message for error in validator.iter_errors(whole)] == []
        assert set(whole) - {"data"} <= set(CLOUD_EVENT["properties"])
        attributes = {name for name, _ in encode(event)[2] if name.startswith("ce_")}
        assert "ce_streamposition" in attributes <= set(HEADERS["properties"])


def test_events_are_keyed_by_their_mall_and_name_their_subject(published):
    of_access = [event for event in published if kind(event.type) == "access-revoked.v1"]
    assert {(event.key, event.subject == event.data["id"]) for event in of_access} == {("access", True)}
    published = [event for event in published if event not in of_access]
    assert {event.key for event in published} == {"pekalongan"}
    assert {event.data["mall"] for event in published} == {"pekalongan"}
    codes = ("ticket_id", "booking_id", "agency", "service", "counter", "mall")
    assert all(event.subject in [event.data.get(name) for name in codes] for event in published)


def everything_in(event: CloudEvent) -> str:
    """The record as it goes out: key, value and headers."""
    key, value, headers = encode(event)
    return b"\n".join([key, value, *(name.encode() + b": " + text for name, text in headers)]).decode().lower()


def test_no_published_byte_tells_a_priority_class(told_by_ticketing):
    stored = [event for commit in told_by_ticketing.commits for event in commit.events]
    claimed = {event.data["priority"] for event in stored if event.type == "TicketIssued"}
    assert claimed == {None, *PRIORITIES, "with-child"}
    words = (*(claimed - {None}), "priorit")
    told = {word for event in told_by_ticketing.events for word in words if word in everything_in(event)}
    assert told == set()


def test_no_published_byte_tells_what_staff_wrote_for_staff_or_who_they_are(
    told_by_catalog, told_by_ticketing, published, canaries
):
    commits = [*told_by_catalog.commits, *told_by_ticketing.commits]
    stored = str([(commit.events, commit.commands) for commit in commits])
    untold = [name for name, text in canaries.items() if text not in stored]
    assert untold == ["password", "known as"], "each of the others was there to be told; these are not even stored"
    assert [event.type for event in published if "kenari" in everything_in(event)] == []


def test_everything_that_can_be_taken_back_is_told_when_it_is(told_by_ticketing):
    undone = {event.data["act"] for event in told_by_ticketing.events if kind(event.type) == "ticket-undone.v1"}
    assert undone == set(get_args(Act))
    assert undone == set(SCHEMAS["ticket-undone.v1"]["properties"]["act"]["enum"])


def test_of_texts_it_is_told_which_arrived_and_which_did_not_and_never_to_which_number(told_by_notifications):
    told = [(kind(event.type), event.data.get("reason")) for event in told_by_notifications.events]
    assert told == [
        ("message-failed.v1", "undelivered"),
        ("message-delivered.v1", None),
        ("message-failed.v1", "not-sent"),
        ("message-failed.v1", "expired"),
    ]
    assert [event for event in told_by_notifications.events if "****" in everything_in(event)] == []


def test_a_booking_cannot_be_traced_to_its_ticket(told_by_ticketing):
    bookings = {event.data["booking_id"] for event in told_by_ticketing.events if "booking_id" in event.data}
    tickets = [event for event in told_by_ticketing.events if "ticket_id" in event.data]
    assert len(bookings) == 3
    assert [event.type for event in tickets for one in bookings if one.lower() in everything_in(event)] == []


def test_the_hash_that_is_told_of_a_closed_day_is_its_last(told_by_ticketing):
    last = {commit.stream: commit for commit in told_by_ticketing.commits}
    closed = [event for event in told_by_ticketing.events if kind(event.type) == "day-closed.v1"]
    assert len(closed) == 2
    for event in closed:
        assert event.data["hash"] == last[f"pekalongan/{event.data['business_day']}"].hash
