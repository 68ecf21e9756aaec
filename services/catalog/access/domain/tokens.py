"""Tokens: who gets one, and when it is revoked."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from services.catalog.access.domain import refusals
from services.catalog.access.domain.commands import IssueToken, OfTokens, RevokeToken
from services.catalog.access.domain.events import Event, TokenIssued, TokenRevoked
from services.catalog.access.domain.roles import must_fit
from services.catalog.access.domain.state import People


def decide(command: OfTokens, people: People) -> list[Event]:
    """Return the events that a command about a token leads to; none for a repeat. Raises refusals."""
    match command:
        case IssueToken():
            return [_issued(command, people)]
        case RevokeToken(id, now, given):
            known = people.tokens.get(id)
            expires_at = known.expires_at if known else given
            if expires_at is None:
                raise refusals.UnknownToken()
            return [] if id in people.revoked or expires_at <= now else [TokenRevoked(id, expires_at, now)]
        case _:
            assert_never(command)


def revoked_with(account: str, people: People, now: datetime) -> Iterable[TokenRevoked]:
    """Yield the revocation of each token that an account's programs have."""
    mine = (token for token in people.tokens.values() if token.account == account)
    for token in mine:
        if token.expires_at > now and token.id not in people.revoked:
            yield TokenRevoked(token.id, token.expires_at, now)


def _issued(command: IssueToken, people: People) -> TokenIssued:
    role, scope = command.role, command.scope
    if people.named(command.name.strip().casefold()):
        raise refusals.NameTaken(name=command.name)
    if command.account:
        account = people.account(command.account)
        if not account.enabled:
            raise refusals.Disabled()
        role, scope = account.role, account.scope
    must_fit(role, scope, not_for="administrator")
    if command.expires_at <= command.now:
        raise refusals.InvalidExpiry()
    return TokenIssued(command.id, command.name, role, dict(scope), command.account, command.now, command.expires_at)
