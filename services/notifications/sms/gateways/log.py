"""The gateway that reaches no phone: for trying things out, and for tests."""

import json
from datetime import UTC, datetime
from pathlib import Path

from services.notifications.contacts import masked
from services.notifications.sms.gateways.gateway import Text


class LogGateway:
    """Appends each text to a file as one JSON line, the number masked."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, text: Text) -> str:
        """Append the text."""
        at, to = datetime.now(UTC).isoformat(), masked(text.phone)
        line = {"at": at, "id": text.reference, "to": to, "text": text.text}
        with self._file.open("a") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
        return f"log:{text.reference}"
