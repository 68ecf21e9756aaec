"""A mall's directory as four files: `mall.json`, `agencies.tsv`, `services.tsv` and `counters.tsv`; read and written.

Columns of services.tsv that can be left out: `requirements` (`KTP-el; KK`), `basis`, `capacity` (tickets a day; empty:
no limit of its own), `fee`, `eligibility`, and what else the service standard says, such as `standard.procedure`. Of
counters.tsv: `week` (`monday 08:00-12:00 13:00-15:00; wednesday 08:00-15:00`, days not named: not there; empty:
whenever the mall is open). Of agencies.tsv: `suspended`.
"""

import csv
import io
import json
from collections.abc import Container, Iterator, Mapping, Sequence

from services.catalog.domain.directory import (
    COMPONENTS,
    AgencyListed,
    CounterListed,
    Directory,
    InvalidCatalog,
    ServiceListed,
)
from services.catalog.domain.hours import SHUT, Intervals, Week, faults_of_week
from services.catalog.mall_file import IN_FILE, read_mall

FILES = ("mall.json", "agencies.tsv", "services.tsv", "counters.tsv")
STANDARD = "standard."
MAY_BE_EMPTY = (("counters", ""),)  # a service that no counter gives for now; a line that ends before it is too short


def read(files: Mapping[str, str]) -> Directory:
    """The directory that these files' texts describe. Raises `InvalidCatalog` with file and line of every fault."""
    faults: list[str] = []
    agencies: dict[str, AgencyListed] = {}
    services: dict[str, ServiceListed] = {}
    counters: dict[str, CounterListed] = {}
    given: dict[str, list[str]] = {}
    for row in _rows(files, "services.tsv", ("code", "name", "agency", "counters", "minutes"), services, faults):
        services[row["code"]] = _service(row, faults)
        for counter in (row.get("counters") or "").split():
            given.setdefault(counter, []).append(row["code"])
    for row in _rows(files, "counters.tsv", ("code", "name", "floor", "agency"), counters, faults):
        floor, serves = _number(row, "floor", faults), tuple(given.get(row["code"], ()))
        week = _week(row, faults)
        counters[row["code"]] = CounterListed(row["code"], row["name"], floor, row["agency"], serves, week)
    for row in _rows(files, "agencies.tsv", ("code", "name", "line"), agencies, faults):
        suspended = row.get("suspended") or ""
        agencies[row["code"]] = AgencyListed(row["code"], row["name"], row["line"], suspended)
    for counter in given.keys() - counters.keys():
        faults.append(f"services.tsv: {', '.join(given[counter])}: counter {counter} is not in counters.tsv")
    mall = read_mall("mall.json", files["mall.json"], faults)
    if faults:
        raise InvalidCatalog(faults=faults)
    return Directory(mall, agencies, services, counters)


def written(directory: Directory) -> dict[str, str]:
    """The directory as the texts of its files; read again, they say the same."""
    services, counters = directory.services.values(), directory.counters.values()
    standard = [name for name in COMPONENTS if any(name in service.components for service in services)]
    return {
        "mall.json": json.dumps(IN_FILE.unstructure(directory.mall), ensure_ascii=False, indent=2) + "\n",
        "agencies.tsv": _table(
            ("code", "name", "line", "suspended"),
            [(one.code, one.name, one.line, one.suspended) for one in directory.agencies.values()],
        ),
        "services.tsv": _table(
            (*SERVICE, *(f"{STANDARD}{name}" for name in standard)),
            [
                (*_cells(one, directory), *(one.components.get(name, "") for name in standard))
                for one in directory.services.values()
            ],
        ),
        "counters.tsv": _table(
            ("code", "name", "floor", "agency", "week"),
            [(one.code, one.name, one.floor, one.agency, _hours(one.week)) for one in counters],
        ),
    }


SERVICE = (
    "code",
    "name",
    "agency",
    "counters",
    "minutes",
    "requirements",
    "basis",
    "capacity",
    "fee",
    "eligibility",
)


def _cells(service: ServiceListed, directory: Directory) -> tuple[object, ...]:
    counters = " ".join(counter.code for counter in directory.counters_for(service.code))
    about = (service.code, service.name, service.agency, counters, service.minutes, "; ".join(service.requirements))
    return (*about, service.basis, service.capacity or "", service.fee, service.eligibility)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def _hours(week: Week | None) -> str:
    days = (week or {}).items()
    return "; ".join(" ".join([day, *map("-".join, intervals)]) for day, intervals in days if intervals)


def _service(row: dict[str, str], faults: list[str]) -> ServiceListed:
    return ServiceListed(
        row["code"],
        row["name"],
        row["agency"],
        _number(row, "minutes", faults),
        tuple(need.strip() for need in (row.get("requirements") or "").split(";") if need.strip()),
        row.get("basis") or "",
        _limit(row, "capacity", faults),
        row.get("fee") or "",
        row.get("eligibility") or "",
        {name: text for name in COMPONENTS if (text := row.get(f"{STANDARD}{name}"))},
    )


def _rows(
    files: Mapping[str, str], name: str, columns: Sequence[str], known: Container[str], faults: list[str]
) -> Iterator[dict[str, str]]:
    """The file's rows that are whole and new, each with its place; a fault for every other one."""
    for number, row in enumerate(csv.DictReader(io.StringIO(files[name]), delimiter="\t"), start=2):
        place = f"{name} line {number}"
        missing = [
            column for column in columns if not row.get(column) and (column, row.get(column)) not in MAY_BE_EMPTY
        ]
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
    found: list[str] = []
    for day, *hours in days:
        if day in week:
            found.append(f"{day} is named twice")
        if not hours:
            found.append(f"{day} needs hours such as 08:00-12:00")
        week[day] = tuple(interval.partition("-")[::2] for interval in hours)
    found += map(str, faults_of_week(week))
    faults += [f"{row['place']}: week: {fault}" for fault in found]
    return {**SHUT, **week} if days else None
