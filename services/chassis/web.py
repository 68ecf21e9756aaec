"""The Flask factory: what every web process answers alike, its headers, health, metrics and API reference."""

import os
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, render_template, request
from flask_smorest import Api, Blueprint
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import NotFound as HTTPNotFound

from services.chassis import bodies, languages, metrics, problems, reference, tracing
from services.chassis.assets import Assets
from services.chassis.routes import Authorization, current_route, public
from services.chassis.words import Words

log = structlog.get_logger()

CHASSIS = Path(__file__).parent
OPEN_ENDPOINTS = {"static", "api-docs.openapi_json"}
REQUEST_ID = re.compile(r"[\w.:-]{8,64}", re.ASCII)
CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def create_app(
    service: str,
    authorization: Authorization,
    blueprints: Sequence[Any],
    ready: Mapping[str, Callable[[], object]],
    title: str,
    shared: Sequence[Path] = (),
) -> Flask:
    """A service's Flask app: its blueprints, with everything that all services do alike around them.

    `ready` names what must answer before traffic may come (each raises when it does not). `shared` are folders of what
    services have in common, beside the chassis: words, templates and static files.
    """
    folder = CHASSIS.parent / service
    parts = (CHASSIS, *shared, folder)  # no name of a template or file is in two of them
    app = Flask(service, root_path=str(folder), template_folder="templates", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=64 * 1024,
        GATEWAYS=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1").split(","),  # as gunicorn reads it
        SEND_FILE_MAX_AGE_DEFAULT=31536000,  # the address holds a hash of the content
        API_TITLE=title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"/{service}/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["authorization"] = authorization
    assets = Assets(f"/{service}/static/", [part / "static" for part in parts])
    app.add_url_rule(f"/{service}/static/<path:filename>", "static", assets.answer)
    app.jinja_loader.searchpath += [str(part / "templates") for part in parts[:-1]]  # type: ignore[union-attr]
    languages.register(app, Words([part / "words" for part in parts]), assets)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end_step)
    api = problems.register(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint) if isinstance(blueprint, Blueprint) else app.register_blueprint(blueprint)
    _add_docs(app, service, api)
    _add_health(app, ready)
    _add_metrics(app)
    return app


def _begin() -> None:
    g.began = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
    parent = tracing.valid(request.headers.get("traceparent", ""))
    g.step = tracing.step(f"{request.method} {current_route()}", "server", parent, g.request_id)
    g.step.__enter__()
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
        return
    view = current_app.view_functions[request.endpoint]
    bodies.limit_size(view)
    current_app.extensions["authorization"].check(view)
    bodies.must_be_readable()


def _end_step(_: BaseException | None) -> None:
    if step := g.pop("step", None):
        step.__exit__(None, None, None)


def _finish(response: Response) -> Response:
    metrics.request(request.method, current_route(), response.status_code, time.perf_counter() - g.get("began", 0.0))
    tracing.note(http__response__status_code=response.status_code)
    headers = response.headers
    headers["X-Request-Id"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"  # a page that opens ours gets no handle to it
    headers["Cross-Origin-Resource-Policy"] = "same-origin"  # no page of another origin loads ours as a picture
    headers.setdefault("Content-Security-Policy", policy())
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    elif "v" not in request.args:  # what modules and styles name themselves carries no hash: ask each time
        headers["Cache-Control"] = "no-cache"
    if request.method not in ("GET", "HEAD") and response.status_code < 400:
        log.info("done", route=current_route(), status=response.status_code, request_id=g.get("request_id"))
    elif "lang" in request.args:
        languages.remember(response)
    return response


def policy(*more: str, forms: str = "'none'") -> str:
    """The Content-Security-Policy of an answer: that of all, and what a page needs beyond it.

    Forms are sent by scripts. A browser that has no scripts yet would send them itself: it must not, but where `forms`
    says so. One that does not know the policy sends the fields in a body, as each form names its method.
    """
    return "; ".join((CSP, f"form-action {forms}", *more))


def _add_docs(app: Flask, service: str, api: Api) -> None:
    """The API's reference: a page made from its specification."""

    @cache
    def page_values() -> dict[str, Any]:
        document = api.spec.to_dict()
        shown = {"groups": reference.groups(document, _roles(app)), "objects": reference.objects(document)}
        return {"title": document["info"]["title"], "spec_url": f"/{service}/api/openapi.json", **shown}

    @app.get(f"/{service}/api/docs")
    @public
    def api_docs() -> str:
        return render_template("docs.html", **page_values())


def _roles(app: Flask) -> dict[tuple[str, str], frozenset[str]]:
    """Who may use each route, by method and path as the specification writes it."""
    return {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)): getattr(view, "access", frozenset())
        for rule in app.url_map.iter_rules()
        if (view := app.view_functions[rule.endpoint])
        for method in rule.methods or ()
    }


def _add_health(app: Flask, ready: Mapping[str, Callable[[], object]]) -> None:
    @app.get("/livez")
    @public
    def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    @public
    def readyz() -> tuple[dict[str, Any], int]:
        failed = {}
        for name, check in ready.items():
            try:
                check()
            except Exception as error:
                failed[name] = type(error).__name__
        return {"status": "failed" if failed else "ok", "failed": failed}, 503 if failed else 200


def _add_metrics(app: Flask) -> None:
    @app.get("/metrics")
    @public
    def metrics_page() -> Response:
        """For Prometheus, which asks the process itself; requests through a gateway are refused."""
        if "X-Forwarded-For" in request.headers:
            raise HTTPNotFound()
        return Response(metrics.page(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
