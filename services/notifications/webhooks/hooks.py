"""Where webhooks are joined to the web process of notifications; to the worker: `loops`."""

from flask import Flask

from services.chassis.event_store import EventStore
from services.chassis.seal import Seal
from services.notifications.webhooks import api
from services.notifications.webhooks.addresses import Gate
from services.notifications.webhooks.deliveries import Deliveries
from services.notifications.webhooks.news import News
from services.notifications.webhooks.registry import Registry

__all__ = ["BLUEPRINTS", "Gate", "add_to"]

BLUEPRINTS = (api.blueprint,)


def add_to(app: Flask, store: EventStore, gate: Gate, seal: Seal) -> None:
    """Give the web process what the routes of webhooks need."""
    app.extensions["webhooks"] = Registry(store, gate, seal)
    app.extensions["webhook_deliveries"] = Deliveries(store.database)
    app.extensions["webhook_news"] = News(store.database)
