"""The files that pages need, by name: their addresses, and what a script imports."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from flask import Response, send_file
from markupsafe import Markup
from werkzeug.exceptions import NotFound

IMPORT = re.compile(r"^import\b[^;']*'\./([\w-]+\.js)';", re.MULTILINE)
PRELOAD = Markup('<link rel="modulepreload" href="{}" fetchpriority="low">\n')
SCRIPT = Markup('<script type="module" src="{}"></script>')


class Assets:
    """The scripts, styles and pictures of one service's pages: its own and the shared ones, under one prefix.

    A file has the same address wherever it is, so that a script imports a shared one as `./page.js`. Raises
    `ValueError` where two folders hold a file of the same name.
    """

    def __init__(self, prefix: str, folders: Sequence[Path]) -> None:
        self._prefix = prefix
        self._files: dict[str, Path] = {}
        for file in (file for folder in folders for file in sorted(folder.glob("*.*"))):
            if file.name in self._files:
                raise ValueError(f"two files have one name: {self._files[file.name]} and {file}")
            self._files[file.name] = file

    def answer(self, filename: str) -> Response:
        """Answer a request for a file. Raises `NotFound`."""
        if filename not in self._files:
            raise NotFound()
        return send_file(self._files[filename])

    def address(self, name: str) -> str:
        """Return the address of a file with a hash of its content, so that browsers keep it until it changes."""
        return f"{self._prefix}{name}?v={_content_hash(self._files[name])}"

    def script(self, name: str) -> Markup:
        """Return the tags of a page's module after those it imports, which are then fetched at once, not in turns.

        Their low priority leaves the line to the style sheets, which the first paint waits for.
        """
        preloads = [PRELOAD.format(f"{self._prefix}{imported}") for imported in sorted(self.imported(name))]
        return Markup("").join([*preloads, SCRIPT.format(self.address(name))])

    def imported(self, name: str) -> frozenset[str]:
        """Return the names of the modules that a script imports, also by way of others."""
        direct = _imports(self._files[name])
        return direct.union(*map(self.imported, direct))


@cache
def _imports(file: Path) -> frozenset[str]:
    return frozenset(IMPORT.findall(file.read_text()))


@cache
def _content_hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]
