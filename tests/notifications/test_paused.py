"""A worker that stands still while it hands a text over, longer than its lease, and one whose servers are away."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from notifications.test_sending import SITI, Mall, eventually

# The worker, with a lease that is over soon: a test need not wait for the usual one.
WORKER = """
import runpy
from datetime import timedelta
from services.chassis import outbox

outbox.LEASE = timedelta(seconds=1)
runpy.run_module("services.notifications.worker", run_name="__main__")
"""


@pytest.fixture
def gateway():
    """A provider that takes texts, and answers when it is told to; what it took, and its address."""
    taken, may_answer = [], threading.Event()

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["to"][0])
            may_answer.wait(60)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield taken, may_answer, f"http://127.0.0.1:{server.server_port}/"
    may_answer.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def worker(mongo_server, database, gateway, tmp_path):
    """Starts a worker of notifications; there is no broker, and texts need none."""
    started: list[subprocess.Popen] = []
    (tmp_path / "gateway.json").write_text(json.dumps({"url": gateway[2], "form": {"to": "{to}"}}))
    settings = {
        "MONGO_URL": mongo_server.url,
        "MONGO_DATABASE": database.name,
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "SMS_GATEWAY": "http",
        "SMS_HTTP_FILE": str(tmp_path / "gateway.json"),
        "SMS_READ_SECONDS": "60",
        "PYTHONPATH": os.getcwd(),
    }

    def start(**more: str) -> subprocess.Popen:
        own = {**more, "WORKER_HEALTH_FILE": str(tmp_path / f"healthy {len(started)}")}
        with (tmp_path / f"log {len(started)}").open("w") as log:
            command = [sys.executable, "-c", WORKER]
            started.append(subprocess.Popen(command, env={**os.environ, **settings, **own}, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_that_stood_still_while_sending_says_afterwards_what_became_of_the_text(store, worker, gateway):
    (taken, may_answer, _), mall = gateway, Mall(store)
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    first = worker()
    assert eventually(lambda: taken, 30)
    first.send_signal(signal.SIGSTOP)
    second = worker()
    assert eventually(lambda: set(mall.statuses().values()) == {"unknown"}, 60), "the next one knows no better"
    may_answer.set()
    first.send_signal(signal.SIGCONT)
    assert eventually(lambda: set(mall.statuses().values()) == {"accepted"}, 30)
    assert taken == ["+6281277114455"], "once"
    assert (first.poll(), second.poll()) == (None, None)


def test_while_servers_are_away_each_failure_is_one_line(worker, tmp_path):
    worker(MONGO_URL="mongodb://127.0.0.1:1/?directConnection=true", LOG_LEVEL="WARNING")
    log = tmp_path / "log 0"
    failures = ("loop failed, starting it again", "the broker failed, connecting anew")
    assert eventually(lambda: all(log.read_text().count(each) >= 2 for each in failures), 60)
    lines = [json.loads(line) for line in log.read_text().splitlines()[:-1]]
    assert set(failures) <= {line["event"] for line in lines}
    assert [line for line in lines if "exception" in line or len(str(line)) > 800] == []
