"""Where webhooks are joined to the worker of notifications: what comes in, what goes out, and what there is to tell."""

from services.chassis.broker import Kafka
from services.chassis.event_store import EventStore
from services.chassis.life import Loop
from services.chassis.metrics import Figures
from services.notifications.webhooks.addresses import Gate
from services.notifications.webhooks.deliveries import Deliveries
from services.notifications.webhooks.dispatcher import dispatch
from services.notifications.webhooks.figures import figures_of
from services.notifications.webhooks.intake import intake
from services.notifications.webhooks.news import News
from services.notifications.webhooks.registry import Registry

__all__ = ["Gate", "figures", "loops"]


def loops(kafka: Kafka, store: EventStore, gate: Gate) -> dict[str, Loop]:
    """The worker's loops for webhooks: what comes in, and what goes out."""
    registry, news = Registry(store, gate), News(store.database)
    return {
        "webhooks_intake": intake(kafka, registry, news),
        "webhooks": dispatch(store, registry, news, Deliveries(store.database), gate),
    }


def figures(store: EventStore, gate: Gate) -> Figures:
    """What there is to tell about webhooks."""
    return figures_of(Registry(store, gate), News(store.database), Deliveries(store.database))
