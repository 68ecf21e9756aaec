"""Problems: every error as a problem document (RFC 9457), or as a page where a browser asked for one."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Any

import marshmallow as ma
import structlog
from apispec import BasePlugin
from babel.dates import format_date, format_datetime, format_timedelta
from flask import Flask, Response, g, render_template, request
from flask_smorest import Api, Blueprint
from pymongo.errors import PyMongoError
from werkzeug.exceptions import HTTPException

from services.chassis import metrics
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
from services.chassis.languages import is_page_wanted, language, text
from services.chassis.routes import current_route

log = structlog.get_logger()

STATUS = {Refused: 409, NotFound: 404, Invalid: 422, Unauthorized: 401, Forbidden: 403, TooMany: 429, Unavailable: 503}
HTTP_REASONS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 422: "invalid"}
PROBLEM = "application/problem+json"


class ProblemSchema(ma.Schema):
    """A problem document (RFC 9457): `reason` is stable, `title` and `detail` are for people; some have more values."""

    class Meta:
        """Which other values a document has differs by reason."""

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
        self._has_responses = False
        self._describing = RLock()
        super().__init__(app, **options)

    @property
    def spec(self) -> Any:
        """The specification, with the routes of every registered blueprint."""
        with self._describing:
            blueprints, self._undescribed = self._undescribed, []
            if blueprints and not self._has_responses:
                self._has_responses = True
                self._describe_responses()
            for blueprint in blueprints:
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
        """Do nothing: `spec` describes the responses before the first routes, which refer to them."""

    def _describe_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM  # only what is described here: errors, whatever the route
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer any HTTP error, those of webargs' validation included."""
        by_location = getattr(error, "data", {}).get("messages", {})  # such as {"json": {"service": ["…"]}}
        status = error.code or 500
        reason = HTTP_REASONS.get(status, "bad-request" if status < 500 else "internal")
        if status == 405 and request.method == "POST" and is_page_wanted():
            reason = "page-not-ready"  # a browser sent a form itself, before the page's script was there to send it
        found = next(iter(by_location.values()), None)
        return _problem(status, reason, {}, found if isinstance(found, dict) else by_location)


def register(app: Flask) -> Api:
    """Answer every error of the app as a problem; return its API, which does the same and describes it."""
    app.register_error_handler(Problem, _answer_problem)
    app.register_error_handler(PyMongoError, lambda _: _answer_problem(StoreUnavailable()))
    app.register_error_handler(Exception, _answer_surprise)
    return ProblemApi(app, spec_kwargs={"extra_plugins": [ProblemPlugin()]})


def _answer_problem(problem: Problem) -> Response:
    return _problem(_status(problem), problem.reason, problem.params, problem.params.get("errors"))


def _answer_surprise(error: Exception) -> Response:
    log.error("request failed", route=current_route(), request_id=g.get("request_id"), exc_info=error)
    return _problem(500, "internal", {})


def status_and_document(problem: Problem) -> tuple[int, dict[str, Any]]:
    """Return a problem's status and its document in the language of the request, for a page that shows it itself."""
    status = _status(problem)
    return status, _document(status, problem.reason, problem.params, problem.params.get("errors"))


def _problem(status: int, reason: str, params: Mapping[str, Any], errors: Any = None) -> Response:
    """The problem as a document for programs and, where a page was asked for, as a page for people."""
    document = _document(status, reason, params, errors)
    if is_page_wanted():
        response = Response(render_template("problem.html", problem=document), status, mimetype="text/html")
    else:
        response = Response(json.dumps(document, ensure_ascii=False), status, mimetype=PROBLEM)
    if status in (429, 503):
        response.headers["Retry-After"] = str(params.get("retry_after", 1))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _status(problem: Problem) -> int:
    return next(status for root, status in STATUS.items() if isinstance(problem, root))


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
        log.info(
            "refused", status=status, reason=reason, route=current_route(), request_id=document["request_id"], **who
        )
    return document


def _detail(reason: str, params: Mapping[str, Any]) -> str:
    """Return what the problem means for the reader, with the reason (`why`) where a person gave one."""
    said = {name: _for_people(value) for name, value in params.items()}
    if "retry_after" in params:
        said["retry_after"] = format_timedelta(timedelta(seconds=params["retry_after"]), locale=language())
    detail = text(f"problem.{reason}.detail", **said)
    return f"{detail} {text('problem.why', why=params['why'])}" if params.get("why") else detail


def _for_programs(value: Any) -> Any:
    """A value as JSON has it; faults in the language of the request, each with its label."""
    match value:
        case date():
            return value.isoformat()
        case Fault():
            where = text(value.where, **value.values) if value.where else ""
            return f"{where}{value.label}{text(value.says, **value.values)}"
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
