"""Tickets: take one, look at it, give it back, and what clerks do with the visitor who has it."""

from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from services.chassis.errors import Forbidden
from services.chassis.guard import actor, allow, is_of_the_house, limited, public
from services.chassis.web import command_context
from services.ticketing import views
from services.ticketing.api.schemas import (
    KEY,
    AtCounter,
    Finished,
    NewTicket,
    Note,
    Reason,
    TicketOut,
    Transfer,
    TransferredOut,
)
from services.ticketing.domain import hours
from services.ticketing.domain.day.commands import (
    CancelTicket,
    Command,
    EndTicket,
    Finish,
    HoldTicket,
    IssueTicket,
    MissTicket,
    Recall,
    RestoreTicket,
    ResumeTicket,
    StartService,
    TransferAll,
    TransferTicket,
)
from services.ticketing.domain.day.events import TicketIssued, TicketTransferred
from services.ticketing.queue import Queue, new_ticket_id, now


class DevicesOnly(Forbidden):
    """Tickets are taken at the mall: this one gives them to its kiosks and its staff alone."""


blueprint = Blueprint("tickets", __name__, url_prefix="/ticketing/api/malls/<mall>", description="The queue of a mall")


def queue() -> Queue:
    """This process's queues."""
    found: Queue = current_app.extensions["queue"]
    return found


def own_counter() -> str | None:
    """The counter that the asking clerk is bound to; None for staff who may act at any."""
    return actor().scope.get("counter")


@blueprint.post("/tickets")
@public
@limited("tickets")
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(NewTicket())
@blueprint.alt_response(201, schema=TicketOut, success=True)  # `response` would dump again what is JSON already
@blueprint.alt_response(403, description="`devices-only`")
@blueprint.alt_response(
    409,
    description="`closed`, `stopped`, `day-over`, `capacity-reached`, `service-full`, `places-kept`, `no-counter`, "
    "`service-away`, `suspended`",
)
def issue_ticket(wanted: dict[str, Any], mall: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Take a ticket; where the deployment says so (TICKETS_FROM), only a kiosk or staff may."""
    if current_app.config["ONLY_DEVICES"] and not is_of_the_house():
        raise DevicesOnly()
    at, known = now(), queue().mall(mall)
    ticket_id = new_ticket_id(hours.business_day(at, known.about.zone))
    command = IssueTicket(ticket_id, wanted["service"], wanted["priority"], at, known, wanted["beside"])
    outcome = queue().act(known, command, **command_context())
    issued = next(event for event in outcome.events if isinstance(event, TicketIssued))
    where = {"Location": f"/ticketing/api/malls/{mall}/tickets/{issued.ticket_id}"}
    return views.issued_ticket(outcome.now.state, known, issued), 201, where


@blueprint.get("/tickets/<ticket_id>")
@public
@blueprint.response(200, TicketOut)
def get_ticket(mall: str, ticket_id: str) -> dict[str, Any]:
    """A ticket as it stands. Whoever has the id may look: it cannot be guessed and tells nothing personal."""
    return views.ticket(queue().day_with(mall, ticket_id), queue().mall(mall), ticket_id, now())


@blueprint.post("/tickets/<ticket_id>/cancellation")
@public
@limited("cancellations")
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-waiting`")
def cancel(mall: str, ticket_id: str) -> dict[str, Any]:
    """Leave the line: the place is free again. Whoever has the id may: it cannot be guessed."""
    return _act(mall, ticket_id, CancelTicket(ticket_id, now(), queue().mall(mall)))


@blueprint.post("/tickets/<ticket_id>/recall")
@allow("operator", "supervisor")
@blueprint.doc(parameters=[KEY])
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`, `already-started`, `recalls-used-up`, `stopped`, `closed`")
def recall(mall: str, ticket_id: str) -> dict[str, Any]:
    """Call the visitor once more."""
    return _act(mall, ticket_id, Recall(ticket_id, own_counter(), now(), queue().mall(mall)))


@blueprint.post("/tickets/<ticket_id>/start")
@allow("operator", "supervisor")
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`")
def start(mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor has come to the counter."""
    return _act(mall, ticket_id, StartService(ticket_id, own_counter(), now()))


@blueprint.post("/tickets/<ticket_id>/completion")
@allow("operator", "supervisor")
@blueprint.arguments(Finished())
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`")
def complete(finished: dict[str, Any], mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor has been served."""
    also = tuple(queue().mall(mall).service(code).code for code in finished["also"])
    return _act(mall, ticket_id, Finish(ticket_id, own_counter(), now(), finished["result"], also))


@blueprint.post("/tickets/<ticket_id>/no-show")
@allow("operator", "supervisor")
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`, `already-started`")
def no_show(mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor was called and did not come."""
    return _act(mall, ticket_id, MissTicket(ticket_id, own_counter(), now()))


@blueprint.post("/tickets/<ticket_id>/restoration")
@allow("operator", "supervisor")
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-missed`, `too-late`")
@blueprint.alt_response(422, description="`not-this-counter`")
def restore(mall: str, ticket_id: str) -> dict[str, Any]:
    """A visitor who was missed has come after all, and waits again at the old place."""
    return _act(mall, ticket_id, RestoreTicket(ticket_id, now(), own_counter(), queue().mall(mall)))


@blueprint.post("/tickets/<ticket_id>/hold")
@allow("operator", "supervisor")
@blueprint.arguments(Note())
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`")
def hold(note: dict[str, str], mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor fetches something and comes back; the counter is free meanwhile."""
    return _act(mall, ticket_id, HoldTicket(ticket_id, own_counter(), note["reason"], now()))


@blueprint.post("/tickets/<ticket_id>/resumption")
@allow("operator", "supervisor")
@blueprint.arguments(AtCounter())
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-held`, `counter-busy`, `counter-paused`, `counter-shut`")
def resume(at: dict[str, str], mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor on hold is back at a counter."""
    counter = own_counter() or at["counter"]
    return _act(mall, ticket_id, ResumeTicket(ticket_id, counter, now(), queue().mall(mall)))


@blueprint.post("/tickets/<ticket_id>/transfer")
@allow("operator", "supervisor")
@blueprint.arguments(Transfer())
@blueprint.response(200, TicketOut)
@blueprint.alt_response(
    409, description="`not-waiting`, `no-counter`, `service-away`, `suspended`, `counter-shut`, `other-counter`"
)
@blueprint.alt_response(422, description="`unknown-service`, `not-this-counter`")
def transfer(to: dict[str, str], mall: str, ticket_id: str) -> dict[str, Any]:
    """Send the visitor on to another service or counter, keeping number and time of arrival."""
    known = queue().mall(mall)
    where = (to["service"], to["counter"], to["note"])
    return _act(mall, ticket_id, TransferTicket(ticket_id, own_counter(), *where, now(), known))


@blueprint.post("/tickets/<ticket_id>/ending")
@allow("supervisor", "administrator")
@blueprint.arguments(Reason())
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-waiting`")
def end(why: dict[str, str], mall: str, ticket_id: str) -> dict[str, Any]:
    """End a ticket that no counter can serve; its visitor reads the reason."""
    return _act(mall, ticket_id, EndTicket(ticket_id, why["reason"], now(), queue().mall(mall)))


@blueprint.post("/services/<service>/transfer")
@allow("supervisor", "administrator")
@blueprint.arguments(Transfer())
@blueprint.response(200, TransferredOut)
@blueprint.alt_response(409, description="`no-counter`, `service-away`, `suspended`, `counter-shut`")
@blueprint.alt_response(422, description="`unknown-service`, `not-this-counter`")
def transfer_all(to: dict[str, str], mall: str, service: str) -> dict[str, Any]:
    """Send on all who wait for a service and whom no counter can call, keeping numbers and times of arrival."""
    known = queue().mall(mall)
    command = TransferAll(service, to["service"], to["counter"], to["note"], now(), known)
    outcome = queue().act(known, command, **command_context())
    moved = [event for event in outcome.events if isinstance(event, TicketTransferred)]
    return {"transferred": len(moved), "numbers": [event.number for event in moved]}


def _act(mall: str, ticket_id: str, command: Command) -> dict[str, Any]:
    known = queue().mall(mall)
    outcome = queue().act_on(mall, ticket_id, command, **command_context())
    return views.ticket(outcome.now.state, known, ticket_id, now())
