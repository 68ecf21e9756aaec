"""Sessions: signed tokens in the cookies of browsers, and where each account is signed in."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database

from services.catalog.access.accounts import Accounts
from services.catalog.access.devices import Device, Devices, UnknownSession
from services.catalog.access.domain.commands import EndSession
from services.catalog.access.domain.sign_in import LONGEST_SESSION
from services.catalog.access.domain.state import Account
from services.chassis.clock import now_to_the_second
from services.chassis.event_store import Document
from services.kernel.tokens import Actor, sign

IDLE = 30 * 60  # seconds that a session lasts without input by a person


@dataclass(frozen=True)
class Session:
    """A session as its browser keeps it: the cookie's value, and when it ends unless renewed.

    `id`, `account`, `epoch` and `until` are what the token says of itself.
    """

    token: str
    expires: int
    id: str
    account: str
    epoch: int
    until: int


class Sessions:
    """The sessions of all accounts. One per process."""

    def __init__(self, accounts: Accounts, database: Database[Document], private_pem: str) -> None:
        self._accounts = accounts
        self._devices = Devices(database)
        self._private = private_pem.encode()

    def begin(self, account: Account) -> Session:
        """Return a new session of the account, for `LONGEST_SESSION` at most."""
        until = int(time.time() + LONGEST_SESSION.total_seconds())
        return self._session(account, secrets.token_urlsafe(12), until)

    def renewed(self, actor: Actor) -> Session | None:
        """The session for longer, once a third of its time is over; None where there is nothing to renew.

        Only for requests that a page sends because a person did something, never for what it asks periodically.
        """
        if not (self._accounts.can_sign and actor.session and actor.expires - time.time() < IDLE * 2 / 3):
            return None
        account = self._accounts.people().accounts.get(actor.account)
        if account is None or not account.enabled or account.epoch != actor.epoch:
            return None
        return self._session(account, actor.session, int(actor.until))

    def sign_out(self, actor: Actor) -> None:
        """The session is over, everywhere."""
        if actor.session:
            until = datetime.fromtimestamp(actor.until, UTC)
            self._accounts.act(EndSession(actor.session, actor.account, until, now_to_the_second()), actor=actor.name)

    def keep_device(self, session: Session, name: str) -> None:
        """Store where a session began or was renewed, for its owner's list; `name` is of browser and system."""
        expires, until = (datetime.fromtimestamp(end, UTC) for end in (session.expires, session.until))
        at = now_to_the_second()
        self._devices.keep(session.account, Device(session.id, session.epoch, name, at, at, expires, until))

    def devices(self, account: str) -> list[Device]:
        """Return where the account is signed in now, the last used first."""
        people, at = self._accounts.people(), now_to_the_second()
        epoch = people.account(account).epoch
        found = self._devices.all(account)
        return [one for one in found if one.epoch == epoch and one.session not in people.ended and one.expires > at]

    def end_device(self, actor: Actor, session: str) -> None:
        """End one of the sessions of who asks. Raises `UnknownSession`."""
        found = next((one for one in self.devices(actor.account) if one.session == session), None)
        if found is None:
            raise UnknownSession()
        self._accounts.act(EndSession(session, actor.account, found.until, now_to_the_second()), actor=actor.name)

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
        return Session(sign(self._private, claims), expires, id, account.id, account.epoch, until)
