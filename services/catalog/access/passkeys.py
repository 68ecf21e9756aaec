"""Passkeys: WebAuthn credentials (Level 2) as second factors. Kept are public keys; there is no secret of them here.

A passkey signs the origin of the page that asked for it, so a page of another site gains nothing by asking.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from services.catalog.access.domain.state import Account
from services.chassis.clock import now_to_the_second
from services.chassis.errors import Invalid, NotFound, Refused, Unauthorized
from services.chassis.event_store import Document

log = structlog.get_logger()

RP_NAME = "MPP"  # what the browser calls this system
OFFERED_FOR = timedelta(minutes=5)  # how long a challenge can be answered
# The password is the first factor, so that possession is enough: security keys without a PIN can be used too.
VERIFICATION = UserVerificationRequirement.PREFERRED
# What the library raises for responses that no browser makes, beside exceptions of its own.
UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
Purpose = Literal["add", "sign in"]


class NoPasskeysHere(NotFound):
    """Passkeys need https and a host name, that of `PUBLIC_URL` where it is set; or the account has none for it."""


class InvalidPasskey(Invalid):
    """The browser's response does not fit: challenge, origin, host name or signature, or it came too late."""


class PasskeyTaken(Refused):
    """The passkey has been added already, to this account or another one."""


class UnknownPasskey(NotFound):
    """The account has no such passkey."""


class WrongPasskey(Unauthorized):
    """The passkey is none of the account, or its response does not fit or came too late."""


class PasskeyCopied(Unauthorized):
    """The passkey's counter did not go up: there may be a copy of it."""


@dataclass(frozen=True)
class RelyingParty:
    """What passkeys are bound to: a host name, and the origin of the pages that may ask for them."""

    id: str
    origin: str


@dataclass(frozen=True)
class Passkey:
    """A passkey as its owner knows it; `used_at` is its last sign-in."""

    id: str
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Ceremony:
    """Who answers a challenge, where: `holder` is the half of a sign-in or the session that it was given to."""

    account: Account
    party: RelyingParty
    holder: str


def relying_party(address: str, public_url: str) -> RelyingParty:
    """Return what passkeys are bound to on pages of this address (scheme, host and port).

    That is `public_url` where it is set, and the address of the request elsewhere; `localhost` may always be used, and
    without https, as browsers allow. Browsers take no passkey for a numeric address. Raises `NoPasskeysHere`.
    """
    name, origin = _origin(address)
    if _is_local(name):
        return RelyingParty(name, origin)
    if _is_numeric(name) or not origin.startswith("https://"):
        raise NoPasskeysHere()
    if public_url and origin != _origin(public_url)[1]:
        raise NoPasskeysHere()
    return RelyingParty(name, origin)


class Passkeys:
    """The passkeys of all accounts. One per process."""

    def __init__(self, database: Database[Document]) -> None:
        self._kept = database["second_factors"]
        self._challenges = Challenges(database)

    def offer(self, ceremony: Ceremony) -> dict[str, Any]:
        """Return what the browser makes a new passkey from; those of the account are excluded."""
        account = ceremony.account
        options = generate_registration_options(
            rp_id=ceremony.party.id,
            rp_name=RP_NAME,
            user_id=account.id.encode(),
            user_name=account.name,
            challenge=self._challenges.give("add", ceremony),
            timeout=_milliseconds(OFFERED_FOR),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFICATION
            ),
            exclude_credentials=self._descriptors(ceremony),
        )
        return options_to_json_dict(options)

    def add(self, ceremony: Ceremony, name: str, response: Mapping[str, Any]) -> str:
        """Keep a new passkey, and return its id; it is accepted once the account has the id.

        Raises `InvalidPasskey`, `PasskeyTaken`.
        """
        challenge = self._challenges.take("add", ceremony)
        if challenge is None:
            raise InvalidPasskey()
        verified = _registration(ceremony.party, challenge, response)
        id, credential = secrets.token_hex(8), bytes_to_base64url(verified.credential_id)
        kept: Document = {
            "_id": _key(credential),  # the same passkey cannot be of two accounts
            "account": ceremony.account.id,
            "id": id,
            "name": name,
            "credential": credential,
            "public_key": bytes_to_base64url(verified.credential_public_key),
            "sign_count": verified.sign_count,
            "transports": list(response["transports"]),
            "rp": ceremony.party.id,
            "added_at": datetime.now(UTC),
        }
        try:
            self._kept.insert_one(kept)
        except DuplicateKeyError:
            raise PasskeyTaken() from None
        return id

    def ask(self, ceremony: Ceremony) -> dict[str, Any]:
        """Return what the browser asks one of the account's passkeys to sign. Raises `NoPasskeysHere`."""
        allowed = self._descriptors(ceremony)
        if not allowed:
            raise NoPasskeysHere()
        options = generate_authentication_options(
            rp_id=ceremony.party.id,
            challenge=self._challenges.give("sign in", ceremony),
            timeout=_milliseconds(OFFERED_FOR),
            allow_credentials=allowed,
            user_verification=VERIFICATION,
        )
        return options_to_json_dict(options)

    def accept(self, ceremony: Ceremony, response: Mapping[str, Any]) -> None:
        """Check what a passkey of the account signed. Raises `WrongPasskey`, `PasskeyCopied`."""
        challenge = self._challenges.take("sign in", ceremony)
        wanted = {"_id": _key(response["credential"]), "account": ceremony.account.id, "rp": ceremony.party.id}
        found = self._kept.find_one(wanted)
        if challenge is None or not found or found["id"] not in ceremony.account.passkeys:
            raise WrongPasskey()
        verified = _authentication(ceremony.party, challenge, response, base64url_to_bytes(found["public_key"]))
        self._count(found, verified.new_sign_count)

    def all(self, account: Account) -> list[Passkey]:
        """Return the account's passkeys, the oldest first."""
        found = sorted(self._of(account), key=lambda kept: (kept["added_at"], kept["id"]))
        return [Passkey(one["id"], one["name"], _utc(one["added_at"]), _utc(one.get("used_at"))) for one in found]

    def erase(self, account: str, id: str = "") -> None:
        """Forget one passkey of the account, or all."""
        self._kept.delete_many({"account": account, **({"id": id} if id else {})})

    def _of(self, account: Account) -> Iterable[Document]:
        return [kept for kept in self._kept.find({"account": account.id}) if kept["id"] in account.passkeys]

    def _descriptors(self, ceremony: Ceremony) -> list[PublicKeyCredentialDescriptor]:
        return [
            PublicKeyCredentialDescriptor(
                id=base64url_to_bytes(kept["credential"]),
                transports=[AuthenticatorTransport(transport) for transport in kept["transports"]],
            )
            for kept in self._of(ceremony.account)
            if kept["rp"] == ceremony.party.id
        ]

    def _count(self, kept: Document, count: int) -> None:
        """Store the passkey's counter and last use, unless the counter did not go up (Level 2, section 6.1.1).

        Passkeys without a counter always send 0. One update, so that of two copies at once only one is accepted.
        """
        before: Document | int = {"$lt": count} if count else 0
        used = {"sign_count": count, "used_at": now_to_the_second()}
        if not self._kept.update_one({"_id": kept["_id"], "sign_count": before}, {"$set": used}).matched_count:
            log.error("passkey counter did not increase: remove the passkey", account=kept["account"], id=kept["id"])
            raise PasskeyCopied()


class Challenges:
    """Challenges that were given and not answered yet: one for each purpose and holder, each answered once."""

    def __init__(self, database: Database[Document]) -> None:
        self._kept = database["passkey_challenges"]
        self._indexed = False

    def give(self, purpose: Purpose, ceremony: Ceremony) -> bytes:
        """Return a new challenge for this holder; the one before can no longer be answered."""
        if not self._indexed:
            self._kept.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        challenge = secrets.token_bytes(32)
        given = {"challenge": bytes_to_base64url(challenge), "expires_at": datetime.now(UTC) + OFFERED_FOR}
        wanted: Document = {"_id": _holder(purpose, ceremony)}
        try:
            self._kept.update_one(wanted, {"$set": given}, upsert=True)
        except DuplicateKeyError:  # the same holder asked twice at once
            self._kept.update_one(wanted, {"$set": given})
        return challenge

    def take(self, purpose: Purpose, ceremony: Ceremony) -> bytes | None:
        """Return the holder's challenge and forget it; None where there is none, or where it has expired."""
        wanted: Document = {"_id": _holder(purpose, ceremony)}
        found = self._kept.find_one(wanted)
        if not found:
            return None
        taken = self._kept.delete_one(wanted | {"challenge": found["challenge"]}).deleted_count == 1
        fresh = datetime.now(UTC) < found["expires_at"].replace(tzinfo=UTC)
        return base64url_to_bytes(found["challenge"]) if taken and fresh else None


def _registration(party: RelyingParty, challenge: bytes, response: Mapping[str, Any]) -> VerifiedRegistration:
    attested = {"clientDataJSON": response["client_data"], "attestationObject": response["attestation"]}
    try:
        return verify_registration_response(
            credential=_credential(response["credential"], attested),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except UNREADABLE as error:
        log.info("passkey not added", error=type(error).__name__, detail=str(error))
        raise InvalidPasskey() from error


def _authentication(
    party: RelyingParty, challenge: bytes, response: Mapping[str, Any], public_key: bytes
) -> VerifiedAuthentication:
    signed = {
        "clientDataJSON": response["client_data"],
        "authenticatorData": response["authenticator_data"],
        "signature": response["signature"],
    }
    try:
        return verify_authentication_response(
            credential=_credential(response["credential"], signed),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # compared where it is stored: `_count`
        )
    except UNREADABLE as error:
        log.info("passkey refused", error=type(error).__name__, detail=str(error))
        raise WrongPasskey() from error


def _credential(id: str, response: Mapping[str, str]) -> dict[str, Any]:
    """The browser's response as the standard writes it in JSON."""
    return {"id": id, "rawId": id, "type": "public-key", "response": dict(response)}


def _key(credential: str) -> str:
    return f"passkey {hashlib.sha256(credential.encode()).hexdigest()}"


def _holder(purpose: Purpose, ceremony: Ceremony) -> str:
    parts = (purpose, ceremony.account.id, ceremony.party.id, ceremony.holder)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _origin(url: str) -> tuple[str, str]:
    """Host name and origin of an address, as a browser writes them: no port where it is the scheme's own."""
    parts = urlsplit(url.lower())
    try:
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise NoPasskeysHere() from None
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return name, f"{parts.scheme}://{name}" + (f":{port}" if port not in (None, usual) else "")


def _is_local(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def _is_numeric(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return not name


def _milliseconds(lasts: timedelta) -> int:
    return int(lasts.total_seconds() * 1000)


def _utc(moment: Any) -> Any:
    return moment and moment.replace(tzinfo=UTC)


TRANSPORTS: Sequence[str] = tuple(transport.value for transport in AuthenticatorTransport)
