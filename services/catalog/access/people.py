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
    People,
    SetPassword,
    TokenIssued,
)
from services.catalog.access.passwords import Passwords, must_be_strong
from services.chassis.access import MAX_AGE
from services.chassis.decider import Streams
from services.chassis.errors import NotFound, Unauthorized
from services.chassis.event_store import EventStore
from services.chassis.tokens import Actor, sign

IDLE = 30 * 60  # seconds that a session lasts without a sign of life


class WrongPassword(Unauthorized):
    """No account has this name and password. Which of the two is wrong is not said."""


class NoSignIn(NotFound):
    """This catalog has no key to sign with."""


@dataclass(frozen=True)
class Session:
    """A session as its browser keeps it: the cookie's value, and when it ends unless renewed."""

    token: str
    expires: int


class Registry:
    """Everybody who may do something here. One per process."""

    def __init__(self, store: EventStore, private_pem: str = "") -> None:
        self._streams: Streams[Command, People, Event] = Streams(store, ACCESS, {"events": ACCESS.events})
        self._passwords = Passwords(store.database)
        self._attempts = Attempts(store.database)
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
        until = int(time.time() + LONGEST_SESSION.total_seconds())
        return account, self._session(account, secrets.token_urlsafe(12), until)

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
