"""Webhooks can be told of everything that is published, and of nothing that is between our own services."""

import json
from datetime import UTC, datetime

import pytest
from contracts.test_consumers import EXAMPLES, TYPES, event

from services.notifications.webhooks.domain.kinds import KINDS, SUBJECTS
from services.notifications.webhooks.news import as_item, kind_of
from tools import asyncapi, webhook_kinds

OWN = {"access-revoked"}
SAID_LATER = {"message-delivered", "message-failed"}  # of notifications itself
LARGEST = 20_000  # bytes of a message, as the specification of webhooks advises


def test_webhooks_can_be_told_of_what_is_published_but_of_what_is_between_us():
    published = {kind_of(event_type) for event_type in EXAMPLES}
    assert published - set(KINDS) == OWN & published
    assert set(KINDS) - published <= SAID_LATER
    assert len(KINDS) == len(set(KINDS))


def test_list_of_kinds_is_what_the_schemas_say():
    published = [name for service in asyncapi.SERVICES for name in asyncapi.schemas(service)]
    assert webhook_kinds.FILE.read_text() == webhook_kinds.written(published), "run `make asyncapi`"


def test_new_type_goes_to_the_end_of_its_subject_and_removed_one_leaves():
    listed = {"tickets": ["ticket-issued", "ticket-called"], "days": ["day-opened"]}
    published = ("ticket-called", "ticket-escalated", "ticket-issued", "survey-answered", "access-revoked")
    assert webhook_kinds.by_subject((f"{kind}.v1" for kind in published), listed) == {
        "tickets": ["ticket-issued", "ticket-called", "ticket-escalated"],
        "others": ["survey-answered"],
    }


def test_present_list_can_be_made_from_nothing():
    found = webhook_kinds.by_subject(KINDS, {})
    assert {subject: set(kinds) for subject, kinds in found.items()} == {
        subject: set(kinds) for subject, kinds in SUBJECTS.items()
    }


@pytest.mark.parametrize("event_type", sorted(EXAMPLES))
def test_an_example_fits_into_a_message_and_names_whose_it_is(event_type):
    for data in EXAMPLES[event_type]:
        item = as_item(event(event_type, data), "ticketing", datetime.now(UTC))
        assert len(item.body.encode()) < LARGEST
        assert json.loads(item.body)["data"] == data
        assert item.kind == event_type.removeprefix(TYPES).removesuffix(".v1")
        assert item.agencies == {data[name] for name in ("agency", "from_agency") if data.get(name)}
