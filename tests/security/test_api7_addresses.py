"""API7, server side request forgery: nothing here fetches an address that somebody names.

The one thing that is asked is the sign-in provider, whose address is a setting (`services/catalog/access/oidc.py`).

Whoever adds a feature that does, such as webhooks for agencies: let nobody name an address inside (private, loopback
and link-local networks, also after resolving and after redirects), only https, with a time limit and a small answer;
test each of these here; and then take the route out of these tests by name.
"""

import ast
import re
from pathlib import Path

import services

ADDRESS = re.compile(r"(^|_)(ur[il]|href|link|webhook|callback|endpoint|host|domain|redirect|image|feed|origin)s?($|_)")
CLIENTS = {"requests", "httpx", "aiohttp", "urllib3", "http", "urllib.request", "ftplib", "smtplib", "authlib"}
PROVIDER = {("requests", "oidc.py"), ("authlib", "oidc.py")}


def inputs(document) -> list[tuple[str, dict]]:
    """Every field, parameter and header that a service takes, however deep."""
    schemas = document.get("components", {}).get("schemas", {})

    def fields(schema, name=""):
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        yield name, schema
        for field, inner in schema.get("properties", {}).items():
            yield from fields(inner, field)
        for inner in [schema.get("items"), schema.get("additionalProperties")]:
            if isinstance(inner, dict):
                yield from fields(inner, name)

    found = []
    for path in document["paths"].values():
        for method, operation in path.items():
            if method == "parameters":
                found += [(one["name"], one["schema"]) for one in operation]
                continue
            found += [(one["name"], one["schema"]) for one in operation.get("parameters", [])]
            for body in operation.get("requestBody", {}).get("content", {}).values():
                found += list(fields(body["schema"]))
    return found


def test_no_route_takes_an_address(houses):
    taken = []
    for service in ("catalog", "ticketing", "notifications"):
        taken += inputs(houses.client(service).get(f"/{service}/api/openapi.json").json)
    assert {"service", "phone", "Idempotency-Key", "mall"} <= {name for name, _ in taken}
    formats = {"uri", "url", "uri-reference", "iri", "hostname", "idn-hostname", "ipv4", "ipv6"}
    assert [name for name, schema in taken if ADDRESS.search(name.lower()) or schema.get("format") in formats] == []


def test_the_search_would_find_an_address():
    body = {"type": "object", "properties": {"hook": {"type": "string", "format": "uri"}, "callback_url": {}}}
    path = {"post": {"requestBody": {"content": {"application/json": {"schema": body}}}}}
    found = inputs({"paths": {"/x": path}})
    assert [name for name, _ in found if ADDRESS.search(name)] == ["callback_url"]
    assert [name for name, schema in found if schema.get("format") == "uri"] == ["hook"]


def test_no_service_can_fetch_anything_but_catalog_the_sign_in_provider():
    imported = set()
    for file in Path(services.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {(alias.name, file.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "", file.name))
    whole = {(module, file) for module, file in imported if module in CLIENTS}
    packages = {(module.partition(".")[0], file) for module, file in imported}
    assert whole | {(package, file) for package, file in packages if package in CLIENTS} == PROVIDER


def test_nothing_that_is_asked_of_us_says_which_provider_to_go_to(houses):
    answer = houses.client("catalog").get("/catalog/sign-in/provider?issuer=https://jahat.test&return=//jahat.test")
    assert answer.status_code == 404, "none is configured"
