"""Sessions over HTTP: who is asking, signing in and out, one's own password and sessions."""

from typing import Any, get_args

import marshmallow as ma
from flask import g
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf

from services.catalog.access.api.accounts import NewPassword
from services.catalog.access.api.common import (
    CROSS_SITE,
    PEOPLE,
    TOO_MANY_ATTEMPTS,
    CredentialOptions,
    context,
    end_session,
    forget_session,
    keep_in_browser,
    party,
    refusals,
    registry,
    same_origin,
    signed_in,
    signed_in_account,
    who,
)
from services.catalog.access.browsers import COOKIE as BROWSER_COOKIE
from services.catalog.access.devices import Device
from services.catalog.access.domain.events import Kind
from services.catalog.access.sign_in import HalfSignedIn
from services.chassis.errors import Unauthorized
from services.chassis.origin import address, cookie, cookie_name
from services.chassis.routes import allow, public
from services.kernel.guard import actor, who_asks
from services.kernel.tokens import COOKIE

sessions = Blueprint("sessions", __name__, url_prefix="/catalog/api", description="Who is asking; signing in and out")

EXPIRED = "`sign-in-expired`: start again with name and password"


class OwnPassword(NewPassword):
    """Another password for oneself, and the one that holds now."""

    current = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class SignIn(ma.Schema):
    """User name and password."""

    name = ma.fields.String(required=True, validate=Length(1, 60))
    password = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class Code(ma.Schema):
    """A code of the authenticator app, or a recovery code, and `half` from the answer to name and password."""

    half = ma.fields.String(required=True, load_only=True, validate=Length(1, 2000))
    code = ma.fields.String(required=True, load_only=True, validate=Length(1, 60), metadata={"example": "492 039"})


class Half(ma.Schema):
    """Who has shown name and password: `half` from the answer to them."""

    half = ma.fields.String(required=True, load_only=True, validate=Length(1, 2000))


class Signed(Half):
    """What a passkey signed, with base64url for bytes."""

    credential = ma.fields.String(required=True, load_only=True, validate=Length(1, 1400))
    client_data = ma.fields.String(required=True, load_only=True, validate=Length(1, 4000))
    authenticator_data = ma.fields.String(required=True, load_only=True, validate=Length(1, 4000))
    signature = ma.fields.String(required=True, load_only=True, validate=Length(1, 2000))


class Me(ma.Schema):
    """Who is asking; `can_sign_in`: this installation lets people sign in."""

    signed_in = ma.fields.Boolean()
    can_sign_in = ma.fields.Boolean()
    name = ma.fields.String()
    role = ma.fields.String()
    scope = ma.fields.Dict()
    session = ma.fields.Boolean(metadata={"description": "By signing in, not by a token."})
    expires_in = ma.fields.Integer(metadata={"description": "Seconds until the session ends unless it is renewed."})
    failed_attempts = ma.fields.Integer(
        metadata={"description": "After signing in: how often it failed since the last time, from other browsers."}
    )
    last_failed_at = ma.fields.String(metadata={"example": "2026-11-24T02:00:00+00:00"})
    next = ma.fields.String(
        validate=OneOf(["code", "enrolment"]),
        metadata={"description": "After name and password: a code is needed, or a second factor to be set up."},
    )
    half = ma.fields.String(metadata={"description": "What the next step of signing in is asked with."})
    factors = ma.fields.List(
        ma.fields.String(validate=OneOf(get_args(Kind))),
        metadata={"description": "With `next`: the second factors of the account, beside recovery codes."},
    )


class SessionOut(ma.Schema):
    """A session of one's own."""

    id = ma.fields.String()
    device = ma.fields.String(metadata={"example": "Firefox, Windows", "description": "Empty: not known."})
    began_at = ma.fields.String(metadata={"example": "2026-11-24T02:00:00+00:00"})
    used_at = ma.fields.String(metadata={"description": "Its last renewal, at most ten minutes before its last use."})
    current = ma.fields.Boolean(metadata={"description": "The one that asks."})


class SessionList(ma.Schema):
    """Where one is signed in now."""

    sessions = ma.fields.List(ma.fields.Nested(SessionOut))


@sessions.get("/me")
@public
@sessions.response(200, Me)
def me() -> dict[str, Any]:
    """Return who is asking. It renews no session, as pages ask it periodically."""
    try:
        return who(who_asks())
    except Unauthorized:
        return {"signed_in": False, "can_sign_in": registry().accounts.can_sign}


@sessions.put("/session")
@public
@sessions.response(200, Me)
@refusals(sessions, {401: "`bad-token`, `revoked`: the session has ended", **CROSS_SITE})
def renew_session() -> dict[str, Any]:
    """Renew a session. A page asks this after a key, click or touch, and never periodically."""
    found = who_asks()
    session = registry().sessions.renewed(found)
    if session:
        keep_in_browser(session)
    return who(found, session)


@sessions.post("/session")
@public
@sessions.arguments(SignIn())
@sessions.response(200, Me)
@refusals(sessions, {401: "`wrong-password`, for an unknown name too", **TOO_MANY_ATTEMPTS})
@same_origin(sessions)
def sign_in(given: dict[str, str]) -> dict[str, Any]:
    """Sign in: the session comes as a cookie, unless `next` says what is missing."""
    name, known_as = given["name"].strip().casefold(), cookie(BROWSER_COOKIE)
    cookie_name(COOKIE)  # before a password is looked at: the session could not be kept
    found = registry().sign_in.sign_in(name, given["password"], address(), known_as)
    if isinstance(found, HalfSignedIn):
        missing = {"next": found.step, "half": found.token, "factors": list(found.factors)}
        return {"signed_in": False, "can_sign_in": True, **missing}
    return signed_in(found)


@sessions.post("/session/code")
@public
@sessions.arguments(Code())
@sessions.response(200, Me)
@refusals(sessions, {401: f"`wrong-code`; {EXPIRED}", **TOO_MANY_ATTEMPTS})
@same_origin(sessions)
def finish_sign_in(given: dict[str, str]) -> dict[str, Any]:
    """Complete a sign-in by a code of the authenticator app, or by a recovery code."""
    return signed_in(registry().sign_in.finish_sign_in(given["half"], given["code"], cookie(BROWSER_COOKIE)))


@sessions.post("/session/passkey/offer")
@public
@sessions.arguments(Half())
@sessions.response(200, CredentialOptions)
@refusals(sessions, {401: EXPIRED, 404: "`no-passkeys-here`"})
@same_origin(sessions)
def ask_for_passkey(given: dict[str, str]) -> dict[str, Any]:
    """Begin to complete a sign-in by a passkey: a challenge, which can be answered once, within five minutes."""
    return {"options": registry().sign_in.ask_for_passkey(given["half"], party())}


@sessions.post("/session/passkey")
@public
@sessions.arguments(Signed())
@sessions.response(200, Me)
@refusals(
    sessions,
    {401: f"`wrong-passkey`, `passkey-copied`; {EXPIRED}", 404: "`no-passkeys-here`", **TOO_MANY_ATTEMPTS},
)
@same_origin(sessions)
def finish_by_passkey(given: dict[str, str]) -> dict[str, Any]:
    """Complete a sign-in by what a passkey of the account signed."""
    return signed_in(registry().sign_in.finish_by_passkey(given["half"], party(), given, cookie(BROWSER_COOKIE)))


@sessions.delete("/session")
@public
@sessions.response(204)
@same_origin(sessions)
def sign_out() -> None:
    """Sign out: the session ends in all services."""
    end_session()
    forget_session()


@sessions.delete("/sessions")
@allow(*PEOPLE)
@sessions.response(204)
@sessions.alt_response(403, description="`not-signed-in`: a token has no sessions; `cross-site`")
def sign_out_everywhere() -> None:
    """Sign out everywhere: all sessions of the account end, this one too."""
    registry().accounts.sign_out_everywhere(signed_in_account(actor()), **context())
    forget_session()


@sessions.get("/sessions")
@allow(*PEOPLE)
@sessions.response(200, SessionList)
@sessions.alt_response(403, description="`not-signed-in`: a token has no sessions")
def list_sessions() -> dict[str, Any]:
    """Return where one is signed in, the last used first."""
    return {"sessions": [_session(device) for device in registry().sessions.devices(signed_in_account(actor()))]}


@sessions.delete("/sessions/<session>")
@allow(*PEOPLE)
@sessions.response(204)
@sessions.alt_response(403, description="`not-signed-in`: a token has no sessions; `cross-site`")
@sessions.alt_response(404, description="`unknown-session`: it is of another account, or has ended")
def end_one_session(session: str) -> None:
    """End one of one's sessions, in all services."""
    signed_in_account(actor())
    registry().sessions.end_device(actor(), session)


def _session(device: Device) -> dict[str, Any]:
    return {
        "id": device.session,
        "device": device.name,
        "began_at": device.began_at.isoformat(),
        "used_at": device.used_at.isoformat(),
        "current": device.session == actor().session,
    }


@sessions.put("/session/password")
@allow(*PEOPLE)
@sessions.arguments(OwnPassword())
@sessions.response(200, Me)
@sessions.alt_response(403, description="`not-signed-in`: a token has no password; `cross-site`")
@refusals(sessions, {422: "`wrong-current-password`, `weak-password`", **TOO_MANY_ATTEMPTS})
def change_own_password(given: dict[str, str]) -> dict[str, Any]:
    """Another password for oneself: one's tokens and sessions elsewhere end, and this session stays."""
    session = registry().sign_in.change_own_password(actor(), given["current"], given["password"], trace=g.request_id)
    keep_in_browser(session)
    return who(actor(), session)
