"""API9, improper inventory management: every route is in its service's document, or on this list of pages."""

import re

import pytest
from openapi_spec_validator import validate

from tools.bench.pages import PAGES as MEASURED

EVERYWHERE = {"/livez", "/readyz", "/metrics"}
DOCUMENTATION = {"/api/openapi.json", "/api/docs", "/static/<path:filename>"}
TICKETING = "/ticketing/malls/<mall>"
PAGES = {
    "catalog": {
        "/",
        "/catalog/malls/<mall>",
        "/catalog/malls/<mall>/services/<path:code>",
        "/catalog/malls/<mall>/admin",
        "/catalog/access",
        "/catalog/new-mall",
        "/catalog/sign-in",
        "/catalog/sign-in/provider",
        "/catalog/sign-in/provider/return",
        "/catalog/password",
        "/catalog/second-factor",
        "/catalog/dead-letters",
    },
    "ticketing": {
        *(f"{TICKETING}/{page}" for page in ("kiosk", "hall", "take", "book", "supervisor", "statistics", "survey")),
        *(f"{TICKETING}/{thing}" for thing in ("tickets/<ticket_code>", "bookings/<booking_code>")),
        f"{TICKETING}/tickets/<ticket_code>/app.webmanifest",
        *(f"{TICKETING}/{thing}/qr.svg" for thing in ("tickets/<ticket_code>", "bookings/<booking_code>")),
        f"{TICKETING}/tickets/<ticket_code>/survey",
        f"{TICKETING}/counters/<counter>",
        *(f"{TICKETING}/days/<day>/{page}" for page in ("audit", "report")),
        "/ticketing/dead-letters",
    },
    "live": {
        "/ticketing/live/malls/<mall>",
        "/ticketing/live/malls/<mall>/events",
        "/ticketing/live/malls/<mall>/announcements/<language>/<number>/<counter>.wav",
    },
    "notifications": {
        "/notifications/messages",
        "/notifications/malls/<mall>/texts",
        "/notifications/malls/<mall>/webhooks",
        "/notifications/dead-letters",
    },
}


# What is on the list of pages and shows nothing: pictures, sounds, streams, and the way to another server and back.
NOT_SHOWN = re.compile(r"\.(svg|wav|webmanifest)$|/live/|/sign-in/provider")


def test_the_weight_and_first_paint_of_every_page_are_measured():
    measured = [path.partition("?")[0] for _, _, path in MEASURED.values()]
    shown = {page for pages in PAGES.values() for page in pages if not NOT_SHOWN.search(page)}
    rules = {page: re.compile(re.sub(r"<[^>]+>", "[^/]+", page)) for page in shown}
    assert [page for page, rule in rules.items() if not any(rule.fullmatch(path) for path in measured)] == []


@pytest.mark.parametrize("service", PAGES)
def test_every_route_is_described_or_on_the_list(houses, service):
    prefix = "ticketing" if service == "live" else service
    document = houses.client(service).get(f"/{prefix}/api/openapi.json").json
    validate(document)
    described = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    listed = PAGES[service] | EVERYWHERE | {f"/{prefix}{path}" for path in DOCUMENTATION}
    found = {rule.rule for rule in houses.apps[service].url_map.iter_rules()}
    assert sorted(found - described - listed) == []
    assert sorted((described | listed) - found) == []


@pytest.mark.parametrize("service", ["catalog", "ticketing", "notifications"])
def test_every_refusal_is_described_as_a_problem(houses, service):
    document = houses.client(service).get(f"/{service}/api/openapi.json").json
    for path in document["paths"].values():
        for method, operation in path.items():
            if method != "parameters":
                assert "default" in operation["responses"]
                for status, answer in operation["responses"].items():
                    if status >= "400" and "content" in answer:
                        assert list(answer["content"]) == ["application/problem+json"], operation["summary"]
