"""Security events in catalog's log: with the account, and without anything that must not be in a log."""

import io
import json
import re
import time

import pyotp
import pytest
import structlog
from argon2 import PasswordHasher

from services.catalog.access import passwords

PASSWORD = "kenari-terbang-tinggi-42"
OURS = {"Sec-Fetch-Site": "same-origin"}
ACCESS, FACTOR, SESSION = "/catalog/api/access", "/catalog/api/second-factor", "/catalog/api/session"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Log:
    """Start the catalog's web process; the lines that it logs are captured."""

    def __init__(self, root) -> None:
        self.root, self.browser = root, root.application.test_client()
        self.stream, self.text = io.StringIO(), ""
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(self.stream))

    def ask(self, method: str, path: str, **body):
        return self.browser.open(path, method=method, json=body or None, headers=OURS)

    def sign_in(self, name="siti", password=PASSWORD):
        return self.ask("POST", SESSION, name=name, password=password)

    def lines(self, *events: str) -> list[tuple]:
        """Return the captured lines of these events: event, account and details."""
        text = self.stream.getvalue()[len(self.text) :]
        self.text += text
        found = [json.loads(line) for line in text.splitlines()]
        return [_short(line) for line in found if line["event"] in events]


def _short(line: dict) -> tuple:
    assert line["process"] == "catalog-web"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"]), "UTC"
    assert line["trace"], "leads to the request"
    about = ("account", "factor", "next", "reason", "act", "by")
    return (line["event"], *(line[name] for name in about if name in line))


@pytest.fixture
def log(root) -> Log:
    found = Log(root)
    given = {"name": "siti", "password": PASSWORD, "role": "supervisor"}
    assert root.post(f"{ACCESS}/accounts", json=given).status_code == 201
    return found


def test_sign_in_refusal_and_sign_out_are_logged_with_the_account(log):
    assert log.lines("access changed") == [("access changed", "siti", "create-account", "root")]
    log.sign_in(password="salah-kata-sandi")
    log.sign_in("bukan-siapa-siapa")
    log.sign_in()
    log.ask("DELETE", SESSION)
    assert log.lines("authentication refused", "signed in", "access changed") == [
        ("authentication refused", "siti", "password", "wrong-password"),
        ("authentication refused", "", "password", "wrong-password"),
        ("signed in", "siti", "password"),
        ("access changed", "siti", "end-session", "siti"),
    ]


def test_disabled_account_and_too_many_attempts_are_logged(log):
    id = log.root.get(f"{ACCESS}/accounts").json["accounts"][0]["id"]
    log.root.put(f"{ACCESS}/accounts/{id}/disabled")
    log.sign_in()
    for _ in range(8):
        log.sign_in(password="salah-kata-sandi")
    reasons = [line[-1] for line in log.lines("authentication refused")]
    assert reasons[0] == "wrong-password"
    assert reasons[-1] == "too-many-attempts"


def test_second_factor_steps_are_logged(log):
    log.sign_in()
    offered = log.ask("POST", f"{FACTOR}/offer", current=PASSWORD).json["secret"]
    codes = log.ask("PUT", FACTOR, code=pyotp.TOTP(offered).at(time.time())).json["codes"]
    log.ask("POST", f"{FACTOR}/recovery-codes", current="salah-kata-sandi")
    half = log.sign_in().json["half"]
    log.ask("POST", f"{SESSION}/code", half=half, code="000000")
    log.ask("POST", f"{SESSION}/code", half=half, code=codes[0])
    events = ("signed in", "password confirmed", "access changed", "authentication refused", "first factor accepted")
    assert log.lines(*events)[1:] == [
        ("signed in", "siti", "password"),
        ("password confirmed", "siti"),
        ("access changed", "siti", "add-second-factor", "siti"),
        ("signed in", "siti", "totp"),
        ("authentication refused", "siti", "password", "wrong-current-password"),
        ("first factor accepted", "siti", "password", "code"),
        ("authentication refused", "siti", "code", "wrong-code"),
        ("signed in", "siti", "code"),
        ("access changed", "siti", "end-session", "siti"),  # that of the browser before
    ]
    for secret in (PASSWORD, "salah-kata-sandi", offered, "000000", *codes, half):
        assert secret not in log.text


def test_password_typed_as_a_name_is_not_logged(log):
    log.sign_in(PASSWORD, "siti")
    log.lines()
    assert "authentication refused" in log.text
    assert PASSWORD not in log.text


def test_tokens_are_logged_by_id_and_not_by_value(log):
    made = log.root.post(f"{ACCESS}/tokens", json={"name": "Kios 1", "mall": "pekalongan"}).json
    log.root.delete(f"{ACCESS}/tokens/{made['id']}")
    acts = [line[2:] for line in log.lines("access changed")]
    assert acts == [("create-account", "root"), ("issue-token", "root"), ("revoke-token", "root")]
    assert made["id"] in log.text
    assert made["token"] not in log.text


def test_refused_member_of_staff_is_logged_by_name(log):
    log.sign_in()
    assert log.browser.get(f"{ACCESS}/accounts").status_code == 403
    assert log.lines("refused") == [("refused", "wrong-role", "siti")]
