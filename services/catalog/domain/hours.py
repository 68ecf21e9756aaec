"""Hours as the catalog keeps them: the intervals of a day, the days of a week."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from services.catalog.domain import limits
from services.chassis.errors import Fault

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

Intervals = tuple[tuple[str, str], ...]  # when it opens and when it closes, as "HH:MM"
Week = Mapping[str, Intervals]
SHUT: Mapping[str, Intervals] = dict.fromkeys(WEEKDAYS, ())


def whole_week(week: Week) -> Week:
    """Return the hours of all seven weekdays in order, none on a day that the week does not name."""
    return {day: week.get(day, ()) for day in WEEKDAYS}


def faults_of_week(week: Week) -> Iterator[Fault]:
    """What is wrong with the hours of a week, each fault with its day."""
    for day, intervals in week.items():
        if day not in WEEKDAYS:
            yield Fault(day, "{day!r} is none of {days}", {"day": day, "days": ", ".join(WEEKDAYS)})
        yield from (replace(fault, field=day, label=f"{day} ") for fault in faults_of_day(intervals))


def faults_of_day(intervals: Intervals) -> Iterator[Fault]:
    """What is wrong with the hours of a day."""
    if len(intervals) > limits.INTERVALS:
        yield Fault("", "has more than {n} intervals", {"n": limits.INTERVALS})
        return
    moments = [moment for interval in intervals for moment in interval]
    if not all(CLOCK.fullmatch(moment) for moment in moments):
        yield Fault("", "needs times such as 08:00")
    elif any(earlier >= later for earlier, later in pairwise(moments)):
        yield Fault("", "needs intervals that open before they close, one after the other")


def within(field: str, faults: Iterable[Fault], label: str = "") -> Iterator[Fault]:
    """The same faults, as those of a part of something."""
    for fault in faults:
        inner = f"{field}.{fault.field}" if fault.field else field
        yield replace(fault, field=inner, label=f"{label}{fault.label}")
