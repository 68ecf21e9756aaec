"""An authenticator and a browser in software: makes WebAuthn's responses from the server's options, right or wrong."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

ORIGIN = "http://localhost"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey; `count` is None where it has no counter."""

    rp: str = "localhost"
    origin: str = ORIGIN
    count: int | None = 0
    flags: int = PRESENT | VERIFIED
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def credential(self) -> str:
        return bytes_to_base64url(self.id)

    def make(self, options: dict, **changed: str) -> dict:
        """What `navigator.credentials.create` answers, as the page sends it."""
        public = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (public.x, public.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(ATTESTED) + attested
        return {
            "credential": self.credential,
            "client_data": bytes_to_base64url(self._client_data("webauthn.create", options, changed)),
            "attestation": bytes_to_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }

    def sign(self, options: dict, **changed: str) -> dict:
        """What `navigator.credentials.get` answers, as the page sends it."""
        if self.count is not None:
            self.count += 1
        data, client = self._data(), self._client_data("webauthn.get", options, changed)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "credential": self.credential,
            "client_data": bytes_to_base64url(client),
            "authenticator_data": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
        }

    def _data(self, flags: int = 0) -> bytes:
        hashed = hashlib.sha256(self.rp.encode()).digest()
        return hashed + bytes([self.flags | flags]) + (self.count or 0).to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict, changed: dict[str, str]) -> bytes:
        data = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**data, **changed}).encode()
