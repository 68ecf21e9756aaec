"""What happened to accounts, tokens and sessions. Stored as named here: rename nothing; new fields get defaults.

No event holds a password, its hash, or a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["totp", "passkey"]  # of a second factor
Removed = Literal["totp", "passkey", "all"]


@dataclass(frozen=True)
class AccountCreated:
    """An account was created."""

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True)
class AccessChanged:
    """Another role or another scope; sessions of the old ones, those up to `epoch`, are over."""

    id: str
    role: str
    scope: Mapping[str, str]
    epoch: int
    changed_at: datetime


@dataclass(frozen=True)
class PasswordSet:
    """There is a new password; sessions up to `epoch` are over."""

    id: str
    epoch: int
    set_at: datetime


@dataclass(frozen=True)
class AccountDisabled:
    """The account was disabled; sessions up to `epoch` are over."""

    id: str
    epoch: int
    disabled_at: datetime


@dataclass(frozen=True)
class AccountEnabled:
    """It can sign in again."""

    id: str
    enabled_at: datetime


@dataclass(frozen=True)
class SignInLinked:
    """The account was linked to a person at the sign-in provider; sessions up to `epoch` are over."""

    id: str
    epoch: int
    linked_at: datetime


@dataclass(frozen=True)
class SignInUnlinked:
    """The account was unlinked from the sign-in provider; sessions up to `epoch` are over."""

    id: str
    epoch: int
    unlinked_at: datetime


@dataclass(frozen=True)
class TokenIssued:
    """A token was made and shown once."""

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    account: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class TokenRevoked:
    """A token is good no more."""

    id: str
    expires_at: datetime
    revoked_at: datetime


@dataclass(frozen=True)
class SessionEnded:
    """A person signed out of one session."""

    id: str
    account: str
    until: datetime
    ended_at: datetime


@dataclass(frozen=True)
class SessionsEnded:
    """The account was signed out everywhere; sessions up to `epoch` are over."""

    id: str
    epoch: int
    ended_at: datetime


@dataclass(frozen=True)
class SecondFactorAdded:
    """Signing in takes this second factor, or another one of the account; sessions up to `epoch` are over."""

    id: str
    epoch: int
    added_at: datetime
    kind: Kind = "totp"
    passkey: str = ""


@dataclass(frozen=True)
class SecondFactorRemoved:
    """A second factor was removed, or all were; sessions up to `epoch` are over."""

    id: str
    epoch: int
    removed_at: datetime
    kind: Removed = "all"
    passkey: str = ""


@dataclass(frozen=True)
class SecondFactorRequired:
    """Accounts of these roles, and of no others, need a second factor."""

    roles: tuple[str, ...]
    required_at: datetime


Event = (
    AccountCreated
    | AccessChanged
    | PasswordSet
    | AccountDisabled
    | AccountEnabled
    | SignInLinked
    | SignInUnlinked
    | TokenIssued
    | TokenRevoked
    | SessionEnded
    | SessionsEnded
    | SecondFactorAdded
    | SecondFactorRemoved
    | SecondFactorRequired
)
