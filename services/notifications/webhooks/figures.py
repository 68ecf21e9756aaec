"""How webhooks are doing, in figures; none names a webhook."""

from collections.abc import Iterator

from services.chassis.metrics import Figures, GaugeMetricFamily, Metric, gauge
from services.notifications.webhooks.deliveries import Deliveries
from services.notifications.webhooks.news import News
from services.notifications.webhooks.registry import Registry

MAX_AGE = 5.0  # seconds that the list of webhooks may be behind


def figures_of(registry: Registry, news: News, deliveries: Deliveries) -> Figures:
    """How many are told, failing or paused, and how many numbers the farthest behind of them has not been told."""

    def webhooks() -> Iterator[Metric]:
        hooks, heads = registry.known(MAX_AGE).known, news.heads()
        states = {"working": 0, "failing": 0, "paused": 0}
        failing, farthest = set(), 0
        for (id, producer), cursor in deliveries.cursors().items():
            if (hook := hooks.get(id)) is None or hook.paused:
                continue
            if cursor.failed:
                failing.add(id)
            farthest = max(farthest, heads.get((producer, hook.mall), 0) - cursor.after)
        for hook in hooks.values():
            states["paused" if hook.paused else "failing" if hook.id in failing else "working"] += 1
        yield gauge("mpp_webhooks", "Webhooks by state; failing: its last attempt went wrong.", states, "state")
        yield GaugeMetricFamily("mpp_webhook_events_behind", "What the slowest webhook has not been told.", farthest)

    return webhooks
