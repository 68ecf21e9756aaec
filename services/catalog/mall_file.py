"""Reads `mall.json`: a mall and the rules of its day, each fault with its place in the file."""

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cattrs import BaseValidationError
from cattrs.preconf.json import make_converter
from cattrs.v import format_exception, transform_error

from services.catalog.domain.hours import SHUT
from services.catalog.domain.mall import MallListed, faults_of_mall


def read_mall(name: str, text: str, faults: list[str]) -> MallListed | None:
    """The mall that the file describes, None if it has not its shape; what is wrong with it is added to the faults."""
    try:
        given = IN_FILE.structure(json.loads(text), MallListed)
    except WRONG as error:
        faults += [f"{name}: {fault}" for fault in told(error)]
        return None
    mall = whole(given)
    # The import checks this again; told here, it comes with the file's name and with the faults of the tables.
    faults += [f"{name}: {fault}" for fault in faults_of_mall(mall)]
    return mall


def whole(mall: MallListed) -> MallListed:
    """The mall with all seven days in its week."""
    return replace(mall, week={**SHUT, **mall.week})


WRONG = (ValueError, TypeError, AttributeError, BaseValidationError)  # what `IN_FILE` raises


def told(error: Exception) -> list[str]:
    """What does not have the shape that is wanted, each fault with its place in the file."""
    if isinstance(error, ValueError):
        return [str(error)]  # no JSON at all; says the line
    parts = [told.rpartition(" @ ") for told in transform_error(error, path="", format_exception=_plainly)]
    return [": ".join(filter(None, (place.lstrip("."), words))) for words, _, place in parts]


def _plainly(error: BaseException, wanted: Any) -> str:
    if isinstance(error, AttributeError):
        return "must be an object"
    if isinstance(error, ValueError | TypeError) and wanted in KINDS:
        return f"must be {KINDS[wanted]}"
    return format_exception(error, wanted)


def _only(kind: type) -> Callable[[Any, Any], Any]:
    """Takes values of this type as they are, and no other: 2.5 is no number of minutes, 5 is no name."""

    def take(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(value)
        return value

    return take


def _interval(value: Any, _: Any) -> tuple[str, str]:
    opens, closes = value if isinstance(value, list | tuple) and len(value) == 2 else (None, None)
    if not (isinstance(opens, str) and isinstance(closes, str)):
        raise TypeError(value)
    return opens, closes


KINDS = {
    int: "a whole number",
    int | None: "a whole number or null",
    str: "text",
    datetime.date: "a date such as 2026-12-24",
    tuple[str, str]: 'two times, such as ["08:00", "12:00"]',
}
IN_FILE = make_converter(forbid_extra_keys=True)  # the file's fields are named as the stored ones
IN_FILE.register_structure_hook(int, _only(int))
IN_FILE.register_structure_hook(str, _only(str))
IN_FILE.register_structure_hook_func(lambda kind: kind == tuple[str, str], _interval)
