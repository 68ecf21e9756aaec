"""Several gunicorn workers are one process to Prometheus, whoever of them answers and whoever died."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import free_port
from waiting import eventually

APP = """
from services.kernel import tokens
from services.kernel.app import make_app

def create_app():
    verifier = tokens.Verifier(open({key!r}).read())
    return make_app("ticketing", verifier, [], {{}}, "MPP test")
"""


class Web:
    """A web process with three workers, as it is served everywhere."""

    def __init__(self, folder: Path) -> None:
        from services.kernel import tokens

        tokens.make_keys(folder)
        (folder / "three_workers.py").write_text(APP.format(key=str(folder / "token_public.pem")))
        self.counts = folder / "counts"
        self.address = f"127.0.0.1:{free_port()}"
        self.env = {**os.environ, "PYTHONPATH": f"{folder}:{Path.cwd()}", "BIND": self.address, "WEB_WORKERS": "3"}
        self.env |= {"WEB_THREADS": "2", "PROMETHEUS_MULTIPROC_DIR": str(self.counts)}

    def start(self) -> None:
        gunicorn = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "three_workers:create_app()")
        self.process = subprocess.Popen(gunicorn, env=self.env, stderr=subprocess.DEVNULL)
        self.wait_until(lambda: self.ask("/livez"))

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(20)

    def ask(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
            return answer.read().decode()

    def asked(self) -> float:
        found = re.search(r'^mpp_http_requests_total\{.*route="/livez".*\} (\S+)$', self.ask("/metrics"), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(child) for child in children.split()]

    def wait_until(self, check) -> None:
        def comes_true() -> bool:
            with contextlib.suppress(OSError):  # it is not there yet, or too busy
                return bool(check())
            return False

        assert eventually(comes_true, 30)


@pytest.fixture
def web(tmp_path) -> Iterator[Web]:
    found = Web(tmp_path)
    found.start()
    yield found
    if found.process.poll() is None:
        found.stop()


def test_all_workers_are_counted_together_and_those_that_died_stay_counted(web: Web):
    before = web.asked()
    for _ in range(30):
        web.ask("/livez")
    assert {web.asked() - before for _ in range(6)} == {30.0}
    victim = web.workers()[0]
    os.kill(victim, signal.SIGKILL)
    web.wait_until(lambda: len(web.workers()) == 3 and victim not in web.workers())
    for _ in range(10):
        web.ask("/livez")
    assert web.asked() - before == 40.0


def test_a_process_that_starts_counts_from_nothing_and_one_that_ends_leaves_nothing(web: Web):
    for _ in range(10):
        web.ask("/livez")
    for worker in web.workers():
        os.kill(worker, signal.SIGSTOP)  # so that none tidies up
    master, left = web.workers(), web.counts
    web.process.kill()
    web.process.wait()
    for worker in master:
        os.kill(worker, signal.SIGKILL)
    assert list(left.iterdir())
    web.start()
    assert web.asked() < 10
    web.stop()
    assert not left.exists()
