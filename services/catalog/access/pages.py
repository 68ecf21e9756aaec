"""Pages of access: signing in, and who may do what."""

import re

from flask import Blueprint, render_template, request

from services.catalog.access.domain import PLACES
from services.chassis.guard import public

blueprint = Blueprint("access_pages", __name__, url_prefix="/catalog")

OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)  # printable, without a backslash: browsers read it as /


@blueprint.get("/sign-in")
@public
def sign_in() -> str:
    """Sign in, and go back to where one came from."""
    return render_template("sign_in.html", back=way_back(request.args.get("return", "")))


@blueprint.get("/access")
@public
def access() -> str:
    """Accounts and tokens: an empty shell, filled through the API for the administrator who looks."""
    return render_template("access.html", roles=list(PLACES))


def way_back(wanted: str) -> str:
    """Where to go after signing in: a path of our own, or the front page."""
    return wanted if OWN_PATH.fullmatch(wanted) else "/"
