"""Hours as the catalog keeps them: the intervals of a day, the days of a week."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

Intervals = tuple[tuple[str, str], ...]  # when it opens and when it closes, as "HH:MM"
Week = Mapping[str, Intervals]
SHUT: Mapping[str, Intervals] = dict.fromkeys(WEEKDAYS, ())


def faults_of_week(week: Week) -> Iterator[str]:
    """What is wrong with the hours of a week."""
    for day, intervals in week.items():
        if day not in WEEKDAYS:
            yield f"{day!r} is none of {', '.join(WEEKDAYS)}"
        yield from (f"{day} {fault}" for fault in faults_of_day(intervals))


def faults_of_day(intervals: Intervals) -> Iterator[str]:
    """What is wrong with the hours of a day."""
    moments = [moment for interval in intervals for moment in interval]
    if not all(CLOCK.fullmatch(moment) for moment in moments):
        yield "needs times such as 08:00"
    elif any(earlier >= later for earlier, later in pairwise(moments)):
        yield "needs intervals that open before they close, one after the other"
