"""What visitors are told about their wait, on days played through the rules."""

from tools.bench import calibration


def test_after_a_first_day_most_waits_fall_into_the_range_that_was_told():
    low, high = calibration.GOAL
    week = calibration.days(4, visitors=110, seed=1)
    assert low <= calibration.inside(week[1:]) <= high


def test_the_range_is_narrower_than_the_day_is_long():
    found = calibration.measure(seeds=1, number=2, visitors=110)
    assert found["median_range_minutes"] < 40
