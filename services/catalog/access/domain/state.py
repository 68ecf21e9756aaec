"""All accounts and tokens so far, and what is revoked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.catalog.access.domain.events import Removed, TokenIssued
from services.catalog.access.domain.refusals import UnknownAccount


@dataclass(frozen=True)
class Account:
    """An account of a person. It can sign in unless disabled; `epoch` goes up whenever all its sessions are over.

    `linked`: by a provider too. `totp`: with a code of an authenticator app; `passkeys`: ids of those it may use.
    """

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    created_at: datetime
    enabled: bool = True
    epoch: int = 0
    linked: bool = False
    totp: bool = False
    passkeys: frozenset[str] = frozenset()

    @property
    def second_factor(self) -> bool:
        """Whether signing in takes a second factor as well."""
        return self.totp or bool(self.passkeys)

    @property
    def manages(self) -> bool:
        """Whether it can manage accounts: an administrator of one mall cannot."""
        return self.enabled and self.role == "administrator" and not self.scope

    def without_second_factor(self, kind: Removed, passkey: str) -> "Account":
        """Return the account after one second factor, or all, was removed."""
        match kind:
            case "totp":
                return replace(self, totp=False)
            case "passkey":
                return replace(self, passkeys=self.passkeys - {passkey})
            case "all":
                return replace(self, totp=False, passkeys=frozenset())
            case _:
                assert_never(kind)


@dataclass(frozen=True)
class People:
    """All accounts and tokens by id; revoked tokens and ended sessions until they would have ended anyway.

    `second_factor_roles` are those that need one.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    tokens: Mapping[str, TokenIssued] = field(default_factory=dict)
    revoked: Mapping[str, datetime] = field(default_factory=dict)
    ended: Mapping[str, datetime] = field(default_factory=dict)
    second_factor_roles: frozenset[str] = frozenset()

    def lacks_second_factor(self, account: Account) -> bool:
        """Whether this account's role needs a second factor, and it has none."""
        return account.role in self.second_factor_roles and not account.second_factor

    def account(self, id: str) -> Account:
        """An account by its id. Raises `UnknownAccount`."""
        if id not in self.accounts:
            raise UnknownAccount()
        return self.accounts[id]

    def named(self, name: str) -> Account | None:
        """An account by its user name."""
        return next((account for account in self.accounts.values() if account.name == name), None)
