"""Signing in and managing access over HTTP."""

import base64
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher, extract_parameters

from services.catalog import contract
from services.catalog.access import attempts, passwords, people
from services.catalog.access.contract import published
from services.catalog.access.pages import way_back
from services.catalog.app import create_app
from services.chassis import tokens
from services.chassis.cloud_event import encode

PASSWORD = "kenari-terbang-tinggi-42"
OURS = {"Sec-Fetch-Site": "same-origin"}
ACCESS = "/catalog/api/access"
REAL_HASHES = ("unknown_name", "hashed_with_argon2id", "weaker_parameters", "stands_for_nobody")


@pytest.fixture(autouse=True)
def cheap_hashes(request, monkeypatch):
    """Hash passwords cheaply, but in the tests that are about hashing."""
    if not any(name in request.node.name for name in REAL_HASHES):
        monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def house(mongo_server, database, monkeypatch, tmp_path):
    """Catalog with a key to sign with, and its settings."""
    tokens.make_keys(tmp_path)
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
    monkeypatch.setenv("TOKEN_PRIVATE_KEY_FILE", str(tmp_path / "token_private.pem"))
    return create_app()


@pytest.fixture
def root(house, tmp_path):
    """An administrator's program."""
    token = tokens.mint((tmp_path / "token_private.pem").read_bytes(), name="root", role="administrator")
    client = house.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def create(root, name="siti", role="supervisor", **scope) -> dict:
    answer = root.post(f"{ACCESS}/accounts", json={"name": name, "password": PASSWORD, "role": role, **scope})
    assert answer.status_code == 201, answer.json
    return answer.json


def sign_in(client, name="siti", password=PASSWORD, headers=OURS, **more):
    return client.post("/catalog/api/session", json={"name": name, "password": password}, headers=headers, **more)


def me(client) -> dict:
    return client.get("/catalog/api/me").json


def test_who_signs_in_is_known_by_a_cookie(house, root):
    create(root, mall="pekalongan")
    browser = house.test_client()
    assert me(browser) == {"signed_in": False, "can_sign_in": True}
    answer = sign_in(browser, "  Siti ")
    assert answer.status_code == 200
    expected = {"name": "siti", "role": "supervisor", "scope": {"mall": "pekalongan"}, "session": True}
    assert me(browser) == {"signed_in": True, "can_sign_in": True, **expected}
    assert answer.json == me(browser)
    assert PASSWORD not in answer.text


def test_the_front_page_says_who_is_signed_in_and_offers_it_to_everybody_else(house, root):
    create(root)
    browser = house.test_client()
    assert "Anda masuk sebagai" not in browser.get("/").text
    sign_in(browser)
    page = browser.get("/").text
    assert "Anda masuk sebagai siti." in page
    assert ">Masuk</a>" not in page
    browser.delete("/catalog/api/session", headers=OURS)
    assert ">Masuk</a>" in browser.get("/").text


@pytest.mark.parametrize(("base", "secure"), [("http://mpp.test", False), ("https://mpp.test", True)])
def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(house, root, base, secure):
    create(root)
    (cookie,) = sign_in(house.test_client(), base_url=base).headers.getlist("Set-Cookie")
    parts = set(cookie.split("; ")[1:])
    assert parts == {"HttpOnly", "Path=/", "SameSite=Strict"} | ({"Secure"} if secure else set())


def test_a_session_is_short_and_lasts_longer_for_who_stays(house, root, monkeypatch):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    first = browser.get_cookie(tokens.COOKIE).value
    me(browser)
    assert browser.get_cookie(tokens.COOKIE).value == first, "it is renewed only after a while"
    began = time.time()
    monkeypatch.setattr(people.time, "time", lambda: began + 15 * 60)
    assert me(browser)["signed_in"]
    second = browser.get_cookie(tokens.COOKIE).value
    assert claims(second)["exp"] == pytest.approx(began + 45 * 60, abs=3)
    assert {name: claims(first)[name] for name in ("sid", "until")} == {
        name: claims(second)[name] for name in ("sid", "until")
    }
    monkeypatch.setattr(people.time, "time", lambda: began + 46 * 60)
    assert not me(browser)["signed_in"]


def claims(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_a_session_ends_after_twelve_hours_however_busy(house, root):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    said = claims(browser.get_cookie(tokens.COOKIE).value)
    assert said["until"] - said["iat"] == pytest.approx(12 * 3600, abs=2)
    assert said["exp"] - said["iat"] == pytest.approx(30 * 60, abs=2)


def test_signing_out_ends_the_session_even_for_who_copied_the_cookie(house, root):
    create(root)
    browser, thief = house.test_client(), house.test_client()
    sign_in(browser)
    thief.set_cookie(tokens.COOKIE, browser.get_cookie(tokens.COOKIE).value)
    assert me(thief)["signed_in"]
    assert browser.delete("/catalog/api/session", headers=OURS).status_code == 204
    assert browser.get_cookie(tokens.COOKIE) is None
    assert not me(thief)["signed_in"]
    assert thief.get(f"{ACCESS}/accounts").json["reason"] == "revoked"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://jahat.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_another_site_makes_nobody_sign_in_or_act(house, root, headers):
    create(root, role="administrator")
    browser = house.test_client()
    assert sign_in(browser, headers=headers).json["reason"] == "cross-site"
    sign_in(browser)
    for answer in (
        browser.post(f"{ACCESS}/accounts", json={"name": "x"}, headers=headers),
        browser.delete("/catalog/api/session", headers=headers),
        browser.delete(f"{ACCESS}/tokens/one", headers=headers),
    ):
        assert (answer.status_code, answer.json["reason"]) == (403, "cross-site")


def test_a_form_cannot_do_what_a_page_of_ours_can(house, root):
    create(root, role="administrator")
    browser = house.test_client()
    sign_in(browser)
    answer = browser.post(f"{ACCESS}/accounts", data='{"name": "x"}', content_type="text/plain", headers=OURS)
    assert (answer.status_code, answer.json["reason"]) == (403, "cross-site")


def test_without_sec_fetch_site_the_origin_says_who_asks(house, root):
    create(root)
    assert sign_in(house.test_client(), headers={"Origin": "http://localhost"}).status_code == 200


@pytest.mark.parametrize(("name", "password"), [("siti", "salah-sama-sekali"), ("siapa", PASSWORD), ("off", PASSWORD)])
def test_a_wrong_name_a_wrong_password_and_a_disabled_account_are_answered_alike(house, root, name, password):
    create(root)
    off = create(root, "off")
    root.put(f"{ACCESS}/accounts/{off['id']}/disabled")
    answer = sign_in(house.test_client(), name, password)
    assert answer.status_code == 401
    told = {key: value for key, value in answer.json.items() if key != "request_id"}
    assert told == {
        "type": "urn:mpp:problem:wrong-password",
        "title": "Belum dapat masuk",
        "status": 401,
        "detail": "Nama pengguna atau kata sandi keliru, atau akunnya dinonaktifkan.",
        "reason": "wrong-password",
    }
    assert "Set-Cookie" not in answer.headers


def test_an_unknown_name_costs_as_much_as_a_wrong_password(house, root, monkeypatch):
    create(root)
    verified = []

    class Spy:
        def verify(self, hashed: str, password: str) -> bool:
            verified.append(extract_parameters(hashed))
            return real.verify(hashed, password)

        def __getattr__(self, name):
            return getattr(real, name)

    real = passwords.HASHER
    monkeypatch.setattr(passwords, "HASHER", Spy())
    for name in ("siti", "siapa"):
        assert sign_in(house.test_client(), name, "salah-sama-sekali").status_code == 401
    assert verified == [passwords.PARAMETERS] * 2


def test_the_hash_that_stands_for_nobody_costs_what_real_ones_do(database):
    assert extract_parameters(passwords.NOBODY) == passwords.PARAMETERS
    assert not passwords.Passwords(database).fits("", "")


def test_passwords_are_hashed_with_argon2id_as_rfc_9106_says(database):
    kept = passwords.Passwords(database)
    kept.keep("s1", PASSWORD)
    hashed = database["passwords"].find_one({"_id": "s1"})["hash"]
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert kept.fits("s1", PASSWORD)
    assert not kept.fits("s1", PASSWORD + "x")
    kept.erase("s1")
    assert not kept.fits("s1", PASSWORD)


def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_sign_in(database):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    database["passwords"].insert_one({"_id": "s1", "hash": weak})
    assert passwords.Passwords(database).fits("s1", PASSWORD)
    hashed = database["passwords"].find_one({"_id": "s1"})["hash"]
    assert extract_parameters(hashed) == passwords.PARAMETERS


@pytest.mark.parametrize("name", ["siti", "siapa"])
def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(house, root, monkeypatch, name):
    create(root)
    now = (time.time() // attempts.WINDOW) * attempts.WINDOW + 60
    monkeypatch.setattr(attempts.time, "time", lambda: now)
    browser = house.test_client()
    with ThreadPoolExecutor(8) as many:
        asked = [many.submit(sign_in, house.test_client(), name, "salah-sama-sekali") for _ in range(16)]
        statuses = sorted(one.result().status_code for one in asked)
    assert statuses == [401] * 10 + [429] * 6, "many at once count as many"
    answer = sign_in(browser, name)
    assert (answer.status_code, answer.json["reason"]) == (429, "too-many-attempts")
    assert 0 < int(answer.headers["Retry-After"]) <= attempts.WINDOW
    if name == "siti":
        monkeypatch.setattr(attempts.time, "time", lambda: now + attempts.WINDOW)
        assert sign_in(browser, name).status_code == 200


def test_an_address_that_tries_many_names_has_to_wait_and_others_need_not(house, root, monkeypatch):
    create(root)
    monkeypatch.setattr(attempts, "MOST", {"name": 10, "address": 3})
    browser = house.test_client()
    there = {**OURS, "X-Forwarded-For": "10.9.9.9"}
    statuses = [sign_in(browser, f"nama{n}", "salah-sama-sekali", there).status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert sign_in(browser).status_code == 200


def test_who_succeeds_is_not_counted(house, root, monkeypatch):
    create(root)
    monkeypatch.setattr(attempts, "MOST", {"name": 2, "address": 2})
    assert [sign_in(house.test_client()).status_code for _ in range(4)] == [200] * 4


def test_a_new_password_ends_the_sessions_of_the_old_one(house, root):
    account = create(root)
    browser = house.test_client()
    sign_in(browser)
    other = "rusa-berlari-di-pantai"
    assert root.put(f"{ACCESS}/accounts/{account['id']}/password", json={"password": other}).status_code == 200
    assert not me(browser)["signed_in"]
    assert sign_in(browser).status_code == 401
    assert sign_in(browser, password=other).status_code == 200


OTHER = "rusa-berlari-di-pantai"


def change(client, current=PASSWORD, password=OTHER, headers=OURS):
    given = {"current": current, "password": password}
    return client.put("/catalog/api/session/password", json=given, headers=headers)


def test_people_change_their_own_password_and_only_this_session_goes_on(house, root, store):
    account = create(root)
    browser, elsewhere = house.test_client(), house.test_client()
    sign_in(browser)
    sign_in(elsewhere)
    answer = change(browser)
    assert (answer.status_code, answer.json["name"]) == (200, "siti")
    assert me(browser)["signed_in"]
    assert not me(elsewhere)["signed_in"]
    assert sign_in(elsewhere).status_code == 401
    assert sign_in(elsewhere, password=OTHER).status_code == 200
    last = store.read("access")[-1]
    assert {command.actor for command in last.commands} == {"siti"}, "the record says who did it"
    (told,) = published(last)
    assert (told.data["kind"], told.data["id"], told.data["epoch"]) == ("account", account["id"], 0)
    assert OTHER not in str(list(store.database["commits"].find()))


def test_another_password_needs_the_one_that_holds_and_has_to_be_strong(house, root):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    wrong, weak = change(browser, "salah-sama-sekali"), change(browser, password="siti-siti-siti-siti")
    assert (wrong.status_code, wrong.json["reason"]) == (422, "wrong-current-password")
    assert (weak.status_code, weak.json["reason"]) == (422, "weak-password")
    assert me(browser)["signed_in"], "whoever mistypes stays signed in"
    assert sign_in(house.test_client()).status_code == 200


def test_who_found_a_browser_signed_in_cannot_try_out_passwords(house, root, monkeypatch):
    create(root)
    monkeypatch.setattr(attempts, "MOST", {"name": 3, "address": 100})
    browser = house.test_client()
    sign_in(browser)
    assert [change(browser, f"salah-sama-sekali-{n}").status_code for n in range(5)] == [422] * 3 + [429] * 2
    assert change(browser).json["reason"] == "too-many-attempts", "even the right one has to wait"


def test_another_site_changes_no_password_and_neither_does_a_token(house, root):
    create(root)
    browser = house.test_client()
    assert change(browser).status_code == 401
    sign_in(browser)
    assert change(browser, headers={"Sec-Fetch-Site": "cross-site"}).json["reason"] == "cross-site"
    assert change(root).json["reason"] == "not-signed-in"
    assert sign_in(house.test_client()).status_code == 200


@pytest.mark.parametrize("password", ["pendek", "siti-siti-siti-siti", "x" * 200 + "y"])
def test_a_weak_password_is_refused(root, password):
    answer = root.post(f"{ACCESS}/accounts", json={"name": "siti", "password": password, "role": "auditor"})
    assert answer.status_code == 422
    assert password not in answer.text
    assert root.get(f"{ACCESS}/accounts").json == {"accounts": []}


def test_a_disabled_account_is_out_at_once_and_in_again_when_enabled(house, root):
    account = create(root)
    browser = house.test_client()
    sign_in(browser)
    path = f"{ACCESS}/accounts/{account['id']}/disabled"
    assert root.put(path).json["enabled"] is False
    assert not me(browser)["signed_in"]
    assert root.delete(path).json["enabled"] is True
    assert not me(browser)["signed_in"], "what was revoked stays so"
    assert sign_in(browser).status_code == 200


def test_another_role_is_had_after_signing_in_again(house, root):
    account = create(root)
    browser = house.test_client()
    sign_in(browser)
    changed = root.put(f"{ACCESS}/accounts/{account['id']}/access", json={"role": "administrator"})
    assert changed.json["role"] == "administrator"
    assert not me(browser)["signed_in"]
    sign_in(browser)
    assert browser.get(f"{ACCESS}/accounts").status_code == 200


def test_an_administrator_of_one_mall_cannot_make_accounts(house, root):
    create(root, role="administrator", mall="pekalongan")
    browser = house.test_client()
    sign_in(browser)
    assert browser.get(f"{ACCESS}/accounts").json["reason"] == "wrong-scope"


def test_the_last_administrator_and_a_name_that_is_taken(root):
    account = create(root, role="administrator")
    assert root.put(f"{ACCESS}/accounts/{account['id']}/disabled").json["reason"] == "last-administrator"
    again = root.post(f"{ACCESS}/accounts", json={"name": "siti", "password": PASSWORD, "role": "auditor"})
    assert (again.status_code, again.json["reason"]) == (409, "name-taken")


def test_a_device_has_a_token_that_is_shown_once_and_can_be_revoked(house, root, store):
    wanted = {"name": "Kios pintu utama", "mall": "pekalongan", "days": 30}
    made = root.post(f"{ACCESS}/tokens", json=wanted).json
    kiosk = {"Authorization": f"Bearer {made['token']}"}
    browser = house.test_client()
    who = browser.get("/catalog/api/me", headers=kiosk).json
    assert (who["name"], who["role"], who["scope"]) == ("Kios pintu utama", "device", {"mall": "pekalongan"})
    assert claims(made["token"])["jti"] == made["id"]
    (listed,) = root.get(f"{ACCESS}/tokens").json["tokens"]
    assert listed == {key: value for key, value in made.items() if key != "token"}
    assert made["token"] not in str(list(store.database["commits"].find()))
    assert root.delete(f"{ACCESS}/tokens/{made['id']}").status_code == 204
    assert browser.get(f"{ACCESS}/tokens", headers=kiosk).json["reason"] == "revoked"
    assert root.get(f"{ACCESS}/tokens").json["tokens"][0]["revoked"] is True


def test_a_token_of_the_command_line_is_revoked_by_showing_it(house, root, tmp_path):
    token = tokens.mint((tmp_path / "token_private.pem").read_bytes(), name="Ibu Sri", role="auditor")
    browser, headers = house.test_client(), {"Authorization": f"Bearer {token}"}
    assert browser.get(f"{ACCESS}/tokens", headers=headers).json["reason"] == "wrong-role"
    assert root.post(f"{ACCESS}/revocations", json={"token": token}).status_code == 204
    assert browser.get(f"{ACCESS}/tokens", headers=headers).json["reason"] == "revoked"
    assert root.post(f"{ACCESS}/revocations", json={"token": token}).status_code == 204, "again"
    assert root.post(f"{ACCESS}/revocations", json={"token": "nonsense"}).json["reason"] == "unknown-token"
    assert root.delete(f"{ACCESS}/tokens/unheard-of").json["reason"] == "unknown-token"


def test_without_a_key_nobody_signs_in_and_tokens_still_work(house, root, monkeypatch):
    monkeypatch.delenv("TOKEN_PRIVATE_KEY_FILE")
    keyless = create_app().test_client()
    assert me(keyless) == {"signed_in": False, "can_sign_in": False}
    assert sign_in(keyless).json["reason"] == "no-sign-in"
    with_token = {"Authorization": root.environ_base["HTTP_AUTHORIZATION"]}
    assert keyless.get(f"{ACCESS}/accounts", headers=with_token).status_code == 200


def test_no_password_or_hash_is_in_a_commit_an_event_or_a_log(house, root, store, capfd):
    account = root.post(
        f"{ACCESS}/accounts",
        json={"name": "siti", "password": PASSWORD, "role": "auditor"},
        headers={"Idempotency-Key": "kunci-satu"},
    ).json
    browser = house.test_client()
    sign_in(browser)
    sign_in(browser, password=PASSWORD + "!")
    sign_in(browser, name=PASSWORD, password="salah")
    changed = {"password": PASSWORD + "-baru"}
    root.put(f"{ACCESS}/accounts/{account['id']}/password", json=changed, headers={"Idempotency-Key": "kunci-dua"})
    cookie = browser.get_cookie(tokens.COOKIE).value
    commits = store.read("access")
    told = b"".join(b"".join(encode(event)[:2]) for commit in commits for event in contract.published(commit))
    tried = str(list(store.database["sign_in_attempts"].find()))
    out, err = capfd.readouterr()
    everything = str(list(store.database["commits"].find())) + told.decode() + out + err + tried
    assert "AccountCreated" in everything
    assert "access-revoked" in str([event.type for commit in commits for event in contract.published(commit)])
    assert [word for word in (PASSWORD, "argon2", cookie) if word in everything] == []
    assert {command.digest for commit in commits for command in commit.commands} == {""}, "of a body with a password"


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/ticketing/malls/pekalongan/supervisor", "/ticketing/malls/pekalongan/supervisor"),
        ("/notifications/messages?lang=en", "/notifications/messages?lang=en"),
        ("", "/"),
        ("https://jahat.test/", "/"),
        ("//jahat.test/", "/"),
        ("/\\jahat.test", "/"),
        ("/a\\b", "/"),
        ("/\t/jahat.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\n", "/"),
    ],
)
def test_signing_in_leads_back_only_to_pages_of_our_own(wanted, leads):
    assert way_back(wanted) == leads


@pytest.mark.parametrize("page", ["/catalog/sign-in?return=//jahat.test", "/catalog/access"])
def test_the_pages_are_there_in_both_languages(house, page):
    for language in ("id", "en"):
        answer = house.test_client().get(f"{page}{'&' if '?' in page else '?'}lang={language}")
        assert answer.status_code == 200
        assert "jahat" not in answer.text.split("<main", 1)[1]


def test_the_first_administrator_is_made_on_the_command_line(house, root):
    program = [sys.executable, "-m", "services.catalog.access"]
    arguments = ["create", "--name", "ratna", "--role", "administrator"]
    done = subprocess.run([*program, *arguments], input=f"{PASSWORD}\n", capture_output=True, text=True, check=True)
    assert PASSWORD not in done.stdout + done.stderr
    browser = house.test_client()
    assert sign_in(browser, "ratna").json["role"] == "administrator"
    again = subprocess.run([*program, *arguments], input=f"{PASSWORD}\n", capture_output=True, text=True)
    assert (again.returncode, "name-taken" in again.stderr) == (1, True)
