"""A worker process: named loops, each started again when it fails, all stopped by one signal, and watched."""

import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
from kafka.errors import KafkaError
from pymongo.errors import PyMongoError

from services.chassis import metrics
from services.chassis.errors import Unavailable
from services.chassis.event_store import EventStore
from services.chassis.life import Life, Loop
from services.chassis.outbox import request_replay
from services.chassis.seals import Keys, Sealing, Seals

log = structlog.get_logger()

HEALTH_FILE = Path(os.environ.get("WORKER_HEALTH_FILE", "/tmp/worker-healthy"))  # noqa: S108
NICENESS = 10  # whoever waits for an answer goes before what happens behind it
# What ends a loop while a server is away: told in a line each time, and no surprise.
AWAY = (PyMongoError, KafkaError, Unavailable)
SILENCE = 60.0  # seconds without a sign of life after which a loop counts as stuck


def run(store: EventStore, seals: Seals | None = None, sealing: Sealing | None = None, /, **loops: Loop) -> None:
    """Run the loops until SIGTERM or SIGINT. A loop that raises is logged and started again after a pause.

    Three commands run no loop: `python -m services.NAME.worker replay` asks the running relay to publish everything
    again; `… verify STREAM` compares a stream with its hash chain, seal and journal, `… verify` all streams;
    `… seal` signs the seals of finished streams that have none, if they fit (`sealing`: where a service has such).
    """
    seals = seals or Seals(store.database, Keys(""))
    match sys.argv[1:]:
        case ["replay"]:
            print(f"asked {request_replay(store)} relays to deliver everything again")
            return
        case ["verify"]:
            sys.exit(seals.report(print))
        case ["verify", stream]:
            sys.exit(_verify(store, seals, stream))
        case ["seal"] if sealing:
            sys.exit(_seal(seals, sealing))
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


def _verify(store: EventStore, seals: Seals, stream: str) -> int:
    """Print whether a stream fits its chain, seal and journal; return 1 if not, or if it has no commits."""
    commits = store.read(stream)
    verdict = seals.verify(stream, commits, datetime.now(UTC))
    verdict.print_faults(stream, print)
    if not commits:
        print(f"{stream}: no commits")
        return 1
    if verdict.faults:
        return 1
    seal = f"; seal: {verdict.signature}" if verdict.signature != "none" else ""
    print(f"{stream}: {len(commits)} commits fit; last hash {verdict.hash}{seal}")
    return 0


def _seal(seals: Seals, sealing: Sealing) -> int:
    """Sign what has no seal yet, however long ago it ended; return 1 if something does not fit and was not signed."""
    unsealed = seals.unsealed()
    refused = [stream for stream in unsealed if sealing.seal(stream, within=None) is None]
    for stream in refused:
        print(f"{stream}: not sealed; `verify {stream}` says why")
    print(f"sealed {len(unsealed) - len(refused)} streams")
    return 1 if refused else 0


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
