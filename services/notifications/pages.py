"""Notifications' pages: the message log, and how a mall words its texts."""

from flask import Blueprint, render_template

from services.chassis.guard import public
from services.notifications.domain.correspondence import STATUSES
from services.notifications.domain.wording import PLACEHOLDERS

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
    return render_template("texts.html", code=mall)
