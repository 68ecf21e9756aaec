"""Where gateways report what became of a text. The address itself shows that we asked for the report."""

from typing import Any

from flask import current_app, request
from flask_smorest import Blueprint

from services.chassis.clock import now
from services.chassis.routes import public
from services.notifications.api.messages import correspondences
from services.notifications.domain.commands import RecordReport
from services.notifications.sms.reports import Reports

blueprint = Blueprint("callbacks", __name__, url_prefix="/notifications/api", description="Reports of SMS gateways")
ADDRESS = "/gateways/<gateway>/reports/<token>"


@blueprint.post(ADDRESS)
@public
@blueprint.response(200)
@blueprint.alt_response(403, description="`bad-report`: this address was not made by us")
def take_report(gateway: str, token: str) -> dict[str, bool]:
    """A gateway reports about one text: as a form or JSON, however the gateway does. Twice is once."""
    return _take(gateway, token)


@blueprint.get(ADDRESS)
@public
@blueprint.response(200)
@blueprint.alt_response(403, description="`bad-report`: this address was not made by us")
def take_report_of_a_query(gateway: str, token: str) -> dict[str, bool]:
    """The same from a gateway that can only GET, as Kannel does."""
    return _take(gateway, token)


def _take(gateway: str, token: str) -> dict[str, bool]:
    reports: Reports = current_app.extensions["reports"]
    subject, message_id = reports.opened(gateway, token)
    delivered = reports.readers[gateway].read(_sent())
    if delivered is not None:
        correspondences().act(subject, RecordReport(message_id, delivered, now()))
    return {"received": True}


def _sent() -> Any:
    """What was sent, whatever way it came."""
    document = request.get_json(silent=True)
    return {**request.args, **request.form, **(document if isinstance(document, dict) else {})}
