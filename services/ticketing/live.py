"""The live process: the hall display as server-sent events, apart from the API so that open screens never starve it."""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

import structlog
from flask import Blueprint, Flask, Response, current_app, request

from services.chassis import web
from services.chassis.access import Heard
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.errors import NotFound, TooMany, Unavailable
from services.chassis.event_store import EventStore, connect
from services.chassis.tokens import Verifier, public_key
from services.chassis.web import address, public
from services.chassis.words import Words
from services.ticketing import views
from services.ticketing.queue import Queue, now
from services.ticketing.voice import NoVoice, Voice, announcement

log = structlog.get_logger()
blueprint = Blueprint("live", __name__, url_prefix="/ticketing/live/malls/<mall>")

LOOK_EVERY = 0.04  # seconds; adds half of it to the way from a call to a screen on average
HEARTBEAT = 15.0


class TooManyScreens(Unavailable):
    """This process holds as many open screens as it can."""


class UnknownCall(NotFound):
    """That number was not called to that counter lately."""


class Watcher:
    """Follows one mall for all its open screens: one look at the store serves them all."""

    def __init__(self, queue: Queue, mall: str) -> None:
        self._queue, self._mall = queue, mall
        self._changed = threading.Condition()
        self._position = ""
        self._message = ""
        self.screens = 0

    def follow(self) -> None:
        """Look for news until the last screen has gone."""
        while self.screens:
            try:
                self._look()
            except Exception as error:  # a database that is away comes back; the screens keep their last data
                log.warning("cannot look", mall=self._mall, cause=repr(error))
                time.sleep(1.0)
            time.sleep(LOOK_EVERY)

    def _look(self) -> None:
        mall, at = self._queue.mall(self._mall), now()
        snapshot = self._queue.today(mall, at)
        shown = views.hall(snapshot, mall, at)
        content = json.dumps(shown, ensure_ascii=False)
        # Hours, closures and the catalog change what is shown without an event of the day.
        position = f"{shown['position']}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        message = f"event: hall\nid: {position}\ndata: {content}\n\n"
        if message != self._message:
            with self._changed:
                self._position, self._message = position, message
                self._changed.notify_all()

    def messages(self, last_seen: str) -> Iterator[str]:
        """What to send to one screen, from the newest state on; heartbeats while nothing happens."""
        sent = self._message if last_seen and last_seen == self._position else ""
        yield "retry: 2000\n\n"
        while True:
            with self._changed:
                if self._message == sent:
                    self._changed.wait(HEARTBEAT)
                message = self._message
            yield message if message != sent else ": still here\n\n"
            sent = message


class Screens:
    """All open screens of this process, capped, so that health checks always find a thread and nobody takes all."""

    def __init__(self, queue: Queue, most: int, most_of_one: int = 0) -> None:
        """At most so many in all, and of one address (0: as many as there are)."""
        self._queue, self._most, self._most_of_one = queue, most, most_of_one
        self._watchers: dict[str, Watcher] = {}
        self._by_address: Counter[str] = Counter()
        self._mutex = threading.Lock()

    def open(self, mall: str, where: str) -> Watcher:
        """Join the mall's watcher, starting it for its first screen. Raises `TooManyScreens` and `TooMany`."""
        with self._mutex:
            if 0 < self._most_of_one <= self._by_address[where]:
                raise TooMany(retry_after=60)
            if sum(watcher.screens for watcher in self._watchers.values()) >= self._most:
                raise TooManyScreens()
            watcher = self._watchers.get(mall)
            if watcher is None or not watcher.screens:
                watcher = self._watchers[mall] = Watcher(self._queue, mall)
                watcher.screens = 1
                threading.Thread(target=watcher.follow, name=f"watch {mall}", daemon=True).start()
            else:
                watcher.screens += 1
            self._by_address[where] += 1
            return watcher

    def close(self, watcher: Watcher, where: str) -> None:
        """A screen has gone."""
        with self._mutex:
            watcher.screens -= 1
            self._by_address[where] -= 1
            if not self._by_address[where]:
                del self._by_address[where]


@blueprint.get("")
@public
def live(mall: str) -> Response:
    """The hall of a mall, sent again whenever it changes; the event id is the position of the day's stream."""
    screens: Screens = current_app.extensions["screens"]
    current_app.extensions["queue"].mall(mall)  # an unknown mall is refused before the stream begins
    last_seen = request.headers.get("Last-Event-ID", "")
    where = address()
    watcher = screens.open(mall, where)

    response = Response(watcher.messages(last_seen), mimetype="text/event-stream")
    response.call_on_close(lambda: screens.close(watcher, where))  # also where nothing was ever read, as for HEAD
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
    app = web.create_app("ticketing", verifier, [blueprint], {"database": store.ping}, "MPP ticketing live")
    app.extensions["queue"] = queue = Queue(store)
    app.extensions["voice"] = Voice()
    app.extensions["screens"] = Screens(queue, most=threads * 9 // 10, most_of_one=most_of_one)
    return app
