"""The web process of ticketing."""

from flask import Flask
from marshmallow.validate import OneOf

from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.limits import DAY, Backoff, Limit, Limits
from services.chassis.seals import Keys, Seals
from services.kernel import dead_letter_office, feed
from services.kernel.access import Heard
from services.kernel.app import make_app
from services.kernel.codes import Codes
from services.kernel.journal import Journal
from services.kernel.tokens import Verifier, public_key
from services.ticketing import pages
from services.ticketing.api import blueprint, seals
from services.ticketing.contract import FINISHED_BY
from services.ticketing.presence import TICKETS_A_PASS, Presence
from services.ticketing.queue import Queue
from services.ticketing.survey import api as survey_api
from services.ticketing.survey import pages as survey_pages
from services.ticketing.survey.surveys import Surveys

OF_PRESENCE: dict[str, Limit | Backoff] = {
    "presence_codes": Backoff(10, 5, 300, 3600),  # wrong codes of an address; visitors in the hall share one
    "passes_of_code": Limit(10, DAY),  # what one photograph of a screen is worth, if it gets to the outside
    "tickets_of_pass": Limit(TICKETS_A_PASS, DAY),
}


def create_app() -> Flask:
    """The Flask app, from the environment."""
    env = Env()
    settings, key, seal_keys = Settings.from_env(env, "ticketing"), public_key(env), Keys.from_env(env)
    allowed = {
        "tickets": Limit(env.int("LIMIT_TICKETS", 30), 600),
        "bookings": Limit(env.int("LIMIT_BOOKINGS", 10), DAY),
        "cancellations": Limit(env.int("LIMIT_CANCELLATIONS", 30), 600),
        "surveys": Limit(env.int("LIMIT_SURVEYS", 30), 600),
        "home": Limit(env.int("LIMIT_HOME", 6), DAY),
        "passes": Limit(env.int("LIMIT_PASSES", 10), 600),
    }
    tickets_from = env.str("TICKETS_FROM", "presence", validate=OneOf(["anybody", "presence", "devices"]))
    codes, presence = Codes.from_env(env), Presence.from_env(env)
    env.check()
    configure_logging("ticketing-web", settings.log_level)
    store = EventStore(connect(settings.mongo_url, settings.database))
    blueprints = [
        blueprint,
        seals.blueprint,
        pages.blueprint,
        survey_api.blueprint,
        survey_pages.blueprint,
        feed.blueprint("ticketing"),
        *dead_letter_office.blueprints("ticketing"),
    ]
    ready, limits = {"database": store.ping}, Limits(store.database, **allowed, **OF_PRESENCE)
    verifier = Verifier(key, Heard(store).revoked)
    queue = Queue(store)
    app = make_app("ticketing", verifier, blueprints, ready, "MPP ticketing", limits, queue.must_have)
    app.extensions["queue"] = queue
    app.extensions["codes"], app.extensions["presence"] = codes, presence
    app.extensions["seals"] = Seals(store.database, seal_keys, FINISHED_BY)
    app.extensions["surveys"] = Surveys(store)
    app.extensions["feed"] = feed.Feed("ticketing", Journal(store.database, settings.schemas), queue.mall)
    app.extensions["dead_letters"] = DeadLetters(store.database)
    app.config["TICKETS_FROM"], app.config["HOME_MOST"] = tickets_from, allowed["home"].most
    return app
