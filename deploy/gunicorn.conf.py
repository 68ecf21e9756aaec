"""How every web process of the services is served, in containers and in the local run."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# The image of a service knows its name; elsewhere the app is named on the command line, which goes before this.
if service := os.environ.get("SERVICE"):
    wsgi_app = f"services.{service}.app:create_app()"

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_WORKERS", "1"))
threads = int(os.environ.get("WEB_THREADS", "32"))
keepalive = 75  # longer than any gateway in front keeps an idle connection, so that it is never us who hang up
graceful_timeout = 5  # requests take milliseconds; only event streams are cut off by it, and those come back
preload_app = False  # clients of Kafka and MongoDB do not survive a fork

# A worker shows life by touching a file: in memory where there is such a place, so that a busy disk kills nobody.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True  # nobody uses it, and the file systems of the containers are read-only
accesslog = None  # the app logs each request itself, with its request id
loglevel = os.environ.get("LOG_LEVEL", "info").lower()


class worker_class(ThreadWorker):  # type: ignore[misc]
    """gunicorn's `gthread`, which when it is asked to end leaves nobody standing at the door.

    The system takes connections for a process before the process does. Those that came while it was busy would be reset
    when it ends, and whoever sent a request on one cannot tell whether it was heard. So it answers them, and shuts the
    door at once: who comes later is refused by the system, and the gateway asks another process instead.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self._accept_all(listener)
                listener.close()

    def _accept_all(self, listener: Any) -> None:
        taken = None
        while taken != self.nr_conns:
            taken = self.nr_conns
            self.accept(listener)


# Python runs one thread of a process at a time. Where they are spread over processors, each hand-over wakes another
# processor, which costs more than what the thread then does. See docs/decisions/0013.
cpu = os.environ.get("WEB_CPU", "")


# What the workers count for Prometheus lies in files that each of them reads: in memory as well, anew at each start.
counts = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR") or tempfile.mkdtemp(prefix="mpp-metrics-", dir=worker_tmp_dir))
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)


def on_starting(server: object) -> None:
    """Begin counting from nothing."""
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)


def on_exit(server: object) -> None:
    """Leave nothing."""
    shutil.rmtree(counts, ignore_errors=True)


def child_exit(server: object, worker: Any) -> None:
    """What a worker that ended has counted stays counted; what it merely showed is gone."""
    from prometheus_client.multiprocess import mark_process_dead  # late: it looks for the folder when it is imported

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_exit(server: object, worker: Any) -> None:
    """Leave event streams behind: they never end by themselves, and Python would wait for their threads.

    It waited for half a minute, until gunicorn took the worker for dead. What ends by itself has ended by now.
    """
    if worker.pid == os.getpid() and not worker.alive:  # it was asked to end; the master calls this as well
        sys.stdout.flush()
        os._exit(0)


def post_fork(server: object, worker: Any) -> None:
    """Keep a worker on one of the processors it may use, the `WEB_CPU`th; further workers on the next ones."""
    if cpu and hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[(int(cpu) + worker.age % workers) % len(allowed)]})
