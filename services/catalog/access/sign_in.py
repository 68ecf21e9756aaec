"""Signing in: by password or provider, then by a second factor where the account has one or needs one."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.catalog.access import security_log
from services.catalog.access.accounts import Accounts, NoSignIn
from services.catalog.access.attempts import Attempts, Failures
from services.catalog.access.browsers import read_browser, signed_browser
from services.catalog.access.domain.state import Account
from services.catalog.access.passkeys import Ceremony, RelyingParty
from services.catalog.access.second_factor import NoSecondFactor, WrongCode
from services.catalog.access.sessions import Session, Sessions
from services.chassis.clock import now_to_the_second
from services.chassis.errors import Forbidden, Invalid, Unauthorized
from services.kernel.tokens import Actor, read, sign

HALF_SIGNED_IN = "urn:mpp:half-signed-in"  # audience of what leads from the password to the second factor
TO_CODE = 10 * 60  # seconds for that
Step = Literal["code", "enrolment"]


class WrongPassword(Unauthorized):
    """No account has this name and password. Which of the two is wrong is not said."""


class WrongCurrentPassword(Invalid):
    """Who wants another password has to know the one they have."""


class NotSignedIn(Forbidden):
    """A token was shown: it has no password that its holder could change."""


class NotLinked(Forbidden):
    """The provider knows this person, and no account here is linked to them; `known_as` is their name there."""


class SignInExpired(Unauthorized):
    """Too long ago, or the account has changed since: sign in from the start."""


@dataclass(frozen=True)
class SignedIn:
    """A sign-in that is complete; `browser` is the cookie by which the account knows the browser from now on."""

    account: Account
    session: Session
    browser: str
    failures: Failures | None


@dataclass(frozen=True)
class HalfSignedIn:
    """The password was right; `step` says what is missing: a second factor, or to set one up first.

    `factors` are the kinds that the account has, beside recovery codes.
    """

    token: str
    step: Step
    factors: tuple[str, ...] = ()


class SignIn:
    """Signs people in. One per process."""

    def __init__(self, accounts: Accounts, sessions: Sessions, attempts: Attempts, private_pem: str) -> None:
        self._accounts = accounts
        self._second_factors = accounts.second_factors
        self._sessions = sessions
        self._attempts = attempts
        self._private = private_pem.encode()

    def sign_in(self, name: str, password: str, address: str, cookie: str = "") -> SignedIn | HalfSignedIn:
        """Sign in by name and password; `cookie` is by which the account may know the browser.

        Raises `WrongPassword`, `TooManyAttempts`, `NoSignIn`, `NoSecondFactor`.
        """
        if not self._accounts.can_sign:
            raise NoSignIn()
        account = self._accounts.people().named(name)
        with security_log.refusals("password", account):
            known = self._known_browser(cookie, account)
            counted = self._attempts.by_password(name, address, known)
            accepted = self._accepted(account, password, known)
            self._attempts.succeeded(counted)
            return self._admit(accepted, cookie, "password")

    def sign_in_as(self, known_as: str, cookie: str = "") -> SignedIn | HalfSignedIn:
        """Sign in whom the provider knows by this name. Raises `NotLinked`, also if the account is disabled."""
        account = self._accounts.people().accounts.get(self._accounts.identities.account(known_as))
        with security_log.refusals("provider", account):
            if account is None or not account.enabled or not account.linked:
                raise NotLinked(known_as=known_as)
            return self._admit(account, cookie, "provider")

    def finish_sign_in(self, half: str, code: str, cookie: str = "") -> SignedIn:
        """Complete a sign-in by a code of the authenticator app or a recovery code.

        Raises `SignInExpired`, `WrongCode`, `TooManyAttempts`.
        """

        def check(account: Account) -> None:
            if not self._second_factors.accepts(account, code):
                raise WrongCode()

        return self._finish(self.half_signed_in(half, "code"), cookie, "code", check)

    def ask_for_passkey(self, half: str, party: RelyingParty) -> dict[str, Any]:
        """Return what one of the account's passkeys is to sign. Raises `SignInExpired`, `NoPasskeysHere`."""
        return self._second_factors.passkeys.ask(Ceremony(self.half_signed_in(half, "code"), party, half))

    def finish_by_passkey(
        self, half: str, party: RelyingParty, response: Mapping[str, Any], cookie: str = ""
    ) -> SignedIn:
        """Complete a sign-in by what a passkey signed.

        Raises `SignInExpired`, `WrongPasskey`, `PasskeyCopied`, `TooManyAttempts`.
        """

        def check(account: Account) -> None:
            self._second_factors.passkeys.accept(Ceremony(account, party, half), response)

        return self._finish(self.half_signed_in(half, "code"), cookie, "passkey", check)

    def half_signed_in(self, half: str, step: Step) -> Account:
        """Return the account that is at this step of signing in. Raises `SignInExpired`."""
        try:
            claims = read(half, OKPKey.import_key(self._private), HALF_SIGNED_IN)
            account = self._accounts.people().accounts.get(claims["account"])
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
        account = self._accounts.people().account(actor.account)
        with security_log.refusals("password", account):
            counted = self._attempts.by_password(account.name, "", browser=f"signed in {account.id}")
            if not self._accounts.passwords.fits(account.id, current):
                raise WrongCurrentPassword()
        self._attempts.succeeded(counted)
        security_log.record_confirmation(account)
        return account

    def change_own_password(self, actor: Actor, current: str, password: str, trace: str) -> Session:
        """Another password for who is signed in: their other sessions and tokens end, and this session begins again.

        Raises `WeakPassword` and what `confirmed` does.
        """
        account = self.confirmed(actor, current)
        return self._sessions.begin(self._accounts.set_password(account.id, password, actor=actor.name, trace=trace))

    def complete(self, account: Account, cookie: str, factor: security_log.Factor) -> SignedIn:
        """Return a new session, after the factor that completes the sign-in; `cookie` is of the browser."""
        security_log.record_sign_in(account, factor)
        browser = read_browser(cookie, self._private).after_sign_in(account.id)
        known = signed_browser(browser, self._private)
        return SignedIn(account, self._sessions.begin(account), known, self._attempts.report(account.id))

    def _known_browser(self, cookie: str, account: Account | None) -> str:
        """Return the browser's id if the account signed in with it before; empty otherwise."""
        return read_browser(cookie, self._private).id_for(account.id if account else "")

    def _accepted(self, account: Account | None, password: str, known: str) -> Account:
        """Return the account if this is its password; count the failure for its next sign-in otherwise.

        Raises `WrongPassword`, after the same time whether the account exists or not.
        """
        id = account.id if account else ""
        fits = self._accounts.passwords.fits(id, password)
        if account is None or not account.enabled or not fits:
            if not known:
                self._attempts.failed(id, now_to_the_second())
            raise WrongPassword()
        return account

    def _admit(self, account: Account, cookie: str, factor: security_log.Factor) -> SignedIn | HalfSignedIn:
        """Complete a sign-in, or say which step is missing. Raises `NoSecondFactor` where it cannot be set up."""
        if account.second_factor:
            return self._half(account, "code", factor)
        if self._accounts.people().lacks_second_factor(account):
            if not self._second_factors.can_be_set_up:
                raise NoSecondFactor()
            return self._half(account, "enrolment", factor)
        return self.complete(account, cookie, factor)

    def _half(self, account: Account, step: Step, factor: security_log.Factor) -> HalfSignedIn:
        security_log.record_first_factor(account, factor, step)
        claims = {"account": account.id, "epoch": account.epoch, "step": step, "exp": int(time.time()) + TO_CODE}
        factors = [kind for kind, has in (("passkey", account.passkeys), ("totp", account.totp)) if has]
        return HalfSignedIn(sign(self._private, claims, HALF_SIGNED_IN), step, tuple(factors))

    def _finish(
        self, account: Account, cookie: str, factor: security_log.Factor, check: Callable[[Account], None]
    ) -> SignedIn:
        """Complete a sign-in whose second factor passes the check; count and report what does not."""
        known = self._known_browser(cookie, account)
        with security_log.refusals(factor, account):
            counted = self._attempts.by_code(account.id, known)
            try:
                check(account)
            except Unauthorized:
                if not known:
                    self._attempts.failed(account.id, now_to_the_second())
                raise
        self._attempts.succeeded(counted)
        return self.complete(account, cookie, factor)
