"""A rule of a mall that is declared in the catalog appears in its event, and ticketing reads it from there."""

from dataclasses import dataclass, field

import pytest
from examples import TUESDAY_NINE

from services.catalog.domain.declaration import declared, limits_of, public
from services.catalog.domain.limits import Number
from services.catalog.domain.mall import MallListed
from services.catalog.field_schemas import request_fields, response_fields
from services.chassis.cloud_event import CloudEvent
from services.ticketing import subscriptions
from services.ticketing.domain.mall import MallLearned


@dataclass(frozen=True)
class MallWithReturns(MallListed):
    """A mall as the catalog would have it with one more rule."""

    return_minutes: int = field(default=60, metadata=declared(Number(0, 480)))


@dataclass(frozen=True)
class LearnedWithReturns(MallLearned):
    """The same mall as ticketing would have it."""

    return_minutes: int = 60


TYPE = "id.go.mpp.mall-listed.v1"
WEEK = {"monday": (("08:00", "15:00"),)}
MALL = MallWithReturns("kota", "MPP Kota", "Kota", "Jl. Raya 1", "Asia/Jakarta", 100, WEEK, return_minutes=90)


@pytest.fixture
def on_mall_listed(monkeypatch):
    """The reaction of a ticketing that has the rule."""
    monkeypatch.setattr(subscriptions, "MallLearned", LearnedWithReturns)
    monkeypatch.setattr(subscriptions, "NUMERIC_RULES", (*subscriptions.NUMERIC_RULES, "return_minutes"))

    def read(data: dict) -> MallLearned:
        event = CloudEvent(
            "catalog@7.0", "/mpp/kota/catalog", TYPE, "kota", TUESDAY_NINE, "kota", {"mall": "kota", **data}
        )
        return subscriptions.on_mall_listed(event)[1]

    return read


def test_new_rule_is_in_event_schemas_and_limits_of_catalog():
    assert public(MALL)["return_minutes"] == 90
    assert limits_of(MallWithReturns)["return_minutes"] == Number(0, 480)
    assert {"return_minutes"} <= request_fields(MallWithReturns).keys() & response_fields(MallWithReturns).keys()


def test_ticketing_reads_new_rule_and_its_default_from_older_events(on_mall_listed):
    data = public(MALL)
    assert on_mall_listed(data).return_minutes == 90
    del data["return_minutes"]
    assert on_mall_listed(data).return_minutes == 60
