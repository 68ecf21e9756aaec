"""Reads `mall.json`: a mall and the rules of its day, each fault with its path in the file."""

import datetime
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from cattrs import BaseValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import make_converter
from cattrs.v import format_exception, transform_error

from services.catalog.domain.directory import AgencyListed, ServiceListed
from services.catalog.domain.hours import SHUT
from services.catalog.domain.limits import tidied
from services.catalog.domain.mall import MallListed, faults_of_mall
from services.chassis.errors import Fault


def read_mall(name: str, text: str, known: MallListed | None, faults: list[Fault]) -> MallListed | None:
    """The mall that the file describes, None if it has not its shape; what is wrong with it is added to the faults.

    What it leaves out stays as it is known.
    """
    try:
        given = IN_FILE.structure(filled(_json(text), known), MallListed)
    except json.JSONDecodeError as error:
        faults.append(
            Fault(
                "", "no JSON: line {line}, column {column}", {"line": error.lineno, "column": error.colno}, f"{name}: "
            )
        )
        return None
    except WRONG as error:
        faults += _in(name, told(error))
        return None
    mall = whole(given)
    # The import checks this again; told here, it comes with the file's name and with the faults of the tables.
    faults += _in(name, faults_of_mall(mall))
    return mall


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in thousands of brackets
        raise json.JSONDecodeError("too long or too deep", text, 0) from None


def _in(name: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    return (replace(fault, label=f"{name}: {fault.label}") for fault in faults)


def filled(given: Any, known: Any) -> Any:
    """What is given, with the fields that it leaves out as they are known."""
    return IN_FILE.unstructure(known) | given if known is not None and isinstance(given, dict) else given


def whole(mall: MallListed) -> MallListed:
    """The mall with all seven days in its week."""
    return replace(mall, week={**SHUT, **mall.week})


WRONG = (ValueError, TypeError, AttributeError, BaseValidationError)  # what `IN_FILE` raises


def told(error: Exception) -> list[Fault]:
    """What does not have the shape that is wanted, each fault with its path in the file."""
    parts = [told.rpartition(" @ ") for told in transform_error(error, path="", format_exception=_plainly)]
    return [_fault(path.lstrip("."), words) for words, _, path in parts]


def _fault(path: str, words: str) -> Fault:
    says, opens, names = words.partition(" (")  # `extra fields found (colour)`
    if opens:
        return Fault(path, f"{says}: {{names}}", {"names": names.rstrip(")")}, path and f"{path}: ")
    return Fault(path, says, label=path and f"{path}: ")


def _plainly(error: BaseException, wanted: Any) -> str:
    if isinstance(error, AttributeError):
        return "must be an object"
    if isinstance(error, ValueError | TypeError) and wanted in KINDS:
        return f"must be {KINDS[wanted]}"
    return format_exception(error, wanted)


def _text(value: Any, _: Any) -> str:
    if type(value) is not str:
        raise TypeError(value)
    return tidied(value)


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
IN_FILE.register_structure_hook(str, _text)
IN_FILE.register_structure_hook_func(lambda kind: kind == tuple[str, str], _interval)
# Since when an agency has its letter is the catalog's own note, no part of the file.
IN_FILE.register_structure_hook(
    AgencyListed,
    make_dict_structure_fn(AgencyListed, IN_FILE, _cattrs_forbid_extra_keys=True, line_since=override(omit=True)),
)
IN_FILE.register_unstructure_hook(
    AgencyListed, make_dict_unstructure_fn(AgencyListed, IN_FILE, line_since=override(omit=True))
)
_STRUCTURED = make_dict_structure_fn(ServiceListed, IN_FILE, _cattrs_forbid_extra_keys=True)


def _service(value: Any, kind: Any) -> ServiceListed:
    """A service without components of its standard that say nothing."""
    service = _STRUCTURED(value, kind)
    return replace(service, components={name: text for name, text in service.components.items() if text})


IN_FILE.register_structure_hook(ServiceListed, _service)
