"""Catalog's pages: the way in, and the public directory of a mall."""

from flask import Blueprint, render_template, request

from services.catalog import views
from services.catalog.api import malls
from services.chassis.web import public

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
@public
def home() -> str:
    """The way in to everything."""
    shown = [views.summary(found) | {"counters": sorted(found.counters)} for found in malls().all()]
    return render_template("home.html", malls=shown)


@blueprint.get("/catalog/malls/<mall>")
@public
def directory(mall: str) -> str:
    """What a mall offers, where, and what to bring."""
    found, words = malls().get(mall), request.args.get("q", "")[:100]
    return render_template("directory.html", mall=views.mall(found), services=views.services(found, words), q=words)
