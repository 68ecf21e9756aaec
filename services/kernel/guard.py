"""Who may ask: each route declares it, and it is looked at before anything else of a request."""

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from services.chassis.errors import Forbidden, Problem, Unauthorized, Unavailable
from services.chassis.limits import Limits
from services.kernel.tokens import COOKIE, Actor, Revoked, Verifier, WrongRole, WrongScope

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
STAFF = frozenset(("operator", "supervisor", "administrator"))  # roles that act on tickets by their ids
UNLIMITED = STAFF | {"device"}  # roles of whom no address is counted
HOST_PREFIX = "__Host-"
View = TypeVar("View", bound=Callable[..., Any])


class CrossSite(Forbidden):
    """A page of another site made the browser ask, or what it sends is no JSON."""


class NeedsHttps(Forbidden):
    """Sessions are kept over https alone, and over plain http on the machine itself (loopback)."""


def public(view: View) -> View:
    """Declare that anybody may call this route."""
    return allow()(view)


def allow(*roles: str) -> Callable[[View], View]:
    """Declare which roles may call this route; a token bound to a mall or counter only its own. None: anybody."""

    def mark(view: View) -> View:
        view.access = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


def limited(name: str) -> Callable[[View], View]:
    """Declare that an address may do this only so often, for each mall; kiosks and staff are not counted.

    Stands right above the function, below what validates the request. Only an act is counted: a request that is
    invalid, or names what does not exist (`must_exist` of `create_app`), makes no count, and the count of an act that
    is refused is given back. It is taken before the act, so that parallel requests cannot pass the limit.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kwargs: Any) -> Any:
            if is_of_the_house():
                return view(*args, **kwargs)
            named = request.view_args or {}
            current_app.extensions["must_exist"](**named)
            limits: Limits = current_app.extensions["limits"]
            key = limits.take(name, address(), named.get("mall", ""))
            try:
                answer = view(*args, **kwargs)
            except Unavailable:
                raise  # whether the act was recorded is not known
            except (Problem, HTTPException):
                limits.give_back(key)
                raise
            if isinstance(answer, Response) and 400 <= answer.status_code < 500:
                limits.give_back(key)
            return answer

        counted.limit = name  # type: ignore[attr-defined]
        return cast(View, counted)

    return mark


def address() -> str:
    """Where the request comes from, as the gateway tells it; of IPv6 the network, for a household has a whole one."""
    peer = request.remote_addr or ""
    gateways = current_app.config["GATEWAYS"]
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        found = ipaddress.ip_address(told if told and ("*" in gateways or peer in gateways) else peer)
    except ValueError:
        return peer
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def actor() -> Actor:
    """Who is asking. Only on routes with roles."""
    found: Actor = g.actor
    return found


def must_be_allowed(view: Callable[..., Any]) -> None:
    """Refuse a caller whom the route does not name. Raises what `who_asks` does, `WrongRole` and `WrongScope`."""
    roles = getattr(view, "access", None)
    if roles is None:
        raise WrongRole()  # a route that does not say who may use it is used by nobody
    if roles:
        g.actor = who_asks()
        if g.actor.role not in roles:
            raise WrongRole()
        for place, code in g.actor.scope.items():
            if (request.view_args or {}).get(place, code) != code:
                raise WrongScope()


def is_of_the_house() -> bool:
    """Whether a kiosk or a member of staff asks, for their own mall. Raises `Revoked` for a token that was.

    A cookie of a session that is over is sent by the browser itself: who has one is a visitor.
    """
    try:
        asking = who_asks()
    except (Unauthorized, Forbidden) as error:
        if isinstance(error, Revoked) and request.headers.get("Authorization"):
            raise
        return False
    return _is_here(asking, UNLIMITED)


def is_staff() -> bool:
    """Return whether a member of this mall's staff asks on a route that is for everybody."""
    asking = recognized()
    return asking is not None and _is_here(asking, STAFF)


def _is_here(asking: Actor, roles: frozenset[str]) -> bool:
    mall = asking.scope.get("mall")
    return asking.role in roles and mall in (None, (request.view_args or {}).get("mall", mall))


def caller() -> str:
    """Return who asks, to keep the idempotency keys of callers apart: an account, a session or a token.

    A visitor has none of them and is told apart by network address.
    """
    asking: Actor | None = g.actor if "actor" in g else recognized()
    if asking is None:
        return f"address {address()}"
    return " ".join((asking.role, asking.account or asking.session or asking.token or asking.name))


def recognized() -> Actor | None:
    """Who asks on a route that is for everybody; None for a visitor, and for whoever was signed in once."""
    try:
        return who_asks()
    except (Unauthorized, Forbidden):
        return None


def cookie_name(plain: str) -> str:
    """Return the name of a cookie for the scheme of this request: over https with the prefix `__Host-`.

    Browsers take such a cookie only with Secure, from this host itself and for all its paths, so neither another host
    of the domain nor a page over http can set it. Over https no cookie of the plain name is accepted.
    Raises `NeedsHttps` for plain http to another machine, where the cookie could be read on the way.
    """
    if request.is_secure:
        return HOST_PREFIX + plain
    if not _is_loopback(request.host):
        raise NeedsHttps()
    return plain


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def cookie(plain: str) -> str:
    """Return the value of a cookie under its name for this request; empty where there is none."""
    try:
        return request.cookies.get(cookie_name(plain), "")
    except NeedsHttps:
        return ""


def who_asks() -> Actor:
    """Whose token or session comes with the request. Raises `BadToken`, `Revoked`, `CrossSite`."""
    verifier: Verifier = current_app.extensions["verifier"]
    authorization = request.headers.get("Authorization", "")
    found = verifier.actor(authorization, cookie(COOKIE))
    if not authorization and request.method not in SAFE_METHODS:
        must_be_same_origin()  # a browser sends cookies whoever made it ask, headers only for our own pages
    return found


def must_be_same_origin() -> None:
    """Refuse what a page of another site could make a browser send. Raises `CrossSite`.

    Sec-Fetch-Site says who asks; where browsers leave it out (plain http in a LAN), Origin does.
    """
    own = f"{request.scheme}://{request.host}"
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    same = site == "same-origin" if site else origin == own
    if not same or (request.content_length and not request.is_json):
        raise CrossSite()
