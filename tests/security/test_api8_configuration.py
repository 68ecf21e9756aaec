"""API8, security misconfiguration: what every answer carries, and what none does."""

from pathlib import Path

import pytest
from security.conftest import MALL
from security.test_hostile_addresses import REAL, addresses, routes

import services
from services.ticketing.api import tickets

SERVICES = ("catalog", "ticketing", "live", "notifications")
ROOT = Path(services.__file__).parent.parent


def answers(houses, service: str, **headers: str):
    """An answer of every route that can be looked at."""
    client = houses.client(service)
    for rule in routes(houses.apps[service]):
        if "GET" in rule.methods and not rule.rule.startswith("/ticketing/live/"):
            path = next(addresses(rule, REAL.get(min(rule.arguments), "x"))) if rule.arguments else rule.rule
            yield rule.rule, client.get(path, headers=headers)


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_locked_down(houses, service):
    seen = 0
    for rule, answer in answers(houses, service, Origin="https://jahat.example"):
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", rule
        assert headers["Referrer-Policy"] == "no-referrer", rule
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", rule
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", rule
        assert {"default-src 'self'", "frame-ancestors 'none'"} <= set(headers["Content-Security-Policy"].split("; "))
        forms = "'self'" if rule == "/catalog/malls/<mall>" else "'none'"  # its search works without scripts
        assert f"form-action {forms}" in headers["Content-Security-Policy"], rule
        assert "script-src" not in headers["Content-Security-Policy"], "scripts come from here alone"
        assert "no-store" in headers["Cache-Control"], rule
        assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & set(headers.keys()), rule
        type = headers.get("Content-Type", "")
        assert type or not answer.data, rule
        assert "charset=utf-8" in type or not type.startswith(("text/", "image/svg")), (rule, type)
        seen += 1
    assert seen > 2


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "PROPFIND", "DEBUG"])
def test_other_methods_are_refused(houses, method):
    for path in ("/livez", "/ticketing/malls/pekalongan/kiosk", f"{MALL}/hall", f"{MALL}/tickets"):
        assert houses.client().open(path, method=method).status_code == 405


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_fault_of_ours_tells_nothing_of_the_inside(houses, monkeypatch, accept):
    def broken():
        raise RuntimeError("mongodb://admin:rahasia@mongo:27017 /srv/services/ticketing/queue.py")

    monkeypatch.setattr(tickets, "queue", broken)
    answer = houses.client().get(f"{MALL}/tickets/x", headers={"Accept": accept})
    assert (answer.status_code, answer.json["reason"]) == (500, "internal")
    for inside in ("rahasia", "mongo", "Traceback", "RuntimeError", ".py", "/srv"):
        assert inside not in answer.text


def test_nothing_runs_in_a_mode_for_developers(houses):
    for app in houses.apps.values():
        assert not app.debug
        assert not app.config["PROPAGATE_EXCEPTIONS"]


def test_a_cookie_holds_a_language_and_is_out_of_reach(houses):
    cookies = houses.client().get("/ticketing/malls/pekalongan/kiosk?lang=en").headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert cookies[0].startswith("lang=en;")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookies[0].split("; "))


def test_cookie_of_the_language_is_secure_over_https(houses):
    client = houses.client()
    secure = {"base_url": "https://mpp.test"}
    cookies = client.get("/ticketing/malls/pekalongan/kiosk?lang=en", **secure).headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert cookies[0].startswith("__Host-lang=en;")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(cookies[0].split("; "))
    assert 'lang="en"' in client.get("/ticketing/malls/pekalongan/kiosk", **secure).text
    client.set_cookie("lang", "en", domain="other.test")
    assert 'lang="id"' in client.get("/ticketing/malls/pekalongan/kiosk", base_url="https://other.test").text


def test_the_gateway_tells_no_version_and_overwrites_where_requests_come_from():
    nginx = (ROOT / "deploy" / "gateway" / "nginx.conf").read_text()
    for line in ("server_tokens off;", "proxy_set_header X-Forwarded-For $remote_addr;", "client_max_body_size 64k;"):
        assert line in nginx
