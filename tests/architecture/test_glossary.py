"""The glossary names each term once, and places in the code that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in GLOSSARY.splitlines()
    if line.startswith("| ") and not line.startswith("| term")
]
TERMS = [row[0] for row in ROWS]


def test_each_term_is_in_the_glossary_once():
    assert len(TERMS) > 50
    assert sorted(TERMS) == sorted(set(TERMS))


@pytest.mark.parametrize("row", ROWS, ids=TERMS)
def test_place_in_the_code_of_a_term_exists(row):
    file, *name = re.findall(r"`([^`]+)`", row[-1])
    source = (ROOT / file).read_text()
    assert all(re.search(rf"^(class |def )?{each}\b", source, re.MULTILINE) for each in name)


def test_each_term_has_a_meaning_in_one_line():
    assert [row[0] for row in ROWS if not 8 < len(row[-2]) < 130] == []
