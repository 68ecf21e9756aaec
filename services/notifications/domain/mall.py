"""What notifications knows of a mall: its name and zone, what is suspended in it, and how its texts are worded.

One thing can have several closures, present and planned: it is suspended while any of them holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import assert_never

from services.chassis.decider import Decider
from services.notifications.domain.events import NOWHERE, Kind, Position, Scope
from services.notifications.domain.wording import must_fit

Thing = tuple[Scope, str]  # what is suspended: the mall, a service by its code, a business day by its date
Key = tuple[Scope, str, str]  # one closure of a thing; with no closure: all of the thing
ALL = ""  # the closure in events of older releases, and of a day, which can only be stopped as a whole
KEPT_AFTER_END = timedelta(
    days=1
)  # for which a closure is kept whose `until` is past: the text about its end is still to be requested


@dataclass(frozen=True)
class HearSuspension:
    """Ticketing says that no tickets are called from `since` on, until `until` where that is known."""

    scope: Scope
    code: str
    reason: str
    since: datetime
    until: datetime | None
    position: Position
    now: datetime
    closure: str = ALL


@dataclass(frozen=True)
class HearResumption:
    """Ticketing says that a closure has ended; with none named: every closure of the thing."""

    scope: Scope
    code: str
    position: Position
    now: datetime
    closure: str = ALL


@dataclass(frozen=True)
class WordText:
    """An administrator words the text of an occasion; an empty one is the usual wording again."""

    kind: Kind
    language: str
    text: str
    now: datetime


@dataclass(frozen=True)
class SwitchText:
    """An administrator decides whether an occasion is texted at all."""

    kind: Kind
    on: bool
    now: datetime


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class MallHeard:
    """The mall's name and zone, as the catalog tells them. Command and event are the same value."""

    name: str
    zone: str
    position: Position


@dataclass(frozen=True)
class SuspensionHeard:
    """Something is suspended, by this closure; one without a name replaces all that came before it."""

    scope: Scope
    code: str
    reason: str
    since: datetime
    until: datetime | None
    position: Position
    heard_at: datetime
    closure: str = ALL

    @property
    def key(self) -> Key:
        """Name this closure. One without a name is named by its beginning, as ticketing names it when it is lifted."""
        return self.scope, self.code, self.closure or f"{self.since.astimezone(UTC):%Y%m%dT%H%M%S}"

    @property
    def thing(self) -> Thing:
        """What is suspended."""
        return self.scope, self.code

    def holds(self, now: datetime) -> bool:
        """Return whether it has begun and has not ended."""
        return self.since <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Return whether its end is past."""
        return self.until is not None and self.until <= now


@dataclass(frozen=True)
class ResumptionHeard:
    """A closure has ended; one without a name: every closure of the thing that came before."""

    scope: Scope
    code: str
    position: Position
    heard_at: datetime
    closure: str = ALL


@dataclass(frozen=True)
class TextWorded:
    """The text of an occasion in a language has another wording; an empty one is the usual again."""

    kind: Kind
    language: str
    text: str
    at: datetime


@dataclass(frozen=True)
class TextSwitched:
    """An occasion is texted, or no longer."""

    kind: Kind
    on: bool
    at: datetime


Command = MallHeard | HearSuspension | HearResumption | WordText | SwitchText
Event = MallHeard | SuspensionHeard | ResumptionHeard | TextWorded | TextSwitched


@dataclass(frozen=True)
class Mall:
    """A mall as notifications knows it."""

    name: str = ""
    zone: str = "Asia/Jakarta"
    listed: Position = NOWHERE
    last: Mapping[Key, Position] = field(default_factory=dict)  # of the latest news of each closure
    suspended: Mapping[Key, SuspensionHeard] = field(default_factory=dict)
    worded: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    silent: frozenset[Kind] = frozenset()

    def stop_of(self, service: str, day: str, now: datetime) -> SuspensionHeard | None:
        """Return what stops tickets of a service on a business day (`2026-11-24`) at this moment, if anything does.

        Of several closures of one thing it is the one that ends last.
        """
        things: tuple[Thing, ...] = (("day", day), ("mall", ""), ("service", service))
        stops = (self._holding(thing, now) for thing in things)
        return next((stop for stop in stops if stop), None)

    def still_suspends(self, scope: Scope, code: str, position: Position, now: datetime) -> bool:
        """Return whether the closure declared by the event at this position has not ended."""
        of_thing = self._closures((scope, code))
        return any(closure.position == position and not closure.is_over(now) for closure in of_thing)

    def is_new(self, scope: Scope, code: str, closure: str, position: Position) -> bool:
        """Return whether news of a closure came after all that is known of it and of the thing as a whole."""
        known = (self.last.get((scope, code, name), NOWHERE) for name in (closure, ALL))
        return position > max(known)

    def _closures(self, thing: Thing) -> Iterator[SuspensionHeard]:
        return (closure for closure in self.suspended.values() if closure.thing == thing)

    def _holding(self, thing: Thing, now: datetime) -> SuspensionHeard | None:
        holding = [closure for closure in self._closures(thing) if closure.holds(now)]
        return max(holding, key=lambda closure: (closure.until is None, closure.until or now), default=None)


def evolve(mall: Mall, event: Event) -> Mall:
    """The mall after an event."""
    match event:
        case MallHeard(name, zone, position):
            return replace(mall, name=name, zone=zone, listed=position)
        case SuspensionHeard():
            return _after_suspension(mall, event)
        case ResumptionHeard():
            return _after_resumption(mall, event)
        case TextWorded(kind, language, text):
            others = {key: found for key, found in mall.worded.items() if key != (kind, language)}
            return replace(mall, worded=others | ({(kind, language): text} if text else {}))
        case TextSwitched(kind, on):
            return replace(mall, silent=mall.silent - {kind} if on else mall.silent | {kind})
        case _:
            assert_never(event)


def _after_suspension(mall: Mall, event: SuspensionHeard) -> Mall:
    last = {**mall.last, event.key: event.position}
    if event.closure == ALL:
        last[(event.scope, event.code, ALL)] = event.position
    kept = {key: closure for key, closure in mall.suspended.items() if not _is_replaced(closure, event)}
    return replace(mall, last=last, suspended={**kept, event.key: event})


def _is_replaced(closure: SuspensionHeard, by: SuspensionHeard) -> bool:
    """Whether news of a closure replaces another: one without a name does; and one that is long over is forgotten."""
    if closure.thing != by.thing:
        return False
    return (by.closure == ALL and closure.position < by.position) or closure.is_over(by.heard_at - KEPT_AFTER_END)


def _after_resumption(mall: Mall, event: ResumptionHeard) -> Mall:
    ended = (event.scope, event.code, event.closure)
    left = {
        key: closure
        for key, closure in mall.suspended.items()
        if closure.position > event.position or (closure.thing != ended[:2] if event.closure == ALL else key != ended)
    }
    return replace(mall, last={**mall.last, ended: event.position}, suspended=left)


def decide(command: Command, mall: Mall) -> list[Event]:
    """What a command leads to; a repeat leads to nothing. Raises `InvalidText`."""
    match command:
        case MallHeard(position=position):
            return [command] if position > mall.listed else []
        case HearSuspension(scope, code, reason, since, until, position, now, closure):
            suspension = SuspensionHeard(scope, code, reason, since, until, position, now, closure)
            return [suspension] if mall.is_new(*suspension.key, position) else []
        case HearResumption(scope, code, position, now, closure):
            new = mall.is_new(scope, code, closure, position)
            return [ResumptionHeard(scope, code, position, now, closure)] if new else []
        case WordText(kind, language, text, now):
            if text:
                must_fit(kind, text)
            same = mall.worded.get((kind, language), "") == text
            return [] if same else [TextWorded(kind, language, text, now)]
        case SwitchText(kind, on, now):
            return [] if on == (kind not in mall.silent) else [TextSwitched(kind, on, now)]
        case _:
            assert_never(command)


MALL: Decider[Command, Mall, Event] = Decider(
    initial=Mall(),
    decide=decide,
    evolve=evolve,
    events=(MallHeard, SuspensionHeard, ResumptionHeard, TextWorded, TextSwitched),
)
