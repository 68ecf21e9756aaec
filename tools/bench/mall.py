"""Malls to measure on: copies of the seed with another code, no capacity to run into, and two counters per agency."""

import csv
import json
import random
from itertools import cycle, islice
from pathlib import Path

from tools.bench.load import Answer, Ask, Client, post
from tools.local import System
from tools.local.system import SEED


class BenchMall:
    """One hot mall with its services, counters and the operators' tokens."""

    def __init__(self, system: System, code: str, folder: Path) -> None:
        self.code = code
        self.base = f"/ticketing/api/malls/{code}"
        rows = _copy_seed(code, folder / code)
        self.services = [row["code"] for row in rows]
        self.counters = sorted({(counter, row["agency"]) for row in rows for counter in row["counters"].split()})
        self.tokens = {counter: system.token("operator", mall=code, counter=counter) for counter, _ in self.counters}
        self.kiosk = system.token("device", mall=code)
        self.folder = folder / code

    def visitors(self, count: int, clients: int) -> list[Client]:
        """So many clients that together take `count` tickets for any services."""
        return [self._visitor(count // clients + (n < count % clients), n) for n in range(clients)]

    def _visitor(self, count: int, seed: int) -> Client:
        dice = random.Random(seed)
        asked = [{"service": service, "priority": None} for service in self.services]
        messages = [post(f"{self.base}/tickets", body, token=self.kiosk) for body in asked]
        for _ in range(count):
            yield Ask("issue", dice.choice(messages))

    def clerks(self, count: int, clients: int) -> list[Client]:
        """So many clients that together call and finish `count` visitors, each at counters of its own."""
        return [self._clerk(count // clients, self.counters[n::clients]) for n in range(clients)]

    def _clerk(self, count: int, counters: list[tuple[str, str]]) -> Client:
        for counter, _ in islice(cycle(counters), count):
            token = self.tokens[counter]
            called: Answer = yield Ask("call", post(f"{self.base}/counters/{counter}/calls", token=token))
            if called.status == 201:
                ticket = called.json["id"]
                yield Ask("complete", post(f"{self.base}/tickets/{ticket}/completion", token=token))


def _copy_seed(code: str, folder: Path) -> list[dict[str, str]]:
    """Write the seed folder of a bench mall; the rows of its services."""
    folder.mkdir(parents=True)
    mall = json.loads((SEED / "mall.json").read_text()) | {"code": code, "capacity": 100000}
    (folder / "mall.json").write_text(json.dumps(mall))
    (folder / "agencies.tsv").write_text((SEED / "agencies.tsv").read_text())
    counters, services = _rows(SEED / "counters.tsv"), _rows(SEED / "services.tsv")
    _write(folder / "counters.tsv", [row | {"code": row["code"] + x} for row in counters for x in ("", "B")])
    services = [row | {"counters": " ".join(f"{c} {c}B" for c in row["counters"].split())} for row in services]
    _write(folder / "services.tsv", services)
    return services


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", newline="") as output:
        writer = csv.DictWriter(output, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
