"""API7, server side request forgery: webhooks alone have us send to an address that somebody names, and not inside.

What leads inside, and that a name is judged again for each attempt, is tested in
`tests/notifications/test_webhook_addresses.py`; redirects, time limits and large answers in `test_webhook_delivery.py`
beside it. Whoever adds another route that takes an address: let it pass the same `Gate`, and name it here.

What else is asked has its address from the settings: the sign-in provider and the gateways of texts.
"""

import ast
import re
from pathlib import Path

import pytest

import services

ADDRESS = re.compile(r"(^|_)(ur[il]|href|link|webhook|callback|endpoint|host|domain|redirect|image|feed|origin)s?($|_)")
WEBHOOKS = ("POST /webhooks", "PUT /webhooks/<hook>")
CLIENTS = {"requests", "httpx", "aiohttp", "urllib3", "http.client", "urllib.request", "ftplib", "smtplib", "authlib"}
OUR_OWN = "services.notifications.exchange.asked"
SENDERS = {
    "post.py",  # webhooks, through their gate
    "exchange.py",  # which posts and texts leave by
    "oidc.py",  # the sign-in provider
    "http.py",  # gateways of texts
}


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


def test_no_route_takes_an_address_but_those_of_webhooks(houses):
    taken = []
    for service in ("catalog", "ticketing", "notifications"):
        taken += inputs(houses.client(service).get(f"/{service}/api/openapi.json").json)
    assert {"service", "phone", "Idempotency-Key", "mall"} <= {name for name, _ in taken}
    formats = {"uri", "url", "uri-reference", "iri", "hostname", "idn-hostname", "ipv4", "ipv6"}
    assert [name for name, schema in taken if ADDRESS.search(name.lower()) or schema.get("format") in formats] == [
        "url"
    ] * len(WEBHOOKS)


def test_the_search_would_find_an_address():
    body = {"type": "object", "properties": {"hook": {"type": "string", "format": "uri"}, "callback_url": {}}}
    path = {"post": {"requestBody": {"content": {"application/json": {"schema": body}}}}}
    found = inputs({"paths": {"/x": path}})
    assert [name for name, _ in found if ADDRESS.search(name)] == ["callback_url"]
    assert [name for name, schema in found if schema.get("format") == "uri"] == ["hook"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://2130706433/",
        "http://8.8.8.8/",
        "https://user@8.8.8.8/",
        "https://8.8.8.8:22/",
        "file:///etc/passwd",
    ],
)
def test_no_webhook_can_be_registered_or_changed_to_lead_inside(houses, url):
    client, agency = houses.client("notifications"), houses.bearer("agency", agency="DUKCAPIL")
    path, wanted = "/notifications/api/malls/pekalongan/webhooks", {"name": "x", "kinds": ["ticket-called"]}
    made = client.post(path, json=wanted | {"url": "https://8.8.8.8/"}, headers=agency)
    assert made.status_code == 201
    own = f"{path}/{made.json['id']}"
    for asked in (
        client.post(path, json=wanted | {"url": url}, headers=agency),
        client.put(own, json=wanted | {"url": url}, headers=agency),
    ):
        assert (asked.status_code, asked.json["reason"]) in [(422, "internal-address"), (422, "invalid-url")]
    assert client.get(own, headers=agency).json["url"] == "https://8.8.8.8/"
    client.delete(own, headers=agency)


def test_nothing_else_can_send_anything():
    imported = set()
    for file in Path(services.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {(alias.name, file.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported |= {(f"{node.module}.{alias.name}", file.name) for alias in node.names}
    senders = {
        file
        for module, file in imported
        if any(f"{module}.".startswith(f"{client}.") for client in {*CLIENTS, OUR_OWN})
    }
    assert senders == SENDERS


def test_nothing_that_is_asked_of_us_says_which_provider_to_go_to(houses):
    answer = houses.client("catalog").get("/catalog/sign-in/provider?issuer=https://jahat.test&return=//jahat.test")
    assert answer.status_code == 404, "none is configured"
