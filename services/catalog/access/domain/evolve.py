"""What each event changes in accounts, tokens and sessions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from services.catalog.access.domain.events import (
    AccessChanged,
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
    Event,
    PasswordSet,
    SecondFactorAdded,
    SecondFactorRemoved,
    SecondFactorRequired,
    SessionEnded,
    SessionsEnded,
    SignInLinked,
    SignInUnlinked,
    TokenIssued,
    TokenRevoked,
)
from services.catalog.access.domain.state import Account, People


def evolve(people: People, event: Event) -> People:
    """Return all accounts and tokens after an event."""
    match event:
        case AccountCreated(id, name, role, scope, created_at):
            return _with(people, Account(id, name, role, scope, created_at))
        case AccessChanged(id, role, scope, epoch, _):
            return _with(people, replace(people.accounts[id], role=role, scope=scope, epoch=epoch + 1))
        case PasswordSet(id, epoch, _) | SessionsEnded(id, epoch, _):
            return _with(people, replace(people.accounts[id], epoch=epoch + 1))
        case AccountDisabled(id, epoch, _):
            return _with(people, replace(people.accounts[id], enabled=False, epoch=epoch + 1))
        case AccountEnabled(id, _):
            return _with(people, replace(people.accounts[id], enabled=True))
        case SignInLinked(id, epoch, _):
            return _with(people, replace(people.accounts[id], linked=True, epoch=epoch + 1))
        case SignInUnlinked(id, epoch, _):
            return _with(people, replace(people.accounts[id], linked=False, epoch=epoch + 1))
        case SecondFactorAdded(id, epoch, _, kind, passkey):
            account = replace(people.accounts[id], epoch=epoch + 1)
            has = {"totp": True} if kind == "totp" else {"passkeys": account.passkeys | {passkey}}
            return _with(people, replace(account, **has))
        case SecondFactorRemoved(id, epoch, _, kind, passkey):
            return _with(people, replace(people.accounts[id].without_second_factor(kind, passkey), epoch=epoch + 1))
        case SecondFactorRequired(roles, _):
            return replace(people, second_factor_roles=frozenset(roles))
        case TokenIssued():
            kept = {id: token for id, token in people.tokens.items() if token.expires_at > event.issued_at}
            return replace(people, tokens={**kept, event.id: event})
        case TokenRevoked(id, expires_at, revoked_at):
            return replace(people, revoked={**_ahead(people.revoked, revoked_at), id: expires_at})
        case SessionEnded(id, _, until, ended_at):
            return replace(people, ended={**_ahead(people.ended, ended_at), id: until})
        case _:
            assert_never(event)


def _ahead(ends: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
    """What has not ended yet."""
    return {id: end for id, end in ends.items() if end > now}


def _with(people: People, account: Account) -> People:
    return replace(people, accounts={**people.accounts, account.id: account})
