"""The directory over HTTP."""

from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
from flask import current_app
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf

from services.catalog import views
from services.catalog.directory import Malls
from services.catalog.domain.directory import (
    PUBLIC_COMPONENTS,
    AgencyListed,
    CounterListed,
    Directory,
    ServiceListed,
)
from services.catalog.domain.mall import Bookings, HoursException, MallListed, Priority, PriorityClass
from services.catalog.field_schemas import response_fields
from services.chassis.clock import now
from services.chassis.routes import public

blueprint = Blueprint("catalog", __name__, url_prefix="/catalog/api", description="Who offers what, when and where")


class Search(ma.Schema):
    """Words, in everyday language, that must all be found in a service: its name, code, requirements or agency.

    `agency` and `floor` leave those of one agency, or given on one floor.
    """

    agency = ma.fields.String(load_default="", validate=Length(max=60), metadata={"example": "DUKCAPIL"})
    floor = ma.fields.Integer(load_default=None)
    q = ma.fields.String(load_default="", validate=Length(max=100), metadata={"example": "ktp hilang"})


class MallSummary(ma.Schema):
    """A mall in a list."""

    code = ma.fields.String()
    name = ma.fields.String()
    city = ma.fields.String()


class MallList(ma.Schema):
    """All malls."""

    malls = ma.fields.List(ma.fields.Nested(MallSummary))


class ExceptionOut(ma.Schema):
    """The hours of one date, whatever the week and the holidays say; no intervals: closed."""

    class Meta:
        """Its fields."""

        include = response_fields(HoursException)


class BookingsOut(ma.Schema):
    """Online bookings: how many days ahead, and when on the day places that nobody claimed are free to everybody."""

    class Meta:
        """Its fields."""

        include = response_fields(Bookings)


class PriorityClassOut(ma.Schema):
    """Visitors who have priority: the name by language, and the regulation behind it."""

    class Meta:
        """Its fields."""

        include = response_fields(PriorityClass)


class PriorityOut(ma.Schema):
    """Whom a counter calls first.

    `ratio`: priority visitors, at most `in_a_row` in a row while another waits, and whoever waited longer than
    `ceiling_minutes` before all who came later. `strict`: priority visitors, always. `fifo`: by arrival alone.
    """

    class Meta:
        """Its fields."""

        include = response_fields(Priority, nested={PriorityClass: PriorityClassOut})


class CounterOut(ma.Schema):
    """A counter; `week` has its own hours per weekday, null: whenever the mall is open."""

    class Meta:
        """Its fields."""

        include = response_fields(CounterListed)


class AgencyOut(ma.Schema):
    """An agency; `suspended` is why it gives no service for now, empty while it does."""

    class Meta:
        """Its fields."""

        include = response_fields(AgencyListed)


class MallOut(ma.Schema):
    """A mall and the rules of its day; `week` has intervals of opening and closing time per weekday, in its zone."""

    class Meta:
        """The fields of the mall itself."""

        include = response_fields(
            MallListed, nested={HoursException: ExceptionOut, Bookings: BookingsOut, Priority: PriorityOut}
        )

    agencies = ma.fields.List(ma.fields.Nested(AgencyOut))
    counters = ma.fields.List(ma.fields.Nested(CounterOut))


class PlaceOut(ma.Schema):
    """A counter that gives a service, and its floor."""

    code = ma.fields.String(metadata={"example": "G02"})
    floor = ma.fields.Integer(metadata={"example": 1})


class ServiceOut(ma.Schema):
    """A service; `minutes` is what a visit typically takes, `capacity` its tickets a day, null without such a limit."""

    class Meta:
        """The fields of the service itself; `standard` holds its components."""

        include = response_fields(ServiceListed, without=("components",))

    agency_name = ma.fields.String(metadata={"example": "Dinas Kependudukan dan Pencatatan Sipil"})
    line = ma.fields.String(metadata={"example": "B"})
    suspended = ma.fields.String(metadata={"description": "Why its agency gives no service for now; empty: it does."})
    standard = ma.fields.Dict(
        keys=ma.fields.String(validate=OneOf(PUBLIC_COMPONENTS)),
        values=ma.fields.String(),
        metadata={
            "example": {"procedure": "Ambil nomor, serahkan berkas, foto", "product": "KTP-el"},
            "description": "The public components of its service standard that say something "
            f"({', '.join(PUBLIC_COMPONENTS)}); requirements and fee only where the service does not name its own.",
        },
    )
    counters = ma.fields.List(ma.fields.Nested(PlaceOut))


class ServiceList(ma.Schema):
    """Services that were found."""

    services = ma.fields.List(ma.fields.Nested(ServiceOut))


class SuspendedOut(ma.Schema):
    """Something that is closed for a while: the mall (without a code), a counter or a service."""

    scope = ma.fields.String(metadata={"enum": ["mall", "counter", "service"]})
    code = ma.fields.String(metadata={"example": "G07"})
    reason = ma.fields.String(metadata={"example": "Petugas sakit"})
    until = ma.fields.String(allow_none=True, metadata={"format": "date-time", "description": "Null: until told."})


class WaitingOut(ma.Schema):
    """Who waits now, as last heard from the queue; a service that is not named has nobody waiting."""

    business_day = ma.fields.String(metadata={"format": "date", "example": "2026-11-24"})
    news_at = ma.fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "The latest news; null: none of this day."}
    )
    ended = ma.fields.Boolean(metadata={"description": "The day is closed."})
    total = ma.fields.Integer()
    services = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"DUKCAPIL-KTPREKAM": 3}}
    )
    open_counters = ma.fields.List(ma.fields.String(), metadata={"example": ["G02", "G03"]})
    suspended = ma.fields.List(ma.fields.Nested(SuspendedOut))


def malls() -> Malls:
    """This process's malls."""
    found: Malls = current_app.extensions["malls"]
    return found


@blueprint.get("/malls")
@public
@blueprint.response(200, MallList)
def list_malls() -> dict[str, Any]:
    """All malls."""
    return {"malls": [views.summary(directory) for directory in malls().all()]}


@blueprint.get("/malls/<mall>")
@public
@blueprint.response(200, MallOut)
def get_mall(mall: str) -> dict[str, Any]:
    """A mall with the rules of its day, its agencies and counters."""
    return views.mall(malls().get(mall))


@blueprint.get("/malls/<mall>/services")
@public
@blueprint.arguments(Search(), location="query")
@blueprint.response(200, ServiceList)
def list_services(search: dict[str, Any], mall: str) -> dict[str, Any]:
    """A mall's services: all in the order of the catalogue, or those that fit every word of `q`, best first.

    Typing errors, half-typed and everyday words (`bikin`, `akte lahir`) are understood.
    """
    return {"services": views.services(malls().get(mall), search["q"], search["agency"], search["floor"])}


@blueprint.get("/malls/<mall>/services/<service>")
@public
@blueprint.response(200, ServiceOut)
@blueprint.alt_response(404, description="`unknown-mall`, `unknown-service`")
def get_service(mall: str, service: str) -> dict[str, Any]:
    """One service with all that is public of it."""
    found = malls().get(mall)
    return views.service(found, found.service(service))


@blueprint.get("/malls/<mall>/waiting")
@public
@blueprint.response(200, WaitingOut)
def get_waiting(mall: str) -> dict[str, Any]:
    """How many wait now for each service, which counters are open, and what is closed for a while."""
    return waiting_now(malls().get(mall))


def waiting_now(directory: Directory) -> dict[str, Any]:
    """Who waits today in a mall, by the mall's own date."""
    assert directory.mall is not None
    code, at = directory.mall.code, now()
    today = at.astimezone(ZoneInfo(directory.mall.zone)).date()
    return views.waiting(directory, malls().day(code, today), malls().closures(code), today, at)
