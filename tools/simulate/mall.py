"""The mall as its visitors, its staff and its hall display know it: by HTTP."""

import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

PATIENCE = 30.0  # seconds to go on asking a system that does not answer
BUSY = (502, 503, 504)


class Mall:
    """The mall's API as its visitors and staff use it; every request may be repeated, for it carries a key."""

    def __init__(self, credentials: Mapping[str, Any], url: str) -> None:
        self.code: str = credentials["mall"]
        self.credentials = credentials
        self.kiosk: str = credentials["device"]
        self.client = httpx.Client(base_url=url, timeout=10, headers={"Accept-Language": "en"})

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """Status and JSON of the answer; asks again, with the same key, while the system is away."""
        path = path.format(t=f"/ticketing/api/malls/{self.code}", n="/notifications/api")
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.client.request(method, path, json=body, headers=headers)
                if answer.status_code not in BUSY or time.monotonic() > give_up:
                    return answer.status_code, answer.json() if answer.content else None
            except httpx.TransportError:
                if time.monotonic() > give_up:
                    raise
            time.sleep(0.2)

    def get(self, path: str, token: str = "") -> Any:
        """The JSON found there."""
        status, answer = self.ask("GET", path, token=token)
        if status != 200:
            raise RuntimeError(f"GET {path} answered {status}: {answer}")
        return answer


class Hall(threading.Thread):
    """The hall display: what it was told, and when."""

    def __init__(self, mall: Mall) -> None:
        super().__init__(name="hall", daemon=True)
        self._mall = mall
        self._news = threading.Condition()
        self.now: Mapping[str, Any] = mall.get("{t}/hall")
        self.seen: dict[tuple[str, str], float] = {}

    def run(self) -> None:
        """Listen; connect again, as a browser does, when the stream ends."""
        while True:
            with suppress(httpx.HTTPError, ValueError):
                self._listen()
            time.sleep(0.5)

    def _listen(self) -> None:
        with self._mall.client.stream("GET", f"/ticketing/live/malls/{self._mall.code}", timeout=40) as news:
            for line in news.iter_lines():
                if line.startswith("data:"):
                    self._show(json.loads(line[5:]))

    def _show(self, hall: Mapping[str, Any]) -> None:
        with self._news:
            self.now = hall
            for call in hall["calls"]:
                self.seen.setdefault((call["number"], call["counter"]), time.monotonic())
            self._news.notify_all()

    def wait_for_visitors(self, agency: str, seconds: float) -> bool:
        """Whether somebody waits for this agency, at the latest after so long."""
        with self._news:
            return self._news.wait_for(lambda: any(row["agency"] == agency for row in self.now["waiting"]), seconds)


def running_system() -> Mall:
    """The system that `make run` started. Exits with a plain line where there is none."""
    data, port = os.environ.get("MPP_DATA") or ".local", os.environ.get("MPP_PORT") or "8000"
    with suppress(OSError, httpx.HTTPError):
        mall = Mall(json.loads((Path(data) / "credentials.json").read_text()), f"http://127.0.0.1:{port}")
        if mall.client.get(f"/ticketing/api/malls/{mall.code}/hall").status_code == 200:
            return mall
    sys.exit(f"Nothing runs on port {port} with data in {data}. Start it first: make run")
