"""The directory over HTTP."""

from typing import Any

import marshmallow as ma
from flask import current_app
from flask_smorest import Blueprint
from marshmallow.validate import Length

from services.catalog import views
from services.catalog.directory import Malls
from services.chassis.web import public

blueprint = Blueprint("catalog", __name__, url_prefix="/catalog/api", description="Who offers what, when and where")


class Search(ma.Schema):
    """Words that must all occur in a service's name, requirements or agency."""

    q = ma.fields.String(load_default="", validate=Length(max=100), metadata={"example": "ktp hilang"})


class MallSummary(ma.Schema):
    """A mall in a list."""

    code = ma.fields.String()
    name = ma.fields.String()
    city = ma.fields.String()


class MallList(ma.Schema):
    """All malls."""

    malls = ma.fields.List(ma.fields.Nested(MallSummary))


class MallOut(MallSummary):
    """A mall; `week` has intervals of opening and closing time per weekday, in the mall's own zone."""

    address = ma.fields.String()
    zone = ma.fields.String(metadata={"example": "Asia/Jakarta"})
    capacity = ma.fields.Integer()
    week = ma.fields.Dict(metadata={"example": {"monday": [["08:00", "15:00"]]}})
    agencies = ma.fields.List(ma.fields.Dict())
    counters = ma.fields.List(ma.fields.Dict())


class ServiceOut(ma.Schema):
    """A service; `minutes` is what a visit typically takes."""

    code = ma.fields.String()
    name = ma.fields.String()
    agency = ma.fields.String()
    agency_name = ma.fields.String()
    line = ma.fields.String()
    minutes = ma.fields.Integer()
    requirements = ma.fields.List(ma.fields.String())
    counters = ma.fields.List(ma.fields.Dict())


class ServiceList(ma.Schema):
    """Services that were found."""

    services = ma.fields.List(ma.fields.Nested(ServiceOut))


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
    """A mall with its hours, agencies and counters."""
    return views.mall(malls().get(mall))


@blueprint.get("/malls/<mall>/services")
@public
@blueprint.arguments(Search(), location="query")
@blueprint.response(200, ServiceList)
def list_services(search: dict[str, str], mall: str) -> dict[str, Any]:
    """A mall's services, all or those that hold every word of `q`."""
    return {"services": views.services(malls().get(mall), search["q"])}
