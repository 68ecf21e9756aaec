"""Figures by priority class: what is shown of them does not reveal the class of one visit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import examples
from ticketing.test_statistics import visit

from services.ticketing.domain import disclosure, statistics
from services.ticketing.domain.history import Visits

CLASSES = ("ordinary", "disability", "elderly")
COUNTS = st.fixed_dictionaries({name: st.integers(0, 12) for name in CLASSES})
LATER = date(2028, 1, 1)

Counts = Mapping[str, int]
Groups = Mapping[str, int]


def shown(counts: Counts) -> Groups | None:
    """What is shown of one month's counts by class."""
    occurring = {name: count for name, count in counts.items() if count}
    groups = disclosure.grouping([occurring])
    return None if groups is None else disclosure.grouped(occurring, groups)


def all_counts(total: int) -> Iterable[Counts]:
    for ordinary, disability in product(range(total + 1), repeat=2):
        if ordinary + disability <= total:
            yield {"ordinary": ordinary, "disability": disability, "elderly": total - ordinary - disability}


@cache
def all_shown(total: int) -> list[tuple[Counts, Groups | None]]:
    """All counts with this sum, and what is shown of each."""
    return [(counts, shown(counts)) for counts in all_counts(total)]


@pytest.mark.parametrize(
    ("counts", "groups"),
    [
        ({}, {}),
        ({"ordinary": 90, "elderly": 5}, {"ordinary": 90, "elderly": 5}),
        ({"ordinary": 90, "elderly": 9, "disability": 1}, {"ordinary": 90, "priority": 10}),
        ({"ordinary": 90, "elderly": 4}, None),
        ({"ordinary": 4, "elderly": 9}, None),
        ({"ordinary": 9}, {"ordinary": 9}),
    ],
)
def test_classes_with_fewer_than_five_visits_are_put_together_or_left_out(counts, groups):
    assert shown(counts) == groups


@given(COUNTS)
def test_no_group_of_one_to_four_is_shown(counts):
    assert all(count >= 5 for count in (shown(counts) or {}).values())


@settings(deadline=None)
@given(COUNTS)
def test_a_hidden_count_does_not_follow_from_total_groups_and_rule(counts):
    """Of all counts that lead to the same answer, at least two differ in each class that has one to four visits."""
    same = [other for other, answer in all_shown(sum(counts.values())) if answer == shown(counts)]
    assert counts in same
    for name, count in counts.items():
        if 1 <= count <= 4:
            assert len({other[name] for other in same}) > 1


def days_of(months: Sequence[Counts]) -> dict[str, Visits]:
    """Closed days from January 2027 on, one for each month, with so many visits of each class."""
    return {
        f"2027-{number:02d}-10": Visits.of(
            visit(priority="" if name == "ordinary" else name) for name, count in month.items() for _ in range(count)
        )
        for number, month in enumerate(months, start=1)
    }


def is_spanned(rows: Sequence[Sequence[int]], wanted: Sequence[int]) -> bool:
    """Whether some sum of multiples of the rows is the wanted one."""
    return rank([*rows, wanted]) == rank(rows)


def rank(rows: Sequence[Sequence[int]]) -> int:
    left, found = [[Fraction(cell) for cell in row] for row in rows], 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left[found:] if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        for position in range(found + 1, len(left)):
            factor = left[position][column] / pivot[column]
            left[position] = [a - factor * b for a, b in zip(left[position], pivot, strict=True)]
        found += 1
    return found


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(COUNTS, min_size=1, max_size=4))
def test_no_sum_or_difference_of_periods_is_a_count_of_one_to_four(months):
    """An attacker who knows the totals and reads every period cannot compute a small class, or small priority."""
    days = days_of(months)
    cells = [(f"2027-{number:02d}", name) for number in range(1, len(months) + 1) for name in CLASSES]
    rows = [[int(month == day[:7]) for month, _ in cells] for day in days]  # totals are known
    for first, last in combinations([date(2027, month, 1) for month in range(1, len(months) + 2)], 2):
        covered, groups = statistics.by_class(days, first, last - timedelta(days=1), LATER)
        for group in groups:
            members = [name for name in CLASSES if group == name or (group == "priority" and name != "ordinary")]
            rows.append([int(month in covered and name in members) for month, name in cells])
            assert groups[group]["tickets"] == sum(
                months[int(month[5:]) - 1][name] for (month, name), cell in zip(cells, rows[-1], strict=True) if cell
            )
    for number, month in enumerate(months, start=1):
        small = [[name] for name in CLASSES if 1 <= month[name] <= 4]
        if 1 <= month["disability"] + month["elderly"] <= 4:
            small.append(["disability", "elderly"])
        for names in small:
            wanted = [int(one == f"2027-{number:02d}" and name in names) for one, name in cells]
            assert not is_spanned(rows, wanted), (number, names)


@pytest.mark.parametrize(
    ("first", "last", "today", "covered"),
    [
        (date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 8), ["2027-01"]),
        (date(2027, 1, 1), date(2027, 1, 31), date(2027, 2, 7), []),
        (date(2027, 1, 2), date(2027, 1, 31), date(2027, 6, 1), []),
        (date(2027, 1, 1), date(2027, 1, 30), date(2027, 6, 1), []),
        (date(2026, 12, 15), date(2027, 2, 15), date(2027, 6, 1), ["2027-01"]),
        (date(2027, 1, 1), date(2027, 2, 28), date(2027, 6, 1), ["2027-01", "2027-02"]),
    ],
)
def test_classes_are_shown_for_whole_settled_months(first, last, today, covered):
    days = days_of([{"ordinary": 20, "elderly": 6}] * 2)
    months, groups = statistics.by_class(days, first, last, today)
    assert months == covered
    assert {name: part["tickets"] for name, part in groups.items()} == (
        {"ordinary": 20 * len(covered), "elderly": 6 * len(covered)} if covered else {}
    )


def january(*visits) -> dict:
    return statistics.by_class({"2027-01-10": Visits.of(visits)}, date(2027, 1, 1), date(2027, 1, 31), LATER)[1]


def test_times_of_a_class_are_of_five_visits_at_least_and_rounded():
    waits = [61, 122, 183, 1244, 1305]
    elderly = [visit(priority="elderly", waited=wait, worked=None) for wait in waits]
    found = january(*[visit()] * 9, *elderly)["elderly"]
    assert (found["wait_median"], found["wait_p90"], found["service_median"]) == (300, 1200, None)
    fewer = january(*[visit()] * 9, *elderly[1:], visit(priority="elderly", waited=None))["elderly"]
    assert (fewer["tickets"], fewer["wait_median"], fewer["wait_p90"]) == (5, None, None)
    assert fewer["waits_in_range"] is None


def test_times_of_a_class_do_not_depend_on_the_order_of_visits():
    minutes = [40, 5, 30, 10, 20]
    elderly = [visit(priority="elderly", waited=60 * each, worked=60 * (each + 5)) for each in minutes]
    found = january(*[visit()] * 9, *elderly)["elderly"]
    assert [found[name] // 60 for name in ("wait_median", "wait_p90", "service_median", "service_p90")] == [
        20,
        40,
        25,
        45,
    ]
    assert january(*[visit()] * 9, *sorted(elderly, key=lambda one: one.waited))["elderly"] == found


def test_outcomes_of_a_class_are_hidden_where_one_has_one_to_four():
    ordinary, elderly = [visit()] * 9, [visit(priority="elderly")] * 9
    assert january(*ordinary, *elderly)["elderly"]["served"] == 9
    assert list(january(*ordinary, *elderly)) == ["elderly", "ordinary"], "by name"
    missed = visit(priority="elderly", outcome="missed")
    found = january(*ordinary, *elderly, missed)
    assert {(part["served"], part["missed"], part["cancelled"]) for part in found.values()} == {(None, None, None)}
    assert january(*ordinary, *elderly, *[missed] * 5)["elderly"]["missed"] == 5


def test_waits_in_range_are_shown_for_days_with_at_least_five():
    days = {"2027-01-10": Visits.of([visit()] * 5), "2027-01-11": Visits.of([visit(in_range=False)] * 4)}
    whole, parts = statistics.summary(days, "day")
    assert whole["waits_in_range"] == 1.0
    assert {day: part["waits_in_range"] for day, part in parts.items()} == {"2027-01-10": 1.0, "2027-01-11": None}
    for group in ("service", "agency", "counter", "hour"):
        _, parts = statistics.summary(days, group)
        assert {part["waits_in_range"] for part in parts.values()} == {None}
