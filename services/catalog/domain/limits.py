"""The kinds of limits of texts, numbers, dates and lists, and what is beyond them.

Which field has which limit is declared with the field, see `declaration`.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from services.chassis.errors import Fault

# Not shown by any font though Unicode counts them as letters, marks or symbols: fillers, joiners, variation selectors.
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
CHARACTERS = "has a character that cannot be printed: {character}"


@dataclass(frozen=True)
class Number:
    """A whole number from `least` to `most`; optional: null where there is no such limit."""

    least: int
    most: int
    optional: bool = False


@dataclass(frozen=True)
class Text:
    """A text of at most `longest` characters; lines: it may have several."""

    longest: int
    lines: bool = False


@dataclass(frozen=True)
class Texts:
    """A list of texts, at most `most` of them."""

    each: Text
    most: int


@dataclass(frozen=True)
class Dates:
    """A date from the first day of the year `first` to the last day of the year `last`."""

    first: int
    last: int


Limit = Number | Text | Texts | Dates

NAME = Text(150)
NAME_OF_MALL = Text(40)  # it opens every text message, which has 160 characters in all
REASON = Text(200)
PLACES = 100_000  # a day; the largest mall of the load tests has as many

DAYS_AHEAD = 90  # that a place can be booked at most
CLASS_NAME = Text(80)
COMPONENT = Text(2000, lines=True)  # of a service standard

AGENCIES, SERVICES, COUNTERS = 200, 2000, 300  # of a mall
EXCEPTIONS, CLASSES, INTERVALS = 400, 20, 6  # of a mall, of its priority rule, of a day


def tidied(text: str) -> str:
    """Return the text in Unicode's NFC, each tab and kind of space as a plain space, lines ended alike, none around it.

    Two names that look alike are then the same text, whatever keyboard, spreadsheet or web page they come from.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return "".join(" " if one == "\t" or unicodedata.category(one) == "Zs" else one for one in text).strip(" \r\n")


def faults_of_fields(entry: object, limits: Mapping[str, Limit]) -> Iterator[Fault]:
    """Yield what is out of bounds in the fields of an entry, each fault with its field."""
    for name, limit in limits.items():
        yield from faults_of_value(name, getattr(entry, name), limit)


def faults_of_value(field: str, value: Any, limit: Limit) -> Iterator[Fault]:
    """Yield what is out of bounds in one value."""
    match limit:
        case Number():
            yield from _faults_of_number(field, value, limit)
        case Text():
            yield from _faults_of_text(field, value, limit)
        case Texts(each, most):
            yield from faults_of_count(field, len(value), most)
            yield from (fault for text in value for fault in _faults_of_text(field, text, each))
        case Dates(first, last):
            yield from _faults_of_date(field, value, first, last)
        case _:
            assert_never(limit)


def faults_of_count(field: str, count: int, most: int) -> Iterator[Fault]:
    """Yield a fault where a list has more than `most` entries."""
    if count > most:
        yield Fault(field, "at most {n} entries", {"n": most}, label=f"{field}: ")


def keywords(limit: Limit) -> dict[str, Any]:
    """Return the limit in the words of JSON Schema."""
    match limit:
        case Number(least, most):
            return {"minimum": least, "maximum": most}
        case Text(longest):
            return {"maxLength": longest}
        case Texts(_, most):
            return {"maxItems": most}
        case Dates():
            return {"format": "date"}
        case _:
            assert_never(limit)


def attributes(limit: Limit) -> dict[str, Any]:
    """Return the limit as attributes of an HTML field."""
    match limit:
        case Number(least, most):
            return {"min": least, "max": most}
        case Text(longest):
            return {"maxlength": longest}
        case Texts():
            return {}
        case Dates(first, last):
            return {"min": f"{first}-01-01", "max": f"{last}-12-31"}
        case _:
            assert_never(limit)


def _faults_of_number(field: str, value: int | None, limit: Number) -> Iterator[Fault]:
    if value is None:
        return
    if value < limit.least:
        says = "at least {n}, or null" if limit.optional else "at least {n}"
        yield Fault(field, says, {"n": limit.least}, label=f"{field}: ")
    if value > limit.most:
        yield Fault(field, "at most {n}", {"n": limit.most}, label=f"{field}: ")


def _faults_of_text(field: str, text: str, limit: Text) -> Iterator[Fault]:
    if len(text) > limit.longest:
        yield Fault(field, "at most {n} letters", {"n": limit.longest}, label=f"{field}: ")
    if bad := _unprintable(text, lines=limit.lines):
        yield Fault(field, CHARACTERS, {"character": f"U+{ord(bad):04X}"}, label=f"{field}: ")


def _unprintable(text: str, *, lines: bool) -> str:
    """The first character that has no shape of its own: control, format, private use, half a character, unassigned."""
    seen = text.replace("\n", " ") if lines else text
    if seen.isprintable() and not UNSEEN.search(seen):
        return ""
    return next(one for one in seen if not one.isprintable() or UNSEEN.match(one))


def _faults_of_date(field: str, date: datetime.date, first: int, last: int) -> Iterator[Fault]:
    if not first <= date.year <= last:
        yield Fault(field, "a date from {first} to {last}", {"first": first, "last": last}, label=f"{field}: ")
