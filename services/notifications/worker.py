"""The worker process of notifications, one line per loop."""

from services.chassis import metrics, worker
from services.chassis.access import Heard
from services.chassis.broker import Kafka
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.inbox import UNHURRIED_MS, consume
from services.chassis.journal import Journal
from services.chassis.outbox import Topic, relay
from services.notifications.contacts import Contacts, Seal
from services.notifications.contract import TOPIC, published
from services.notifications.correspondence import EVENTS, SMS, Correspondences
from services.notifications.malls import SUSPENSIONS, Malls
from services.notifications.sms.dispatcher import Dispatcher
from services.notifications.sms.gateways.settings import gateways, own_description
from services.notifications.sms.line import Line
from services.notifications.sms.outgoing import Outgoing
from services.notifications.sms.reports import Reports
from services.notifications.subscriptions import (
    ACCESS_REACTIONS,
    ACCESS_TOPICS,
    MALL_REACTIONS,
    MALL_TOPICS,
    REACTIONS,
    TOPICS,
)
from services.notifications.suspensions import Concerned
from services.notifications.webhooks import hooks as webhooks

DEAD_LETTERS = "mpp.notifications.dead-letters"


def main() -> None:
    """Run until told to stop."""
    env = Env()
    settings, kafka = Settings.from_env(env, "notifications"), Kafka.from_env(env)
    chosen, reports = gateways(env), Reports.from_env(env, own_description(env))
    gate, seal = webhooks.Gate.from_env(env), Seal.from_env(env)
    env.check()
    configure_logging("notifications-worker", settings.log_level)
    database = connect(settings.mongo_url, settings.database)
    store = EventStore(database)
    here, malls = Correspondences(store, Contacts(database, seal)), Malls(store)
    lines = [Line(one.name, one.make(), one.rate) for one in chosen]
    access = Heard(store)
    worker.run(
        store,
        ticketing=consume(kafka, "notifications", TOPICS, REACTIONS, here.streams, DEAD_LETTERS),
        malls=consume(
            kafka, "notifications-malls", MALL_TOPICS, MALL_REACTIONS, malls.streams, DEAD_LETTERS, UNHURRIED_MS
        ),
        access=consume(
            kafka, "notifications-access", ACCESS_TOPICS, ACCESS_REACTIONS, access.streams, DEAD_LETTERS, UNHURRIED_MS
        ),
        suspensions=relay(store, SUSPENSIONS, lambda: Concerned(here, malls), pause=0.5),
        sms=relay(store, SMS, lambda: Dispatcher(store, here, malls, lines, reports)),
        events=relay(
            store, EVENTS, lambda: Topic(kafka, TOPIC, published, Journal(database, settings.schemas)), pause=0.2
        ),
        **webhooks.loops(kafka, store, gate),
        metrics=metrics.serve(
            settings.metrics, DeadLetters(database).figures, Outgoing(database).figures, webhooks.figures(store, gate)
        ),
    )


if __name__ == "__main__":
    main()
