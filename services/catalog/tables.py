"""A mall's directory as four files: `mall.json`, `agencies.tsv`, `services.tsv` and `counters.tsv`; read and written.

Columns of services.tsv that can be left out: `requirements` (`KTP-el; KK`), `basis`, `capacity` (tickets a day; empty:
no limit of its own), `fee`, `eligibility`, and what else the service standard says, such as `standard.procedure`. Of
counters.tsv: `week` (`monday 08:00-12:00 13:00-15:00; wednesday 08:00-15:00`, days not named: not there; empty:
whenever the mall is open). Of agencies.tsv: `suspended`. A column that is left out changes nothing of what is known; an
empty cell says that there is nothing. A table may come with commas or semicolons between its cells, as spreadsheets
write them.

Spreadsheets calculate a cell that begins as a formula does. Written cells that would begin so get an apostrophe in
front, which is taken away again when the table is read (OWASP, *CSV Injection*).
"""

import csv
import io
import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.catalog.domain.directory import (
    COMPONENTS,
    AgencyListed,
    CounterListed,
    Directory,
    InvalidCatalog,
    ServiceListed,
)
from services.catalog.domain.hours import SHUT, Intervals, Week, faults_of_week
from services.catalog.domain.limits import COUNTER, SERVICE, Limit, faults_of_value, tidied
from services.catalog.mall_file import IN_FILE, read_mall
from services.chassis.errors import Fault

FILES = ("mall.json", "agencies.tsv", "services.tsv", "counters.tsv")
STANDARD = "standard."
OPTIONAL = ("requirements", "basis", "capacity", "fee", "eligibility", "components")
NOTHING = Directory()
FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")  # what a cell begins with that is calculated
NUMBER = re.compile(r"-?[0-9]{1,18}")
MAY_BE_EMPTY = (("counters", ""),)  # a service that no counter gives for now; a line that ends before it is too short


@dataclass(frozen=True)
class Row:
    """A line of a table, and where it is."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell of a column; empty where the line ends before it, or the table has no such column."""
        return tidied(_read(self.cells.get(column) or ""))

    def has(self, column: str) -> bool:
        """Whether the table has this column."""
        return column in self.cells

    def fault(self, says: str, **values: object) -> Fault:
        """A fault of this line."""
        return Fault("", says, {**values, "file": self.file, "row": self.line}, where="{file} line {row}: ")

    def named(self, faults: Iterable[Fault], place: str = "") -> Iterator[Fault]:
        """The same faults, as those of this line."""
        return (replace(self.fault(one.says, **one.values), place=f"{place}{one.place}") for one in faults)


def read(files: Mapping[str, str], known: Directory = NOTHING) -> Directory:
    """The directory that these files' texts describe; columns and fields that they leave out stay as they are known.

    Raises `InvalidCatalog` with file and line of every fault.
    """
    faults: list[Fault] = []
    agencies: dict[str, AgencyListed] = {}
    services: dict[str, ServiceListed] = {}
    counters: dict[str, CounterListed] = {}
    given: dict[str, list[str]] = {}
    for row in _rows(files, "services.tsv", ("code", "name", "agency", "counters", "minutes"), services, faults):
        services[row["code"]] = _service(row, known.services.get(row["code"]), faults)
        for counter in row["counters"].split():
            given.setdefault(counter, []).append(row["code"])
    for row in _rows(files, "counters.tsv", ("code", "name", "floor", "agency"), counters, faults):
        serves = tuple(given.get(row["code"], ()))
        counters[row["code"]] = _counter(row, serves, known.counters.get(row["code"]), faults)
    for row in _rows(files, "agencies.tsv", ("code", "name", "line"), agencies, faults):
        agencies[row["code"]] = _agency(row, known.agencies.get(row["code"]))
    for counter in sorted(given.keys() - counters.keys()):
        values = {"services": ", ".join(given[counter]), "counter": counter}
        says = "{services}: counter {counter} is not in counters.tsv"
        faults.append(Fault("", says, values, place="services.tsv: "))
    mall = read_mall("mall.json", files["mall.json"], known.mall, faults)
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
            (*COLUMNS, *(f"{STANDARD}{name}" for name in standard)),
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


COLUMNS = (
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
    cells = [[_written(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([columns, *cells])
    return text.getvalue()


def _written(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def _read(cell: str) -> str:
    """The text of a cell that was written so."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _hours(week: Week | None) -> str:
    days = (week or {}).items()
    return "; ".join(" ".join([day, *map("-".join, intervals)]) for day, intervals in days if intervals)


def _agency(row: Row, known: AgencyListed | None) -> AgencyListed:
    stays = known.suspended if known else ""
    return AgencyListed(row["code"], row["name"], row["line"], row["suspended"] if row.has("suspended") else stays)


def _counter(row: Row, serves: tuple[str, ...], known: CounterListed | None, faults: list[Fault]) -> CounterListed:
    stays = known.week if known else None
    week = _week(row, faults) if row.has("week") else stays
    return CounterListed(
        row["code"], row["name"], _number(row, "floor", COUNTER["floor"], faults), row["agency"], serves, week
    )


def _service(row: Row, known: ServiceListed | None, faults: list[Fault]) -> ServiceListed:
    about = ServiceListed(row["code"], row["name"], row["agency"], _number(row, "minutes", SERVICE["minutes"], faults))
    stays = {name: getattr(known, name) for name in OPTIONAL} if known else {}
    said: dict[str, Any] = {name: row[name] for name in ("basis", "fee", "eligibility") if row.has(name)}
    if row.has("requirements"):
        said["requirements"] = tuple(need.strip() for need in row["requirements"].split(";") if need.strip())
    if row.has("capacity"):
        said["capacity"] = _limit(row, "capacity", SERVICE["capacity"], faults)
    standard = {name: row[f"{STANDARD}{name}"] for name in COMPONENTS if row.has(f"{STANDARD}{name}")}
    components = {name: text for name, text in {**stays.get("components", {}), **standard}.items() if text}
    return replace(about, **{**stays, **said, "components": components})


def _rows(
    files: Mapping[str, str], name: str, columns: Sequence[str], known: Container[str], faults: list[Fault]
) -> Iterator[Row]:
    """The file's rows that are whole and new, each with its place; a fault for every other one."""
    text = files[name]
    for number, cells in enumerate(_lines(text, name, faults), start=2):
        row = Row(name, number, cells)
        missing = [column for column in columns if not row[column] and (column, cells.get(column)) not in MAY_BE_EMPTY]
        if any(cells.get(None) or ()):  # what csv calls cells without a column
            faults.append(row.fault("more fields than the first line names"))
        elif missing:
            faults.append(row.fault("{columns} missing", columns=", ".join(missing)))
        elif row["code"] in known:
            faults.append(row.fault("{code} is listed twice", code=row["code"]))
        else:
            yield row


def _lines(text: str, name: str, faults: list[Fault]) -> Iterator[dict[str | Any, str | Any]]:
    """The cells of each line by column; a fault where the text is no table, and nothing of what follows."""
    reader = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text))
    try:
        yield from reader
    except csv.Error:  # a cell of more than 128 kB, a carriage return within one
        values = {"file": name, "row": reader.line_num + 1}
        faults.append(Fault("", "this is no table that can be read", values, where="{file} line {row}: "))


def _delimiter(text: str) -> str:
    """What stands between the cells: tabs, unless the first line has none."""
    first = text.partition("\n")[0]
    return max("\t;,", key=first.count)


def _number(row: Row, column: str, limit: Limit, faults: list[Fault]) -> int:
    if not NUMBER.fullmatch(row[column]):
        faults.append(row.fault("{column} must be a number, not {value!r}", column=column, value=row[column][:40]))
        return 1
    number = int(row[column])
    faults += row.named(faults_of_value(column, number, limit))
    return number


def _limit(row: Row, column: str, limit: Limit, faults: list[Fault]) -> int | None:
    """The column's number; None where it is empty."""
    return _number(row, column, limit, faults) if row[column] else None


def _week(row: Row, faults: list[Fault]) -> Week | None:
    """The hours of a counter that has its own; None where they are empty."""
    days = [day for day in map(str.split, row["week"].split(";")) if day]
    week: dict[str, Intervals] = {}
    found: list[Fault] = []
    for day, *hours in days:
        if day in week:
            found.append(row.fault("{day} is named twice", day=day))
        if not hours:
            found.append(row.fault("{day} needs hours such as 08:00-12:00", day=day))
        week[day] = tuple(interval.partition("-")[::2] for interval in hours)
    faults += (replace(fault, place="week: ") for fault in found)
    faults += row.named(faults_of_week(week), "week: ")
    return {**SHUT, **week} if days else None
