"""The live process: hall display and published events as server-sent events, apart so that they starve no API."""

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
from flask import Blueprint, Flask, Response, current_app, request
from pymongo.errors import PyMongoError

from services.chassis.clock import now
from services.chassis.cloud_event import structured
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.errors import NotFound, Problem, TooMany, Unavailable
from services.chassis.event_store import EventStore, connect
from services.chassis.origin import address, cookie
from services.chassis.routes import allow, public
from services.chassis.words import Words
from services.kernel import feed as feeds
from services.kernel.access import Heard
from services.kernel.app import make_app
from services.kernel.feed import Feed, Selection
from services.kernel.guard import recognized
from services.kernel.journal import Journal
from services.kernel.tokens import COOKIE, Verifier, public_key
from services.ticketing import views
from services.ticketing.queue import Queue
from services.ticketing.voice import NoVoice, Voice, announcement

log = structlog.get_logger()
blueprint = Blueprint("live", __name__, url_prefix="/ticketing/live/malls/<mall>")

LOOK_EVERY = 0.04  # seconds; adds half of it to the way from a call to a screen on average
HEARTBEAT = 15.0
RETRY = "retry: 2000\n"
STILL_HERE = ": still here\n\n"
NOTHING = -1  # the number of the last event before anybody looked
RESERVED = 4  # of so many streams one is for streams with a token
FULL = 200  # events that are read at once

LAST_ID = re.compile(r"\d{1,12}", re.ASCII)

Seen = TypeVar("Seen")


class TooManyScreens(Unavailable):
    """This process holds as many open screens as it can."""


class UnknownCall(NotFound):
    """That number was not called to that counter lately."""


class Watcher(Generic[Seen]):
    """Follows one thing for all who look at it: one look at the store serves them all."""

    def __init__(self, name: str, look: Callable[[], Seen], nothing: Seen) -> None:
        self._name, self._look = name, look
        self._changed = threading.Condition()
        self.seen = nothing
        self.screens = 0

    def follow(self) -> None:
        """Look for news until the last screen has gone."""
        while self.screens:
            try:
                seen = self._look()
                if seen != self.seen:
                    with self._changed:
                        self.seen = seen
                        self._changed.notify_all()
            except Exception as error:  # a database that is away comes back; the screens keep their last data
                log.warning("cannot look", at=self._name, cause=repr(error))
                time.sleep(1.0)
            time.sleep(LOOK_EVERY)

    def newer(self, than: Seen) -> Seen:
        """What is seen as soon as it is something else; the same once it is time for a heartbeat."""
        with self._changed:
            if self.seen == than:
                self._changed.wait(HEARTBEAT)
            return self.seen


@dataclass(frozen=True)
class Hall:
    """The hall as it is sent, and the position of what it shows."""

    position: str = ""
    message: str = ""


def look_at_hall(queue: Queue, code: str) -> Hall:
    """The hall of a mall now."""
    mall, at = queue.mall(code), now()
    shown = views.hall(queue.today(mall, at), mall, at)
    content = json.dumps(shown, ensure_ascii=False)
    # Hours, closures and the catalog change what is shown without an event of the day.
    position = f"{shown['position']}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    return Hall(position, f"event: hall\nid: {position}\ndata: {content}\n\n")


def halls(watcher: Watcher[Hall], last_seen: str) -> Iterator[str]:
    """What to send to one screen, from the newest state on; heartbeats while nothing happens."""
    sent = watcher.seen if last_seen and last_seen == watcher.seen.position else Hall()
    yield f"{RETRY}\n"
    while True:
        hall = watcher.newer(sent)
        yield hall.message if hall != sent else STILL_HERE
        sent = hall


def events(
    watcher: Watcher[int], feed: Feed, selection: Selection, after: int, may_still: Callable[[], object]
) -> Iterator[str]:
    """What to send to one subscriber: each event with its number as id, and the number of those that are passed over.

    Ends when `may_still` raises: the token ran out or was revoked.
    """
    yield f"{RETRY}id: {after}\n\n"
    newest = NOTHING
    try:
        while True:
            before, newest = newest, watcher.newer(newest)
            may_still()
            if newest == before:
                yield STILL_HERE
            while after < newest:
                may_still()
                found, position = feed.read(selection, after, FULL)
                for event in found:
                    yield f"id: {event.sequence}\ndata: {json.dumps(structured(event), ensure_ascii=False)}\n\n"
                if not found or found[-1].sequence < position:
                    yield f"id: {position}\n\n"  # so that whoever comes back does not begin before it
                after = position
    except (Problem, PyMongoError) as cause:
        log.info("the feed ends", mall=selection.mall, cause=repr(cause))


@dataclass(frozen=True)
class Client:
    """Whom open screens are counted for: a token or session (`is_known`), or a network address."""

    name: str
    is_known: bool = False


class Screens:
    """All open screens of this process, capped, so that health checks always find a thread and no client takes all.

    Streams with a token or session are counted for it, those without one for their address. A quarter of all streams is
    left to streams with a token, so that visitors of a busy network do not shut out staff and agencies behind it.
    """

    def __init__(self, most: int, most_of_one: int = 0) -> None:
        """At most so many in all, and of one address or token (0: no limit of its own)."""
        self._most, self._most_of_one = most, most_of_one
        self._most_anonymous, self._anonymous = most - most // RESERVED, 0
        self._watchers: dict[str, Watcher[Any]] = {}
        self._by_client: Counter[Client] = Counter()
        self._mutex = threading.Lock()

    def open(self, name: str, look: Callable[[], Seen], nothing: Seen, client: Client) -> Watcher[Seen]:
        """Join the watcher of that name, starting it for its first screen. Raises `TooManyScreens` and `TooMany`."""
        with self._mutex:
            if 0 < self._most_of_one <= self._by_client[client]:
                raise TooMany(retry_after=60)
            if not client.is_known and self._anonymous >= self._most_anonymous:
                raise TooManyScreens()
            if sum(watcher.screens for watcher in self._watchers.values()) >= self._most:
                raise TooManyScreens()
            watcher = self._watchers.get(name)
            if watcher is None or not watcher.screens:
                watcher = self._watchers[name] = Watcher(name, look, nothing)
                watcher.screens = 1
                threading.Thread(target=watcher.follow, name=f"watch {name}", daemon=True).start()
            else:
                watcher.screens += 1
            self._by_client[client] += 1
            self._anonymous += not client.is_known
            return watcher

    def close(self, watcher: Watcher[Any], client: Client) -> None:
        """Free the place of a screen that was closed."""
        with self._mutex:
            watcher.screens -= 1
            self._anonymous -= not client.is_known
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]


def asking_client() -> Client:
    """Return whom the stream of this request is counted for."""
    if (asking := recognized()) is None:
        return Client(address())
    return Client(asking.token or asking.session or asking.name, is_known=True)


@blueprint.get("")
@public
def live(mall: str) -> Response:
    """The hall of a mall, sent again whenever it changes; the event id is the position of the day's stream."""
    queue: Queue = current_app.extensions["queue"]
    queue.mall(mall)  # an unknown mall is refused before the stream begins
    last_seen = request.headers.get("Last-Event-ID", "")
    return _stream(f"hall {mall}", lambda: look_at_hall(queue, mall), Hall(), lambda watcher: halls(watcher, last_seen))


@blueprint.get("/events")
@allow(*feeds.ROLES)
def live_events(mall: str) -> Response:
    """The feed of a mall as it grows; the event id is the number to go on after, also where nothing else is told."""
    feed, asked = feeds.feed(), feeds.asked()
    selection = feed.selection(mall, asked)
    came_to = LAST_ID.fullmatch(request.headers.get("Last-Event-ID", ""))
    after = int(came_to[0]) if came_to else feed.start(mall, asked["after"], asked["since"])
    verifier: Verifier = current_app.extensions["verifier"]
    shown = request.headers.get("Authorization", ""), cookie(COOKIE)
    return _stream(
        f"feed {mall}",
        lambda: feed.newest(mall),
        NOTHING,
        lambda watcher: events(watcher, feed, selection, after, lambda: verifier.actor(*shown)),
    )


def _stream(
    name: str, look: Callable[[], Seen], nothing: Seen, messages: Callable[[Watcher[Seen]], Iterator[str]]
) -> Response:
    screens: Screens = current_app.extensions["screens"]
    client = asking_client()
    watcher = screens.open(name, look, nothing, client)
    response = Response(messages(watcher), mimetype="text/event-stream")
    response.call_on_close(lambda: screens.close(watcher, client))  # also where nothing was ever read, as for HEAD
    response.headers["X-Accel-Buffering"] = "no"
    return response


@blueprint.get("/announcements/<language>/<number>/<counter>.wav")
@public
def announce(mall: str, language: str, number: str, counter: str) -> Response:
    """What the loudspeakers say of one of the last calls; of no others, so that nobody makes us speak at will."""
    queue: Queue = current_app.extensions["queue"]
    voice: Voice = current_app.extensions["voice"]
    words: Words = current_app.extensions["words"]
    if not views.was_called(queue.today(queue.mall(mall), now()).state, number, counter):
        raise UnknownCall()
    if language not in words.languages:
        raise NoVoice()
    sentence = announcement(partial(words.text, language), number, counter)
    clip = Response(voice.clip(language, sentence), mimetype="audio/wav")
    clip.headers["Cache-Control"] = "public, max-age=86400"  # the same words sound the same all day
    return clip


def create_app() -> Flask:
    """The Flask app, from the environment; one screen is one thread, so a tenth of them stays free."""
    env = Env()
    settings, key, threads = Settings.from_env(env, "ticketing"), public_key(env), env.int("WEB_THREADS", 256)
    most_of_one = env.int("LIMIT_SCREENS", 60)
    env.check()
    configure_logging("ticketing-live", settings.log_level)
    store = EventStore(connect(settings.mongo_url, settings.database))
    verifier = Verifier(key, Heard(store).revoked)
    app = make_app("ticketing", verifier, [blueprint], {"database": store.ping}, "MPP ticketing live")
    app.extensions["queue"] = queue = Queue(store)
    app.extensions["feed"] = Feed("ticketing", Journal(store.database, settings.schemas), queue.mall)
    app.extensions["voice"] = Voice()
    app.extensions["screens"] = Screens(most=threads * 9 // 10, most_of_one=most_of_one)
    return app
