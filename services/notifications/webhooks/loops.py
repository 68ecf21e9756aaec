"""Where webhooks are joined to the worker of notifications: what comes in, what goes out, and what there is to tell."""

from services.chassis.broker import Kafka
from services.chassis.event_store import EventStore
from services.chassis.life import Life, Loop
from services.chassis.metrics import Figures
from services.chassis.seal import Seal
from services.notifications.webhooks.addresses import Gate
from services.notifications.webhooks.deliveries import Deliveries
from services.notifications.webhooks.dispatcher import dispatch
from services.notifications.webhooks.figures import figures_of
from services.notifications.webhooks.intake import intake
from services.notifications.webhooks.news import News
from services.notifications.webhooks.registry import Registry
from services.notifications.webhooks.signing import Secrets

__all__ = ["Gate", "figures", "loops"]

SEAL_EVERY = 20.0  # seconds


def loops(kafka: Kafka, store: EventStore, gate: Gate, seal: Seal) -> dict[str, Loop]:
    """The worker's loops for webhooks: what comes in, and what goes out."""
    registry, news = Registry(store, gate, seal), News(store.database)
    return {
        "webhooks_intake": intake(kafka, registry, news),
        "webhooks": dispatch(store, registry, news, Deliveries(store.database), gate),
        "webhook_secrets": sealing(registry.secrets),
    }


def sealing(secrets: Secrets) -> Loop:
    """A loop that keeps all secrets sealed with the newest key, also those of a web process that has an older one."""

    def loop(life: Life) -> None:
        while life.goes_on():
            secrets.seal_anew()
            life.rest(SEAL_EVERY)

    return loop


def figures(store: EventStore, gate: Gate) -> Figures:
    """What there is to tell about webhooks."""
    return figures_of(Registry(store, gate), News(store.database), Deliveries(store.database))
