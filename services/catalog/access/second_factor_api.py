"""One's own second factor over HTTP: set it up, replace its recovery codes, remove it."""

from typing import Any

import marshmallow as ma
import segno
from flask import g
from flask_smorest import Blueprint
from marshmallow.validate import Length

from services.catalog.access.api import PEOPLE, keep_in_browser, registry, signed_in
from services.catalog.access.browsers import COOKIE as BROWSER_COOKIE
from services.catalog.access.domain import Account
from services.catalog.access.people import NotSignedIn
from services.catalog.access.second_factor import NoSecondFactor
from services.chassis.guard import actor, allow, cookie, must_be_same_origin, public, who_asks

blueprint = Blueprint(
    "second_factor", __name__, url_prefix="/catalog/api/second-factor", description="One's own second factor"
)


class Status(ma.Schema):
    """Whether one has a second factor, has to, and can."""

    active = ma.fields.Boolean()
    required = ma.fields.Boolean(metadata={"description": "One's role needs it: it cannot be removed."})
    can_be_set_up = ma.fields.Boolean()
    recovery_codes_left = ma.fields.Integer()


class Current(ma.Schema):
    """The password that holds now."""

    current = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


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


class Codes(ma.Schema):
    """Recovery codes, each for one sign-in without the app. They are shown this once."""

    codes = ma.fields.List(ma.fields.String())


class TurnedOn(Codes):
    """Recovery codes, and what failed before where one has just signed in."""

    failed_attempts = ma.fields.Integer()
    last_failed_at = ma.fields.String()


@blueprint.get("")
@allow(*PEOPLE)
@blueprint.response(200, Status)
@blueprint.alt_response(403, description="`not-signed-in`: a token has no second factor")
def status() -> dict[str, Any]:
    """Return whether one has a second factor."""
    account = _signed_in()
    return {
        "active": account.second_factor,
        "required": account.role in registry().people().second_factor_roles,
        "can_be_set_up": registry().second_factors.can_be_set_up,
        "recovery_codes_left": registry().second_factors.codes_left(account.id) if account.second_factor else 0,
    }


@blueprint.post("/offer")
@public
@blueprint.arguments(Wanted())
@blueprint.response(200, Offered)
@blueprint.alt_response(401, description="`sign-in-expired`, `bad-token`")
@blueprint.alt_response(404, description="`no-second-factor`: there is no key to seal secrets with")
@blueprint.alt_response(409, description="`second-factor-exists`")
@blueprint.alt_response(422, description="`wrong-current-password`")
@blueprint.alt_response(429, description="`too-many-attempts`")
def offer(given: dict[str, str]) -> dict[str, Any]:
    """Begin to set up a second factor: a secret for an authenticator app."""
    must_be_same_origin()
    if given["half"]:
        account = registry().half_signed_in(given["half"], "enrolment")
    else:
        account = registry().confirmed(who_asks(), given["current"])
    offered = registry().offer_second_factor(account)
    picture = segno.make(offered.uri, micro=False).svg_data_uri(scale=5)
    return {"secret": offered.secret, "uri": offered.uri, "qr": picture}


@blueprint.put("")
@public
@blueprint.arguments(FirstCode())
@blueprint.response(200, TurnedOn)
@blueprint.alt_response(401, description="`sign-in-expired`, `bad-token`")
@blueprint.alt_response(409, description="`second-factor-exists`")
@blueprint.alt_response(422, description="`wrong-first-code`")
@blueprint.alt_response(429, description="`too-many-attempts`")
def turn_on(given: dict[str, str]) -> dict[str, Any]:
    """Turn the second factor on by its first code: one is signed in, here alone."""
    must_be_same_origin()
    account = registry().half_signed_in(given["half"], "enrolment") if given["half"] else _own(who_asks())
    codes, found = registry().add_second_factor(account, given["code"], cookie(BROWSER_COOKIE), g.request_id)
    about = signed_in(found)
    return {"codes": codes} | {name: about[name] for name in ("failed_attempts", "last_failed_at") if name in about}


@blueprint.post("/recovery-codes")
@allow(*PEOPLE)
@blueprint.arguments(Current())
@blueprint.response(200, Codes)
@blueprint.alt_response(404, description="`no-second-factor`")
@blueprint.alt_response(422, description="`wrong-current-password`")
@blueprint.alt_response(429, description="`too-many-attempts`")
def new_recovery_codes(given: dict[str, str]) -> dict[str, Any]:
    """Replace the recovery codes: those from before are accepted no more."""
    return {"codes": registry().new_recovery_codes(registry().confirmed(actor(), given["current"]))}


@blueprint.post("/removal")
@allow(*PEOPLE)
@blueprint.arguments(Current())
@blueprint.response(204)
@blueprint.alt_response(404, description="`no-second-factor`")
@blueprint.alt_response(409, description="`second-factor-needed`: one's role requires it")
@blueprint.alt_response(422, description="`wrong-current-password`")
@blueprint.alt_response(429, description="`too-many-attempts`")
def remove(given: dict[str, str]) -> None:
    """Sign in without a code from now on: one's sessions elsewhere end."""
    account = registry().confirmed(actor(), given["current"])
    if not account.second_factor:
        raise NoSecondFactor()
    keep_in_browser(registry().remove_own_second_factor(account, g.request_id))


def _signed_in() -> Account:
    return _own(actor())


def _own(asking: Any) -> Account:
    if not asking.session:
        raise NotSignedIn()
    return registry().people().account(asking.account)
