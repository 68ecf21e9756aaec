"""An SMS provider to be killed: writes down every text it takes before it answers, and reports some of them later.

    python tests/e2e/fake_gateway.py PORT FILE

One request in ten is refused before anything is written, one in ten broken off after it, one in twenty answered late.
"""

import random
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

FILE = Path(sys.argv[2])
LATE = 2.0  # seconds, longer than anybody waits
WRITING = threading.Lock()


def report(url: str) -> None:
    """Report that a text arrived; now and then twice."""
    time.sleep(random.uniform(0, 0.3))
    for _ in range(random.choice((1, 1, 2))):
        with suppress(OSError):
            urllib.request.urlopen(url, data=b"status=delivered", timeout=5).close()


class Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        chance = random.random()
        if chance < 0.1:
            self._answer(503)
            return
        with WRITING, FILE.open("a") as file:
            file.write(f"{form['reference'][0]}\t{form['to'][0]}\n")
        if chance < 0.2:
            self.connection.close()
            return
        if chance < 0.25:
            time.sleep(LATE)
        self._answer(200)
        if url := form.get("report", [""])[0]:
            threading.Thread(target=report, args=(url,), daemon=True).start()

    def _answer(self, status: int) -> None:
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
