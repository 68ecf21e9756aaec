"""The fields that a stored event, a state or a command need not be given, as tests of older records compare them."""

from collections.abc import Iterable
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


def defaults_by_name(kinds: Iterable[type]) -> dict[str, dict[str, Any]]:
    """Return `defaults` of each dataclass, by its name."""
    return {kind.__name__: defaults(kind) for kind in kinds}
