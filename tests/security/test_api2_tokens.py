"""API2, broken authentication: a token that the right key did not sign, in the right way, for now, opens nothing."""

import base64
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey
from security.conftest import MALL

from services.kernel import tokens

NOW = int(time.time())
CLAIMS = {"sub": "Mallory", "role": "supervisor", "iat": NOW, "exp": NOW + 3600, "mall": "pekalongan"}


def part(content) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def signed(key, algorithm: str, claims=CLAIMS) -> str:
    return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])


def with_public_key_as_secret(houses) -> str:
    public = OKPKey.import_key(houses.private).as_pem(private=False)
    return signed(OctKey.import_key(public.replace(b"-----", b"=====")), "HS256")


def tampered(houses) -> str:
    """An operator's token whose role was changed after it was signed."""
    head, _, signature = houses.bearer("operator")["Authorization"].removeprefix("Bearer ").split(".")
    return f"{head}.{part(CLAIMS)}.{signature}"


FORGERIES = {
    "alg none": lambda _: f"{part({'alg': 'none'})}.{part(CLAIMS)}.",
    "alg None": lambda _: f"{part({'alg': 'None', 'typ': 'JWT'})}.{part(CLAIMS)}.",
    "no signature": lambda houses: houses.bearer("supervisor")["Authorization"][7:].rpartition(".")[0] + ".",
    "the public key as a shared secret": with_public_key_as_secret,
    "another key": lambda _: signed(OKPKey.generate_key("Ed25519"), "Ed25519"),
    "another curve": lambda _: signed(OKPKey.generate_key("Ed448"), "Ed448"),
    "an elliptic key": lambda _: signed(ECKey.generate_key("P-256"), "ES256"),
    "the older name of the algorithm": lambda houses: signed(OKPKey.import_key(houses.private), "EdDSA"),
    "claims changed after signing": tampered,
    "a key of its own in the head": lambda _: (
        f"{part({'alg': 'Ed25519', 'jwk': OKPKey.generate_key('Ed25519').as_dict(private=False)})}.{part(CLAIMS)}.AAAA"
    ),
    "expired": lambda houses: tokens.mint(houses.private, name="x", role="supervisor", days=-0.001),
    "without an end": lambda houses: signed(
        OKPKey.import_key(houses.private), "Ed25519", {n: v for n, v in CLAIMS.items() if n != "exp"}
    ),
    "for another audience": lambda houses: tokens.sign(houses.private, CLAIMS, audience="urn:mpp:known-browser"),
    "of another issuer": lambda houses: tokens.sign(houses.private, CLAIMS | {"iss": "https://jahat.test"}),
    "of a time to come": lambda houses: tokens.sign(houses.private, CLAIMS | {"nbf": NOW + 3000}),
    "of another key id": lambda houses: jwt.encode(
        {"alg": "Ed25519", "kid": "another"}, CLAIMS, OKPKey.import_key(houses.private), algorithms=["Ed25519"]
    ),
    "without a name": lambda houses: signed(
        OKPKey.import_key(houses.private), "Ed25519", {n: v for n, v in CLAIMS.items() if n != "sub"}
    ),
    "rubbish": lambda _: "a.b.c",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_opens_nothing(houses, forge):
    headers = {"Authorization": f"Bearer {forge(houses)}"}
    for service, path in (("ticketing", f"{MALL}/overview"), ("notifications", "/notifications/api/messages")):
        answer = houses.client(service).get(path, headers=headers)
        assert (answer.status_code, answer.json["reason"]) == (401, "bad-token")


def test_the_right_token_opens_what_the_forged_ones_are_for(houses):
    assert houses.client().get(f"{MALL}/overview", headers=houses.bearer("supervisor")).status_code == 200


def test_a_token_that_was_good_a_moment_ago_is_none_once_it_ends(houses, monkeypatch):
    headers, client = houses.bearer("supervisor"), houses.client()
    assert client.get(f"{MALL}/overview", headers=headers).status_code == 200
    later = time.time() + 2 * tokens.DAY
    monkeypatch.setattr(tokens.time, "time", lambda: later)
    assert client.get(f"{MALL}/overview", headers=headers).status_code == 401


def test_a_token_is_taken_from_its_header_alone(houses):
    token = houses.bearer("supervisor")["Authorization"].removeprefix("Bearer ")
    client = houses.client()
    client.set_cookie("token", token)
    client.set_cookie("Authorization", f"Bearer {token}")
    for name in ("token", "access_token", "authorization"):
        assert client.get(f"{MALL}/overview?{name}={token}").status_code == 401
    assert client.get(f"{MALL}/overview", headers={"Authorization": f"Basic {token}"}).status_code == 401
