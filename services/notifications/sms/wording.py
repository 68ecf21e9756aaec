"""The texts of each occasion: the usual wording by language, and each mall's own where it has one.

A further language is one more file in `texts/`. Beside the occasions it holds the reasons for texts where no reason
was written, or what was written has no letters that a text can hold: `reason.` and the cause as ticketing names it.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import cast

from babel.dates import format_date

from services.notifications.domain.events import Kind, SmsRequested
from services.notifications.domain.mall import Mall
from services.notifications.domain.wording import ENDS, LENGTHS, filled, plain, shortened

REASON = "reason."
WRITTEN: Mapping[str, Mapping[str, str]] = {
    file.stem: json.loads(file.read_text()) for file in sorted((Path(__file__).parent / "texts").glob("*.json"))
}
USUAL: Mapping[str, Mapping[Kind, str]] = {
    language: {cast(Kind, name): text for name, text in written.items() if not name.startswith(REASON)}
    for language, written in WRITTEN.items()
}
DEFAULT = "id"
OTHER = "other"  # the cause of which ticketing says nothing
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
    if "reason" in values:
        values = {**values, "reason": _reason(values["reason"], values.get("cause", OTHER), language)}
    if "day" not in values:
        return values
    return {**values, "day": format_date(date.fromisoformat(values["day"]), "EEE d MMM", locale=language)}


def _reason(written: str, cause: str, language: str) -> str:
    """Return the reason as it was written; where nothing of it can be told, the cause in the visitor's language."""
    short = shortened(written, LENGTHS["reason"])
    if any(letter.isalnum() for letter in short):
        return short.rstrip(ENDS) if short == plain(written) else short
    for known in (WRITTEN.get(language, {}), WRITTEN[DEFAULT]):
        if said := known.get(f"{REASON}{cause}") or known.get(f"{REASON}{OTHER}"):
            return said
    return ""
