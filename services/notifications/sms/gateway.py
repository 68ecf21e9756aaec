"""Gateways: whatever takes a text for a number."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from services.notifications.contacts import masked


class CertainlyNotSent(Exception):
    """The gateway refused the text, or was never reached. Any other error leaves it unknown whether it was sent."""


class Gateway(Protocol):
    """Takes a text for a number in E.164."""

    def send(self, message_id: str, phone: str, text: str) -> str:
        """Hand the text over; the gateway's own id for it. Raises `CertainlyNotSent`, or anything else if unsure."""
        ...


class LogGateway:
    """Appends each text to a file as one JSON line, the number masked: for trying things out and for tests."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, message_id: str, phone: str, text: str) -> str:
        """Append the text."""
        line = {"at": datetime.now(UTC).isoformat(), "id": message_id, "to": masked(phone), "text": text}
        with self._file.open("a") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
        return f"log:{message_id}"
