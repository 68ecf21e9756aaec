"""Accounts, tokens and sessions over HTTP."""

import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import marshmallow as ma
from flask import Response, after_this_request, current_app, g, request
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf, Range

from services.catalog.access.browsers import COOKIE as BROWSER_COOKIE
from services.catalog.access.browsers import LASTS
from services.catalog.access.devices import Device, named
from services.catalog.access.domain import (
    Account,
    ChangeAccess,
    EnableAccount,
    IssueToken,
    Kind,
    RevokeToken,
    TokenIssued,
    UnknownToken,
)
from services.catalog.access.passkeys import NoPasskeysHere, RelyingParty
from services.catalog.access.people import HalfSignedIn, NotSignedIn, Registry, Session, SignedIn, now
from services.catalog.access.provider import NoProvider
from services.chassis.errors import Unauthorized
from services.chassis.origin import address, cookie, cookie_name, must_be_same_origin
from services.chassis.routes import allow, public
from services.kernel.guard import actor, who_asks
from services.kernel.tokens import COOKIE, ROLES, SCOPES, Actor, BadToken, Revoked, Verifier, WrongScope

if TYPE_CHECKING:
    from services.catalog.access.oidc import SignInProvider

PEOPLE = tuple(role for role in ROLES if role != "device")  # who can have an account
sessions = Blueprint("sessions", __name__, url_prefix="/catalog/api", description="Who is asking; signing in and out")
blueprint = Blueprint("access", __name__, url_prefix="/catalog/api/access", description="Who may do what")


class Places(ma.Schema):
    """The mall, counter or agency that a role is bound to."""

    mall = ma.fields.String(load_default="", validate=Length(max=60), metadata={"example": "pekalongan"})
    counter = ma.fields.String(load_default="", validate=Length(max=20), metadata={"example": "G02"})
    agency = ma.fields.String(load_default="", validate=Length(max=60))


class Access(Places):
    """A role, and the places it is bound to."""

    role = ma.fields.String(required=True, validate=OneOf(ROLES))


class NewPassword(ma.Schema):
    """A password of at least 12 characters that is not among the first that an attacker tries."""

    password = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class NewAccount(Access):
    """Somebody who is to sign in."""

    name = ma.fields.String(required=True, validate=Length(1, 60), metadata={"example": "siti"})
    password = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class OwnPassword(NewPassword):
    """Another password for oneself, and the one that holds now."""

    current = ma.fields.String(required=True, load_only=True, validate=Length(1, 200))


class KnownAs(ma.Schema):
    """By which name the provider knows somebody: the value of the claim that OIDC_CLAIM names."""

    known_as = ma.fields.String(
        required=True, validate=Length(1, 200), metadata={"example": "siti@pekalongankota.go.id"}
    )


class AccountOut(ma.Schema):
    """An account; `scope` has the places it is bound to, `known_as` is who signs in as it by the provider."""

    id = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    scope = ma.fields.Dict(metadata={"example": {"mall": "pekalongan", "counter": "G02"}})
    enabled = ma.fields.Boolean()
    second_factor = ma.fields.Boolean(metadata={"description": "Signing in takes a code or a passkey as well."})
    created_at = ma.fields.String()
    known_as = ma.fields.String(metadata={"description": "Empty: nobody."})


class AccountList(ma.Schema):
    """All accounts, by name."""

    accounts = ma.fields.List(ma.fields.Nested(AccountOut))


class NewToken(Places):
    """A token for a machine; of an `account`, whose role and places it then has, for that one's programs."""

    name = ma.fields.String(required=True, validate=Length(1, 60), metadata={"example": "Kios pintu utama"})
    role = ma.fields.String(load_default="device", validate=OneOf(ROLES))
    account = ma.fields.String(load_default="", validate=Length(max=60))
    days = ma.fields.Integer(load_default=365, validate=Range(1, 1100))


class TokenOut(ma.Schema):
    """What is kept of a token: its id, not itself."""

    id = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    scope = ma.fields.Dict()
    account = ma.fields.String()
    issued_at = ma.fields.String()
    expires_at = ma.fields.String()
    revoked = ma.fields.Boolean()


class TokenMade(TokenOut):
    """A new token: `token` is shown this once."""

    token = ma.fields.String()


class TokenList(ma.Schema):
    """All tokens that were made here and have not ended, by name."""

    tokens = ma.fields.List(ma.fields.Nested(TokenOut))


class Presented(ma.Schema):
    """A token, as it was found."""

    token = ma.fields.String(required=True, validate=Length(1, 2000))


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


class CredentialOptions(ma.Schema):
    """What the page hands to `navigator.credentials`, as WebAuthn's JSON with base64url for bytes."""

    options = ma.fields.Dict(metadata={"example": {"challenge": "…", "rpId": "antrean.example.go.id"}})


class Signed(Half):
    """What a passkey signed, with base64url for bytes."""

    credential = ma.fields.String(required=True, load_only=True, validate=Length(1, 1400))
    client_data = ma.fields.String(required=True, load_only=True, validate=Length(1, 4000))
    authenticator_data = ma.fields.String(required=True, load_only=True, validate=Length(1, 4000))
    signature = ma.fields.String(required=True, load_only=True, validate=Length(1, 2000))


class RolesOfPeople(ma.Schema):
    """Roles that need a second factor to sign in."""

    roles = ma.fields.List(ma.fields.String(validate=OneOf(PEOPLE)), required=True, validate=Length(max=len(ROLES)))


class Me(ma.Schema):
    """Who is asking; `can_sign_in` tells whether people can sign in here at all."""

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
    return registry().relying_party(f"{request.scheme}://{request.host}")


def has_passkeys_here() -> bool:
    """Whether passkeys can be used at the address of the page that asks."""
    try:
        party()
    except NoPasskeysHere:
        return False
    return True


@sessions.get("/me")
@public
@sessions.response(200, Me)
def me() -> dict[str, Any]:
    """Return who is asking. It renews no session, as pages ask it periodically."""
    try:
        return who(who_asks())
    except Unauthorized:
        return {"signed_in": False, "can_sign_in": registry().can_sign}


@sessions.put("/session")
@public
@sessions.response(200, Me)
@sessions.alt_response(401, description="`bad-token`, `revoked`: the session has ended")
@sessions.alt_response(403, description="`cross-site`")
def renew_session() -> dict[str, Any]:
    """Renew a session. A page asks this after a key, click or touch, and never periodically."""
    found = who_asks()
    session = registry().renewed(found)
    if session:
        keep_in_browser(session)
    return who(found, session)


@sessions.post("/session")
@public
@sessions.arguments(SignIn())
@sessions.response(200, Me)
@sessions.alt_response(401, description="`wrong-password`, for an unknown name too")
@sessions.alt_response(403, description="`cross-site`, `needs-https`")
@sessions.alt_response(429, description="`too-many-attempts`")
def sign_in(given: dict[str, str]) -> dict[str, Any]:
    """Sign in: the session comes as a cookie, unless `next` says what is missing."""
    must_be_same_origin()
    name, known_as = given["name"].strip().casefold(), cookie(BROWSER_COOKIE)
    cookie_name(COOKIE)  # before a password is looked at: the session could not be kept
    found = registry().sign_in(name, given["password"], address(), known_as)
    if isinstance(found, HalfSignedIn):
        missing = {"next": found.step, "half": found.token, "factors": list(found.factors)}
        return {"signed_in": False, "can_sign_in": True, **missing}
    return signed_in(found)


@sessions.post("/session/code")
@public
@sessions.arguments(Code())
@sessions.response(200, Me)
@sessions.alt_response(401, description="`wrong-code`; `sign-in-expired`: start again with name and password")
@sessions.alt_response(403, description="`cross-site`, `needs-https`")
@sessions.alt_response(429, description="`too-many-attempts`")
def finish_sign_in(given: dict[str, str]) -> dict[str, Any]:
    """Complete a sign-in by a code of the authenticator app, or by a recovery code."""
    must_be_same_origin()
    return signed_in(registry().finish_sign_in(given["half"], given["code"], cookie(BROWSER_COOKIE)))


@sessions.post("/session/passkey/offer")
@public
@sessions.arguments(Half())
@sessions.response(200, CredentialOptions)
@sessions.alt_response(401, description="`sign-in-expired`: start again with name and password")
@sessions.alt_response(403, description="`cross-site`")
@sessions.alt_response(404, description="`no-passkeys-here`")
def ask_for_passkey(given: dict[str, str]) -> dict[str, Any]:
    """Begin to complete a sign-in by a passkey: a challenge, which can be answered once, within five minutes."""
    must_be_same_origin()
    return {"options": registry().ask_for_passkey(given["half"], party())}


@sessions.post("/session/passkey")
@public
@sessions.arguments(Signed())
@sessions.response(200, Me)
@sessions.alt_response(401, description="`wrong-passkey`, `passkey-copied`; `sign-in-expired`: start again")
@sessions.alt_response(403, description="`cross-site`, `needs-https`")
@sessions.alt_response(404, description="`no-passkeys-here`")
@sessions.alt_response(429, description="`too-many-attempts`")
def finish_by_passkey(given: dict[str, str]) -> dict[str, Any]:
    """Complete a sign-in by what a passkey of the account signed."""
    must_be_same_origin()
    return signed_in(registry().finish_by_passkey(given["half"], party(), given, cookie(BROWSER_COOKIE)))


@sessions.delete("/session")
@public
@sessions.response(204)
def sign_out() -> None:
    """Sign out: the session is good no more, in no service."""
    must_be_same_origin()
    end_session()
    forget_session()


@sessions.delete("/sessions")
@allow(*PEOPLE)
@sessions.response(204)
@sessions.alt_response(403, description="`not-signed-in`: a token has no sessions; `cross-site`")
def sign_out_everywhere() -> None:
    """Sign out everywhere: all sessions of the account end, this one too."""
    registry().sign_out_everywhere(_signed_in_account(), **_context())
    forget_session()


@sessions.get("/sessions")
@allow(*PEOPLE)
@sessions.response(200, SessionList)
@sessions.alt_response(403, description="`not-signed-in`: a token has no sessions")
def list_sessions() -> dict[str, Any]:
    """Return where one is signed in, the last used first."""
    return {"sessions": [_session(device) for device in registry().devices(_signed_in_account())]}


@sessions.delete("/sessions/<session>")
@allow(*PEOPLE)
@sessions.response(204)
@sessions.alt_response(403, description="`not-signed-in`: a token has no sessions; `cross-site`")
@sessions.alt_response(404, description="`unknown-session`: it is of another account, or has ended")
def end_one_session(session: str) -> None:
    """End one of one's sessions, in all services."""
    _signed_in_account()
    registry().end_device(actor(), session)


def _signed_in_account() -> str:
    if not actor().session:
        raise NotSignedIn()
    return actor().account


def _session(device: Device) -> dict[str, Any]:
    return {
        "id": device.session,
        "device": device.name,
        "began_at": device.began_at.isoformat(),
        "used_at": device.used_at.isoformat(),
        "current": device.session == actor().session,
    }


def end_session() -> None:
    """End the session that the browser sends, if it has one that has not ended."""
    verifier: Verifier = current_app.extensions["verifier"]
    with suppress(Unauthorized):
        registry().sign_out(verifier.actor("", cookie(COOKIE)))


def who(found: Actor, renewed: Session | None = None) -> dict[str, Any]:
    """Return who asks, and for how long yet."""
    ends = renewed.expires if renewed else found.expires
    about = {"name": found.name, "role": found.role, "scope": dict(found.scope), "session": bool(found.session)}
    left = {"expires_in": max(0, int(ends - time.time()))} if found.session else {}
    return {"signed_in": True, "can_sign_in": registry().can_sign, **about, **left}


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


@sessions.put("/session/password")
@allow(*PEOPLE)
@sessions.arguments(OwnPassword())
@sessions.response(200, Me)
@sessions.alt_response(403, description="`not-signed-in`: a token has no password; `cross-site`")
@sessions.alt_response(422, description="`wrong-current-password`, `weak-password`")
@sessions.alt_response(429, description="`too-many-attempts`")
def change_own_password(given: dict[str, str]) -> dict[str, Any]:
    """Another password for oneself: one's tokens and sessions elsewhere end, and this session stays."""
    session = registry().change_own_password(actor(), given["current"], given["password"], trace=g.request_id)
    keep_in_browser(session)
    return who(actor(), session)


def keep_in_browser(session: Session) -> None:
    """Set the session's cookie with the answer, and store for its owner where that is."""
    registry().keep_device(session, named(request.user_agent.string))
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


@blueprint.before_request
def _of_all_malls() -> None:
    """Somebody bound to a mall cannot make accounts that are not."""
    if "actor" in g and actor().scope:
        raise WrongScope()


@blueprint.get("/accounts")
@allow("administrator")
@blueprint.response(200, AccountList)
def list_accounts() -> dict[str, Any]:
    """All accounts."""
    accounts = sorted(registry().people().accounts.values(), key=lambda account: account.name)
    known_as = registry().identities()
    return {"accounts": [_account(account, known_as) for account in accounts]}


@blueprint.post("/accounts")
@allow("administrator")
@blueprint.arguments(NewAccount())
@blueprint.response(201, AccountOut)
@blueprint.alt_response(409, description="`name-taken`")
@blueprint.alt_response(422, description="`invalid-name`, `invalid-role`, `invalid-places`, `weak-password`")
def create_account(given: dict[str, str]) -> dict[str, Any]:
    """Somebody new, with a first password."""
    name = given["name"].strip().casefold()
    return _account(registry().create(name, given["password"], given["role"], _scope(given), **_context()))


@blueprint.put("/accounts/<account>/access")
@allow("administrator")
@blueprint.arguments(Access())
@blueprint.response(200, AccountOut)
@blueprint.alt_response(409, description="`last-administrator`")
def change_access(given: dict[str, str], account: str) -> dict[str, Any]:
    """Another role, or other places: what the account has of the old ones is good no more."""
    command = ChangeAccess(account, given["role"], _scope(given), now())
    return _account(registry().act(command, **_context()).account(account))


@blueprint.put("/accounts/<account>/password")
@allow("administrator")
@blueprint.arguments(NewPassword())
@blueprint.response(200, AccountOut)
@blueprint.alt_response(422, description="`weak-password`")
def set_password(given: dict[str, str], account: str) -> dict[str, Any]:
    """Another password: all sessions and tokens of the account end."""
    return _account(registry().set_password(account, given["password"], **_context()))


@blueprint.put("/accounts/<account>/disabled")
@allow("administrator")
@blueprint.response(200, AccountOut)
@blueprint.alt_response(409, description="`last-administrator`")
def disable_account(account: str) -> dict[str, Any]:
    """Nobody signs in with it; its sessions and tokens are good no more."""
    return _account(registry().disable(account, **_context()))


@blueprint.delete("/accounts/<account>/disabled")
@allow("administrator")
@blueprint.response(200, AccountOut)
def enable_account(account: str) -> dict[str, Any]:
    """It can sign in again; what was revoked stays so."""
    return _account(registry().act(EnableAccount(account, now()), **_context()).account(account))


@blueprint.delete("/accounts/<account>/sessions")
@allow("administrator")
@blueprint.response(204)
def end_sessions(account: str) -> None:
    """Sign an account out everywhere."""
    registry().sign_out_everywhere(account, **_context())


@blueprint.delete("/accounts/<account>/second-factor")
@allow("administrator")
@blueprint.response(200, AccountOut)
def reset_second_factor(account: str) -> dict[str, Any]:
    """Take all second factors away, for who lost them: the account's sessions end."""
    return _account(registry().reset_second_factor(account, **_context()))


@blueprint.get("/second-factor")
@allow("administrator")
@blueprint.response(200, RolesOfPeople)
def second_factor_roles() -> dict[str, Any]:
    """Return the roles that need a second factor."""
    return {"roles": sorted(registry().people().second_factor_roles)}


@blueprint.put("/second-factor")
@allow("administrator")
@blueprint.arguments(RolesOfPeople())
@blueprint.response(200, RolesOfPeople)
@blueprint.alt_response(404, description="`no-second-factor`: there is no key to seal secrets with")
def require_second_factor(given: dict[str, list[str]]) -> dict[str, Any]:
    """Require a second factor of these roles and of no others; accounts without one are signed out."""
    people = registry().require_second_factor(given["roles"], **_context())
    return {"roles": sorted(people.second_factor_roles)}


@blueprint.put("/accounts/<account>/known-as")
@allow("administrator")
@blueprint.arguments(KnownAs())
@blueprint.response(200, AccountOut)
@blueprint.alt_response(404, description="`unknown-account`, `no-provider`")
@blueprint.alt_response(409, description="`already-linked`")
def link_sign_in(given: dict[str, str], account: str) -> dict[str, Any]:
    """Let somebody sign in as this account by the provider; its sessions are over."""
    known_as = sign_in_provider().provider.spelled(given["known_as"])
    return _account(registry().link(account, known_as, **_context()))


@blueprint.delete("/accounts/<account>/known-as")
@allow("administrator")
@blueprint.response(200, AccountOut)
def unlink_sign_in(account: str) -> dict[str, Any]:
    """Let nobody sign in as this account by the provider; its sessions are over."""
    return _account(registry().unlink(account, **_context()))


@blueprint.get("/tokens")
@allow("administrator")
@blueprint.response(200, TokenList)
def list_tokens() -> dict[str, Any]:
    """All tokens that were made here and have not ended."""
    people, at = registry().people(), now()
    ahead = sorted((t for t in people.tokens.values() if t.expires_at > at), key=lambda token: token.name)
    return {"tokens": [_token(token) | {"revoked": token.id in people.revoked} for token in ahead]}


@blueprint.post("/tokens")
@allow("administrator")
@blueprint.arguments(NewToken())
@blueprint.response(201, TokenMade)
@blueprint.alt_response(409, description="`name-taken`, `disabled`")
@blueprint.alt_response(422, description="`invalid-role`, `invalid-places`")
def issue_token(given: dict[str, Any]) -> dict[str, Any]:
    """A token for a machine. It is in this answer and nowhere else."""
    at = now()
    ends, id = at + timedelta(days=given["days"]), secrets.token_urlsafe(12)
    command = IssueToken(id, given["name"], given["role"], _scope(given), given["account"], ends, at)
    issued, token = registry().issue(command, **_context())
    return _token(issued) | {"revoked": False, "token": token}


@blueprint.delete("/tokens/<token>")
@allow("administrator")
@blueprint.response(204)
@blueprint.alt_response(404, description="`unknown-token`")
def revoke_token(token: str) -> None:
    """A token is good no more, in no service."""
    registry().act(RevokeToken(token, now()), **_context())


@blueprint.post("/revocations")
@allow("administrator")
@blueprint.arguments(Presented())
@blueprint.response(204)
@blueprint.alt_response(404, description="`unknown-token`: it has no id, has ended, or is not ours")
def revoke_presented(given: dict[str, str]) -> None:
    """Revoke a token that you have, also one that was made on the command line."""
    verifier: Verifier = current_app.extensions["verifier"]
    try:
        found = verifier.actor(f"Bearer {given['token']}")
    except Revoked:
        return
    except BadToken:
        raise UnknownToken() from None
    if not found.token or found.session:
        raise UnknownToken()
    ends = datetime.fromtimestamp(int(found.expires), now().tzinfo)
    registry().act(RevokeToken(found.token, now(), ends), **_context())


def _scope(given: dict[str, Any]) -> dict[str, str]:
    return {place: given[place] for place in SCOPES if given[place]}


def _context() -> dict[str, str]:
    """Who asks, and the request's id; no digest of the body, for there may be a password in it."""
    return {"actor": actor().name, "trace": g.request_id}


def _account(account: Account, known_as: Mapping[str, str] | None = None) -> dict[str, Any]:
    names = registry().identities() if known_as is None else known_as
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "scope": dict(account.scope),
        "enabled": account.enabled,
        "second_factor": account.second_factor,
        "created_at": account.created_at.isoformat(),
        "known_as": names.get(account.id, "") if account.linked else "",
    }


def _token(token: TokenIssued) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "scope": dict(token.scope),
        "account": token.account,
        "issued_at": token.issued_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
    }
