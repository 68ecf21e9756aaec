"""The fields that a stored event, a state or a command need not be given, as tests of older records compare them."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any


def defaults(kind: type) -> dict[str, Any]:
    """Return the default value of each field of a dataclass that has one."""
    found = {}
    for field in fields(kind):
        if field.default is not MISSING:
            found[field.name] = field.default
        elif field.default_factory is not MISSING:
            found[field.name] = field.default_factory()
    return found


def pinned_defaults(
    kinds: Iterable[type], pinned: Mapping[str, Mapping[str, Any]], stated: Iterable[type]
) -> dict[str, dict[str, Any]]:
    """Return `defaults_by_name`; of the kinds in `stated` only those of the fields that `pinned` names.

    The published schema states the defaults of those kinds, and a test compares them.
    """
    found = defaults_by_name(kinds)
    for kind in stated:
        name = kind.__name__
        found[name] = {field: value for field, value in found[name].items() if field in pinned[name]}
    return found


def default_in_words(value: Any) -> str:
    """Return how a schema names the default of a field: `Absent in older events: 30.`"""
    match value:
        case None:
            return "null"
        case "":
            return "empty"
        case bool() | int() | str():
            return str(value)
        case _:
            return "none" if not value else ""


def defaults_by_name(kinds: Iterable[type]) -> dict[str, dict[str, Any]]:
    """Return `defaults` of each dataclass, by its name."""
    return {kind.__name__: defaults(kind) for kind in kinds}
