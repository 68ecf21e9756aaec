"""Webhooks over HTTP: an agency manages its own, supervisors and administrators those of their mall."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import marshmallow as ma
from flask import current_app
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf, Range

from services.chassis.clock import now
from services.chassis.errors import Invalid
from services.chassis.idempotency import command_context
from services.chassis.instants import Instant
from services.chassis.routes import allow
from services.kernel.guard import actor
from services.kernel.tokens import WrongScope
from services.notifications.webhooks import views
from services.notifications.webhooks.deliveries import Deliveries
from services.notifications.webhooks.domain.commands import PauseWebhook, ReplayWebhook, RequestPing, ResumeWebhook
from services.notifications.webhooks.domain.kinds import KINDS, PRODUCERS
from services.notifications.webhooks.domain.refusals import UnknownWebhook
from services.notifications.webhooks.domain.state import Webhook
from services.notifications.webhooks.news import News
from services.notifications.webhooks.registry import Registry

PREFIX = "/notifications/api/malls/<mall>/webhooks"
FARTHEST = timedelta(days=31)  # back from now: what was before is not kept for webhooks
WHO = ("agency", "supervisor", "administrator")

blueprint = Blueprint("webhooks", __name__, url_prefix=PREFIX, description="Servers that receive events")


class ReplayFromNowhere(Invalid):
    """A replay needs either a moment, or a producer and a number."""


class Wanted(ma.Schema):
    """Where events are to be sent, and which ones; no services: all of the agency."""

    name = ma.fields.String(required=True, validate=Length(1, 60), metadata={"example": "Server antrean Dukcapil"})
    url = ma.fields.String(
        required=True, validate=Length(1, 500), metadata={"example": "https://antrean.dukcapil.example/webhook"}
    )
    kinds = ma.fields.List(
        ma.fields.String(validate=OneOf(KINDS)),
        required=True,
        validate=Length(min=1),
        metadata={"example": ["ticket-issued", "ticket-called"]},
    )
    services = ma.fields.List(ma.fields.String(validate=Length(1, 60)), load_default=list, validate=Length(max=100))


class NewWebhook(Wanted):
    """The same, of an agency; without one, events of the whole mall, which only staff of the mall may ask for."""

    agency = ma.fields.String(load_default="", validate=Length(max=60), metadata={"example": "DUKCAPIL"})


class Standing(ma.Schema):
    """How far one producer's events were sent to it."""

    producer = ma.fields.String(validate=OneOf(PRODUCERS))
    told = ma.fields.Integer(allow_none=True, metadata={"description": "The number of the last event; null: none yet."})
    last = ma.fields.Integer(metadata={"description": "The highest number that was received from the producer."})


class WebhookOut(ma.Schema):
    """A webhook and its status: `active`, `failing` (the next attempt is at `next_attempt_at`) or `paused`."""

    id = ma.fields.String()
    agency = ma.fields.String()
    name = ma.fields.String()
    url = ma.fields.String()
    kinds = ma.fields.List(ma.fields.String())
    services = ma.fields.List(ma.fields.String())
    status = ma.fields.String(validate=OneOf(["active", "failing", "paused"]))
    cause = ma.fields.String(
        allow_none=True, metadata={"description": "Of a pause: `by-hand`, `failing`, `gone`, `broken`."}
    )
    paused_at = ma.fields.String(allow_none=True)
    failed = ma.fields.Integer(metadata={"description": "Attempts for the next event that failed."})
    next_attempt_at = ma.fields.String(allow_none=True)
    address = ma.fields.String(
        validate=OneOf(["unchecked", "outside", "unknown-host", "internal-address", "invalid-url"]),
        metadata={
            "description": "What a look-up of the server's name found: `outside`, or why nothing is sent there. It is "
            "looked up within seconds, each minute again until it is outside, and before each attempt."
        },
    )
    address_checked_at = ma.fields.String(allow_none=True)
    old_secret_until = ma.fields.String(allow_none=True)
    registered_at = ma.fields.String()
    standing = ma.fields.List(ma.fields.Nested(Standing))


class WebhookMade(WebhookOut):
    """A webhook with its secret, which is shown this once."""

    secret = ma.fields.String(metadata={"example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})


class WebhookList(ma.Schema):
    """The webhooks that the asker may see, oldest first."""

    webhooks = ma.fields.List(ma.fields.Nested(WebhookOut))


class Replay(ma.Schema):
    """From where on: a moment; or the number of a producer's event."""

    since = Instant(load_default=None, metadata={"example": "2026-11-24T08:00:00+07:00"})
    producer = ma.fields.String(load_default="", validate=OneOf(("", *PRODUCERS)))
    sequence = ma.fields.Integer(load_default=0, validate=Range(0, 999_999_999_999))


class Latest(ma.Schema):
    """How many attempts to show."""

    limit = ma.fields.Integer(load_default=50, validate=Range(1, 500))


class AttemptOut(ma.Schema):
    """An attempt; `came` is `delivered`, or why it was not; `answer` the beginning of what the server said then."""

    event = ma.fields.String(metadata={"description": "The `webhook-id`."})
    kind = ma.fields.String()
    producer = ma.fields.String()
    sequence = ma.fields.Integer()
    attempt = ma.fields.Integer()
    came = ma.fields.String()
    status = ma.fields.Integer(metadata={"description": "HTTP status; 0 where there was no answer."})
    answer = ma.fields.String()
    millis = ma.fields.Integer()
    at = ma.fields.String()


class AttemptList(ma.Schema):
    """The latest attempts, newest first."""

    attempts = ma.fields.List(ma.fields.Nested(AttemptOut))


def registry() -> Registry:
    """This process's registry."""
    found: Registry = current_app.extensions["webhooks"]
    return found


def deliveries() -> Deliveries:
    """What the dispatcher wrote down."""
    found: Deliveries = current_app.extensions["webhook_deliveries"]
    return found


def news() -> News:
    """What was heard."""
    found: News = current_app.extensions["webhook_news"]
    return found


@blueprint.get("")
@allow(*WHO)
@blueprint.response(200, WebhookList)
def list_webhooks(mall: str) -> dict[str, Any]:
    """An agency's own webhooks; for staff of the mall all of them."""
    hooks = registry().known().of(mall, _agency())
    return {"webhooks": _shown(*hooks)}


@blueprint.post("")
@allow(*WHO)
@blueprint.arguments(NewWebhook())
@blueprint.response(201, WebhookMade)
@blueprint.alt_response(409, description="`too-many-webhooks`")
@blueprint.alt_response(422, description="`invalid-url`, `internal-address`")
def register_webhook(given: dict[str, Any], mall: str) -> dict[str, Any]:
    """Send events to a server from now on. The secret is in this answer and nowhere else.

    The server's name is looked up soon after; `address` has the result.
    """
    own, asked = _agency(), given.pop("agency")
    if own is not None and asked not in ("", own):
        raise WrongScope()
    hook, secret = registry().register(mall, own or asked, **given, **_context())
    return _shown(hook)[0] | {"secret": secret}


@blueprint.get("/<hook>")
@allow(*WHO)
@blueprint.response(200, WebhookOut)
@blueprint.alt_response(404, description="`unknown-webhook`")
def get_webhook(mall: str, hook: str) -> dict[str, Any]:
    """One webhook."""
    return _shown(_find(mall, hook))[0]


@blueprint.put("/<hook>")
@allow(*WHO)
@blueprint.arguments(Wanted())
@blueprint.response(200, WebhookOut)
@blueprint.alt_response(404, description="`unknown-webhook`")
@blueprint.alt_response(422, description="`invalid-url`, `internal-address`")
def change_webhook(given: dict[str, Any], mall: str, hook: str) -> dict[str, Any]:
    """Another address, or other events. What waits for an attempt is tried at once."""
    return _shown(registry().change(_find(mall, hook).id, **given, **_context()))[0]


@blueprint.delete("/<hook>")
@allow(*WHO)
@blueprint.response(204)
@blueprint.alt_response(404, description="`unknown-webhook`")
def remove_webhook(mall: str, hook: str) -> None:
    """Tell it nothing any more."""
    registry().remove(_find(mall, hook).id, **_context())


@blueprint.put("/<hook>/paused")
@allow(*WHO)
@blueprint.response(200, WebhookOut)
@blueprint.alt_response(404, description="`unknown-webhook`")
def pause_webhook(mall: str, hook: str) -> dict[str, Any]:
    """Send nothing until it is resumed; events are kept for a month."""
    return _after(PauseWebhook(_find(mall, hook).id, "by-hand", now()))


@blueprint.delete("/<hook>/paused")
@allow(*WHO)
@blueprint.response(200, WebhookOut)
@blueprint.alt_response(404, description="`unknown-webhook`")
def resume_webhook(mall: str, hook: str) -> dict[str, Any]:
    """Go on where it stood; also makes the next attempt at once where one is waited for."""
    return _after(ResumeWebhook(_find(mall, hook).id, now()))


@blueprint.post("/<hook>/secret")
@allow(*WHO)
@blueprint.response(201, WebhookMade)
@blueprint.alt_response(404, description="`unknown-webhook`")
@blueprint.alt_response(409, description="`too-many-secrets`: each one that was replaced signs for 24 hours")
def rotate_secret(mall: str, hook: str) -> dict[str, Any]:
    """Sign with a new secret, shown only in this answer. The previous one signs for one more day: change within it."""
    rotated, secret = registry().rotate(_find(mall, hook).id, **_context())
    return _shown(rotated)[0] | {"secret": secret}


@blueprint.post("/<hook>/pings")
@allow(*WHO)
@blueprint.response(202, WebhookOut)
@blueprint.alt_response(404, description="`unknown-webhook`")
def ping_webhook(mall: str, hook: str) -> dict[str, Any]:
    """Send a test event, once, also while it is paused; the log of attempts tells what came of it."""
    return _after(RequestPing(_find(mall, hook).id, secrets.token_urlsafe(12), now()))


@blueprint.post("/<hook>/replays")
@allow(*WHO)
@blueprint.arguments(Replay())
@blueprint.response(202, WebhookOut)
@blueprint.alt_response(404, description="`unknown-webhook`")
@blueprint.alt_response(422, description="`replay-from-nowhere`")
def replay_webhook(given: dict[str, Any], mall: str, hook: str) -> dict[str, Any]:
    """Send again what happened since a moment, or a producer's event with this number and all after it."""
    since: datetime | None = given["since"]
    producer, sequence = given["producer"], given["sequence"]
    if bool(since) == bool(sequence) or bool(sequence) != bool(producer):
        raise ReplayFromNowhere()
    begin = since and max(min(since, now()), now() - FARTHEST)
    return _after(ReplayWebhook(_find(mall, hook).id, begin, producer, sequence, now()))


@blueprint.get("/<hook>/attempts")
@allow(*WHO)
@blueprint.arguments(Latest(), location="query")
@blueprint.response(200, AttemptList)
@blueprint.alt_response(404, description="`unknown-webhook`")
def list_attempts(asked: dict[str, int], mall: str, hook: str) -> dict[str, Any]:
    """The latest attempts of the last 14 days, newest first."""
    return {"attempts": views.attempts(deliveries().latest(_find(mall, hook).id, asked["limit"]))}


def _agency() -> str | None:
    """The agency whose webhooks the asker may see; None: of all. Raises `WrongScope` for one that names no agency."""
    if actor().role != "agency":
        return None
    if not actor().scope.get("agency") or not actor().scope.get("mall"):
        raise WrongScope()
    return actor().scope["agency"]


def _find(mall: str, id: str) -> Webhook:
    """A webhook that the asker may see. Raises `UnknownWebhook`, also for one of another agency."""
    found, own = registry().known().find(id), _agency()
    if found.mall != mall or own not in (None, found.agency):
        raise UnknownWebhook()
    return found


def _after(command: PauseWebhook | ResumeWebhook | RequestPing | ReplayWebhook) -> dict[str, Any]:
    return _shown(registry().act(command, **_context()).find(command.id))[0]


def _shown(*hooks: Webhook) -> list[dict[str, Any]]:
    cursors = deliveries().cursors([hook.id for hook in hooks])
    lookups = deliveries().lookups([hook.id for hook in hooks])
    return views.webhooks(hooks, cursors, news().heads(), lookups, now())


def _context() -> dict[str, str]:
    """Who asks, and the request's id; a repeated registration is another webhook, as its secret is shown once."""
    return {"actor": actor().name, "trace": command_context()["trace"]}
