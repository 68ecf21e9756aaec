"""Webhooks can be told of everything that is published, and of nothing that is between our own services."""

import json
from datetime import UTC, datetime

import pytest
from contracts.test_consumers import EXAMPLES, TYPES, event

from services.notifications.webhooks.domain.kinds import KINDS
from services.notifications.webhooks.news import as_item, kind_of

OWN = {"access-revoked"}
SAID_LATER = {"message-delivered", "message-failed"}  # of notifications itself
LARGEST = 20_000  # bytes of a message, as the specification of webhooks advises


def test_webhooks_can_be_told_of_what_is_published_but_of_what_is_between_us():
    published = {kind_of(event_type) for event_type in EXAMPLES}
    assert published - set(KINDS) == OWN & published
    assert set(KINDS) - published <= SAID_LATER
    assert len(KINDS) == len(set(KINDS))


@pytest.mark.parametrize("event_type", sorted(EXAMPLES))
def test_an_example_fits_into_a_message_and_names_whose_it_is(event_type):
    for data in EXAMPLES[event_type]:
        item = as_item(event(event_type, data), "ticketing", datetime.now(UTC))
        assert len(item.body.encode()) < LARGEST
        assert json.loads(item.body)["data"] == data
        assert item.kind == event_type.removeprefix(TYPES).removesuffix(".v1")
        assert item.agencies == {data[name] for name in ("agency", "from_agency") if data.get(name)}
