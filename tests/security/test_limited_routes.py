"""API6: limits count acts alone. A walk over every limited route; one that is added needs a line in `ACTS`."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from examples import CODES, KTP, SIM, TUESDAY_NINE
from flask import Flask
from security.conftest import APPS, MALL, Houses, houses_on

from services.catalog import app as catalog
from services.chassis.limits import Limit, Limits
from services.kernel.codes import id_of
from services.ticketing.domain.day.commands import BookPlace, CallNext, Finish
from services.ticketing.survey.domain import ELEMENTS

MOST = 3
FEW = dict.fromkeys(["TICKETS", "BOOKINGS", "CANCELLATIONS", "SURVEYS", "PHONES"], str(MOST))
AWAY = {"OIDC_ISSUER": "https://127.0.0.1:9", "OIDC_CLIENT_ID": "mpp", "OIDC_CLIENT_SECRET": "secret"}
TODAY = TUESDAY_NINE.date()
PHONES = "/notifications/api/tickets"
ANSWERS = {"answers": dict.fromkeys(ELEMENTS, 4)}
PHONE = {"phone": "0812-3456-7890"}
FREE_ADDRESSES = count(1)  # each test asks from an address that no other test counts


@dataclass(frozen=True)
class Ask:
    """A request."""

    path: str
    body: Any = None
    base_url: str = "http://localhost"


@dataclass(frozen=True)
class Act:
    """How a limited route is asked: validly, each time for another thing; in an invalid way; for a refused act."""

    service: str
    method: str
    valid: Callable[[Houses], Ask]
    refused: Callable[[Houses], Ask]
    invalid: Callable[[Houses], list[Ask]]
    done: int


def ticket(houses: Houses, service: str = KTP) -> str:
    return str(houses.issue(service)["code"])


def served_ticket(houses: Houses) -> str:
    """The code of a ticket whose visit is over."""
    code, queue = ticket(houses, SIM), houses.apps["ticketing"].extensions["queue"]
    known, ticket_id = queue.mall("pekalongan"), id_of(code)
    while (day := queue.day("pekalongan", TODAY).state).tickets[ticket_id].status != "served":
        if "G03" in day.serving:
            queue.act(known, Finish(day.serving["G03"], "G03", TUESDAY_NINE))
        else:
            queue.act(known, CallNext("G03", TUESDAY_NINE, known))
    return code


def ended_ticket(houses: Houses) -> str:
    code = ticket(houses)
    path, staff = f"{MALL}/tickets/{id_of(code)}/ending", houses.bearer("supervisor")
    assert houses.client().post(path, json={"reason": "Listrik padam"}, headers=staff).status_code == 200
    return code


def booking(houses: Houses, days: int = 0) -> str:
    """The code of a place that was booked the day before, for today or so many days later."""
    queue, on = houses.apps["ticketing"].extensions["queue"], TODAY + timedelta(days=days)
    known, code = queue.mall("pekalongan"), CODES.booking(on)
    queue.act(known, BookPlace(id_of(code), KTP, None, on, TUESDAY_NINE - timedelta(days=1), known))
    return code


def used_booking(houses: Houses) -> str:
    code = booking(houses)
    path, kiosk = f"{MALL}/bookings/{code}/check-in", houses.bearer("device")
    assert houses.client().post(path, headers=kiosk).status_code == 201
    return code


def codes_of_nothing(path: str, body: Any = None, kind: str = "") -> list[Ask]:
    """The path with invented codes, the public id of a ticket that never was, and another mall."""
    invented = (f"20261124-{kind}{'A' * 24}", f"20261124-{kind}{'A' * 22}", f"20260101-{kind}{'A' * 24}", "x", "B-001")
    asks = [Ask(path.format(code=code), body) for code in invented]
    return [*asks, *(Ask(elsewhere(ask.path), body) for ask in asks[:1])]


def elsewhere(path: str) -> str:
    return path.replace("/pekalongan/", "/nowhere/")


def bodies(path: str, valid: dict[str, Any]) -> list[Ask]:
    """The path with bodies that cannot be read, or lack a field, or have one too many."""
    return [Ask(path, body) for body in (None, [], "x", {}, valid | {"more": 1}, dict.fromkeys(valid, 7))]


def invalid(path: str, body: dict[str, Any]) -> Callable[[Houses], list[Ask]]:
    return lambda _: [*bodies(path, body), Ask(elsewhere(path), body)]


ACTS = {
    "tickets.issue_ticket": Act(
        "ticketing",
        "POST",
        lambda _: Ask(f"{MALL}/tickets", {"service": KTP}),
        lambda _: Ask(f"{MALL}/tickets", {"service": "POLRES-SKCK"}),  # no counter gives it
        invalid(f"{MALL}/tickets", {"service": KTP}),
        201,
    ),
    "tickets.book": Act(
        "ticketing",
        "POST",
        lambda _: Ask(f"{MALL}/bookings", {"service": KTP, "day": "2026-11-30"}),
        lambda _: Ask(f"{MALL}/bookings", {"service": KTP, "day": "2027-11-30"}),
        invalid(f"{MALL}/bookings", {"service": KTP, "day": "2026-11-30"}),
        201,
    ),
    "tickets.cancel": Act(
        "ticketing",
        "POST",
        lambda houses: Ask(f"{MALL}/tickets/{ticket(houses)}/cancellation"),
        lambda houses: Ask(f"{MALL}/tickets/{ended_ticket(houses)}/cancellation"),
        lambda _: codes_of_nothing(MALL + "/tickets/{code}/cancellation"),
        200,
    ),
    "tickets.cancel_booking": Act(
        "ticketing",
        "POST",
        lambda houses: Ask(f"{MALL}/bookings/{booking(houses, 6)}/cancellation"),
        lambda houses: Ask(f"{MALL}/bookings/{used_booking(houses)}/cancellation"),
        lambda _: codes_of_nothing(MALL + "/bookings/{code}/cancellation", kind="b"),
        200,
    ),
    "tickets.check_in": Act(
        "ticketing",
        "POST",
        lambda houses: Ask(f"{MALL}/bookings/{booking(houses)}/check-in"),
        lambda houses: Ask(f"{MALL}/bookings/{booking(houses, 6)}/check-in"),
        lambda _: codes_of_nothing(MALL + "/bookings/{code}/check-in", kind="b"),
        201,
    ),
    "survey.answer_survey": Act(
        "ticketing",
        "POST",
        lambda houses: Ask(f"{MALL}/tickets/{served_ticket(houses)}/survey", ANSWERS),
        lambda houses: Ask(f"{MALL}/tickets/{ticket(houses)}/survey", ANSWERS),
        lambda houses: [
            *codes_of_nothing(MALL + "/tickets/{code}/survey", ANSWERS),
            *bodies(f"{MALL}/tickets/{ticket(houses)}/survey", ANSWERS),
        ],
        201,
    ),
    "notifications.leave_phone": Act(
        "notifications",
        "PUT",
        lambda houses: Ask(f"{PHONES}/{ticket(houses)}/phone", PHONE),
        lambda houses: Ask(f"{PHONES}/{ticket(houses)}/phone", {"phone": "0271-123"}),
        lambda houses: [
            *codes_of_nothing(PHONES + "/{code}/phone", PHONE)[2:5],  # the first two may be tickets of today
            *bodies(f"{PHONES}/{ticket(houses)}/phone", PHONE),
        ],
        200,
    ),
    "access_pages.begin_at_provider": Act(
        "catalog",
        "GET",
        lambda _: Ask("/catalog/sign-in/provider"),
        lambda _: Ask("/catalog/sign-in/provider", base_url="http://mpp.test"),  # needs https
        lambda _: [],
        503,  # the provider of these tests is away
    ),
}


@pytest.fixture(scope="module")
def few(mongo_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The services where an address may do each thing `MOST` times."""
    with pytest.MonkeyPatch.context() as environment:
        folder = tmp_path_factory.mktemp("keys")
        environment.setattr(catalog, "SIGN_INS", Limit(MOST, 900))
        settings = {f"LIMIT_{name}": most for name, most in FEW.items()} | AWAY
        settings["TOKEN_PRIVATE_KEY_FILE"] = str(folder / "token_private.pem")
        yield houses_on(mongo_server, folder, environment, capacity=5000, **settings)


@pytest.fixture
def asker() -> Callable[[Flask, Act, Ask], int]:
    """Sends requests from one address; the status of the answer."""
    address = {"X-Forwarded-For": f"203.0.113.{next(FREE_ADDRESSES)}"}

    def send(app: Flask, act: Act, ask: Ask) -> int:
        body = {} if ask.body is None else {"json": ask.body}
        where = {"base_url": ask.base_url, "headers": address}
        return int(app.test_client().open(ask.path, method=act.method, **where, **body).status_code)

    return send


def counts(app: Flask) -> dict[str, int]:
    """What is counted in a service's database."""
    database = app.extensions["limits"]._counts.database
    return {kept["_id"]: kept["n"] for kept in database["limits"].find({"n": {"$exists": True}})}


def test_every_limited_route_is_walked(few):
    limited = {
        endpoint
        for app in few.apps.values()
        for endpoint, view in app.view_functions.items()
        if getattr(view, "limit", None)
    }
    assert limited == set(ACTS)


@pytest.mark.parametrize("endpoint", ACTS)
def test_invalid_request_makes_no_count(few, asker, endpoint, monkeypatch):
    act, taken = ACTS[endpoint], []
    app, take = few.apps[act.service], Limits.take
    asks, before = act.invalid(few), counts(app)
    monkeypatch.setattr(Limits, "take", lambda *given: taken.append(given) or take(*given))
    answers = [asker(app, act, ask) for ask in asks]
    assert set(answers) <= {400, 404, 422}
    assert (taken, counts(app)) == ([], before)


@pytest.mark.parametrize("endpoint", ACTS)
def test_refused_act_is_not_counted(few, asker, endpoint):
    act = ACTS[endpoint]
    app, ask = few.apps[act.service], act.refused(few)
    before = counts(app)
    assert {asker(app, act, ask) for _ in range(MOST + 2)} <= {403, 409, 422}
    assert counts(app) == before
    assert asker(app, act, act.valid(few)) == act.done
    after = counts(app)
    assert sum(after.values()) == sum(before.values()) + 1
    asker(app, act, ask)
    assert counts(app) == after


@pytest.mark.parametrize("endpoint", ACTS)
def test_parallel_requests_to_two_processes_never_pass_limit(few, asker, endpoint, monkeypatch):
    act = ACTS[endpoint]
    first = few.apps[act.service]
    monkeypatch.setenv("MONGO_DATABASE", first.extensions["limits"]._counts.database.name)
    processes = (first, APPS[act.service]())
    valid, refused = [act.valid(few) for _ in range(2 * MOST)], act.refused(few)
    before = sum(counts(first).values())
    asks = [ask for pair in zip(valid, [refused] * len(valid), strict=True) for ask in pair]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda n: asker(processes[n // 2 % 2], act, asks[n]), range(len(asks))))
    acts, refusals = Counter(answers[::2]), Counter(answers[1::2])
    assert acts[act.done] <= MOST
    assert set(acts) <= {act.done, 429}
    assert act.done not in refusals
    assert sum(counts(first).values()) == before + acts[act.done], "what was refused is given back"
    rest = [asker(first, act, ask) for ask, answer in zip(valid, answers[::2], strict=True) if answer == 429]
    assert Counter(rest)[act.done] == MOST - acts[act.done], "and what was given back can be used"
