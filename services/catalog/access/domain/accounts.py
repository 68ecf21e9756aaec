"""Accounts: their names, roles and passwords. One administrator stays."""

import re
from dataclasses import replace
from typing import assert_never

from services.catalog.access.domain import refusals
from services.catalog.access.domain.commands import (
    ChangeAccess,
    CreateAccount,
    DisableAccount,
    EnableAccount,
    OfAccounts,
    SetPassword,
)
from services.catalog.access.domain.events import (
    AccessChanged,
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
    Event,
    PasswordSet,
)
from services.catalog.access.domain.roles import must_fit
from services.catalog.access.domain.state import Account, People
from services.catalog.access.domain.tokens import revoked_with

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def decide(command: OfAccounts, people: People) -> list[Event]:
    """Return the events that a command about an account leads to; none for a repeat. Raises refusals.

    A token of the account has its role and scope, so that it is revoked when these or the password change.
    """
    match command:
        case CreateAccount():
            return [_created(command, people)]
        case ChangeAccess(id, role, scope, now):
            account = people.account(id)
            must_fit(role, scope, not_for="device")
            if (account.role, dict(account.scope)) == (role, dict(scope)):
                return []
            _must_leave_an_administrator(people, replace(account, role=role, scope=scope))
            return [AccessChanged(id, role, dict(scope), account.epoch, now), *revoked_with(id, people, now)]
        case SetPassword(id, now):
            return [PasswordSet(id, people.account(id).epoch, now), *revoked_with(id, people, now)]
        case DisableAccount(id, now):
            account = people.account(id)
            if not account.enabled:
                return []
            _must_leave_an_administrator(people, replace(account, enabled=False))
            return [AccountDisabled(id, account.epoch, now), *revoked_with(id, people, now)]
        case EnableAccount(id, now):
            return [] if people.account(id).enabled else [AccountEnabled(id, now)]
        case _:
            assert_never(command)


def _created(command: CreateAccount, people: People) -> AccountCreated:
    must_fit(command.role, command.scope, not_for="device")
    if not NAME.fullmatch(command.name):
        raise refusals.InvalidName()
    if people.named(command.name) or command.name in {token.name.casefold() for token in people.tokens.values()}:
        raise refusals.NameTaken(name=command.name)
    return AccountCreated(command.id, command.name, command.role, dict(command.scope), command.now)


def _must_leave_an_administrator(people: People, changed: Account) -> None:
    others = (account for account in people.accounts.values() if account.id != changed.id)
    if people.accounts[changed.id].manages and not any(account.manages for account in (*others, changed)):
        raise refusals.LastAdministrator()
