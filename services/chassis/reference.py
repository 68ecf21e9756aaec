"""The reference of an API for people: what its page shows of the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

Values = dict[str, Any]
REF = "$ref"
LIMITS = ("minLength", "maxLength", "minimum", "maximum", "pattern", "default")


def groups(document: Values, roles: Mapping[tuple[str, str], frozenset[str]]) -> list[Values]:
    """The calls of each tag; `roles` are who may make which, by method and path, everybody where there are none."""
    calls: dict[str, list[Values]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                found = _call(document, path, method, operation, item.get("parameters", []))
                for tag in operation["tags"]:
                    calls[tag].append(found | {"roles": sorted(roles.get((found["method"], path), ()))})
    return [{**tag, "calls": calls[tag["name"]]} for tag in document["tags"]]


def _call(document: Values, path: str, method: str, operation: Values, shared: list[Values]) -> Values:
    given = [_resolved(document, one) for one in (*shared, *operation.get("parameters", []))]
    answers = {status: _resolved(document, answer) for status, answer in operation["responses"].items()}
    return {
        "method": method.upper(),
        "path": path,
        "summary": marked(operation["summary"]),
        "more": marked(operation.get("description", "")),
        "parameters": [
            _field(one["name"], one | one["schema"], one.get("required")) | {"in": one["in"]} for one in given
        ],
        "body": _content(operation.get("requestBody", {})),
        "answers": [
            {"status": status, "about": marked(answer["description"]), "kind": _content(answer)}
            for status, answer in sorted(answers.items())
        ],
    }


def objects(document: Values) -> list[Values]:
    """What calls take and answer with: each with its fields."""
    return [
        {
            "name": name,
            "about": marked(schema.get("description", "")),
            "fields": [
                _field(field, one, field in schema.get("required", ()))
                for field, one in schema.get("properties", {}).items()
            ],
        }
        for name, schema in document["components"]["schemas"].items()
    ]


def _field(name: str, schema: Values, required: bool | None) -> Values:
    limits = [f"{limit} {schema[limit]}" for limit in LIMITS if schema.get(limit) not in (None, "")]
    example = schema.get("example")
    about, shown = schema.get("description", ""), "" if example is None else str(example)
    told = {"about": marked(about), "example": shown, "limits": limits}
    return {"name": name, "kind": _kind(schema), "required": bool(required), **told}


def _content(part: Values) -> Markup:
    kinds = [_kind(one.get("schema", {})) for one in part.get("content", {}).values()]
    return Markup(", ").join(kinds)


def _kind(schema: Values) -> Markup:
    match schema:
        case {"$ref": where}:
            name = where.rpartition("/")[2]
            return Markup('<a href="#{}">{}</a>').format(name, name)
        case {"anyOf": several}:
            return Markup(" | ").join(map(_kind, several))
        case {"enum": values}:
            return Markup(" | ").join(Markup("<code>{}</code>").format(value) for value in values)
        case {"type": "array", "items": one}:
            return _kind(one) + "[]"
        case {"type": list(types)}:
            return Markup(" | ").join(types)
        case _:
            return escape(schema.get("type", ""))


def _resolved(document: Values, part: Values) -> Values:
    """The part itself, or what it refers to (`#/components/responses/…`)."""
    found = part
    for key in part[REF].split("/")[1:] if REF in part else ():
        found = document[key] if found is part else found[key]
    return found


def marked(text: str) -> Markup:
    """A description with what stands between backticks as code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(text.split("`"))
    return Markup("").join(code.format(part) if index % 2 else escape(part) for index, part in parts)
