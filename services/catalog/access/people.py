"""The edge between requests and rules: accounts, tokens and sessions, in the stream `access` of catalog's store."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.catalog.access.attempts import Attempts
from services.catalog.access.contract import STREAM
from services.catalog.access.domain import (
    ACCESS,
    LONGEST_SESSION,
    Account,
    Command,
    CreateAccount,
    DisableAccount,
    EndSession,
    Event,
    IssueToken,
    LinkSignIn,
    People,
    SetPassword,
    TokenIssued,
    UnlinkSignIn,
)
from services.catalog.access.identities import Identities
from services.catalog.access.passwords import Passwords, must_be_strong
from services.chassis.access import MAX_AGE
from services.chassis.decider import Streams
from services.chassis.errors import Forbidden, Invalid, NotFound, Unauthorized
from services.chassis.event_store import EventStore
from services.chassis.tokens import Actor, sign

IDLE = 30 * 60  # seconds that a session lasts without a sign of life


class WrongPassword(Unauthorized):
    """No account has this name and password. Which of the two is wrong is not said."""


class WrongCurrentPassword(Invalid):
    """Who wants another password has to know the one they have."""


class NotSignedIn(Forbidden):
    """A token was shown: it has no password that its holder could change."""


class NotLinked(Forbidden):
    """The provider knows this person, and no account here is linked to them; `known_as` is their name there."""


class NoSignIn(NotFound):
    """This catalog has no key to sign with."""


@dataclass(frozen=True)
class Session:
    """A session as its browser keeps it: the cookie's value, and when it ends unless renewed."""

    token: str
    expires: int


class Registry:
    """Everybody who may do something here. One per process."""

    def __init__(self, store: EventStore, private_pem: str = "", provider: str = "") -> None:
        self._streams: Streams[Command, People, Event] = Streams(store, ACCESS, {"events": ACCESS.events})
        self._passwords = Passwords(store.database)
        self._attempts = Attempts(store.database)
        self._identities = Identities(store.database, provider)
        self._private = private_pem.encode()

    @property
    def can_sign(self) -> bool:
        """Whether people can sign in here, and tokens be made."""
        return bool(self._private)

    def people(self) -> People:
        """Everybody, as the store has them."""
        return self._streams.snapshot(STREAM).state

    def act(self, command: Command, **context: str) -> People:
        """Decide a command; everybody after it."""
        return self._streams.execute(STREAM, command, **context).now.state

    def create(self, name: str, password: str, role: str, scope: Mapping[str, str], **context: str) -> Account:
        """A new account. Raises what the rules refuse, and `WeakPassword`."""
        must_be_strong(password, name)
        id = secrets.token_hex(8)
        self._passwords.keep(id, password)
        try:
            return self.act(CreateAccount(id, name, role, scope, now()), **context).account(id)
        except Exception:
            self._passwords.erase(id)
            raise

    def set_password(self, id: str, password: str, **context: str) -> Account:
        """Another password: all sessions of the account are over. Raises `UnknownAccount`, `WeakPassword`."""
        must_be_strong(password, self.people().account(id).name)
        self._passwords.keep(id, password)
        return self.act(SetPassword(id, now()), **context).account(id)

    def disable(self, id: str, **context: str) -> Account:
        """Nobody signs in with it any more."""
        return self.act(DisableAccount(id, now()), **context).account(id)

    def sign_in(self, name: str, password: str, address: str) -> tuple[Account, Session]:
        """A session for who knows name and password. Raises `WrongPassword`, `TooManyAttempts`, `NoSignIn`."""
        if not self.can_sign:
            raise NoSignIn()
        counted = self._attempts.count(name, address)
        account = self.people().named(name)
        fits = self._passwords.fits(account.id if account else "", password)
        if account is None or not account.enabled or not fits:
            raise WrongPassword()
        self._attempts.forgive(counted)
        return account, self._begin(account)

    def sign_in_as(self, known_as: str) -> Session:
        """A session for whom the provider knows by this name. Raises `NotLinked`, also if the account is disabled."""
        account = self.people().accounts.get(self._identities.account(known_as))
        if account is None or not account.enabled or not account.linked:
            raise NotLinked(known_as=known_as)
        return self._begin(account)

    def change_own_password(self, actor: Actor, current: str, password: str, address: str, trace: str) -> Session:
        """Another password for who is signed in: their other sessions are over, and this one begins anew.

        Raises `NotSignedIn`, `WrongCurrentPassword`, `WeakPassword`, `TooManyAttempts`.
        """
        if not actor.session:
            raise NotSignedIn()
        account = self.people().account(actor.account)
        counted = self._attempts.count(account.name, address)
        if not self._passwords.fits(account.id, current):
            raise WrongCurrentPassword()
        self._attempts.forgive(counted)
        return self._begin(self.set_password(account.id, password, actor=actor.name, trace=trace))

    def identities(self) -> Mapping[str, str]:
        """By which name the provider knows the accounts that are linked, by account."""
        return self._identities.all()

    def link(self, id: str, known_as: str, **context: str) -> Account:
        """Let whom the provider knows by this name sign in so. Raises `UnknownAccount`, `AlreadyLinked`."""
        self.people().account(id)
        self._identities.keep(id, known_as)
        return self.act(LinkSignIn(id, now()), **context).account(id)

    def unlink(self, id: str, **context: str) -> Account:
        """Nobody signs in as this account by the provider any more. Raises `UnknownAccount`."""
        account = self.act(UnlinkSignIn(id, now()), **context).account(id)
        self._identities.erase(id)
        return account

    def renewed(self, actor: Actor) -> Session | None:
        """The session for longer, once a third of its time is over; None where there is nothing to renew."""
        if not (self.can_sign and actor.session and actor.expires - time.time() < IDLE * 2 / 3):
            return None
        account = self.people().accounts.get(actor.account)
        if account is None or not account.enabled or account.epoch != actor.epoch:
            return None
        return self._session(account, actor.session, int(actor.until))

    def sign_out(self, actor: Actor) -> None:
        """The session is over, everywhere."""
        if actor.session:
            until = datetime.fromtimestamp(actor.until, UTC)
            self.act(EndSession(actor.session, actor.account, until, now()), actor=actor.name)

    def issue(self, wanted: IssueToken, **context: str) -> tuple[TokenIssued, str]:
        """A token for a machine: what is known of it, and itself, which is kept nowhere. Raises what rules refuse."""
        if not self.can_sign:
            raise NoSignIn()
        issued = self.act(wanted, **context).tokens[wanted.id]
        claims = {
            "sub": issued.name,
            "role": issued.role,
            "jti": issued.id,
            "exp": int(issued.expires_at.timestamp()),
            **issued.scope,
        }
        return issued, sign(self._private, claims)

    def revoked(self, actor: Actor) -> bool:
        """Whether who asks was revoked, as this process knew at most a second ago. Raises `StoreUnavailable`."""
        people = self._streams.snapshot(STREAM, MAX_AGE).state
        account = people.accounts.get(actor.account) if actor.session else None
        is_over = account is not None and (not account.enabled or actor.epoch < account.epoch)
        return is_over or actor.token in people.revoked or actor.session in people.ended

    def _begin(self, account: Account) -> Session:
        until = int(time.time() + LONGEST_SESSION.total_seconds())
        return self._session(account, secrets.token_urlsafe(12), until)

    def _session(self, account: Account, id: str, until: int) -> Session:
        expires = min(int(time.time()) + IDLE, until)
        claims: dict[str, Any] = {
            "sub": account.name,
            "role": account.role,
            "exp": expires,
            "sid": id,
            "account": account.id,
            "epoch": account.epoch,
            "until": until,
            **account.scope,
        }
        return Session(sign(self._private, claims), expires)


def now() -> datetime:
    """This instant, to the second: as fine as tokens tell time."""
    return datetime.now(UTC).replace(microsecond=0)
