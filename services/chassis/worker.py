"""A worker process: named loops, each started again when it fails, all stopped by one signal, and watched."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import structlog
from kafka.errors import KafkaError
from pymongo.errors import PyMongoError

from services.chassis import chain, metrics
from services.chassis.errors import Unavailable
from services.chassis.event_store import EventStore
from services.chassis.life import Life, Loop
from services.chassis.outbox import request_replay

log = structlog.get_logger()

HEALTH_FILE = Path(os.environ.get("WORKER_HEALTH_FILE", "/tmp/worker-healthy"))  # noqa: S108
NICENESS = 10  # whoever waits for an answer goes before what happens behind it
# What ends a loop while a server is away: told in a line each time, and no surprise.
AWAY = (PyMongoError, KafkaError, Unavailable)
SILENCE = 60.0  # seconds without a sign of life after which a loop counts as stuck


def run(store: EventStore, **loops: Loop) -> None:
    """Run the loops until SIGTERM or SIGINT. A loop that raises is logged and started again after a pause.

    Two commands run nothing: `python -m services.NAME.worker replay` asks the running relay to publish everything
    again; `… verify STREAM` recomputes the hash chain of a stream, `… verify` those of all.
    """
    match sys.argv[1:]:
        case ["replay"]:
            print(f"asked {request_replay(store)} relays to deliver everything again")
            return
        case ["verify"]:
            sys.exit(chain.report(store.database.name, store.everything(), print))
        case ["verify", stream]:
            sys.exit(_verify(store, stream))
    os.nice(NICENESS)
    HEALTH_FILE.unlink(missing_ok=True)
    lives = {name: Life() for name in loops}
    threads = [threading.Thread(target=_keep, args=(name, loops[name], lives[name]), name=name) for name in loops]
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    for thread in threads:
        thread.start()
    log.info("worker started", loops=list(loops))
    while not ending.wait(1.0):
        if all(time.monotonic() - life.seen < SILENCE for life in lives.values()):
            HEALTH_FILE.touch()
    for life in lives.values():
        life.end()
    for thread in threads:
        thread.join(timeout=10)
    log.info("worker stopped")


def _verify(store: EventStore, stream: str) -> int:
    """Print whether the commits of a stream are as they were written; 1 and the first that does not fit if not."""
    commits = store.read(stream)
    if not commits:
        print(f"{stream}: no commits")
        return 1
    if misfit := chain.first_misfit(commits):
        print(f"{misfit.id} does not fit: it, or what came before it, was changed")
        return 1
    print(f"{stream}: {len(commits)} commits fit; last hash {commits[-1].hash}")
    return 0


def _keep(name: str, loop: Loop, life: Life) -> None:
    pause = 0.1
    while life.goes_on():
        started = time.monotonic()
        try:
            loop(life)
        except Exception as error:
            pause = 0.1 if time.monotonic() - started > 30 else min(pause * 2, 5.0)
            metrics.LOOP_RESTARTS.labels(name).inc()
            surprise = not isinstance(error, AWAY)
            log.error("loop failed, starting it again", loop=name, cause=repr(error), pause=pause, exc_info=surprise)
            life.rest(pause)


def healthy() -> bool:
    """Whether the worker of this machine has shown life lately."""
    return HEALTH_FILE.exists() and time.time() - HEALTH_FILE.stat().st_mtime < SILENCE


if __name__ == "__main__":
    sys.exit(0 if healthy() else 1)
