"""Which figures may be shown although they rest on the priority class of visitors, or on what follows from it.

Figures by class are of whole months that are over, and only of those: two periods that overlap differ by whole months.
In each month that counts, each group has no visit or at least five; so has each difference of two answers. Where a
class has fewer, all priority classes are one group; where that is not enough, the month is left out.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from services.ticketing.domain.history import Visits

LEAST = 5
ORDINARY, PRIORITY = "ordinary", "priority"
SETTLED_AFTER = timedelta(days=8)  # a day that the worker missed is closed late; surveys are open for seven days

Grouping = Mapping[str, str]
"""The group that each class is shown in."""


def can_be_shown(count: int) -> bool:
    """Return whether a group of so many visitors hides each of them: none, or at least five."""
    return count == 0 or count >= LEAST


def grouping(months: Iterable[Mapping[str, int]]) -> Grouping | None:
    """Return the group that each class is shown in, by the visits of each class in each of these months.

    Each class is a group, or all priority classes are one; None if a group would have one to four visits in a month.
    """
    counts = [dict(month) for month in months]
    classes = {name for month in counts for name in month}
    each = {name: name for name in classes}
    two = {name: name if name == ORDINARY else PRIORITY for name in classes}
    return next((groups for groups in (each, two) if all(_is_large_enough(month, groups) for month in counts)), None)


def _is_large_enough(month: Mapping[str, int], groups: Grouping) -> bool:
    return all(can_be_shown(count) for count in grouped(month, groups).values())


def grouped(counts: Mapping[str, int], groups: Grouping) -> Counter[str]:
    """Return the counts by group instead of by class."""
    found: Counter[str] = Counter()
    for name, count in counts.items():
        found[groups[name]] += count
    return found


def settled_months(days: Iterable[str], first: date, last: date, today: date) -> list[str]:
    """Return the months (`2026-11`) of these days that lie whole between first and last, and are settled today."""
    starts = [date.fromisoformat(f"{month}-01") for month in sorted({day[:7] for day in days})]
    return [
        f"{start:%Y-%m}" for start in starts if first <= start and end_of(start) <= last and is_settled(start, today)
    ]


def is_settled(month: date, today: date) -> bool:
    """Return whether the month of this day ended at least eight days ago: nothing is added to it any more."""
    return end_of(month) + SETTLED_AFTER <= today


def end_of(month: date) -> date:
    """Return the last day of the month of this day."""
    return month.replace(day=monthrange(month.year, month.month)[1])


def waits_in_range(days: Mapping[str, Visits]) -> dict[str, Sequence[bool]]:
    """Return by day which waits were in the range on the ticket; a day with one to four of them is left out.

    The range depends on the class: whether the wait of one visitor was in it would show the class.
    """
    known = {day: [one for one in visits.in_range if one is not None] for day, visits in days.items()}
    return {day: waits for day, waits in known.items() if can_be_shown(len(waits))}
