"""Access tokens: who is asking, as what, and for which mall, counter or agency; signed, so no service asks another.

A program sends one as bearer token, a browser that is signed in as cookie (a session: short, made by catalog alone).

Ed25519: services hold only the public key and can verify but not mint (RFC 8037, RFC 7519).
"""

import argparse
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import OKPKey
from marshmallow.validate import Regexp

from services.chassis.config import Env
from services.chassis.errors import Forbidden, Unauthorized

ROLES = ("administrator", "supervisor", "operator", "agency", "auditor", "device")
SCOPES = ("mall", "counter", "agency")
ALGORITHM = "Ed25519"
DAY = 86400
COOKIE = "mpp-session"
ISSUER = "urn:mpp:catalog"  # whose key signs; the command line signs in its name
SERVICES = "urn:mpp:services"  # audience of what opens routes; what is signed for another purpose names another one
LEEWAY = 30  # seconds that the clocks of two machines may differ


class BadToken(Unauthorized):
    """The token is missing, wrong or expired."""


class Revoked(Unauthorized):
    """The token was good, and was withdrawn before its end."""


class WrongRole(Forbidden):
    """This role may not do that."""


class WrongScope(Forbidden):
    """The token is for another mall, counter or agency."""


@dataclass(frozen=True)
class Actor:
    """Who is asking: a name for the record, a role, and the scopes the token is bound to.

    `token`, `session` and `account` are the ids by which it can be revoked; a session is of an account's `epoch`, which
    ends with a new password or role. Empty where the token has none.
    """

    name: str
    role: str
    expires: float = field(default=0.0, compare=False)
    scope: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", compare=False)
    session: str = field(default="", compare=False)
    account: str = field(default="", compare=False)
    epoch: int = field(default=0, compare=False)
    until: float = field(default=0.0, compare=False)  # a session is renewed no further


def make_keys(folder: Path) -> None:
    """Write a key pair to `token_private.pem` (mode 0600) and `token_public.pem`; a key that exists stays."""
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / "token_private.pem", folder / "token_public.pem"
    if private.exists():
        key = OKPKey.import_key(private.read_bytes())
    else:
        key = OKPKey.generate_key("Ed25519", private=True)
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.as_pem(private=True))
    public.write_bytes(key.as_pem(private=False))
    public.chmod(0o644)


def mint(private_pem: bytes, *, name: str, role: str, days: float = 1, **scope: str | None) -> str:
    """A token for `name` in `role`, bound to the `mall`, `counter` or `agency` given, valid for so many days."""
    bound = {name: code for name, code in scope.items() if code}
    return sign(private_pem, {"sub": name, "role": role, "exp": int(time.time() + days * DAY), **bound})


def sign(private_pem: bytes, claims: Mapping[str, Any], audience: str = SERVICES) -> str:
    """Return a signed token with these claims, for one audience; it gets an id (`jti`) unless the claims hold one.

    The audience keeps what is signed for one purpose from being accepted for another.
    """
    key, now = OKPKey.import_key(private_pem), int(time.time())
    whole = {"jti": secrets.token_urlsafe(12), "iss": ISSUER, "aud": audience, "iat": now, "nbf": now, **claims}
    return jwt.encode({"alg": ALGORITHM, "kid": key.thumbprint()}, whole, key, algorithms=[ALGORITHM])


def read(token: str, key: OKPKey, audience: str = SERVICES) -> dict[str, Any]:
    """Return the claims of a token that this key signed for this audience and whose time has come and is not over.

    A token of the release before this one names neither issuer nor audience; it is accepted as one for the services
    until it expires. Only the holder of the private key can leave them out, so nothing is gained by doing so.
    Raises `JoseError` for everything else.
    """
    decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
    claims: dict[str, Any] = decoded.claims
    if decoded.header.get("kid", key.thumbprint()) != key.thumbprint():
        raise InvalidClaimError("kid")
    is_of_previous_release = audience == SERVICES and not claims.keys() & {"iss", "aud"}
    essential = not is_of_previous_release
    jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        exp={"essential": True},
        iss={"essential": essential, "value": ISSUER},
        aud={"essential": essential, "value": audience},
        nbf={"essential": essential},
    ).validate(claims)
    return claims


def public_key(env: Env) -> str:
    """The key to verify tokens with, from `TOKEN_PUBLIC_KEY`."""
    is_pem = Regexp("^-----BEGIN PUBLIC KEY-----", error="must be a public key in PEM")
    key: str = env.str("TOKEN_PUBLIC_KEY", validate=is_pem)
    return key


def private_key(env: Env) -> str:
    """The key to sign sessions with, from `TOKEN_PRIVATE_KEY`; empty where nobody can sign in."""
    is_pem = Regexp("^(-----BEGIN PRIVATE KEY-----|$)", error="must be a private key in PEM")
    key: str = env.str("TOKEN_PRIVATE_KEY", "", validate=is_pem)
    return key


class Verifier:
    """Checks tokens against the public key, remembering those it has seen, and asks each time if it is revoked."""

    def __init__(self, public_pem: str, is_revoked: Callable[[Actor], bool] = lambda _: False) -> None:
        self._key = OKPKey.import_key(public_pem)
        self._read = lru_cache(maxsize=1024)(self._decode)
        self._is_revoked = is_revoked

    def actor(self, authorization: str, cookie: str = "") -> Actor:
        """The actor of an `Authorization` header or, without one, of a session's cookie.

        Raises `BadToken` or `Revoked`.
        """
        scheme, _, token = authorization.partition(" ")
        by_cookie = not authorization
        if by_cookie:
            token = cookie
        elif scheme.lower() != "bearer":
            raise BadToken()
        if not token.strip():
            raise BadToken()
        actor = self._read(token.strip())
        if actor.expires < time.time() or (by_cookie and not actor.session):
            raise BadToken()
        if self._is_revoked(actor):
            raise Revoked()
        return actor

    def _decode(self, token: str) -> Actor:
        try:
            claims = read(token, self._key)
            scope = {name: claims[name] for name in SCOPES if name in claims}
            return Actor(
                claims["sub"],
                claims["role"],
                float(claims["exp"]),
                scope,
                token=claims.get("jti", ""),
                session=claims.get("sid", ""),
                account=claims.get("account", ""),
                epoch=int(claims.get("epoch", 0)),
                until=float(claims.get("until", 0)),
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise BadToken() from error


def main() -> None:
    """The command line: `keys DIR`, or `mint --key FILE --name NAME --role ROLE [--mall M] [--counter C]`."""
    parser = argparse.ArgumentParser(prog="python -m services.kernel.tokens", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    keys = commands.add_parser("keys", help="make a key pair unless there is one")
    keys.add_argument("folder", type=Path)
    new = commands.add_parser("mint", help="print a token")
    new.add_argument("--key", type=Path, required=True)
    new.add_argument("--name", required=True)
    new.add_argument("--role", choices=ROLES, required=True)
    new.add_argument("--days", type=float, default=1)
    for name in SCOPES:
        new.add_argument(f"--{name}")
    arguments = parser.parse_args()
    if arguments.command == "keys":
        make_keys(arguments.folder)
    else:
        scope = {name: getattr(arguments, name) for name in SCOPES}
        key = arguments.key.read_bytes()
        print(mint(key, name=arguments.name, role=arguments.role, days=arguments.days, **scope))


if __name__ == "__main__":
    main()
