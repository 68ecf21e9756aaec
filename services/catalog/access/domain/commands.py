"""What people ask of accounts, tokens and sign-ins. Time and new ids come in with the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.catalog.access.domain.events import Kind, Removed


@dataclass(frozen=True)
class CreateAccount:
    """Create an account; its id is no name, so that it may be published."""

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class ChangeAccess:
    """Another role, or another scope."""

    id: str
    role: str
    scope: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class SetPassword:
    """There is a new password; it is kept elsewhere."""

    id: str
    now: datetime


@dataclass(frozen=True)
class DisableAccount:
    """Disable an account: its sessions and tokens end."""

    id: str
    now: datetime


@dataclass(frozen=True)
class EnableAccount:
    """It can sign in again."""

    id: str
    now: datetime


@dataclass(frozen=True)
class LinkSignIn:
    """Whom a provider knows by some name may sign in as this account; the name is kept elsewhere."""

    id: str
    now: datetime


@dataclass(frozen=True)
class UnlinkSignIn:
    """Unlink an account from the sign-in provider."""

    id: str
    now: datetime


@dataclass(frozen=True)
class IssueToken:
    """A token for a machine, or for the programs of an account, which then gives role and scope."""

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    account: str
    expires_at: datetime
    now: datetime


@dataclass(frozen=True)
class RevokeToken:
    """A token is good no more; `expires_at` where it was made elsewhere, with the same key."""

    id: str
    now: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True)
class EndSession:
    """Sign out of one session, which would have ended at `until`."""

    id: str
    account: str
    until: datetime
    now: datetime


@dataclass(frozen=True)
class EndSessions:
    """Sign an account out everywhere."""

    id: str
    now: datetime


@dataclass(frozen=True)
class AddSecondFactor:
    """Signing in takes a second factor from now on, or may take this one too; its secret or key is kept elsewhere.

    `passkey` is the id of the passkey, which is not its credential id, where the kind is `passkey`.
    """

    id: str
    now: datetime
    kind: Kind = "totp"
    passkey: str = ""


@dataclass(frozen=True)
class RemoveSecondFactor:
    """Remove one second factor, or all; `reset` by an administrator, so that the person sets up another one."""

    id: str
    now: datetime
    reset: bool = False
    kind: Removed = "all"
    passkey: str = ""


@dataclass(frozen=True)
class RequireSecondFactor:
    """Accounts of these roles, and of no others, need a second factor to sign in."""

    roles: Sequence[str]
    now: datetime


OfAccounts = CreateAccount | ChangeAccess | SetPassword | DisableAccount | EnableAccount
OfTokens = IssueToken | RevokeToken
OfSignInOfAccount = LinkSignIn | UnlinkSignIn | EndSessions | AddSecondFactor | RemoveSecondFactor
OfSignIn = OfSignInOfAccount | EndSession | RequireSecondFactor
Command = OfAccounts | OfTokens | OfSignIn
