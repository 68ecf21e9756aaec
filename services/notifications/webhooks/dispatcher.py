"""The dispatcher: sends each webhook its events, in the order of their numbers, at least once.

Each webhook has lanes of its own, so that a server that is slow or unreachable delays no other webhook. An event that
did not arrive is tried again, and later events wait for it; after the last attempt the webhook is paused. Nothing is
lost: once resumed, it continues with that event.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter
from pymongo.errors import PyMongoError

from services.chassis.clock import now
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import EventStore
from services.chassis.life import Life, Loop
from services.chassis.outbox import Lease, ReplayNeeded
from services.chassis.worker import AWAY
from services.notifications.webhooks.addresses import OUTSIDE, Gate
from services.notifications.webhooks.deliveries import Cursor, Deliveries, Lane, Lookup
from services.notifications.webhooks.domain.commands import PauseWebhook
from services.notifications.webhooks.domain.events import PingRequested
from services.notifications.webhooks.domain.kinds import PRODUCERS
from services.notifications.webhooks.domain.refusals import UnknownWebhook
from services.notifications.webhooks.domain.state import Webhook
from services.notifications.webhooks.news import TYPES, VERSION, Item, News, as_item
from services.notifications.webhooks.post import Attempt, post
from services.notifications.webhooks.registry import Registry
from services.notifications.webhooks.signing import signatures

log = structlog.get_logger()

LANE_FAULTS = Counter("mpp_webhook_lane_faults", "Unexpected exceptions while events were sent to a webhook.")

LEASE = "webhooks"
# How long to wait after the first failed attempt, the second …; after the last the webhook is paused. About 75 hours
# in all, as the specification suggests.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
JITTER = 0.2  # of a wait, at most added to it: servers that failed together are not tried together
PAUSE, IDLE = 0.1, 1.0  # seconds between two passes; the same while there is no webhook
MAX_AGE = 0.5  # seconds that a change of a webhook may take to reach its lane
MOST_LANES = 200  # webhooks that are served at the same time
BATCH = 50
TURN = 5.0  # seconds after which a lane returns, so that others get their turn
TROUBLE = 5.0  # seconds that a lane rests when something of ours failed
MOST_FAULTS = 3  # unexpected exceptions in a row after which a webhook is paused
GAP = timedelta(minutes=1)  # for which a number that is missing is waited for, and no longer
LOOK_UP_AGAIN = timedelta(minutes=1)  # after a look-up that found no address outside
STALE_PING = timedelta(minutes=10)


Clock = Callable[[], datetime]


def dispatch(
    store: EventStore, registry: Registry, news: News, deliveries: Deliveries, gate: Gate, clock: Clock = now
) -> Loop:
    """A loop that serves all webhooks while it holds the lease; a second worker waits for the lease.

    `clock` returns this instant; schedules, gaps and signatures follow it.
    """

    def loop(life: Life) -> None:
        lease = Lease(store, LEASE)
        try:
            while not _held(lease):
                if not life.goes_on():
                    return
                life.rest(0.5)
            lanes = Lanes(registry, news, deliveries, gate, clock)
            try:
                while life.goes_on() and _held(lease):
                    life.rest(lanes.look())
            finally:
                lanes.end()
        finally:
            with suppress(PyMongoError):  # it runs out by itself
                lease.release()

    return loop


def _held(lease: Lease) -> bool:
    """Whether the lease is ours. A replay of all outboxes is none of webhooks: each asks for its own."""
    try:
        return lease.held()
    except ReplayNeeded:
        lease.start_over()
        return lease.held()


class Lanes:
    """The lanes of all webhooks that this process serves."""

    def __init__(self, registry: Registry, news: News, deliveries: Deliveries, gate: Gate, clock: Clock = now) -> None:
        self._registry, self._news, self._deliveries, self._gate = registry, news, deliveries, gate
        self._now = clock
        self._cursors = deliveries.cursors()
        self._lookups = deliveries.lookups()
        self._heads: Mapping[tuple[str, str], int] = {}
        self._nothing_since: dict[Lane, tuple[int, int]] = {}  # the run, and the head when there was nothing to tell
        self._pings: dict[str, str] = {}  # the last one that each webhook was sent
        self._troubled: dict[str, float] = {}
        self._faults: dict[str, int] = {}  # unexpected exceptions in a row
        self._working: dict[str, threading.Thread] = {}
        self._ending = False

    def look(self) -> float:
        """Start the lanes that have something to do; how long to wait before the next look, in seconds."""
        hooks = self._registry.known(MAX_AGE).known
        self._working = {id: thread for id, thread in self._working.items() if thread.is_alive()}
        self._forget_all_but(hooks)
        if not hooks:
            return IDLE
        self._heads = self._news.heads()
        for hook in hooks.values():
            if hook.id not in self._working and len(self._working) < MOST_LANES and self._has_work(hook):
                lane = threading.Thread(target=self._work, args=(hook.id,), name=f"webhook {hook.id}", daemon=True)
                self._working[hook.id] = lane
                lane.start()
        return PAUSE

    def end(self) -> None:
        """Let the lanes finish; an attempt that takes too long for that is made again by the next dispatcher."""
        self._ending = True
        until = time.monotonic() + 3
        for thread in self._working.values():
            thread.join(max(0.0, until - time.monotonic()))

    def _forget_all_but(self, hooks: Mapping[str, Webhook]) -> None:
        for id in {*self._lookups, *(webhook for webhook, _ in self._cursors)} - set(hooks) - set(self._working):
            self._deliveries.forget(id)
            self._lookups.pop(id, None)
            self._cursors = {lane: cursor for lane, cursor in self._cursors.items() if lane[0] != id}

    def _has_work(self, hook: Webhook) -> bool:
        if time.monotonic() < self._troubled.get(hook.id, 0.0):
            return False
        if self._open_ping(hook) or self._must_look_up(hook):
            return True
        return not hook.paused and any(self._has_news(hook, producer) for producer in PRODUCERS)

    def _has_news(self, hook: Webhook, producer: str) -> bool:
        head, lane, start = self._heads.get((producer, hook.mall), 0), (hook.id, producer), hook.starts[producer]
        cursor = self._cursors.get(lane)
        if cursor is None or cursor.run != start.run:
            return head > 0 and self._nothing_since.get(lane) != (start.run, head)
        return head > cursor.after and (cursor.due <= self._now() or cursor.tries != hook.tries)

    def _work(self, id: str) -> None:
        """A webhook's lane: what is to be done for it now."""
        try:
            if hook := self._current(id):
                self._look_up(hook)
                self._send_ping(hook)
                for producer in PRODUCERS:
                    self._send_due((id, producer))
            self._faults.pop(id, None)
        except AWAY as error:
            self._troubled[id] = time.monotonic() + TROUBLE
            log.warning("webhook waits for the database", webhook=id, cause=repr(error))
        except Exception as error:
            self._troubled[id] = time.monotonic() + TROUBLE
            self._record_fault(id, error)

    def _record_fault(self, id: str, error: Exception) -> None:
        """Log and count an unexpected exception of a lane; after several in a row pause its webhook.

        The page shows the pause and its cause to staff; endless retries would hide the fault from them.
        """
        LANE_FAULTS.inc()
        faults = self._faults[id] = self._faults.get(id, 0) + 1
        log.error("webhook lane failed", webhook=id, fault=faults, of=MOST_FAULTS, cause=repr(error), exc_info=True)
        if faults < MOST_FAULTS:
            return
        try:
            hook = self._registry.act(PauseWebhook(id, "broken", now())).find(id)
        except (*AWAY, UnknownWebhook) as other:  # the next fault pauses it
            log.warning("webhook cannot be paused", webhook=id, cause=repr(other))
            return
        self._faults.pop(id, None)
        if hook.ping:  # a test event is sent while the webhook is paused too; this one has failed
            self._pings[id] = hook.ping.ping

    def _current(self, id: str) -> Webhook | None:
        """The webhook as it is now; None where there is nothing to do for it any more."""
        return None if self._ending else self._registry.known(MAX_AGE).known.get(id)

    def _send_due(self, lane: Lane) -> None:
        """Send one producer's events that are due, until one does not arrive or the turn is over."""
        until = time.monotonic() + TURN
        while time.monotonic() < until:
            hook = self._current(lane[0])
            cursor = self._cursor(hook, lane[1]) if hook and not hook.paused else None
            if hook is None or cursor is None or cursor.due > self._now():
                return
            head = self._heads.get((lane[1], hook.mall), 0)
            items = self._news.after(lane[1], hook.mall, cursor.after, BATCH)
            if not items:  # the events up to `head` have expired: skip them
                cursor = replace(cursor, after=max(cursor.after, head))
            all_sent = self._send_items(lane, hook, cursor, items)
            if not all_sent or len(items) < BATCH:
                return

    def _send_items(self, lane: Lane, hook: Webhook, cursor: Cursor, items: Sequence[Item]) -> bool:
        """Send these events, which follow the cursor; return whether all of them arrived or were not wanted."""
        for item in items:
            if item.sequence > cursor.after + 1 and item.heard_at > self._now() - GAP:
                self._save(lane, replace(cursor, due=self._now() + timedelta(seconds=1)))  # one is still on its way
                return False
            wanted = hook.wants(item.kind, item.agencies, item.services)
            if wanted and (self._current(hook.id) != hook or not self._attempt(hook, lane, cursor, item)):
                return False
            cursor = replace(cursor, after=item.sequence, failed=0)
        self._save(lane, cursor)
        return True

    def _attempt(self, hook: Webhook, lane: Lane, cursor: Cursor, item: Item) -> bool:
        """Send one event and record what came of it; whether it arrived."""
        attempt = self._send(hook, item, cursor.failed + 1)
        if attempt.delivered:
            self._save(lane, replace(cursor, after=item.sequence, failed=0))
            return True
        failed = cursor.failed + 1
        last = failed > len(SCHEDULE)
        wait = timedelta() if last else SCHEDULE[failed - 1] * (1 + random.uniform(0, JITTER))
        self._save(lane, replace(cursor, failed=failed, due=self._now() + max(wait, attempt.wait)))
        if last or attempt.came == "gone":
            self._registry.act(PauseWebhook(hook.id, "gone" if attempt.came == "gone" else "failing", self._now()))
        return False

    def _send(self, hook: Webhook, item: Item, number: int) -> Attempt:
        at, body = self._now(), item.body.encode()
        secrets = self._registry.secrets.find(hook.signs_with(at))
        if not secrets:
            raise LookupError("no secret to sign with")
        timestamp = int(at.timestamp())
        headers = {
            "webhook-id": item.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(secrets, item.id, timestamp, body),
        }
        attempt = post(self._gate, hook.url, headers, body, at)
        self._deliveries.write(hook.id, item, number, attempt)
        log.info("webhook", webhook=hook.id, message=item.id, came=attempt.came, status=attempt.status, attempt=number)
        return attempt

    def _cursor(self, hook: Webhook, producer: str) -> Cursor | None:
        """How far events were sent to the webhook; None where there is nothing yet to begin with."""
        lane, start = (hook.id, producer), hook.starts[producer]
        cursor = self._cursors.get(lane)
        if cursor is None or cursor.run != start.run:
            head = self._heads.get((producer, hook.mall), 0)
            if start.since is None:
                first: int | None = min(start.sequence, head + 1)
            else:
                first = self._news.first_since(producer, hook.mall, start.since)
            if first is None:
                self._nothing_since[lane] = (start.run, head)
                return None
            return Cursor(start.run, first - 1, hook.tries)
        if cursor.tries != hook.tries:
            return replace(cursor, tries=hook.tries, failed=0, due=self._now())
        return cursor

    def _save(self, lane: Lane, cursor: Cursor) -> None:
        if cursor != self._cursors.get(lane):
            self._deliveries.save(lane, cursor)
            self._cursors[lane] = cursor

    def _must_look_up(self, hook: Webhook) -> bool:
        last = self._lookups.get(hook.id)
        if last is None or last.url != hook.url:
            return True
        return last.found != OUTSIDE and last.at + LOOK_UP_AGAIN <= self._now()

    def _look_up(self, hook: Webhook) -> None:
        """Look up a new or changed address, for the page: each attempt judges it again before anything is sent."""
        if self._must_look_up(hook):
            lookup = Lookup(hook.url, self._gate.look_up(hook.url), self._now())
            self._lookups[hook.id] = lookup
            try:
                self._deliveries.save_lookup(hook.id, lookup)
            except PyMongoError as error:  # the page does not show it; sending does not depend on it
                log.warning("look-up of a webhook was not stored", webhook=hook.id, cause=repr(error))

    def _open_ping(self, hook: Webhook) -> PingRequested | None:
        ping = hook.ping
        is_open = ping and self._pings.get(hook.id) != ping.ping and ping.requested_at > self._now() - STALE_PING
        return ping if is_open else None

    def _send_ping(self, hook: Webhook) -> None:
        """Send a test event once, also while the webhook is paused, so that a repaired server can be tried first."""
        if ping := self._open_ping(hook):
            item = ping_of(hook, ping)
            if not self._deliveries.was_tried(hook.id, item.id):
                self._send(hook, item, 1)
            self._pings[hook.id] = ping.ping


def ping_of(hook: Webhook, ping: PingRequested) -> Item:
    """The test event: a CloudEvent that says which webhook it is for, and nothing of any visitor."""
    event = CloudEvent(
        id=f"ping/{ping.ping}",
        source=f"/mpp/{hook.mall}/notifications",
        type=f"{TYPES}ping{VERSION}",
        subject=hook.id,
        time=ping.requested_at,
        key=hook.mall,
        data={"mall": hook.mall, "webhook": hook.id},
    )
    return as_item(event, "notifications", ping.requested_at)
