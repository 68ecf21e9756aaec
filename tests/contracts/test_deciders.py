"""Every decider can read back every event that it stores."""

from typing import get_args

import pytest

from services.catalog.access import domain as access
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
    "accounts": (access.ACCESS, get_args(access.Event)),
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
