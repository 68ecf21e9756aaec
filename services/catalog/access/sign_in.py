"""The edge between requests and rules: accounts, tokens and sessions, in the stream `access` of catalog's store."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.catalog.access import security_log
from services.catalog.access.attempts import Attempts, Failures
from services.catalog.access.browsers import Browser, read_browser, signed_browser
from services.catalog.access.contract import STREAM
from services.catalog.access.devices import Device, Devices, UnknownSession
from services.catalog.access.domain import ACCESS
from services.catalog.access.domain.commands import (
    AddSecondFactor,
    Command,
    CreateAccount,
    DisableAccount,
    EndSession,
    EndSessions,
    IssueToken,
    LinkSignIn,
    RemoveSecondFactor,
    RequireSecondFactor,
    SetPassword,
    UnlinkSignIn,
)
from services.catalog.access.domain.events import Event, Removed, TokenIssued
from services.catalog.access.domain.refusals import TooManyPasskeys
from services.catalog.access.domain.sign_in import LONGEST_SESSION
from services.catalog.access.domain.state import Account, People
from services.catalog.access.identities import Identities
from services.catalog.access.passkeys import Ceremony, RelyingParty, UnknownPasskey, relying_party
from services.catalog.access.passwords import Passwords, must_be_strong
from services.catalog.access.second_factor import (
    NoSecondFactor,
    Offer,
    SecondFactorExists,
    SecondFactors,
    WrongCode,
)
from services.chassis.clock import now_to_the_second
from services.chassis.decider import Streams
from services.chassis.errors import Forbidden, Invalid, NotFound, Unauthorized
from services.chassis.event_store import EventStore
from services.chassis.seal import Seal
from services.kernel.access import MAX_AGE
from services.kernel.tokens import Actor, read, sign

IDLE = 30 * 60  # seconds that a session lasts without input by a person
HALF_SIGNED_IN = "urn:mpp:half-signed-in"  # audience of what leads from the password to the second factor
TO_CODE = 10 * 60  # seconds for that


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


class SignInExpired(Unauthorized):
    """Too long ago, or the account has changed since: sign in from the start."""


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


@dataclass(frozen=True)
class SignedIn:
    """A sign-in that is complete; `browser` is the cookie by which the account knows the browser from now on."""

    account: Account
    session: Session
    browser: str
    failures: Failures | None


Step = Literal["code", "enrolment"]


@dataclass(frozen=True)
class HalfSignedIn:
    """The password was right; `step` says what is missing: a second factor, or to set one up first.

    `factors` are the kinds that the account has, beside recovery codes.
    """

    token: str
    step: Step
    factors: tuple[str, ...] = ()


class Registry:
    """The accounts, sessions and tokens of this installation. One per process."""

    def __init__(
        self,
        store: EventStore,
        private_pem: str = "",
        provider: str = "",
        seal: Seal | None = None,
        local_words: Callable[[], Iterable[str]] = tuple,
        public_url: str = "",
    ) -> None:
        self._streams: Streams[Command, People, Event] = Streams(store, ACCESS, {"events": ACCESS.events})
        self._passwords = Passwords(store.database)
        self._attempts = Attempts(store.database)
        self._identities = Identities(store.database, provider)
        self._devices = Devices(store.database)
        self.second_factors = SecondFactors(store.database, seal or Seal())
        self._local_words = local_words
        self._public_url = public_url
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
        self._passwords.keep(id, password)
        try:
            return self.act(CreateAccount(id, name, role, scope, now_to_the_second()), **context).account(id)
        except Exception:
            self._passwords.erase(id)
            raise

    def set_password(self, id: str, password: str, **context: str) -> Account:
        """Another password: all sessions and tokens of the account end. Raises `UnknownAccount`, `WeakPassword`."""
        must_be_strong(password, self.people().account(id).name, self._local_words())
        self._passwords.keep(id, password)
        return self.act(SetPassword(id, now_to_the_second()), **context).account(id)

    def disable(self, id: str, **context: str) -> Account:
        """Nobody signs in with it any more."""
        return self.act(DisableAccount(id, now_to_the_second()), **context).account(id)

    def sign_in(self, name: str, password: str, address: str, cookie: str = "") -> SignedIn | HalfSignedIn:
        """Sign in by name and password; `cookie` is by which the account may know the browser.

        Raises `WrongPassword`, `TooManyAttempts`, `NoSignIn`, `NoSecondFactor`.
        """
        if not self.can_sign:
            raise NoSignIn()
        account, browser = self.people().named(name), read_browser(cookie, self._private)
        with security_log.refusals("password", account):
            known = browser.id_for(account.id if account else "")
            counted = self._attempts.by_password(name, address, known)
            accepted = self._accepted(account, password, known)
            self._attempts.succeeded(counted)
            return self._admit(accepted, browser, "password")

    def sign_in_as(self, known_as: str, cookie: str = "") -> SignedIn | HalfSignedIn:
        """Sign in whom the provider knows by this name. Raises `NotLinked`, also if the account is disabled."""
        account = self.people().accounts.get(self._identities.account(known_as))
        with security_log.refusals("provider", account):
            if account is None or not account.enabled or not account.linked:
                raise NotLinked(known_as=known_as)
            return self._admit(account, read_browser(cookie, self._private), "provider")

    def finish_sign_in(self, half: str, code: str, cookie: str = "") -> SignedIn:
        """Complete a sign-in by a code of the authenticator app or a recovery code.

        Raises `SignInExpired`, `WrongCode`, `TooManyAttempts`.
        """

        def check(account: Account) -> None:
            if not self.second_factors.accepts(account, code):
                raise WrongCode()

        return self._finish(self.half_signed_in(half, "code"), cookie, "code", check)

    def relying_party(self, address: str) -> RelyingParty:
        """Return what passkeys are bound to on pages of this address. Raises `NoPasskeysHere`."""
        return relying_party(address, self._public_url)

    def ask_for_passkey(self, half: str, party: RelyingParty) -> dict[str, Any]:
        """Return what one of the account's passkeys is to sign. Raises `SignInExpired`, `NoPasskeysHere`."""
        return self.second_factors.passkeys.ask(Ceremony(self.half_signed_in(half, "code"), party, half))

    def finish_by_passkey(
        self, half: str, party: RelyingParty, response: Mapping[str, Any], cookie: str = ""
    ) -> SignedIn:
        """Complete a sign-in by what a passkey signed.

        Raises `SignInExpired`, `WrongPasskey`, `PasskeyCopied`, `TooManyAttempts`.
        """

        def check(account: Account) -> None:
            self.second_factors.passkeys.accept(Ceremony(account, party, half), response)

        return self._finish(self.half_signed_in(half, "code"), cookie, "passkey", check)

    def half_signed_in(self, half: str, step: Step) -> Account:
        """Return the account that is at this step of signing in. Raises `SignInExpired`."""
        try:
            claims = read(half, OKPKey.import_key(self._private), HALF_SIGNED_IN)
            account = self.people().accounts.get(claims["account"])
        except (JoseError, ValueError, KeyError, TypeError):
            raise SignInExpired() from None
        fresh = account and account.enabled and (claims.get("epoch"), claims.get("step")) == (account.epoch, step)
        if not account or not fresh:
            raise SignInExpired()
        return account

    def confirmed(self, actor: Actor, current: str) -> Account:
        """Return the account of who is signed in and knows its password.

        Raises `NotSignedIn`, `WrongCurrentPassword`, `TooManyAttempts`.
        """
        if not actor.session:
            raise NotSignedIn()
        account = self.people().account(actor.account)
        with security_log.refusals("password", account):
            counted = self._attempts.by_password(account.name, "", browser=f"signed in {account.id}")
            if not self._passwords.fits(account.id, current):
                raise WrongCurrentPassword()
        self._attempts.succeeded(counted)
        security_log.record_confirmation(account)
        return account

    def change_own_password(self, actor: Actor, current: str, password: str, trace: str) -> Session:
        """Another password for who is signed in: their other sessions and tokens end, and this session begins again.

        Raises `WeakPassword` and what `confirmed` does.
        """
        account = self.confirmed(actor, current)
        return self._begin(self.set_password(account.id, password, actor=actor.name, trace=trace))

    def offer_second_factor(self, account: Account) -> Offer:
        """Return a secret for the account's authenticator app. Raises `SecondFactorExists`, `NoSecondFactor`."""
        if account.totp:
            raise SecondFactorExists()
        return self.second_factors.offer(account.id, account.name)

    def add_second_factor(self, account: Account, code: str, cookie: str, trace: str) -> tuple[list[str], SignedIn]:
        """Turn on what was offered, by a first code: all other sessions end. Return recovery codes, and a session.

        There are new recovery codes with the first second factor alone. Raises `WrongFirstCode`,
        `SecondFactorExists`, `TooManyAttempts`.
        """
        if account.totp:
            raise SecondFactorExists()
        counted = self._attempts.by_code(account.id, "enrolment")
        self.second_factors.confirm(account.id, code)
        self._attempts.succeeded(counted)
        return self._added(account, AddSecondFactor(account.id, now_to_the_second()), cookie, trace)

    def add_passkey(
        self, ceremony: Ceremony, name: str, response: Mapping[str, Any], cookie: str, trace: str
    ) -> tuple[list[str], SignedIn]:
        """Add a passkey to an account: all other sessions end. Return recovery codes as above, and a session.

        Raises `InvalidPasskey`, `PasskeyTaken`, `TooManyPasskeys`, `TooManyAttempts`.
        """
        account = ceremony.account
        counted = self._attempts.by_code(account.id, "enrolment")
        passkey = self.second_factors.passkeys.add(ceremony, name, response)
        self._attempts.succeeded(counted)
        try:
            return self._added(
                account, AddSecondFactor(account.id, now_to_the_second(), "passkey", passkey), cookie, trace
            )
        except TooManyPasskeys:
            self.second_factors.erase_one(account.id, passkey)
            raise

    def new_recovery_codes(self, account: Account) -> list[str]:
        """Replace the account's recovery codes and return the new ones. Raises `NoSecondFactor`."""
        if not account.second_factor:
            raise NoSecondFactor()
        security_log.record_recovery_codes(account)
        return self.second_factors.new_codes(account.id)

    def remove_own_second_factor(self, account: Account, kind: Removed, passkey: str, trace: str) -> Session:
        """Remove one second factor of the account, or all: all other sessions end.

        Raises `SecondFactorNeeded`, `NoSecondFactor`, `UnknownPasskey`.
        """
        if kind == "passkey" and passkey not in account.passkeys:
            raise UnknownPasskey()
        if not (account.totp if kind == "totp" else account.second_factor):
            raise NoSecondFactor()
        command = RemoveSecondFactor(account.id, now_to_the_second(), kind=kind, passkey=passkey)
        left = self.act(command, actor=account.name, trace=trace).account(account.id)
        if left.second_factor:
            self.second_factors.erase_one(account.id, passkey)
        else:
            self.second_factors.erase(account.id)
        return self._begin(left)

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

    def sign_out_everywhere(self, id: str, **context: str) -> Account:
        """End all sessions of an account. Raises `UnknownAccount`."""
        return self.act(EndSessions(id, now_to_the_second()), **context).account(id)

    def identities(self) -> Mapping[str, str]:
        """By which name the provider knows the accounts that are linked, by account."""
        return self._identities.all()

    def link(self, id: str, known_as: str, **context: str) -> Account:
        """Let whom the provider knows by this name sign in so. Raises `UnknownAccount`, `AlreadyLinked`."""
        self.people().account(id)
        self._identities.keep(id, known_as)
        return self.act(LinkSignIn(id, now_to_the_second()), **context).account(id)

    def unlink(self, id: str, **context: str) -> Account:
        """Nobody signs in as this account by the provider any more. Raises `UnknownAccount`."""
        account = self.act(UnlinkSignIn(id, now_to_the_second()), **context).account(id)
        self._identities.erase(id)
        return account

    def renewed(self, actor: Actor) -> Session | None:
        """The session for longer, once a third of its time is over; None where there is nothing to renew.

        Only for requests that a page sends because a person did something, never for what it asks periodically.
        """
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
            self.act(EndSession(actor.session, actor.account, until, now_to_the_second()), actor=actor.name)

    def keep_device(self, session: Session, name: str) -> None:
        """Store where a session began or was renewed, for its owner's list; `name` is of browser and system."""
        expires, until = (datetime.fromtimestamp(end, UTC) for end in (session.expires, session.until))
        at = now_to_the_second()
        self._devices.keep(session.account, Device(session.id, session.epoch, name, at, at, expires, until))

    def devices(self, account: str) -> list[Device]:
        """Return where the account is signed in now, the last used first."""
        people, at = self.people(), now_to_the_second()
        epoch = people.account(account).epoch
        found = self._devices.all(account)
        return [one for one in found if one.epoch == epoch and one.session not in people.ended and one.expires > at]

    def end_device(self, actor: Actor, session: str) -> None:
        """End one of the sessions of who asks. Raises `UnknownSession`."""
        found = next((one for one in self.devices(actor.account) if one.session == session), None)
        if found is None:
            raise UnknownSession()
        self.act(EndSession(session, actor.account, found.until, now_to_the_second()), actor=actor.name)

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

    def _accepted(self, account: Account | None, password: str, known: str) -> Account:
        """Return the account if this is its password; count the failure for its next sign-in otherwise.

        Raises `WrongPassword`, after the same time whether the account exists or not.
        """
        id = account.id if account else ""
        fits = self._passwords.fits(id, password)
        if account is None or not account.enabled or not fits:
            if not known:
                self._attempts.failed(id, now_to_the_second())
            raise WrongPassword()
        return account

    def _admit(self, account: Account, browser: Browser, factor: security_log.Factor) -> SignedIn | HalfSignedIn:
        """Complete a sign-in, or say which step is missing. Raises `NoSecondFactor` where it cannot be set up."""
        if account.second_factor:
            return self._half(account, "code", factor)
        if self.people().lacks_second_factor(account):
            if not self.second_factors.can_be_set_up:
                raise NoSecondFactor()
            return self._half(account, "enrolment", factor)
        return self._complete(account, browser, factor)

    def _half(self, account: Account, step: Step, factor: security_log.Factor) -> HalfSignedIn:
        security_log.record_first_factor(account, factor, step)
        claims = {"account": account.id, "epoch": account.epoch, "step": step, "exp": int(time.time()) + TO_CODE}
        factors = [kind for kind, has in (("passkey", account.passkeys), ("totp", account.totp)) if has]
        return HalfSignedIn(sign(self._private, claims, HALF_SIGNED_IN), step, tuple(factors))

    def _finish(
        self, account: Account, cookie: str, factor: security_log.Factor, check: Callable[[Account], None]
    ) -> SignedIn:
        """Complete a sign-in whose second factor passes the check; count and report what does not."""
        browser = read_browser(cookie, self._private)
        known = browser.id_for(account.id)
        with security_log.refusals(factor, account):
            counted = self._attempts.by_code(account.id, known)
            try:
                check(account)
            except Unauthorized:
                if not known:
                    self._attempts.failed(account.id, now_to_the_second())
                raise
        self._attempts.succeeded(counted)
        return self._complete(account, browser, factor)

    def _added(self, account: Account, command: AddSecondFactor, cookie: str, trace: str) -> tuple[list[str], SignedIn]:
        """Record a new second factor; return recovery codes where it is the account's first one, and a session."""
        added = self.act(command, actor=account.name, trace=trace).account(account.id)
        codes = [] if account.second_factor else self.second_factors.new_codes(account.id)
        return codes, self._complete(added, read_browser(cookie, self._private), command.kind)

    def _complete(self, account: Account, browser: Browser, factor: security_log.Factor) -> SignedIn:
        security_log.record_sign_in(account, factor)
        cookie = signed_browser(browser.after_sign_in(account.id), self._private)
        return SignedIn(account, self._begin(account), cookie, self._attempts.report(account.id))

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
        return Session(sign(self._private, claims), expires, id, account.id, account.epoch, until)
