"""Which texts fit a phone: plain ASCII, one segment of 160 GSM-7 characters even with the longest values.

Source: 3GPP TS 23.038, section 6.2.1: of ASCII, the default alphabet lacks the grave accent, and reaches
`[ ] { } ^ ~ | \\` by an escape, so that each counts twice.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from string import Formatter

from services.chassis.errors import Fault, Invalid
from services.notifications.domain.events import Kind

LONGEST = 160
TWICE = frozenset("[]{}^~|\\")
CUT = "..."
ENDS = " .,;:-"  # what a cut value, or a reason before the full stop of its sentence, does not end with
# The most characters that each value can have in a text; longer ones are cut at a word boundary.
LENGTHS: Mapping[str, int] = {
    "mall": 40,
    "number": 7,
    "ahead": 4,
    "counter": 10,
    "floor": 2,
    "service": 40,
    "reason": 40,
    "day": 12,
    "time": 5,
}
PLACEHOLDERS: Mapping[Kind, tuple[str, ...]] = {
    "issued": ("mall", "number", "ahead"),
    "approaching": ("mall", "number", "ahead"),
    "called": ("mall", "number", "counter", "floor"),
    "recalled": ("mall", "number", "counter", "floor"),
    "transferred": ("mall", "number", "service"),
    "missed": ("mall", "number", "counter"),
    "unserved": ("mall", "number", "reason"),
    "suspended": ("mall", "number", "reason"),
    "continued": ("mall", "number"),
    "booked": ("mall", "day", "time"),
    "reminded": ("mall", "day", "time"),
    "closed": ("mall", "day", "reason"),
    "reopened": ("mall", "day", "time"),
    "rescheduled": ("mall", "day", "time"),
}
NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "called": ("mall", "number", "counter"),
    "recalled": ("mall", "number", "counter"),
}


class InvalidText(Invalid):
    """The wording does not fit; `errors` says what is wrong with it."""


def must_fit(kind: Kind, text: str) -> int:
    """How many characters the text has with the longest values. Raises `InvalidText`."""
    if faults := list(_faults(kind, text)):
        raise InvalidText(errors={"text": faults})
    return length(_filled_longest(text))


def length(text: str) -> int:
    """How many of the 160 characters of a segment a text takes."""
    return len(text) + sum(letter in TWICE for letter in text)


def _faults(kind: Kind, text: str) -> Iterator[Fault]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        yield Fault(
            "text", "A brace is open or closed alone: values are written like {example}.", {"example": "{mall}"}
        )
        return
    used = [name for _, name, _, _ in parts if name is not None]
    if any(spec or conversion for _, name, spec, conversion in parts if name is not None):
        yield Fault("text", "Between the braces there may only be a name.")
    for name in sorted({name for name in used if name not in PLACEHOLDERS[kind]}):
        known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS[kind])
        yield Fault("text", "There is no {name} here. There are: {known}.", {"name": f"{{{name}}}", "known": known})
        return
    for name in NEEDED.get(kind, ("mall",)):
        if name not in used:
            yield Fault("text", "{name} is missing.", {"name": f"{{{name}}}"})
    said = "".join(literal for literal, *_ in parts)
    if odd := "".join(sorted({letter for letter in said if not _is_plain(letter)})):
        yield Fault("text", "A text cannot hold these characters: {odd}", {"odd": odd})
    elif (most := length(_filled_longest(text))) > LONGEST:
        yield Fault("text", "With the longest values it has {n} characters; at most 160 fit.", {"n": most})


def _is_plain(letter: str) -> bool:
    return letter.isascii() and letter.isprintable() and letter != "`"


def _filled_longest(text: str) -> str:
    return text.format_map({name: "9" * most for name, most in LENGTHS.items()})


def plain(value: str) -> str:
    """Return a value as a text can hold it: each letter the nearest of ASCII that counts once, single blanks."""
    letters = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    brackets = letters.translate(str.maketrans("[]{}^~|\\`", "()()  //'"))
    return " ".join("".join(letter if letter.isprintable() else " " for letter in brackets).split())


def shortened(value: str, most: int) -> str:
    """Return a plain value of at most `most` characters: cut after a whole word, with `...` for the rest.

    A first word that is longer than that leaves `...` alone: half a word can mean something else.
    """
    whole = plain(value)
    if len(whole) <= most:
        return whole
    room = most - len(CUT)
    kept = whole[:room] if whole[room] == " " else whole[:room].rpartition(" ")[0]
    return kept.rstrip(ENDS) + CUT


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the text of a message: the template with its values, each shortened to its length.

    Where a sentence ends with a shortened value, its full stop and the `...` are three dots.
    """
    short = {name: shortened(values.get(name, ""), most) for name, most in LENGTHS.items()}
    return template.format_map(short).replace(f"{CUT}.", CUT)
