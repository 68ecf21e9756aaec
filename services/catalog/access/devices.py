"""Where people are signed in: a record beside each session, for the list that its owner sees.

A session itself is a signed token and is not stored. The record opens nothing; it is deleted with the session's last
possible end. Of the browser only its family and system are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from services.chassis.errors import NotFound
from services.chassis.event_store import Document

# The first that the User-Agent header holds: browsers name those that they are like behind their own name.
BROWSERS: Mapping[str, str] = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS: Mapping[str, str] = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class UnknownSession(NotFound):
    """The account has no such session, or it has ended."""


@dataclass(frozen=True)
class Device:
    """A session as its owner sees it: `used_at` is the last renewal, `until` when it ends at the latest."""

    session: str
    epoch: int
    name: str
    began_at: datetime
    used_at: datetime
    expires: datetime
    until: datetime


def named(user_agent: str) -> str:
    """Return browser and system as a person knows them (`Firefox, Windows`); empty where neither is known."""
    found = (next((name for part, name in known.items() if part in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))


class Devices:
    """The records of all sessions. One per process."""

    def __init__(self, database: Database[Document]) -> None:
        self._kept = database["sessions"]
        self._indexed = False

    def keep(self, account: str, device: Device) -> None:
        """Store a session's record, or that it was renewed; its beginning stays."""
        if not self._indexed:
            self._kept.create_index("expires_at", expireAfterSeconds=0)
            self._kept.create_index("account")
            self._indexed = True
        now = {"epoch": device.epoch, "device": device.name, "used_at": device.used_at, "expires": device.expires}
        first = {"account": account, "began_at": device.began_at, "expires_at": device.until}
        try:
            self._kept.update_one({"_id": device.session}, {"$set": now, "$setOnInsert": first}, upsert=True)
        except DuplicateKeyError:  # renewed twice at once
            self._kept.update_one({"_id": device.session}, {"$set": now})

    def all(self, account: str) -> list[Device]:
        """Return the records of an account, also of sessions that were ended; the last used first."""
        found = [_device(kept) for kept in self._kept.find({"account": account})]
        return sorted(found, key=lambda device: (device.used_at, device.session), reverse=True)


def _device(kept: Document) -> Device:
    moments = (kept[name].replace(tzinfo=UTC) for name in ("began_at", "used_at", "expires", "expires_at"))
    return Device(kept["_id"], kept["epoch"], kept["device"], *moments)
