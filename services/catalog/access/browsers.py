"""Browsers that an account signed in with before, recognized by a signed cookie that holds ids and no names."""

import secrets
import time
from dataclasses import dataclass, field

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.kernel.tokens import DAY, read, sign

COOKIE = "mpp-known-browser"
AUDIENCE = "urn:mpp:known-browser"
LASTS = 180 * DAY  # seconds after the last sign-in
MOST = 10  # accounts of one browser, the latest first; clerks share machines


@dataclass(frozen=True)
class Browser:
    """A browser: its id, and the ids of the accounts that signed in with it."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    accounts: tuple[str, ...] = ()

    def id_for(self, account: str) -> str:
        """Return the browser's id if the account signed in with it before; empty otherwise."""
        return self.id if account and account in self.accounts else ""

    def after_sign_in(self, account: str) -> "Browser":
        """Return the browser as it is known after this account signed in."""
        others = [other for other in self.accounts if other != account]
        return Browser(self.id, (account, *others[: MOST - 1]))


def read_browser(cookie: str, private_pem: bytes) -> Browser:
    """Return the browser of a cookie; a new one where there is no cookie, or not one that we signed."""
    if not cookie:
        return Browser()
    try:
        claims = read(cookie, OKPKey.import_key(private_pem), AUDIENCE)
        return Browser(str(claims["jti"]), tuple(map(str, claims["accounts"])))
    except (JoseError, ValueError, KeyError, TypeError):
        return Browser()


def signed_browser(browser: Browser, private_pem: bytes) -> str:
    """Return the cookie that this browser keeps for `LASTS` seconds."""
    claims = {"jti": browser.id, "accounts": list(browser.accounts), "exp": int(time.time()) + LASTS}
    return sign(private_pem, claims, AUDIENCE)
