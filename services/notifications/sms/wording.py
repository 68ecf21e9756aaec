"""The texts of each occasion: the usual wording by language, and each mall's own where it has one.

A further language is one more file in `texts/`.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from babel.dates import format_date

from services.notifications.domain.events import Kind, SmsRequested
from services.notifications.domain.mall import Mall
from services.notifications.domain.wording import filled

USUAL: Mapping[str, Mapping[Kind, str]] = {
    file.stem: json.loads(file.read_text()) for file in sorted((Path(__file__).parent / "texts").glob("*.json"))
}
DEFAULT = "id"
# What the preview of a wording shows.
EXAMPLE = {
    "number": "B-012",
    "ahead": "3",
    "counter": "G02",
    "floor": "1",
    "service": "Perekaman KTP-el",
    "reason": "Perbaikan jaringan",
    "day": "2026-11-24",
    "time": "10.00",
}


def template(mall: Mall, kind: Kind, language: str) -> str:
    """The wording of an occasion in this mall; Indonesian where a language lacks it."""
    chosen = language if language in USUAL else DEFAULT
    return mall.worded.get((kind, chosen)) or USUAL[chosen].get(kind) or USUAL[DEFAULT][kind]


def render(mall: Mall, message: SmsRequested) -> str:
    """The text of a message, in the language of its visitor."""
    name = message.values.get("mall") or mall.name or message.mall
    written = template(mall, message.kind, message.language)
    return filled(written, _for_people({**message.values, "mall": name}, message.language))


def example(written: str, mall: Mall, code: str, language: str) -> str:
    """A wording with values as they might be."""
    return filled(written, _for_people({**EXAMPLE, "mall": mall.name or code}, language))


def _for_people(values: Mapping[str, str], language: str) -> Mapping[str, str]:
    if "day" not in values:
        return values
    return {**values, "day": format_date(date.fromisoformat(values["day"]), "EEE d MMM", locale=language)}
