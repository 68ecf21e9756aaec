"""Signatures and their secrets, by the Standard Webhooks specification 1.0.0 (symmetric, `v1`).

An HMAC needs the secret itself, so it is kept, sealed: apart from the events, in a collection of its own.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from pymongo.database import Database

from services.chassis.event_store import Document
from services.chassis.seal import Seal

log = structlog.get_logger()

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A secret as it is given to people: `whsec_` and 32 random bytes in Base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def signatures(secrets: Sequence[str], id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one signature for each secret, with spaces between them."""
    signed = f"{id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


class Secrets:
    """The secrets by the names that events call them; forgotten when they are of no use any more."""

    def __init__(self, database: Database[Document], seal: Seal) -> None:
        self._secrets, self._seal = database["webhook_secrets"], seal
        self._read: dict[str, str] = {}  # a secret never changes under its name
        self._indexed = False

    def make(self, webhook: str, key: str) -> str:
        """A new secret of a webhook, kept under this name. It is told this once."""
        if not self._indexed:
            self._secrets.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        made = new_secret()
        self._secrets.insert_one({"_id": key, "webhook": webhook, **self._seal.close("secret", made)})
        return made

    def find(self, keys: Sequence[str]) -> list[str]:
        """The secrets of these names, in the same order."""
        if unread := [key for key in keys if key not in self._read]:
            found = self._secrets.find({"_id": {"$in": unread}})
            self._read |= {kept["_id"]: secret for kept in found if (secret := self._seal.open("secret", kept))}
        return [self._read[key] for key in keys if key in self._read]

    def seal_anew(self) -> None:
        """Seal with the newest key what an older one sealed, or none did: then the older one can go."""
        lost = []
        for kept in self._secrets.find():
            if renewed := self._seal.renew("secret", kept):
                self._secrets.update_one({"_id": kept["_id"]}, {"$unset": {"secret": ""}, "$set": renewed})
            elif self._seal.open("secret", kept) is None:
                lost.append(kept["webhook"])
        if lost:
            log.error("no key opens the secrets of webhooks: bring back its CONTACTS_KEYS, or replace them", lost=lost)

    def let_end(self, webhook: str, current: str, overlap: timedelta) -> None:
        """Forget all secrets of a webhook but the current one, an hour after they have stopped signing."""
        ends = datetime.now(UTC) + overlap + timedelta(hours=1)
        others = {"webhook": webhook, "_id": {"$ne": current}, "expires_at": {"$exists": False}}
        self._secrets.update_many(others, {"$set": {"expires_at": ends}})

    def discard(self, key: str) -> None:
        """Delete the secret of this name, which never signed."""
        self._secrets.delete_one({"_id": key})

    def forget(self, webhook: str) -> None:
        """Forget all secrets of a webhook."""
        self._secrets.delete_many({"webhook": webhook})
