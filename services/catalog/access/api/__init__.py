"""Accounts, tokens, sessions and second factors over HTTP."""

from services.catalog.access.api import accounts, second_factor, sessions, tokens

BLUEPRINTS = (sessions.sessions, accounts.blueprint, second_factor.blueprint)

__all__ = ["BLUEPRINTS", "tokens"]
