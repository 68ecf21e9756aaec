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
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.catalog.domain.declaration import Field, fields_of
from services.catalog.domain.directory import (
    AgencyListed,
    CounterListed,
    Directory,
    Entry,
    InvalidCatalog,
    Listed,
    ServiceListed,
)
from services.catalog.domain.hours import SHUT, Intervals, Week, faults_of_week
from services.catalog.domain.limits import faults_of_value, tidied
from services.catalog.mall_file import IN_FILE, read_mall
from services.chassis.errors import Fault

FILES = ("mall.json", "agencies.tsv", "services.tsv", "counters.tsv")
STANDARD = "standard."
BEFORE_COUNTERS = "agency"  # the column of services.tsv that its counters come after: no field of a service
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

    def named(self, faults: Iterable[Fault], label: str = "") -> Iterator[Fault]:
        """The same faults, as those of this line."""
        return (replace(self.fault(one.says, **one.values), label=f"{label}{one.label}") for one in faults)


def read(files: Mapping[str, str], known: Directory = NOTHING) -> Directory:
    """The directory that these files' texts describe; columns and fields that they leave out stay as they are known.

    Raises `InvalidCatalog` with file and line of every fault.
    """
    faults: list[Fault] = []
    agencies: dict[str, AgencyListed] = {}
    services: dict[str, ServiceListed] = {}
    counters: dict[str, CounterListed] = {}
    given: dict[str, list[str]] = {}
    for row in _rows(files, "services.tsv", ServiceListed, services, faults):
        services[row["code"]] = entry(row, ServiceListed, known.services.get(row["code"]), faults)
        for counter in row["counters"].split():
            given.setdefault(counter, []).append(row["code"])
    for row in _rows(files, "counters.tsv", CounterListed, counters, faults):
        listed = entry(row, CounterListed, known.counters.get(row["code"]), faults)
        counters[row["code"]] = replace(listed, services=tuple(given.get(row["code"], ())))
    for row in _rows(files, "agencies.tsv", AgencyListed, agencies, faults):
        agencies[row["code"]] = entry(row, AgencyListed, known.agencies.get(row["code"]), faults)
    for counter in sorted(given.keys() - counters.keys()):
        values = {"services": ", ".join(given[counter]), "counter": counter}
        says = "{services}: counter {counter} is not in counters.tsv"
        faults.append(Fault("", says, values, label="services.tsv: "))
    mall = read_mall("mall.json", files["mall.json"], known.mall, faults)
    if faults:
        raise InvalidCatalog(faults=faults)
    return Directory(mall, agencies, services, counters)


def written(directory: Directory) -> dict[str, str]:
    """The directory as the texts of its files; read again, they say the same."""
    return {
        "mall.json": json.dumps(IN_FILE.unstructure(directory.mall), ensure_ascii=False, indent=2) + "\n",
        "agencies.tsv": table(AgencyListed, directory.agencies.values()),
        "services.tsv": table(ServiceListed, directory.services.values(), directory),
        "counters.tsv": table(CounterListed, directory.counters.values()),
    }


def table(kind: type, entries: Collection[Listed], directory: Directory = NOTHING) -> str:
    """The table of all entries of a kind: a column for each declared field, for a service its counters too.

    Keys of a field, such as the components of a service standard, are columns where an entry has them.
    """
    columns: dict[str, list[object]] = {}
    for field in _columns(kind):
        for name, key in _names(field):
            if not key or any(key in getattr(one, field.name) for one in entries):
                columns[name] = [_cell(one, field, key) for one in entries]
        if (kind, field.name) == (ServiceListed, BEFORE_COUNTERS):
            columns["counters"] = [" ".join(c.code for c in directory.counters_for(one.code)) for one in entries]
    return _table(list(columns), list(zip(*columns.values(), strict=True)))


def _columns(kind: type) -> list[Field]:
    return [field for field in fields_of(kind) if field.declaration.column]


def _names(field: Field) -> list[tuple[str, str]]:
    """The columns of a field, each with its key where the field has keys."""
    return [(f"{STANDARD}{key}", key) for key in field.declaration.keys] or [(field.name, "")]


def _cell(entry: Listed, field: Field, key: str) -> object:
    value = getattr(entry, field.name)
    if key:
        return value.get(key, "")
    if field.type == Week | None:
        return _hours(value)
    return "; ".join(value) if isinstance(value, tuple) else "" if value is None else value


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


def entry(row: Row, kind: type[Entry], known: Entry | None, faults: list[Fault]) -> Entry:
    """The entry that a line of a table lists; the fields whose columns are left out stay as they are known."""
    found = dict(_found(row, kind, known, faults))
    return kind(**found) if known is None else replace(known, **found)


def _found(row: Row, kind: type, known: Any, faults: list[Fault]) -> Iterator[tuple[str, Any]]:
    for field in _columns(kind):
        if field.declaration.keys:
            kept = getattr(known, field.name, {})
            said = {key: row[name] for name, key in _names(field) if row.has(name)}
            yield field.name, {key: text for key, text in {**kept, **said}.items() if text}
        elif field.required or row.has(field.name):
            yield field.name, _value(row, field, faults)


def _value(row: Row, field: Field, faults: list[Fault]) -> Any:
    if field.type == Week | None:
        return _week(row, faults)
    if field.type == tuple[str, ...]:
        return tuple(need.strip() for need in row[field.name].split(";") if need.strip())
    if field.type is str:
        return row[field.name]
    if row[field.name] or field.required:
        return _number(row, field, faults)
    return None if field.type == int | None else field.default


def _rows(files: Mapping[str, str], name: str, kind: type, known: Container[str], faults: list[Fault]) -> Iterator[Row]:
    """The file's rows that are whole and new, each with its place; a fault for every other one."""
    text = files[name]
    columns = [field.name for field in _columns(kind) if field.required]
    if kind is ServiceListed:
        columns.insert(columns.index(BEFORE_COUNTERS) + 1, "counters")
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


def _number(row: Row, field: Field, faults: list[Fault]) -> int:
    column, limit = field.name, field.declaration.limit
    if not NUMBER.fullmatch(row[column]):
        faults.append(row.fault("{column} must be a number, not {value!r}", column=column, value=row[column][:40]))
        return 1
    number = int(row[column])
    faults += row.named(faults_of_value(column, number, limit)) if limit else []
    return number


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
    faults += (replace(fault, label="week: ") for fault in found)
    faults += row.named(faults_of_week(week), "week: ")
    return {**SHUT, **week} if days else None
