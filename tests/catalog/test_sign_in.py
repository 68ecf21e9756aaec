"""Signing in and managing access over HTTP."""

import base64
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters

import services
from services.catalog import contract
from services.catalog.access import attempts, browsers, passwords
from services.catalog.access.contract import published
from services.catalog.access.pages import way_back
from services.catalog.app import create_app
from services.catalog.domain.directory import ImportCatalog
from services.catalog.seed import read
from services.chassis import limits
from services.chassis.cloud_event import encode
from services.chassis.limits import Backoff
from services.kernel import tokens

PEKALONGAN = Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan"
PASSWORD = "kenari-terbang-tinggi-42"
OURS = {"Sec-Fetch-Site": "same-origin"}
ACCESS = "/catalog/api/access"
REAL_HASHES = ("unknown_name", "hashed_with_argon2id", "weaker_parameters", "stands_for_nobody")


@pytest.fixture(autouse=True)
def hashes(request):
    """Hash passwords cheaply, but in the tests that are about hashing."""
    if not any(name in request.node.name for name in REAL_HASHES):
        request.getfixturevalue("cheap_hashes")


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
    found = me(browser)
    assert found.pop("expires_in") == pytest.approx(30 * 60, abs=2)
    assert found == {"signed_in": True, "can_sign_in": True, **expected}
    assert answer.json == found | {"expires_in": answer.json["expires_in"]}
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


LOOPBACK = ["http://localhost", "http://127.0.0.1:8000", "http://[::1]:8000"]


@pytest.mark.parametrize("base", [*LOOPBACK, "https://mpp.test"])
def test_cookies_are_for_this_host_alone_and_no_script_reads_them(house, root, base):
    create(root)
    cookies = sign_in(house.test_client(), base_url=base).headers.getlist("Set-Cookie")
    is_https = base.startswith("https")
    names = {cookie.partition("=")[0] for cookie in cookies}
    plain = {tokens.COOKIE, browsers.COOKIE}
    assert names == ({f"__Host-{name}" for name in plain} if is_https else plain)
    for cookie in cookies:
        parts = set(cookie.split("; ")[1:])
        assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= parts
        assert ("Secure" in parts) == is_https
        assert not any(part.startswith("Domain") for part in parts)


def test_over_https_a_session_under_the_plain_name_is_ignored(house, root):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    session = browser.get_cookie(tokens.COOKIE).value
    found = {}
    for name in (tokens.COOKIE, f"__Host-{tokens.COOKIE}"):
        thief = house.test_client()
        thief.set_cookie(name, session, domain="mpp.test", secure=True)
        found[name] = thief.get("/catalog/api/me", base_url="https://mpp.test").json["signed_in"]
    assert found == {tokens.COOKIE: False, f"__Host-{tokens.COOKIE}": True}


@pytest.mark.parametrize("host", ["mpp.test", "192.168.1.20:8000", "localhost.jahat.test", "127.0.0.1.jahat.test"])
def test_plain_http_to_another_machine_keeps_no_session(house, root, host):
    create(root)
    browser = house.test_client()
    answer = sign_in(browser, base_url=f"http://{host}")
    assert (answer.status_code, answer.json["reason"]) == (403, "needs-https")
    assert "Set-Cookie" not in answer.headers
    sign_in(browser)
    browser.set_cookie(tokens.COOKIE, browser.get_cookie(tokens.COOKIE).value, domain=host.partition(":")[0])
    assert not browser.get("/catalog/api/me", base_url=f"http://{host}").json["signed_in"]


def renew(client, **more):
    return client.put("/catalog/api/session", headers=OURS, **more)


def test_session_is_renewed_by_input_and_not_by_asking_who_is_signed_in(house, root, monkeypatch):
    create(root)
    browser, idle = house.test_client(), house.test_client()
    sign_in(browser)
    sign_in(idle)
    first = browser.get_cookie(tokens.COOKIE).value
    renew(browser)
    assert browser.get_cookie(tokens.COOKIE).value == first, "it is renewed only after a while"
    began = time.time()
    for minutes in (4, 12, 19, 26):
        monkeypatch.setattr(time, "time", lambda at=began + minutes * 60: at)
        assert me(idle)["signed_in"]
        assert idle.get(f"{ACCESS}/accounts").status_code == 403
        assert renew(browser).json["signed_in"]
    second = browser.get_cookie(tokens.COOKIE).value
    assert claims(second)["exp"] == pytest.approx(began + 56 * 60, abs=3)
    assert renew(browser).json["expires_in"] == pytest.approx(30 * 60, abs=3)
    assert {name: claims(first)[name] for name in ("sid", "until")} == {
        name: claims(second)[name] for name in ("sid", "until")
    }
    monkeypatch.setattr(time, "time", lambda: began + 31 * 60)
    assert [me(client)["signed_in"] for client in (browser, idle)] == [True, False]
    assert renew(idle).json["reason"] == "bad-token"


def test_another_site_renews_no_session(house, root):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    answer = browser.put("/catalog/api/session", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.json["reason"] == "cross-site"


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


def test_signing_in_again_ends_the_session_of_before(house, root):
    create(root)
    create(root, "budi")
    browser, copied = house.test_client(), house.test_client()
    sign_in(browser)
    copied.set_cookie("mpp-session", browser.get_cookie("mpp-session").value)
    assert me(copied)["signed_in"]
    sign_in(browser, "budi", "salah-kata-sandi")
    assert me(copied)["signed_in"], "a failed sign-in ends nothing"
    sign_in(browser, "budi")
    assert me(browser)["name"] == "budi"
    assert not me(copied)["signed_in"]


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


WRONG = "salah-sama-sekali"


def of(address: str) -> dict[str, str]:
    """Headers of a request that a gateway passes on from this address."""
    return {**OURS, "X-Forwarded-For": address}


@pytest.fixture
def clock(monkeypatch):
    """The limits' clock, at noon UTC of tomorrow: during a test no daily key ends, and the database expires nothing."""
    noon = (time.time() // limits.DAY + 1) * limits.DAY + limits.DAY / 2

    class Clock:
        now = noon

        time = staticmethod(lambda: Clock.now)

    monkeypatch.setattr(limits, "time", Clock)
    return Clock


@pytest.mark.parametrize("name", ["siti", "siapa"])
def test_failures_make_name_and_address_wait_even_with_right_password(house, root, clock, name):
    create(root)
    with ThreadPoolExecutor(8) as many:
        asked = [many.submit(sign_in, house.test_client(), name, WRONG, of("10.1.1.1")) for _ in range(16)]
        statuses = sorted(one.result().status_code for one in asked)
    assert statuses == [401] * 5 + [429] * 11, "many at once count as many"
    answer = sign_in(house.test_client(), name, headers=of("10.1.1.1"))
    assert (answer.status_code, answer.json["reason"]) == (429, "too-many-attempts")
    assert answer.headers["Retry-After"] == "2"
    assert "2 detik" in answer.json["detail"]
    clock.now += 2
    assert sign_in(house.test_client(), name, headers=of("10.1.1.1")).status_code == (200 if name == "siti" else 401)


def test_wait_doubles_to_a_quarter_hour_and_is_forgotten_in_an_hour(house, root, clock):
    create(root)
    waits = []
    for _ in range(32):
        answer = sign_in(house.test_client(), password=WRONG, headers=of("10.1.1.1"))
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock.now += waits[-1]
    assert waits[:9] == [2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert set(waits[9:]) == {900}
    clock.now += 900 + 3600 + 2
    for _ in range(5):
        assert sign_in(house.test_client(), password=WRONG, headers=of("10.1.1.1")).status_code == 401


def test_failures_from_another_address_keep_no_person_out(house, root, clock):
    create(root)
    for _ in range(40):
        sign_in(house.test_client(), password=WRONG, headers=of("10.9.9.9"))
    assert sign_in(house.test_client(), headers=of("10.1.1.1")).status_code == 200


def test_known_browser_does_not_wait_for_failures_at_its_address(house, root, clock):
    create(root)
    create(root, "budi")
    clerk = house.test_client()
    sign_in(clerk, headers=of("10.1.1.1"))
    for name in (*["siti"] * 6, *(f"nama{n}" for n in range(50))):
        sign_in(house.test_client(), name, WRONG, of("10.1.1.1"))
    assert sign_in(house.test_client(), headers=of("10.1.1.1")).status_code == 429
    assert sign_in(house.test_client(), "budi", headers=of("10.1.1.1")).status_code == 429
    assert sign_in(clerk, "budi", headers=of("10.1.1.1")).status_code == 429, "budi does not know it"
    assert sign_in(clerk, headers=of("10.1.1.1")).status_code == 200


def test_a_stolen_browser_cookie_is_no_way_to_try_out_passwords(house, root, clock):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    tried = [sign_in(browser, password=WRONG, headers=of(f"10.1.1.{n}")).status_code for n in range(8)]
    assert tried == [401] * 5 + [429] * 3


@pytest.mark.parametrize("forged", ["rubbish", "a.b.c", "session"])
def test_forged_browser_cookie_spares_no_browser(house, root, clock, forged):
    create(root)
    owner, stranger = house.test_client(), house.test_client()
    sign_in(owner)
    value = owner.get_cookie(tokens.COOKIE).value if forged == "session" else forged
    stranger.set_cookie(browsers.COOKIE, value)
    tried = [sign_in(stranger, password=WRONG, headers=of("10.1.1.1")).status_code for _ in range(6)]
    assert tried == [401] * 5 + [429]


def test_browser_cookie_opens_nothing_and_holds_no_name(house, root):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    known = browser.get_cookie(browsers.COOKIE).value
    assert "siti" not in json.dumps(claims(known))
    thief = house.test_client()
    thief.set_cookie(tokens.COOKIE, known)
    assert not me(thief)["signed_in"]
    headers = {"Authorization": f"Bearer {known}"}
    assert thief.get(f"{ACCESS}/accounts", headers=headers).json["reason"] == "bad-token"


def test_a_shared_browser_is_known_to_ten_accounts_the_latest_ones():
    browser = browsers.Browser()
    for n in range(12):
        browser = browser.after_sign_in(f"a{n}")
    assert browser.accounts == tuple(f"a{n}" for n in range(11, 1, -1))
    assert browser.after_sign_in("a5").accounts[0] == "a5"
    assert (browser.id_for("a5"), browser.id_for("a1"), browser.id_for("")) == (browser.id, "", "")


def test_an_address_that_tries_many_names_has_to_wait_and_others_need_not(house, root, clock, monkeypatch):
    create(root)
    few = {**attempts.BACKOFFS, "address": Backoff(free=3, first=1, longest=60, forget=3600)}
    monkeypatch.setattr(house.extensions["registry"].sign_in._attempts._limits, "_limits", few)
    statuses = [sign_in(house.test_client(), f"nama{n}", WRONG, of("10.9.9.9")).status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert sign_in(house.test_client()).status_code == 200


def test_waiting_address_makes_no_counts_of_further_names(house, root, clock, monkeypatch, store):
    few = {**attempts.BACKOFFS, "address": Backoff(free=3, first=60, longest=60, forget=3600)}
    monkeypatch.setattr(house.extensions["registry"].sign_in._attempts._limits, "_limits", few)
    statuses = [sign_in(house.test_client(), f"nama{n}", WRONG, of("10.9.9.9")).status_code for n in range(9)]
    assert statuses == [401] * 3 + [429] * 6
    assert store.database["limits"].count_documents({"n": {"$exists": True}}) == 4, "three names and the address"


@pytest.mark.parametrize("body", [None, [], {}, {"name": "siti"}, {"name": "", "password": "x"}, {"name": 1}])
def test_invalid_sign_in_is_not_counted(house, root, store, body):
    for path in ("session", "session/code"):
        answer = house.test_client().post(f"/catalog/api/{path}", json=body, headers=OURS)
        assert answer.status_code in (400, 422)
    assert store.database["limits"].count_documents({"n": {"$exists": True}}) == 0


def test_who_succeeds_is_not_counted(house, root, clock, monkeypatch):
    create(root)
    few = {name: Backoff(free=2, first=60, longest=60, forget=3600) for name in attempts.BACKOFFS}
    monkeypatch.setattr(house.extensions["registry"].sign_in._attempts._limits, "_limits", few)
    assert [sign_in(house.test_client()).status_code for _ in range(6)] == [200] * 6


def test_the_next_sign_in_tells_of_failures_from_other_browsers_once(house, root):
    create(root)
    own, other = house.test_client(), house.test_client()
    assert "failed_attempts" not in sign_in(own).json
    sign_in(own, password=WRONG)
    for _ in range(3):
        sign_in(other, password=WRONG, headers=of("10.9.9.9"))
    answer = sign_in(own).json
    assert answer["failed_attempts"] == 3, "and not of one's own mistakes"
    assert answer["last_failed_at"].endswith("+00:00")
    assert "failed_attempts" not in sign_in(own).json


def test_attempts_are_kept_without_name_and_address(house, root, store):
    create(root)
    sign_in(house.test_client(), "siti", WRONG, of("10.77.77.77"))
    kept = str([list(store.database[name].find()) for name in ("limits", "sign_in_failures")])
    assert "expires_at" in kept
    assert [word for word in ("siti", "10.77.77.77") if word in kept] == []


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


def test_who_found_a_browser_signed_in_cannot_try_out_passwords(house, root, clock):
    create(root)
    browser = house.test_client()
    sign_in(browser)
    assert [change(browser, f"{WRONG}-{n}").status_code for n in range(7)] == [422] * 5 + [429] * 2
    assert change(browser).json["reason"] == "too-many-attempts", "even the right one has to wait"


def test_another_site_changes_no_password_and_neither_does_a_token(house, root):
    create(root)
    browser = house.test_client()
    assert change(browser).status_code == 401
    sign_in(browser)
    assert change(browser, headers={"Sec-Fetch-Site": "cross-site"}).json["reason"] == "cross-site"
    assert change(root).json["reason"] == "not-signed-in"
    assert sign_in(house.test_client()).status_code == 200


COMMON = ["123456789012", "passwordpassword", "qwertyuiop123", "P@ssw0rd2026!!", "aaaaaaaaaaaaaaaa", "indonesia2026"]
DERIVED = ["siti-siti-siti-siti", "pekalongan123", "Pekalongan-2026!", "MppPekalongan2026", "malpelayananpublik"]
LOCAL = ["katasandi1234", "rahasia12345", "SelamatPagi2026", "bismillah123456"]


@pytest.mark.parametrize("password", [*COMMON, *DERIVED, *LOCAL])
def test_a_common_or_derived_password_is_refused(password):
    with pytest.raises(passwords.WeakPassword):
        passwords.must_be_strong(password, "siti", ["pekalongan MPP Kota Pekalongan Pekalongan"])


@pytest.mark.parametrize("password", ["pendek", "x" * 200 + "y", "pekalongan123"])
def test_a_weak_password_is_refused(house, root, password):
    house.extensions["malls"].act("pekalongan", ImportCatalog(read(PEKALONGAN)))
    answer = root.post(f"{ACCESS}/accounts", json={"name": "siti", "password": password, "role": "auditor"})
    assert answer.status_code == 422
    assert password not in answer.text
    assert root.get(f"{ACCESS}/accounts").json == {"accounts": []}


@pytest.mark.parametrize("name", ["sejahtera", "sentosa"])
def test_the_name_and_town_of_a_mall_make_no_password(name):
    assert passwords.must_be_strong("sejahtera-raya-sentosa-47", "siti") is None
    with pytest.raises(passwords.WeakPassword):
        passwords.must_be_strong(f"{name}-20261130", "siti", [f"Mal {name.title()} Kota"])


def test_no_password_takes_long_to_judge():
    odd = ["4@a8b({<c3e69g1!i7|l0o$5+%2z" * 7, "a" * 200, "qwertyuiop" * 20, "é" * 200, "1990-01-01" * 20]
    for password in odd:
        began = time.perf_counter()
        with suppress(passwords.WeakPassword):
            passwords.must_be_strong(password, "siti", ["pekalongan"])
        assert time.perf_counter() - began < 2


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
    tried = str(list(store.database["limits"].find()))
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
