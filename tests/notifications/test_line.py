"""The way to a gateway: its pace, and when nobody is let through."""

from services.notifications.sms.line import FAILURES, LONGEST_PAUSE, LONGEST_TRY, SOON, Line


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_line(rate: float = 10) -> tuple[Line, Clock]:
    clock = Clock()
    return Line("one", None, rate, clock), clock


def fails(line: Line, times: int = FAILURES) -> None:
    for _ in range(times):
        line.went(well=False)


def test_a_gateway_that_keeps_failing_is_left_alone_for_a_moment():
    line, clock = a_line()
    fails(line, FAILURES - 1)
    assert line.opens_in() == 0
    fails(line, 1)
    assert line.opens_in() == 1
    clock.now += 0.75
    assert line.opens_in() == 0.25


def test_after_that_one_at_a_time_may_try_and_the_others_hear_soon_what_it_found():
    line, clock = a_line()
    fails(line)
    clock.now += 1
    assert line.opens_in() == 0
    assert line.opens_in() == SOON
    line.went(well=True)
    assert line.opens_in() == 0


def test_whoever_may_try_and_does_not_leaves_it_to_the_next():
    line, clock = a_line()
    fails(line)
    clock.now += 1
    assert line.opens_in() == 0
    line.was_not_used()
    assert line.opens_in() == 0


def test_whoever_tries_and_is_never_heard_of_leaves_it_to_the_next_after_a_while():
    line, clock = a_line()
    fails(line)
    clock.now += 1
    assert line.opens_in() == 0
    clock.now += LONGEST_TRY
    assert line.opens_in() == 0


def test_one_that_is_still_down_is_left_alone_for_longer_each_time():
    line, clock = a_line()
    fails(line, FAILURES + 3)  # of which some were under way together: that is no longer pause
    waits = [line.opens_in()]
    for _ in range(6):
        clock.now += waits[-1]
        assert line.opens_in() == 0
        line.went(well=False)
        waits.append(line.opens_in())
    assert waits == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    clock.now += LONGEST_PAUSE
    assert line.opens_in() == 0
    line.went(well=True)
    fails(line)
    assert line.opens_in() == 1, "and once it was back, from the beginning"


def test_failures_in_between_good_answers_close_nothing():
    line, _ = a_line()
    for _ in range(3):
        fails(line, FAILURES - 1)
        line.went(well=True)
    assert line.opens_in() == 0


def test_texts_go_out_no_faster_than_the_gateway_may_be_asked():
    line, clock = a_line(rate=10)
    assert [round(line.turn_in(), 3) for _ in range(3)] == [0, 0.1, 0.2]
    clock.now += 5
    assert line.turn_in() == 0, "what was not used is not saved up"
