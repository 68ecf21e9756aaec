"""The services as attackers meet them: web processes on a real store, with a day, tickets and tokens of all roles.

The clock of all services shows nine on a Tuesday, so that it makes no difference when the tests run.
"""

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from examples import KTP, TUESDAY_NINE, VISITOR_SECRET, mall
from flask import Flask
from flask.testing import FlaskClient

import services
from services.catalog import app as catalog
from services.catalog.directory import Malls
from services.catalog.domain.directory import ImportCatalog
from services.catalog.seed import read
from services.chassis.clock import CLOCK
from services.chassis.event_store import EventStore, connect
from services.kernel import tokens
from services.notifications import app as notifications
from services.ticketing import app as ticketing
from services.ticketing import live
from services.ticketing.domain.mall import Bookings
from services.ticketing.queue import Queue, mall_stream

SEED = Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan"
LIMITS = ("TICKETS", "BOOKINGS", "CANCELLATIONS", "SURVEYS", "PHONES", "PHONE_TICKETS", "SCREENS")
MALL = "/ticketing/api/malls/pekalongan"
APPS: dict[str, Callable[[], Flask]] = {
    "catalog": catalog.create_app,
    "ticketing": ticketing.create_app,
    "live": live.create_app,
    "notifications": notifications.create_app,
}


@dataclass
class Houses:
    """All web processes, and the private key that signs tokens of staff."""

    apps: dict[str, Flask]
    private: bytes
    known: dict[str, list[str]] = field(default_factory=dict)

    def client(self, service: str = "ticketing") -> FlaskClient:
        return self.apps[service].test_client()

    def bearer(self, role: str, **scope: str) -> dict[str, str]:
        token = tokens.mint(self.private, name="Ibu Sri", role=role, **({"mall": "pekalongan"} | scope))
        return {"Authorization": f"Bearer {token}"}

    def issue(self, service: str = KTP, **more: Any) -> dict[str, Any]:
        """A visitor takes a ticket at a kiosk."""
        answer = self.client().post(f"{MALL}/tickets", json={"service": service, **more}, headers=self.bearer("device"))
        assert answer.status_code == 201, answer.json
        return dict(answer.json)


def learned(store: EventStore, capacity: int) -> None:
    """Store the mall in ticketing."""
    about = mall(capacity, bookings=Bookings(14, "10:00"))
    facts = [about.learned, *about.agencies.values(), *about.services.values(), *about.counters.values()]
    Queue(store).malls.execute_all([(mall_stream("pekalongan"), fact) for fact in facts])


def houses_on(
    mongo_server: Any, folder: Path, environment: pytest.MonkeyPatch, capacity: int, **settings: str
) -> Houses:
    """Start all web processes on new databases, with these settings."""
    tokens.make_keys(folder)
    environment.setenv("MONGO_URL", mongo_server.url)
    environment.delenv("FORWARDED_ALLOW_IPS", raising=False)
    environment.setenv("TOKEN_PUBLIC_KEY_FILE", str(folder / "token_public.pem"))
    environment.setenv("VISITOR_SECRET", VISITOR_SECRET)
    environment.setenv("TICKETS_FROM", "anybody")
    for limit in LIMITS:
        environment.setenv(f"LIMIT_{limit}", "0")
    for name, value in settings.items():
        environment.setenv(name, value)
    environment.setattr(CLOCK, "read", lambda: TUESDAY_NINE)
    run, apps = uuid.uuid4().hex[:8], {}
    for name, create in APPS.items():
        database = f"{'ticketing' if name == 'live' else name}_{run}"
        environment.setenv("MONGO_DATABASE", database)
        apps[name] = create()
        if name == "ticketing":
            learned(EventStore(connect(mongo_server.url, database)), capacity)
        if name == "catalog":
            Malls(EventStore(connect(mongo_server.url, database))).act("pekalongan", ImportCatalog(read(SEED)))
    logging.getLogger().handlers.clear()
    return Houses(apps, (folder / "token_private.pem").read_bytes())


@pytest.fixture(scope="module")
def houses(mongo_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The services without limits per address."""
    with pytest.MonkeyPatch.context() as environment:
        yield houses_on(mongo_server, tmp_path_factory.mktemp("keys"), environment, capacity=5000)
