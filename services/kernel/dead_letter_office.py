"""The dead letter office: where administrators look at records that could not be handled, and decide on them."""

import re
from typing import Any

import marshmallow as ma
from flask import Blueprint as Pages
from flask import current_app, render_template
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf, Range

from services.chassis.dead_letters import PARKED, STATES, DeadLetters, Letter
from services.chassis.routes import allow, public
from services.kernel.guard import actor, must_have_no_scope

MOBILE = re.compile(r"(?<!\d)((?:\+?62|0)[\s-]?8\d)[\d\s-]{5,12}(\d{3})(?!\d)")  # Indonesian, in any usual form


def shown(letter: Letter) -> dict[str, Any]:
    """A letter for people: its bytes as text, what is no text escaped; phone numbers masked."""
    headers = {name: _text(text) for name, text in letter.headers}
    return {
        **{name: getattr(letter, name) for name in ("id", "group", "topic", "partition", "offset", "state")},
        "cause": _masked(letter.cause),
        "type": headers.get("ce_type", ""),
        "event": headers.get("ce_id", ""),
        "key": _text(letter.key),
        "headers": headers,
        "value": _text(letter.value),
        "at": letter.at.isoformat(),
        "acts": [{**act, "at": act["at"].isoformat(), "why": _masked(act.get("why", ""))} for act in letter.acts],
    }


def _text(kept: bytes | None) -> str:
    return _masked((kept or b"").decode(errors="backslashreplace"))


def _masked(text: str) -> str:
    return MOBILE.sub(r"\1****\2", text)


class Which(ma.Schema):
    """Which letters to list."""

    state = ma.fields.String(load_default=PARKED, validate=OneOf(("", *STATES)))
    limit = ma.fields.Integer(load_default=100, validate=Range(1, 1000))


class DiscardedWhy(ma.Schema):
    """Why a letter is discarded."""

    why = ma.fields.String(required=True, validate=Length(1, 300), metadata={"example": "Kejadian uji coba"})


def blueprints(service: str) -> list[Any]:
    """The routes and the page of a service's dead letters. The app has them as extension `dead_letters`."""
    routes = Blueprint("dead_letters", __name__, url_prefix=f"/{service}/api/dead-letters", description="Dead letters")
    pages = Pages("dead_letters_page", __name__, url_prefix=f"/{service}/dead-letters")

    routes.before_request(must_have_no_scope)  # dead letters belong to no mall

    @routes.get("")
    @allow("administrator")
    @routes.arguments(Which(), location="query")
    @routes.response(200)
    def list_letters(which: dict[str, Any]) -> dict[str, Any]:
        """Records that could not be handled, the newest first."""
        return {"letters": [shown(letter) for letter in letters().latest(which["state"], which["limit"])]}

    @routes.get("/<letter>")
    @allow("administrator")
    @routes.response(200)
    def get_letter(letter: str) -> dict[str, Any]:
        """One of them, as it came, and what became of it."""
        return shown(letters().get(letter))

    @routes.post("/<letter>/replay")
    @allow("administrator")
    @routes.response(202)
    @routes.alt_response(409, description="`not-parked`")
    def replay(letter: str) -> dict[str, Any]:
        """Have it handed once more to what could not handle it, and to nobody else; a second or two later it is."""
        return shown(letters().ask(letter, actor().name))

    @routes.post("/<letter>/discard")
    @allow("administrator")
    @routes.arguments(DiscardedWhy())
    @routes.response(200)
    @routes.alt_response(409, description="`not-parked`")
    def discard(reason: dict[str, str], letter: str) -> dict[str, Any]:
        """Leave it at that, and say why. It is kept."""
        return shown(letters().discard(letter, actor().name, reason["why"]))

    @pages.get("")
    @public
    def dead_letters() -> str:
        """The dead letters: an empty shell, filled through the API for the administrator who looks."""
        return render_template("dead_letters.html", service=service, states=STATES)

    return [routes, pages]


def letters() -> DeadLetters:
    """This process's dead letters."""
    found: DeadLetters = current_app.extensions["dead_letters"]
    return found
