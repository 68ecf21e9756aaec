"""Pages for visitors: kiosk, hall display, booking, and their own ticket or booking."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_date
from flask import Blueprint, Response, current_app, render_template, request

from services.chassis.clock import now
from services.chassis.errors import NotFound
from services.chassis.languages import language, text
from services.chassis.routes import public
from services.chassis.web import policy
from services.chassis.words import DEFAULT, Words
from services.kernel.guard import recognized
from services.ticketing import views, voice
from services.ticketing.api import queue
from services.ticketing.api.admission import SHOWN_TO, tickets_from
from services.ticketing.api.bookings import bookable, shown_booking
from services.ticketing.domain.day import in_force
from services.ticketing.domain.mall import Mall
from services.ticketing.names import about, in_language
from services.ticketing.queue import HISTORY_AGE, booking_of, ticket_of
from services.ticketing.survey.api import surveys

AGENT_PORT = "9130"  # of the print agent on a kiosk's own machine
FLOOR = re.compile(r"-?\d{1,3}", re.ASCII)


class UnknownPrinting(NotFound):
    """The kiosk's address asks for a way to print, or a paper, that there is not."""


class UnknownFloor(NotFound):
    """The address of a hall display names something that is no floor."""


blueprint = Blueprint("pages", __name__, url_prefix="/ticketing/malls/<mall>")


@blueprint.get("/kiosk")
@public
def kiosk(mall: str) -> Response:
    """Where a visitor takes a ticket. Its address says how it prints (`print`, `paper`). Raises `UnknownPrinting`."""
    printing = Printing.asked(request.args)
    response = Response(_kiosk(queue().mall(mall), printing))
    if printing.agent:
        response.headers["Content-Security-Policy"] = policy(f"connect-src 'self' {printing.agent}")
    return response


@blueprint.get("/take")
@public
def take(mall: str) -> str:
    """Where a visitor takes a ticket on a phone: in the hall with the code of a screen, elsewhere within the share."""
    known = queue().mall(mall)
    share = views.rules(queue().today(known, now()).state, known, now())
    return _kiosk(known, Printing(), phone={"share": share["home_share"], "left": share["home_left"]})


def _kiosk(known: Mall, printing: "Printing", phone: Mapping[str, int] | None = None) -> str:
    """The page on which a ticket is taken, for a kiosk or for a visitor's own phone."""
    at = now()
    today = queue().today(known, at)
    return render_template(
        "kiosk.html",
        mall=about(known),
        time=_clock(f"{at.astimezone(ZoneInfo(known.about.zone)):%H:%M}"),
        suffix=f" {known.about.name.removeprefix('MPP ')}",  # goes without saying on a tile
        agencies=views.directory(known, at, today.state),
        most_used=views.most_used(known, queue().history(known.about.code, HISTORY_AGE), today.state),
        hall=views.hall(today, known, at),
        priority_classes=known.about.classes,
        bookings=known.about.bookings,
        printing=printing,
        phone=phone,
        shows_presence=_shows_presence(),
        needs_presence=tickets_from() == "presence",
    )


def _shows_presence() -> bool:
    """Whether staff who are signed in look at a screen; one with a token in its address asks for itself."""
    asking = recognized()
    return tickets_from() == "presence" and asking is not None and asking.role in SHOWN_TO


@dataclass(frozen=True)
class Printing:
    """How a kiosk prints: by its browser's dialog, by itself, or by an agent on its own machine; paper in mm."""

    way: str = "browser"
    agent: str = ""
    paper: str = "80"

    @classmethod
    def asked(cls, args: Mapping[str, str]) -> "Printing":
        """What a kiosk's address asks for. Raises `UnknownPrinting`."""
        way, _, port = args.get("print", cls.way).partition(":")
        paper, port = args.get("paper", cls.paper), port or AGENT_PORT
        known = way in ("browser", "auto", "agent") and paper in ("58", "80")
        if not known or not re.fullmatch(r"\d{4,5}", port, re.ASCII):
            raise UnknownPrinting()
        return cls(way, f"http://127.0.0.1:{port}" if way == "agent" else "", paper)


@blueprint.get("/hall")
@public
def hall(mall: str) -> str:
    """The television in the hall; `?floor=1` of one floor, `?voice=id,en` announces in these languages.

    A floor without a counter is no error, for floors change while televisions stay: the screen shows the whole mall
    and says so. Raises `UnknownFloor` where the address names no floor at all.
    """
    known = queue().mall(mall)
    floor, floors = request.args.get("floor", ""), sorted({desk.floor for desk in known.counters.values()})
    if floor and not FLOOR.fullmatch(floor):
        raise UnknownFloor(floors=", ".join(map(str, floors)))
    shown: dict[str, Any] = {"hall": _hall(known), "floor": int(floor) if floor else None, "floors": floors}
    shown |= {"shows_presence": _shows_presence(), "voices": _voices(mall)}
    return render_template("hall.html", mall=about(known), **shown)


def _voices(mall: str) -> list[dict[str, Any]]:
    """The languages of announcements, in their order: their words, and where the server's clips are if it can speak."""
    words: Words = current_app.extensions["words"]
    wanted = [code for code in request.args.get("voice", DEFAULT).split(",") if code in words.languages]
    clips = f"/ticketing/live/malls/{mall}/announcements" if voice.installed() else None
    return [
        {"language": code, "words": words.beginning(code, "announce."), "clips": clips and f"{clips}/{code}"}
        for code in dict.fromkeys(wanted or [DEFAULT])
    ]


@blueprint.get("/tickets/<ticket_code>")
@public
def ticket(mall: str, ticket_code: str) -> str:
    """A visitor's own page. Raises `UnknownTicket`, also for a ticket's id."""
    known, ticket_id = queue().mall(mall), ticket_of(ticket_code)
    day = queue().day_with(mall, ticket_id)
    found = views.ticket(day, known, ticket_id, now(), ticket_code)
    service = known.services.get(found["service"])
    bring = service.requirements if service else ()
    standing = surveys().standing(mall, day.ticket(ticket_id), now())
    return render_template("ticket.html", mall=about(known), ticket=found, requirements=bring, survey=standing)


@blueprint.get("/tickets/<ticket_code>/app.webmanifest")
@public
def ticket_app(mall: str, ticket_code: str) -> Response:
    """What a phone needs to keep the page of a ticket on its home screen. Raises `UnknownTicket`."""
    known, ticket_id = queue().mall(mall), ticket_of(ticket_code)
    found = views.ticket(queue().day_with(mall, ticket_id), known, ticket_id, now(), ticket_code)
    manifest = {
        "name": f"{found['number']} · {known.about.name}",
        "short_name": found["number"],
        "start_url": found["status_url"],
        "scope": found["status_url"],
        "display": "standalone",
        "lang": language(),
        "background_color": "#faf7f0",
        "theme_color": "#0f2c4f",
        "icons": [{"src": f"/ticketing/static/emblem-{n}.png", "sizes": f"{n}x{n}"} for n in (192, 512)],
    }
    return Response(json.dumps(manifest, ensure_ascii=False), mimetype="application/manifest+json")


@blueprint.get("/tickets/<ticket_code>/qr.svg")
@public
def ticket_qr(mall: str, ticket_code: str) -> Response:
    """The address of a visitor's own page as a QR code. Raises `UnknownTicket`."""
    queue().day_with(mall, ticket_code).ticket(ticket_of(ticket_code))
    return _qr(f"ticketing/malls/{mall}/tickets/{ticket_code}")


@blueprint.get("/book")
@public
def book(mall: str) -> str:
    """Where a place on a day to come is booked, for one service; without it, which services there are.

    An address that was kept for longer than its service was offered leads to the list too, and says why.
    """
    known, code, at = queue().mall(mall), request.args.get("service", ""), now()
    day = queue().today(known, at).state
    shown: dict[str, Any] = {"mall": about(known), "bookings": known.about.bookings}
    shown["catalogue"] = views.token(known, at, day)
    service = known.services.get(code)
    if service is None or known.about.bookings is None:
        withdrawn = bool(code) and known.about.bookings is not None
        shown |= {"service": None, "agencies": views.directory(known, at), "withdrawn": withdrawn}
        return render_template("book.html", **shown)
    offer = views.offer(known, service, at) | {"agency_name": known.agency_name(service.agency)}
    classes = [{"code": one.code, "name": in_language(one.name)} for one in known.about.classes]
    days = [_named(day) for day in bookable(known, code)]
    shown["share"] = None if tickets_from() == "anybody" else in_force.booking_share(known, service)
    return render_template(
        "book.html", **shown, service=offer, days=days, classes=classes, claim_by=_clock(known.about.bookings.claim_by)
    )


def _named(day: dict[str, Any]) -> dict[str, Any]:
    """A day ahead as people say it."""
    on = date.fromisoformat(day["day"])
    return day | {
        "weekday": format_date(on, "EEEE", locale=language()),
        "date": format_date(on, "d MMMM", locale=language()),
        "about": text(f"booking.day.{day['standing']}", time=_clock(day["claim_by"][11:16]), why=day["why_closed"]),
    }


@blueprint.get("/bookings/<booking_code>")
@public
def booking(mall: str, booking_code: str) -> str:
    """The page of a booking. Raises `UnknownBooking`, also for a booking's id."""
    known = queue().mall(mall)
    found = shown_booking(known, queue().day_with(mall, booking_code).booking(booking_of(booking_code)), booking_code)
    service, on = known.services.get(found["service"]), date.fromisoformat(found["day"])
    return render_template(
        "booking.html",
        mall=about(known),
        booking=found,
        weekday=format_date(on, "EEEE", locale=language()),
        date=format_date(on, "d MMMM y", locale=language()),
        claim_by=_clock(found["claim_by"][11:16]),
        requirements=service.requirements if service else (),
    )


@blueprint.get("/bookings/<booking_code>/qr.svg")
@public
def booking_qr(mall: str, booking_code: str) -> Response:
    """The address of a booking's page as a QR code. Raises `UnknownBooking`."""
    queue().day_with(mall, booking_code).booking(booking_of(booking_code))
    return _qr(f"ticketing/malls/{mall}/bookings/{booking_code}")


def _qr(path: str) -> Response:
    picture = io.BytesIO()
    segno.make(f"{request.url_root}{path}", error="m").save(picture, kind="svg", scale=6, border=2)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def _clock(time: str) -> str:
    """ "10:00" as the page's language writes it."""
    return time.replace(":", ".") if language() == "id" else time


def _hall(mall: Mall) -> dict[str, object]:
    at = now()
    return views.hall(queue().today(mall, at), mall, at)
