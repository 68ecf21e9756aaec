"""docs/asvs.md has every requirement of ASVS 5.0.0 at levels 1 and 2 once, with evidence that exists."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

import services

ROOT = Path(services.__file__).parents[1]
DOCS = ROOT / "docs"
STATES = ("met", "partly", "not met", "n/a")
# Of each chapter, V1 first: a word for each section, in it the level of each requirement. 5.0.0 numbers without gaps.
LEVELS = (
    "22 1111122223 112222222223 222 123",  # V1
    "122 112 12223 23",  # V2
    "3 113 12223 11222233 11122333 3 22333",  # V3
    "12233 23333 22 1222",  # V4
    "2 112333 113 222",  # V5
    "122 111111112222 11223333 112233 22222333 2223 33 2222",  # V6
    "222 1111 22 11222 223 22",  # V7
    "1233 1123 133 23",  # V8
    "111 1222",  # V9
    "22 223 22223 1111122222233333 22222 22 222",  # V10
    "2233 22233 11233 1222 23 23 33",  # V11
    "12233 11 22223",  # V12
    "2333 222223 2233 1222233",  # V13
    "22 12223333 122",  # V14
    "12233 12233 1222222 3333",  # V15
    "2 22222 2222 222 2223",  # V16
    "23 22223333 22",  # V17
)
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
EVIDENCE = re.compile(r"`((?:tests|services|deploy)/[^`]+|pyproject\.toml|\.dockerignore)`")


@dataclass(frozen=True)
class Item:
    """A requirement as the document has it."""

    number: str
    level: str
    name: str
    state: str
    about: str


ITEMS = [Item(*match) for match in ROW.findall((DOCS / "asvs.md").read_text())]


def required() -> list[tuple[str, str]]:
    """Return number and level of each requirement at levels 1 and 2, in the order of the standard."""
    return [
        (f"{chapter}.{section}.{item}", level)
        for chapter, sections in enumerate(LEVELS, 1)
        for section, levels in enumerate(sections.split(), 1)
        for item, level in enumerate(levels, 1)
        if level in "12"
    ]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(evidence: str) -> bool:
    """Whether a file exists, and in it the test that is named after `::`."""
    path, _, test = evidence.partition("::")
    file = ROOT / path
    return file.is_file() and (
        not test or bool(re.search(rf"^def {re.escape(test)}\(", file.read_text(), re.MULTILINE))
    )


def test_every_requirement_of_levels_1_and_2_is_there_once_in_order():
    assert len(required()) == 253
    assert [(item.number, item.level) for item in ITEMS] == required()


def test_every_line_of_a_table_is_read():
    lines = [line for line in (DOCS / "asvs.md").read_text().splitlines() if re.match(r"\| *\d", line)]
    assert len(lines) == len(ITEMS)


def test_every_state_is_one_of_four_and_says_why():
    for item in ITEMS:
        assert item.state in STATES, item
        assert item.state != "partly" or "Missing: " in item.about, item
        assert item.about.strip(), item


@pytest.mark.parametrize(
    "item", [item for item in ITEMS if item.state in ("met", "partly")], ids=lambda item: item.number
)
def test_evidence_of_a_requirement_exists(item: Item):
    evidence, links = EVIDENCE.findall(item.about), LINK.findall(item.about)
    assert evidence or links, "met by what?"
    assert [one for one in evidence if not is_there(one)] == []


@pytest.mark.parametrize("document", ["asvs.md", "security.md", "logs.md", "cryptography.md"])
def test_every_link_of_a_security_document_leads_somewhere(document):
    text = (DOCS / document).read_text()
    for path, anchor in LINK.findall(text):
        if path.startswith("http"):
            continue
        target = (DOCS / path) if path else DOCS / document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text()), f"{path}#{anchor}"


def test_evidence_that_is_missing_is_noticed():
    assert is_there("tests/architecture/test_asvs.py::test_evidence_that_is_missing_is_noticed")
    assert not is_there("tests/architecture/test_asvs.py::test_that_nobody_wrote")
    assert not is_there("tests/architecture/test_none.py")


def test_summary_counts_what_the_items_say():
    summary = (DOCS / "security.md").read_text().partition("## ASVS 5.0, level 2")[2]
    rows = re.findall(
        r"^\| (?:V(\d+) [^|]+|all) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", summary, re.MULTILINE
    )
    for chapter, *counts in rows:
        mine = [item for item in ITEMS if not chapter or item.number.startswith(f"{chapter}.")]
        states = Counter(item.state for item in mine)
        assert list(map(int, counts)) == [len(mine), *(states[state] for state in STATES)], chapter or "all"
    assert [chapter for chapter, *_ in rows] == [*map(str, range(1, 18)), ""]


@pytest.mark.parametrize("state", ["not met", "partly"])
def test_summary_names_what_is_not_met(state):
    summary = (DOCS / "security.md").read_text().partition("## ASVS 5.0, level 2")[2]
    beginning = {"not met": "Not met:", "partly": "Partly met"}[state]
    part = summary.partition(f"\n{beginning}")[2].partition("\n\nPartly met" if state == "not met" else "\x00")[0]
    named = re.findall(r"\b(\d+\.\d+\.\d+) ", part)
    assert sorted(set(named)) == sorted(item.number for item in ITEMS if item.state == state)
