"""The clock that every module asks."""

from datetime import UTC, datetime

from services.chassis.clock import CLOCK, now, now_to_the_second


def test_now_to_the_second_cuts_the_fraction_of_the_clock(monkeypatch):
    moment = datetime(2026, 11, 24, 2, 0, 7, 999_999, tzinfo=UTC)
    monkeypatch.setattr(CLOCK, "read", lambda: moment)
    assert now() == moment
    assert now_to_the_second() == datetime(2026, 11, 24, 2, 0, 7, tzinfo=UTC)
