"""The index of satisfaction (IKM) and its grade, in exact fractions: PermenPANRB 14/2017, annex.

The mean of each element (NRR) is the sum of its answers by the number of questionnaires; the index is the sum of the
weighted means, times 25. The weight is one by the number of elements. Printed as 0.11 it makes the best index that
there can be 99.00, as 0.111 it makes it 99.90; because both are in use, all three are told.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Literal

from services.ticketing.survey.domain import ELEMENTS

Grade = Literal["A", "B", "C", "D"]
Questionnaire = Mapping[str, int]

WEIGHTS: Mapping[str, Fraction] = {
    "exact": Fraction(1, len(ELEMENTS)),
    "0.11": Fraction(11, 100),
    "0.111": Fraction(111, 1000),
}
# The least index of each grade. The bands are printed with two decimals and nothing between them (… 88.30, 88.31 …),
# so an index is rounded before it is graded.
LEAST: Mapping[Grade, Decimal] = {"A": Decimal("88.31"), "B": Decimal("76.61"), "C": Decimal("65.00"), "D": Decimal(0)}


def means(questionnaires: Sequence[Questionnaire]) -> dict[str, Fraction]:
    """The mean answer for each element (NRR), 1 to 4. Needs at least one questionnaire."""
    count = len(questionnaires)
    return {element: Fraction(sum(one[element] for one in questionnaires), count) for element in ELEMENTS}


def index(means: Mapping[str, Fraction], weight: Fraction) -> Fraction:
    """The index of these means; 25 to 100 with the exact weight."""
    return 25 * sum((mean * weight for mean in means.values()), Fraction())


def rounded(value: Fraction, decimals: int = 2) -> Decimal:
    """Half up, as it is done by hand; `round` would take halves to the even neighbour."""
    return Decimal(floor(value * 10**decimals + Fraction(1, 2))).scaleb(-decimals)


def grade(value: Decimal) -> Grade:
    """The grade of an index (or of an element's mean times 25) that was rounded to two decimals."""
    return next(grade for grade, least in LEAST.items() if value >= least)


def sample(population: int) -> int:
    """How many of so many visits should be judged: 95 % certain to within 5 %.

    Krejcie and Morgan, Determining Sample Size for Research Activities, 1970; chi-square 3.841, P = 0.5, d = 0.05.
    """
    if population < 1:
        return 0
    spread = Fraction(3841, 1000) / 4
    return int(rounded(spread * population / (Fraction(1, 400) * (population - 1) + spread), 0))
