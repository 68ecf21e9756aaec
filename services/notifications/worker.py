"""The worker process of notifications, one line per loop."""

from functools import partial

from services.chassis import metrics, worker
from services.chassis.broker import Kafka
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.inbox import UNHURRIED_MS, consume
from services.chassis.outbox import Topic, relay
from services.chassis.seal import Seal
from services.kernel.access import Heard
from services.kernel.journal import Journal
from services.notifications.contacts import Contacts
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
from services.notifications.upgrade import upgrading
from services.notifications.webhooks import loops as webhooks

DEAD_LETTERS = "mpp.notifications.dead-letters"


def main() -> None:
    """Run until told to stop."""
    env = Env()
    settings, kafka = Settings.from_env(env, "notifications"), Kafka.from_env(env)
    chosen, reports = gateways(env), Reports.from_env(env, own_description(env))
    tickets_of_phone = env.int("LIMIT_PHONE_TICKETS", 5)
    gate, seal = webhooks.Gate.from_env(env), Seal.from_env(env)
    env.check()
    configure_logging("notifications-worker", settings.log_level)
    database = connect(settings.mongo_url, settings.database)
    store = EventStore(database)
    here, malls = Correspondences(store, Contacts(database, seal)), Malls(store)
    lines = [Line(one.name, one.make(), one.rate) for one in chosen]
    access, journal = Heard(store), Journal(database, settings.schemas)
    hear = partial(consume, kafka, dead_letters=DEAD_LETTERS)
    hear_unhurried = partial(hear, wait_ms=UNHURRIED_MS)
    figures = (DeadLetters(database).figures, Outgoing(database).figures, webhooks.figures(store, gate))
    worker.run(
        store,
        ticketing=hear("notifications", TOPICS, REACTIONS, here.streams),
        malls=hear_unhurried("notifications-malls", MALL_TOPICS, MALL_REACTIONS, malls.streams),
        access=hear_unhurried("notifications-access", ACCESS_TOPICS, ACCESS_REACTIONS, access.streams),
        suspensions=relay(store, SUSPENSIONS, lambda: Concerned(here, malls), pause=0.5),
        sms=relay(store, SMS, lambda: Dispatcher(store, here, malls, lines, reports, tickets_of_phone)),
        events=relay(store, EVENTS, lambda: Topic(kafka, TOPIC, published, journal), pause=0.2),
        upgrade=upgrading(database),
        **webhooks.loops(kafka, store, gate, seal),
        metrics=metrics.serve(settings.metrics, *figures),
    )


if __name__ == "__main__":
    main()
