"""What people read, by key and language: one JSON file per language beside each service's code."""

import json
from collections.abc import Sequence
from pathlib import Path

DEFAULT = "id"


class Words:
    """Texts of some folders, a service's last. A language is one more file; what it lacks is in Indonesian."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._texts: dict[str, dict[str, str]] = {}
        for folder in folders:
            for file in sorted(folder.glob("*.json")):
                self._texts.setdefault(file.stem, {}).update(json.loads(file.read_text()))

    @property
    def languages(self) -> list[str]:
        """Codes of the languages there are files for."""
        return sorted(self._texts)

    def choose(self, wanted: str) -> str:
        """The language to answer in, from a code or an `Accept-Language` header; Indonesian when in doubt."""
        code = wanted.strip().lower()[:2]
        return code if code in self._texts else DEFAULT

    def text(self, language: str, key: str, /, **params: object) -> str:
        """The text for a key with its values filled in; the key itself if nobody wrote it."""
        found = self._texts[language].get(key) or self._texts[DEFAULT].get(key)
        return found.format_map(_Blank(params)) if found else key

    def has(self, key: str) -> bool:
        """Whether there is a text for this key."""
        return key in self._texts[DEFAULT]

    def beginning(self, language: str, prefix: str) -> dict[str, str]:
        """All texts whose key begins so, keyed without the prefix: for a page's script."""
        merged = self._texts[DEFAULT] | self._texts[language]
        return {key.removeprefix(prefix): text for key, text in merged.items() if key.startswith(prefix)}


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
