"""Webhooks of another: an agency sees, changes and is told of its own alone, and nobody sees a secret twice."""

from datetime import timedelta

import pytest
from examples import TUESDAY_NINE

HOOKS = "/notifications/api/malls/pekalongan/webhooks"
WANTED = {"name": "Server", "url": "https://8.8.8.8/hook", "kinds": ["ticket-called"]}
# Every act on a webhook: method, what comes after its address, body.
ACTS = [
    ("GET", "", None),
    ("PUT", "", WANTED),
    ("DELETE", "", None),
    ("PUT", "/paused", None),
    ("DELETE", "/paused", None),
    ("POST", "/secret", None),
    ("POST", "/pings", None),
    ("POST", "/replays", {"since": "2026-11-24T08:00:00+07:00"}),
    ("GET", "/attempts", None),
]


@pytest.fixture
def client(houses):
    return houses.client("notifications")


@pytest.fixture
def dukcapil(houses):
    return houses.bearer("agency", agency="DUKCAPIL")


@pytest.fixture
def hook(client, dukcapil):
    made = client.post(HOOKS, json=WANTED, headers=dukcapil)
    assert made.status_code == 201, made.json
    yield made.json
    client.delete(f"{HOOKS}/{made.json['id']}", headers=dukcapil)


def ids(client, headers) -> list[str]:
    return [one["id"] for one in client.get(HOOKS, headers=headers).json["webhooks"]]


@pytest.mark.parametrize(("method", "path", "body"), ACTS, ids=[f"{m} {p}" for m, p, _ in ACTS])
def test_an_agency_cannot_touch_the_webhook_of_another_nor_learn_that_there_is_one(
    houses, client, dukcapil, hook, method, path, body
):
    before = client.get(f"{HOOKS}/{hook['id']}", headers=dukcapil).json
    other = houses.bearer("agency", agency="POLRES")
    for id in (hook["id"], "no-such-webhook"):
        asked = client.open(f"{HOOKS}/{id}{path}", method=method, json=body, headers=other)
        assert (asked.status_code, asked.json["reason"]) == (404, "unknown-webhook")
    elsewhere = houses.bearer("agency", agency="DUKCAPIL", mall="batang")
    assert client.open(f"{HOOKS}/{hook['id']}{path}", method=method, json=body, headers=elsewhere).status_code == 403
    moved = f"{HOOKS.replace('pekalongan', 'batang')}/{hook['id']}{path}"
    assert client.open(moved, method=method, json=body, headers=elsewhere).status_code == 404
    assert client.get(f"{HOOKS}/{hook['id']}", headers=dukcapil).json == before


@pytest.mark.parametrize("role", ["operator", "auditor", "device"])
def test_other_roles_have_no_business_with_webhooks(houses, client, hook, role):
    headers = houses.bearer(role)
    assert client.get(HOOKS, headers=headers).status_code == 403
    assert client.post(HOOKS, json=WANTED, headers=headers).status_code == 403
    assert client.get(HOOKS).status_code == 401


def test_an_agency_lists_its_own_and_staff_of_the_mall_all(houses, client, dukcapil, hook):
    assert ids(client, dukcapil) == [hook["id"]]
    assert hook["id"] not in ids(client, houses.bearer("agency", agency="POLRES"))
    for role in ("supervisor", "administrator"):
        assert hook["id"] in ids(client, houses.bearer(role))


def test_an_agency_registers_for_itself_alone_and_one_that_is_bound_to_no_mall_or_agency_for_nobody(houses, client):
    for scope, asked in (
        ({"agency": "POLRES"}, {"agency": "DUKCAPIL"}),
        ({}, {}),
        ({"agency": "POLRES", "mall": ""}, {}),
    ):
        answer = client.post(HOOKS, json=WANTED | asked, headers=houses.bearer("agency", **scope))
        assert (answer.status_code, answer.json["reason"]) == (403, "wrong-scope")


def test_staff_register_for_an_agency_or_for_the_whole_mall(houses, client):
    supervisor = houses.bearer("supervisor")
    for agency in ("PLN", ""):
        made = client.post(HOOKS, json=WANTED | {"agency": agency}, headers=supervisor).json
        assert made["agency"] == agency
        client.delete(f"{HOOKS}/{made['id']}", headers=supervisor)


def test_a_secret_is_told_once_and_the_next_one_too(client, dukcapil, hook):
    secret, own = hook["secret"], f"{HOOKS}/{hook['id']}"
    rotated = client.post(f"{own}/secret", headers=dukcapil).json
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != secret
    assert rotated["old_secret_until"]
    for path in (HOOKS, own, f"{own}/attempts"):
        text = client.get(path, headers=dukcapil).text
        assert not any(one in text for one in (secret, rotated["secret"]))


def test_a_webhook_is_paused_resumed_asked_for_a_test_and_a_replay_and_removed(client, dukcapil, hook):
    own = f"{HOOKS}/{hook['id']}"
    paused = client.put(f"{own}/paused", headers=dukcapil).json
    assert (paused["status"], paused["cause"]) == ("paused", "by-hand")
    assert client.delete(f"{own}/paused", headers=dukcapil).json["status"] == "active"
    assert client.post(f"{own}/pings", headers=dukcapil).status_code == 202
    for body in ({"since": "2026-11-24T08:00:00+07:00"}, {"producer": "ticketing", "sequence": 5}):
        assert client.post(f"{own}/replays", json=body, headers=dukcapil).status_code == 202
    assert client.get(f"{own}/attempts", headers=dukcapil).json == {"attempts": []}
    assert client.delete(own, headers=dukcapil).status_code == 204
    assert client.get(own, headers=dukcapil).status_code == 404


@pytest.mark.parametrize("since", ["2000-01-02T00:00:00+07:00", "2199-12-30T23:59:59-14:00"])
def test_replay_begins_in_the_days_that_are_kept(houses, client, dukcapil, hook, since):
    asked = client.post(f"{HOOKS}/{hook['id']}/replays", json={"since": since}, headers=dukcapil)
    assert asked.status_code == 202
    registry = houses.apps["notifications"].extensions["webhooks"]
    (begin,) = {start.since for start in registry.known().find(hook["id"]).starts.values()}
    assert timedelta(0) <= TUESDAY_NINE - begin <= timedelta(days=31, minutes=1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"producer": "ticketing"},
        {"sequence": 5},
        {"since": "2026-11-24T08:00:00+07:00", "producer": "ticketing", "sequence": 5},
    ],
)
def test_a_replay_needs_one_beginning(client, dukcapil, hook, body):
    asked = client.post(f"{HOOKS}/{hook['id']}/replays", json=body, headers=dukcapil)
    assert (asked.status_code, asked.json["reason"]) == (422, "replay-from-nowhere")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"kinds": ["access-revoked"]},
        {"kinds": ["id.go.mpp.ticket-called.v1"]},
        {"name": ""},
        {"url": ""},
        {"services": ["x" * 61]},
        {"secret": "whsec_mine"},
    ],
    ids=str,
)
def test_what_a_webhook_cannot_be_is_refused_in_words(client, dukcapil, wrong):
    asked = client.post(HOOKS, json=WANTED | wrong, headers=dukcapil | {"Accept-Language": "id"})
    assert (asked.status_code, asked.json["reason"]) == (422, "invalid")
    said = str(asked.json["errors"])
    assert not any(english in said for english in ("Must", "Length", "Shorter", "Longer", "Unknown", "Missing")), said


def test_an_agency_has_ten_at_most(client, houses):
    headers = houses.bearer("agency", agency="PLN")
    made = [client.post(HOOKS, json=WANTED, headers=headers) for _ in range(11)]
    assert [answer.status_code for answer in made] == [201] * 10 + [409]
    assert made[-1].json["reason"] == "too-many-webhooks"
    for answer in made[:10]:
        client.delete(f"{HOOKS}/{answer.json['id']}", headers=headers)
