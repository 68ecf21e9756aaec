"""How long it takes from a call to the hall display and to the hand-over of the text, at an unhurried pace."""

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.bench.load import Ask, Client, drive, percentiles, post
from tools.bench.mall import BenchMall
from tools.local import System

CALLED = re.compile(r"nomor ([A-Z]+-\d+) dipanggil")


class Screen(threading.Thread):
    """A hall display: when each number first appeared among the calls."""

    def __init__(self, system: System, mall: str) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(urlsplit(system.url).netloc)
        self._mall = mall
        self.listening = threading.Event()
        self.seen: dict[str, float] = {}

    def run(self) -> None:
        """Listen until it is switched off."""
        self._connection.request("GET", f"/ticketing/live/malls/{self._mall}")
        for line in self._connection.getresponse():
            if line.startswith(b"data:"):
                at = time.perf_counter()
                for call in json.loads(line[5:])["calls"]:
                    self.seen.setdefault(call["number"], at)
                self.listening.set()

    def switch_off(self) -> None:
        """Leave."""
        self._connection.sock.shutdown(socket.SHUT_RDWR)


class Texts(threading.Thread):
    """The gateway's log of texts: when the one that calls a number appeared."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self._file = file
        self.lines = 0
        self.called: dict[str, float] = {}

    def run(self) -> None:
        """Look every two milliseconds."""
        for line in _appended(self._file):
            self.lines += 1
            if found := CALLED.search(json.loads(line)["text"]):
                self.called[found[1]] = time.perf_counter()


def _appended(file: Path) -> Iterator[str]:
    file.touch()
    with file.open() as lines:
        rest = ""
        while True:
            if not (read := lines.read()):
                time.sleep(0.002)
            *whole, rest = (rest + read).split("\n")
            yield from whole


def measure(system: System, mall: BenchMall, calls: int, pause: float) -> dict[str, Any]:
    """Call visitors who left a number, one after the other, and see when screen and text follow."""
    screen, texts = Screen(system, mall.code), Texts(system.sms_log)
    screen.start()
    texts.start()
    address = urlsplit(system.url).netloc
    tickets = [answer.json for answer in drive(address, mall.visitors(calls, 4)).answers]
    drive(address, [_in_turn(_leave_phone(ticket["code"], n) for n, ticket in enumerate(tickets))])
    _until(lambda: texts.lines >= calls, 30)
    screen.listening.wait(5)
    sent: dict[str, float] = {}
    answered: dict[str, float] = {}
    for ticket in tickets:
        counter = next(code for code, agency in mall.counters if agency == ticket["agency"])
        token = mall.tokens[counter]
        started = time.perf_counter()
        call = Ask("call", post(f"{mall.base}/counters/{counter}/calls", token=token))
        (answer,) = drive(address, [_in_turn([call])]).answers
        sent[answer.json["number"]] = started
        answered[answer.json["number"]] = time.perf_counter()
        time.sleep(pause)
        complete = Ask("complete", post(f"{mall.base}/tickets/{answer.json['id']}/completion", token=token))
        drive(address, [_in_turn([complete])])
    _until(lambda: len(texts.called) >= calls and len(screen.seen) >= calls, 10)
    screen.switch_off()
    return {
        "calls": len(sent),
        "screen_missed": len(sent.keys() - screen.seen.keys()),
        "text_missed": len(sent.keys() - texts.called.keys()),
        "request_to_screen": _delays(sent, screen.seen),
        "answer_to_screen": _delays(answered, screen.seen),
        "request_to_text": _delays(sent, texts.called),
        "answer_to_text": _delays(answered, texts.called),
    }


def _delays(start: dict[str, float], end: dict[str, float]) -> dict[str, float]:
    return percentiles([max(0.0, end[number] - at) for number, at in start.items() if number in end])


def _leave_phone(code: str, number: int) -> Ask:
    body = {"phone": f"0812-0000-{number:04}"}
    return Ask("phone", post(f"/notifications/api/tickets/{code}/phone", body, method="PUT"))


def _in_turn(asks: Iterable[Ask]) -> Client:
    yield from (ask for ask in asks)  # a generator, unlike a list, can be sent the answers


def _until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)
