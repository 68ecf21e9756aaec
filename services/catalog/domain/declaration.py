"""What is declared of a field of an entry, once: its limit, an example, what it means, whether it is public.

The rules, the API's schemas, the columns of tables, the data of events and the attributes of form fields are derived
from the dataclass that holds the declarations. A field without one is the catalog's own note and appears in none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, get_type_hints

from services.catalog.domain.hours import Week, whole_week
from services.catalog.domain.limits import Limit

KEY = "declaration"


@dataclass(frozen=True)
class Declaration:
    """What is declared of a field.

    `limit` is that of its value, or of each value where only some `keys` are allowed; `public_keys` are public.
    `choices` are all texts that are allowed, `most` is how many entries a list may have. `internal`: kept and in
    tables, in no answer and no event. `column`: in the table of its kind.
    """

    limit: Limit | None = None
    example: Any = None
    about: str = ""
    keys: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    most: int | None = None
    internal: bool = False
    column: bool = True


@dataclass(frozen=True)
class Field:
    """A declared field: its name, the type of its values, whether it has to be given, and its declaration."""

    name: str
    type: Any
    required: bool
    default: Any
    declaration: Declaration


def declared(limit: Limit | None = None, **more: Any) -> Mapping[str, Declaration]:
    """Return the metadata of a dataclass field, see `Declaration`."""
    return {KEY: Declaration(limit, **more)}


@cache
def fields_of(kind: type) -> tuple[Field, ...]:
    """Return the declared fields of a kind of entry, in order."""
    hints = get_type_hints(kind)
    return tuple(_field(each, hints[each.name]) for each in fields(kind) if KEY in each.metadata)


@cache
def limits_of(kind: type) -> Mapping[str, Limit]:
    """Return the limits of the values of a kind of entry, by field."""
    found = {
        each.name: each.declaration.limit
        for each in fields_of(kind)
        if each.declaration.limit and not each.declaration.keys
    }
    return MappingProxyType(found)


def public(entry: Any) -> dict[str, Any]:
    """Return the public fields of an entry as JSON values, for answers and events alike."""
    return {
        each.name: _public_value(getattr(entry, each.name), each)
        for each in fields_of(type(entry))  # type: ignore[arg-type]
        if not each.declaration.internal
    }


def _field(each: Any, kind: Any) -> Field:
    made = each.default_factory() if callable(each.default_factory) else each.default
    required = each.default is each.default_factory  # both are missing
    return Field(each.name, kind, required, None if required else made, each.metadata[KEY])


def _public_value(value: Any, field: Field) -> Any:
    if value is not None and field.type in (Week, Week | None):
        return _json(whole_week(value))
    if field.declaration.keys:
        return {key: value[key] for key in field.declaration.public_keys if key in value}
    return _json(value)


def _json(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case tuple():
            return [_json(each) for each in value]
        case Mapping():
            return {key: _json(each) for key, each in value.items()}
        case _:
            return public(value) if is_dataclass(value) else value
