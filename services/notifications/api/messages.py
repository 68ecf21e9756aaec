"""Notifications over HTTP: leave a phone number, look at the texts."""

from typing import Any

import marshmallow as ma
from flask import current_app
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf, Range

from services.chassis.clock import now
from services.chassis.idempotency import command_context
from services.chassis.routes import allow, public
from services.kernel.codes import id_of
from services.kernel.guard import actor, limited
from services.notifications import contacts, correspondence, views
from services.notifications.correspondence import Correspondences
from services.notifications.domain.correspondence.state import STATUSES
from services.notifications.domain.wording import PLACEHOLDERS
from services.notifications.sms import wording

blueprint = Blueprint("notifications", __name__, url_prefix="/notifications/api", description="Texts to visitors")


class Phone(ma.Schema):
    """An Indonesian mobile number in any usual form, and the language that its owner reads."""

    phone = ma.fields.String(required=True, validate=Length(max=40), metadata={"example": "0812-3456-7890"})
    language = ma.fields.String(load_default=wording.DEFAULT, validate=OneOf(sorted(wording.USUAL)))


class MaskedPhone(ma.Schema):
    """The number as it is shown from now on."""

    phone = ma.fields.String(metadata={"example": "+62****90"})


class Page(ma.Schema):
    """How many texts to show, and which: of one state, of one occasion."""

    limit = ma.fields.Integer(load_default=50, validate=Range(1, 1000))
    status = ma.fields.String(load_default=None, validate=OneOf(STATUSES))
    kind = ma.fields.String(load_default=None, validate=OneOf(list(PLACEHOLDERS)))


class MessageOut(ma.Schema):
    """A text and what became of it."""

    id = ma.fields.String()
    ticket = ma.fields.String()
    number = ma.fields.String()
    kind = ma.fields.String()
    to = ma.fields.String()
    text = ma.fields.String()
    status = ma.fields.String()
    reason = ma.fields.String()
    attempts = ma.fields.Integer()
    gateway = ma.fields.String()
    requested_at = ma.fields.String()
    changed_at = ma.fields.String()
    mall = ma.fields.String()
    zone = ma.fields.String(metadata={"description": "the mall's time zone", "example": "Asia/Jakarta"})


class MessageList(ma.Schema):
    """The latest texts, newest first."""

    messages = ma.fields.List(ma.fields.Nested(MessageOut))


def correspondences() -> Correspondences:
    """This process's correspondences."""
    found: Correspondences = current_app.extensions["correspondences"]
    return found


@blueprint.put("/tickets/<ticket_code>/phone")
@public
@blueprint.arguments(Phone())
@blueprint.response(200, MaskedPhone)
@blueprint.alt_response(404, description="`unknown-ticket`")
@blueprint.alt_response(422, description="`invalid-phone`")
@blueprint.alt_response(429, description="`too-many`: from this address in the last hour")
@limited("phones")
def leave_phone(left: dict[str, str], ticket_code: str) -> dict[str, str]:
    """Leave a number for a ticket or a booking, by its code."""
    ticket_id = _subject(ticket_code)
    correspondence.must_be_of_today(ticket_id, now())
    number, here = contacts.parse(left["phone"]), correspondences()
    trace = command_context()["trace"]
    return {"phone": here.leave_phone(ticket_id, number, left["language"], trace=trace)}


def must_be_possible(ticket_code: str = "", **_: object) -> None:
    """Refuse a code for which no ticket of today or booking can exist. Raises `UnknownTicket`."""
    correspondence.must_be_of_today(_subject(ticket_code), now())


def _subject(code: str) -> str:
    """The id of the ticket or booking that a code acts for. Raises `UnknownTicket` for what is no code."""
    if ticket_id := id_of(code):
        return ticket_id
    raise correspondence.UnknownTicket()


@blueprint.delete("/tickets/<ticket_code>/phone")
@public
@blueprint.response(204)
def withdraw_phone(ticket_code: str) -> None:
    """Take the number back, by the code: it is erased at once, and no further text is sent."""
    if ticket_id := id_of(ticket_code):  # of anything else there can be no number
        correspondences().withdraw_phone(ticket_id, trace=command_context()["trace"])


@blueprint.get("/messages")
@allow("supervisor", "administrator")
@blueprint.arguments(Page(), location="query")
@blueprint.response(200, MessageList)
def list_messages(page: dict[str, Any]) -> dict[str, Any]:
    """The latest texts, numbers masked; for somebody of one mall only that mall's."""
    found = correspondences().latest(page["limit"], actor().scope.get("mall"), page["status"], page["kind"])
    return {"messages": views.messages(found, current_app.extensions["malls"])}
