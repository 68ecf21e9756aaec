"""Every text that a page's script asks for is written, and sent with the page."""

import itertools
import json
import re
from pathlib import Path

import pytest

import services

FOLDER = Path(services.__file__).parent
SERVICES = ("catalog", "ticketing", "notifications")
SHARED = ("kernel", "chassis")
IMPORTS = re.compile(r"^import\b[^;']*'\./([\w-]+\.js)';", re.MULTILINE)
ASKED = re.compile(r"(?<![\w.$])(?:t|has)\(\s*")
DOTTED = re.compile(r"'([a-z][\w-]*(?:\.[\w-]+)+)'")
FUNCTION = re.compile(r"^export (?:async )?function (\w+)\(.*?^}$", re.MULTILINE | re.DOTALL)
CHOICE = re.compile(r"\?\s*'([^']*)'\s*:\s*'([^']*)'$")
# Functions that build keys from a prefix which they are given, and where it is in their arguments.
GIVEN_PREFIX = {
    ("sentences.js", "prefix"): re.compile(r"(?<!function )waitInWords\((?:'([^']+)'|(\w+))"),
    ("passkey.js", "words"): re.compile(r"(?<!function )(?:make|use)Passkey\([^,()]+, (?:'([^']+)'|(\w+))"),
}
PAGES = [(service, file) for service in SERVICES for file in sorted((FOLDER / service / "templates").glob("*.html"))]
PAGES += [("ticketing", FOLDER / "kernel" / "templates" / "dead_letters.html")]


def lookup(service: str, kind: str) -> dict[str, Path]:
    return {file.name: file for part in (service, *SHARED) for file in (FOLDER / part / kind).glob("*.*")}


def texts(service: str, language: str) -> dict[str, str]:
    files = [FOLDER / part / "words" / f"{language}.json" for part in ("chassis", "kernel", service)]
    return {key: text for file in files if file.exists() for key, text in json.loads(file.read_text()).items()}


def template_text(service: str, template: Path) -> str:
    """A template with those that it extends, includes or imports."""
    text = template.read_text()
    used = re.findall(r"{%-? (?:extends|include|import|from) '([^']+)'", text)
    return text + "".join(template_text(service, lookup(service, "templates")[name]) for name in used)


def modules(service: str, names: set[str]) -> dict[str, str]:
    """Scripts and all that they import, by name; without exported functions that none of them imports."""
    found: dict[str, str] = {}
    while names:
        found |= {name: lookup(service, "static")[name].read_text() for name in names}
        names = set().union(*(IMPORTS.findall(found[name]) for name in names)) - found.keys()
    imported = set(
        re.findall(r"\w+", " ".join(re.findall(r"^import\s*{([^}]*)}", "\n".join(found.values()), re.MULTILINE)))
    )
    return {name: FUNCTION.sub(lambda one: one[0] if one[1] in imported else "", text) for name, text in found.items()}


def first_argument(text: str, start: int) -> str:
    """The source of a call's first argument."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[at], 0)
        if depth < 0 or (depth == 0 and text[at] == ","):
            return text[start:at].strip()
    return text[start:]


def parts_of(template: str) -> list[str]:
    """A template literal as texts and, at every second place, what is filled in."""
    parts, rest = [], template
    while "${" in rest:
        text, _, rest = rest.partition("${")
        depth, at = 1, 0
        while depth:
            depth += {"{": 1, "}": -1}.get(rest[at], 0)
            at += 1
        parts += [text, rest[: at - 1]]
        rest = rest[at:]
    return [*parts, rest]


def patterns(name: str, scripts: dict[str, str]) -> set[str]:
    """Regular expressions of the keys that a module asks for; each has to match a text."""
    text, found = scripts[name], set()
    for call in ASKED.finditer(text):
        argument = first_argument(text, call.end())
        literals = re.findall(r"`([^`]*)`", argument) or ([argument[1:-1]] if re.fullmatch(r"`.*`", argument) else [])
        found |= {re.escape(key) for key in (DOTTED.findall(argument) or re.findall(r"^'([^']+)'$", argument))}
        for literal in literals:
            choices = [filled(part, at % 2 == 1, name, scripts) for at, part in enumerate(parts_of(literal))]
            found |= {"".join(each) for each in itertools.product(*choices)}
    return found


def filled(part: str, is_code: bool, name: str, scripts: dict[str, str]) -> list[str]:
    """Return a regular expression of each part of a template literal."""
    if not is_code:
        return [re.escape(part)]
    if choice := CHOICE.search(part):
        return [re.escape(one) for one in choice.groups()]
    every = "\n".join(scripts.values())
    if given := GIVEN_PREFIX.get((name, part)):
        return [re.escape(text or constant(name, every)) for text, name in given.findall(every)]
    if part.isupper():
        return [re.escape(constant(part, scripts[name]))]
    return [r".+" if part.isidentifier() and part != "ceiling" else r".*"]


def constant(name: str, text: str) -> str:
    found = re.search(rf"^const {name} = '([^']+)';", text, re.MULTILINE)
    assert found, f"{name} is no constant text"
    return found[1]


@pytest.mark.parametrize(("service", "template"), PAGES, ids=lambda value: getattr(value, "name", value))
def test_page_sends_every_text_its_scripts_ask_for(service, template):
    page = template_text(service, template)
    scripts = modules(service, set(re.findall(r"\bscript\('([^']+)'\)", page)))
    prefixes = tuple(re.findall(r"\bwords\('([^']+)'\)", page))
    lacking = {}
    for language in ("id", "en"):
        sent = [key for key in texts(service, language) if key.startswith(prefixes)] if prefixes else []
        for name in scripts:
            asked = patterns(name, scripts)
            lacking |= {(name, one): language for one in asked if not any(re.fullmatch(one, key) for key in sent)}
    assert lacking == {}
