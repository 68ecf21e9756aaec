"""A web process of ticketing on a real store, with a clock that the tests set."""

from datetime import datetime

import pytest
from examples import TUESDAY_NINE, VISITOR_SECRET, mall

from services.chassis.clock import CLOCK
from services.kernel import tokens
from services.ticketing.app import create_app
from services.ticketing.queue import Queue, mall_stream

PEKALONGAN = "/ticketing/api/malls/pekalongan"


def refusal(answer) -> tuple[int, str]:
    """Status and reason of a problem document."""
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["reason"]


class Clock:
    """What the API takes for now."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock(TUESDAY_NINE)
    monkeypatch.setattr(CLOCK, "read", clock.now)
    return clock


@pytest.fixture
def known(store):
    """Make ticketing learn of a mall."""

    def learn(capacity: int = 100, **rules) -> None:
        malls, about = Queue(store).malls, mall(capacity, **rules)
        facts = [about.learned, *about.agencies.values(), *about.services.values(), *about.counters.values()]
        malls.execute_all([(mall_stream("pekalongan"), fact) for fact in facts])

    return learn


@pytest.fixture
def start(mongo_server, database, clock, monkeypatch, tmp_path):
    """Start a web process of ticketing."""
    tokens.make_keys(tmp_path / "keys")
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    monkeypatch.setenv("VISITOR_SECRET", VISITOR_SECRET)
    monkeypatch.setenv("TICKETS_FROM", "anybody")  # these tests take tickets without a presence code
    for limit in ("TICKETS", "BOOKINGS", "CANCELLATIONS", "SURVEYS"):
        monkeypatch.setenv(f"LIMIT_{limit}", "0")  # all visitors come from one address here
    return lambda: create_app().test_client()


@pytest.fixture
def client(start, known):
    known()
    return start()


@pytest.fixture
def bearer(start, tmp_path):
    private = (tmp_path / "keys" / "token_private.pem").read_bytes()

    def headers(role: str = "operator", **scope: str) -> dict[str, str]:
        bound = {"mall": "pekalongan"} | scope
        return {"Authorization": f"Bearer {tokens.mint(private, name='Ibu Sri', role=role, **bound)}"}

    return headers


@pytest.fixture
def g02(bearer) -> dict[str, str]:
    return bearer(counter="G02")
