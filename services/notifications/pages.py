"""Notifications' pages: the message log, how a mall words its texts, and its webhooks."""

from typing import Any

from flask import Blueprint, current_app, render_template

from services.chassis.routes import public
from services.notifications.domain.correspondence import STATUSES
from services.notifications.domain.wording import PLACEHOLDERS
from services.notifications.malls import MAX_AGE, Malls
from services.notifications.webhooks.domain import PRODUCERS, SUBJECTS

blueprint = Blueprint("pages", __name__, url_prefix="/notifications")


@blueprint.get("/messages")
@public
def messages() -> str:
    """The message log: an empty shell, filled through the API with the reader's own token."""
    return render_template("messages.html", statuses=STATUSES, kinds=list(PLACEHOLDERS))


@blueprint.get("/malls/<mall>/texts")
@public
def texts(mall: str) -> str:
    """How the mall words its texts: a shell too."""
    return render_template("texts.html", mall=about(mall))


@blueprint.get("/malls/<mall>/webhooks")
@public
def webhooks(mall: str) -> str:
    """Webhooks: a shell too, for the agency or the staff who look."""
    return render_template("webhooks.html", mall=about(mall), subjects=SUBJECTS, producers=PRODUCERS)


def about(mall: str) -> dict[str, Any]:
    """What pages say of a mall; its name is empty until the catalog has told of it."""
    malls: Malls = current_app.extensions["malls"]
    found = malls.find(mall, MAX_AGE)
    return {"code": mall, "name": found.name, "zone": found.zone}
