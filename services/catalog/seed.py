"""Import a mall from a folder: `python -m services.catalog.seed services/catalog/seeds/pekalongan`.

The folder holds `mall.json`, `agencies.tsv`, `services.tsv` and `counters.tsv`. Importing it again changes nothing.
"""

import csv
import json
import sys
from collections.abc import Container, Iterator, Sequence
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
    agencies: dict[str, AgencyListed] = {}
    services: dict[str, ServiceListed] = {}
    counters: dict[str, CounterListed] = {}
    given: dict[str, list[str]] = {}
    for row in _rows(folder / "services.tsv", ("code", "name", "agency", "counters", "minutes"), services, faults):
        needs = tuple(need.strip() for need in (row.get("requirements") or "").split(";") if need.strip())
        minutes, basis = _number(row, "minutes", faults), row.get("basis") or ""
        services[row["code"]] = ServiceListed(row["code"], row["name"], row["agency"], minutes, needs, basis)
        for counter in row["counters"].split():
            given.setdefault(counter, []).append(row["code"])
    for row in _rows(folder / "counters.tsv", ("code", "name", "floor", "agency"), counters, faults):
        floor, serves = _number(row, "floor", faults), tuple(given.get(row["code"], ()))
        counters[row["code"]] = CounterListed(row["code"], row["name"], floor, row["agency"], serves)
    for row in _rows(folder / "agencies.tsv", ("code", "name", "line"), agencies, faults):
        agencies[row["code"]] = AgencyListed(row["code"], row["name"], row["line"])
    for counter in given.keys() - counters.keys():
        faults.append(f"services.tsv: {', '.join(given[counter])}: counter {counter} is not in counters.tsv")
    mall = _mall(folder / "mall.json", faults)
    if faults:
        raise InvalidCatalog(faults=faults)
    return Directory(mall, agencies, services, counters)


def _rows(file: Path, columns: Sequence[str], known: Container[str], faults: list[str]) -> Iterator[dict[str, str]]:
    """The file's rows that are whole and new, each with its place; a fault for every other one."""
    with file.open(newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), start=2):
            place = f"{file.name} line {number}"
            missing = [name for name in columns if not row.get(name)]
            if missing:
                faults.append(f"{place}: {', '.join(missing)} missing")
            elif row["code"] in known:
                faults.append(f"{place}: {row['code']} is listed twice")
            else:
                yield row | {"place": place}


def _number(row: dict[str, str], column: str, faults: list[str]) -> int:
    if not row[column].isdecimal():
        faults.append(f"{row['place']}: {column} must be a number, not {row[column]!r}")
        return 1
    return int(row[column])


def _mall(file: Path, faults: list[str]) -> MallListed | None:
    try:
        mall = json.loads(file.read_text())
        given = {day: tuple((str(opens), str(closes)) for opens, closes in mall["week"][day]) for day in mall["week"]}
        week = dict.fromkeys(WEEKDAYS, ()) | given
        code, name, city, address, zone = (str(mall[key]) for key in ("code", "name", "city", "address", "zone"))
        return MallListed(code, name, city, address, zone, int(mall["capacity"]), week)
    except (KeyError, ValueError, TypeError) as error:
        faults.append(f"{file.name}: {type(error).__name__} {error}")
        return None


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
