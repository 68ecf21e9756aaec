"""Notifications' pages: the message log."""

from flask import Blueprint, render_template

from services.chassis.guard import public

blueprint = Blueprint("pages", __name__, url_prefix="/notifications")


@blueprint.get("/messages")
@public
def messages() -> str:
    """The message log: an empty shell, filled through the API with the reader's own token."""
    return render_template("messages.html")
