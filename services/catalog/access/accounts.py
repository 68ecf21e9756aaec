"""Accounts and tokens of machines: commands to the stream `access`, and what is kept beside it, to be erased."""

import secrets
from collections.abc import Callable, Iterable, Mapping

from services.catalog.access import security_log
from services.catalog.access.contract import STREAM
from services.catalog.access.domain import ACCESS
from services.catalog.access.domain.commands import (
    Command,
    CreateAccount,
    DisableAccount,
    EndSessions,
    IssueToken,
    LinkSignIn,
    RemoveSecondFactor,
    RequireSecondFactor,
    SetPassword,
    UnlinkSignIn,
)
from services.catalog.access.domain.events import Event, TokenIssued
from services.catalog.access.domain.state import Account, People
from services.catalog.access.identities import Identities
from services.catalog.access.passwords import Passwords, must_be_strong
from services.catalog.access.second_factor import NoSecondFactor, SecondFactors
from services.chassis.clock import now_to_the_second
from services.chassis.decider import Streams
from services.chassis.errors import NotFound
from services.chassis.event_store import EventStore
from services.chassis.seal import Seal
from services.kernel.access import MAX_AGE
from services.kernel.tokens import Actor, sign


class NoSignIn(NotFound):
    """This catalog has no key to sign with."""


class Accounts:
    """The accounts and tokens of this installation. One per process.

    `passwords`, `identities` and `second_factors` are kept beside the stream.
    """

    def __init__(
        self,
        store: EventStore,
        private_pem: str = "",
        provider: str = "",
        seal: Seal | None = None,
        local_words: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.passwords = Passwords(store.database)
        self.identities = Identities(store.database, provider)
        self.second_factors = SecondFactors(store.database, seal or Seal())
        self._streams: Streams[Command, People, Event] = Streams(store, ACCESS, {"events": ACCESS.events})
        self._local_words = local_words
        self._private = private_pem.encode()

    @property
    def can_sign(self) -> bool:
        """Whether people can sign in here, and tokens be made."""
        return bool(self._private)

    def people(self) -> People:
        """Return all accounts and tokens, as the store has them."""
        return self._streams.snapshot(STREAM).state

    def act(self, command: Command, **context: str) -> People:
        """Decide a command and log it; return all accounts and tokens after it."""
        people = self._streams.execute(STREAM, command, **context).now.state
        account = people.accounts.get(getattr(command, "account", "") or getattr(command, "id", ""))
        security_log.record_act(command, account, context.get("actor", ""))
        return people

    def create(self, name: str, password: str, role: str, scope: Mapping[str, str], **context: str) -> Account:
        """A new account. Raises what the rules refuse, and `WeakPassword`."""
        must_be_strong(password, name, self._local_words())
        id = secrets.token_hex(8)
        self.passwords.keep(id, password)
        try:
            return self.act(CreateAccount(id, name, role, scope, now_to_the_second()), **context).account(id)
        except Exception:
            self.passwords.erase(id)
            raise

    def set_password(self, id: str, password: str, **context: str) -> Account:
        """Another password: all sessions and tokens of the account end. Raises `UnknownAccount`, `WeakPassword`."""
        must_be_strong(password, self.people().account(id).name, self._local_words())
        self.passwords.keep(id, password)
        return self.act(SetPassword(id, now_to_the_second()), **context).account(id)

    def disable(self, id: str, **context: str) -> Account:
        """Disable an account: its sessions and tokens end. Raises `UnknownAccount`, `LastAdministrator`."""
        return self.act(DisableAccount(id, now_to_the_second()), **context).account(id)

    def sign_out_everywhere(self, id: str, **context: str) -> Account:
        """End all sessions of an account. Raises `UnknownAccount`."""
        return self.act(EndSessions(id, now_to_the_second()), **context).account(id)

    def link(self, id: str, known_as: str, **context: str) -> Account:
        """Let whom the provider knows by this name sign in so. Raises `UnknownAccount`, `AlreadyLinked`."""
        self.people().account(id)
        self.identities.keep(id, known_as)
        return self.act(LinkSignIn(id, now_to_the_second()), **context).account(id)

    def unlink(self, id: str, **context: str) -> Account:
        """Unlink an account from the sign-in provider. Raises `UnknownAccount`."""
        account = self.act(UnlinkSignIn(id, now_to_the_second()), **context).account(id)
        self.identities.erase(id)
        return account

    def reset_second_factor(self, id: str, **context: str) -> Account:
        """Take an account's second factors away, for who lost them: all its sessions end. Raises `UnknownAccount`."""
        account = self.act(RemoveSecondFactor(id, now_to_the_second(), reset=True), **context).account(id)
        self.second_factors.erase(id)
        return account

    def require_second_factor(self, roles: Iterable[str], **context: str) -> People:
        """Require a second factor of these roles and of no others. Raises `NoSecondFactor`, `InvalidRole`."""
        wanted = tuple(sorted(set(roles)))
        if wanted and not self.second_factors.can_be_set_up:
            raise NoSecondFactor()
        return self.act(RequireSecondFactor(wanted, now_to_the_second()), **context)

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
