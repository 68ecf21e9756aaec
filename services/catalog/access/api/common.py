"""What the routes of access share: the registry, cookies of sessions, scope of a role, who asks."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import marshmallow as ma
from flask import Response, after_this_request, current_app, g, request
from flask_smorest import Blueprint
from marshmallow.validate import Length

from services.catalog.access.browsers import COOKIE as BROWSER_COOKIE
from services.catalog.access.browsers import LASTS
from services.catalog.access.devices import named
from services.catalog.access.passkeys import NoPasskeysHere, RelyingParty, relying_party
from services.catalog.access.provider import NoProvider
from services.catalog.access.registry import Registry
from services.catalog.access.sessions import Session
from services.catalog.access.sign_in import NotSignedIn, SignedIn
from services.chassis.errors import Unauthorized
from services.chassis.origin import cookie, cookie_name, must_be_same_origin
from services.chassis.routes import View
from services.kernel.guard import actor
from services.kernel.tokens import COOKIE, ROLES, SCOPES, Actor, Verifier

if TYPE_CHECKING:
    from services.catalog.access.oidc import SignInProvider

CROSS_SITE = {403: "`cross-site`; `needs-https`, where the answer sets a cookie"}
TOO_MANY_ATTEMPTS = {429: "`too-many-attempts`"}
BY_PASSWORD = {422: "`wrong-current-password`", **TOO_MANY_ATTEMPTS}
BY_SESSION_OR_HALF = {401: "`sign-in-expired`, `bad-token`", **TOO_MANY_ATTEMPTS}
PEOPLE = tuple(role for role in ROLES if role != "device")  # who can have an account


class ScopeFields(ma.Schema):
    """The mall, counter or agency that a role is bound to."""

    mall = ma.fields.String(load_default="", validate=Length(max=60), metadata={"example": "pekalongan"})
    counter = ma.fields.String(load_default="", validate=Length(max=20), metadata={"example": "G02"})
    agency = ma.fields.String(load_default="", validate=Length(max=60))


class CredentialOptions(ma.Schema):
    """What the page hands to `navigator.credentials`, as WebAuthn's JSON with base64url for bytes."""

    options = ma.fields.Dict(metadata={"example": {"challenge": "…", "rpId": "antrean.example.go.id"}})


def same_origin(blueprint: Blueprint) -> Callable[[View], View]:
    """Declare that only pages of this origin may call this public route; raise `CrossSite` for others.

    Put it right above the function, below the schemas. A public route has no token that the guard could check, and
    without this a page of another site could sign a browser in or out.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            must_be_same_origin()
            return view(*args, **kwargs)

        return cast(View, refusals(blueprint, CROSS_SITE)(checked))

    return mark


def refusals(blueprint: Blueprint, by_status: Mapping[int, str]) -> Callable[[View], View]:
    """Describe the problems that a route answers with: for each HTTP status, their reasons."""

    def mark(view: View) -> View:
        for status, reasons in by_status.items():
            view = blueprint.alt_response(status, description=reasons)(view)
        return view

    return mark


def sign_in_provider() -> "SignInProvider":
    """This process's provider. Raises `NoProvider`."""
    found: SignInProvider | None = current_app.extensions["sign_in_provider"]
    if found is None:
        raise NoProvider()
    return found


def registry() -> Registry:
    """This process's registry."""
    found: Registry = current_app.extensions["registry"]
    return found


def party() -> RelyingParty:
    """What passkeys are bound to on the page that asks. Raises `NoPasskeysHere`."""
    return relying_party(f"{request.scheme}://{request.host}", registry().public_url)


def has_passkeys_here() -> bool:
    """Whether passkeys can be used at the address of the page that asks."""
    try:
        party()
    except NoPasskeysHere:
        return False
    return True


def signed_in_account(asking: Actor) -> str:
    """Return the id of the account that asks. Raises `NotSignedIn` for a token."""
    if not asking.session:
        raise NotSignedIn()
    return asking.account


def end_session() -> None:
    """End the session that the browser sends, if it has one that has not ended."""
    verifier: Verifier = current_app.extensions["verifier"]
    with suppress(Unauthorized):
        registry().sessions.sign_out(verifier.actor("", cookie(COOKIE)))


def who(found: Actor, renewed: Session | None = None) -> dict[str, Any]:
    """Return who asks, and for how long yet."""
    ends = renewed.expires if renewed else found.expires
    about = {"name": found.name, "role": found.role, "scope": dict(found.scope), "session": bool(found.session)}
    left = {"expires_in": max(0, int(ends - time.time()))} if found.session else {}
    return {"signed_in": True, "can_sign_in": registry().accounts.can_sign, **about, **left}


def signed_in(found: SignedIn) -> dict[str, Any]:
    """Keep session and browser in cookies; return who is signed in, and what failed before.

    The session that the browser had before ends.
    """
    end_session()
    keep_in_browser(found.session)
    keep_known(found)
    account, failures = found.account, found.failures
    about = {"name": account.name, "role": account.role, "scope": dict(account.scope), "session": True}
    failed = {"failed_attempts": failures.count, "last_failed_at": failures.last.isoformat()} if failures else {}
    left = {"expires_in": int(found.session.expires - time.time())}
    return {"signed_in": True, "can_sign_in": True, **about, **left, **failed}


def forget_session() -> None:
    """Take the session's cookie back with the answer."""
    name = cookie_name(COOKIE)

    @after_this_request
    def forget(response: Response) -> Response:
        response.delete_cookie(name, path="/", secure=request.is_secure, httponly=True, samesite="Strict")
        return response


def keep_in_browser(session: Session) -> None:
    """Set the session's cookie with the answer, and store for its owner where that is."""
    registry().sessions.keep_device(session, named(request.user_agent.string))
    _set_cookie(COOKIE, session.token)


def keep_known(found: SignedIn) -> None:
    """Set the cookie by which the account knows this browser."""
    _set_cookie(BROWSER_COOKIE, found.browser, LASTS)


def _set_cookie(plain: str, value: str, lasts: int | None = None) -> None:
    name, secure = cookie_name(plain), request.is_secure

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(name, value, lasts, path="/", secure=secure, httponly=True, samesite="Strict")
        return response


def scope_of(given: dict[str, Any]) -> dict[str, str]:
    """Return the scopes that are given, without those left empty."""
    return {name: given[name] for name in SCOPES if given[name]}


def context() -> dict[str, str]:
    """Who asks, and the request's id; no digest of the body, for there may be a password in it."""
    return {"actor": actor().name, "trace": g.request_id}
