"""The web process of notifications."""

from flask import Flask

from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.limits import Limit, Limits
from services.chassis.seal import Seal
from services.kernel import dead_letter_office, feed
from services.kernel.access import Heard
from services.kernel.app import make_app
from services.kernel.journal import Journal
from services.kernel.tokens import Verifier, public_key
from services.notifications import pages
from services.notifications.api import callbacks, messages, texts
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences
from services.notifications.malls import Malls
from services.notifications.sms.gateways.settings import own_description
from services.notifications.sms.reports import Reports
from services.notifications.webhooks import hooks as webhooks


def create_app() -> Flask:
    """The Flask app, from the environment."""
    env = Env()
    settings, key = Settings.from_env(env, "notifications"), public_key(env)
    reports = Reports.from_env(env, own_description(env))
    phones = Limit(env.int("LIMIT_PHONES", 20), 3600)
    gate, seal = webhooks.Gate.from_env(env), Seal.from_env(env)
    env.check()
    configure_logging("notifications-web", settings.log_level)
    database = connect(settings.mongo_url, settings.database)
    store = EventStore(database)
    blueprints = [
        messages.blueprint,
        texts.blueprint,
        callbacks.blueprint,
        pages.blueprint,
        *webhooks.BLUEPRINTS,
        feed.blueprint("notifications"),
        *dead_letter_office.blueprints("notifications"),
    ]
    ready, limits = {"database": store.ping}, Limits(database, phones=phones)
    verifier, title = Verifier(key, Heard(store).revoked), "MPP notifications"
    app = make_app("notifications", verifier, blueprints, ready, title, limits, messages.must_be_possible)
    app.extensions["correspondences"] = Correspondences(store, Contacts(database, seal))
    app.extensions["malls"] = malls = Malls(store)
    app.extensions["reports"] = reports
    app.extensions["feed"] = feed.Feed("notifications", Journal(database, settings.schemas), malls.get)
    app.extensions["dead_letters"] = DeadLetters(store.database)
    webhooks.add_to(app, store, gate, seal)
    return app
