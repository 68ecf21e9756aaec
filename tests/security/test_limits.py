"""API4 and API6: nobody takes all places, texts all phones or holds all screens, from however many processes."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from examples import KTP
from security.conftest import MALL, houses_on
from waiting import eventually

from services.chassis import limits
from services.chassis.errors import TooMany
from services.chassis.limits import DAY, Backoff, Limit, Limits
from services.kernel.access import STREAM, Heard, HearRevoked
from services.kernel.tokens import COOKIE
from services.ticketing.live import Client, Screens, TooManyScreens

FEW = {"LIMIT_TICKETS": "3", "LIMIT_BOOKINGS": "2", "LIMIT_CANCELLATIONS": "2", "LIMIT_PHONES": "6"}
FEW |= {"LIMIT_PHONE_TICKETS": "2", "LIMIT_SCREENS": "2", "LIMIT_SURVEYS": "2"}
TICKET = {"service": KTP}


@pytest.fixture
def strict(mongo_server, tmp_path, monkeypatch):
    """All services, where nobody may do much."""
    return houses_on(mongo_server, tmp_path, monkeypatch, capacity=100, **FEW)


def from_address(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def take(houses, address: str = "203.0.113.7", **headers: str) -> int:
    return houses.client().post(f"{MALL}/tickets", json=TICKET, headers=from_address(address) | headers).status_code


def test_anonymous_streams_of_an_address_shut_out_no_token_behind_it(strict):
    client, path = strict.client("live"), "/ticketing/live/malls/pekalongan"
    opened = [client.get(path, headers=from_address("203.0.113.7")) for _ in range(2)]
    try:
        assert client.get(path, headers=from_address("203.0.113.7")).status_code == 429
        for role, scope in (("supervisor", {}), ("device", {}), ("agency", {"agency": "POLRES"})):
            where = f"{path}/events" if scope else path
            token = strict.bearer(role, **scope)
            opened.append(client.get(where, headers=from_address("203.0.113.7") | token))
        assert [answer.status_code for answer in opened] == [200] * 5
    finally:
        for answer in opened:
            answer.close()


def test_one_token_holds_no_more_streams_than_an_address_may(strict):
    client, path, token = strict.client("live"), "/ticketing/live/malls/pekalongan", strict.bearer("supervisor")
    addresses = [from_address(f"203.0.113.{number}") for number in range(3)]
    opened = [client.get(path, headers=token | address) for address in addresses]
    assert [answer.status_code for answer in opened] == [200, 200, 429]
    for answer in opened:
        answer.close()


def test_places_are_left_for_streams_with_a_token():
    screens = Screens(most=8)

    def opened(name: str, is_known: bool) -> None:
        screens.open("hall", lambda: 0, 0, Client(name, is_known))

    for number in range(6):
        opened(f"visitor {number}", is_known=False)
    with pytest.raises(TooManyScreens):
        opened("visitor 7", is_known=False)
    for number in range(2):
        opened(f"staff {number}", is_known=True)
    with pytest.raises(TooManyScreens):
        opened("staff 3", is_known=True)
    watcher = screens._watchers["hall"]
    for number in range(6):
        screens.close(watcher, Client(f"visitor {number}"))
    for number in range(2):
        screens.close(watcher, Client(f"staff {number}", is_known=True))
    assert watcher.screens == 0
    opened("visitor 8", is_known=False)
    screens.close(screens._watchers["hall"], Client("visitor 8"))


def phone(houses, ticket: str, number: str, address: str = "203.0.113.7") -> int:
    path = f"/notifications/api/tickets/{ticket}/phone"
    answer = houses.client("notifications").put(path, json={"phone": number}, headers=from_address(address))
    return answer.status_code


def ticket(number: int) -> str:
    """The code of a ticket; none was issued."""
    return f"20261124-{number:024}"


def test_api6_one_address_cannot_drain_the_quota_of_a_day(strict):
    assert Counter(take(strict) for _ in range(20)) == {201: 3, 429: 17}
    assert strict.client().get(f"{MALL}/hall").json["issued"] == 3


def test_api6_where_only_devices_give_tickets_nobody_else_takes_one(mongo_server, tmp_path, monkeypatch):
    house = houses_on(mongo_server, tmp_path, monkeypatch, capacity=100, TICKETS_FROM="devices")
    refused = house.client().post(f"{MALL}/tickets", json=TICKET)
    assert (refused.status_code, refused.json["reason"]) == (403, "devices-only")
    assert take(house, **house.bearer("device", mall="elsewhere")) == 403
    assert take(house, **house.bearer("auditor")) == 403
    assert [take(house, **house.bearer(role)) for role in ("device", "operator")] == [201, 201]


def test_a_revoked_device_gets_no_ticket_and_not_as_a_visitor_either(strict):
    kiosk, old_cookie = strict.bearer("device"), strict.client()
    token = kiosk["Authorization"].removeprefix("Bearer ")
    assert take(strict, **kiosk) == 201
    verifier = strict.apps["ticketing"].extensions["verifier"]
    asking = verifier.actor(kiosk["Authorization"])
    heard = Heard(strict.apps["ticketing"].extensions["queue"].store)
    ends = datetime.fromtimestamp(asking.expires, UTC)
    heard.streams.execute(STREAM, HearRevoked("token", asking.token, 0, ends, datetime.now(UTC)))
    assert eventually(lambda: take(strict, **kiosk) == 401, 5)
    refused = strict.client().post(f"{MALL}/tickets", json=TICKET, headers=kiosk)
    assert (refused.status_code, refused.json["reason"]) == (401, "revoked")
    old_cookie.set_cookie(COOKIE, token)
    assert old_cookie.post(f"{MALL}/tickets", json=TICKET).status_code == 201, "a cookie is sent by itself"


def test_another_address_is_served_meanwhile(strict):
    assert [take(strict) for _ in range(4)] == [201, 201, 201, 429]
    assert take(strict, "203.0.113.8") == 201


def test_who_asks_too_often_is_told_when_to_come_back_in_both_languages(strict):
    client = strict.client()
    for language, title in (("id", "Terlalu sering"), ("en", "Too often")):
        for _ in range(4):
            answer = client.post(f"{MALL}/tickets", json=TICKET, headers={"Accept-Language": language})
        assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
        assert (answer.json["reason"], answer.json["title"]) == ("too-many", title)
        assert 1 <= int(answer.headers["Retry-After"]) == answer.json["retry_after"] <= 600
        assert "{" not in answer.json["detail"]


@pytest.mark.parametrize("role", ["device", "operator", "supervisor", "administrator"])
def test_a_kiosk_and_staff_are_not_counted(strict, role):
    assert {take(strict, **strict.bearer(role)) for _ in range(6)} == {201}


@pytest.mark.parametrize("role", ["agency", "auditor"])
def test_other_tokens_lift_no_limit(strict, role):
    assert take_often(strict, strict.bearer(role)) == {201: 3, 429: 3}


def test_the_token_of_another_malls_kiosk_lifts_no_limit(strict):
    assert take_often(strict, strict.bearer("device", mall="batang")) == {201: 3, 429: 3}


def test_a_forged_kiosk_token_lifts_no_limit(strict, tmp_path):
    assert take_often(strict, {"Authorization": strict.bearer("device")["Authorization"][:-4] + "AAAA"})[429] == 3


def take_often(houses, headers) -> Counter:
    return Counter(take(houses, **headers) for _ in range(6))


def test_an_address_is_taken_from_the_gateway_alone(strict):
    """Whoever writes the header before the gateway does is counted by what the gateway adds; others by their own."""
    spoofed = [f"198.51.100.{n}, 203.0.113.7" for n in range(6)]
    assert Counter(take(strict, address) for address in spoofed) == {201: 3, 429: 3}
    client = strict.client()
    stranger = {"REMOTE_ADDR": "192.0.2.1"}
    answers = [
        client.post(f"{MALL}/tickets", json=TICKET, headers=from_address(f"198.51.100.{n}"), environ_base=stranger)
        for n in range(6)
    ]
    assert Counter(answer.status_code for answer in answers) == {201: 3, 429: 3}


def test_a_network_of_ipv6_is_one_address(strict):
    assert [take(strict, f"2001:db8:1:2::{n}") for n in range(1, 5)] == [201, 201, 201, 429]
    assert take(strict, "2001:db8:1:3::1") == 201


def test_api6_one_address_cannot_book_the_days_to_come(strict):
    client, wanted = strict.client(), {"service": KTP, "day": "2026-11-30"}
    answers = [client.post(f"{MALL}/bookings", json=wanted) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 429, 429]


def test_api6_one_address_cannot_text_many_phones(strict):
    assert [phone(strict, ticket(n), f"0812-0000-{n:04}") for n in range(8)] == [200] * 6 + [429] * 2


@pytest.mark.parametrize("owner", ["198.51.100.1", "203.0.113.7"])
def test_api6_strangers_cannot_keep_a_number_from_its_owner(strict, owner):
    """Neither from their own addresses nor from the one that all share in the hall."""
    for stranger in range(1, 8):
        asked = [phone(strict, ticket(5 * stranger + n), "0812-3456-7890", f"198.51.100.{stranger}") for n in range(5)]
        assert asked == [200] * 5
    assert phone(strict, ticket(0), "0812-3456-7890", owner) == 200


@pytest.mark.parametrize("made_up", ["x", "20261124-short", "20261123-" + "A" * 24, "20261125-" + "A" * 24, "B-012"])
def test_a_number_is_left_only_for_what_can_be_a_ticket_of_today(strict, made_up):
    assert phone(strict, made_up, "0812-3456-7890") == 404


def test_what_is_counted_is_kept_without_address_and_number(strict, mongo_server):
    from pymongo import MongoClient

    take(strict, "203.0.113.77")
    phone(strict, ticket(1), "0812-7711-4455", "203.0.113.77")
    databases = MongoClient(mongo_server.url)
    kept = ""
    for name in ("ticketing", "notifications"):
        store = strict.apps[name].extensions["limits"]._counts.database
        kept += str(list(databases[store.name]["limits"].find()))
    assert "_id" in kept
    assert "203.0.113.77" not in kept
    assert "77114455" not in kept


def test_api4_one_address_cannot_hold_all_screens(strict):
    client, path = strict.client("live"), "/ticketing/live/malls/pekalongan"
    open_ones = [client.get(path, headers=from_address("203.0.113.7")) for _ in range(2)]
    assert [answer.status_code for answer in open_ones] == [200, 200]
    refused = client.get(path, headers=from_address("203.0.113.7"))
    assert (refused.status_code, refused.json["reason"], refused.headers["Retry-After"]) == (429, "too-many", "60")
    other = client.get(path, headers=from_address("203.0.113.8"))
    assert other.status_code == 200
    for answer in (*open_ones, other):
        answer.close()
    again = client.get(path, headers=from_address("203.0.113.7"))
    assert again.status_code == 200, "a screen that has gone makes room"
    again.close()


def test_a_limit_holds_exactly_however_many_processes_ask_at_once(database):
    processes = [Limits(database, tickets=Limit(20, 600)) for _ in range(4)]

    def ask(n: int) -> bool:
        try:
            processes[n % 4].take("tickets", "203.0.113.7")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert Counter(threads.map(ask, range(200))) == {True: 20, False: 180}


def test_a_window_ends_and_counts_are_forgotten_with_it(database, monkeypatch):
    at = datetime(2026, 11, 24, 2, tzinfo=UTC)
    monkeypatch.setattr(limits.time, "time", lambda: at.timestamp())
    one = Limits(database, tickets=Limit(1, DAY), phones=Limit(0, 60))
    one.take("tickets", "a")
    with pytest.raises(TooMany) as refused:
        one.take("tickets", "a")
    assert refused.value.params == {"retry_after": 22 * 3600}
    for _ in range(5):
        one.take("phones", "a")  # 0: no limit
    assert max(kept["expires_at"] for kept in database["limits"].find()) <= at + timedelta(days=2)
    at += timedelta(days=1)
    one.take("tickets", "a")


@pytest.fixture
def noon(monkeypatch):
    """The limits' clock, which a test moves on."""

    class Clock:
        now = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
        time = staticmethod(lambda: Clock.now)

    monkeypatch.setattr(limits, "time", Clock)
    return Clock


PATIENT = Backoff(free=3, first=10, longest=40, forget=600)


def waits(one: Limits, clock, attempts: int) -> list[int]:
    """How long each of so many attempts had to wait before it was counted."""
    found = []
    for _ in range(attempts):
        try:
            one.attempt("codes", "a")
            found.append(0)
        except TooMany as refused:
            clock.now += refused.params["retry_after"]
            one.attempt("codes", "a")
            found.append(refused.params["retry_after"])
    return found


def test_waits_between_attempts_double_up_to_the_longest(database, noon):
    one = Limits(database, codes=PATIENT)
    assert waits(one, noon, 7) == [0, 0, 0, 10, 20, 40, 40]
    one.attempt("codes", "b")


def test_attempts_are_forgotten_after_their_last_wait(database, noon):
    one = Limits(database, codes=PATIENT)
    waits(one, noon, 5)
    noon.now += 40 + 600 + 2
    assert waits(one, noon, 4) == [0, 0, 0, 10]


def test_free_attempts_are_exact_however_many_processes_ask_at_once(database):
    processes = [Limits(database, codes=Backoff(20, 60, 60, 600)) for _ in range(4)]

    def ask(n: int) -> bool:
        try:
            processes[n % 4].attempt("codes", "203.0.113.7")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(ask, range(60))) == {True: 20, False: 40}


def test_count_given_back_can_be_taken_again_and_zero_is_deleted(database):
    one = Limits(database, tickets=Limit(2, 600), phones=Limit(0, 600))
    keys = [one.take("tickets", "a") for _ in range(2)]
    for key in (*keys, keys[0], one.take("phones", "a")):  # once more than was taken: no count is below zero
        one.give_back(key)
    assert database["limits"].count_documents({"n": {"$exists": True}}) == 0
    assert len({one.take("tickets", "a") for _ in range(2)}) == 1
    with pytest.raises(TooMany):
        one.take("tickets", "a")


def test_counts_given_back_by_many_processes_at_once_add_up(database):
    processes = [Limits(database, tickets=Limit(20, 600)) for _ in range(4)]

    def take_and_give_back(n: int) -> bool:
        one = processes[n % 4]
        try:
            key = one.take("tickets", "a")
        except TooMany:
            return False
        if n % 3:
            one.give_back(key)
        return n % 3 == 0

    with ThreadPoolExecutor(16) as threads:
        kept = sum(threads.map(take_and_give_back, range(60)))
    (found,) = database["limits"].find({"n": {"$exists": True}})
    assert found["n"] == kept <= 20


def test_attempt_taken_back_leaves_no_count_of_zero(database, noon):
    one = Limits(database, codes=PATIENT)
    first, second = one.attempt("codes", "a"), one.attempt("codes", "a")
    one.refund(first)
    one.refund(second)
    assert database["limits"].count_documents({"n": {"$exists": True}}) == 0


def test_an_attempt_that_is_taken_back_leaves_no_wait(database, noon):
    one = Limits(database, codes=PATIENT)
    for _ in range(2):
        one.attempt("codes", "a")
    for _ in range(5):
        one.refund(one.attempt("codes", "a"))
    assert waits(one, noon, 2) == [0, 10]


def test_taking_back_an_earlier_attempt_keeps_the_wait_of_a_later_one(database, noon):
    one = Limits(database, codes=Backoff(free=2, first=10, longest=40, forget=600))
    first = one.attempt("codes", "a")
    one.attempt("codes", "a")
    one.refund(first)
    assert waits(one, noon, 1) == [10]


def test_forgiving_forgets_all_failures_of_a_key_alone(database, noon):
    one = Limits(database, codes=PATIENT)
    waits(one, noon, 2)
    one.attempt("codes", "b")
    one.forgive(one.attempt("codes", "b"))
    assert waits(one, noon, 2) == [0, 10]
