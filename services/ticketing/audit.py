"""The record of a day for people: who did what, when, why, at which counter; and whether it was changed later."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from services.chassis.event_store import Commit
from services.chassis.seals import Verdict
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.events import DayClosed, Event, RuleChanged

COLUMNS = ("at", "act", "number", "counter", "actor", "why", "detail", "commit", "hash")
REASONS = ("reason", "note")
DETAILS = ("service", "channel", "from_service", "to", "call", "waiting", "result", "also", "act", "by_schedule")


def rows(commits: Sequence[Commit], zone: str) -> list[dict[str, Any]]:
    """One row for each event, in order; times in the mall's zone. `actor` is empty where the public acted."""
    local = ZoneInfo(zone)
    return [
        {
            "at": commit.at.astimezone(local).isoformat(timespec="seconds"),
            "act": kind_of(type(event)),
            "number": getattr(event, "number", ""),
            "counter": getattr(event, "counter", ""),
            "actor": commit.commands[stored.command].actor,
            "why": why(event),
            "detail": detail(event),
            "commit": f"{commit.id}.{position}",
            "hash": commit.hash,
        }
        for commit in commits
        for position, (stored, event) in enumerate(zip(commit.events, DAY.recorded(commit), strict=True))
    ]


def kind_of(event: type[Event]) -> str:
    """What happened, in kebab case: `ticket-called`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", event.__name__).lower()


def why(event: Event) -> str:
    """The reason or note that was given."""
    return next((text for name in REASONS if (text := getattr(event, name, ""))), "")


def detail(event: Event) -> str:
    """What else there is to know of it; never a priority class."""
    found = {name: value for name in DETAILS if (value := getattr(event, name, "")) not in ("", ())}
    match event:
        case RuleChanged(rule):
            found |= asdict(rule)
        case DayClosed(totals=totals):
            found |= {name: count for name, count in totals.items() if count}
    return ", ".join(f"{name}={_text(value)}" for name, value in found.items() if value is not None)


def verification(commits: Sequence[Commit], verdict: Verdict, recorded: str | None) -> dict[str, Any]:
    """Return what was found of a day: chain, seal, journal and the hash recorded in the mall's history.

    `fits` is true only if all of them agree; `faults` says what does not, with a reason code and a sentence.
    """
    faults = [{"reason": fault.reason, "detail": str(fault)} for fault in verdict.faults]
    misfit = verdict.first_misfit
    if recorded and recorded != verdict.hash:
        detail = f"the history of the mall recorded the hash {recorded}; the record ends with {verdict.hash}"
        faults.append({"reason": "history-differs", "detail": detail})
        misfit = misfit or (commits[-1].id if commits else None)
    return {
        "commits": len(commits),
        "fits": not faults,
        "first_misfit": misfit,
        "hash": verdict.hash,
        "seal": recorded,
        "signature": verdict.signature,
        "sealed_at": verdict.seal.sealed_at if verdict.seal else None,
        "seal_key": verdict.seal.key if verdict.seal else None,
        "faults": faults,
    }


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
