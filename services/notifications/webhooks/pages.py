"""The page of webhooks."""

from flask import Blueprint, render_template

from services.chassis.guard import public
from services.notifications.webhooks.domain import PRODUCERS, SUBJECTS

blueprint = Blueprint("webhook_pages", __name__, url_prefix="/notifications")


@blueprint.get("/malls/<mall>/webhooks")
@public
def webhooks(mall: str) -> str:
    """Webhooks: an empty shell, filled through the API for the agency or the staff who look."""
    return render_template("webhooks.html", mall_code=mall, subjects=SUBJECTS, producers=PRODUCERS)
