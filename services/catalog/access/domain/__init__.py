"""Who may do what: accounts of people, tokens of machines, and what of both is good no more."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from services.chassis.decider import Decider
from services.chassis.errors import Invalid, NotFound, Refused

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
LONGEST_SESSION = timedelta(hours=12)
# The places each role has to be bound to, and those it may be.
PLACES: Mapping[str, tuple[set[str], set[str]]] = {
    "administrator": (set(), {"mall"}),
    "supervisor": (set(), {"mall"}),
    "auditor": (set(), {"mall"}),
    "operator": ({"mall"}, {"mall", "counter"}),
    "agency": ({"mall", "agency"}, {"mall", "agency"}),
    "device": ({"mall"}, {"mall"}),
}
MOST_PASSKEYS = 10  # of one account
Kind = Literal["totp", "passkey"]  # of a second factor
Removed = Literal["totp", "passkey", "all"]


class InvalidName(Invalid):
    """A user name is 2 to 40 small letters, digits, dots, dashes or underscores."""


class InvalidRole(Invalid):
    """Devices do not sign in, and administrators are people: neither the account nor the token can have this role."""


class InvalidPlaces(Invalid):
    """This role needs other places: an operator a mall, an agency its mall and code, a device its mall."""


class InvalidExpiry(Invalid):
    """A token ends in the future."""


class UnknownAccount(NotFound):
    """No such account."""


class UnknownToken(NotFound):
    """No such token."""


class NameTaken(Refused):
    """Somebody has this user name, or a token has it: the record would not tell them apart."""


class LastAdministrator(Refused):
    """Nobody would be left who can manage accounts."""


class Disabled(Refused):
    """The account is disabled."""


class SecondFactorNeeded(Refused):
    """The account's role requires a second factor; only an administrator can reset it."""


class TooManyPasskeys(Refused):
    """The account has as many passkeys as it may have: one is removed before another one is added."""


@dataclass(frozen=True)
class CreateAccount:
    """Somebody new; the id is no name, so that it can be told to others."""

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class ChangeAccess:
    """Another role, or other places."""

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
    """Nobody signs in with it, and what it has is good no more."""

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
    """Nobody signs in as this account by a provider any more."""

    id: str
    now: datetime


@dataclass(frozen=True)
class IssueToken:
    """A token for a machine, or for the programs of an account, which then gives role and places."""

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
    """Somebody signs out; the session would have ended at `until`."""

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


OfSignIn = LinkSignIn | UnlinkSignIn | EndSessions | AddSecondFactor | RemoveSecondFactor
Command = (
    CreateAccount
    | ChangeAccess
    | DisableAccount
    | EnableAccount
    | SetPassword
    | OfSignIn
    | RequireSecondFactor
    | IssueToken
    | RevokeToken
    | EndSession
)


# Stored as named here: rename nothing; new fields get defaults. No event holds a password, its hash, or a token.
@dataclass(frozen=True)
class AccountCreated:
    """Somebody can sign in."""

    id: str
    name: str
    role: str
    scope: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True)
class AccessChanged:
    """Another role or other places; sessions of the old ones, those up to `epoch`, are over."""

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
    """Nobody signs in with it; sessions up to `epoch` are over."""

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
    """Somebody whom a provider knows may sign in as this account; sessions up to `epoch` are over."""

    id: str
    epoch: int
    linked_at: datetime


@dataclass(frozen=True)
class SignInUnlinked:
    """Nobody signs in as this account by a provider; sessions up to `epoch` are over."""

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
    """Somebody signed out."""

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


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in, unless disabled; `epoch` goes up whenever all its sessions are over.

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


def decide(command: Command, people: People) -> list[Event]:
    """What a command leads to; nothing for a repeat."""
    match command:
        case CreateAccount():
            return [_created(command, people)]
        case ChangeAccess(id, role, scope, now):
            account = people.account(id)
            _must_fit(role, scope, not_for="device")
            if (account.role, dict(account.scope)) == (role, dict(scope)):
                return []
            changed = replace(account, role=role, scope=scope)
            _must_leave_an_administrator(people, changed)
            return [AccessChanged(id, role, dict(scope), account.epoch, now), *_tokens_revoked(people, id, now)]
        case SetPassword(id, now):
            return [PasswordSet(id, people.account(id).epoch, now), *_tokens_revoked(people, id, now)]
        case LinkSignIn() | UnlinkSignIn() | EndSessions() | AddSecondFactor() | RemoveSecondFactor():
            return _of_sign_in(command, people.account(command.id), people)
        case RequireSecondFactor(roles, now):
            return _required(frozenset(roles), people, now)
        case DisableAccount(id, now):
            account = people.account(id)
            if not account.enabled:
                return []
            _must_leave_an_administrator(people, replace(account, enabled=False))
            return [AccountDisabled(id, account.epoch, now), *_tokens_revoked(people, id, now)]
        case EnableAccount(id, now):
            return [] if people.account(id).enabled else [AccountEnabled(id, now)]
        case IssueToken():
            return [_issued(command, people)]
        case RevokeToken(id, now, given):
            known = people.tokens.get(id)
            expires_at = known.expires_at if known else given
            if expires_at is None:
                raise UnknownToken()
            return [] if id in people.revoked or expires_at <= now else [TokenRevoked(id, expires_at, now)]
        case EndSession(id, account_id, until, now):
            return [] if id in people.ended or until <= now else [SessionEnded(id, account_id, until, now)]
        case _:
            assert_never(command)


def _created(command: CreateAccount, people: People) -> AccountCreated:
    _must_fit(command.role, command.scope, not_for="device")
    if not NAME.fullmatch(command.name):
        raise InvalidName()
    if people.named(command.name) or command.name in {token.name.casefold() for token in people.tokens.values()}:
        raise NameTaken(name=command.name)
    return AccountCreated(command.id, command.name, command.role, dict(command.scope), command.now)


def _of_sign_in(command: OfSignIn, account: Account, people: People) -> list[Event]:
    match command:
        case LinkSignIn(id, now):
            return [SignInLinked(id, account.epoch, now)]
        case UnlinkSignIn(id, now):
            return [SignInUnlinked(id, account.epoch, now)] if account.linked else []
        case EndSessions(id, now):
            return [SessionsEnded(id, account.epoch, now)]
        case AddSecondFactor(id, now, kind, passkey):
            if passkey and len(account.passkeys) >= MOST_PASSKEYS:
                raise TooManyPasskeys(most=MOST_PASSKEYS)
            return [SecondFactorAdded(id, account.epoch, now, kind, passkey)]
        case RemoveSecondFactor(id, now, reset, kind, passkey):
            left = _without(account, kind, passkey)
            if not reset and account.role in people.second_factor_roles and not left.second_factor:
                raise SecondFactorNeeded(role=account.role)
            return [] if left == account else [SecondFactorRemoved(id, account.epoch, now, kind, passkey)]


def _without(account: Account, kind: Removed, passkey: str) -> Account:
    """The account after a second factor of it, or all, was removed."""
    match kind:
        case "totp":
            return replace(account, totp=False)
        case "passkey":
            return replace(account, passkeys=account.passkeys - {passkey})
        case "all":
            return replace(account, totp=False, passkeys=frozenset())
        case _:
            assert_never(kind)


def _required(roles: frozenset[str], people: People, now: datetime) -> list[Event]:
    """Roles that need a second factor; who has none in a role that did not need one is signed out everywhere."""
    if unknown := roles - {role for role in PLACES if role != "device"}:
        raise InvalidRole(role=min(unknown))
    if roles == people.second_factor_roles:
        return []
    changed = replace(people, second_factor_roles=roles)
    lacking = (a for a in people.accounts.values() if changed.lacks_second_factor(a))
    newly = (a for a in lacking if not people.lacks_second_factor(a))
    ended = [SessionsEnded(account.id, account.epoch, now) for account in newly]
    return [SecondFactorRequired(tuple(sorted(roles)), now), *ended]


def _must_fit(role: str, scope: Mapping[str, str], not_for: str) -> None:
    if role not in PLACES or role == not_for:
        raise InvalidRole(role=role)
    needed, possible = PLACES[role]
    if not needed <= scope.keys() <= possible:
        raise InvalidPlaces(role=role)


def _must_leave_an_administrator(people: People, changed: Account) -> None:
    others = (account for account in people.accounts.values() if account.id != changed.id)
    if people.accounts[changed.id].manages and not any(account.manages for account in (*others, changed)):
        raise LastAdministrator()


def _issued(command: IssueToken, people: People) -> TokenIssued:
    role, scope = command.role, command.scope
    if people.named(command.name.strip().casefold()):
        raise NameTaken(name=command.name)
    if command.account:
        account = people.account(command.account)
        if not account.enabled:
            raise Disabled()
        role, scope = account.role, account.scope
    _must_fit(role, scope, not_for="administrator")
    if command.expires_at <= command.now:
        raise InvalidExpiry()
    return TokenIssued(command.id, command.name, role, dict(scope), command.account, command.now, command.expires_at)


def _tokens_revoked(people: People, account: str, now: datetime) -> Iterable[TokenRevoked]:
    """The end of all that an account's programs have."""
    mine = (token for token in people.tokens.values() if token.account == account)
    for token in mine:
        if token.expires_at > now and token.id not in people.revoked:
            yield TokenRevoked(token.id, token.expires_at, now)


def evolve(people: People, event: Event) -> People:
    """Everybody after an event."""
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
            return _with(people, replace(_without(people.accounts[id], kind, passkey), epoch=epoch + 1))
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


ACCESS: Decider[Command, People, Event] = Decider(
    initial=People(),
    decide=decide,
    evolve=evolve,
    events=(
        AccountCreated,
        AccessChanged,
        PasswordSet,
        AccountDisabled,
        AccountEnabled,
        SignInLinked,
        SignInUnlinked,
        TokenIssued,
        TokenRevoked,
        SessionEnded,
        SessionsEnded,
        SecondFactorAdded,
        SecondFactorRemoved,
        SecondFactorRequired,
    ),
)
