"""A seal: what others entrust to us is encrypted in the database, with keys that are not in it."""

import hashlib
import hmac
from collections.abc import Sequence
from contextlib import suppress

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from marshmallow import ValidationError

from services.chassis.config import Env
from services.chassis.event_store import Document

SHORTEST_KEY = 32  # characters: all short numbers there are could be tried with a key that can be guessed


class Seal:
    """Encrypts with the first of its keys and reads what any of them encrypted.

    So the database's replication log, a backup, and whatever else was copied from it is of no use to who has not the
    keys, and to nobody once a key is thrown away. Without keys everything is kept as it is.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = [OctKey.import_key(hashlib.sha256(key.encode()).digest()) for key in keys]
        self._mark_keys = [_derived(key) for key in keys or ("",)]

    @classmethod
    def from_env(cls, env: Env, name: str = "CONTACTS_KEYS") -> "Seal":
        """Read the setting of this name: one or more keys, with spaces or new lines between them."""
        return cls((env.str(name, "", validate=_must_be_long) or "").split())

    @property
    def has_keys(self) -> bool:
        """Whether anything is encrypted at all."""
        return bool(self._keys)

    def close(self, name: str, text: str) -> Document:
        """The text as it is kept: sealed, or under its name where there is no key."""
        if not self._keys:
            return {name: text}
        return {"sealed": jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, text.encode(), self._keys[0])}

    def open(self, name: str, kept: Document) -> str | None:
        """The text of this name; None where its key is no more."""
        return _opened(kept["sealed"], self._keys) if "sealed" in kept else str(kept[name])

    def marks(self, text: str) -> list[str]:
        """Return keyed hashes by which equal texts are recognised: one for each key, that of the newest first.

        The keys are derived (HKDF, RFC 5869) and stored nowhere: without `CONTACTS_KEYS` no text can be tried against
        a mark. Where there are no keys, texts are stored readable beside their marks anyway.
        """
        return [hmac.digest(key, text.encode(), "sha256").hex() for key in self._mark_keys]

    def renew(self, name: str, kept: Document) -> Document | None:
        """As the text is to be kept now; None where it is kept so already, or its key is no more."""
        if not self._keys or ("sealed" in kept and _opened(kept["sealed"], self._keys[:1]) is not None):
            return None
        text = self.open(name, kept)
        return None if text is None else self.close(name, text)


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"mpp notifications marks").derive(key.encode())


def _opened(sealed: str, keys: Sequence[OctKey]) -> str | None:
    for key in keys:
        with suppress(JoseError):
            return (jwe.decrypt_compact(sealed, key).plaintext or b"").decode()
    return None


def _must_be_long(keys: str) -> None:
    if any(len(key) < SHORTEST_KEY for key in keys.split()):
        raise ValidationError(f"each key must have {SHORTEST_KEY} characters or more")
