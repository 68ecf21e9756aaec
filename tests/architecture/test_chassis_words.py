"""The chassis serves any event-sourced system: no word of this domain occurs in its Python files."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

import services

CHASSIS = Path(services.__file__).parent / "chassis"
DOMAIN = {"ticket", "counter", "agency", "mall", "visitor", "phone", "operator"}
OF_LIBRARIES = {"perf_counter"}  # attributes of modules that other packages named: `time.perf_counter`


def words_of(text: str) -> set[str]:
    """The words of a text or an identifier, in lower case and the singular."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)
    words = {part.lower() for part in parts}
    return words | {re.sub(r"ies$", "y", word) for word in words} | {word.removesuffix("s") for word in words}


def names_of_libraries(tree: ast.Module) -> set[str]:
    """Names that other packages gave: `Counter` of collections and of prometheus_client is no counter of a mall."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    others = [node for node in imports if not node.module.startswith("services")]
    return {alias.name for node in others for alias in node.names}


def domain_words(source: str) -> set[str]:
    """Words of the domain in identifiers, strings and comments of a Python source."""
    foreign, found = names_of_libraries(ast.parse(source)) | OF_LIBRARIES, set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.NAME or token.string not in foreign:
            found |= words_of(token.string)
    return found & DOMAIN


@pytest.mark.parametrize("file", sorted(CHASSIS.rglob("*.py")), ids=lambda file: str(file.relative_to(CHASSIS)))
def test_chassis_names_nothing_of_the_domain(file):
    assert domain_words(file.read_text()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "agencies = 1",
        "class TicketIssued: ...",
        '"""Returns what a mall has."""',
        "x = 1  # for operators",
        "def of(phone_number): ...",
        "from services.kernel import Counter",
    ],
)
def test_domain_word_is_found(source):
    assert len(domain_words(source)) == 1


@pytest.mark.parametrize("source", ["from collections import Counter\nCounter[str]()", "time.perf_counter()"])
def test_name_of_a_library_is_no_domain_word(source):
    assert domain_words(source) == set()
