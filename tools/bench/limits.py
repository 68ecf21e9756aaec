"""What the parts can do alone, on the same machine in the same run: the store's inserts, an empty Flask POST."""

import socket
import sys
import time
import uuid
from typing import Any

from pymongo import ASCENDING, MongoClient
from pymongo.write_concern import WriteConcern

from tools.bench.load import Ask, Client, drive, percentiles, post
from tools.local import System
from tools.local.place import free_ports
from tools.local.process import Process
from tools.local.system import ROOT


def store_inserts(system: System, count: int) -> dict[str, float]:
    """Commit documents, like that of one issued ticket, inserted one at a time by one thread."""
    mongo: MongoClient[dict[str, Any]] = MongoClient(system.database_url)
    like = mongo["ticketing"]["commits"].find_one({"events.type": "TicketIssued"}, sort=[("version", -1)])
    assert like is not None
    like |= {"events": like["events"][-1:], "commands": like["commands"][-1:]}
    durable = WriteConcern(w="majority", j=True)
    commits = mongo["bench"].get_collection("commits", write_concern=durable)
    commits.drop()
    commits.create_index([("stream", ASCENDING), ("version", ASCENDING)], unique=True)
    commits.create_index([("stream", ASCENDING), ("commands.id", ASCENDING)], unique=True)
    for name, keys in mongo["ticketing"]["commits"].index_information().items():
        if not keys.get("unique") and name != "_id_":
            commits.create_index(keys["key"], sparse=keys.get("sparse", False))
    taken = []
    began = time.perf_counter()
    for version in range(1, count + 1):
        command = like["commands"][0] | {"id": uuid.uuid4().hex}
        document = like | {"_id": f"bench@{version}", "stream": "bench", "version": version, "commands": [command]}
        started = time.perf_counter()
        commits.insert_one(document)
        taken.append(time.perf_counter() - started)
    seconds = time.perf_counter() - began
    mongo.close()
    return {"count": count, "per_second": round(count / seconds, 1), **percentiles(taken), "errors": 0}


def empty_posts(count: int, levels: tuple[int, ...], system: System) -> dict[int, dict[str, float]]:
    """POSTs that an empty Flask app answers, under the configuration of the services."""
    (port,) = free_ports(1)
    command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "tools.bench.empty:create_app()")
    process = Process("empty", command, system.data / "logs/empty.log", {"BIND": f"127.0.0.1:{port}"}, ROOT, ())
    try:
        _wait_for(port)
        drive(f"127.0.0.1:{port}", _posts(200, 8))
        return {n: drive(f"127.0.0.1:{port}", _posts(count, n)).figures("post") for n in levels}
    finally:
        process.kill()


def _posts(count: int, clients: int) -> list[Client]:
    def client() -> Client:
        message = post("/", {"service": "DUKCAPIL-KTPREKAM", "priority": None})
        for _ in range(count // clients):
            yield Ask("post", message)

    return [client() for _ in range(clients)]


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
