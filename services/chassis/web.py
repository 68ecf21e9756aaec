"""The Flask factory: problems for every error, health, request ids, languages, API and its docs."""

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
import structlog
from apispec import BasePlugin
from babel.dates import format_date, format_datetime, format_timedelta
from flask import Flask, Response, current_app, g, render_template, request
from flask_smorest import Api, Blueprint
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pymongo.errors import PyMongoError
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.exceptions import NotFound as HTTPNotFound

from services.chassis import metrics, reference, tracing
from services.chassis.assets import Assets
from services.chassis.decider import StoreUnavailable
from services.chassis.errors import (
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    Refused,
    TooMany,
    Unauthorized,
    Unavailable,
)
from services.chassis.limits import Limits
from services.chassis.origin import HOST_PREFIX
from services.chassis.routes import Authorization, View, public
from services.chassis.words import DEFAULT, Words

log = structlog.get_logger()

CHASSIS = Path(__file__).parent
STATUS = {Refused: 409, NotFound: 404, Invalid: 422, Unauthorized: 401, Forbidden: 403, TooMany: 429, Unavailable: 503}
HTTP_REASONS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 422: "invalid"}
OPEN_ENDPOINTS = {"static", "api-docs.openapi_json"}
PROBLEM = "application/problem+json"
LONGEST_KEY = 200
REQUEST_ID = re.compile(r"[\w.:-]{8,64}", re.ASCII)
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # half a character, as JSON can spell it
LONG_NUMBER = re.compile(rb"\d{4300}")  # Python's reader gives up at such an integer, which no JSON error names
DEEP = 400  # brackets that open; Python's reader gives up at a thousand levels
CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


class KeyTooLong(Invalid):
    """An idempotency key of more than 200 characters."""


class ProblemSchema(ma.Schema):
    """A problem document (RFC 9457): `reason` is stable, `title` and `detail` are for people; some tell more values."""

    class Meta:
        """Which values are told with it differs by reason."""

        unknown = ma.INCLUDE

    type = ma.fields.String(metadata={"example": "urn:mpp:problem:closed"})
    title = ma.fields.String()
    status = ma.fields.Integer()
    detail = ma.fields.String()
    reason = ma.fields.String(metadata={"example": "closed"})
    request_id = ma.fields.String()
    errors = ma.fields.Dict()


class ProblemPlugin(BasePlugin):
    """Describes every refusal that a route names as a problem document; the form of all others is the default."""

    def operation_helper(self, path: str | None = None, operations: Any = None, **_: Any) -> None:
        """Give each such answer the content that it has."""
        for operation in (operations or {}).values():
            for status, answer in operation.get("responses", {}).items():
                if str(status) >= "400" and isinstance(answer, dict):
                    answer.setdefault("content", {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}})


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest with its errors as problem documents, and routes described when `spec` is first read.

    Describing all routes takes half of the time in which a web process starts, and few processes are asked for it.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, **options: Any) -> None:
        self._described: Any = None
        self._undescribed: list[Blueprint] = []
        self._describing = RLock()
        super().__init__(app, **options)

    @property
    def spec(self) -> Any:
        """The specification, with the routes of every registered blueprint."""
        with self._describing:
            while self._undescribed:
                blueprint = self._undescribed.pop(0)
                blueprint.register_views_in_doc(self, self._app, self._described, name=blueprint.name, parameters=None)
                self._described.tag({"name": blueprint.name, "description": blueprint.description})
            return self._described

    @spec.setter
    def spec(self, made: Any) -> None:
        self._described = made

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Register the routes, and keep the blueprint until they are described."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._undescribed.append(blueprint)

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM  # only what is described here: errors, whatever the route
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer any HTTP error, those of webargs' validation included."""
        by_place = getattr(error, "data", {}).get("messages", {})  # such as {"json": {"service": ["…"]}}
        status = error.code or 500
        reason = HTTP_REASONS.get(status, "bad-request" if status < 500 else "internal")
        if status == 405 and request.method == "POST" and _is_page_wanted():
            reason = "page-not-ready"  # a browser sent a form itself, before the page's script was there to send it
        found = next(iter(by_place.values()), None)
        return _problem(status, reason, {}, found if isinstance(found, dict) else by_place)


def takes(largest: int) -> Callable[[View], View]:
    """Declare that this route takes bodies of so many bytes; others take 64 kB."""

    def mark(view: View) -> View:
        view.largest = largest  # type: ignore[attr-defined]
        return view

    return mark


def command_context() -> dict[str, str]:
    """What the store keeps of the request: the command's id and digest from `Idempotency-Key`, actor and trace.

    The id is a hash of key and caller: the same key of another caller is another command, and no reader of the store
    can send the key again.
    """
    context = {"actor": g.actor.name if "actor" in g else "", "trace": g.request_id}
    if sent := keyed_request():
        body = json.dumps(request.get_json(silent=True), sort_keys=True)
        digest = hashlib.sha256(f"{request.path}\n{body}".encode()).hexdigest()
        command = hashlib.sha256("\n".join(sent[1:]).encode("utf-8", "replace")).hexdigest()
        context |= {"id": f"key:{command}", "digest": digest}
    return context


def keyed_request() -> tuple[str, ...]:
    """Return what a retry shares with the first request: path, caller and `Idempotency-Key`; empty without a key.

    Raises `KeyTooLong`.
    """
    key = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if len(key) > LONGEST_KEY:
        raise KeyTooLong()
    return (request.path, current_app.extensions["authorization"].caller(), key) if key else ()


def create_app(
    service: str,
    authorization: Authorization,
    blueprints: Sequence[Any],
    ready: Mapping[str, Callable[[], object]],
    title: str,
    limits: Limits | None = None,
    must_exist: Callable[..., None] = lambda **_: None,
    shared: Sequence[Path] = (),
) -> Flask:
    """A service's Flask app: its blueprints, with everything that all services do alike around them.

    `ready` names what must answer before traffic may come (each raises when it does not). `limits` holds those that
    routes name (`limited`); `must_exist` receives the arguments in such a route's address and raises `NotFound` for
    what does not exist, so that it makes no count.
    `shared` are folders of what services have in common, beside the
    chassis: words, templates and static files.
    """
    folder = CHASSIS.parent / service
    parts = (CHASSIS, *shared, folder)  # no name of a template or file is in two of them
    app = Flask(service, root_path=str(folder), template_folder="templates", static_folder=None)
    words = Words([part / "words" for part in parts])
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
    app.extensions["words"], app.extensions["limits"] = words, limits
    app.extensions["authorization"] = authorization
    app.extensions["must_exist"] = must_exist
    assets = Assets(f"/{service}/static/", [part / "static" for part in parts])
    app.add_url_rule(f"/{service}/static/<path:filename>", "static", assets.answer)
    app.jinja_loader.searchpath += [str(part / "templates") for part in parts[:-1]]  # type: ignore[union-attr]
    _add_templates(app, assets, words)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end_step)
    app.register_error_handler(Problem, _answer_problem)
    app.register_error_handler(PyMongoError, lambda _: _answer_problem(StoreUnavailable()))
    app.register_error_handler(Exception, _answer_surprise)
    api = ProblemApi(app, spec_kwargs={"extra_plugins": [ProblemPlugin()]})
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
    g.step = tracing.step(f"{request.method} {_route()}", "server", parent, g.request_id)
    g.step.__enter__()
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
        return
    view = current_app.view_functions[request.endpoint]
    request.max_content_length = getattr(view, "largest", current_app.config["MAX_CONTENT_LENGTH"])
    current_app.extensions["authorization"].check(view)
    _must_be_readable()


def _end_step(_: BaseException | None) -> None:
    if step := g.pop("step", None):
        step.__exit__(None, None, None)


def _route() -> str:
    """The route, not the path: paths can hold secrets."""
    return request.url_rule.rule if request.url_rule else "none"


def _must_be_readable() -> None:
    """Refuse a body that cannot be read, stored or answered: half characters, too deep, integers of 4,300 digits."""
    body = request.get_data()
    if SURROGATE.search(body) or body.count(b"[") + body.count(b"{") > DEEP or LONG_NUMBER.search(body):
        try:
            json.dumps(json.loads(body) if request.is_json else None, ensure_ascii=False).encode()
        except (ValueError, RecursionError):  # UnicodeEncodeError is a ValueError; so is an integer that is too long
            raise BadRequest() from None


def _finish(response: Response) -> Response:
    metrics.request(request.method, _route(), response.status_code, time.perf_counter() - g.get("began", 0.0))
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
        log.info("done", route=_route(), status=response.status_code, request_id=g.get("request_id"))
    elif "lang" in request.args:
        secure, chosen = request.is_secure, language()
        response.set_cookie(_language_cookie(), chosen, max_age=31536000, samesite="Lax", httponly=True, secure=secure)
    return response


def policy(*more: str, forms: str = "'none'") -> str:
    """The Content-Security-Policy of an answer: that of all, and what a page needs beyond it.

    Forms are sent by scripts. A browser that has no scripts yet would send them itself: it must not, but where `forms`
    says so. One that does not know the policy sends the fields in a body, as each form names its method.
    """
    return "; ".join((CSP, f"form-action {forms}", *more))


def language() -> str:
    """The language to answer in: for the API what `Accept-Language` asks, for pages the reader's choice."""
    words: Words = current_app.extensions["words"]
    if _is_for_programs():
        return words.choose(request.headers.get("Accept-Language", DEFAULT))
    return words.choose(request.args.get("lang") or request.cookies.get(_language_cookie()) or DEFAULT)


def _language_cookie() -> str:
    """The name of the cookie: unlike a session, a language is kept over plain http from other machines too."""
    return f"{HOST_PREFIX}lang" if request.is_secure else "lang"


def _is_for_programs() -> bool:
    return ("/api/" in request.path or "/live/" in request.path) and not request.path.endswith("/api/docs")


def _is_page_wanted() -> bool:
    return not _is_for_programs() and bool(request.accept_mimetypes.accept_html)


def text(key: str, **params: object) -> str:
    """A text in the language of the request."""
    words: Words = current_app.extensions["words"]
    return words.text(language(), key, **params)


def _answer_problem(problem: Problem) -> Response:
    status = next(status for root, status in STATUS.items() if isinstance(problem, root))
    return _problem(status, problem.reason, problem.params, problem.params.get("errors"))


def _answer_surprise(error: Exception) -> Response:
    log.error("request failed", route=_route(), request_id=g.get("request_id"), exc_info=error)
    return _problem(500, "internal", {})


def _problem(status: int, reason: str, params: Mapping[str, Any], errors: Any = None) -> Response:
    """The problem as a document for programs and, where a page was asked for, as a page for people."""
    document = _document(status, reason, params, errors)
    if _is_page_wanted():
        response = Response(render_template("problem.html", problem=document), status, mimetype="text/html")
    else:
        response = Response(json.dumps(document, ensure_ascii=False), status, mimetype=PROBLEM)
    if status in (429, 503):
        response.headers["Retry-After"] = str(params.get("retry_after", 1))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def as_told(problem: Problem) -> tuple[int, dict[str, Any]]:
    """The status of a problem, and its document in the language of the request: for a page that tells it itself."""
    status = next(status for root, status in STATUS.items() if isinstance(problem, root))
    return status, _document(status, problem.reason, problem.params, problem.params.get("errors"))


def _document(status: int, reason: str, params: Mapping[str, Any], errors: Any = None) -> dict[str, Any]:
    document = {
        "type": f"urn:mpp:problem:{reason}",
        "title": text(f"problem.{reason}.title"),
        "status": status,
        "detail": _detail(reason, params),
        "reason": reason,
        "request_id": g.get("request_id", ""),
        **{name: _for_programs(value) for name, value in params.items()},
    }
    if errors:
        document["errors"] = _in_words(errors)
    metrics.PROBLEMS.labels(str(status), reason).inc()
    if status < 500:
        who = {"by": g.actor.name} if status == 403 and "actor" in g else {}  # an authenticated caller
        log.info("refused", status=status, reason=reason, route=_route(), request_id=document["request_id"], **who)
    return document


def _detail(reason: str, params: Mapping[str, Any]) -> str:
    """What the problem means for who asked; and why it is so, where somebody gave a reason (`why`)."""
    said = {name: _for_people(value) for name, value in params.items()}
    if "retry_after" in params:
        said["retry_after"] = format_timedelta(timedelta(seconds=params["retry_after"]), locale=language())
    detail = text(f"problem.{reason}.detail", **said)
    return f"{detail} {text('problem.why', why=params['why'])}" if params.get("why") else detail


def _for_programs(value: Any) -> Any:
    """A value as JSON has it; faults in the language of the request, each with its place."""
    match value:
        case date():
            return value.isoformat()
        case Fault():
            where = text(value.where, **value.values) if value.where else ""
            return f"{where}{value.place}{text(value.says, **value.values)}"
        case list():
            return [_for_programs(each) for each in value]
        case _:
            return value


def _for_people(value: Any) -> Any:
    """A date or a moment as people say it, in the language of the request and the moment's own zone."""
    match value:
        case None:
            return text("unknown")
        case datetime():
            return format_datetime(value, "EEEE d MMMM, HH.mm", tzinfo=value.tzinfo, locale=language())
        case date():
            return format_date(value, "EEEE d MMMM", locale=language())
        case _:
            return value


def _in_words(errors: Any) -> Any:
    """Validation messages in the language of the request; the texts are keyed by the library's own words."""
    if isinstance(errors, dict):
        return {field: _in_words(messages) for field, messages in errors.items()}
    return [_message_in_words(message) for message in errors]


def _message_in_words(message: object) -> str:
    if isinstance(message, Fault):
        return text(message.says, **message.values)
    opening, colon, rest = str(message).partition(":")
    return f"{text(opening + colon)}{rest}" if colon else text(opening)


def _add_templates(app: Flask, assets: Assets, words: Words) -> None:
    @app.context_processor
    def _globals() -> dict[str, Any]:
        chosen = language()
        return {
            "lang": chosen,
            "languages": words.languages,
            "name_of": lambda code: words.text(code, "language.name"),
            "t": lambda key, **params: words.text(chosen, key, **params),
            "words": lambda prefix: words.beginning(chosen, prefix),
            "in_language": lambda other: f"?{urlencode({'lang': other, **_asked()})}",
            "static": assets.address,
            "script": assets.script,
        }


def _asked() -> dict[str, str]:
    """What the page was asked for, without the language."""
    return {name: value for name, value in request.args.items() if name != "lang"}


def _add_docs(app: Flask, service: str, api: Api) -> None:
    """The API's reference: a page made from its specification."""

    @cache
    def told() -> dict[str, Any]:
        document = api.spec.to_dict()
        shown = {"groups": reference.groups(document, _roles(app)), "objects": reference.objects(document)}
        return {"title": document["info"]["title"], "spec_url": f"/{service}/api/openapi.json", **shown}

    @app.get(f"/{service}/api/docs")
    @public
    def api_docs() -> str:
        return render_template("docs.html", **told())


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
        """For Prometheus, which asks the process itself: whoever comes by way of a gateway gets nothing."""
        if "X-Forwarded-For" in request.headers:
            raise HTTPNotFound()
        return Response(metrics.page(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
