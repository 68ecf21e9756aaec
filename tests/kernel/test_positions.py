"""Positions of published events, as their consumers read them."""

from datetime import UTC, datetime

import pytest

from services.chassis.cloud_event import CloudEvent, Position
from services.kernel.positions import position_of


def event(id: str, position: Position | None = None) -> CloudEvent:
    at = datetime(2026, 11, 24, 2, tzinfo=UTC)
    source, kind = "/mpp/pekalongan/ticketing", "id.go.mpp.x.v1"
    return CloudEvent(id, source, kind, "x", at, "pekalongan", {}, position=position)


@pytest.mark.parametrize("id", ["pekalongan/2026-11-24@57.0", "5f0c1f6e-opaque", ""])
def test_position_is_that_of_the_attribute_whatever_the_id_is(id):
    assert position_of(event(id, (58, 3))) == (58, 3)


@pytest.mark.parametrize(
    ("id", "position"),
    [
        ("pekalongan/2026-11-24@57.0", (57, 0)),
        ("mall/pekalongan@7.12", (7, 12)),
        ("booking/a@b@3.1", (3, 1)),
    ],
)
def test_position_of_an_older_release_is_read_from_the_id(id, position):
    assert position_of(event(id)) == position


def test_positions_by_id_are_ordered_by_version_then_index():
    ids = ("a@9.10", "a@10.0", "a@10.2", "a@10.11")
    assert sorted(ids, key=lambda id: position_of(event(id))) == list(ids)


@pytest.mark.parametrize("id", ["", "ping/a", "a@", "a@1", "a@1.", "a@.1", "a@one.0"])
def test_id_of_another_form_without_position_is_refused(id):
    with pytest.raises(ValueError, match="invalid literal"):
        position_of(event(id))
