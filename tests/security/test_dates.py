"""Dates and instants at both ends of the calendar are refused in words, in every parameter and body that takes one."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from security.conftest import MALL

INSTANTS = ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z"]
VALUES = {"date-time": INSTANTS, "date": ["0001-01-01", "9999-12-31"]}
KNOWN = {"mall": "pekalongan", "day": "2026-11-24", "counter": "G02", "service": "DUKCAPIL-KTPREKAM"}
SINCE = f"{MALL}/events", "/ticketing/live/malls/pekalongan/events", "/catalog/api/malls/pekalongan/events"


def kinds(schema: dict) -> set[str]:
    """The formats of a field, those inside a choice included."""
    return {one.get("format", "") for one in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()))} & {*VALUES}


def fields(document: dict, operation: dict) -> Iterator[tuple[str, str, str]]:
    """Where an operation takes a date: in the query or the body, under which name, and of which format."""
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") == "query":
            yield from (("query", parameter["name"], kind) for kind in kinds(parameter["schema"]))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]] if "$ref" in body else body
    for name, found in schema.get("properties", {}).items():
        yield from (("body", name, kind) for kind in kinds(found))


def places(houses, service: str) -> list[tuple[str, str, str, str, str]]:
    document = houses.client(service).get(f"/{service}/api/openapi.json").json
    return [
        (method, path, *found)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        for found in fields(document, operation)
    ]


@pytest.mark.parametrize(("service", "least"), [("catalog", 1), ("ticketing", 6), ("notifications", 1)])
def test_dates_at_the_ends_of_the_calendar_are_no_fault(houses, service, least):
    staff = [houses.bearer(role, mall="") for role in ("administrator", "supervisor", "agency")]
    found = places(houses, service)
    assert len(found) >= least
    for method, path, where, name, kind in found:
        address = path
        for known, value in KNOWN.items():
            address = address.replace(f"{{{known}}}", value)
        for value in VALUES[kind]:
            query = f"{address}?{name}={quote(value)}" if where == "query" else address
            body = {name: value} if where == "body" else None
            for token in staff:
                answer = houses.client(service).open(query, method=method.upper(), json=body, headers=token)
                assert answer.status_code < 500, (method, query, answer.text[:300])


@pytest.mark.parametrize("value", INSTANTS)
@pytest.mark.parametrize("path", SINCE)
def test_since_outside_of_the_calendar_is_refused_in_words(houses, path, value):
    service = "live" if "live" in path else path.split("/")[1]
    token = houses.bearer("supervisor")
    answer = houses.client(service).get(f"{path}?since={quote(value)}", headers=token)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    answer.close()
