"""What a change of a mall's directory leads to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import assert_never

from services.catalog.domain.directory import (
    AdmitAgency,
    AgencyInUse,
    AgencyListed,
    AgencyWithdrawn,
    ChangeMall,
    Command,
    CounterListed,
    CounterWithdrawn,
    Directory,
    Entry,
    Event,
    ImportCatalog,
    InvalidCatalog,
    InvalidEntry,
    ListAgency,
    ListCounter,
    Listed,
    ListService,
    MallExists,
    OfAgencies,
    OfCounters,
    OfServices,
    OpenMall,
    ReturnAgency,
    ServiceListed,
    ServiceWithdrawn,
    SuspendAgency,
    UnknownAgency,
    UnknownMall,
    WithdrawAgency,
    WithdrawCounter,
    WithdrawService,
    evolve,
)
from services.catalog.domain.faults import faults_of, faults_of_all, faults_of_line, faults_of_new, faults_of_reason
from services.catalog.domain.hours import within
from services.catalog.domain.mall import MallListed, faults_of_mall
from services.chassis.decider import Decider
from services.chassis.errors import Fault


def decide(command: Command, directory: Directory) -> list[Event]:
    """What a command leads to, all or nothing. Raises the refusals of a directory."""
    if isinstance(command, ImportCatalog):
        return _import(command, directory)
    if isinstance(command, OpenMall):
        return _open(command.mall, directory)
    if directory.mall is None:
        raise UnknownMall()
    match command:
        case ChangeMall(changes):
            return _change_mall(replace(directory.mall, **changes), directory.mall)
        case AdmitAgency() | ListAgency() | SuspendAgency() | ReturnAgency() | WithdrawAgency():
            return _of_agencies(command, directory)
        case ListService() | WithdrawService():
            return _of_services(command, directory)
        case ListCounter() | WithdrawCounter():
            return _of_counters(command, directory)
        case _:
            assert_never(command)


def _import(command: ImportCatalog, directory: Directory) -> list[Event]:
    wanted = _as_kept(command.wanted, directory, command.at)
    if faults := list(faults_of_all(wanted, directory, command.at)):
        raise InvalidCatalog(faults=faults)
    assert wanted.mall is not None  # faults_of_all refuses a directory without
    events: list[Event] = [] if wanted.mall == directory.mall else [wanted.mall]
    events += _new(wanted.agencies, directory.agencies)
    events += _new(wanted.services, directory.services)
    events += _new(wanted.counters, directory.counters)
    events += [CounterWithdrawn(code) for code in directory.counters if code not in wanted.counters]
    events += [ServiceWithdrawn(code) for code in directory.services if code not in wanted.services]
    events += [AgencyWithdrawn(code, command.at) for code in directory.agencies if code not in wanted.agencies]
    return events


def _as_kept(wanted: Directory, directory: Directory, at: datetime | None) -> Directory:
    """The same directory: since when agencies have their letters is noted, and counters name each service once."""
    return replace(
        wanted,
        agencies={code: _since(one, directory, at) for code, one in wanted.agencies.items()},
        counters={code: _naming_each_once(one) for code, one in wanted.counters.items()},
    )


def _since(agency: AgencyListed, directory: Directory, at: datetime | None) -> AgencyListed:
    known = directory.agencies.get(agency.code)
    return replace(agency, line_since=known.line_since if known and known.line == agency.line else at)


def _naming_each_once(counter: CounterListed) -> CounterListed:
    return replace(counter, services=tuple(dict.fromkeys(counter.services)))


def _new(wanted: Mapping[str, Entry], known: Mapping[str, Entry]) -> list[Entry]:
    return [entry for code, entry in wanted.items() if code not in known or not _says_the_same(known[code], entry)]


def _says_the_same(one: Listed, other: Listed) -> bool:
    """Whether two entries are alike; in which order a counter's services are named means nothing."""
    if isinstance(one, CounterListed) and isinstance(other, CounterListed):
        return replace(one, services=()) == replace(other, services=()) and set(one.services) == set(other.services)
    return one == other


def _open(wanted: MallListed, directory: Directory) -> list[Event]:
    if directory.mall not in (None, wanted):
        raise MallExists(mall=wanted.code)
    _must_have_no(faults_of_mall(wanted))
    return [wanted] if directory.mall is None else []


def _change_mall(wanted: MallListed, known: MallListed) -> list[Event]:
    _must_have_no(faults_of_mall(wanted))
    return [] if wanted == known else [wanted]


def _of_agencies(command: OfAgencies, directory: Directory) -> list[Event]:
    match command:
        case AdmitAgency():
            return _admit(command, directory)
        case ListAgency(agency, at):
            known = directory.agencies.get(agency.code)
            agency = replace(_since(agency, directory, at), suspended=known.suspended if known else "")
            return _listed([agency], directory, faults_of_line(agency, directory, evolve(directory, agency), at))
        case SuspendAgency(code, reason):
            _must_have_no(faults_of_reason("reason", reason))
            return _listed([replace(_agency(directory, code), suspended=reason.strip())], directory)
        case ReturnAgency(code):
            return _listed([replace(_agency(directory, code), suspended="")], directory)
        case WithdrawAgency(code, with_all, at):
            return _withdraw_agency(code, directory, at, with_all=with_all)


def _agency(directory: Directory, code: str) -> AgencyListed:
    if code not in directory.agencies:
        raise UnknownAgency(agency=code)
    return directory.agencies[code]


def _admit(command: AdmitAgency, directory: Directory) -> list[Event]:
    agency = replace(_since(command.agency, directory, command.at), suspended="")
    services = [replace(service, agency=agency.code) for service in command.services]
    counter = replace(command.counter, agency=agency.code, services=tuple(service.code for service in services))
    parts: list[tuple[str, Listed]] = [("agency", agency), ("counter", counter)]
    parts += [(f"services.{number}", service) for number, service in enumerate(services)]
    events: list[Event] = [agency, *services, counter]
    after = reduce(evolve, events, directory)
    faults = [fault for part, entry in parts for fault in within(part, faults_of_new(entry, after))]
    faults += within("agency", faults_of_line(agency, directory, after, command.at))
    codes = [service.code for service in services]
    for part, entry in parts:
        if _known(entry, directory) or codes.count(entry.code) > 1:
            faults.append(Fault(f"{part}.code", "{code} is there already", {"code": entry.code}))
    if not services:
        faults.append(Fault("services", "at least one service"))
    _must_have_no(faults)
    return events


def _withdraw_agency(code: str, directory: Directory, at: datetime | None, *, with_all: bool) -> list[Event]:
    counters = [counter for counter in directory.counters.values() if counter.agency == code]
    services = [service.code for service in directory.services.values() if service.agency == code]
    if (counters or services) and not with_all:
        raise AgencyInUse(agency=code, counters=len(counters), services=len(services))
    gone = [counter.code for counter in counters]
    others = [
        replace(counter, services=tuple(each for each in counter.services if each not in services))
        for counter in directory.counters.values()
        if counter.code not in gone and set(services) & set(counter.services)
    ]
    leaves = [AgencyWithdrawn(code, at)] if code in directory.agencies else []
    return [*others, *map(CounterWithdrawn, gone), *map(ServiceWithdrawn, services), *leaves]


def _of_services(command: OfServices, directory: Directory) -> list[Event]:
    match command:
        case ListService(service, counters):
            giving = [c.code for c in directory.counters_for(service.code)] if counters is None else counters
            unknown = [code for code in giving if code not in directory.counters]
            faults = [Fault("counters", "no counter {code}", {"code": code}) for code in unknown]
            return _listed([service, *_giving(service.code, giving, directory)], directory, faults)
        case WithdrawService(code):
            if code not in directory.services:
                return []
            return [*_giving(code, (), directory), ServiceWithdrawn(code)]


def _giving(service: str, counters: Sequence[str], directory: Directory) -> list[CounterListed]:
    """Those counters that change when these, and no others, give the service."""
    changed = []
    for counter in directory.counters.values():
        if (counter.code in counters) != (service in counter.services):
            others = tuple(code for code in counter.services if code != service)
            changed.append(replace(counter, services=(*others, service) if counter.code in counters else others))
    return changed


def _of_counters(command: OfCounters, directory: Directory) -> list[Event]:
    match command:
        case ListCounter(counter):
            return _listed([_naming_each_once(counter)], directory)
        case WithdrawCounter(code):
            return [CounterWithdrawn(code)] if code in directory.counters else []


def _listed(wanted: Sequence[Listed], directory: Directory, faults: Iterable[Fault] = ()) -> list[Event]:
    """Those entries that say something new; the first is the one that was asked for. Raises `InvalidEntry`."""
    entry, after = wanted[0], reduce(evolve, wanted, directory)
    new = _known(entry, directory) is None
    _must_have_no([*faults, *(faults_of_new if new else faults_of)(entry, after)])
    return [one for one in wanted if (known := _known(one, directory)) is None or not _says_the_same(known, one)]


def _known(entry: Listed, directory: Directory) -> Listed | None:
    match entry:
        case AgencyListed():
            return directory.agencies.get(entry.code)
        case ServiceListed():
            return directory.services.get(entry.code)
        case CounterListed():
            return directory.counters.get(entry.code)


def _must_have_no(faults: Iterable[Fault]) -> None:
    errors: dict[str, list[Fault]] = {}
    for fault in faults:
        errors.setdefault(fault.field, []).append(fault)
    if errors:
        raise InvalidEntry(errors=errors)


DIRECTORY: Decider[Command, Directory, Event] = Decider(
    initial=Directory(),
    decide=decide,
    evolve=evolve,
    events=(
        MallListed,
        AgencyListed,
        ServiceListed,
        CounterListed,
        AgencyWithdrawn,
        ServiceWithdrawn,
        CounterWithdrawn,
    ),
)
