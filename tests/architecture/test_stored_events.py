"""What is stored can be hashed the standard's way: no field of any stored event holds a fraction."""

import dataclasses
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from services.catalog.access.domain import ACCESS
from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.waiting import WAITING
from services.chassis.decider import Decider
from services.kernel.access import REVOCATIONS
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.mall import MALL as MALL_OF_TEXTS
from services.notifications.webhooks.domain import WEBHOOKS
from services.ticketing.domain.day import DAY
from services.ticketing.domain.history import HISTORY, Visit
from services.ticketing.domain.mall import MALL
from services.ticketing.survey.domain import SURVEY

DECIDERS: tuple[Decider[Any, Any, Any], ...] = (
    DIRECTORY,
    WAITING,
    ACCESS,
    REVOCATIONS,
    DAY,
    MALL,
    HISTORY,
    SURVEY,
    CORRESPONDENCE,
    MALL_OF_TEXTS,
    WEBHOOKS,
)
EVENTS = [event for decider in DECIDERS for event in decider.events]
COLUMNS = [Visit]  # the visits of a closed day are stored as columns of these fields


def parts(kind: Any) -> Iterator[Any]:
    """A type and those it is made of: fields of dataclasses, members of unions and containers."""
    yield kind
    fields = dataclasses.is_dataclass(kind) or kind in COLUMNS
    for one in get_type_hints(kind).values() if fields else get_args(kind):
        yield from parts(one)


@pytest.mark.parametrize("event", [*EVENTS, *COLUMNS], ids=lambda event: event.__name__)
def test_a_stored_event_holds_no_fraction(event):
    assert {float, complex} & set(parts(event)) == set()


def test_a_fraction_would_be_found_wherever_it_is():
    @dataclasses.dataclass(frozen=True)
    class Inner:
        worked: dict[str, tuple[float | None, ...]]

    @dataclasses.dataclass(frozen=True)
    class Outer:
        inner: list[Inner]

    assert float in set(parts(Outer))


def test_every_decider_of_the_house_is_looked_at():
    known = {kind.__name__ for kind in EVENTS}
    assert {"MallListed", "TicketWaits", "TicketIssued", "ClosureDeclared", "DayRecorded", "SmsRequested"} <= known
