"""Every route says who may use it, and every service documents its API."""

import re
from urllib.parse import urlsplit

import pytest
from openapi_spec_validator import validate

from services.chassis.tokens import ROLES
from services.chassis.web import OPEN_ENDPOINTS

SERVICES = ("catalog", "ticketing", "notifications")
# Endpoints by the roles that may use them; all others are for everybody.
STAFF_ONLY = {
    ("operator", "supervisor"): {
        "tickets.get_counter",
        "tickets.open_counter",
        "tickets.pause_counter",
        "tickets.close_counter",
        "tickets.call",
        "tickets.walk_in",
        "tickets.undo",
        "tickets.recall",
        "tickets.start",
        "tickets.complete",
        "tickets.no_show",
        "tickets.restore",
        "tickets.hold",
        "tickets.resume",
        "tickets.transfer",
    },
    ("administrator", "supervisor"): {
        "tickets.overview",
        "tickets.force_open",
        "tickets.stop",
        "tickets.resume_day",
        "tickets.change_rule",
        "tickets.close",
        "tickets.declare_closure",
        "tickets.lift_closure",
        "notifications.list_messages",
    },
    ("administrator",): {
        "administration.change_mall",
        "administration.admit_agency",
        "administration.list_agency",
        "administration.withdraw_agency",
        "administration.suspend_agency",
        "administration.return_agency",
        "administration.list_service",
        "administration.withdraw_service",
        "administration.list_counter",
        "administration.withdraw_counter",
        "administration.export_catalog",
        "administration.import_catalog",
    },
    ("administrator", "auditor"): {"administration.mall_history"},
    ("administrator", "auditor", "supervisor"): {"tickets.day_audit", "tickets.verify_day"},
    ("administrator", "agency", "auditor", "supervisor"): {"tickets.day_statistics"},
}


def declared(app) -> dict[str, frozenset[str] | None]:
    """Who may use each endpoint; None where nobody said."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()} - OPEN_ENDPOINTS
    return {endpoint: getattr(app.view_functions[endpoint], "access", None) for endpoint in endpoints}


def test_every_route_declares_who_may_use_it(app):
    access = declared(app)
    assert {"livez", "readyz", "api_docs"} <= set(access)
    assert [endpoint for endpoint, roles in access.items() if roles is None] == []


def test_only_roles_that_tokens_can_have_are_asked_for(app):
    assert set().union(*declared(app).values()) <= set(ROLES)


def test_what_is_for_staff_is_for_nobody_else(apps):
    everything = {endpoint: roles for app in apps.values() for endpoint, roles in declared(app).items()}
    staff = {endpoint: roles for endpoint, roles in everything.items() if roles}
    assert {roles: {e for e in staff if staff[e] == set(roles)} for roles in STAFF_ONLY} == STAFF_ONLY
    assert set(staff) == set().union(*STAFF_ONLY.values())


def test_nothing_but_files_and_the_specification_is_open_without_saying_so(apps):
    assert sorted(OPEN_ENDPOINTS) == ["api-docs.openapi_json", "static"]
    for app in apps.values():
        assert {rule.endpoint for rule in app.url_map.iter_rules()} >= OPEN_ENDPOINTS


@pytest.mark.parametrize("service", SERVICES)
def test_the_api_is_described_in_openapi_3_1(apps, service):
    answer = apps[service].test_client().get(f"/{service}/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"].startswith("3.1.")
    validate(answer.json)


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_holds_every_route_of_the_api(apps, service):
    app = apps[service]
    described = app.test_client().get(f"/{service}/api/openapi.json").json["paths"]
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(f"/{service}/api/")]
    api = [rule.replace("<", "{").replace(">", "}") for rule in rules if "/docs" not in rule and "openapi" not in rule]
    assert sorted(described) == sorted(set(api))
    operations = [operation for path in described.values() for name, operation in path.items() if name != "parameters"]
    assert all(operation.get("summary") for operation in operations)


@pytest.mark.parametrize("service", SERVICES)
def test_the_documentation_page_asks_nothing_of_another_origin(apps, service):
    client = apps[service].test_client()
    page = client.get(f"/{service}/api/docs").text
    addresses = re.findall(r"(?:src|href)=[\"']?([^\"' >]+)", page)
    assert any(address.endswith(".js") for address in addresses)
    assert [address for address in addresses if urlsplit(address).netloc] == []
    files = [address for address in addresses if re.search(r"\.(js|css|svg)\b", address)]
    assert {address: client.get(address).status_code for address in files} == dict.fromkeys(files, 200)
