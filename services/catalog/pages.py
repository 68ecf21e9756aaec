"""Catalog's pages: the way in, the public directory of a mall, and a page for each of its services."""

from collections.abc import Container, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask import Blueprint, Response, render_template, request

from services.catalog import views
from services.catalog.api import malls, waiting_now
from services.catalog.domain import opening
from services.catalog.domain.directory import (
    INTERNAL_COMPONENTS,
    PUBLIC_COMPONENTS,
    CounterListed,
    Directory,
    ServiceListed,
)
from services.catalog.domain.hours import WEEKDAYS
from services.catalog.domain.mall import MallListed
from services.catalog.forms import inputs, limit_of_field
from services.chassis.clock import now
from services.chassis.languages import language, text
from services.chassis.routes import public
from services.chassis.web import policy
from services.kernel.guard import recognized

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
    return render_template("home.html", malls=shown, who=recognized())


@blueprint.get("/catalog/malls/<mall>")
@public
def directory(mall: str) -> Response:
    """What a mall offers, where, when, what to bring, and how many wait; narrowed by words, agency and floor.

    Its search works without scripts: the one form that browsers may send by themselves.
    """
    found, words = malls().get(mall), request.args.get("q", "")[:100].strip()
    agency, floor = request.args.get("agency", ""), request.args.get("floor", type=int)
    live = _live(found)
    page = render_template(
        "directory.html",
        mall=views.mall(found),
        services=views.services(found, words, agency, floor),
        floors=sorted({counter.floor for counter in found.counters.values()}),
        special_hours=_special_hours(found),
        open_now=_open_now(_listed(found), live["waiting"]),
        q=words,
        agency_chosen=agency,
        floor_chosen=floor,
        **live,
    )
    return Response(page, headers={"Content-Security-Policy": policy(forms="'self'")})


@blueprint.get("/catalog/malls/<mall>/admin")
@public
def administration(mall: str) -> str:
    """The office of a mall's administrators: an empty shell, filled through the API with their own token."""
    return render_template(
        "admin.html",
        mall=views.mall(malls().get(mall)),
        public_components=PUBLIC_COMPONENTS,
        internal_components=INTERNAL_COMPONENTS,
        limit=limit_of_field,
        of_services=inputs(ServiceListed),
    )


@blueprint.get("/catalog/new-mall")
@public
def new_mall() -> str:
    """Where administrators open a mall: an empty shell, which asks the API."""
    return render_template("new_mall.html", limit=limit_of_field)


@blueprint.get("/catalog/malls/<mall>/services/<path:code>")
@public
def service(mall: str, code: str) -> str:
    """All about one service, for its own address: to share, and to print what to bring."""
    found = malls().get(mall)
    card = views.service(found, found.service(code))
    counters = found.counters_for(code)
    live = _live(found, {"", code, card["agency"], *(counter.code for counter in counters)})
    return render_template(
        "service.html",
        mall=views.mall(found),
        service=card,
        open_now=_open_now(_listed(found), live["waiting"], counters),
        weeks=_weeks(_listed(found), counters),
        **live,
    )


def _listed(found: Directory) -> MallListed:
    assert found.mall is not None
    return found.mall


def _live(found: Directory, concerned: Container[str] | None = None) -> dict[str, Any]:
    """What changes by the minute: how many wait, and what is closed for a while, said as people say it.

    `concerned` are the codes whose closures are told; the mall itself has none. None: all.
    """
    waiting, zone = waiting_now(found), ZoneInfo(_listed(found).zone)
    told = [
        {
            "what": _name(found, one["scope"], one["code"]),
            "reason": one["reason"],
            "until": one["until"] and _moment(datetime.fromisoformat(one["until"]).astimezone(zone)),
        }
        for one in waiting["suspended"]
        if concerned is None or one["code"] in concerned
    ]
    told += [
        {"what": agency.name, "reason": agency.suspended, "until": None}
        for agency in found.agencies.values()
        if agency.suspended and (concerned is None or agency.code in concerned)
    ]
    news_at = waiting["news_at"] and _clock(datetime.fromisoformat(waiting["news_at"]).astimezone(zone))
    closed = {one.code: found.agencies[one.agency].suspended for one in found.services.values()}
    closed |= {one["code"]: one["reason"] for one in waiting["suspended"] if one["scope"] == "service"}
    return {"waiting": waiting, "news_at": news_at, "suspensions": told, "closed": closed}


def _name(found: Directory, scope: str, code: str) -> str:
    match scope:
        case "service" if known := found.services.get(code):
            return known.name
        case "counter":
            return text("directory.counter", counter=code)
        case "mall":
            return _listed(found).name
        case _:
            return code


def _open_now(
    mall: MallListed, waiting: dict[str, Any], counters: Sequence[CounterListed] | None = None
) -> dict[str, Any]:
    """Whether the mall, or one of these counters, is open now; until when, or from when on, and why it is not."""
    at = now().astimezone(ZoneInfo(mall.zone))
    weeks = [None] if counters is None else [counter.week for counter in counters]
    until, opens = opening.open_until(mall, at, weeks), opening.next_opening(mall, at, weeks)
    today = opens is not None and opens.date() == at.date()
    at_work = set(waiting["open_counters"])
    return {
        "until": until and _clock(until),
        "by_hand": bool(at_work if counters is None else at_work & {counter.code for counter in counters}),
        "opens": opens and (_clock(opens) if today else _moment(opens)),
        "today": today,
        "why": "" if until else opening.why_closed(mall, at.date()),
    }


def _weeks(mall: MallListed, counters: Sequence[CounterListed]) -> list[dict[str, Any]]:
    """The hours of the counters that give a service; those with the same week together."""
    weeks: list[dict[str, Any]] = []
    for counter in counters:
        week = {day: (mall.week if counter.week is None else counter.week).get(day, ()) for day in WEEKDAYS}
        same = next((each for each in weeks if each["week"] == week), None)
        if same is None:
            weeks.append({"counters": [counter.code], "week": week})
        else:
            same["counters"].append(counter.code)
    return weeks


def _clock(at: datetime) -> str:
    return format_datetime(at, "HH.mm" if language() == "id" else "HH:mm", tzinfo=at.tzinfo, locale=language())


def _moment(at: datetime) -> str:
    return f"{format_date(at, 'EEEE, d MMMM', locale=language())}, {_clock(at)}"


def _special_hours(found: Directory) -> list[dict[str, Any]]:
    """The dates ahead that have hours of their own, said as people say them."""
    today: date = now().astimezone(ZoneInfo(_listed(found).zone)).date()
    return [
        {
            "date": format_date(exception.date, "EEE, d MMM y", locale=language()),
            "intervals": exception.intervals,
            "reason": exception.reason,
        }
        for exception in views.exceptions_ahead(found, today)
    ]
