"""What webhooks are told of comes in: from every producer's topic, for the malls that have a webhook."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import bson
import structlog
from kafka.consumer.fetcher import ConsumerRecord

from services.chassis.broker import Kafka
from services.chassis.cloud_event import Malformed, decode
from services.chassis.inbox import UNHURRIED_MS, UNREADABLE, batches
from services.chassis.life import Life, Loop
from services.notifications.webhooks.domain.kinds import PRODUCERS
from services.notifications.webhooks.news import Item, News, as_document, as_item
from services.notifications.webhooks.registry import Registry

log = structlog.get_logger()

HEADER = re.compile(r"[!-~]{1,300}", re.ASCII)  # what can stand in `webhook-id`
GROUP = "notifications-webhooks"
TOPICS = {f"mpp.{producer}": producer for producer in PRODUCERS}


def intake(kafka: Kafka, registry: Registry, news: News) -> Loop:
    """A loop that keeps what may go out. It keeps, and decides nothing: one insert for a whole batch."""

    def handle(records: Sequence[ConsumerRecord], life: Life) -> None:
        # As the store has it now: an event that comes after a webhook was registered is never passed over.
        malls = {hook.mall.encode() for hook in registry.known().known.values()}
        wanted = (record for record in records if record.key in malls)
        news.keep([item for record in wanted if (item := _read(record))])

    return batches(kafka, GROUP, list(TOPICS), handle, wait_ms=UNHURRIED_MS)


def _read(record: ConsumerRecord) -> Item | None:
    """What a record says, if anybody may be told. What cannot be read, the loops that react to it put aside."""
    try:
        event = decode(record.value, record.headers)
        item = as_item(event, TOPICS[record.topic], datetime.now(UTC))
        bson.encode(as_document(item))
    except (Malformed, *UNREADABLE) as cause:
        log.info("passed over", topic=record.topic, offset=record.offset, cause=type(cause).__name__)
        return None
    sound = item.sequence and item.mall.encode() == record.key and HEADER.fullmatch(item.id)
    return item if sound else None
