"""One's own second factors over HTTP: set up an authenticator app or passkeys, replace recovery codes, remove."""

from typing import Any, get_args

import marshmallow as ma
import segno
from flask import g
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf, Predicate, Regexp

from services.catalog.access.api.common import (
    BY_PASSWORD,
    BY_SESSION_OR_HALF,
    PEOPLE,
    CredentialOptions,
    keep_in_browser,
    party,
    refusals,
    registry,
    same_origin,
    signed_in,
    signed_in_account,
)
from services.catalog.access.browsers import COOKIE as BROWSER_COOKIE
from services.catalog.access.domain.events import Removed
from services.catalog.access.domain.state import Account
from services.catalog.access.passkeys import TRANSPORTS, Ceremony, Passkey, RelyingParty
from services.catalog.access.sign_in import SignedIn
from services.chassis.origin import cookie
from services.chassis.routes import allow, public
from services.kernel.guard import actor, who_asks
from services.kernel.tokens import Actor

READABLE = [Length(1, 40), Regexp(r"\s*\S"), Predicate("isprintable", error="String does not match expected pattern.")]
blueprint = Blueprint(
    "second_factor", __name__, url_prefix="/catalog/api/second-factor", description="One's own second factor"
)


class PasskeyOut(ma.Schema):
    """A passkey as its owner named it."""

    id = ma.fields.String()
    name = ma.fields.String(metadata={"example": "Ponsel Siti"})
    added_at = ma.fields.String(metadata={"example": "2026-11-24T02:00:00+00:00"})
    used_at = ma.fields.String(allow_none=True, metadata={"description": "Its last sign-in; null before the first."})


class Status(ma.Schema):
    """Which second factors one has, whether one has to, and which one can set up."""

    active = ma.fields.Boolean()
    required = ma.fields.Boolean(metadata={"description": "One's role needs one: the last one cannot be removed."})
    totp = ma.fields.Boolean(metadata={"description": "An authenticator app is set up."})
    passkeys = ma.fields.List(ma.fields.Nested(PasskeyOut))
    can_be_set_up = ma.fields.Boolean(metadata={"description": "An authenticator app: there is a key to seal with."})
    recovery_codes_left = ma.fields.Integer()


class Current(ma.Schema):
    """The password that holds now."""

    current = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class Removal(Current):
    """What is removed, and the password that holds now."""

    kind = ma.fields.String(load_default="all", validate=OneOf(get_args(Removed)))
    passkey = ma.fields.String(load_default="", validate=Length(max=60), metadata={"description": "Its id."})


class Wanted(ma.Schema):
    """Who wants a second factor: by the password that holds now or, on the way to sign in, by `half`."""

    current = ma.fields.String(load_default="", load_only=True, validate=Length(max=200))
    half = ma.fields.String(load_default="", load_only=True, validate=Length(max=2000))


class Offered(ma.Schema):
    """A secret for an authenticator app: to type, and as a picture to scan. It is shown this once."""

    secret = ma.fields.String()
    uri = ma.fields.String(metadata={"example": "otpauth://totp/MPP:siti?secret=…&issuer=MPP"})
    qr = ma.fields.String(metadata={"description": "An SVG picture as a data: address."})


class FirstCode(ma.Schema):
    """The first code that the app shows."""

    code = ma.fields.String(required=True, load_only=True, validate=Length(1, 60), metadata={"example": "492 039"})
    half = ma.fields.String(load_default="", load_only=True, validate=Length(max=2000))


class NewPasskey(ma.Schema):
    """What the browser made of an offer, with base64url for bytes, and what its owner calls it."""

    name = ma.fields.String(required=True, validate=READABLE, metadata={"example": "Ponsel Siti"})
    credential = ma.fields.String(required=True, load_only=True, validate=Length(1, 1400))
    client_data = ma.fields.String(required=True, load_only=True, validate=Length(1, 4000))
    attestation = ma.fields.String(required=True, load_only=True, validate=Length(1, 20_000))
    transports = ma.fields.List(ma.fields.String(validate=Length(max=40)), load_default=list, validate=Length(max=10))
    half = ma.fields.String(load_default="", load_only=True, validate=Length(max=2000))


class Codes(ma.Schema):
    """Recovery codes, each for one sign-in without the app. They are shown this once."""

    codes = ma.fields.List(ma.fields.String())


class TurnedOn(Codes):
    """Recovery codes, none unless it is the first second factor; what failed before where one has just signed in."""

    failed_attempts = ma.fields.Integer()
    last_failed_at = ma.fields.String()


@blueprint.get("")
@allow(*PEOPLE)
@blueprint.response(200, Status)
@blueprint.alt_response(403, description="`not-signed-in`: a token has no second factor")
def status() -> dict[str, Any]:
    """Return which second factors one has."""
    account, people, kept = _own(actor()), registry().accounts.people(), registry().accounts.second_factors
    return {
        "active": account.second_factor,
        "required": account.role in people.second_factor_roles,
        "totp": account.totp,
        "passkeys": [_passkey(one) for one in kept.passkeys.all(account)],
        "can_be_set_up": kept.can_be_set_up,
        "recovery_codes_left": kept.codes_left(account.id) if account.second_factor else 0,
    }


@blueprint.post("/offer")
@public
@blueprint.arguments(Wanted())
@blueprint.response(200, Offered)
@refusals(blueprint, BY_SESSION_OR_HALF | BY_PASSWORD)
@refusals(blueprint, {404: "`no-second-factor`: there is no key to seal secrets with", 409: "`second-factor-exists`"})
@same_origin(blueprint)
def offer(given: dict[str, str]) -> dict[str, Any]:
    """Begin to set up a second factor: a secret for an authenticator app."""
    if given["half"]:
        account = registry().sign_in.half_signed_in(given["half"], "enrolment")
    else:
        account = registry().sign_in.confirmed(who_asks(), given["current"])
    offered = registry().enrolment.offer_app(account)
    picture = segno.make(offered.uri, micro=False).svg_data_uri(scale=5)
    return {"secret": offered.secret, "uri": offered.uri, "qr": picture}


@blueprint.put("")
@public
@blueprint.arguments(FirstCode())
@blueprint.response(200, TurnedOn)
@refusals(blueprint, BY_SESSION_OR_HALF | {409: "`second-factor-exists`", 422: "`wrong-first-code`"})
@same_origin(blueprint)
def turn_on(given: dict[str, str]) -> dict[str, Any]:
    """Turn the second factor on by its first code: one is signed in, here alone."""
    account = registry().sign_in.half_signed_in(given["half"], "enrolment") if given["half"] else _own(who_asks())
    return _turned_on(*registry().enrolment.add_app(account, given["code"], cookie(BROWSER_COOKIE), g.request_id))


@blueprint.post("/passkeys/offer")
@public
@blueprint.arguments(Wanted())
@blueprint.response(200, CredentialOptions)
@refusals(blueprint, BY_SESSION_OR_HALF | BY_PASSWORD | {404: "`no-passkeys-here`"})
@same_origin(blueprint)
def offer_passkey(given: dict[str, str]) -> dict[str, Any]:
    """Begin to add a passkey: a challenge, which can be answered once, within five minutes."""
    here = party()
    if not given["half"]:
        registry().sign_in.confirmed(who_asks(), given["current"])
    return {"options": registry().accounts.second_factors.passkeys.offer(_ceremony(given["half"], here))}


@blueprint.post("/passkeys")
@public
@blueprint.arguments(NewPasskey())
@blueprint.response(200, TurnedOn)
@refusals(blueprint, BY_SESSION_OR_HALF | {404: "`no-passkeys-here`", 422: "`invalid-passkey`"})
@refusals(blueprint, {409: "`passkey-taken`, `too-many-passkeys`"})
@same_origin(blueprint)
def add_passkey(given: dict[str, Any]) -> dict[str, Any]:
    """Add a passkey to one's account: one is signed in, here alone."""
    ceremony = _ceremony(given["half"], party())
    made = {**given, "transports": [one for one in given["transports"] if one in TRANSPORTS]}
    name = given["name"].strip()
    return _turned_on(*registry().enrolment.add_passkey(ceremony, name, made, cookie(BROWSER_COOKIE), g.request_id))


@blueprint.post("/recovery-codes")
@allow(*PEOPLE)
@blueprint.arguments(Current())
@blueprint.response(200, Codes)
@refusals(blueprint, BY_PASSWORD | {404: "`no-second-factor`"})
def new_recovery_codes(given: dict[str, str]) -> dict[str, Any]:
    """Replace the recovery codes: those from before are accepted no more."""
    return {"codes": registry().enrolment.new_recovery_codes(registry().sign_in.confirmed(actor(), given["current"]))}


@blueprint.post("/removal")
@allow(*PEOPLE)
@blueprint.arguments(Removal())
@blueprint.response(204)
@refusals(blueprint, BY_PASSWORD | {404: "`no-second-factor`, `unknown-passkey`"})
@refusals(blueprint, {409: "`second-factor-needed`: one's role requires it"})
def remove(given: dict[str, Any]) -> None:
    """Remove one of one's second factors, or all: one's sessions elsewhere end."""
    account = registry().sign_in.confirmed(actor(), given["current"])
    kind: Removed = given["kind"]
    keep_in_browser(registry().enrolment.remove(account, kind, given["passkey"], g.request_id))


def _turned_on(codes: list[str], found: SignedIn) -> dict[str, Any]:
    about = signed_in(found)
    return {"codes": codes} | {name: about[name] for name in ("failed_attempts", "last_failed_at") if name in about}


def _ceremony(half: str, here: RelyingParty) -> Ceremony:
    """Who adds a passkey: on the way to sign in, or in a session. Raises `SignInExpired`, `NotSignedIn`."""
    if half:
        return Ceremony(registry().sign_in.half_signed_in(half, "enrolment"), here, half)
    asking = who_asks()
    return Ceremony(_own(asking), here, asking.session)


def _passkey(passkey: Passkey) -> dict[str, Any]:
    used = passkey.used_at.isoformat() if passkey.used_at else None
    return {"id": passkey.id, "name": passkey.name, "added_at": passkey.added_at.isoformat(), "used_at": used}


def _own(asking: Actor) -> Account:
    return registry().accounts.people().account(signed_in_account(asking))
