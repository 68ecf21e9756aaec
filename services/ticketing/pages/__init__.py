"""Ticketing's pages. Each module adds its routes to the one blueprint of a mall."""

from services.ticketing.pages import staff, visitors
from services.ticketing.pages.visitors import blueprint

__all__ = ["blueprint", "staff", "visitors"]
