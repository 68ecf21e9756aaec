"""What administrators do over HTTP: change a mall's directory, look at its history, take it out and put it in."""

import io
import zipfile
from collections.abc import Iterable
from functools import reduce
from typing import Any, get_args

import marshmallow as ma
from flask import Response, g
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf

from services.catalog import archive, document, history, tables, views
from services.catalog.api import malls
from services.catalog.domain import limits
from services.catalog.domain.concerns import People, Reason, concerns
from services.catalog.domain.directory import (
    COMPONENTS,
    AdmitAgency,
    AgencyListed,
    ChangeMall,
    Command,
    CounterListed,
    Directory,
    Event,
    ImportCatalog,
    InvalidCatalog,
    ListAgency,
    ListCounter,
    ListService,
    OpenMall,
    ReturnAgency,
    ServiceListed,
    SuspendAgency,
    WithdrawAgency,
    WithdrawCounter,
    WithdrawService,
    evolve,
)
from services.catalog.domain.limits import keywords, tidied
from services.catalog.domain.mall import HOLIDAYS
from services.chassis.bodies import takes
from services.chassis.clock import now
from services.chassis.errors import Fault
from services.chassis.idempotency import command_context
from services.chassis.routes import allow
from services.kernel.guard import actor
from services.kernel.tokens import WrongScope

blueprint = Blueprint(
    "administration",
    __name__,
    url_prefix="/catalog/api/malls/<mall>",
    description="Changing what a mall offers; each change can be previewed with `dry_run=true`",
)
of_malls = Blueprint("malls", __name__, url_prefix="/catalog/api", description="New malls")
LARGEST = 4 * 1024 * 1024  # an import holds a whole catalog


class Text(ma.fields.String):
    """Text as the catalog keeps it, see `tidied`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return tidied(super()._deserialize(value, attr, data, **more))


def _limits_of(limit: limits.Limit, example: str = "") -> dict[str, Any]:
    """Return a field's limit and example for the API's schema; the domain checks it, for imports too."""
    return keywords(limit) | ({"example": example} if example else {})


class DryRun(ma.Schema):
    """Whether only to tell what would be different."""

    dry_run = ma.fields.Boolean(load_default=False)


class Leaving(DryRun):
    """`with_all`: the agency's counters and services leave too."""

    with_all = ma.fields.Boolean(load_default=False)


class AgencyIn(ma.Schema):
    """An agency and the letter of its line."""

    name = Text(required=True, metadata=_limits_of(limits.AGENCY["name"], "PT Taspen (Persero)"))
    line = Text(required=True, metadata={"example": "X"})


class OfferIn(ma.Schema):
    """What a service is like."""

    name = Text(required=True, metadata=_limits_of(limits.SERVICE["name"], "Perubahan data peserta"))
    minutes = ma.fields.Integer(required=True, strict=True, metadata=_limits_of(limits.SERVICE["minutes"]))
    requirements = ma.fields.List(Text(), load_default=[], metadata=_limits_of(limits.SERVICE["requirements"]))
    basis = Text(load_default="", metadata=_limits_of(limits.SERVICE["basis"]))
    capacity = ma.fields.Integer(
        load_default=None, allow_none=True, strict=True, metadata=_limits_of(limits.SERVICE["capacity"])
    )
    fee = Text(load_default="", metadata=_limits_of(limits.SERVICE["fee"]))
    eligibility = Text(
        load_default="", metadata=_limits_of(limits.SERVICE["eligibility"], "Warga Kec. Pekalongan Utara")
    )
    components = ma.fields.Dict(
        keys=ma.fields.String(validate=OneOf(COMPONENTS)),
        values=Text(metadata=_limits_of(limits.COMPONENT)),
        load_default={},
    )


class NewServiceIn(OfferIn):
    """A service of an agency that joins."""

    code = Text(required=True, metadata={"example": "TASPEN-DATA"})


class ServiceIn(OfferIn):
    """A service; `counters` are all that give it, left out: those that do so now."""

    agency = Text(required=True)
    counters = ma.fields.List(Text(), load_default=None, allow_none=True)


class DeskIn(ma.Schema):
    """Where a counter is; `week` has hours of its own, null: whenever the mall is open."""

    name = Text(required=True, metadata=_limits_of(limits.COUNTER["name"], "Gerai 24"))
    floor = ma.fields.Integer(required=True, strict=True, metadata=_limits_of(limits.COUNTER["floor"]))
    week = ma.fields.Dict(load_default=None, allow_none=True, metadata={"example": {"monday": [["08:00", "12:00"]]}})


class NewCounterIn(DeskIn):
    """The counter of an agency that joins."""

    code = Text(required=True, metadata={"example": "G24"})


class CounterIn(DeskIn):
    """A counter and the services it gives."""

    agency = Text(required=True)
    services = ma.fields.List(Text(), load_default=[])


class NewAgencyIn(AgencyIn):
    """An agency that joins, with its code."""

    code = Text(required=True, metadata={"example": "TASPEN"})


class AdmissionIn(ma.Schema):
    """An agency that joins, its counter and the services given there."""

    agency = ma.fields.Nested(NewAgencyIn, required=True)
    counter = ma.fields.Nested(NewCounterIn, required=True)
    services = ma.fields.List(ma.fields.Nested(NewServiceIn), required=True)


class SuspensionIn(ma.Schema):
    """Why the agency gives no service for now, as visitors are told."""

    reason = Text(required=True, metadata=_limits_of(limits.REASON, "Jaringan pusat terganggu"))


class MallIn(ma.Schema):
    """The fields of a mall that change, as in `mall.json`; those left out stay."""

    name = Text(metadata=_limits_of(limits.NAME_OF_MALL))
    city = Text(metadata=_limits_of(limits.MALL["city"]))
    address = Text(metadata=_limits_of(limits.MALL["address"]))
    zone = Text(metadata=_limits_of(limits.MALL["zone"]))
    capacity = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["capacity"]))
    week = ma.fields.Dict(metadata={"example": {"monday": [["08:00", "12:00"], ["13:00", "15:00"]]}})
    exceptions = ma.fields.List(ma.fields.Dict(), metadata={"maxItems": limits.EXCEPTIONS})
    closed_on = ma.fields.List(Text(), metadata={"example": list(HOLIDAYS)})
    tickets_from_minutes = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["tickets_from_minutes"]))
    last_ticket_minutes = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["last_ticket_minutes"]))
    overtime_minutes = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["overtime_minutes"]))
    kept_for_priority = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["kept_for_priority"]))
    kept_for_bookings = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["kept_for_bookings"]))
    bookings = ma.fields.Dict(allow_none=True)
    priority = ma.fields.Dict()
    approaching = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["approaching"]))
    home_percent = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["home_percent"]))
    bookings_percent = ma.fields.Integer(strict=True, metadata=_limits_of(limits.MALL["bookings_percent"]))


class NewMallIn(MallIn):
    """A mall to begin with: what it has besides is added later, or imported."""

    code = Text(required=True, metadata={"example": "batang"})
    name = Text(required=True, metadata=_limits_of(limits.NAME_OF_MALL, "MPP Kabupaten Batang"))
    city = Text(required=True, metadata=_limits_of(limits.MALL["city"], "Kabupaten Batang"))
    address = Text(required=True, metadata=_limits_of(limits.MALL["address"]))
    zone = Text(load_default="Asia/Jakarta", metadata=_limits_of(limits.MALL["zone"]))
    capacity = ma.fields.Integer(required=True, strict=True, metadata=_limits_of(limits.MALL["capacity"]))
    week = ma.fields.Dict(required=True, metadata={"example": {"monday": [["08:00", "12:00"], ["13:00", "15:00"]]}})


class ImportIn(ma.Schema):
    """A whole catalog: the `document` that an export gives, `tables` by name, or both packed in a ZIP (`archive`).

    Tables left out stay as they are, and so do columns and fields; entries that a table does not name are withdrawn.
    """

    document = ma.fields.Dict()
    tables = ma.fields.Dict(
        keys=ma.fields.String(validate=OneOf([name.partition(".")[0] for name in tables.FILES])),
        values=ma.fields.String(),
    )
    archive = ma.fields.String(metadata={"format": "byte", "description": "A ZIP in base64."})

    @ma.validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ma.ValidationError("Give a document, tables or an archive.", "document")


class ExportIn(ma.Schema):
    """`json`: one document. `tsv`: the table that is named, or all of them and `mall.json` in a ZIP."""

    format = ma.fields.String(load_default="json", validate=OneOf(["json", "tsv"]))
    table = ma.fields.String(load_default="", validate=OneOf(["", "agencies", "services", "counters"]))


class HistoryIn(ma.Schema):
    """The code of an agency, service or counter; left out: everything."""

    code = ma.fields.String(load_default="", validate=Length(max=60))


class FieldOut(ma.Schema):
    """A field that differs."""

    field = ma.fields.String()
    before = ma.fields.Raw(allow_none=True)
    after = ma.fields.Raw(allow_none=True)


class ChangeOut(ma.Schema):
    """An entry that is added, changed or withdrawn."""

    kind = ma.fields.String(metadata={"enum": ["mall", "agency", "service", "counter"]})
    code = ma.fields.String()
    name = ma.fields.String()
    act = ma.fields.String(metadata={"enum": ["added", "changed", "withdrawn"]})
    differs = ma.fields.List(ma.fields.Nested(FieldOut))


class WarningOut(ma.Schema):
    """One way in which a change concerns people; `text` says it in the reader's language."""

    reason = ma.fields.String(metadata={"enum": list(get_args(Reason))})
    text = ma.fields.String(metadata={"example": "Layanan dikeluarkan: Perekaman KTP-el. 3 pengunjung menunggu."})
    waiting = ma.fields.Integer(metadata={"example": 3})
    bookings = ma.fields.Integer(metadata={"example": 0})


class DayOut(ma.Schema):
    """How many bookings of a day a change concerns."""

    day = ma.fields.String(metadata={"format": "date", "example": "2026-12-01"})
    bookings = ma.fields.Integer(metadata={"example": 2})


class ConcernsOut(ma.Schema):
    """The people that a change would concern: visitors who wait today, bookings for today and ahead, each once."""

    text = ma.fields.String(metadata={"description": "A summary in the reader's language; empty if there are none."})
    waiting = ma.fields.Integer(metadata={"example": 3})
    bookings = ma.fields.Integer(metadata={"example": 2})
    days = ma.fields.List(ma.fields.Nested(DayOut))
    warnings = ma.fields.List(ma.fields.Nested(WarningOut))


class ChangesOut(ma.Schema):
    """What is different now, or would be; `without_counter` are services that no counter gives then.

    `concerns` is in the answer of a dry run, null otherwise.
    """

    dry_run = ma.fields.Boolean()
    changes = ma.fields.List(ma.fields.Nested(ChangeOut))
    without_counter = ma.fields.List(ma.fields.String())
    concerns = ma.fields.Nested(ConcernsOut, allow_none=True)


class HistoryRowOut(ChangeOut):
    """What somebody changed."""

    at = ma.fields.String(metadata={"format": "date-time"})
    actor = ma.fields.String()


class HistoryOut(ma.Schema):
    """Who changed what when, the newest first."""

    history = ma.fields.List(ma.fields.Nested(HistoryRowOut))


def _done(mall: str, command: Command, *, dry_run: bool) -> dict[str, Any]:
    """What the command makes different; it is carried out unless this is a dry run."""
    before = malls().find(mall)
    if not dry_run:
        events = malls().act(mall, command, **command_context()).events
        return {"dry_run": False, **history.changes(before, events), "concerns": None}
    would = malls().would(mall, command)
    return {"dry_run": True, **history.changes(before, would), "concerns": _concerns(before, would)}


def _concerns(before: Directory, would: Iterable[Event]) -> dict[str, Any]:
    people = malls().people(before.mall, now()) if before.mall else People(now())
    return views.concerns(concerns(before, reduce(evolve, would, before), people))


@of_malls.before_request
def _of_all_malls() -> None:
    """Somebody bound to a mall opens no other."""
    if "actor" in g and actor().scope:
        raise WrongScope()


@of_malls.post("/malls")
@allow("administrator")
@of_malls.arguments(NewMallIn)
@of_malls.arguments(DryRun, location="query")
@of_malls.response(200, ChangesOut)
@of_malls.alt_response(409, description="`mall-exists`")
@of_malls.alt_response(422, description="`invalid-entry`")
def open_mall(given: dict[str, Any], asked: dict[str, bool]) -> dict[str, Any]:
    """Open a new mall; for administrators who are bound to none."""
    mall = document.new_mall(given)
    return _done(mall.code, OpenMall(mall), **asked)


@blueprint.put("")
@allow("administrator")
@blueprint.arguments(MallIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def change_mall(given: dict[str, Any], asked: dict[str, bool], mall: str) -> dict[str, Any]:
    """Change the mall or the rules of its day, in the fields that are given."""
    known = malls().get(mall).mall
    assert known is not None
    return _done(mall, ChangeMall(document.changes_of_mall(known, given)), **asked)


@blueprint.post("/agencies")
@allow("administrator")
@blueprint.arguments(AdmissionIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def admit_agency(given: dict[str, Any], asked: dict[str, bool], mall: str) -> dict[str, Any]:
    """Let a new agency join with its counter and services, all or nothing."""
    agency = document.entry(AgencyListed, given["agency"], "agency.")
    counter = document.entry(CounterListed, given["counter"] | {"agency": agency.code}, "counter.")
    services = [
        document.entry(ServiceListed, service | {"agency": agency.code}, f"services.{number}.")
        for number, service in enumerate(given["services"])
    ]
    return _done(mall, AdmitAgency(agency, counter, tuple(services), now()), **asked)


@blueprint.put("/agencies/<code>")
@allow("administrator")
@blueprint.arguments(AgencyIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def list_agency(given: dict[str, Any], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let an agency join, or change it."""
    return _done(mall, ListAgency(AgencyListed(code, **given), now()), **asked)


@blueprint.delete("/agencies/<code>")
@allow("administrator")
@blueprint.arguments(Leaving, location="query")
@blueprint.response(200, ChangesOut)
def withdraw_agency(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let an agency leave; refused while it has counters or services, unless they leave too."""
    return _done(mall, WithdrawAgency(code, asked["with_all"], now()), dry_run=asked["dry_run"])


@blueprint.put("/agencies/<code>/suspension")
@allow("administrator")
@blueprint.arguments(SuspensionIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def suspend_agency(given: dict[str, str], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let an agency give no tickets until it returns; who waits is still served."""
    return _done(mall, SuspendAgency(code, given["reason"]), **asked)


@blueprint.delete("/agencies/<code>/suspension")
@allow("administrator")
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def return_agency(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Let a suspended agency give its services again."""
    return _done(mall, ReturnAgency(code), **asked)


@blueprint.put("/services/<code>")
@allow("administrator")
@blueprint.arguments(ServiceIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def list_service(given: dict[str, Any], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Offer a service, or change it."""
    counters = given.pop("counters")
    service = document.entry(ServiceListed, given | {"code": code})
    return _done(mall, ListService(service, None if counters is None else tuple(counters)), **asked)


@blueprint.delete("/services/<code>")
@allow("administrator")
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def withdraw_service(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Offer a service no longer."""
    return _done(mall, WithdrawService(code), **asked)


@blueprint.put("/counters/<code>")
@allow("administrator")
@blueprint.arguments(CounterIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def list_counter(given: dict[str, Any], asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Assign a counter, move it, or change what it gives and when."""
    counter = document.with_whole_week(document.entry(CounterListed, given | {"code": code}))
    return _done(mall, ListCounter(counter), **asked)


@blueprint.delete("/counters/<code>")
@allow("administrator")
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def withdraw_counter(asked: dict[str, bool], mall: str, code: str) -> dict[str, Any]:
    """Give a counter up."""
    return _done(mall, WithdrawCounter(code), **asked)


@blueprint.get("/history")
@allow("administrator", "auditor")
@blueprint.arguments(HistoryIn, location="query")
@blueprint.response(200, HistoryOut)
def mall_history(asked: dict[str, str], mall: str) -> dict[str, Any]:
    """Who changed what when, from the events themselves."""
    known = malls().get(mall).mall
    assert known is not None
    return {"history": history.rows(malls().commits(mall), known.zone, asked["code"])}


@blueprint.get("/export")
@allow("administrator")
@blueprint.arguments(ExportIn, location="query")
@blueprint.response(200)
def export_catalog(asked: dict[str, str], mall: str) -> Any:
    """The whole catalog of a mall, to keep, to edit, to import again."""
    known = malls().get(mall)
    if asked["format"] == "json":
        return document.written(known)
    files = tables.written(known)
    if name := asked["table"]:
        return _file(files[f"{name}.tsv"].encode(), "text/tab-separated-values", f"{name}.tsv")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return _file(packed.getvalue(), "application/zip", f"catalog-{mall}.zip")


def _file(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/import")
@allow("administrator")
@takes(LARGEST)
@blueprint.arguments(ImportIn)
@blueprint.arguments(DryRun, location="query")
@blueprint.response(200, ChangesOut)
def import_catalog(given: dict[str, Any], asked: dict[str, bool], mall: str) -> dict[str, Any]:
    """Make the catalog of a mall what a document or tables say, all or nothing."""
    known = malls().get(mall)
    if "document" in given:
        wanted = document.read(given["document"], known)
    else:
        texts = archive.unpacked(given["archive"]) if "archive" in given else given["tables"]
        named = {_file_named(name): text.removeprefix("\ufeff") for name, text in texts.items()}
        wanted = tables.read(tables.written(known) | named, known)
    if wanted.mall is None or wanted.mall.code != mall:
        raise InvalidCatalog(
            faults=[Fault("mall", "this is not the catalog of {mall}", {"mall": mall}, "mall: code: ")]
        )
    return _done(mall, ImportCatalog(wanted, now()), **asked)


def _file_named(table: str) -> str:
    return next(name for name in tables.FILES if name.startswith(f"{table}."))
