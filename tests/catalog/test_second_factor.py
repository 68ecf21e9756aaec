"""Two-step verification: codes of an authenticator app, recovery codes, and roles that need them."""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from services.catalog.access import second_factor
from services.catalog.access.contract import published
from services.catalog.access.domain.state import Account
from services.catalog.access.second_factor import SecondFactors
from services.catalog.app import create_app
from services.chassis.seal import Seal
from services.kernel import tokens

PASSWORD = "kenari-terbang-tinggi-42"
OURS = {"Sec-Fetch-Site": "same-origin"}
ACCESS, FACTOR, SESSION = "/catalog/api/access", "/catalog/api/second-factor", "/catalog/api/session"


pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The clock of codes, at the begin of a step; a test that needs another code moves it on."""

    class Clock:
        now = time.time() // second_factor.STEP * second_factor.STEP
        time = staticmethod(lambda: Clock.now)

    monkeypatch.setattr(second_factor, "time", Clock)
    return Clock


class Person:
    """Somebody with a browser and, once set up, an authenticator app."""

    def __init__(self, house, root, clock, name="siti", role="supervisor") -> None:
        self.house, self.clock, self.name = house, clock, name
        self.browser, self.secret, self.codes = house.test_client(), "", []
        answer = root.post(f"{ACCESS}/accounts", json={"name": name, "password": PASSWORD, "role": role})
        assert answer.status_code == 201, answer.json
        self.id = answer.json["id"]

    def ask(self, method: str, path: str, **body):
        return self.browser.open(path, method=method, json=body or None, headers=OURS)

    def sign_in(self):
        return self.ask("POST", SESSION, name=self.name, password=PASSWORD)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(int(self.clock.now))

    def next_code(self) -> str:
        self.clock.now += second_factor.STEP
        return self.code()

    def set_up(self, **half: str):
        offered = self.ask("POST", f"{FACTOR}/offer", **(half or {"current": PASSWORD}))
        assert offered.status_code == 200, offered.json
        self.secret = offered.json["secret"]
        turned_on = self.ask("PUT", FACTOR, code=self.code(), **half)
        assert turned_on.status_code == 200, turned_on.json
        self.codes = turned_on.json["codes"]
        return offered.json

    def finish(self, code: str):
        return self.ask("POST", f"{SESSION}/code", half=self.sign_in().json["half"], code=code)

    def is_in(self) -> bool:
        return self.browser.get("/catalog/api/me").json["signed_in"]


@pytest.fixture
def siti(house, root, clock) -> Person:
    """Somebody who has set up a second factor and is signed in."""
    person = Person(house, root, clock)
    person.sign_in()
    person.set_up()
    return person


def test_password_alone_opens_nothing_once_a_code_is_needed(siti):
    siti.browser = siti.house.test_client()
    answer = siti.sign_in()
    assert (answer.status_code, answer.json["signed_in"], answer.json["next"]) == (200, False, "code")
    assert "Set-Cookie" not in answer.headers
    for header in (
        {"Authorization": f"Bearer {answer.json['half']}"},
        {"Cookie": f"mpp-session={answer.json['half']}"},
    ):
        assert not siti.house.test_client().get("/catalog/api/me", headers=header).json["signed_in"]
    assert not siti.is_in()


def test_code_of_the_app_completes_the_sign_in(siti):
    siti.browser = siti.house.test_client()
    answer = siti.finish(f" {siti.next_code()[:3]} {siti.code()[3:]} ")
    assert (answer.status_code, answer.json["signed_in"], answer.json["name"]) == (200, True, "siti")
    assert siti.is_in()


def test_code_is_accepted_once_also_when_many_send_it_at_once(siti):
    code, halves = siti.next_code(), [siti.sign_in().json["half"] for _ in range(4)]

    def send(half: str) -> int:
        body = {"half": half, "code": code}
        return siti.house.test_client().post(f"{SESSION}/code", json=body, headers=OURS).status_code

    with ThreadPoolExecutor(4) as many:
        assert sorted(many.map(send, halves)) == [200, 401, 401, 401]
    assert siti.finish(code).json["reason"] == "wrong-code"


def test_code_that_turned_it_on_is_not_accepted_again(siti):
    assert siti.finish(siti.code()).json["reason"] == "wrong-code"


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_code_may_be_one_step_off_and_no_more(siti, steps, fits):
    siti.clock.now += 10 * second_factor.STEP
    code = pyotp.TOTP(siti.secret).at(int(siti.clock.now) + steps * second_factor.STEP)
    assert siti.finish(code).status_code == (200 if fits else 401)


@pytest.mark.parametrize("code", ["000000", "12345", "x", "１２３４５６", "------", " ", "9" * 60])
def test_wrong_code_is_refused(siti, code):
    assert siti.finish(code).status_code == 401


def test_code_of_another_account_is_refused(siti, house, root, clock):
    other = Person(house, root, clock, "budi")
    other.sign_in()
    other.set_up()
    clock.now += second_factor.STEP
    assert siti.finish(other.code()).status_code == 401
    assert siti.finish(other.codes[0]).status_code == 401


def test_guessing_codes_has_to_wait_from_whatever_address(siti):
    siti.browser = siti.house.test_client()
    half, answers = siti.sign_in().json["half"], []
    for n in range(8):
        headers = {**OURS, "X-Forwarded-For": f"10.1.1.{n}"}
        answers.append(siti.browser.post(f"{SESSION}/code", json={"half": half, "code": "000000"}, headers=headers))
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
    right = siti.browser.post(f"{SESSION}/code", json={"half": half, "code": siti.next_code()}, headers=OURS)
    assert (right.status_code, right.json["reason"]) == (429, "too-many-attempts")


def test_wrong_codes_from_other_browsers_are_reported_at_the_next_sign_in(siti):
    own, siti.browser = siti.browser, siti.house.test_client()
    siti.finish("000000")
    siti.browser = own
    siti.finish("000000")
    assert siti.finish(siti.next_code()).json["failed_attempts"] == 1


def test_recovery_code_is_accepted_once_however_it_is_written(siti):
    assert len(set(siti.codes)) == 10
    first, second = siti.codes[:2]
    assert siti.finish(first).status_code == 200
    assert siti.finish(first).status_code == 401
    assert siti.finish(second.replace("-", " ").upper()).status_code == 200
    assert siti.browser.get(FACTOR).json["recovery_codes_left"] == 8


def test_recovery_code_holds_128_random_bits(siti):
    plain = {code.replace("-", "") for code in siti.codes}
    assert len(plain) == 10
    assert all(re.fullmatch("[a-z2-7]{26}", code) for code in plain)  # five bits a letter
    assert len({code[:25] for code in plain}) == 10, "no padding that repeats"


def test_recovery_code_of_80_bits_from_before_is_accepted(siti):
    code = "abcd-efgh-ijkl-mnop"
    kept = siti.house.extensions["registry"].accounts.second_factors._kept
    kept.update_one({"_id": siti.id}, {"$push": {"codes": second_factor._hashed(siti.id, code)}})
    assert siti.finish(code).status_code == 200


def test_new_recovery_codes_replace_the_old_ones(siti):
    answer = siti.ask("POST", f"{FACTOR}/recovery-codes", current=PASSWORD)
    assert len(answer.json["codes"]) == 10
    assert siti.finish(siti.codes[0]).status_code == 401
    assert siti.finish(answer.json["codes"][0]).status_code == 200


@pytest.mark.parametrize("change", ["password", "reset", "expiry"])
def test_half_a_sign_in_ends_when_the_account_changes_or_after_ten_minutes(siti, root, change, monkeypatch):
    half = siti.sign_in().json["half"]
    if change == "password":
        root.put(f"{ACCESS}/accounts/{siti.id}/password", json={"password": "rusa-berlari-di-pantai"})
    elif change == "reset":
        root.delete(f"{ACCESS}/accounts/{siti.id}/second-factor")
    else:
        later = time.time() + 700
        monkeypatch.setattr(tokens.time, "time", lambda: later)
    answer = siti.ask("POST", f"{SESSION}/code", half=half, code=siti.codes[0])
    assert (answer.status_code, answer.json["reason"]) == (401, "sign-in-expired")


def test_new_password_from_an_administrator_keeps_the_second_factor(siti, root):
    another = "rusa-berlari-di-pantai"
    root.put(f"{ACCESS}/accounts/{siti.id}/password", json={"password": another})
    answer = siti.ask("POST", SESSION, name=siti.name, password=another)
    assert (answer.json["signed_in"], answer.json["next"]) == (False, "code")


@pytest.mark.parametrize("half", ["rubbish", "a.b.c"])
def test_half_a_sign_in_cannot_be_forged(siti, half):
    session = siti.browser.get_cookie(tokens.COOKIE).value
    for forged in (half, session):
        assert siti.ask("POST", f"{SESSION}/code", half=forged, code="1").json["reason"] == "sign-in-expired"
        assert siti.ask("POST", f"{FACTOR}/offer", half=forged).json["reason"] == "sign-in-expired"


def test_setting_up_needs_the_password_and_a_first_code(house, root, clock):
    person = Person(house, root, clock)
    assert person.ask("POST", f"{FACTOR}/offer", current=PASSWORD).status_code == 401
    person.sign_in()
    assert person.ask("POST", f"{FACTOR}/offer", current="salah").json["reason"] == "wrong-current-password"
    assert person.ask("PUT", FACTOR, code="123456").json["reason"] == "wrong-first-code"
    offered = person.ask("POST", f"{FACTOR}/offer", current=PASSWORD).json
    address = urlsplit(offered["uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [offered["secret"]]
    assert offered["qr"].startswith("data:image/svg+xml")
    assert person.ask("PUT", FACTOR, code="000000").json["reason"] == "wrong-first-code"
    assert person.browser.get(FACTOR).json["active"] is False
    assert person.sign_in().json["signed_in"], "nothing has changed yet"


def test_offer_expires(house, root, clock, monkeypatch):
    person = Person(house, root, clock)
    person.sign_in()
    monkeypatch.setattr(second_factor, "OFFERED_FOR", -second_factor.OFFERED_FOR)
    person.secret = person.ask("POST", f"{FACTOR}/offer", current=PASSWORD).json["secret"]
    assert person.ask("PUT", FACTOR, code=person.code()).json["reason"] == "wrong-first-code"


def test_turning_on_and_off_ends_other_sessions_and_keeps_this_one(siti):
    here, elsewhere = siti.browser, siti.house.test_client()
    siti.browser = elsewhere
    siti.finish(siti.next_code())
    assert siti.is_in()
    siti.browser = here
    assert siti.ask("POST", f"{FACTOR}/removal", current="salah").json["reason"] == "wrong-current-password"
    assert siti.ask("POST", f"{FACTOR}/removal", current=PASSWORD).status_code == 204
    assert siti.is_in()
    assert not elsewhere.get("/catalog/api/me").json["signed_in"]
    assert siti.sign_in().json["signed_in"], "the password is enough again"
    elsewhere.post(SESSION, json={"name": "siti", "password": PASSWORD}, headers=OURS)
    siti.set_up()
    assert siti.is_in()
    assert not elsewhere.get("/catalog/api/me").json["signed_in"]


def test_second_factor_is_not_replaced_without_being_removed(siti):
    assert siti.ask("POST", f"{FACTOR}/offer", current=PASSWORD).json["reason"] == "second-factor-exists"
    assert siti.ask("PUT", FACTOR, code=siti.code()).json["reason"] == "second-factor-exists"


def test_administrator_resets_a_lost_second_factor(siti, root):
    (listed,) = root.get(f"{ACCESS}/accounts").json["accounts"]
    assert listed["second_factor"] is True
    assert root.delete(f"{ACCESS}/accounts/{siti.id}/second-factor").json["second_factor"] is False
    assert not siti.is_in()
    assert siti.sign_in().json["signed_in"]
    assert siti.house.extensions["registry"].accounts.second_factors.codes_left(siti.id) == 0


def test_second_factor_is_reset_on_the_command_line(siti):
    program = [sys.executable, "-m", "services.catalog.access", "second-factor", "--name", "siti"]
    subprocess.run(program, check=True, capture_output=True)
    assert siti.sign_in().json["signed_in"]


def test_role_that_needs_it_is_signed_out_and_sets_it_up_at_the_next_sign_in(house, root, clock):
    person, other = Person(house, root, clock), Person(house, root, clock, "budi", "auditor")
    person.sign_in()
    other.sign_in()
    assert root.put(f"{ACCESS}/second-factor", json={"roles": ["supervisor"]}).json == {"roles": ["supervisor"]}
    assert (person.is_in(), other.is_in()) == (False, True)
    half = person.sign_in().json
    assert (half["signed_in"], half["next"]) == (False, "enrolment")
    assert person.ask("POST", f"{SESSION}/code", half=half["half"], code="1").json["reason"] == "sign-in-expired"
    person.set_up(half=half["half"])
    assert person.is_in()
    assert person.ask("POST", f"{FACTOR}/removal", current=PASSWORD).json["reason"] == "second-factor-needed"
    assert person.finish(person.next_code()).status_code == 200
    assert root.put(f"{ACCESS}/second-factor", json={"roles": []}).json == {"roles": []}
    assert person.sign_in().json["next"] == "code", "what was set up stays"


def test_role_is_required_only_of_people_and_repeats_change_nothing(root, store):
    assert root.put(f"{ACCESS}/second-factor", json={"roles": ["device"]}).status_code == 422
    for _ in range(2):
        root.put(f"{ACCESS}/second-factor", json={"roles": ["supervisor", "auditor", "auditor"]})
    assert root.get(f"{ACCESS}/second-factor").json == {"roles": ["auditor", "supervisor"]}
    assert len(store.read("access")) == 1


def test_secret_is_sealed_and_codes_are_hashed(siti, store, mongo_server):
    kept = str(list(store.database["second_factors"].find()))
    everything = kept + str(list(store.database["commits"].find()))
    assert "sealed" in kept
    codes = [code.replace("-", "") for code in siti.codes]
    assert [word for word in (siti.secret, *siti.codes, *codes) if word in everything] == []


def test_what_changed_is_recorded_and_published_without_a_name(siti, store):
    last = store.read("access")[-1]
    assert [event.type for event in last.events] == ["SecondFactorAdded"]
    assert {command.actor for command in last.commands} == {"siti"}
    (told,) = published(last)
    assert (told.data["kind"], told.data["id"], told.data["epoch"]) == ("account", siti.id, 0)
    assert "siti" not in json.dumps(told.data)


def test_without_a_key_nothing_is_offered_and_nothing_is_opened(siti, root, monkeypatch, capfd):
    monkeypatch.delenv("ACCESS_KEYS")
    siti.house = create_app()
    siti.browser = siti.house.test_client()
    assert siti.sign_in().json["next"] == "code"
    assert siti.finish(siti.next_code()).json["reason"] == "wrong-code"
    assert "restore the previous ACCESS_KEYS" in capfd.readouterr().err
    assert siti.finish(siti.codes[0]).status_code == 200, "recovery codes need no key"
    assert siti.browser.get(FACTOR).json["can_be_set_up"] is False
    keyless = siti.house.test_client()
    keyless.environ_base["HTTP_AUTHORIZATION"] = root.environ_base["HTTP_AUTHORIZATION"]
    refused = keyless.put(f"{ACCESS}/second-factor", json={"roles": ["auditor"]})
    assert (refused.status_code, refused.json["reason"]) == (404, "no-second-factor")


def test_secret_is_sealed_again_with_the_newest_key(database, clock):
    old, new = "kunci-lama-yang-cukup-panjang-sekali", "kunci-baru-yang-cukup-panjang-sekali"
    kept = SecondFactors(database, Seal([old]))
    siti = Account("s1", "siti", "supervisor", {}, datetime.now(UTC), totp=True)
    totp = pyotp.TOTP(kept.offer(siti.id, siti.name).secret)
    kept.confirm(siti.id, totp.at(int(clock.now)))
    clock.now += second_factor.STEP
    assert SecondFactors(database, Seal([new, old])).accepts(siti, totp.at(int(clock.now)))
    clock.now += second_factor.STEP
    assert SecondFactors(database, Seal([new])).accepts(siti, totp.at(int(clock.now)))


@pytest.mark.parametrize("path", [FACTOR, f"{SESSION}s"])
def test_token_has_no_second_factor_and_no_sessions(house, root, path):
    method = "GET" if path == FACTOR else "DELETE"
    assert root.open(path, method=method).json["reason"] == "not-signed-in"
    assert root.post(f"{FACTOR}/offer", json={"current": "x"}, headers=OURS).json["reason"] == "not-signed-in"


def test_another_site_changes_no_second_factor(siti):
    paths = [("POST", f"{FACTOR}/offer"), ("PUT", FACTOR), ("POST", f"{FACTOR}/removal")]
    paths += [("POST", f"{FACTOR}/recovery-codes"), ("POST", f"{SESSION}/code")]
    body = {"half": "x", "code": "1", "current": PASSWORD}
    for method, path in paths:
        given = {name: body[name] for name in wanted(path, method)}
        answer = siti.browser.open(path, method=method, json=given, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.json["reason"]) == (403, "cross-site"), path


def wanted(path: str, method: str) -> tuple[str, ...]:
    if path.endswith("/code"):
        return ("half", "code")
    return ("code",) if method == "PUT" else ("current",)
