"""The worker process of notifications, one line per loop."""

from pathlib import Path

from services.chassis import worker
from services.chassis.access import Heard
from services.chassis.broker import Kafka
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.event_store import EventStore, connect
from services.chassis.inbox import consume
from services.chassis.outbox import relay
from services.notifications.contacts import Contacts
from services.notifications.correspondence import SMS, Correspondences
from services.notifications.sms.gateway import LogGateway
from services.notifications.sms.relay import Texts
from services.notifications.subscriptions import ACCESS_REACTIONS, ACCESS_TOPICS, REACTIONS, TOPICS
from services.notifications.webhooks import hooks as webhooks

DEAD_LETTERS = "mpp.notifications.dead-letters"


def main() -> None:
    """Run until told to stop."""
    env = Env()
    settings, kafka = Settings.from_env(env, "notifications"), Kafka.from_env(env)
    gateway = LogGateway(Path(env.str("SMS_LOG_FILE") or ""))
    gate = webhooks.Gate.from_env(env)
    env.check()
    configure_logging("notifications-worker", settings.log_level)
    database = connect(settings.mongo_url, settings.database)
    store = EventStore(database)
    correspondences = Correspondences(store, Contacts(database))
    worker.run(
        store,
        ticketing=consume(kafka, "notifications", TOPICS, REACTIONS, correspondences.streams, DEAD_LETTERS),
        access=consume(
            kafka, "notifications-access", ACCESS_TOPICS, ACCESS_REACTIONS, Heard(store).streams, DEAD_LETTERS
        ),
        sms=relay(store, SMS, lambda: Texts(gateway, correspondences)),
        **webhooks.loops(kafka, store, gate),
    )


if __name__ == "__main__":
    main()
