"""Pages for visitors: kiosk, hall display, and their own ticket."""

import io

import segno
from flask import Blueprint, Response, render_template, request

from services.chassis.web import public
from services.ticketing import views
from services.ticketing.api import queue
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import now

blueprint = Blueprint("pages", __name__, url_prefix="/ticketing/malls/<mall>")


@blueprint.get("/kiosk")
@public
def kiosk(mall: str) -> str:
    """Where a visitor takes a ticket."""
    known, at = queue().mall(mall), now()
    today = queue().today(known, at)
    return render_template(
        "kiosk.html",
        mall=about(known),
        agencies=views.directory(known, at, today.state),
        hall=views.hall(today, known, at),
        priority_classes=known.about.classes,
        bookings=known.about.bookings,
    )


@blueprint.get("/hall")
@public
def hall(mall: str) -> str:
    """The television in the hall."""
    known = queue().mall(mall)
    return render_template("hall.html", mall=about(known), hall=_hall(known))


@blueprint.get("/tickets/<ticket_id>")
@public
def ticket(mall: str, ticket_id: str) -> str:
    """A visitor's own page."""
    known = queue().mall(mall)
    found = views.ticket(queue().day_with(mall, ticket_id), known, ticket_id)
    return render_template("ticket.html", mall=about(known), ticket=found)


@blueprint.get("/tickets/<ticket_id>/qr.svg")
@public
def ticket_qr(mall: str, ticket_id: str) -> Response:
    """The address of a visitor's own page as a QR code. Raises `UnknownTicket`."""
    queue().day_with(mall, ticket_id).ticket(ticket_id)
    picture = io.BytesIO()
    address = f"{request.url_root}ticketing/malls/{mall}/tickets/{ticket_id}"
    segno.make(address, error="m").save(picture, kind="svg", scale=6, border=2)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def about(mall: Mall) -> dict[str, str]:
    """What every page of a mall needs to know of it."""
    return {"code": mall.about.code, "name": mall.about.name, "zone": mall.about.zone}


def _hall(mall: Mall) -> dict[str, object]:
    at = now()
    return views.hall(queue().today(mall, at), mall, at)
