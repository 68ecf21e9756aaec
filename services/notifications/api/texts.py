"""How a mall words its texts, over HTTP: for its administrators to change, for supervisors to read."""

from typing import Any, cast

import marshmallow as ma
from flask import current_app
from flask_smorest import Blueprint
from marshmallow.validate import Length

from services.chassis.clock import now
from services.chassis.errors import NotFound
from services.chassis.idempotency import command_context
from services.chassis.routes import allow
from services.notifications.domain.events import Kind
from services.notifications.domain.mall import Mall, SwitchText, WordText
from services.notifications.domain.wording import PLACEHOLDERS, must_fit
from services.notifications.malls import Malls
from services.notifications.sms import wording

blueprint = Blueprint("texts", __name__, url_prefix="/notifications/api", description="How texts are worded")


class UnknownOccasion(NotFound):
    """There is no text for such an occasion, or none in this language."""


class Wording(ma.Schema):
    """A text with its {values}."""

    text = ma.fields.String(required=True, validate=Length(1, 400), metadata={"example": "{mall}: nomor {number}"})


class Switch(ma.Schema):
    """Whether the occasion is texted."""

    on = ma.fields.Boolean(required=True)


class Dry(ma.Schema):
    """Whether to look only."""

    dry_run = ma.fields.Boolean(load_default=False)


class WordedOut(ma.Schema):
    """A text in one language: its wording, whether that is the usual one, how long it can be, and how it may look."""

    text = ma.fields.String()
    usual = ma.fields.Boolean()
    longest = ma.fields.Integer()
    example = ma.fields.String()


class OccasionOut(ma.Schema):
    """An occasion: whether it is texted, the values its text can hold, and the text in each language."""

    kind = ma.fields.String()
    on = ma.fields.Boolean()
    placeholders = ma.fields.List(ma.fields.String())
    languages = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(WordedOut))


class OccasionList(ma.Schema):
    """All occasions of a mall."""

    occasions = ma.fields.List(ma.fields.Nested(OccasionOut))


@blueprint.get("/malls/<mall>/texts")
@allow("supervisor", "administrator")
@blueprint.response(200, OccasionList)
def list_texts(mall: str) -> dict[str, Any]:
    """Every occasion with its wording in this mall."""
    found = malls().find(mall)
    return {"occasions": [_occasion(found, mall, kind) for kind in PLACEHOLDERS]}


@blueprint.put("/malls/<mall>/texts/<kind>/<language>")
@allow("administrator")
@blueprint.arguments(Wording())
@blueprint.arguments(Dry(), location="query")
@blueprint.response(200, WordedOut)
@blueprint.alt_response(404, description="`unknown-occasion`")
@blueprint.alt_response(422, description="`invalid-text`: `errors` says what is wrong with it")
def word_text(worded: dict[str, str], dry: dict[str, bool], mall: str, kind: str, language: str) -> dict[str, Any]:
    """Word a text; with `dry_run=true` only see how it would look."""
    occasion, text = _known(kind, language), worded["text"].strip()
    must_fit(occasion, text)
    found = malls().find(mall)
    if not dry["dry_run"]:
        usual = text == wording.USUAL[language].get(occasion)
        command = WordText(occasion, language, "" if usual else text, now())
        found = malls().act(mall, command, **command_context()).now.state
    return _worded(found, mall, occasion, language, text)


@blueprint.delete("/malls/<mall>/texts/<kind>/<language>")
@allow("administrator")
@blueprint.response(200, WordedOut)
@blueprint.alt_response(404, description="`unknown-occasion`")
def unword_text(mall: str, kind: str, language: str) -> dict[str, Any]:
    """Go back to the usual wording."""
    occasion = _known(kind, language)
    found = malls().act(mall, WordText(occasion, language, "", now()), **command_context()).now.state
    return _worded(found, mall, occasion, language)


@blueprint.put("/malls/<mall>/texts/<kind>")
@allow("administrator")
@blueprint.arguments(Switch())
@blueprint.response(200, OccasionOut)
@blueprint.alt_response(404, description="`unknown-occasion`")
def switch_text(switch: dict[str, bool], mall: str, kind: str) -> dict[str, Any]:
    """Text an occasion, or no longer."""
    occasion = _known(kind)
    found = malls().act(mall, SwitchText(occasion, switch["on"], now()), **command_context()).now.state
    return _occasion(found, mall, occasion)


def malls() -> Malls:
    """This process's malls."""
    found: Malls = current_app.extensions["malls"]
    return found


def _known(kind: str, language: str = wording.DEFAULT) -> Kind:
    """The occasion. Raises `UnknownOccasion`."""
    if kind not in PLACEHOLDERS or language not in wording.USUAL:
        raise UnknownOccasion()
    return cast(Kind, kind)


def _occasion(found: Mall, mall: str, kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind,
        "on": kind not in found.silent,
        "placeholders": PLACEHOLDERS[kind],
        "languages": {language: _worded(found, mall, kind, language) for language in wording.USUAL},
    }


def _worded(found: Mall, mall: str, kind: Kind, language: str, text: str = "") -> dict[str, Any]:
    written = text or wording.template(found, kind, language)
    return {
        "text": written,
        "usual": written == wording.USUAL[language].get(kind),
        "longest": must_fit(kind, written),
        "example": wording.example(written, found, mall, language),
    }
