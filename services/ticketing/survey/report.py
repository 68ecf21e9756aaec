"""What a period's answers come to: the index and its parts, and who answered, as plain data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from services.ticketing.survey.domain import ELEMENTS, PROFILE, SurveyAnswered
from services.ticketing.survey.index import WEIGHTS, grade, index, means, rounded, sample

Thing = TypeVar("Thing")

LEAST_RESPONDENTS = 5  # with fewer the figures would tell what one of them answered

COLUMNS = (
    *("part", "code", "name", "respondents", "visits", "sample"),
    *ELEMENTS,
    *(f"index_{name}" for name in WEIGHTS),
    *(f"grade_{name}" for name in WEIGHTS),
)


@dataclass(frozen=True)
class Answer:
    """An answer, and the month (`2026-11`) of the visit that it judges."""

    month: str
    event: SurveyAnswered


@dataclass(frozen=True)
class Visits:
    """So many visits of a month were served, for this service of this agency."""

    month: str
    agency: str
    service: str
    count: int


PARTS: Mapping[str, tuple[Callable[[Answer], str], Callable[[Visits], str]]] = {
    "months": (lambda answer: answer.month, lambda visits: visits.month),
    "agencies": (lambda answer: answer.event.agency, lambda visits: visits.agency),
    "services": (lambda answer: answer.event.service, lambda visits: visits.service),
}


def report(answers: Sequence[Answer], visits: Sequence[Visits]) -> dict[str, Any]:
    """The whole with the respondents' profile, and each part of it by its code."""
    parts = {}
    for name, (of_answer, of_visits) in PARTS.items():
        answered, visited = _grouped(answers, of_answer), _grouped(visits, of_visits)
        codes = sorted({*answered, *visited})
        parts[name] = {code: figures(answered.get(code, []), visited.get(code, [])) for code in codes}
    return {"all": figures(answers, visits) | {"profile": profile(answers)}, **parts}


def _grouped(things: Iterable[Thing], code_of: Callable[[Thing], str]) -> dict[str, list[Thing]]:
    groups: dict[str, list[Thing]] = {}
    for thing in things:
        groups.setdefault(code_of(thing), []).append(thing)
    return groups


def figures(answers: Sequence[Answer], visits: Iterable[Visits]) -> dict[str, Any]:
    """Respondents, visits and the sample recommended for them; elements and indices, None of fewer than five."""
    population = sum(some.count for some in visits)
    counted = {"respondents": len(answers), "visits": population, "sample": sample(population)}
    if len(answers) < LEAST_RESPONDENTS:
        return counted | {"elements": None, "indices": None}
    found = means([answer.event.answers for answer in answers])
    indices = {name: rounded(index(found, weight)) for name, weight in WEIGHTS.items()}
    return counted | {
        "elements": [{"element": element, **_element(found[element])} for element in ELEMENTS],
        "indices": {name: {"value": float(value), "grade": grade(value)} for name, value in indices.items()},
    }


def _element(mean: Fraction) -> dict[str, Any]:
    """An element's mean (NRR), its weighted mean, and both as they are judged: times 25, with a grade."""
    value = rounded(mean * 25)
    return {
        "mean": float(rounded(mean, 3)),
        "weighted": float(rounded(mean * WEIGHTS["exact"], 3)),
        "value": float(value),
        "grade": grade(value),
    }


def profile(answers: Sequence[Answer]) -> dict[str, dict[str, int]] | None:
    """How many respondents there are of each kind; `untold` did not say. None of fewer than five."""
    if len(answers) < LEAST_RESPONDENTS:
        return None
    return {name: _counted([getattr(answer.event.profile, name) for answer in answers], name) for name in PROFILE}


def _counted(told: Sequence[str], name: str) -> dict[str, int]:
    return {kind: told.count(kind) for kind in PROFILE[name]} | {"untold": told.count("")}


def rows(found: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for the whole and for each part, means with three decimals and indices with two."""
    parts = [("all", "", found["all"])]
    parts += [(part, code, found[part][code]) for part in PARTS for code in found[part]]
    return [{"part": part, "code": code, "name": names.get(code, ""), **_cells(told)} for part, code, told in parts]


def _cells(told: Mapping[str, Any]) -> dict[str, Any]:
    indices = told["indices"] or {}
    cells = {name: told[name] for name in ("respondents", "visits", "sample")}
    cells |= dict.fromkeys(ELEMENTS, "") | {one["element"]: f"{one['mean']:.3f}" for one in told["elements"] or ()}
    cells |= {f"index_{name}": f"{indices[name]['value']:.2f}" if indices else "" for name in WEIGHTS}
    return cells | {f"grade_{name}": indices[name]["grade"] if indices else "" for name in WEIGHTS}
