"""What is different in a directory after events: for who previews a change, and for who looks back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from services.catalog.domain.directory import (
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Directory,
    Event,
    ServiceListed,
    ServiceWithdrawn,
    evolve,
)
from services.catalog.domain.mall import MallListed

Kind = Literal["mall", "agency", "service", "counter"]
KINDS: Mapping[type, Kind] = {
    MallListed: "mall",
    AgencyListed: "agency",
    AgencyWithdrawn: "agency",
    ServiceListed: "service",
    ServiceWithdrawn: "service",
    CounterListed: "counter",
    CounterWithdrawn: "counter",
}


@dataclass(frozen=True)
class Difference:
    """An entry that is new, changed in some fields (before and after), or withdrawn."""

    kind: Kind
    code: str
    name: str
    act: Literal["added", "changed", "withdrawn"]
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def differences(before: Directory, events: Iterable[Event]) -> list[Difference]:
    """What each of these events makes different."""
    found = []
    for event in events:
        found.append(difference(before, event))
        before = evolve(before, event)
    return found


def difference(before: Directory, event: Event) -> Difference:
    """What an event makes different."""
    kind, known = KINDS[type(event)], _known(before, event)
    if isinstance(event, AgencyWithdrawn | ServiceWithdrawn | CounterWithdrawn):
        return Difference(kind, event.code, known.name if known else event.code, "withdrawn")
    named = [each.name for each in fields(event) if each.name != "code" and each.compare]
    pairs = {name: (getattr(known, name, None), getattr(event, name)) for name in named}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return Difference(kind, event.code, event.name, "changed" if known else "added", changed)


def left_alone(before: Directory, after: Directory) -> list[str]:
    """Services that no counter gives any more, or none yet."""
    return [
        code
        for code in after.services
        if not after.counters_for(code) and (code not in before.services or before.counters_for(code))
    ]


def _known(before: Directory, event: Event) -> MallListed | AgencyListed | ServiceListed | CounterListed | None:
    match event:
        case MallListed():
            return before.mall
        case AgencyListed(code) | AgencyWithdrawn(code):
            return before.agencies.get(code)
        case ServiceListed(code) | ServiceWithdrawn(code):
            return before.services.get(code)
        case CounterListed(code) | CounterWithdrawn(code):
            return before.counters.get(code)
