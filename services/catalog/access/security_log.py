"""Log lines of security events: who signed in, what was refused on the way, who changed access.

They name accounts by user name. Never logged: what was typed as a name (it may be a password), passwords, codes,
tokens, network addresses. The trace of each line leads to the request.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

from services.catalog.access.domain.state import Account
from services.chassis.errors import Problem

log = structlog.get_logger()

Factor = Literal["password", "provider", "code", "passkey", "totp"]


def record_first_factor(account: Account, factor: Factor, step: str) -> None:
    """Log that a password or a provider was accepted, and which step is missing."""
    log.info("first factor accepted", account=account.name, factor=factor, next=step)


def record_sign_in(account: Account, factor: Factor) -> None:
    """Log a complete sign-in, by the factor that completed it."""
    log.info("signed in", account=account.name, factor=factor)


def record_confirmation(account: Account) -> None:
    """Log that a signed-in person gave the current password again."""
    log.info("password confirmed", account=account.name)


def record_recovery_codes(account: Account) -> None:
    """Log that a person replaced the recovery codes."""
    log.info("recovery codes replaced", account=account.name)


def record_act(command: object, account: Account | None, by: str) -> None:
    """Log a change of accounts, tokens or sessions; `by` is the user name, token's name or `command line`.

    `id` is that of the token or session where the command is about one, and of the account elsewhere.
    """
    act = re.sub("(?<=.)(?=[A-Z])", "-", type(command).__name__).lower()
    log.info("access changed", act=act, account=account.name if account else "", id=getattr(command, "id", ""), by=by)


@contextmanager
def refusals(factor: Factor, account: Account | None) -> Iterator[None]:
    """Log the refusal of what is done inside; an account that does not exist has no name in the log."""
    try:
        yield
    except Problem as refusal:
        log.info(
            "authentication refused", account=account.name if account else "", factor=factor, reason=refusal.reason
        )
        raise
