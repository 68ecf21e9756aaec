"""Import a mall from a folder: `python -m services.catalog.seed services/catalog/seeds/pekalongan`.

The folder holds `mall.json`, `agencies.tsv`, `services.tsv` and `counters.tsv`. Importing it again changes nothing.
Columns of services.tsv that can be left out: `requirements` (`KTP-el; KK`), `basis`, `capacity` (tickets a day; empty:
no limit of its own). Of counters.tsv: `week` (`monday 08:00-12:00 13:00-15:00; wednesday 08:00-15:00`, days not named:
not there; empty: whenever the mall is open).
"""

import csv
import sys
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from services.catalog.directory import Malls
from services.catalog.domain.directory import (
    AgencyListed,
    CounterListed,
    Directory,
    ImportCatalog,
    InvalidCatalog,
    ServiceListed,
)
from services.catalog.domain.hours import SHUT, Intervals, Week, faults_of_week
from services.catalog.mall_file import read_mall
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
        capacity = _limit(row, "capacity", faults)
        services[row["code"]] = ServiceListed(row["code"], row["name"], row["agency"], minutes, needs, basis, capacity)
        for counter in row["counters"].split():
            given.setdefault(counter, []).append(row["code"])
    for row in _rows(folder / "counters.tsv", ("code", "name", "floor", "agency"), counters, faults):
        floor, serves = _number(row, "floor", faults), tuple(given.get(row["code"], ()))
        week = _week(row, faults)
        counters[row["code"]] = CounterListed(row["code"], row["name"], floor, row["agency"], serves, week)
    for row in _rows(folder / "agencies.tsv", ("code", "name", "line"), agencies, faults):
        agencies[row["code"]] = AgencyListed(row["code"], row["name"], row["line"])
    for counter in given.keys() - counters.keys():
        faults.append(f"services.tsv: {', '.join(given[counter])}: counter {counter} is not in counters.tsv")
    mall = read_mall(folder / "mall.json", faults)
    if faults:
        raise InvalidCatalog(faults=faults)
    return Directory(mall, agencies, services, counters)


def _rows(file: Path, columns: Sequence[str], known: Container[str], faults: list[str]) -> Iterator[dict[str, str]]:
    """The file's rows that are whole and new, each with its place; a fault for every other one."""
    with file.open(newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), start=2):
            place = f"{file.name} line {number}"
            missing = [name for name in columns if not row.get(name)]
            if any(row.get(None) or ()):
                faults.append(f"{place}: more fields than the first line names")
            elif missing:
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


def _limit(row: dict[str, str], column: str, faults: list[str]) -> int | None:
    """The column's number; None where it is empty or left out."""
    if not row.get(column):
        return None
    number = _number(row, column, faults)
    if number == 0:
        faults.append(f"{row['place']}: {column} must be more than 0, or empty")
    return number


def _week(row: dict[str, str], faults: list[str]) -> Week | None:
    """The hours of a counter that has its own; None where they are empty or left out."""
    days = [day for day in map(str.split, (row.get("week") or "").split(";")) if day]
    week: dict[str, Intervals] = {}
    found = []
    for day, *hours in days:
        if day in week:
            found.append(f"{day} is named twice")
        if not hours:
            found.append(f"{day} needs hours such as 08:00-12:00")
        week[day] = tuple(interval.partition("-")[::2] for interval in hours)
    found += faults_of_week(week)
    faults += [f"{row['place']}: week: {fault}" for fault in found]
    return {**SHUT, **week} if days else None


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
