"""New malls, for administrators who are bound to none."""

from typing import Any

from flask_smorest import Blueprint

from services.catalog import document
from services.catalog.administration.changes import change, done
from services.catalog.administration.schemas import NewMallIn
from services.catalog.domain.directory import OpenMall
from services.chassis.routes import allow
from services.kernel.guard import must_have_no_scope

of_malls = Blueprint("malls", __name__, url_prefix="/catalog/api", description="New malls")
of_malls.before_request(must_have_no_scope)


@of_malls.post("/malls")
@allow("administrator")
@of_malls.arguments(NewMallIn)
@change(of_malls)
@of_malls.alt_response(409, description="`mall-exists`")
@of_malls.alt_response(422, description="`invalid-entry`")
def open_mall(given: dict[str, Any], asked: dict[str, bool]) -> dict[str, Any]:
    """Open a new mall; for administrators who are bound to none."""
    mall = document.new_mall(given)
    return done(mall.code, OpenMall(mall), **asked)
