"""The hash chain of a stream: each commit carries the SHA-256 of the one before it, over canonical JSON.

The canonical form is that of RFC 8785. For what commits hold (text, whole numbers, no fractions, plain keys) Python's
own encoder writes the same bytes, many times faster; a test compares it with an implementation of the standard.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from services.chassis.event_store import Commit


def sealed(commit: Commit) -> Commit:
    """The commit with its hash, over everything it holds and the hash of the one before."""
    return replace(commit, hash=hashlib.sha256(canonical(commit)).hexdigest())


def canonical(commit: Commit) -> bytes:
    """What is hashed: every field but the hash itself, and the traces, which are about requests."""
    content = {
        "stream": commit.stream,
        "version": commit.version,
        "events": [{"type": event.type, "data": event.data, "command": event.command} for event in commit.events],
        "commands": [{"id": c.id, "digest": c.digest, "actor": c.actor} for c in commit.commands],
        "at": commit.at.isoformat(timespec="milliseconds"),
        "trace": commit.trace,
        "outboxes": list(commit.outboxes),
        "previous": commit.previous,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def first_misfit(commits: Iterable[Commit]) -> Commit | None:
    """The first commit of a stream that was changed, left out before, or put in later; None if all fit."""
    version, previous = 0, ""
    for commit in commits:
        follows = commit.version == version + 1 and commit.previous == previous
        if not follows or sealed(commit).hash != commit.hash:
            return commit
        version, previous = commit.version, commit.hash
    return None
