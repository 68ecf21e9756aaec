"""One's own second factors: set up, replaced, removed. Each change ends the account's other sessions."""

from collections.abc import Mapping
from typing import Any

from services.catalog.access import security_log
from services.catalog.access.accounts import Accounts
from services.catalog.access.attempts import Attempts
from services.catalog.access.domain.commands import AddSecondFactor, RemoveSecondFactor
from services.catalog.access.domain.events import Removed
from services.catalog.access.domain.refusals import TooManyPasskeys
from services.catalog.access.domain.state import Account
from services.catalog.access.passkeys import Ceremony, UnknownPasskey
from services.catalog.access.second_factor import NoSecondFactor, Offer, SecondFactorExists
from services.catalog.access.sessions import Session, Sessions
from services.catalog.access.sign_in import SignedIn, SignIn
from services.chassis.clock import now_to_the_second


class Enrolment:
    """Sets up and removes second factors for the person who has them. One per process."""

    def __init__(self, accounts: Accounts, sessions: Sessions, sign_in: SignIn, attempts: Attempts) -> None:
        self._accounts = accounts
        self._second_factors = accounts.second_factors
        self._sessions = sessions
        self._sign_in = sign_in
        self._attempts = attempts

    def offer_app(self, account: Account) -> Offer:
        """Return a secret for the account's authenticator app. Raises `SecondFactorExists`, `NoSecondFactor`."""
        if account.totp:
            raise SecondFactorExists()
        return self._second_factors.offer(account.id, account.name)

    def add_app(self, account: Account, code: str, cookie: str, trace: str) -> tuple[list[str], SignedIn]:
        """Turn on what was offered, by a first code: all other sessions end. Return recovery codes, and a session.

        There are new recovery codes with the first second factor alone. Raises `WrongFirstCode`,
        `SecondFactorExists`, `TooManyAttempts`.
        """
        if account.totp:
            raise SecondFactorExists()
        counted = self._attempts.by_code(account.id, "enrolment")
        self._second_factors.confirm(account.id, code)
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
        passkey = self._second_factors.passkeys.add(ceremony, name, response)
        self._attempts.succeeded(counted)
        try:
            command = AddSecondFactor(account.id, now_to_the_second(), "passkey", passkey)
            return self._added(account, command, cookie, trace)
        except TooManyPasskeys:
            self._second_factors.erase_one(account.id, passkey)
            raise

    def new_recovery_codes(self, account: Account) -> list[str]:
        """Replace the account's recovery codes and return the new ones. Raises `NoSecondFactor`."""
        if not account.second_factor:
            raise NoSecondFactor()
        security_log.record_recovery_codes(account)
        return self._second_factors.new_codes(account.id)

    def remove(self, account: Account, kind: Removed, passkey: str, trace: str) -> Session:
        """Remove one second factor of the account, or all: all other sessions end.

        Raises `SecondFactorNeeded`, `NoSecondFactor`, `UnknownPasskey`.
        """
        if kind == "passkey" and passkey not in account.passkeys:
            raise UnknownPasskey()
        if not (account.totp if kind == "totp" else account.second_factor):
            raise NoSecondFactor()
        command = RemoveSecondFactor(account.id, now_to_the_second(), kind=kind, passkey=passkey)
        left = self._accounts.act(command, actor=account.name, trace=trace).account(account.id)
        if left.second_factor:
            self._second_factors.erase_one(account.id, passkey)
        else:
            self._second_factors.erase(account.id)
        return self._sessions.begin(left)

    def _added(self, account: Account, command: AddSecondFactor, cookie: str, trace: str) -> tuple[list[str], SignedIn]:
        """Record a new second factor; return recovery codes where it is the account's first one, and a session."""
        added = self._accounts.act(command, actor=account.name, trace=trace).account(account.id)
        codes = [] if account.second_factor else self._second_factors.new_codes(account.id)
        return codes, self._sign_in.complete(added, cookie, command.kind)
