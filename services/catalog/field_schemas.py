"""The API's schemas of entries, built from what is declared of their fields.

A schema takes them by `Meta.include`, so that its class still has a name and says what it is.
"""

from collections.abc import Mapping
from datetime import date
from types import NoneType
from typing import Any, get_args, get_origin

import marshmallow as ma
from marshmallow.validate import OneOf

from services.catalog.domain.declaration import Declaration, Field, fields_of
from services.catalog.domain.limits import keywords, tidied

Schemas = Mapping[type, type[ma.Schema]]
AnyField = ma.fields.Field[Any]


class Text(ma.fields.String):
    """Text as the catalog keeps it, see `tidied`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return tidied(super()._deserialize(value, attr, data, **more))


def request_fields(kind: type, *, without: tuple[str, ...] = (), partial: bool = False) -> dict[str, AnyField]:
    """Return the schema fields of a request that lists an entry of this kind; partial: those left out stay.

    Limits are described, not checked: the domain checks them, for imports too.
    """
    return {each.name: _request_field(each, partial) for each in fields_of(kind) if each.name not in without}


def required_fields(kind: type, *, without: tuple[str, ...] = ()) -> dict[str, AnyField]:
    """Return those schema fields of a request that have to be given."""
    return {name: field for name, field in request_fields(kind, without=without).items() if field.required}


def response_fields(kind: type, *, without: tuple[str, ...] = (), nested: Schemas | None = None) -> dict[str, AnyField]:
    """Return the schema fields of an answer that shows what is public of an entry; `nested`: schemas of its parts."""
    shown = [each for each in fields_of(kind) if not each.declaration.internal and each.name not in without]
    return {each.name: _response_field(each, nested or {}) for each in shown}


def _of_limit(declaration: Declaration) -> dict[str, Any]:
    """Return a field's limit and example in the words of JSON Schema."""
    found = keywords(declaration.limit) if declaration.limit and not declaration.keys else {}
    found |= {"maxItems": declaration.most} if declaration.most else {}
    return found | ({"example": declaration.example} if declaration.example else {})


def _request_field(field: Field, partial: bool) -> AnyField:
    kind, more = _without_none(field.type)
    more["metadata"] = _of_limit(field.declaration)
    if field.required and not partial:
        more["required"] = True
    elif not partial:
        more["load_default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    if field.declaration.keys:
        limit = field.declaration.limit
        each = Text(metadata=keywords(limit) if limit else {})
        return ma.fields.Dict(keys=ma.fields.String(validate=OneOf(field.declaration.keys)), values=each, **more)
    if kind is int:
        return ma.fields.Integer(strict=True, **more)
    if kind is str:
        return Text(**more)
    if get_origin(kind) is tuple:
        return ma.fields.List(Text() if get_args(kind)[0] is str else ma.fields.Dict(), **more)
    return ma.fields.Dict(**more)


def _response_field(field: Field, nested: Schemas) -> AnyField:
    declaration = field.declaration
    metadata = {"example": declaration.example} if declaration.example is not None else {}
    metadata |= {"description": declaration.about} if declaration.about else {}
    return _shown(field.type, declaration, nested, metadata)


def _shown(wanted: Any, declaration: Declaration, nested: Schemas, metadata: dict[str, Any]) -> AnyField:
    kind, more = _without_none(wanted)
    more["metadata"] = metadata
    choices = {"enum": list(declaration.choices)} if declaration.choices else {}
    if kind in nested:
        return ma.fields.Nested(nested[kind], **more)
    if kind is int:
        return ma.fields.Integer(**more)
    if get_origin(kind) is tuple:
        return ma.fields.List(_shown(get_args(kind)[0], declaration, nested, choices), **more)
    if get_origin(kind) is None:
        dates = {"format": "date"} if kind is date else {}
        more["metadata"] = metadata | choices | dates
        return ma.fields.String(**more)
    if get_args(kind) == (str, str):
        keys = ma.fields.String(validate=OneOf(declaration.public_keys)) if declaration.keys else ma.fields.String()
        return ma.fields.Dict(keys=keys, values=ma.fields.String(), **more)
    return ma.fields.Dict(**more)


def _without_none(wanted: Any) -> tuple[Any, dict[str, Any]]:
    """Return the type without its None, and the argument that allows null where it has one."""
    kinds = get_args(wanted)
    if NoneType in kinds:
        return next(kind for kind in kinds if kind is not NoneType), {"allow_none": True}
    return wanted, {}
