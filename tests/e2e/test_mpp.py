"""The command line: events in a terminal, whatever happens to the connection; and plain words for what goes wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from e2e.conftest import MALL, Site, eventually, key, poison

from tools.local.system import ROOT

pytestmark = pytest.mark.system

MPP = str(ROOT / "clients" / "mpp.py")
ITS = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE") if name in os.environ}


def token(site: Site, role: str, **scope: str | None) -> str:
    return site.client(role, **scope).headers["Authorization"].partition(" ")[2]


def mpp(site: Site, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    given = ITS | {"MPP_URL": site.url, "MPP_TOKEN": token(site, "auditor")} | environment
    return subprocess.run(
        [sys.executable, MPP, *arguments], env=given, capture_output=True, text=True, timeout=40, check=False
    )


def take(site: Site) -> str:
    """A visitor takes a ticket; its number."""
    with site.client() as visitor:
        service = {"service": "DUKCAPIL-KTPREKAM"}
        answer = visitor.post(f"/ticketing/api/malls/{MALL}/tickets", json=service, headers=key())
        assert answer.status_code == 201, answer.text
        return answer.json()["number"]


def told(site: Site) -> int:
    """How many events the feed has told."""
    with site.client("auditor") as auditor:
        answer = auditor.get(f"/ticketing/api/malls/{MALL}/events?after=0&limit=1&type=rule-changed")
        return int(answer.headers["Link"].partition("after=")[2].partition(">")[0])


@contextmanager
def tailing(site: Site, *arguments: str) -> Iterator[list[str]]:
    """The lines of `mpp tail`, as they come."""
    given = ITS | {"MPP_URL": site.url, "MPP_TOKEN": token(site, "auditor")}
    command = [sys.executable, MPP, "tail", MALL, *arguments]
    process = subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_one_ticket_is_followed_by_its_number(site: Site):
    before, number = told(site), take(site)
    shown = mpp(site, "tail", MALL, "--after", str(before), "--number", number, "--count", "1", "--json")
    assert shown.returncode == 0, shown.stderr
    event = json.loads(shown.stdout)
    assert (event["type"], event["data"]["number"]) == ("id.go.mpp.ticket-issued.v1", number)
    plain = mpp(site, "tail", MALL, "--after", str(before), "--number", number, "--count", "1").stdout
    assert number in plain
    assert "\033" not in plain, "colours are for terminals"
    assert event["data"]["ticket_id"] not in plain, "a ticket's id is no business of a screen"


def test_a_day_is_replayed_from_a_time_on(site: Site):
    number = take(site)
    shown = mpp(
        site,
        "tail",
        MALL,
        "--since",
        "2020-01-01T00:00:00Z",
        "--type",
        "ticket-issued",
        "--number",
        number,
        "--count",
        "1",
    )
    assert number in shown.stdout


def test_a_connection_that_is_lost_comes_back_where_it_was(site: Site):
    if site.system is None:
        pytest.skip("this system is not ours to harm")
    before = told(site)
    with tailing(site, "--after", str(before), "--type", "ticket-issued") as lines:
        first = take(site)
        assert first in next(lines)
        site.system.kill("ticketing-live")
        second = take(site)
        site.system.start("ticketing-live")
        third = take(site)
        assert [number in line for number, line in zip([second, third], lines, strict=False)] == [True, True]


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["tail", MALL], {"MPP_TOKEN": "no token"}, "401 bad-token"),
        (["tail", "batang"], {}, "403 wrong-scope"),
        (["tail", MALL, "--type", "ticket-eaten"], {}, "ticket-called.v1"),
        (["tail", MALL], {"MPP_URL": "http://127.0.0.1:1"}, "cannot be reached"),
        (["tail", MALL], {"MPP_URL": "mpp"}, "is no address"),
        (["dead-letters", "ticketing", "list"], {}, "403 wrong-role"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_goes_wrong_is_said_in_one_line(site: Site, arguments, environment, said):
    ended = mpp(site, *arguments, **environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert said in ended.stderr
    assert ended.stderr.startswith("mpp: ")
    assert ended.stderr.count("\n") == 1


def test_a_dead_letter_is_looked_at_tried_again_and_discarded(site: Site):
    poison(site, "uji@1.0")
    admin = {"MPP_TOKEN": token(site, "administrator", mall=None)}

    def letters(state: str) -> list[str]:
        listed = mpp(site, "dead-letters", "notifications", "list", "--state", state, **admin)
        assert listed.returncode == 0, listed.stderr
        return [line.split()[0] for line in listed.stdout.splitlines() if line.endswith("uji@1.0")]

    [letter] = eventually(lambda: letters("parked"), 20)
    shown = mpp(site, "dead-letters", "notifications", "show", letter, **admin).stdout
    assert "0812-3456-7890" not in shown
    assert "890" in json.loads(shown)["value"]
    assert mpp(site, "dead-letters", "notifications", "replay", letter, **admin).returncode == 0
    assert eventually(lambda: letters("parked") == [letter], 20), "it cannot be handled the second time either"
    assert mpp(site, "dead-letters", "notifications", "discard", letter, "--why", "uji", **admin).returncode == 0
    assert letters("discarded") == [letter]
    late = mpp(site, "dead-letters", "notifications", "replay", letter, **admin)
    assert "409 not-parked" in late.stderr
