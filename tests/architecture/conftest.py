"""Every web process of the house, made as gunicorn makes it; none of them needs a server to be looked at."""

import logging
from collections.abc import Callable

import pytest
from examples import VISITOR_SECRET
from flask import Flask

from services.catalog import app as catalog
from services.kernel import tokens
from services.notifications import app as notifications
from services.ticketing import app as ticketing
from services.ticketing import live

APPS = {
    "catalog": catalog.create_app,
    "ticketing": ticketing.create_app,
    "ticketing live": live.create_app,
    "notifications": notifications.create_app,
}


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flask]:
    folder = tmp_path_factory.mktemp("keys")
    tokens.make_keys(folder)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MONGO_URL", "mongodb://127.0.0.1:1/?directConnection=true")
        environment.setenv("TOKEN_PUBLIC_KEY_FILE", str(folder / "token_public.pem"))
        environment.setenv("VISITOR_SECRET", VISITOR_SECRET)
        made = {name: create() for name, create in APPS.items()}
    logging.getLogger().handlers.clear()
    return made


@pytest.fixture
def living_apps(mongo_server, database, monkeypatch, tmp_path) -> tuple[dict[str, Flask], Callable[..., str]]:
    """The same on a store that answers, and tokens for them."""
    tokens.make_keys(tmp_path)
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "token_public.pem"))
    monkeypatch.setenv("VISITOR_SECRET", VISITOR_SECRET)
    made = {name: create() for name, create in APPS.items()}
    logging.getLogger().handlers.clear()
    key = (tmp_path / "token_private.pem").read_bytes()

    def mint(role: str, **scope: str) -> str:
        return tokens.mint(key, name="test", role=role, **scope)

    return made, mint


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest, apps: dict[str, Flask]) -> Flask:
    return apps[request.param]
