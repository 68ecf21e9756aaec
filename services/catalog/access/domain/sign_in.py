"""Signing in: links to a provider, second factors, and the end of sessions."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from services.catalog.access.domain import refusals
from services.catalog.access.domain.commands import (
    AddSecondFactor,
    EndSession,
    EndSessions,
    LinkSignIn,
    OfSignIn,
    OfSignInOfAccount,
    RemoveSecondFactor,
    RequireSecondFactor,
    UnlinkSignIn,
)
from services.catalog.access.domain.events import (
    Event,
    SecondFactorAdded,
    SecondFactorRemoved,
    SecondFactorRequired,
    SessionEnded,
    SessionsEnded,
    SignInLinked,
    SignInUnlinked,
)
from services.catalog.access.domain.roles import ROLE_SCOPES
from services.catalog.access.domain.state import Account, People

LONGEST_SESSION = timedelta(hours=12)
MOST_PASSKEYS = 10  # of one account


def decide(command: OfSignIn, people: People) -> list[Event]:
    """Return the events that a command about signing in leads to; none for a repeat. Raises refusals."""
    match command:
        case EndSession(id, account_id, until, now):
            return [] if id in people.ended or until <= now else [SessionEnded(id, account_id, until, now)]
        case RequireSecondFactor(roles, now):
            return _required(frozenset(roles), people, now)
        case _:
            return _of_account(command, people.account(command.id), people)


def _of_account(command: OfSignInOfAccount, account: Account, people: People) -> list[Event]:
    match command:
        case LinkSignIn(id, now):
            return [SignInLinked(id, account.epoch, now)]
        case UnlinkSignIn(id, now):
            return [SignInUnlinked(id, account.epoch, now)] if account.linked else []
        case EndSessions(id, now):
            return [SessionsEnded(id, account.epoch, now)]
        case AddSecondFactor(id, now, kind, passkey):
            if passkey and len(account.passkeys) >= MOST_PASSKEYS:
                raise refusals.TooManyPasskeys(most=MOST_PASSKEYS)
            return [SecondFactorAdded(id, account.epoch, now, kind, passkey)]
        case RemoveSecondFactor(id, now, reset, kind, passkey):
            left = account.without_second_factor(kind, passkey)
            if not reset and account.role in people.second_factor_roles and not left.second_factor:
                raise refusals.SecondFactorNeeded(role=account.role)
            return [] if left == account else [SecondFactorRemoved(id, account.epoch, now, kind, passkey)]
        case _:
            assert_never(command)


def _required(roles: frozenset[str], people: People, now: datetime) -> list[Event]:
    """Roles that need a second factor; who has none in a role that did not need one is signed out everywhere."""
    if unknown := roles - {role for role in ROLE_SCOPES if role != "device"}:
        raise refusals.InvalidRole(role=min(unknown))
    if roles == people.second_factor_roles:
        return []
    changed = replace(people, second_factor_roles=roles)
    lacking = (a for a in people.accounts.values() if changed.lacks_second_factor(a))
    newly = (a for a in lacking if not people.lacks_second_factor(a))
    ended = [SessionsEnded(account.id, account.epoch, now) for account in newly]
    return [SecondFactorRequired(tuple(sorted(roles)), now), *ended]
