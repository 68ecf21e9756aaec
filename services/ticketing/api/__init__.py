"""Ticketing over HTTP: parse, execute, render. Each module adds its routes to the one blueprint of a mall."""

from services.ticketing.api import bookings, counters, days, presence, reports, seals, tickets
from services.ticketing.api.tickets import blueprint, queue

__all__ = ["blueprint", "bookings", "counters", "days", "presence", "queue", "reports", "seals", "tickets"]
