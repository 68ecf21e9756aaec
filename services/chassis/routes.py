"""What routes declare: who may call them; and which route a request is for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import request


@dataclass(frozen=True)
class Authorization:
    """Who may call which route, as functions that the web factory calls: it needs neither roles nor tokens.

    `check` takes the view of a request, before the body is read, and raises a `Problem` to refuse it. `caller` names
    the sender, which keeps the idempotency keys of callers apart.
    """

    check: Callable[[Callable[..., Any]], None]
    caller: Callable[[], str]


View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Declare that this route takes no token."""
    return allow()(view)


def allow(*roles: str) -> Callable[[View], View]:
    """Declare which roles may call this route, each within the scope of its token; without roles, it is public."""

    def mark(view: View) -> View:
        view.access = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


def current_route() -> str:
    """Return the route of this request, never its path: paths can hold secrets."""
    return request.url_rule.rule if request.url_rule else "none"
