"""What notifications knows of a mall: its name and zone, what is suspended in it, and how its texts are worded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.chassis.decider import Decider
from services.notifications.domain.events import NOWHERE, Kind, Position, Scope
from services.notifications.domain.wording import must_fit

Place = tuple[Scope, str]  # what is suspended: the mall, a service by its code, a business day by its date


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


@dataclass(frozen=True)
class HearResumption:
    """Ticketing says that it goes on."""

    scope: Scope
    code: str
    position: Position
    now: datetime


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
    """Something is suspended."""

    scope: Scope
    code: str
    reason: str
    since: datetime
    until: datetime | None
    position: Position
    heard_at: datetime


@dataclass(frozen=True)
class ResumptionHeard:
    """It goes on."""

    scope: Scope
    code: str
    position: Position
    heard_at: datetime


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
    last: Mapping[Place, Position] = field(default_factory=dict)  # the latest news of each place
    suspended: Mapping[Place, SuspensionHeard] = field(default_factory=dict)
    worded: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    silent: frozenset[Kind] = frozenset()

    def stop_of(self, service: str, day: str, now: datetime) -> SuspensionHeard | None:
        """Return what stops tickets of a service on a business day (`2026-11-24`) at this moment, if anything does."""
        places: tuple[Place, ...] = (("day", day), ("mall", ""), ("service", service))
        found = (self.suspended[place] for place in places if place in self.suspended)
        return next((one for one in found if one.since <= now and (one.until is None or now < one.until)), None)

    def still_suspends(self, scope: Scope, code: str, position: Position, now: datetime) -> bool:
        """Whether what this news told of is still suspended."""
        found = self.suspended.get((scope, code))
        return found is not None and found.position == position and (found.until is None or now < found.until)


def evolve(mall: Mall, event: Event) -> Mall:
    """The mall after an event."""
    match event:
        case MallHeard(name, zone, position):
            return replace(mall, name=name, zone=zone, listed=position)
        case SuspensionHeard(scope=scope, code=code):
            last = {**mall.last, (scope, code): event.position}
            return replace(mall, last=last, suspended={**mall.suspended, (scope, code): event})
        case ResumptionHeard(scope, code, position):
            left = {place: found for place, found in mall.suspended.items() if place != (scope, code)}
            return replace(mall, last={**mall.last, (scope, code): position}, suspended=left)
        case TextWorded(kind, language, text):
            others = {key: found for key, found in mall.worded.items() if key != (kind, language)}
            return replace(mall, worded=others | ({(kind, language): text} if text else {}))
        case TextSwitched(kind, on):
            return replace(mall, silent=mall.silent - {kind} if on else mall.silent | {kind})
        case _:
            assert_never(event)


def decide(command: Command, mall: Mall) -> list[Event]:
    """What a command leads to; a repeat leads to nothing. Raises `InvalidText`."""
    match command:
        case MallHeard(position=position):
            return [command] if position > mall.listed else []
        case HearSuspension(scope, code, reason, since, until, position, now):
            heard = SuspensionHeard(scope, code, reason, since, until, position, now)
            return [heard] if position > mall.last.get((scope, code), NOWHERE) else []
        case HearResumption(scope, code, position, now):
            new = position > mall.last.get((scope, code), NOWHERE)
            return [ResumptionHeard(scope, code, position, now)] if new else []
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
