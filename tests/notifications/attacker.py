"""Plays somebody who has a copy of the database and wants to know which of some phone numbers are in it.

What the code does is known to the attacker, what is in the environment of the processes is not. Every number of a small
range is tried against every stored value: readable, masked, hashed, or hashed with any key that is stored too.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.database import Database

from services.chassis.seal import Seal

DIGITS = re.compile(r"\d[\d ().-]{6,}\d")
MASK = re.compile(r"(\+?\d*)[*xX\u2022]{2,}(\d*)")
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")
KEY_BYTES = range(24, 65)  # how long a stored value is that may be a key; shorter ones are ids of sessions


@dataclass
class Dump:
    """The values of some documents, sorted by what an attacker can try on them."""

    texts: set[str] = field(default_factory=set)
    blobs: set[bytes] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=lambda: {b""})

    def add(self, name: str, value: Any) -> None:
        """Take a value with everything in it."""
        match value:
            case Mapping():
                for key, inner in value.items():
                    self.add(name, str(key))
                    self.add(str(key), inner)
            case list() | tuple():
                for inner in value:
                    self.add(name, inner)
            case bytes():
                self.blobs.add(value)
                if len(value) in KEY_BYTES:
                    self.keys.add(value)
                self.texts.add(value.decode("utf-8", "replace"))
            case _:
                self._add_text(name, str(value))

    def _add_text(self, name: str, text: str) -> None:
        self.texts.add(text)
        for decoded in _decoded(text):
            self.blobs.add(decoded)
            if len(decoded) in KEY_BYTES and ("key" in name or "secret" in name):
                self.keys.add(decoded)
        if ("key" in name or "secret" in name) and len(text) in KEY_BYTES:
            self.keys.add(text.encode())


def _decoded(text: str) -> Iterator[bytes]:
    """What a text may stand for, as hexadecimal digits or Base64."""
    if len(text) > 200:
        return
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){8,}", text):
        yield bytes.fromhex(text)
    with suppress(ValueError):
        bare = text.rstrip("=").replace("+", "-").replace("/", "_")
        yield base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)


def dump(documents: Iterable[Mapping[str, Any]]) -> Dump:
    """The values of all documents."""
    found = Dump()
    for document in documents:
        found.add("", document)
    return found


def stored(database: Database[Any]) -> Iterator[Mapping[str, Any]]:
    """Every document of a database, and what its server's replication log remembers of it."""
    for name in database.list_collection_names():
        yield from database[name].find()
    log = database.client["local"]
    if "oplog.rs" in log.list_collection_names():
        yield from log["oplog.rs"].find({"ns": {"$regex": f"^{re.escape(database.name)}\\."}})


def recovered(found: Dump, numbers: Sequence[str]) -> dict[str, str]:
    """Which of the numbers (E.164) are in the dump, each with the way in which it was found."""
    seen: dict[str, str] = {}
    for way, those in (("readable", _readable), ("masked", _masked), ("hashed", _hashed), ("keyed", _keyed)):
        for number in those(found, numbers):
            seen.setdefault(number, way)
    return seen


def forms(number: str) -> tuple[str, ...]:
    """A number as it may be written."""
    return number, number[1:], f"0{number[3:]}", number[3:]


def _readable(found: Dump, numbers: Sequence[str]) -> Iterator[str]:
    runs = {re.sub(r"\D", "", run) for text in found.texts for run in DIGITS.findall(text)}
    national = {number[3:]: number for number in numbers}
    lengths = {len(digits) for digits in national}
    for run in runs:
        for length in lengths:
            yield from (
                national[part] for i in range(len(run) - length + 1) if (part := run[i : i + length]) in national
            )


def _masked(found: Dump, numbers: Sequence[str]) -> Iterator[str]:
    """Numbers that a mask leaves as the only one of their range."""
    for first, last in {mask for text in found.texts for mask in MASK.findall(text)}:
        fits = [n for n in numbers if n.endswith(last) and any(form.startswith(first) for form in forms(n))]
        if len(fits) == 1:
            yield fits[0]


def _hashed(found: Dump, numbers: Sequence[str]) -> Iterator[str]:
    contexts = _contexts(found)
    for number in numbers:
        messages = [said.encode() for said in _said(contexts, number)]
        if any(hashlib.new(name, said).digest() in found.blobs for name in HASHES for said in messages):
            yield number


def _keyed(found: Dump, numbers: Sequence[str]) -> Iterator[str]:
    derived = [Seal([key.decode("latin-1")]) for key in found.keys]
    contexts = _contexts(found)
    for number in numbers:
        messages = _said(contexts, number)
        hashes = (hmac.digest(key, said.encode(), "sha256") for key in found.keys for said in messages)
        marks = (mark for seal in derived for said in messages for mark in seal.marks(said))
        if any(one in found.blobs for one in hashes) or any(mark in found.texts for mark in marks):
            yield number


def _contexts(found: Dump) -> list[tuple[str, str]]:
    """The days and addresses with which numbers may have been counted."""
    today = datetime.now(UTC)
    addresses = {address for text in found.texts if len(text) < 100 for address in ADDRESS.findall(text)}
    few = ["", "127.0.0.1", *sorted(addresses - {"127.0.0.1"})[:2]]
    return [(f"{day:%Y%m%d}", address) for day in (today, today - timedelta(days=1)) for address in few]


def _said(contexts: Sequence[tuple[str, str]], number: str) -> list[str]:
    """What may have been hashed: the number as it is written, and as this release and the ones before it count it."""
    starts = {int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) for day, _ in contexts}
    said = [*forms(number), *(f"{number}\n{day}\n{address}" for day, address in contexts)]
    return said + [f"tickets_of_phone\n{start}\n{number}" for start in sorted(starts)]
