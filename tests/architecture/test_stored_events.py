"""What is stored can be hashed the standard's way: no field of any stored event holds a fraction."""

import dataclasses
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from services.catalog.domain.directory import DIRECTORY
from services.chassis.decider import Decider
from services.notifications.domain import CORRESPONDENCE
from services.ticketing.domain.day import DAY
from services.ticketing.domain.history import HISTORY
from services.ticketing.domain.mall import MALL

DECIDERS: tuple[Decider[Any, Any, Any], ...] = (DIRECTORY, DAY, MALL, HISTORY, CORRESPONDENCE)
EVENTS = [event for decider in DECIDERS for event in decider.events]


def parts(kind: Any) -> Iterator[Any]:
    """A type and those it is made of: fields of dataclasses, members of unions and containers."""
    yield kind
    inner = get_type_hints(kind).values() if dataclasses.is_dataclass(kind) else get_args(kind)
    for one in inner:
        yield from parts(one)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_stored_event_holds_no_fraction_and_nothing_that_could_be_one(event):
    assert {float, complex, object, Any} & set(parts(event)) == set()


def test_every_decider_of_the_house_is_looked_at():
    known = {kind.__name__ for kind in EVENTS}
    assert {"MallListed", "TicketIssued", "ClosureDeclared", "DayRecorded", "SmsRequested"} <= known
