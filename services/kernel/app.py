"""The web factory of the three services: the chassis's, with the roles and tokens of this domain."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from services.chassis import web
from services.chassis.limits import Limits
from services.chassis.routes import Authorization
from services.kernel.guard import caller, must_be_allowed
from services.kernel.tokens import Verifier

KERNEL = Path(__file__).parent


def make_app(
    service: str,
    verifier: Verifier,
    blueprints: Sequence[Any],
    ready: Mapping[str, Callable[[], object]],
    title: str,
    limits: Limits | None = None,
    must_exist: Callable[..., None] = lambda **_: None,
) -> Flask:
    """Return a service's Flask app that checks tokens by `verifier`; other arguments are those of `web.create_app`.

    `limits` holds those that routes name (`limited`); `must_exist` receives the arguments in such a route's address and
    raises `NotFound` for what does not exist, so that it makes no count.
    """
    authorization = Authorization(must_be_allowed, caller)
    app = web.create_app(service, authorization, blueprints, ready, title, shared=[KERNEL])
    app.extensions |= {"verifier": verifier, "limits": limits, "must_exist": must_exist}
    return app
