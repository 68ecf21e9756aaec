"""A mall's directory as one JSON document, read and written; its fields are named as the stored ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.catalog.domain.directory import (
    AgencyListed,
    CounterListed,
    Directory,
    Entry,
    InvalidCatalog,
    InvalidEntry,
    ServiceListed,
)
from services.catalog.domain.hours import SHUT
from services.catalog.domain.mall import MallListed
from services.catalog.mall_file import IN_FILE, WRONG, filled, told, whole
from services.chassis.errors import Fault

UNQUOTED = str.maketrans("", "", "]'")


@dataclass(frozen=True)
class Document:
    """All of a mall, in the order in which it is listed."""

    mall: MallListed
    agencies: tuple[AgencyListed, ...]
    services: tuple[ServiceListed, ...]
    counters: tuple[CounterListed, ...]


def written(directory: Directory) -> dict[str, Any]:
    """The directory as a document; read again, it says the same."""
    assert directory.mall is not None
    entries = (directory.agencies, directory.services, directory.counters)
    document: dict[str, Any] = IN_FILE.unstructure(
        Document(directory.mall, *(tuple(each.values()) for each in entries))  # type: ignore[arg-type]
    )
    return document


def read(document: Any, known: Directory) -> Directory:
    """The directory that a document describes; fields that an entry leaves out stay as they are known.

    Raises `InvalidCatalog` with the place of every fault.
    """
    try:
        given = IN_FILE.structure(_filled(document, known), Document)
    except WRONG as error:
        raise InvalidCatalog(faults=told(error)) from None
    faults: list[Fault] = []
    directory = Directory(
        whole(given.mall),
        _by_code("agencies", given.agencies, faults),
        _by_code("services", given.services, faults),
        _by_code("counters", [with_whole_week(counter) for counter in given.counters], faults),
    )
    if faults:
        raise InvalidCatalog(faults=faults)
    return directory


def _filled(document: Any, known: Directory) -> Any:
    if not isinstance(document, dict):
        return document
    entries = {"agencies": known.agencies, "services": known.services, "counters": known.counters}
    lists = {kind: document[kind] for kind in entries if isinstance(document.get(kind), list)}
    whole_lists = {kind: [_filled_entry(one, entries[kind]) for one in given] for kind, given in lists.items()}
    return document | {"mall": filled(document.get("mall"), known.mall)} | whole_lists


def _filled_entry(given: Any, known: Mapping[str, Any]) -> Any:
    code = given.get("code") if isinstance(given, dict) else None
    return filled(given, known.get(code)) if isinstance(code, str) else given


def new_mall(given: dict[str, Any]) -> MallListed:
    """A mall from its fields. Raises `InvalidEntry` with the fault of each."""
    try:
        return whole(IN_FILE.structure(given, MallListed))
    except WRONG as error:
        raise InvalidEntry(errors=_by_field(error)) from None


def changes_of_mall(known: MallListed, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a mall that are given, in its own types. Raises `InvalidEntry` with the fault of each."""
    try:
        mall = whole(IN_FILE.structure(IN_FILE.unstructure(known) | given, MallListed))
    except WRONG as error:
        raise InvalidEntry(errors=_by_field(error)) from None
    return {name: getattr(mall, name) for name in given}


def entry(kind: type[Entry], given: dict[str, Any], within: str = "") -> Entry:
    """An entry from its fields. Raises `InvalidEntry` with the fault of each."""
    try:
        return IN_FILE.structure(given, kind)
    except WRONG as error:
        raise InvalidEntry(errors=_by_field(error, within)) from None


def _by_field(error: Exception, within: str = "") -> dict[str, list[Fault]]:
    errors: dict[str, list[Fault]] = {}
    for fault in told(error):
        field = within + fault.field.replace("[", ".").translate(UNQUOTED)
        errors.setdefault(field, []).append(replace(fault, field=field))
    return errors


def with_whole_week(counter: CounterListed) -> CounterListed:
    """The counter with all seven days in its week, if it has one."""
    return counter if counter.week is None else replace(counter, week={**SHUT, **counter.week})


def _by_code(kind: str, entries: Sequence[Entry], faults: list[Fault]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for number, entry in enumerate(entries):
        if entry.code in found:
            field = f"{kind}[{number}].code"
            faults.append(Fault(field, "{code} is listed twice", {"code": entry.code}, f"{field}: "))
        found.setdefault(entry.code, entry)
    return found
