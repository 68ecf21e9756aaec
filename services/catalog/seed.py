"""Import a mall from a folder: `python -m services.catalog.seed services/catalog/seeds/pekalongan`.

The folder holds `mall.json`, `agencies.tsv`, `services.tsv` and `counters.tsv`. Importing it again changes nothing.
"""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from services.catalog.directory import Malls
from services.catalog.domain import (
    WEEKDAYS,
    AgencyListed,
    CounterListed,
    Directory,
    ImportCatalog,
    InvalidCatalog,
    MallListed,
    ServiceListed,
)
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.event_store import EventStore, connect


def read(folder: Path) -> Directory:
    """The directory that the folder's files describe. Raises `InvalidCatalog` with file and line of every fault."""
    faults: list[str] = []
    mall = json.loads((folder / "mall.json").read_text())
    week = {day: tuple((opens, closes) for opens, closes in mall["week"].get(day, ())) for day in WEEKDAYS}
    agencies = [AgencyListed(row["code"], row["name"], row["line"]) for _, row in _rows(folder / "agencies.tsv")]
    services: list[ServiceListed] = []
    counters: list[CounterListed] = []
    given: dict[str, list[str]] = {}
    for line, row in _rows(folder / "services.tsv"):
        if not row["minutes"].isdecimal():
            faults.append(f"services.tsv line {line}: minutes must be a number, not {row['minutes']!r}")
            continue
        needs = tuple(need.strip() for need in row["requirements"].split(";") if need.strip())
        services.append(
            ServiceListed(row["code"], row["name"], row["agency"], int(row["minutes"]), needs, row.get("basis") or "")
        )
        for counter in row["counters"].split():
            given.setdefault(counter, []).append(row["code"])
    for line, row in _rows(folder / "counters.tsv"):
        if not row["floor"].isdecimal():
            faults.append(f"counters.tsv line {line}: floor must be a number, not {row['floor']!r}")
            continue
        serves = tuple(given.pop(row["code"], ()))
        counters.append(CounterListed(row["code"], row["name"], int(row["floor"]), row["agency"], serves))
    faults += [
        f"services.tsv: {codes[0]} names counter {counter}, which is not listed" for counter, codes in given.items()
    ]
    if faults:
        raise InvalidCatalog(faults=faults)
    return Directory(
        mall=MallListed(
            code=mall["code"],
            name=mall["name"],
            city=mall["city"],
            address=mall["address"],
            zone=mall["zone"],
            capacity=mall["capacity"],
            week=week,
        ),
        agencies={agency.code: agency for agency in agencies},
        services={service.code: service for service in services},
        counters={counter.code: counter for counter in counters},
    )


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with file.open(newline="") as lines:
        yield from enumerate(csv.DictReader(lines, delimiter="\t"), start=2)


def main() -> None:
    """Import the folders given on the command line; exit 1 with every fault if one does not fit."""
    env = Env()
    settings = Settings.from_env(env, "catalog")
    env.check()
    configure_logging("catalog-seed", settings.log_level)
    malls = Malls(EventStore(connect(settings.mongo_url, settings.database)))
    for folder in map(Path, sys.argv[1:]):
        try:
            directory = read(folder)
            assert directory.mall is not None
            changes = malls.act(directory.mall.code, ImportCatalog(directory), actor="seed").events
        except InvalidCatalog as error:
            print(f"{folder} was not imported:", *error.params["faults"], sep="\n  ", file=sys.stderr)
            raise SystemExit(1) from None
        print(f"{folder}: {len(changes)} changes")


if __name__ == "__main__":
    main()
