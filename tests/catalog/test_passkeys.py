"""Passkeys as second factors: both ceremonies, what makes them fail, and accounts with several second factors."""

import copy
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from authenticator import PRESENT, Authenticator
from webauthn.helpers import bytes_to_base64url

from services.catalog.access import passkeys
from services.catalog.access.domain.events import SecondFactorAdded, SecondFactorRemoved
from services.catalog.access.domain.sign_in import MOST_PASSKEYS
from services.catalog.access.domain.state import Account
from services.catalog.access.passkeys import Ceremony, Challenges, NoPasskeysHere, RelyingParty, relying_party
from services.catalog.app import create_app

PASSWORD = "kenari-terbang-tinggi-42"
OURS = {"Sec-Fetch-Site": "same-origin"}
ACCESS, FACTOR, SESSION = "/catalog/api/access", "/catalog/api/second-factor", "/catalog/api/session"
SITI = Account("s1", "siti", "supervisor", {}, datetime.now(UTC))
CEREMONY = Ceremony(SITI, RelyingParty("localhost", "http://localhost"), "half")


pytestmark = pytest.mark.usefixtures("cheap_hashes")


class Person:
    """A member of staff with a browser and passkeys."""

    def __init__(self, house, root, name="siti", role="supervisor") -> None:
        self.house, self.name, self.browser, self.codes = house, name, house.test_client(), []
        answer = root.post(f"{ACCESS}/accounts", json={"name": name, "password": PASSWORD, "role": role})
        assert answer.status_code == 201, answer.json
        self.id = answer.json["id"]

    def ask(self, method: str, path: str, address: str = "http://localhost", **body):
        return self.browser.open(path, method=method, base_url=address, json=body or None, headers=OURS)

    def sign_in(self):
        return self.ask("POST", SESSION, name=self.name, password=PASSWORD)

    def half(self) -> str:
        return self.sign_in().json["half"]

    def offer(self, address: str = "http://localhost", **half: str) -> dict:
        answer = self.ask("POST", f"{FACTOR}/passkeys/offer", address, **(half or {"current": PASSWORD}))
        assert answer.status_code == 200, answer.json
        return answer.json["options"]

    def keep(self, made: dict, name: str = "Ponsel", address: str = "http://localhost", **half: str):
        return self.ask("POST", f"{FACTOR}/passkeys", address, name=name, **made, **half)

    def add(self, passkey: Authenticator | None = None, name: str = "Ponsel", **half: str) -> Authenticator:
        passkey = passkey or Authenticator()
        added = self.keep(passkey.make(self.offer(**half)), name, **half)
        assert added.status_code == 200, added.json
        self.codes = added.json["codes"] or self.codes
        return passkey

    def challenged(self, half: str) -> dict:
        answer = self.ask("POST", f"{SESSION}/passkey/offer", half=half)
        assert answer.status_code == 200, answer.json
        return answer.json["options"]

    def answer(self, signed: dict, half: str):
        return self.ask("POST", f"{SESSION}/passkey", half=half, **signed)

    def finish(self, passkey: Authenticator, **changed: str):
        half = self.half()
        return self.answer(passkey.sign(self.challenged(half), **changed), half)

    def status(self) -> dict:
        return self.browser.get(FACTOR).json

    def remove(self, **what: str):
        return self.ask("POST", f"{FACTOR}/removal", current=PASSWORD, **what)

    def is_in(self) -> bool:
        return self.browser.get("/catalog/api/me").json["signed_in"]


@pytest.fixture
def person(house, root) -> Person:
    found = Person(house, root)
    found.sign_in()
    return found


@pytest.fixture
def siti(person) -> Person:
    """A supervisor with one passkey, signed in with it being added."""
    person.passkey = person.add()
    return person


def reason(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["reason"]


def test_passkey_completes_sign_in(siti):
    siti.browser = siti.house.test_client()
    answer = siti.sign_in()
    assert (answer.json["next"], answer.json["factors"]) == ("code", ["passkey"])
    assert not siti.is_in()
    half = answer.json["half"]
    options = siti.challenged(half)
    assert (options["rpId"], options["userVerification"]) == ("localhost", "preferred")
    assert options["allowCredentials"] == [
        {"id": siti.passkey.credential, "type": "public-key", "transports": ["internal"]}
    ]
    signed = siti.answer(siti.passkey.sign(options), half)
    assert (signed.status_code, signed.json["name"]) == (200, "siti")
    assert siti.is_in()


def test_options_of_registration_name_no_more_than_needed(person):
    person.add()
    options = person.offer()
    assert options["rp"] == {"name": "MPP", "id": "localhost"}
    assert options["user"]["id"] == bytes_to_base64url(person.id.encode())
    assert options["attestation"] == "none"
    assert len(options["excludeCredentials"]) == 1
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-8, -7, -257}


def test_first_passkey_gives_recovery_codes_and_later_ones_none(siti):
    assert len(siti.codes) == 10
    before = list(siti.codes)
    siti.add(name="Kunci USB")
    assert siti.codes == before
    answer = siti.ask("POST", f"{SESSION}/code", half=siti.half(), code=siti.codes[0])
    assert answer.status_code == 200
    assert siti.status()["recovery_codes_left"] == 9


def test_passkeys_are_listed_with_name_date_and_last_use(siti):
    siti.add(name="  Kunci USB ")
    siti.finish(siti.passkey)
    phone, usb = siti.status()["passkeys"]
    assert [phone["name"], usb["name"]] == ["Ponsel", "Kunci USB"]
    assert usb["used_at"] is None
    for moment in (phone["added_at"], phone["used_at"]):
        assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "a\x00b", "a\u202eb"])
def test_passkey_name_has_to_be_readable(person, name):
    assert person.keep(Authenticator().make(person.offer()), name).status_code == 422


WRONG = {
    "challenge": {"challenge": bytes_to_base64url(b"x" * 32)},
    "origin": {"origin": "https://localhost.example.com"},
    "port": {"origin": "http://localhost:8080"},
    "scheme": {"origin": "https://localhost"},
    "type": {"type": "webauthn.other"},
}


@pytest.mark.parametrize("what", WRONG)
def test_registration_with_wrong_client_data_is_refused(person, what):
    answer = person.keep(Authenticator().make(person.offer(), **WRONG[what]))
    assert reason(answer) == (422, "invalid-passkey")
    assert person.status()["passkeys"] == []
    assert person.sign_in().json["signed_in"]


@pytest.mark.parametrize("wrong", [Authenticator(rp="example.com"), Authenticator(flags=0)], ids=["rp", "presence"])
def test_registration_with_wrong_authenticator_data_is_refused(person, wrong):
    assert reason(person.keep(wrong.make(person.offer()))) == (422, "invalid-passkey")


@pytest.mark.parametrize("what", WRONG)
def test_sign_in_with_wrong_client_data_is_refused(siti, what):
    assert reason(siti.finish(siti.passkey, **WRONG[what])) == (401, "wrong-passkey")


@pytest.mark.parametrize("change", ["rp", "presence", "key"])
def test_sign_in_with_wrong_authenticator_data_is_refused(siti, change):
    wrong = copy.copy(siti.passkey)
    wrong.rp = "example.com" if change == "rp" else wrong.rp
    wrong.flags = 0 if change == "presence" else wrong.flags
    wrong.key = Authenticator().key if change == "key" else wrong.key
    assert reason(siti.finish(wrong)) == (401, "wrong-passkey")


def test_user_verification_is_not_required(siti):
    siti.passkey.flags = PRESENT
    assert siti.finish(siti.passkey).status_code == 200


def test_challenge_is_answered_once(siti):
    half = siti.half()
    signed = siti.passkey.sign(siti.challenged(half))
    assert siti.answer(signed, half).status_code == 200
    assert reason(siti.answer(signed, half)) == (401, "wrong-passkey")


def test_challenge_is_answered_once_by_a_passkey_without_counter(person):
    passkey, half = person.add(Authenticator(count=None)), person.half()
    signed = passkey.sign(person.challenged(half))
    assert person.answer(signed, half).status_code == 200
    assert reason(person.answer(signed, half)) == (401, "wrong-passkey")
    assert person.finish(passkey).status_code == 200


def test_challenge_is_answered_once_by_many_requests_at_once(person):
    passkey, half = person.add(Authenticator(count=None)), person.half()
    signed = passkey.sign(person.challenged(half))

    def send(_) -> int:
        body = {"half": half, **signed}
        return person.house.test_client().post(f"{SESSION}/passkey", json=body, headers=OURS).status_code

    with ThreadPoolExecutor(4) as many:
        assert sorted(many.map(send, range(4))) == [200, 401, 401, 401]


def test_challenge_taken_while_another_request_reads_it_is_taken_once(database, monkeypatch):
    challenges, taken = Challenges(database), []
    challenge = challenges.give("sign in", CEREMONY)
    read = challenges._kept.find_one

    def read_late(*wanted):
        found = read(*wanted)
        monkeypatch.setattr(challenges._kept, "find_one", read)
        taken.append(challenges.take("sign in", CEREMONY))  # the other request, between reading and deleting
        return found

    monkeypatch.setattr(challenges._kept, "find_one", read_late)
    assert [challenges.take("sign in", CEREMONY), *taken] == [None, challenge]


def test_challenge_is_for_one_purpose(database):
    challenges = Challenges(database)
    challenges.give("add", CEREMONY)
    assert challenges.take("sign in", CEREMONY) is None
    assert challenges.take("add", CEREMONY)


def test_failed_answer_uses_up_the_challenge(siti):
    half = siti.half()
    options = siti.challenged(half)
    assert siti.answer(Authenticator().sign(options), half).status_code == 401
    assert reason(siti.answer(siti.passkey.sign(options), half)) == (401, "wrong-passkey")


def test_registration_is_answered_once(person):
    options = person.offer()
    assert person.keep(Authenticator().make(options)).status_code == 200
    assert reason(person.keep(Authenticator().make(options))) == (422, "invalid-passkey")


def test_challenge_of_another_half_sign_in_is_refused(siti):
    first, second = siti.half(), siti.half()
    options = siti.challenged(first)
    siti.challenged(second)
    assert reason(siti.answer(siti.passkey.sign(options), second)) == (401, "wrong-passkey")
    assert siti.answer(siti.passkey.sign(options), first).status_code == 200


def test_registration_challenge_of_another_session_is_refused(person):
    options, first = person.offer(), person.browser
    person.browser = person.house.test_client()
    person.sign_in()
    assert reason(person.keep(Authenticator().make(options))) == (422, "invalid-passkey")
    person.browser = first
    assert person.keep(Authenticator().make(options)).status_code == 200


def test_registration_needs_the_password(person):
    wrong = person.ask("POST", f"{FACTOR}/passkeys/offer", current="salah")
    assert reason(wrong) == (422, "wrong-current-password")
    made = Authenticator().make({"challenge": bytes_to_base64url(bytes(32))})
    assert reason(person.keep(made)) == (422, "invalid-passkey"), "no challenge was given"
    person.browser = person.house.test_client()
    assert person.ask("POST", f"{FACTOR}/passkeys/offer", current=PASSWORD).status_code == 401
    assert person.keep(made).status_code == 401


def test_challenge_of_registration_completes_no_sign_in(siti):
    half = siti.half()
    siti.challenged(half)
    options = siti.offer()
    assert reason(siti.answer(siti.passkey.sign(options), half)) == (401, "wrong-passkey")


@pytest.mark.parametrize("ceremony", ["registration", "sign-in"])
def test_challenge_expires(siti, monkeypatch, ceremony):
    monkeypatch.setattr(passkeys, "OFFERED_FOR", timedelta(seconds=-1))
    if ceremony == "registration":
        assert reason(siti.keep(Authenticator().make(siti.offer()))) == (422, "invalid-passkey")
    else:
        assert reason(siti.finish(siti.passkey)) == (401, "wrong-passkey")


def test_counter_that_does_not_go_up_is_refused_as_a_copy(siti, capfd):
    siti.house = create_app()  # writes its log to where it is captured
    siti.browser = siti.house.test_client()
    siti.passkey.count = 41
    copied = copy.copy(siti.passkey)
    assert siti.finish(siti.passkey).status_code == 200
    assert reason(siti.finish(copied)) == (401, "passkey-copied"), "the same count again"
    siti.passkey.count = 10
    assert reason(siti.finish(siti.passkey)) == (401, "passkey-copied"), "a lower count"
    siti.passkey.count = None
    assert reason(siti.finish(siti.passkey)) == (401, "passkey-copied"), "no count any more"
    assert "passkey counter did not increase" in capfd.readouterr().err
    siti.passkey.count = 42
    assert siti.finish(siti.passkey).status_code == 200


def test_two_copies_at_once_are_not_both_accepted(siti):
    halves = [siti.half() for _ in range(2)]
    signed = [copy.copy(siti.passkey).sign(siti.challenged(half)) for half in halves]

    def send(pair) -> int:
        half, each = pair
        body = {"half": half, **each}
        return siti.house.test_client().post(f"{SESSION}/passkey", json=body, headers=OURS).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(send, zip(halves, signed, strict=True))) == [200, 401]


def test_passkey_of_another_account_is_refused(siti, house, root):
    other = Person(house, root, "budi")
    other.sign_in()
    passkey = other.add()
    assert reason(siti.finish(passkey)) == (401, "wrong-passkey")
    assert reason(siti.finish(Authenticator())) == (401, "wrong-passkey")


def test_passkey_belongs_to_one_account(siti, house, root):
    assert reason(siti.keep(siti.passkey.make(siti.offer()))) == (409, "passkey-taken")
    other = Person(house, root, "budi")
    other.sign_in()
    copied = Authenticator(id=siti.passkey.id)
    assert reason(other.keep(copied.make(other.offer()))) == (409, "passkey-taken")
    assert other.sign_in().json["signed_in"]
    assert siti.finish(siti.passkey).status_code == 200


def test_passkey_that_was_removed_is_refused(siti):
    usb = siti.add(name="Kunci USB")
    half = siti.half()
    phone = siti.status()["passkeys"][0]["id"]
    assert siti.remove(kind="passkey", passkey=phone).status_code == 204
    assert reason(siti.answer(siti.passkey.sign({"challenge": "x"}), half)) == (401, "sign-in-expired")
    assert reason(siti.finish(siti.passkey)) == (401, "wrong-passkey")
    assert siti.finish(usb).status_code == 200
    assert reason(siti.remove(kind="passkey", passkey=phone)) == (404, "unknown-passkey")
    (left,) = siti.status()["passkeys"]
    assert siti.remove(kind="passkey", passkey=left["id"]).status_code == 204
    assert siti.sign_in().json["signed_in"], "the password is enough again"


def test_passkey_whose_record_was_restored_is_refused(siti, store):
    kept = store.database["second_factors"].find_one({"credential": siti.passkey.credential})
    siti.add(name="Kunci USB")
    siti.remove(kind="passkey", passkey=kept["id"])
    store.database["second_factors"].insert_one(kept)
    assert reason(siti.finish(siti.passkey)) == (401, "wrong-passkey")


def test_adding_and_removing_end_other_sessions_and_keep_this_one(siti):
    for change in (lambda: siti.add(name="Kedua"), lambda: siti.remove()):
        own, elsewhere = siti.browser, siti.house.test_client()
        siti.browser = elsewhere
        assert siti.finish(siti.passkey).status_code == 200
        siti.browser = own
        change()
        assert siti.is_in()
        assert not elsewhere.get("/catalog/api/me").json["signed_in"]


def test_account_may_have_an_app_and_passkeys(siti, monkeypatch):
    secret = siti.ask("POST", f"{FACTOR}/offer", current=PASSWORD).json["secret"]
    code = pyotp.TOTP(secret).at(int(time.time()))
    assert siti.ask("PUT", FACTOR, code=code).json["codes"] == []
    assert siti.sign_in().json["factors"] == ["passkey", "totp"]
    assert (siti.status()["totp"], len(siti.status()["passkeys"])) == (True, 1)
    later = pyotp.TOTP(secret).at(int(time.time()) + 30)
    assert siti.ask("POST", f"{SESSION}/code", half=siti.half(), code=later).status_code == 200
    assert siti.remove(kind="totp").status_code == 204
    assert siti.sign_in().json["factors"] == ["passkey"]
    again = pyotp.TOTP(secret).at(int(time.time()) + 60)
    assert siti.ask("POST", f"{SESSION}/code", half=siti.half(), code=again).status_code == 401
    assert siti.ask("POST", f"{SESSION}/code", half=siti.half(), code=siti.codes[0]).status_code == 200
    assert reason(siti.remove(kind="totp")) == (404, "no-second-factor")


def test_app_whose_record_was_restored_is_refused(siti, store):
    secret = siti.ask("POST", f"{FACTOR}/offer", current=PASSWORD).json["secret"]
    totp = pyotp.TOTP(secret)
    assert siti.ask("PUT", FACTOR, code=totp.at(int(time.time()))).status_code == 200
    kept = store.database["second_factors"].find_one({"_id": siti.id})
    siti.remove(kind="totp")
    store.database["second_factors"].update_one({"_id": siti.id}, {"$set": {"totp": kept["totp"], "used": 0}})
    answer = siti.ask("POST", f"{SESSION}/code", half=siti.half(), code=totp.at(int(time.time()) + 30))
    assert reason(answer) == (401, "wrong-code")


def test_role_that_requires_a_second_factor_is_satisfied_by_a_passkey(house, root):
    person = Person(house, root)
    person.sign_in()
    root.put(f"{ACCESS}/second-factor", json={"roles": ["supervisor"]})
    assert not person.is_in()
    answer = person.sign_in().json
    assert answer["next"] == "enrolment"
    forged = person.ask("POST", f"{SESSION}/passkey/offer", half=answer["half"])
    assert reason(forged) == (401, "sign-in-expired")
    passkey = person.add(half=answer["half"])
    assert person.is_in()
    assert reason(person.remove()) == (409, "second-factor-needed")
    (only,) = person.status()["passkeys"]
    assert reason(person.remove(kind="passkey", passkey=only["id"])) == (409, "second-factor-needed")
    person.add(name="Kunci USB")
    assert person.remove(kind="passkey", passkey=only["id"]).status_code == 204
    assert reason(person.finish(passkey)) == (401, "wrong-passkey")


def test_enrolment_by_half_needs_that_step(siti):
    half = siti.half()
    answer = siti.ask("POST", f"{FACTOR}/passkeys/offer", half=half)
    assert reason(answer) == (401, "sign-in-expired"), (
        "an account with a second factor adds no other with half a sign-in"
    )


def test_administrator_resets_passkeys_too(siti, root, store):
    assert root.get(f"{ACCESS}/accounts").json["accounts"][0]["second_factor"] is True
    assert root.delete(f"{ACCESS}/accounts/{siti.id}/second-factor").json["second_factor"] is False
    assert not siti.is_in()
    assert siti.sign_in().json["signed_in"]
    assert list(store.database["second_factors"].find()) == []
    again = siti.add(siti.passkey, name="Lagi")
    assert siti.finish(again).status_code == 200


def test_account_has_at_most_ten_passkeys(siti):
    for number in range(2, MOST_PASSKEYS + 1):
        siti.add(name=f"Ke-{number}")
    answer = siti.keep(Authenticator().make(siti.offer()))
    assert reason(answer) == (409, "too-many-passkeys")
    assert len(siti.status()["passkeys"]) == MOST_PASSKEYS


def test_wrong_answers_have_to_wait_and_are_reported(siti):
    own, siti.browser = siti.browser, siti.house.test_client()
    half, stranger = siti.half(), Authenticator()
    answers = [siti.answer(stranger.sign(siti.challenged(half)), half).status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    siti.browser = own
    assert siti.finish(siti.passkey).json["failed_attempts"] == 5


def test_events_record_kind_and_id_and_no_key_or_name(siti, store):
    kept = store.database["second_factors"].find_one({"credential": siti.passkey.credential})
    siti.remove(kind="passkey", passkey=kept["id"])
    events = [event for commit in store.read("access") for event in commit.events]
    factors = [event for event in events if event.type in (SecondFactorAdded.__name__, SecondFactorRemoved.__name__)]
    assert [(e.type, e.data["kind"], e.data["passkey"]) for e in factors] == [
        ("SecondFactorAdded", "passkey", kept["id"]),
        ("SecondFactorRemoved", "passkey", kept["id"]),
    ]
    recorded = str(list(store.database["commits"].find()))
    assert [word for word in (siti.passkey.credential, kept["public_key"], "Ponsel") if word in recorded] == []


@pytest.mark.parametrize("seed", range(4))
def test_damaged_responses_are_refused_and_never_a_fault(siti, seed, monkeypatch):
    registry = siti.house.extensions["registry"]
    for part in (registry.sign_in, registry.enrolment):
        monkeypatch.setattr(part, "_attempts", NoWaits())
    chance = random.Random(seed)
    for _ in range(15):
        half = siti.half()
        signed = damaged(chance, copy.copy(siti.passkey).sign(siti.challenged(half)))
        assert siti.answer(signed, half).status_code in (401, 422), signed
        made = damaged(chance, Authenticator().make(siti.offer()))
        assert siti.keep(made).status_code in (409, 422, 200), made


class NoWaits:
    """Attempts that are not counted."""

    def __getattr__(self, name: str):
        return lambda *_, **__: []


def damaged(chance: random.Random, response: dict) -> dict:
    """The response with one part cut, changed or replaced."""
    part = chance.choice([name for name, value in response.items() if isinstance(value, str)])
    text = response[part]
    where = chance.randrange(len(text))
    other = chance.choice("AZaz09-_=+ é\x00")
    changed = [
        text[:where] or "A",
        text[:where] + other + other + text[where + 2 :],
        "AAAA",
        "é",
        "A" * 1399,
        text + text,
    ]
    return {**response, part: chance.choice([one for one in changed if one != text])[:1400]}


@pytest.mark.parametrize(
    ("address", "public", "expected"),
    [
        ("http://localhost:8080", "", RelyingParty("localhost", "http://localhost:8080")),
        ("http://localhost:8080", "https://mpp.example.go.id", RelyingParty("localhost", "http://localhost:8080")),
        ("https://MPP.example.go.id", "", RelyingParty("mpp.example.go.id", "https://mpp.example.go.id")),
        (
            "https://mpp.example.go.id",
            "https://mpp.example.go.id:443",
            RelyingParty("mpp.example.go.id", "https://mpp.example.go.id"),
        ),
        (
            "https://mpp.example.go.id:8443",
            "https://mpp.example.go.id:8443",
            RelyingParty("mpp.example.go.id", "https://mpp.example.go.id:8443"),
        ),
        ("http://mpp.example.go.id", "", None),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", None),
        ("https://10.1.2.3", "", None),
        ("https://[::1]", "", None),
        ("https://lain.example.com", "https://mpp.example.go.id", None),
        ("https://mpp.example.go.id:8443", "https://mpp.example.go.id", None),
        ("https://localhost.example.com", "https://mpp.example.go.id", None),
        ("https://x:y", "", None),
    ],
)
def test_relying_party_is_that_of_the_public_address(address, public, expected):
    if expected:
        assert relying_party(address, public) == expected
    else:
        with pytest.raises(NoPasskeysHere):
            relying_party(address, public)


@pytest.mark.parametrize("address", ["http://127.0.0.1", "https://10.1.2.3"])
def test_no_passkeys_at_a_numeric_address(siti, address):
    siti.browser = siti.house.test_client()
    half = siti.ask("POST", SESSION, address, name="siti", password=PASSWORD).json["half"]
    assert reason(siti.ask("POST", f"{SESSION}/passkey/offer", address, half=half)) == (404, "no-passkeys-here")


def test_passkeys_belong_to_the_host_they_were_made_at(siti, monkeypatch):
    address = "https://mpp.example.go.id"
    siti.browser = siti.house.test_client()
    half = siti.ask("POST", SESSION, address, name="siti", password=PASSWORD).json["half"]
    assert reason(siti.ask("POST", f"{SESSION}/passkey/offer", address, half=half)) == (404, "no-passkeys-here")
    siti.ask("POST", f"{SESSION}/code", address, half=half, code=siti.codes[0])
    there = Authenticator("mpp.example.go.id", address)
    assert siti.keep(there.make(siti.offer(address)), "Kantor", address).status_code == 200
    half = siti.ask("POST", SESSION, address, name="siti", password=PASSWORD).json["half"]
    options = siti.ask("POST", f"{SESSION}/passkey/offer", address, half=half).json["options"]
    assert [one["id"] for one in options["allowCredentials"]] == [there.credential]
    signed = there.sign(options)
    assert siti.ask("POST", f"{SESSION}/passkey", address, half=half, **signed).status_code == 200


def test_public_url_decides_where_passkeys_are_used(siti, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://mpp.example.go.id/")
    siti.house = create_app()
    siti.browser = siti.house.test_client()
    for address, status in (("https://mpp.example.go.id", 200), ("https://palsu.example.com", 404)):
        siti.browser = siti.house.test_client()
        half = siti.ask("POST", SESSION, address, name="siti", password=PASSWORD).json["half"]
        siti.ask("POST", f"{SESSION}/code", address, half=half, code=siti.codes.pop())
        offered = siti.ask("POST", f"{FACTOR}/passkeys/offer", address, current=PASSWORD)
        assert offered.status_code == status, offered.json
        shown = siti.browser.get("/catalog/second-factor", base_url=address).text
        assert ('data-passkeys="here"' in shown) == (status == 200)


def test_another_site_uses_and_changes_no_passkey(siti):
    signed, made = siti.passkey.sign({"challenge": "x"}), Authenticator().make({"challenge": "x"})
    bodies = {
        f"{SESSION}/passkey/offer": {"half": "x"},
        f"{SESSION}/passkey": {"half": "x", **signed},
        f"{FACTOR}/passkeys/offer": {"current": PASSWORD},
        f"{FACTOR}/passkeys": {"name": "x", **made},
        f"{FACTOR}/removal": {"current": PASSWORD},
    }
    for path, body in bodies.items():
        answer = siti.browser.post(path, json=body, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.json["reason"]) == (403, "cross-site"), path


def test_token_adds_no_passkey(root):
    answer = root.post(f"{FACTOR}/passkeys/offer", json={"current": "x"}, headers=OURS)
    assert answer.json["reason"] == "not-signed-in"
    made = Authenticator().make({"challenge": "x"})
    assert root.post(f"{FACTOR}/passkeys", json={"name": "x", **made}, headers=OURS).json["reason"] == "not-signed-in"
