"""The seals of closed days and the keys to verify them with, open to all."""

from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from services.chassis.errors import NotFound
from services.chassis.routes import public
from services.chassis.seals import Seals
from services.ticketing.api.reports import day_named
from services.ticketing.api.tickets import queue
from services.ticketing.queue import day_stream

blueprint = Blueprint("seals", __name__, url_prefix="/ticketing/api", description="Signed seals of closed days")


class NotSealed(NotFound):
    """That day is not closed, or its seal is not signed yet."""


def seals() -> Seals:
    """Return this process's seals."""
    found: Seals = current_app.extensions["seals"]
    return found


@blueprint.get("/seal-keys")
@public
@blueprint.response(200)
def seal_keys() -> dict[str, Any]:
    """The public keys of seals as a JSON Web Key Set (RFC 7517), the current one first; old ones stay."""
    return seals().keys.as_jwks


@blueprint.get("/malls/<mall>/days/<day>/seal")
@public
@blueprint.response(200)
@blueprint.alt_response(404, description="`not-sealed`, `unknown-day`")
def day_seal(mall: str, day: str) -> dict[str, Any]:
    """The seal of a closed day: a JSON Web Signature (RFC 7515) over its number of commits and its last hash."""
    queue().mall(mall)
    on = day_named(day)
    seal = seals().of(day_stream(mall, on))
    if seal is None:
        raise NotSealed(day=on.isoformat())
    return {"mall": mall, "day": on.isoformat(), "seal": seal}
