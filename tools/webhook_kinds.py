"""The types of events that webhooks can be sent, by subject: taken from the published schemas.

An image of notifications holds no other service's schemas, so the list is a file of notifications. `make asyncapi`
writes it: new types go to the end of their subject, the order of the others stays as it is in the file.
"""

import json
from collections.abc import Iterable
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "services" / "notifications" / "webhooks" / "domain" / "kinds.json"
OWN = ("access-revoked",)  # between our own services; never sent
NOUNS = {
    "ticket": "tickets",
    "place": "bookings",
    "booking": "bookings",
    "counter": "counters",
    "day": "days",
    "rule": "days",
    "message": "messages",
}


def subject_of(kind: str) -> str:
    """Return the subject under which a type such as `ticket-called` is offered; `others` where no rule knows it."""
    noun, _, verb = kind.partition("-")
    if verb in ("listed", "withdrawn"):
        return "directory"
    if noun in ("mall", "service", "counter") and verb in ("suspended", "resumed"):
        return "closures"
    return NOUNS.get(noun, "others")


def by_subject(published: Iterable[str], listed: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what `listed` has of the published types, by subject, and behind it what it lacks."""
    wanted = sorted({name.removesuffix(".v1") for name in published} - set(OWN))
    kept = {subject: [kind for kind in kinds if kind in wanted] for subject, kinds in listed.items()}
    known = {kind for kinds in kept.values() for kind in kinds}
    for kind in wanted:
        if kind not in known:
            kept.setdefault(subject_of(kind), []).append(kind)
    return {subject: kinds for subject, kinds in kept.items() if kinds}


def written(published: Iterable[str]) -> str:
    """Return what the file is to hold, for the published types."""
    return json.dumps(by_subject(published, json.loads(FILE.read_text())), indent=2) + "\n"
