"""Every decider can read back every event that it stores, also one of an older version without the newer fields."""

from typing import get_args

import pytest
from stored_fields import defaults

from services.catalog.access.domain import ACCESS
from services.catalog.access.domain import events as access
from services.catalog.domain import changes, directory, waiting
from services.chassis.decider import Decider
from services.notifications.domain import correspondence
from services.notifications.domain import events as texts
from services.notifications.domain import mall as told_mall
from services.notifications.webhooks import domain as webhooks
from services.ticketing.domain import day, history, mall
from services.ticketing.domain.day import events as day_events
from services.ticketing.survey import domain as survey

DECIDERS = {
    "accounts": (ACCESS, get_args(access.Event)),
    "directory": (changes.DIRECTORY, get_args(directory.Event)),
    "waiting": (waiting.WAITING, get_args(waiting.News)),
    "texts": (correspondence.CORRESPONDENCE, get_args(texts.Event)),
    "mall of texts": (told_mall.MALL, get_args(told_mall.Event)),
    "webhooks": (webhooks.WEBHOOKS, get_args(webhooks.Event)),
    "day": (day.DAY, get_args(day_events.Event)),
    "mall": (mall.MALL, get_args(mall.Event)),
    "history": (history.HISTORY, (history.DayRecorded,)),
    "survey": (survey.SURVEY, (survey.SurveyAnswered,)),
}


@pytest.mark.parametrize("name", DECIDERS)
def test_decider_knows_every_event_of_its_stream(name):
    decider, events = DECIDERS[name]
    assert isinstance(decider, Decider)
    assert set(decider.events) == set(events)
    assert len(decider.events) == len(events)
    assert events


# What a field means in events that were stored before there was such a field. Such a default never changes.
DEFAULTS = {
    "IssueHeard": {"service": "", "agency": "", "position": (0, 0)},
    "CallHeard": {"call": 1, "position": (0, 0)},
    "PhoneLeft": {"language": "id"},
    "SmsRequested": {"mall": "", "agency": "", "language": "id", "about": (0, 0), "not_before": None},
    "SmsClaimed": {"attempt": 1, "gateway": "", "text": ""},
    "SmsFailed": {"reason": "", "ticket_id": "", "kind": "called", "mall": "", "agency": ""},
    "SmsExpired": {"ticket_id": "", "kind": "called", "mall": "", "agency": ""},
    "TicketIssued": {
        **{"visit": "", "booking": "", "expected_wait": None, "expected_spread": 0, "told_low": 0, "told_high": 0},
    },
    "TicketCalled": {"call": 1, "reason": ""},
    "TicketServed": {"result": "done", "also": ()},
    "BookingCancelled": {"service": "", "agency": ""},
    "BookingLapsed": {"service": "", "agency": ""},
    "DayOpened": {"rule": mall.Rule("ratio", 2, None)},
    "DayClosed": {"totals": {}},
    "AgencyListed": {"suspended": ""},
    "ServiceListed": {
        **{"requirements": (), "basis": "", "capacity": None, "fee": "", "eligibility": "", "components": {}},
    },
    "CounterListed": {"services": (), "week": None},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_older_event_is_read_with_the_same_defaults(name):
    (event,) = {each for decider, _ in DECIDERS.values() for each in decider.events if each.__name__ == name}
    found = defaults(event)
    assert {field: found.get(field) for field in DEFAULTS[name]} == DEFAULTS[name]
