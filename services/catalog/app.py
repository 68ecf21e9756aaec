"""The web process of catalog."""

from flask import Flask

from services.catalog import administration, api, pages
from services.catalog.access import api as access
from services.catalog.access import pages as access_pages
from services.catalog.access.provider import Provider
from services.catalog.access.registry import make_registry
from services.catalog.directory import Malls
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.limits import Limit, Limits
from services.chassis.seal import Seal
from services.kernel import dead_letter_office, feed
from services.kernel.app import make_app
from services.kernel.journal import Journal
from services.kernel.tokens import Verifier, private_key, public_key

SIGN_INS = Limit(200, 15 * 60)  # ways to the provider and back, for each address: a whole mall may share one


def create_app() -> Flask:
    """The Flask app, from the environment."""
    env = Env()
    settings, key, signing = Settings.from_env(env, "catalog"), public_key(env), private_key(env)
    provider = Provider.from_env(env)
    seal = Seal.from_env(env, "ACCESS_KEYS")
    env.check()
    configure_logging("catalog-web", settings.log_level)
    store = EventStore(connect(settings.mongo_url, settings.database))
    malls = Malls(store)
    namespace = provider.namespace if provider else ""
    registry = make_registry(store, signing, namespace, seal, malls.names, settings.public_url)
    blueprints = [
        api.blueprint,
        *administration.BLUEPRINTS,
        pages.blueprint,
        *access.BLUEPRINTS,
        access_pages.blueprint,
        feed.blueprint("catalog"),
        *dead_letter_office.blueprints("catalog"),
    ]
    limits = Limits(store.database, **{"sign-in": SIGN_INS})
    verifier, ready = Verifier(key, registry.accounts.revoked), {"database": store.ping}
    app = make_app("catalog", verifier, blueprints, ready, "MPP catalog", limits)
    app.extensions["registry"] = registry
    app.extensions["sign_in_provider"] = None
    if provider:
        from services.catalog.access.oidc import SignInProvider  # late: a tenth of the start, and most have no provider

        app.extensions["sign_in_provider"] = SignInProvider(app, provider, signing)
    app.extensions["malls"] = malls
    journal = Journal(store.database, settings.schemas)
    app.extensions["feed"] = feed.Feed("catalog", journal, malls.get)
    app.extensions["dead_letters"] = DeadLetters(store.database)
    return app
