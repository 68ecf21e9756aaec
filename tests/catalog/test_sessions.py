"""Where a person is signed in: the list, and ending one session of it."""

import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from services.catalog.access import passwords
from services.catalog.access.devices import named
from services.chassis.clock import CLOCK, now_to_the_second

PASSWORD = "kenari-terbang-tinggi-42"
OURS = {"Sec-Fetch-Site": "same-origin"}
ACCESS, SESSION, SESSIONS = "/catalog/api/access", "/catalog/api/session", "/catalog/api/sessions"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def signed_in(house, root):
    """Sign an account in with a new browser; the account is created the first time."""
    created = set()

    def signed_in(name="siti", user_agent=FIREFOX):
        if name not in created:
            given = {"name": name, "password": PASSWORD, "role": "supervisor"}
            assert root.post(f"{ACCESS}/accounts", json=given).status_code == 201
            created.add(name)
        browser = house.test_client()
        browser.environ_base["HTTP_USER_AGENT"] = user_agent
        answer = browser.post(SESSION, json={"name": name, "password": PASSWORD}, headers=OURS)
        assert answer.status_code == 200, answer.json
        return browser

    return signed_in


def sessions(browser) -> list[dict]:
    return browser.get(SESSIONS).json["sessions"]


def end(browser, session: str):
    return browser.delete(f"{SESSIONS}/{session}", headers=OURS)


def is_signed_in(browser) -> bool:
    return browser.get("/catalog/api/me").json["signed_in"]


def test_sessions_are_listed_with_device_and_the_own_one(signed_in):
    desk, phone = signed_in(), signed_in(user_agent=CHROME)
    signed_in("budi")
    found = {one["device"]: one["current"] for one in sessions(phone)}
    assert found == {"Firefox, Windows": False, "Chrome, Android": True}
    assert {one["device"]: one["current"] for one in sessions(desk)} == {
        device: not own for device, own in found.items()
    }


def test_session_is_ended_and_the_others_stay(signed_in):
    desk, phone = signed_in(), signed_in(user_agent=CHROME)
    (other,) = [one["id"] for one in sessions(desk) if not one["current"]]
    assert end(desk, other).status_code == 204
    assert not is_signed_in(phone)
    assert [one["current"] for one in sessions(desk)] == [True]
    assert end(desk, other).json["reason"] == "unknown-session"


def test_session_of_another_account_is_unknown(signed_in):
    siti, budi = signed_in(), signed_in("budi")
    assert end(siti, sessions(budi)[0]["id"]).json["reason"] == "unknown-session"
    assert is_signed_in(budi)


def test_another_site_ends_no_session(signed_in):
    browser = signed_in()
    path = f"{SESSIONS}/{sessions(browser)[0]['id']}"
    assert browser.delete(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert is_signed_in(browser)


def test_ended_and_expired_sessions_are_not_listed(signed_in, root, monkeypatch):
    desk, phone = signed_in(), signed_in(user_agent=CHROME)
    phone.delete(SESSION, headers=OURS)
    assert [one["device"] for one in sessions(desk)] == ["Firefox, Windows"]
    tablet = signed_in(user_agent=SAFARI)
    changed = {"current": PASSWORD, "password": "rusa-berlari-di-pantai"}
    assert tablet.put(f"{SESSION}/password", json=changed, headers=OURS).status_code == 200
    assert [one["device"] for one in sessions(tablet)] == ["Safari, iOS"], "a new password ended the other one"
    later = now_to_the_second() + timedelta(minutes=31)
    monkeypatch.setattr(CLOCK, "read", lambda: later)
    assert sessions(tablet) == [], "half an hour without a renewal"


def test_renewal_is_recorded_and_the_beginning_stays(signed_in, monkeypatch):
    browser = signed_in()
    began = sessions(browser)[0]
    later = now_to_the_second() + timedelta(minutes=15)
    monkeypatch.setattr(CLOCK, "read", lambda: later)
    monkeypatch.setattr(time, "time", lambda: later.timestamp())
    assert browser.put(SESSION, headers=OURS).status_code == 200
    (renewed,) = sessions(browser)
    assert (renewed["id"], renewed["began_at"]) == (began["id"], began["began_at"])
    assert renewed["used_at"] == later.isoformat()


def test_record_holds_no_name_address_or_user_agent(signed_in, database):
    signed_in(user_agent=EDGE)
    (kept,) = database["sessions"].find()
    assert kept["device"] == "Edge, Windows"
    assert set(kept) == {"_id", "account", "epoch", "device", "began_at", "used_at", "expires", "expires_at"}
    assert not {"siti", "127.0.0.1", EDGE} & {str(value) for value in kept.values()}


def test_record_opens_nothing(signed_in, house):
    session = sessions(signed_in())[0]["id"]
    stranger = house.test_client()
    stranger.set_cookie("mpp-session", session)
    assert not is_signed_in(stranger)
    assert stranger.get(SESSIONS).status_code == 401


def test_token_has_no_sessions(root):
    assert root.get(SESSIONS).json["reason"] == "not-signed-in"
    assert end(root, "x").json["reason"] == "not-signed-in"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        (CHROME, "Chrome, Android"),
        (SAFARI, "Safari, iOS"),
        (EDGE, "Edge, Windows"),
        ("curl/8.5.0", ""),
        ("Linux <script>", "Linux"),
        ("", ""),
    ],
)
def test_browser_and_system_are_named(user_agent, name):
    assert named(user_agent) == name
