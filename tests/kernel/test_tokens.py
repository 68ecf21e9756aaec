"""Bearer tokens: who signed them, for whom, for how long."""

import base64
import hmac
import json
import stat
import subprocess
import sys
import time

import pytest
from joserfc import jwt

import services.kernel.tokens as tokens
from services.kernel.tokens import Actor, BadToken, Verifier


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key pair of this mall."""
    folder = tmp_path_factory.mktemp("keys")
    tokens.make_keys(folder)
    return folder


@pytest.fixture(scope="module")
def private(keys) -> bytes:
    return (keys / "token_private.pem").read_bytes()


@pytest.fixture(scope="module")
def verifier(keys) -> Verifier:
    return Verifier((keys / "token_public.pem").read_text())


def changed(token: str, **claims) -> str:
    """The token with other claims under the old signature."""
    head, body, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{part_of(read | claims)}.{signature}"


def part_of(values: dict) -> str:
    """A token's part that holds these values."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


def test_a_token_tells_name_role_and_scope(private, verifier):
    token = tokens.mint(private, name="Ibu Sri", role="operator", mall="pekalongan", counter="G02")
    actor = verifier.actor(f"Bearer {token}")
    assert actor == Actor("Ibu Sri", "operator", scope={"mall": "pekalongan", "counter": "G02"})
    assert time.time() < actor.expires <= time.time() + tokens.DAY


def test_scope_that_is_not_given_binds_nothing(private, verifier):
    token = tokens.mint(private, name="Pak Joko", role="supervisor", mall=None, counter="")
    assert verifier.actor(f"bearer {token}").scope == {}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic c2l0aTpyYWhhc2lh", "Bearer nonsense", "e30.e30."]
)
def test_what_is_no_bearer_token_is_refused(verifier, authorization):
    with pytest.raises(BadToken):
        verifier.actor(authorization)


@pytest.mark.parametrize("header", ["[" * 5000, '{"alg":"Ed25519","kid":' + "9" * 5000 + "}"])
def test_token_whose_header_cannot_be_read_is_refused(verifier, header):
    written = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {written}.e30.AAAA")


def test_an_expired_token_is_refused(private, verifier):
    token = tokens.mint(private, name="Ibu Sri", role="operator", days=-1)
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {token}")


def test_a_token_expires_also_when_it_has_been_seen_before(private, verifier, monkeypatch):
    token = tokens.mint(private, name="Ibu Sri", role="operator", days=1)
    verifier.actor(f"Bearer {token}")
    in_two_days = time.time() + 2 * tokens.DAY
    monkeypatch.setattr(tokens.time, "time", lambda: in_two_days)
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {token}")


def test_a_token_of_another_house_is_refused(verifier, tmp_path):
    tokens.make_keys(tmp_path)
    token = tokens.mint((tmp_path / "token_private.pem").read_bytes(), name="Ibu Sri", role="operator")
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {token}")


@pytest.mark.parametrize("claims", [{"role": "administrator"}, {"counter": "G03"}, {"exp": 4102444800}])
def test_a_token_whose_claims_were_changed_is_refused(private, verifier, claims):
    token = tokens.mint(private, name="Ibu Sri", role="operator", counter="G02")
    assert verifier.actor(f"Bearer {token}").scope == {"counter": "G02"}
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {changed(token, **claims)}")


def test_a_token_without_signature_is_refused(private, verifier):
    _, body, _ = tokens.mint(private, name="Ibu Sri", role="operator").split(".")
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {part_of({'alg': 'none'})}.{body}.")


def test_the_public_key_is_no_secret_to_sign_with(keys, verifier):
    head, body = (part_of({"alg": "HS256"}), part_of({"sub": "Mallory", "role": "administrator", "exp": 4102444800}))
    signature = hmac.digest((keys / "token_public.pem").read_bytes(), f"{head}.{body}".encode(), "sha256")
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


@pytest.mark.parametrize("missing", ["sub", "role", "exp"])
def test_a_token_that_does_not_say_who_what_or_how_long_is_refused(private, verifier, missing):
    claims = {"sub": "Ibu Sri", "role": "operator", "exp": int(time.time()) + 60}
    del claims[missing]
    key = tokens.OKPKey.import_key(private)
    token = jwt.encode({"alg": "Ed25519"}, claims, key, algorithms=["Ed25519"])
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {token}")


def test_the_private_key_is_for_its_owner_and_is_never_made_twice(keys, private):
    assert stat.S_IMODE((keys / "token_private.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((keys / "token_public.pem").stat().st_mode) == 0o644
    tokens.make_keys(keys)
    assert (keys / "token_private.pem").read_bytes() == private


def test_keys_and_tokens_can_be_made_on_the_command_line(tmp_path):
    program = [sys.executable, "-m", "services.kernel.tokens"]
    subprocess.run([*program, "keys", str(tmp_path)], check=True)
    mint = ["mint", "--key", str(tmp_path / "token_private.pem"), "--name", "Ibu Sri", "--role", "operator"]
    printed = subprocess.run(
        [*program, *mint, "--mall", "pekalongan", "--counter", "G02", "--days", "30"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    actor = Verifier((tmp_path / "token_public.pem").read_text()).actor(f"Bearer {printed.strip()}")
    assert actor == Actor("Ibu Sri", "operator", scope={"mall": "pekalongan", "counter": "G02"})
    assert actor.expires > time.time() + 29 * tokens.DAY


def test_the_command_line_knows_no_other_roles(tmp_path):
    tokens.make_keys(tmp_path)
    mint = ["mint", "--key", str(tmp_path / "token_private.pem"), "--name", "Ibu Sri", "--role", "boss"]
    done = subprocess.run([sys.executable, "-m", "services.kernel.tokens", *mint], capture_output=True, text=True)
    assert done.returncode == 2
    assert "boss" in done.stderr


def test_every_token_has_an_id_of_its_own(private, verifier):
    made = [tokens.mint(private, name="Kios", role="device") for _ in range(2)]
    ids = {verifier.actor(f"Bearer {token}").token for token in made}
    assert len(ids) == 2
    assert all(len(id) >= 16 for id in ids)


def test_a_token_that_is_no_session_is_no_cookie(private, verifier):
    token = tokens.mint(private, name="Ibu Sri", role="operator")
    with pytest.raises(BadToken):
        verifier.actor("", token)
    session = tokens.sign(private, {"sub": "siti", "role": "operator", "exp": int(time.time()) + 60, "sid": "one"})
    assert verifier.actor("", session).session == "one"


def test_a_header_goes_before_the_cookie(private, verifier):
    session = tokens.sign(private, {"sub": "siti", "role": "operator", "exp": int(time.time()) + 60, "sid": "one"})
    token = tokens.mint(private, name="Ibu Sri", role="auditor")
    assert verifier.actor(f"Bearer {token}", session).name == "Ibu Sri"
    with pytest.raises(BadToken):
        verifier.actor("Bearer nonsense", session)


def of_claims(private: bytes, head: dict | None = None, **claims) -> str:
    """A token that the right key signed, with other claims than `sign` gives it; None leaves one out."""
    now = int(time.time())
    whole = {"sub": "Ibu Sri", "role": "operator", "exp": now + 60, "iat": now, "nbf": now}
    whole |= {"iss": tokens.ISSUER, "aud": tokens.SERVICES} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    key = tokens.OKPKey.import_key(private)
    return jwt.encode({"alg": "Ed25519"} | (head or {}), whole, key, algorithms=["Ed25519"])


SOON, LATER = 10, 120  # seconds from now: within what clocks may differ, and beyond


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "urn:mpp:known-browser"},
        {"aud": ["urn:mpp:others"]},
        {"aud": None},
        {"aud": 7},
        {"iss": "https://jahat.test"},
        {"iss": None},
        {"nbf": lambda: int(time.time()) + LATER},
        {"nbf": None},
        {"nbf": "soon"},
        {"iat": lambda: int(time.time()) + LATER},
        {"exp": None},
        {"exp": "never"},
    ],
    ids=lambda claims: " ".join(f"{name}-{'later' if callable(value) else value}" for name, value in claims.items()),
)
def test_token_with_wrong_audience_issuer_or_time_is_refused(private, verifier, claims):
    given = {name: value() if callable(value) else value for name, value in claims.items()}
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {of_claims(private, **given)}")


def test_token_of_this_issuer_and_audience_is_accepted(private, verifier):
    for claims in ({}, {"aud": [tokens.SERVICES, "urn:mpp:others"]}, {"nbf": int(time.time()) + SOON}):
        assert verifier.actor(f"Bearer {of_claims(private, **claims)}").name == "Ibu Sri"


def test_token_that_names_another_key_is_refused(private, verifier):
    own = tokens.OKPKey.import_key(private).thumbprint()
    assert verifier.actor(f"Bearer {of_claims(private, {'kid': own})}").name == "Ibu Sri"
    for other in ("2025-01", "../../etc/passwd", ""):
        with pytest.raises(BadToken):
            verifier.actor(f"Bearer {of_claims(private, {'kid': other})}")


def test_token_of_previous_release_is_accepted_until_it_expires(private, verifier, monkeypatch):
    older = of_claims(private, iss=None, aud=None, nbf=None)
    assert verifier.actor(f"Bearer {older}").name == "Ibu Sri"
    later = time.time() + 61
    monkeypatch.setattr(tokens.time, "time", lambda: later)
    with pytest.raises(BadToken):
        verifier.actor(f"Bearer {older}")


def test_token_of_previous_release_is_good_for_services_alone(private, verifier):
    key = tokens.OKPKey.import_key(private)
    with pytest.raises(tokens.JoseError):
        tokens.read(of_claims(private, iss=None, aud=None, nbf=None), key, "urn:mpp:known-browser")


def test_new_token_names_issuer_audience_key_and_begin(private):
    head, body = (
        json.loads(base64.urlsafe_b64decode(part + "=="))
        for part in tokens.mint(private, name="Kios", role="device").split(".")[:2]
    )
    assert head == {"alg": "Ed25519", "typ": "JWT", "kid": tokens.OKPKey.import_key(private).thumbprint()}
    assert (body["iss"], body["aud"]) == (tokens.ISSUER, tokens.SERVICES)
    assert body["nbf"] == body["iat"] == pytest.approx(time.time(), abs=2)
