"""What a period's answers come to: the index and its parts, and who answered, as plain data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from services.ticketing.survey.batches import Batch
from services.ticketing.survey.domain import ELEMENTS, PROFILE, SurveyAnswered
from services.ticketing.survey.index import WEIGHTS, grade, index, means, rounded, sample

Thing = TypeVar("Thing", "Batch", "Visits")

COLUMNS = (
    *("part", "code", "name", "respondents", "visits", "sample"),
    *ELEMENTS,
    *(f"index_{name}" for name in WEIGHTS),
    *(f"grade_{name}" for name in WEIGHTS),
)


@dataclass(frozen=True)
class Visits:
    """So many visits of a month were served, for this service of this agency."""

    month: str
    agency: str
    service: str
    count: int


PARTS: Mapping[str, Callable[[Batch | Visits], str]] = {
    "months": lambda counted: counted.month,
    "agencies": lambda counted: counted.agency,
    "services": lambda counted: counted.service,
}


def report(batches: Sequence[Batch], visits: Sequence[Visits]) -> dict[str, Any]:
    """The whole with the respondents' profile, and each part of it by its code.

    A batch that is of no single agency or service counts in the whole and the month alone.
    """
    parts = {}
    for name, code_of in PARTS.items():
        answered, visited = _grouped(batches, code_of), _grouped(visits, code_of)
        codes = sorted({*answered, *visited} - {""})
        parts[name] = {code: figures(answered.get(code, []), visited.get(code, [])) for code in codes}
    return {"all": figures(batches, visits) | {"profile": profile(batches)}, **parts}


def _grouped(things: Iterable[Thing], code_of: Callable[[Thing], str]) -> dict[str, list[Thing]]:
    groups: dict[str, list[Thing]] = {}
    for thing in things:
        groups.setdefault(code_of(thing), []).append(thing)
    return groups


def figures(batches: Iterable[Batch], visits: Iterable[Visits]) -> dict[str, Any]:
    """Respondents that are counted, visits and the sample recommended; elements and indices, None of none."""
    answers = _answers(batches)
    population = sum(some.count for some in visits)
    counted = {"respondents": len(answers), "visits": population, "sample": sample(population)}
    if not answers:
        return counted | {"elements": None, "indices": None}
    found = means([answer.answers for answer in answers])
    indices = {name: rounded(index(found, weight)) for name, weight in WEIGHTS.items()}
    return counted | {
        "elements": [{"element": element, **_element(found[element])} for element in ELEMENTS],
        "indices": {name: {"value": float(value), "grade": grade(value)} for name, value in indices.items()},
    }


def _answers(batches: Iterable[Batch]) -> list[SurveyAnswered]:
    return [answer for batch in batches for answer in batch.answers]


def _element(mean: Fraction) -> dict[str, Any]:
    """An element's mean (NRR), its weighted mean, and both as they are judged: times 25, with a grade."""
    value = rounded(mean * 25)
    return {
        "mean": float(rounded(mean, 3)),
        "weighted": float(rounded(mean * WEIGHTS["exact"], 3)),
        "value": float(value),
        "grade": grade(value),
    }


def profile(batches: Iterable[Batch]) -> dict[str, dict[str, int]] | None:
    """How many respondents there are of each kind; `untold` did not say. None of none."""
    profiles = [answer.profile for answer in _answers(batches)]
    return {name: _counted([getattr(one, name) for one in profiles], name) for name in PROFILE} if profiles else None


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
