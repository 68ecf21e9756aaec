"""The feed: a service's published events over HTTP, by their numbers, and the schemas of what they say."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, current_app, request
from flask_smorest import Blueprint
from marshmallow.validate import Length, Range
from webargs.flaskparser import parser

from services.chassis.cloud_event import TYPES, CloudEvent, structured
from services.chassis.errors import Invalid, NotFound
from services.chassis.instants import Instant
from services.chassis.routes import allow, public
from services.chassis.web import CHASSIS
from services.kernel.guard import actor
from services.kernel.journal import Journal
from services.kernel.tokens import WrongScope

ROLES = ("agency", "supervisor", "administrator", "auditor")
SERVICES = CHASSIS.parent
MOST = 1000  # events in one answer
BATCH = "application/cloudevents-batch+json"


class UnknownEventType(Invalid):
    """The producer has no event of that type."""


class UnknownSchema(NotFound):
    """There is no such schema."""


class Wanted(ma.Schema):
    """Which events, and from where on: after a number, or since a moment."""

    after = ma.fields.Integer(load_default=None, validate=Range(0, 10**12), metadata={"example": 0})
    since = Instant(load_default=None, metadata={"example": "2026-11-24T01:00:00Z"})
    limit = ma.fields.Integer(load_default=100, validate=Range(1, MOST))
    type = ma.fields.List(ma.fields.String(validate=Length(max=80)), load_default=(), metadata={"example": []})
    agency = ma.fields.String(load_default="", validate=Length(max=60), metadata={"example": ""})


@dataclass(frozen=True)
class Selection:
    """Events of a mall, of some types, of one agency where one is named."""

    mall: str
    types: Sequence[str]
    agency: str


class Feed:
    """What a service tells, to whoever may hear it. One per process."""

    def __init__(self, service: str, journal: Journal, known: Callable[[str], object]) -> None:
        """`known` raises for a mall that does not exist.

        All schemas of the service are shown; the feed holds the types of the folder `schemas`, those of its main topic.
        """
        files = sorted((SERVICES / service).rglob("schemas/*.json"), key=lambda file: file.name)
        self.schemas = {file.stem: json.loads(file.read_text()) for file in files}
        self._types = [file.stem for file in files if file.parent == SERVICES / service / "schemas"]
        self._journal, self._known = journal, known

    def selection(self, mall: str, asked: dict[str, Any]) -> Selection:
        """What is asked for, if who asks may hear it. Raises `UnknownEventType`, `WrongScope`; for an unknown mall."""
        own = actor().scope.get("agency", "")
        if (actor().role == "agency" and not own) or (own and asked["agency"] not in ("", own)):
            raise WrongScope()
        self._known(mall)
        wanted = [name.removeprefix(TYPES) for name in asked["type"]]
        names = {name: {name, name.rpartition(".")[0]} for name in self._types}
        for name in wanted:
            if not any(name in called for called in names.values()):
                raise UnknownEventType(unknown=name, known=", ".join(names))
        chosen = [name for name, called in names.items() if not wanted or called & set(wanted)]
        return Selection(mall, [f"{TYPES}{name}" for name in chosen], own or asked["agency"])

    def start(self, mall: str, after: int | None, since: datetime | None, otherwise: int | None = None) -> int:
        """The number after which to begin; where nothing is asked, `otherwise`, or else with what comes next."""
        if since is not None:
            return self._journal.before(mall, since)
        if after is not None:
            return after
        return self.newest(mall) if otherwise is None else otherwise

    def newest(self, mall: str) -> int:
        """The number of a mall's last event."""
        return self._journal.last(mall)

    def read(self, selection: Selection, after: int, limit: int) -> tuple[list[CloudEvent], int]:
        """The next events, and the number to go on from: that of the last one that was looked at."""
        newest = self.newest(selection.mall)  # asked first, so that nothing that comes meanwhile is passed over
        found = self._journal.after(selection.mall, after, limit, selection.types, selection.agency)
        if len(found) < limit:
            return found, max([after, newest, *(event.sequence for event in found)])
        return found, found[-1].sequence


def feed() -> Feed:
    """This process's feed."""
    found: Feed = current_app.extensions["feed"]
    return found


def asked() -> dict[str, Any]:
    """What the address of this request asks for."""
    wanted: dict[str, Any] = parser.parse(Wanted(), request, location="query")
    return wanted


def blueprint(service: str) -> Blueprint:
    """The routes of a service's feed. The app has its `Feed` as extension `feed`."""
    routes = Blueprint("feed", __name__, url_prefix=f"/{service}/api", description="Published events")

    @routes.get("/malls/<mall>/events")
    @allow(*ROLES)
    @routes.arguments(Wanted(), location="query")
    @routes.response(200, content_type=BATCH)
    @routes.alt_response(422, description="`unknown-event-type`: names those that there are")
    def events(wanted: dict[str, Any], mall: str) -> Response:
        """A mall's published events in their order, as CloudEvents; `Link` with `rel="next"` says where to go on."""
        selection = feed().selection(mall, wanted)
        after = feed().start(mall, wanted["after"], wanted["since"], otherwise=0)
        found, position = feed().read(selection, after, wanted["limit"])
        kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ("after", "since")]
        answer = Response(json.dumps([structured(event) for event in found], ensure_ascii=False), mimetype=BATCH)
        answer.headers["Link"] = f'<{request.path}?{urlencode([*kept, ("after", position)])}>; rel="next"'
        return answer

    @routes.get("/schemas")
    @public
    @routes.response(200)
    def schemas() -> dict[str, Any]:
        """All types of events that this service publishes, with the addresses of their schemas."""
        told = {name: schema["title"] for name, schema in feed().schemas.items()}
        at = f"/{service}/api/schemas"
        return {"schemas": [{"type": f"{TYPES}{n}", "title": t, "href": f"{at}/{n}.json"} for n, t in told.items()]}

    @routes.get("/schemas/<name>.json")
    @public
    @routes.response(200, content_type="application/schema+json")
    def schema(name: str) -> Response:
        """The JSON Schema of an event's data, with examples."""
        if name not in feed().schemas:
            raise UnknownSchema(name=name)
        document = json.dumps(feed().schemas[name], ensure_ascii=False, indent=2)
        return Response(document, mimetype="application/schema+json")

    @routes.get("/asyncapi.yaml")
    @public
    @routes.response(200, content_type="application/yaml")
    def asyncapi() -> Response:
        """The events as an AsyncAPI document."""
        return Response((SERVICES / service / "schemas/asyncapi.yaml").read_text(), mimetype="application/yaml")

    return routes
