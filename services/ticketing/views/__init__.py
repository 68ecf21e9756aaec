"""What people see of a business day: plain questions to the folded state, as JSON-ready values. One file per screen."""

from services.ticketing.views.catalogue import hall, token, transfer_targets
from services.ticketing.views.console import counter
from services.ticketing.views.hall_display import was_called
from services.ticketing.views.kiosk import directory, most_used, offer
from services.ticketing.views.supervisor import overview
from services.ticketing.views.today import closures, rule, rules
from services.ticketing.views.visitor import bookable_days, booking, called_ticket, issued_ticket, ticket

__all__ = [
    "bookable_days",
    "booking",
    "called_ticket",
    "closures",
    "counter",
    "directory",
    "hall",
    "issued_ticket",
    "most_used",
    "offer",
    "overview",
    "rule",
    "rules",
    "ticket",
    "token",
    "transfer_targets",
    "was_called",
]
