"""Backup and restore of one service's database: `python -m services.chassis.backup save > file`, `… restore < file`.

A backup is a row of BSON documents: what the service keeps, as it was stored, and everything that became true while
it was being read. So it holds whole commits up to one moment, for all streams alike, while the service runs.

Records that expire (those with an `expires_at`: personal data, counts of requests) are never in a backup, and a restore
deletes them: a backup holds no personal data, and erasing need not look for copies. Neither are the leases:
relays that find none deliver everything again, and subscribers ignore what they have.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Any, BinaryIO

import bson
import structlog
from bson.raw_bson import DEFAULT_RAW_BSON_OPTIONS
from pymongo import DeleteOne, ReplaceOne
from pymongo.change_stream import ChangeStream
from pymongo.database import Database
from pymongo.errors import PyMongoError

from services.chassis.config import Env, Settings, configure_logging
from services.chassis.event_store import FULL_BATCH, Document, EventStore, connect
from services.chassis.life import Life
from services.chassis.seals import Keys, Seals

log = structlog.get_logger()

FORMAT = "mpp-backup-1"
LEFT_OUT = {"leases"}
ADDED_TO = {"commits", "seals"}  # the service's database user can insert into these, not change or delete
KEPT: Document = {"expires_at": {"$exists": False}}
NEVER = datetime.max.replace(tzinfo=UTC)
MORE_WAITS_MS = 200  # how long the database is given to tell of something new

Raw = dict[str, Any]  # a line of the file: where it belongs (`in`), and the document (`is`) or the id of one (`gone`)


class NoBackup(Exception):
    """What was given is no backup, not a whole one, or not this service's."""


class NotEmpty(Exception):
    """There are commits where a backup was to be restored."""


def save(database: Database[Document], to: BinaryIO, until: Life | None = None) -> Counter[str]:
    """Write the database to a file that only grows; how many documents, by collection.

    With `until`, go on with whatever becomes true, until that life ends. Raises `PyMongoError`.
    """
    written: Counter[str] = Counter()
    # Opened first, so that nothing falls between the two.
    with database.watch(full_document="updateLookup", max_await_time_ms=MORE_WAITS_MS) as changes:
        changes.try_next()
        head = {"format": FORMAT, "service": database.name}
        to.write(bson.encode(head))
        for line in _everything(database):
            to.write(bson.encode(line))
            written[line["in"]] += 1
        hello = database.command("hello", codec_options=database.codec_options)
        moment = hello["localTime"]  # by the database's clock, as the changes are dated
        for line in _news(changes, moment):
            to.write(bson.encode(line))
            written[line["in"]] += 1
        to.write(bson.encode({"complete": dict(written), "moment": moment}))
        to.flush()
        while until and until.goes_on():
            for line in _news(changes):
                to.write(bson.encode(line))
                written[line["in"]] += 1
            to.flush()
    return written


def _everything(database: Database[Document]) -> Iterator[Raw]:
    """Each document that is kept. The journal comes first: it names no commit that the rest does not hold."""
    names = set(database.list_collection_names()) - LEFT_OUT
    for name in sorted(names, key=lambda name: (name != "journal", name)):
        if not name.startswith("system."):
            documents = database.get_collection(name, codec_options=DEFAULT_RAW_BSON_OPTIONS)
            for document in documents.find(KEPT).batch_size(FULL_BATCH):
                yield {"in": name, "is": document}


def _news(changes: ChangeStream[Document], until: datetime = NEVER) -> Iterator[Raw]:
    """What the change stream has to tell by now, up to the first change that is younger than `until`, and that one."""
    young = False
    while not young and (change := changes.try_next()):
        young = change["wallTime"] > until
        name = change["ns"].get("coll", "")
        document = change.get("fullDocument")
        if name in LEFT_OUT:
            continue
        if change["operationType"] == "delete":
            yield {"in": name, "gone": change["documentKey"]["_id"]}
        elif document and "expires_at" not in document:
            yield {"in": name, "is": document}


@dataclass(frozen=True)
class Restored:
    """What a restore brought back: documents by collection, and the moment up to which the copy was whole."""

    written: Counter[str]
    moment: datetime


def restore(database: Database[Document], source: BinaryIO, add: bool = False) -> Restored:
    """Bring a backup back into an empty database.

    `add`: also into one that holds commits already, which stay as they are (to go on after an interruption). No
    process of the service may run meanwhile. Raises `NoBackup`, before anything is written where the head tells it;
    `NotEmpty`; `PyMongoError`.
    """
    lines = _lines(source)
    head = next(lines, None)
    if not head or head.get("format") != FORMAT:
        raise NoBackup("this is no backup")
    if head["service"] != database.name:
        raise NoBackup(f"this is a backup of {head['service']}, not of {database.name}")
    if not add and database["commits"].find_one({}, {"_id": 1}):
        raise NotEmpty(f"{database.name} holds commits already")
    EventStore(database).create_indexes()
    for name in set(database.list_collection_names()) - ADDED_TO:  # of the time that was lost: no text may be sent
        database[name].delete_many({"expires_at": {"$exists": True}})
    database.drop_collection("leases")
    moment, written = None, Counter[str]()
    for name, group in groupby(lines, key=lambda line: line.get("in")):
        if name is None:
            moment = next((line["moment"].replace(tzinfo=UTC) for line in group if "moment" in line), moment)
            continue
        while batch := list(islice(group, FULL_BATCH)):
            _write(database, name, batch)
            written[name] += len(batch)
    if moment is None:
        raise NoBackup("the file ends before the backup does: what it holds was restored, but there was more")
    return Restored(written, moment)


def _lines(source: BinaryIO) -> Iterator[Any]:
    try:
        yield from bson.decode_file_iter(source, DEFAULT_RAW_BSON_OPTIONS)
    except bson.errors.InvalidBSON as error:
        # A file that was being written when its machine went: all before the torn end is good.
        log.warning("the last document is torn", cause=str(error))


def _write(database: Database[Document], name: str, batch: Iterable[Raw]) -> None:
    """Commits and seals are added and never changed; of anything else the newest counts."""
    collection = database.get_collection(name, codec_options=DEFAULT_RAW_BSON_OPTIONS)
    if name in ADDED_TO:
        found = {line["is"]["_id"]: line["is"] for line in batch}
        known = {one["_id"] for one in collection.find({"_id": {"$in": list(found)}}, {"_id": 1})}
        new = [document for id, document in found.items() if id not in known]
        if new:
            collection.insert_many(new)
        return
    changes = [
        DeleteOne({"_id": line["gone"]})
        if "gone" in line
        else ReplaceOne({"_id": line["is"]["_id"]}, line["is"], upsert=True)
        for line in batch
    ]
    collection.bulk_write(changes)


def main() -> None:
    """Save to the standard output (`save`; with `--follow` until told to end), or restore from the standard input."""
    env = Env()
    settings = Settings.from_env(env, os.environ.get("SERVICE", ""))  # each image knows whose it is
    keys = Keys.from_env(env)
    env.check()
    configure_logging("backup", settings.log_level)
    database = connect(settings.mongo_url, settings.database)
    try:
        match sys.argv[1:]:
            case ["save", *options] if set(options) <= {"--follow"}:
                life = Life()
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda *_: life.end())
                written = save(database, sys.stdout.buffer, life if options else None)
                say(f"{database.name}: saved {_counts(written)}")
            case ["restore", *options] if set(options) <= {"--add"}:
                found = restore(database, sys.stdin.buffer, add=bool(options))
                say(f"{database.name}: restored {_counts(found.written)}, as of {found.moment:%Y-%m-%d %H:%M:%S} UTC")
                sys.exit(Seals(database, keys).report(say))
            case _:
                sys.exit("python -m services.chassis.backup save [--follow] > FILE, or … restore [--add] < FILE")
    except NotEmpty as cause:
        sys.exit(f"{cause}. Restore into an empty database, or add what is missing in it with --add.")
    except (NoBackup, PyMongoError) as cause:
        sys.exit(f"{database.name}: {cause}")


def say(line: str) -> None:
    """Tell people; the standard output may be the backup itself."""
    print(line, file=sys.stderr)


def _counts(written: Counter[str]) -> str:
    return ", ".join(f"{count} in {name}" for name, count in sorted(written.items())) or "nothing"


if __name__ == "__main__":
    main()
