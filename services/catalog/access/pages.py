"""Pages of access: signing in, and who may do what."""

import re
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for

from services.catalog.access.api.common import PEOPLE, has_passkeys_here, registry, sign_in_provider, signed_in
from services.catalog.access.browsers import COOKIE as BROWSER_COOKIE
from services.catalog.access.domain.roles import ROLE_SCOPES
from services.catalog.access.sign_in import HalfSignedIn
from services.chassis.errors import Problem
from services.chassis.origin import address, cookie, cookie_name
from services.chassis.problems import status_and_document
from services.chassis.routes import public
from services.kernel.guard import limited, recognized
from services.kernel.tokens import COOKIE

blueprint = Blueprint("access_pages", __name__, url_prefix="/catalog")

OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)  # printable, without a backslash: browsers read it as /


@blueprint.get("/sign-in")
@public
def sign_in() -> str:
    """Sign in, and go back to where one came from."""
    return _sign_in(way_back(request.args.get("return", "")))


def _sign_in(back: str, problem: dict[str, Any] | None = None, half: HalfSignedIn | None = None) -> str:
    provider = current_app.extensions["sign_in_provider"]
    name = provider and provider.provider.name
    about = {"provider": name, "problem": problem, "who": recognized(), "half": half}
    return render_template("sign_in.html", back=back, passkeys_here=has_passkeys_here(), **about)


@blueprint.get("/sign-in/provider")
@public
@limited("sign-in")
def begin_at_provider() -> Any:
    """Go to the provider to sign in there.

    A link on a page of another site leads to our own page first: a session begins by the person's act here.
    """
    back, provider = way_back(request.args.get("return", "")), sign_in_provider()
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return redirect(f"{url_for('access_pages.sign_in')}?{urlencode({'return': back}, safe='/')}")
    try:
        cookie_name(COOKIE)  # before the way there: the session could not be kept
        return provider.begin(back, url_for("access_pages.return_from_provider", _external=True))
    except Problem as problem:
        return _sign_in_refused(problem, back)


@blueprint.get("/sign-in/provider/return")
@public
def return_from_provider() -> Any:
    """Come back from the provider: signed in if an account is linked to this person; otherwise the page says why not.

    Where the account has a second factor, or needs one, the page asks for it. Counted once the return is one that
    began here, and also where it fails, because the provider is asked each time.
    """
    back, provider = "/", sign_in_provider()
    try:
        back = provider.way_back()
        provider.must_have_begun()
        current_app.extensions["limits"].take("sign-in", address(), "")
        found = registry().sign_in.sign_in_as(provider.end(), cookie(BROWSER_COOKIE))
        if isinstance(found, HalfSignedIn):
            return _sign_in(back, half=found)
        signed_in(found)
    except Problem as problem:
        return _sign_in_refused(problem, back)
    return redirect(back)


def _sign_in_refused(problem: Problem, back: str) -> Response:
    """Return the page to sign in on, with the problem."""
    status, document = status_and_document(problem)
    return Response(_sign_in(back, document), status, mimetype="text/html")


@blueprint.get("/password")
@public
def password() -> str:
    """Another password for oneself: an empty shell, which asks the API."""
    return render_template("password.html")


@blueprint.get("/second-factor")
@public
def second_factor() -> str:
    """One's own second factors: an empty shell, which asks the API."""
    return render_template("second_factor.html", passkeys_here=has_passkeys_here())


@blueprint.get("/access")
@public
def access() -> str:
    """Accounts and tokens: an empty shell, filled through the API for the administrator who looks."""
    provider = current_app.extensions["sign_in_provider"]
    return render_template(
        "access.html", roles=list(ROLE_SCOPES), people=PEOPLE, provider=provider and provider.provider
    )


def way_back(wanted: str) -> str:
    """Where to go after signing in: a path of our own, or the front page."""
    return wanted if OWN_PATH.fullmatch(wanted) else "/"
