"""The worker process of catalog, one line per loop."""

from services.catalog import contract
from services.catalog.access import contract as access
from services.catalog.directory import Malls
from services.catalog.subscriptions import REACTIONS, TOPICS
from services.chassis import metrics, worker
from services.chassis.broker import Kafka
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.inbox import UNHURRIED_MS, consume
from services.chassis.outbox import Publish, Topic, relay
from services.kernel.access import TOPIC
from services.kernel.journal import Journal


def main() -> None:
    """Run until told to stop."""
    env = Env()
    settings, kafka = Settings.from_env(env, "catalog"), Kafka.from_env(env)
    env.check()
    configure_logging("catalog-worker", settings.log_level)
    store = EventStore(connect(settings.mongo_url, settings.database))

    def topic(name: str, publish: Publish) -> Topic:
        return Topic(kafka, name, publish, Journal(store.database, settings.schemas))

    worker.run(
        store,
        relay=relay(store, "events", lambda: topic(contract.TOPIC, contract.published), pause=0.1),
        access=relay(store, "events", lambda: topic(TOPIC, access.published), pause=0.1, name="access"),
        ticketing=consume(
            kafka, "catalog", TOPICS, REACTIONS, Malls(store).waiting, "mpp.catalog.dead-letters", UNHURRIED_MS
        ),
        metrics=metrics.serve(settings.metrics, DeadLetters(store.database).figures),
    )


if __name__ == "__main__":
    main()
