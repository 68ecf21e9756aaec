"""The day: what everybody may see of it, and what supervisors decide."""

import secrets
from typing import Any
from zoneinfo import ZoneInfo

from services.chassis.clock import now
from services.chassis.idempotency import command_context
from services.chassis.routes import allow, public
from services.ticketing import views
from services.ticketing.api.admission import tickets_from
from services.ticketing.api.schemas import HallOut, NewClosure, NewRule, Reason, WhichClosure
from services.ticketing.api.tickets import blueprint, queue
from services.ticketing.domain import hours
from services.ticketing.domain.day.commands import ChangeRule, CloseDay, Command, ForceOpen, ResumeDay, StopDay
from services.ticketing.domain.mall import Closure, DeclareClosure, LiftClosure, Mall, Rule, Scope
from services.ticketing.queue import mall_stream


@blueprint.get("/hall")
@public
@blueprint.response(200, HallOut)
def hall(mall: str) -> dict[str, Any]:
    """Who is called where, the last calls, how many wait per line."""
    known, at = queue().mall(mall), now()
    return views.hall(queue().today(known, at), known, at)


@blueprint.get("/rules")
@public
@blueprint.response(200)
def rules(mall: str) -> dict[str, Any]:
    """What holds today: the priority rule and its classes, hours, places, and who may take tickets (TICKETS_FROM)."""
    known, at = queue().mall(mall), now()
    return views.rules(queue().today(known, at).state, known, at) | {"tickets_from": tickets_from()}


@blueprint.get("/overview")
@allow("supervisor", "administrator")
@blueprint.response(200)
def overview(mall: str) -> dict[str, Any]:
    """The whole mall at a glance: lines, counters, places left, what needs attention."""
    known, at = queue().mall(mall, is_current=True), now()
    doubt, booked = queue().clock_doubt(), queue().bookings_suspended(known, at)
    return views.overview(queue().today(known, at), known, at, doubt, booked)


@blueprint.post("/opening")
@allow("supervisor", "administrator")
@blueprint.arguments(Reason())
@blueprint.response(200, HallOut)
def force_open(why: dict[str, str], mall: str) -> dict[str, Any]:
    """Open the mall outside its hours for the rest of the day; every screen says so."""
    known = queue().mall(mall)
    return _act(known, ForceOpen(why["reason"], now(), known))


@blueprint.post("/stop")
@allow("supervisor", "administrator")
@blueprint.arguments(Reason())
@blueprint.response(200, HallOut)
def stop(why: dict[str, str], mall: str) -> dict[str, Any]:
    """Emergency stop: no tickets, no calls, at once; who is at a counter is served."""
    known = queue().mall(mall)
    return _act(known, StopDay(why["reason"], now(), known))


@blueprint.delete("/stop")
@allow("supervisor", "administrator")
@blueprint.response(200, HallOut)
def resume_day(mall: str) -> dict[str, Any]:
    """The day goes on."""
    return _act(queue().mall(mall), ResumeDay(now()))


@blueprint.put("/rule")
@allow("supervisor", "administrator")
@blueprint.arguments(NewRule())
@blueprint.response(200, HallOut)
def change_rule(wanted: dict[str, Any], mall: str) -> dict[str, Any]:
    """Set who is called next, for the rest of the day; the rule in force is public."""
    known = queue().mall(mall)
    rule = Rule(wanted["rule"], wanted["in_a_row"], wanted["ceiling_minutes"])
    return _act(known, ChangeRule(rule, wanted["reason"], now(), known))


@blueprint.post("/closing")
@allow("supervisor", "administrator")
@blueprint.response(200, HallOut)
@blueprint.alt_response(409, description="`counters-busy`, `nothing-to-close`")
def close(mall: str) -> dict[str, Any]:
    """Close the books: who still waits is recorded as unserved, and nothing follows."""
    known, at = queue().mall(mall), now()
    answer = _act(known, CloseDay(at, known))
    queue().record(mall, hours.business_day(at, known.about.zone))
    return answer


def _act(known: Mall, command: Command) -> dict[str, Any]:
    outcome = queue().act(known, command, **command_context())
    return views.hall(outcome.now, known, now())


@blueprint.get("/closures")
@public
@blueprint.response(200)
def list_closures(mall: str) -> dict[str, Any]:
    """What is closed for a while, or will be, and why."""
    return {"closures": views.closures(queue().mall(mall), now())}


@blueprint.post("/closures")
@allow("supervisor", "administrator")
@blueprint.arguments(NewClosure())
@blueprint.response(200)
@blueprint.alt_response(422, description="`unknown-service`, `until-past`")
def declare_closure(wanted: dict[str, Any], mall: str) -> dict[str, Any]:
    """Close the mall, a counter or a service for a while, with a reason that is shown; it reopens by itself."""
    at, zone = now(), ZoneInfo(queue().mall(mall).about.zone)
    scope, code = wanted["scope"], mall if wanted["scope"] == "mall" else wanted["code"]
    since, until = wanted["since"] or at, wanted["until"]
    # In the mall's own zone, for refusals tell visitors until when.
    local = (since.astimezone(zone), until.astimezone(zone) if until else None)
    closure = Closure(scope, code, wanted["reason"], *local, id=secrets.token_hex(6))
    return _rule(mall, DeclareClosure(closure, at))


@blueprint.delete("/closures/<scope>/<code>")
@allow("supervisor", "administrator")
@blueprint.arguments(WhichClosure(), location="query")
@blueprint.response(200)
def lift_closure(which: dict[str, str], mall: str, scope: Scope, code: str) -> dict[str, Any]:
    """End a closure before its time, or cancel one that is planned."""
    return _rule(mall, LiftClosure(scope, code, now(), which["id"]))


def _rule(mall: str, command: DeclareClosure | LiftClosure) -> dict[str, Any]:
    queue().mall(mall)
    outcome = queue().malls.execute(mall_stream(mall), command, **command_context())
    return {"closures": views.closures(outcome.now.state, now())}
