"""Changes of a mall, its agencies, services and counters, and their history."""

from typing import Any

from services.catalog import document, history
from services.catalog.administration.changes import blueprint, change, done
from services.catalog.administration.schemas import (
    AdmissionIn,
    AgencyIn,
    CounterIn,
    HistoryIn,
    HistoryOut,
    Leaving,
    MallIn,
    ServiceIn,
    SuspensionIn,
)
from services.catalog.api import malls
from services.catalog.domain.directory import (
    AdmitAgency,
    AgencyListed,
    ChangeMall,
    CounterListed,
    ListAgency,
    ListCounter,
    ListService,
    ReturnAgency,
    ServiceListed,
    SuspendAgency,
    WithdrawAgency,
    WithdrawCounter,
    WithdrawService,
)
from services.chassis.clock import now
from services.chassis.routes import allow


@blueprint.put("")
@allow("administrator")
@blueprint.arguments(MallIn)
@change(blueprint)
def change_mall(given: dict[str, Any], asked: dict[str, bool], mall: str) -> dict[str, Any]:
    """Change the mall or the rules of its day, in the fields that are given."""
    known = malls().get(mall).mall
    assert known is not None
    return done(mall, ChangeMall(document.changes_of_mall(known, given)), **asked)


@blueprint.post("/agencies")
@allow("administrator")
@blueprint.arguments(AdmissionIn)
@change(blueprint)
def admit_agency(given: dict[str, Any], asked: dict[str, bool], mall: str) -> dict[str, Any]:
    """Let a new agency join with its counter and services, all or nothing."""
    agency = document.entry(AgencyListed, given["agency"], "agency.")
    counter = document.entry(CounterListed, given["counter"] | {"agency": agency.code}, "counter.")
    services = [
        document.entry(ServiceListed, service | {"agency": agency.code}, f"services.{number}.")
        for number, service in enumerate(given["services"])
    ]
    return done(mall, AdmitAgency(agency, counter, tuple(services), now()), **asked)


@blueprint.put("/agencies/<code>")
@allow("administrator")
@blueprint.arguments(AgencyIn)
@change(blueprint)
def list_agency(given: dict[str, Any], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let an agency join, or change it."""
    return done(mall, ListAgency(AgencyListed(code, **given), now()), **asked)


@blueprint.delete("/agencies/<code>")
@allow("administrator")
@change(blueprint, Leaving)
def withdraw_agency(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let an agency leave; refused while it has counters or services, unless they leave too."""
    return done(mall, WithdrawAgency(code, asked["with_all"], now()), dry_run=asked["dry_run"])


@blueprint.put("/agencies/<code>/suspension")
@allow("administrator")
@blueprint.arguments(SuspensionIn)
@change(blueprint)
def suspend_agency(given: dict[str, str], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let an agency give no tickets until it returns; who waits is still served."""
    return done(mall, SuspendAgency(code, given["reason"]), **asked)


@blueprint.delete("/agencies/<code>/suspension")
@allow("administrator")
@change(blueprint)
def return_agency(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let a suspended agency give its services again."""
    return done(mall, ReturnAgency(code), **asked)


@blueprint.put("/services/<code>")
@allow("administrator")
@blueprint.arguments(ServiceIn)
@change(blueprint)
def list_service(given: dict[str, Any], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Offer a service, or change it."""
    counters = given.pop("counters")
    service = document.entry(ServiceListed, given | {"code": code})
    return done(mall, ListService(service, None if counters is None else tuple(counters)), **asked)


@blueprint.delete("/services/<code>")
@allow("administrator")
@change(blueprint)
def withdraw_service(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Offer a service no longer."""
    return done(mall, WithdrawService(code), **asked)


@blueprint.put("/counters/<code>")
@allow("administrator")
@blueprint.arguments(CounterIn)
@change(blueprint)
def list_counter(given: dict[str, Any], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Assign a counter, move it, or change what it gives and when."""
    counter = document.with_whole_week(document.entry(CounterListed, given | {"code": code}))
    return done(mall, ListCounter(counter), **asked)


@blueprint.delete("/counters/<code>")
@allow("administrator")
@change(blueprint)
def withdraw_counter(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Give a counter up."""
    return done(mall, WithdrawCounter(code), **asked)


@blueprint.get("/history")
@allow("administrator", "auditor")
@blueprint.arguments(HistoryIn, location="query")
@blueprint.response(200, HistoryOut)
def mall_history(asked: dict[str, str], mall: str) -> dict[str, Any]:
    """Who changed what when, from the events themselves."""
    known = malls().get(mall).mall
    assert known is not None
    return {"history": history.rows(malls().commits(mall), known.zone, asked["code"])}
