"""How long a visit takes and a visitor waits, with numbers worked out by hand, and what holds for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticketing.domain import pace
from services.ticketing.domain.pace import Expected, Measured, Prior

MEAN, VARIANCE = 600.0, 129_600.0  # of a visit that takes ten minutes and was never measured: its spread is 360 s
WAITS = st.tuples(st.integers(0, 60), st.integers(1, 6), st.integers(0, 6))  # before, counters, busy


# A visit


@pytest.mark.parametrize(
    ("measured", "mean", "variance"),
    [
        ((), 600.0, 129_600.0),
        ((Measured(),), 600.0, 129_600.0),
        ((Measured(5, 1500, 450_000),), 450.0, 87_300.0),  # five visits of 300 s weigh as much as the typical minutes
        ((Measured(1, 600, 360_000), Measured(4, 1200, 360_000)), 480.0, 86_400.0),
        ((Measured(95, 57_000, 34_200_000),), 600.0, 6_480.0),
        ((Measured(995, 597_000, 358_200_000),), 600.0, 3_600.0),  # never steadier than a tenth of its length
    ],
)
def test_visit_length_moves_from_typical_minutes_to_measured(measured, mean, variance):
    assert pace.visit(10, *measured) == pytest.approx((mean, variance))


def test_visit_length_scales_with_the_typical_minutes():
    assert pace.visit(20) == pytest.approx((1200.0, 4 * 129_600.0))


def test_measured_adds_a_visit_and_takes_it_back():
    one = Measured().plus(300)
    assert one == Measured(1, 300, 90_000)
    assert one.plus(600) == Measured(2, 900, 450_000)
    assert one.plus(600).plus(600, times=-1) == one


def test_measured_counts_a_forgotten_visit_as_three_hours():
    assert Measured().plus(10_799) == Measured(1, 10_799, 10_799**2)
    assert Measured().plus(20_000) == Measured(1, 10_800, 10_800**2)


# A wait


@pytest.mark.parametrize(
    ("before", "counters", "busy", "seconds", "spread"),
    [
        (0, 1, 0, 0, 20),  # the counter is free: only walking and looking up
        (0, 1, 1, 300, 380),  # half a visit
        (1, 1, 0, 300, 380),  # the free counter takes the one before
        (3, 1, 1, 2100, 740),
        (3, 2, 2, 1050, 380),
        (3, 2, 1, 750, 332),
        (1, 3, 0, 0, 20),
        (2, 3, 0, 0, 20),
        (3, 3, 0, 100, 140),
        (0, 1, 2, 300, 380),  # more visitors at counters than counters at work: one was closed since
    ],
)
def test_expected_wait_counts_visits_that_must_end_first(before, counters, busy, seconds, spread):
    assert pace.expected_wait(before, counters, busy, MEAN, VARIANCE) == Expected(seconds, spread)


@given(WAITS)
def test_expected_wait_is_not_longer_with_one_more_counter(wait):
    before, counters, busy = wait
    fewer = pace.expected_wait(before, counters, busy, MEAN, VARIANCE)
    more = pace.expected_wait(before, counters + 1, busy, MEAN, VARIANCE)
    assert more.seconds <= fewer.seconds
    assert more.spread <= fewer.spread


@given(WAITS)
def test_expected_wait_is_not_shorter_in_a_longer_queue(wait):
    before, counters, busy = wait
    shorter = pace.expected_wait(before, counters, busy, MEAN, VARIANCE)
    longer = pace.expected_wait(before + 1, counters, busy, MEAN, VARIANCE)
    assert longer.seconds >= shorter.seconds >= 0
    assert longer.spread >= shorter.spread >= pace.BASE


@given(WAITS)
def test_expected_wait_is_not_shorter_with_one_more_busy_counter(wait):
    before, counters, busy = wait
    free = pace.expected_wait(before, counters, busy, MEAN, VARIANCE)
    assert pace.expected_wait(before, counters, busy + 1, MEAN, VARIANCE).seconds >= free.seconds


# The range that is published


@pytest.mark.parametrize(
    ("expected", "waited", "hundredths"),
    [
        (Expected(300, 100), 300, 0),
        (Expected(300, 100), 350, 50),
        (Expected(300, 100), 250, -50),
        (Expected(300, 380), 490, 50),
        (Expected(300, 380), 302, 1),
    ],
)
def test_residual_is_the_error_in_hundredths_of_the_spread(expected, waited, hundredths):
    assert pace.residual(expected, waited) == hundredths


def test_bounds_are_fixed_until_thirty_waits_are_measured():
    assert pace.bounds(()) == (-1.3, 1.6)
    assert pace.bounds(tuple(range(29))) == (-1.3, 1.6)
    assert pace.bounds(tuple(range(30))) != (-1.3, 1.6)


@pytest.mark.parametrize(
    ("residuals", "low", "high"),
    [
        (range(0, 300, 10), 0.2, 2.7),  # 30 waits: the third and the third last
        (range(290, -10, -10), 0.2, 2.7),
        (range(100), 0.09, 0.90),
        (range(-50, 50), -0.41, 0.40),
        ([7] * 40, 0.07, 0.07),
    ],
)
def test_bounds_are_quantiles_of_measured_waits(residuals, low, high):
    assert pace.bounds(tuple(residuals)) == (low, high)


@given(st.lists(st.integers(-400, 900), min_size=30, max_size=300))
def test_bounds_hold_at_least_four_of_five_measured_waits(residuals):
    low, high = pace.bounds(tuple(residuals))
    inside = sum(100 * low - 1e-6 <= one <= 100 * high + 1e-6 for one in residuals)
    assert low <= high
    assert inside >= 0.8 * len(residuals)


@pytest.mark.parametrize(
    ("expected", "residuals", "wait"),
    [
        (Expected(600, 100), (), (470, 760)),
        (Expected(100, 100), (), (0, 260)),  # no wait is shorter than nothing
        (Expected(100, 100), (-300,) * 30, (0, 0)),
        (Expected(600, 50), range(-50, 50), (580, 620)),
    ],
)
def test_wait_range_lies_some_spreads_around_the_expected(expected, residuals, wait):
    assert pace.wait_range(expected, tuple(residuals)) == wait


@given(st.integers(0, 20_000), st.integers(20, 5_000), st.lists(st.integers(-300, 900), max_size=60))
def test_wait_range_is_ordered_and_not_negative(seconds, spread, residuals):
    low, high = pace.wait_range(Expected(seconds, spread), residuals)
    assert 0 <= low <= high


# From day to day


def test_after_day_older_visits_fade_and_new_ones_count_whole():
    before = Prior({"KTP": Measured(10, 6000, 4_000_000), "SIM": Measured(1, 100, 10_000)}, (1, 2))
    after = pace.after_day(before, [("KTP", 300.0), ("KK", 900.0), ("KK", 100.0)], [3])
    assert after.measured["KTP"] == Measured(10, 5700, 3_690_000)
    assert after.measured["SIM"] == Measured(0.9, 90, 9_000)
    assert after.measured["KK"] == Measured(2, 1000, 820_000)
    assert after.residuals == (1, 2, 3)
    assert before.residuals == (1, 2), "the earlier one is as it was"


def test_after_day_keeps_the_latest_400_residuals():
    after = pace.after_day(Prior({}, tuple(range(399))), [], [1000, 1001, 1002])
    assert len(after.residuals) == 400
    assert after.residuals[:2] == (2, 3)
    assert after.residuals[-3:] == (1000, 1001, 1002)
