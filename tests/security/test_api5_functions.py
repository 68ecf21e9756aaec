"""API5, broken function level authorization: every route of staff, asked by everybody who may not use it."""

import re

import pytest
from architecture.test_routes import STAFF_ONLY

from services.kernel.tokens import ROLES

STAFF = [(endpoint, set(roles)) for roles, endpoints in STAFF_ONLY.items() for endpoint in sorted(endpoints)]
PLACES = {"mall": "pekalongan", "counter": "G02", "day": "2026-11-24", "scope": "mall"}  # whatever else: x


def asked(houses, endpoint: str):
    """The routes of an endpoint: a client, path and method for each."""
    for service in ("catalog", "ticketing", "live", "notifications"):
        for rule in houses.apps[service].url_map.iter_rules():
            if rule.endpoint == endpoint:
                path = rule.rule
                for name in rule.arguments:
                    path = re.sub(rf"<(\w+:)?{name}>", PLACES.get(name, "x"), path)
                for method in rule.methods - {"OPTIONS"}:
                    yield houses.client(service), path, method


@pytest.mark.parametrize(("endpoint", "may"), STAFF, ids=[endpoint for endpoint, _ in STAFF])
def test_a_route_for_staff_answers_no_other_role(houses, endpoint, may):
    routes = list(asked(houses, endpoint))
    assert routes
    for client, path, method in routes:
        assert client.open(path, method=method, json={}).status_code == 401
        for role in [*sorted(set(ROLES) - may), "root", "Supervisor", "supervisor ", ""]:
            answer = client.open(path, method=method, json={}, headers=houses.bearer(role))
            assert answer.status_code == 403, (role, method, path)


@pytest.mark.parametrize(("endpoint", "may"), STAFF, ids=[endpoint for endpoint, _ in STAFF])
def test_another_method_is_no_way_round(houses, endpoint, may):
    for client, path, method in asked(houses, endpoint):
        for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"):
            answer = client.open("/livez", method="GET", headers={header: path if "URL" in header else method})
            assert answer.json == {"status": "ok"}
        assert client.open(path + "/", method=method, json={}).status_code in (401, 404, 405)
        if "/api/" in path:
            assert client.open(path.replace("/api/", "/API/"), method=method, json={}).status_code in (404, 405)
