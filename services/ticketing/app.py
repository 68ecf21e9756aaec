"""The web process of ticketing."""

from flask import Flask
from marshmallow.validate import OneOf

from services.chassis import dead_letter_office, feed, web
from services.chassis.access import Heard
from services.chassis.codes import Codes
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.journal import Journal
from services.chassis.limits import DAY, Limit, Limits
from services.chassis.seals import Keys, Seals
from services.chassis.tokens import Verifier, public_key
from services.ticketing import pages
from services.ticketing.api import blueprint, seals
from services.ticketing.contract import FINISHED_BY
from services.ticketing.queue import Queue
from services.ticketing.survey import api as survey_api
from services.ticketing.survey import pages as survey_pages
from services.ticketing.survey.surveys import Surveys


def create_app() -> Flask:
    """The Flask app, from the environment."""
    env = Env()
    settings, key, seal_keys = Settings.from_env(env, "ticketing"), public_key(env), Keys.from_env(env)
    allowed = {
        "tickets": Limit(env.int("LIMIT_TICKETS", 30), 600),
        "bookings": Limit(env.int("LIMIT_BOOKINGS", 10), DAY),
        "cancellations": Limit(env.int("LIMIT_CANCELLATIONS", 30), 600),
        "surveys": Limit(env.int("LIMIT_SURVEYS", 30), 600),
    }
    only_devices = env.str("TICKETS_FROM", "anybody", validate=OneOf(["anybody", "devices"])) == "devices"
    codes = Codes.from_env(env)
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
    ready, limits = {"database": store.ping}, Limits(store.database, **allowed)
    verifier = Verifier(key, Heard(store).revoked)
    queue = Queue(store)
    app = web.create_app("ticketing", verifier, blueprints, ready, "MPP ticketing", limits, queue.must_have)
    app.extensions["queue"] = queue
    app.extensions["codes"] = codes
    app.extensions["seals"] = Seals(store.database, seal_keys, FINISHED_BY)
    app.extensions["surveys"] = Surveys(store)
    app.extensions["feed"] = feed.Feed("ticketing", Journal(store.database, settings.schemas), queue.mall)
    app.extensions["dead_letters"] = DeadLetters(store.database)
    app.config["ONLY_DEVICES"] = only_devices
    return app
