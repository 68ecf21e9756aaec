"""What people see of webhooks, as JSON-ready values."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.chassis.event_store import Document
from services.notifications.webhooks.deliveries import Cursor, Lane, Lookup
from services.notifications.webhooks.domain.kinds import KINDS, PRODUCERS
from services.notifications.webhooks.domain.state import Webhook

ATTEMPT = ("event", "kind", "producer", "sequence", "attempt", "came", "status", "answer", "millis")


def webhooks(
    hooks: Iterable[Webhook],
    cursors: Mapping[Lane, Cursor],
    heads: Mapping[tuple[str, str], int],
    lookups: Mapping[str, Lookup],
    now: datetime,
) -> list[dict[str, Any]]:
    """Webhooks and how they stand."""
    return [_webhook(hook, cursors, heads, now) | _looked_up(hook, lookups.get(hook.id)) for hook in hooks]


def _looked_up(hook: Webhook, last: Lookup | None) -> dict[str, Any]:
    """What the last look-up of this address found; of another address it says nothing."""
    if last is None or last.url != hook.url:
        return {"address": "unchecked", "address_checked_at": None}
    return {"address": last.found, "address_checked_at": last.at.isoformat()}


def _webhook(
    hook: Webhook, cursors: Mapping[Lane, Cursor], heads: Mapping[tuple[str, str], int], now: datetime
) -> dict[str, Any]:
    lanes = {producer: cursors.get((hook.id, producer)) for producer in PRODUCERS}
    # What failed before somebody wished another try, or another beginning, counts no more.
    failing = [cursor for cursor in lanes.values() if cursor and cursor.failed and cursor.tries == hook.tries]
    next_attempt = max((cursor.due for cursor in failing), default=None)
    ends = [key.until for key in hook.keys if key.until and key.until > now]
    return {
        "id": hook.id,
        "agency": hook.agency,
        "name": hook.name,
        "url": hook.url,
        "kinds": [kind for kind in KINDS if kind in hook.kinds],
        "services": sorted(hook.services),
        "status": "paused" if hook.paused else "failing" if failing else "active",
        "cause": hook.paused.cause if hook.paused else None,
        "paused_at": _told(hook.paused.paused_at if hook.paused else None),
        "failed": max((cursor.failed for cursor in failing), default=0),
        "next_attempt_at": None if hook.paused else _told(next_attempt),
        "old_secret_until": _told(max(ends, default=None)),
        "registered_at": hook.registered_at.isoformat(),
        "standing": [
            {"producer": producer, "told": cursor and cursor.after, "last": heads.get((producer, hook.mall), 0)}
            for producer, cursor in lanes.items()
        ],
    }


def attempts(lines: Sequence[Document]) -> list[dict[str, Any]]:
    """Attempts as the log has them."""
    return [{name: line[name] for name in ATTEMPT} | {"at": line["at"].isoformat()} for line in lines]


def _told(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
