"""The index of satisfaction: exact, with the weights that are printed beside it, and the sample it should rest on."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticketing.survey.domain import ELEMENTS
from services.ticketing.survey.index import WEIGHTS, grade, index, means, rounded, sample

QUESTIONNAIRES = st.lists(st.fixed_dictionaries(dict.fromkeys(ELEMENTS, st.integers(1, 4))), min_size=1, max_size=30)


def all_of(value: int) -> dict[str, int]:
    return dict.fromkeys(ELEMENTS, value)


def indices(questionnaires) -> dict[str, str]:
    found = means(questionnaires)
    return {name: str(rounded(index(found, weight))) for name, weight in WEIGHTS.items()}


@pytest.mark.parametrize(
    ("value", "exact", "by_two", "by_three"),
    [(4, "100.00", "99.00", "99.90"), (3, "75.00", "74.25", "74.93"), (1, "25.00", "24.75", "24.98")],
)
def test_the_printed_weights_make_the_same_answers_worth_less(value, exact, by_two, by_three):
    assert indices([all_of(value)] * 7) == {"exact": exact, "0.11": by_two, "0.111": by_three}


@pytest.mark.parametrize(
    ("mean", "exact", "by_two"),
    [("3.55", ("88.75", "A"), ("87.86", "B")), ("2.60", ("65.00", "C"), ("64.35", "D"))],
)
def test_a_printed_weight_can_cost_a_grade(mean, exact, by_two):
    found = dict.fromkeys(ELEMENTS, Fraction(mean))
    for name, told in (("exact", exact), ("0.11", by_two)):
        value = rounded(index(found, WEIGHTS[name]))
        assert (str(value), grade(value)) == told


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        *(("100.00", "A"), ("88.31", "A"), ("88.30", "B"), ("76.61", "B"), ("76.60", "C")),
        *(("65.00", "C"), ("64.99", "D"), ("25.00", "D"), ("24.75", "D")),
    ],
)
def test_grades_begin_where_the_regulation_prints_it(value, letter):
    assert grade(Decimal(value)) == letter


@pytest.mark.parametrize(
    ("value", "told", "letter"),
    [("88.304999", "88.30", "B"), ("88.305", "88.31", "A"), ("76.605", "76.61", "B"), ("64.995", "65.00", "C")],
)
def test_what_lies_between_two_bands_is_rounded_half_up_before_it_is_graded(value, told, letter):
    found = rounded(Fraction(value))
    assert (str(found), grade(found)) == (told, letter)


def test_a_half_is_never_rounded_to_the_even_neighbour():
    assert [str(rounded(Fraction(n, 1000))) for n in (5, 15, 25, 35)] == ["0.01", "0.02", "0.03", "0.04"]


def test_an_element_is_the_mean_of_its_own_answers():
    found = means([all_of(4) | {"time": 1}, all_of(3) | {"time": 2}, all_of(3)])
    assert (found["time"], found["cost"]) == (Fraction(2), Fraction(10, 3))


@given(QUESTIONNAIRES)
def test_the_exact_index_is_25_times_the_mean_of_all_answers(questionnaires):
    total = sum(sum(one.values()) for one in questionnaires)
    assert index(means(questionnaires), WEIGHTS["exact"]) == Fraction(25 * total, 9 * len(questionnaires))


@given(QUESTIONNAIRES)
def test_an_index_lies_between_25_and_100_and_above_those_of_the_printed_weights(questionnaires):
    found = means(questionnaires)
    exact, by_three, by_two = (index(found, WEIGHTS[name]) for name in ("exact", "0.111", "0.11"))
    assert 25 <= exact <= 100
    assert (by_three, by_two) == (exact * Fraction("0.999"), exact * Fraction("0.99"))


@given(QUESTIONNAIRES, st.randoms(use_true_random=False))
def test_neither_order_nor_doubling_the_answers_changes_the_index(questionnaires, random):
    other = questionnaires * 2
    random.shuffle(other)
    assert indices(other) == indices(questionnaires)


@given(QUESTIONNAIRES, st.sampled_from(ELEMENTS))
def test_a_better_answer_never_lowers_an_index_or_its_grade(questionnaires, element):
    better = [questionnaires[0] | {element: 4}, *questionnaires[1:]]
    for weight in WEIGHTS.values():
        before, after = (rounded(index(means(some), weight)) for some in (questionnaires, better))
        assert before <= after
        assert grade(before) >= grade(after), "A comes before D"


@pytest.mark.parametrize(
    ("visits", "wanted"),
    [
        *((0, 0), (1, 1), (10, 10), (15, 14), (20, 19), (25, 24), (50, 44), (100, 80), (110, 86), (120, 92)),
        *((200, 132), (500, 217), (1000, 278), (2200, 327), (10_000, 370), (75_000, 382), (1_000_000, 384)),
    ],
)
def test_the_sample_is_that_of_krejcie_and_morgans_table(visits, wanted):
    assert sample(visits) == wanted


@given(st.integers(0, 10**6))
def test_a_sample_is_never_more_than_there_are(visits):
    assert sample(visits) <= visits
