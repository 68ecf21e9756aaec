"""Both languages say everything, and every problem has its words."""

import ast
import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest

import services
from services.chassis.errors import Problem, Refused
from services.chassis.problems import HTTP_REASONS, STATUS
from services.chassis.words import Words

FOLDER = Path(services.__file__).parent
HOUSES = ("chassis", "kernel", "catalog", "ticketing", "notifications")
WITH_PAGES = [house for house in HOUSES if (FOLDER / house / "templates").is_dir()]
LANGUAGES = ("id", "en")


def texts(house: str, language: str) -> dict[str, str]:
    return json.loads((FOLDER / house / "words" / f"{language}.json").read_text())


def words_of(house: str) -> Words:
    """What can be said where a problem is raised: the chassis uses no words of the kernel."""
    parts = ("chassis",) if house == "chassis" else ("chassis", "kernel", house)
    return Words([FOLDER / part / "words" for part in parts])


def problems() -> list[type[Problem]]:
    """Every problem that the code can raise, from all modules of all services."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        importlib.import_module(module.name)
    found, todo = [], [Problem]
    while todo:
        kinds = todo.pop().__subclasses__()
        found += [kind for kind in kinds if kind not in STATUS and kind.__module__.startswith("services.")]
        todo += kinds
    return found


PROBLEMS = problems()


@pytest.mark.parametrize("house", HOUSES)
def test_both_languages_have_the_same_keys(house):
    assert sorted(texts(house, "id")) == sorted(texts(house, "en"))


@pytest.mark.parametrize("house", HOUSES)
def test_both_languages_fill_in_the_same_values(house):
    blanks = {
        language: {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in texts(house, language).items()}
        for language in LANGUAGES
    }
    assert blanks["id"] == blanks["en"]


@pytest.mark.parametrize("house", HOUSES)
def test_no_text_is_empty(house):
    assert [key for language in LANGUAGES for key, text in texts(house, language).items() if not text.strip()] == []


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.__name__)
def test_a_problem_has_words_where_it_is_raised(problem):
    house = problem.__module__.split(".")[1]
    words = words_of(house)
    reason = problem().reason
    assert [part for part in ("title", "detail") if not words.has(f"problem.{reason}.{part}")] == []


def raised() -> list[tuple[str, str, set[str]]]:
    """Each place in the code that raises a problem: where it is, which one, and the values it gives."""
    names = {problem.__name__: problem().reason for problem in PROBLEMS}
    files = {file: ast.parse(file.read_text()) for file in sorted(FOLDER.rglob("*.py"))}
    raises = [(file, raise_) for file in files for raise_ in ast.walk(files[file]) if isinstance(raise_, ast.Raise)]
    return [
        (f"{file.relative_to(FOLDER)}:{call.lineno}", names[name], {keyword.arg or "" for keyword in call.keywords})
        for file, raise_ in raises
        for call in ast.walk(raise_)
        if isinstance(call, ast.Call) and (name := getattr(call.func, "attr", getattr(call.func, "id", ""))) in names
    ]


def test_a_problem_is_told_only_with_values_that_are_given_wherever_it_is_raised():
    places = raised()
    assert {reason for _, reason, _ in places} >= {
        problem().reason for problem in PROBLEMS if issubclass(problem, Refused)
    }
    lacking = []
    for place, reason, given in places:
        words = texts("chassis", "id") | texts("kernel", "id") | texts(place.partition("/")[0], "id")
        asked = re.findall(r"\{(\w+)\}", words[f"problem.{reason}.title"] + words[f"problem.{reason}.detail"])
        lacking += [(place, reason, value) for value in asked if value not in given]
    assert lacking == []


@pytest.mark.parametrize("reason", [*HTTP_REASONS.values(), "internal"])
def test_what_http_itself_refuses_has_words_too(reason):
    words = Words([FOLDER / "chassis" / "words"])
    assert [part for part in ("title", "detail") if not words.has(f"problem.{reason}.{part}")] == []


def test_each_reason_is_one_problem():
    homes = {(problem.__module__.split(".")[1], problem().reason) for problem in PROBLEMS}
    assert len(homes) == len(PROBLEMS)


@pytest.mark.parametrize("house", WITH_PAGES)
def test_a_page_uses_only_texts_that_were_written(house):
    words = Words([FOLDER / part / "words" for part in ("chassis", "kernel", house)])
    pages = list((FOLDER / house / "templates").glob("*.html"))
    used = [key for page in pages for key in re.findall(r"\bt\(\s*'([^'~]+)'\s*[,)]", page.read_text())]
    assert used
    assert [key for key in used if not words.has(key)] == []
