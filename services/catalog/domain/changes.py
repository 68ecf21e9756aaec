"""What a change of a mall's directory leads to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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
from services.catalog.domain.faults import faults_of, faults_of_all, faults_of_code
from services.catalog.domain.hours import within
from services.catalog.domain.mall import MallListed, faults_of_mall
from services.chassis.decider import Decider
from services.chassis.errors import Fault

SHORTEST_REASON = 3


def decide(command: Command, directory: Directory) -> list[Event]:
    """What a command leads to, all or nothing. Raises the refusals of a directory."""
    if isinstance(command, ImportCatalog):
        return _import(command.wanted, directory)
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


def _import(wanted: Directory, directory: Directory) -> list[Event]:
    if faults := list(faults_of_all(wanted)):
        raise InvalidCatalog(faults=faults)
    assert wanted.mall is not None  # faults_of_all has seen to it
    events: list[Event] = [] if wanted.mall == directory.mall else [wanted.mall]
    events += _new(wanted.agencies, directory.agencies)
    events += _new(wanted.services, directory.services)
    events += _new(wanted.counters, directory.counters)
    events += [CounterWithdrawn(code) for code in directory.counters if code not in wanted.counters]
    events += [ServiceWithdrawn(code) for code in directory.services if code not in wanted.services]
    events += [AgencyWithdrawn(code) for code in directory.agencies if code not in wanted.agencies]
    return events


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
        case ListAgency(agency):
            known = directory.agencies.get(agency.code)
            return _listed([replace(agency, suspended=known.suspended if known else "")], directory)
        case SuspendAgency(code, reason):
            if len(reason.strip()) < SHORTEST_REASON:
                _must_have_no([Fault("reason", "a reason of at least {n} letters", {"n": SHORTEST_REASON})])
            return _listed([replace(_agency(directory, code), suspended=reason.strip())], directory)
        case ReturnAgency(code):
            return _listed([replace(_agency(directory, code), suspended="")], directory)
        case WithdrawAgency(code, with_all):
            return _withdraw_agency(code, directory, with_all=with_all)


def _agency(directory: Directory, code: str) -> AgencyListed:
    if code not in directory.agencies:
        raise UnknownAgency(agency=code)
    return directory.agencies[code]


def _admit(command: AdmitAgency, directory: Directory) -> list[Event]:
    agency = replace(command.agency, suspended="")
    services = [replace(service, agency=agency.code) for service in command.services]
    counter = replace(command.counter, agency=agency.code, services=tuple(service.code for service in services))
    parts: list[tuple[str, Listed]] = [("agency", agency), ("counter", counter)]
    parts += [(f"services.{number}", service) for number, service in enumerate(services)]
    events: list[Event] = [agency, *services, counter]
    after = reduce(evolve, events, directory)
    faults = [fault for part, entry in parts for fault in within(part, _faults_of_new(entry, after))]
    codes = [service.code for service in services]
    for part, entry in parts:
        if _known(entry, directory) or codes.count(entry.code) > 1:
            faults.append(Fault(f"{part}.code", "{code} is there already", {"code": entry.code}))
    if not services:
        faults.append(Fault("services", "at least one service"))
    _must_have_no(faults)
    return events


def _faults_of_new(entry: Listed, directory: Directory) -> Iterable[Fault]:
    return [*faults_of_code(entry.code), *faults_of(entry, directory)]


def _withdraw_agency(code: str, directory: Directory, *, with_all: bool) -> list[Event]:
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
    leaves = [AgencyWithdrawn(code)] if code in directory.agencies else []
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
            return _listed([replace(counter, services=tuple(dict.fromkeys(counter.services)))], directory)
        case WithdrawCounter(code):
            return [CounterWithdrawn(code)] if code in directory.counters else []


def _listed(wanted: Sequence[Listed], directory: Directory, faults: Sequence[Fault] = ()) -> list[Event]:
    """Those entries that say something new; the first is the one that was asked for. Raises `InvalidEntry`."""
    entry, after = wanted[0], reduce(evolve, wanted, directory)
    new = _known(entry, directory) is None
    _must_have_no([*faults, *(_faults_of_new if new else faults_of)(entry, after)])
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
