"""Catalog's pages: the way in, and the public directory of a mall."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, render_template, request

from services.catalog import views
from services.catalog.api import malls
from services.catalog.domain.directory import INTERNAL_COMPONENTS, PUBLIC_COMPONENTS, Directory
from services.chassis.web import language, public

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
@public
def home() -> str:
    """The way in to everything."""
    shown = [
        views.summary(found)
        | {"counters": sorted(found.counters), "bookings": found.mall is not None and found.mall.bookings is not None}
        for found in malls().all()
    ]
    return render_template("home.html", malls=shown)


@blueprint.get("/catalog/malls/<mall>")
@public
def directory(mall: str) -> str:
    """What a mall offers, where, when, and what to bring."""
    found, words = malls().get(mall), request.args.get("q", "")[:100]
    return render_template(
        "directory.html",
        mall=views.mall(found),
        services=views.services(found, words),
        special_hours=_special_hours(found),
        q=words,
    )


@blueprint.get("/catalog/malls/<mall>/admin")
@public
def administration(mall: str) -> str:
    """The office of a mall's administrators: an empty shell, filled through the API with their own token."""
    return render_template(
        "admin.html",
        mall=views.mall(malls().get(mall)),
        public_components=PUBLIC_COMPONENTS,
        internal_components=INTERNAL_COMPONENTS,
    )


def _special_hours(found: Directory) -> list[dict[str, Any]]:
    """The dates ahead that have hours of their own, said as people say them."""
    assert found.mall is not None
    today = datetime.now(ZoneInfo(found.mall.zone)).date()
    return [
        {
            "date": format_date(exception.date, "EEE, d MMM y", locale=language()),
            "intervals": exception.intervals,
            "reason": exception.reason,
        }
        for exception in views.exceptions_ahead(found, today)
    ]
