"""The types of events that a webhook can be sent, by subject: `make asyncapi` lists them from the published schemas."""

import json
from collections.abc import Mapping
from pathlib import Path

PRODUCERS = ("ticketing", "catalog", "notifications")
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    subject: tuple(kinds) for subject, kinds in json.loads(Path(__file__).with_suffix(".json").read_text()).items()
}
KINDS = tuple(kind for kinds in SUBJECTS.values() for kind in kinds)
