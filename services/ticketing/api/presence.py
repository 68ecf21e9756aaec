"""Proof of presence over HTTP: screens of the mall show a code, a phone exchanges it for a pass."""

import io
from datetime import datetime
from typing import Any

import segno
from flask import request

from services.chassis.clock import now
from services.chassis.errors import TooMany
from services.chassis.origin import address
from services.chassis.routes import allow, public
from services.ticketing.api.admission import SHOWN_TO, limits, presence, tickets_from
from services.ticketing.api.schemas import NewPass, PassOut, PresenceOut
from services.ticketing.api.tickets import blueprint, queue
from services.ticketing.presence import TICKETS_A_PASS


@blueprint.get("/presence")
@allow(*SHOWN_TO)
@blueprint.response(200, PresenceOut)
def show_presence(mall: str) -> dict[str, Any]:
    """The code of this minute, for a screen in the mall; null where the deployment asks for none."""
    known, at = queue().mall(mall).about.code, now()
    if tickets_from() != "presence":
        return {"code": None, "until": None, "seconds": None, "qr": None}
    code = presence().code(known, at)
    return {
        "code": code.text,
        "until": code.until.isoformat(),
        "seconds": max(1.0, (code.until - at).total_seconds()),
        "qr": qr(f"{request.url_root}ticketing/malls/{known}/take#code={code.text}"),
    }


@blueprint.post("/presence")
@public
@blueprint.arguments(NewPass())
@blueprint.response(201, PassOut)
@blueprint.alt_response(403, description="`presence-code-wrong`")
def exchange_code(given: dict[str, str], mall: str) -> dict[str, Any]:
    """Exchange the code on a screen of the mall for a pass, which lasts long enough to choose a service."""
    known, at = queue().mall(mall).about.code, now()
    attempt = limits().attempt("presence_codes", address(), known)
    code = presence().checked(known, given["code"], at)
    limits().refund(attempt)
    _count_pass(known, code, at)
    made = presence().new_pass(known, at)
    return {"pass": made.text, "expires_at": made.expires_at.isoformat(), "tickets": TICKETS_A_PASS}


def _count_pass(mall: str, code: str, at: datetime) -> None:
    """Count a pass of this address and of this code. Raises `TooMany`, for a code until screens show the next one."""
    counted = limits().take("passes", address(), mall)
    try:
        limits().take("passes_of_code", code, mall)
    except TooMany as error:
        limits().give_back(counted)
        raise TooMany(retry_after=60 - at.second) from error


def qr(text: str) -> str:
    """Return a QR code as an SVG document: as few and large squares as can be, for it is scanned from some metres."""
    picture = io.BytesIO()
    segno.make(text, error="l").save(picture, kind="svg", scale=8, border=4, xmldecl=False)
    return picture.getvalue().decode()
