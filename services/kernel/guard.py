"""Who may call a route: tokens and sessions against what the route declares, before anything else of a request."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from services.chassis.errors import Forbidden, Problem, Unauthorized, Unavailable
from services.chassis.limits import Limits
from services.chassis.origin import SAFE_METHODS, address, cookie, must_be_same_origin
from services.chassis.routes import View
from services.kernel.tokens import COOKIE, Actor, Revoked, Verifier, WrongRole, WrongScope

STAFF = frozenset(("operator", "supervisor", "administrator"))  # roles that act on tickets by their ids
UNLIMITED = STAFF | {"device"}  # roles of whom no address is counted


def limited(name: str) -> Callable[[View], View]:
    """Declare that an address may do this only so often, for each mall; kiosks and staff are not counted.

    Put it right above the function, below what validates the request. Only an act is counted: a request that is
    invalid, or names what does not exist (`must_exist` of `make_app`), makes no count, and the count of an act that
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


def actor() -> Actor:
    """Who is asking. Only on routes with roles."""
    found: Actor = g.actor
    return found


def must_be_allowed(view: Callable[..., Any]) -> None:
    """Refuse a caller whom the route does not name. Raises what `who_asks` does, `WrongRole` and `WrongScope`."""
    roles = getattr(view, "access", None)
    if roles is None:
        raise WrongRole()  # a route that declares no roles is closed
    if roles:
        g.actor = who_asks()
        if g.actor.role not in roles:
            raise WrongRole()
        for name, code in g.actor.scope.items():
            if (request.view_args or {}).get(name, code) != code:
                raise WrongScope()


def must_have_no_scope() -> None:
    """Refuse a caller who is bound to a mall, counter or agency: `before_request` of routes that concern all malls.

    Raises `WrongScope`.
    """
    if "actor" in g and g.actor.scope:
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
    """Return whether a member of this mall's staff asks on a public route."""
    asking = recognized()
    return asking is not None and _is_here(asking, STAFF)


def _is_here(asking: Actor, roles: frozenset[str]) -> bool:
    mall = asking.scope.get("mall")
    return asking.role in roles and mall in (None, (request.view_args or {}).get("mall", mall))


def caller() -> str:
    """Return who asks, to keep the idempotency keys of callers apart: an account, a session or a token.

    A visitor has none of them and is identified by network address.
    """
    asking: Actor | None = g.actor if "actor" in g else recognized()
    if asking is None:
        return f"address {address()}"
    return " ".join((asking.role, asking.account or asking.session or asking.token or asking.name))


def recognized() -> Actor | None:
    """Return who asks on a public route; None for a visitor, also one whose session has ended."""
    try:
        return who_asks()
    except (Unauthorized, Forbidden):
        return None


def who_asks() -> Actor:
    """Whose token or session comes with the request. Raises `BadToken`, `Revoked`, `CrossSite`."""
    verifier: Verifier = current_app.extensions["verifier"]
    authorization = request.headers.get("Authorization", "")
    found = verifier.actor(authorization, cookie(COOKIE))
    if not authorization and request.method not in SAFE_METHODS:
        must_be_same_origin()  # any site can make a browser send cookies; only our own pages can set the header
    return found
