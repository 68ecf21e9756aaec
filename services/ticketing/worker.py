"""The worker process of ticketing, one line per loop."""

from services.chassis import metrics, worker
from services.chassis.broker import Kafka
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.dead_letters import DeadLetters
from services.chassis.event_store import EventStore, connect
from services.chassis.inbox import UNHURRIED_MS, consume
from services.chassis.outbox import Topic, relay
from services.chassis.seals import Keys, Sealing, Seals, Signer
from services.kernel.access import Heard
from services.kernel.journal import Journal
from services.ticketing.contract import FINISHED_AS, FINISHED_BY, TOPIC, published
from services.ticketing.figures import queues
from services.ticketing.queue import Queue
from services.ticketing.schedule import clock
from services.ticketing.subscriptions import ACCESS_REACTIONS, ACCESS_TOPICS, REACTIONS, TOPICS

DEAD_LETTERS = f"{TOPIC}.dead-letters"


def main() -> None:
    """Run until told to stop."""
    env = Env()
    settings, kafka = Settings.from_env(env, "ticketing"), Kafka.from_env(env)
    signer, keys = Signer.from_env(env), Keys.from_env(env)
    env.check()
    assert signer  # `check` ends the process without one
    configure_logging("ticketing-worker", settings.log_level)
    store = EventStore(connect(settings.mongo_url, settings.database))
    queue, journal = Queue(store), Journal(store.database, settings.schemas)
    seals = Seals(store.database, keys, FINISHED_BY)
    sealing = Sealing(seals, store, signer, FINISHED_AS)
    worker.run(
        store,
        seals,
        sealing,
        relay=relay(store, "events", lambda: Topic(kafka, TOPIC, sealing.sealed(published), journal)),
        catalog=consume(kafka, "ticketing", TOPICS, REACTIONS, queue.malls, DEAD_LETTERS),
        access=consume(
            kafka, "ticketing-access", ACCESS_TOPICS, ACCESS_REACTIONS, Heard(store).streams, DEAD_LETTERS, UNHURRIED_MS
        ),
        clock=clock(queue),
        metrics=metrics.serve(settings.metrics, DeadLetters(store.database).figures, queues(queue)),
    )


if __name__ == "__main__":
    main()
