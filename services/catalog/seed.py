"""Import a mall from a folder: `python -m services.catalog.seed [--new] services/catalog/seeds/pekalongan`.

The folder holds the files that `services.catalog.tables` describes. Importing it again changes nothing. With --new a
mall that is known already stays as it is, so that what administrators changed outlives a restart.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from pymongo.errors import ConnectionFailure

from services.catalog import tables
from services.catalog.directory import Malls
from services.catalog.domain.directory import Directory, ImportCatalog, InvalidCatalog
from services.chassis.clock import now
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.event_store import EventStore, connect

ATTEMPTS = 10  # of 3 s each, and 2 s between them: the database may just be starting


def read(folder: Path, known: Directory = tables.NOTHING) -> Directory:
    """The directory that the folder's files describe; what they leave out stays as it is known.

    Raises `InvalidCatalog` with file and line of every fault.
    """
    return tables.read({name: (folder / name).read_text() for name in tables.FILES}, known)


def main() -> None:
    """Import the folders given on the command line; exit 1 with every fault if one does not fit, or without a store."""
    parser = argparse.ArgumentParser(prog="python -m services.catalog.seed", description="Import malls from folders.")
    parser.add_argument("--new", action="store_true", help="only malls that are not known yet")
    parser.add_argument("folders", nargs="+", type=Path)
    arguments = parser.parse_args()
    env = Env()
    settings = Settings.from_env(env, "catalog")
    env.check()
    configure_logging("catalog-seed", settings.log_level)
    malls = Malls(EventStore(connect(settings.mongo_url, settings.database)))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            known = [found.mall.code for found in malls.all() if found.mall] if arguments.new else []
            _import(arguments.folders, malls, known)
            return
        except ConnectionFailure as error:  # what was imported by then is known at the next attempt
            if attempt == ATTEMPTS:
                sys.exit(f"Not all was imported, the database does not answer: {error}")
            time.sleep(2)


def _import(folders: Iterable[Path], malls: Malls, known: list[str]) -> None:
    for folder in folders:
        try:
            mall = read(folder).mall
            assert mall is not None
            if mall.code in known:
                print(f"{folder}: {mall.code} is known already, and stays as it is")
                continue
            wanted = read(folder, malls.find(mall.code))
            changes = malls.act(mall.code, ImportCatalog(wanted, now()), actor="seed").events
        except InvalidCatalog as error:
            print(f"{folder} was not imported:", *error.params["faults"], sep="\n  ", file=sys.stderr)
            raise SystemExit(1) from None
        print(f"{folder}: {len(changes)} changes")


if __name__ == "__main__":
    main()
