"""Signed seals: the last hash of a finished stream, signed with a key that is not in the database.

A hash chain shows that a record is consistent. An intruder who can write to the database can replace the record
by another consistent one. The seal prevents that for finished streams: it is a JSON Web Signature (RFC 7515, compact
form, Ed25519 as in RFC 8037) over the stream's name, its number of commits and its last hash. One process holds the
private key; the public keys are published, so that a seal can be verified without this system.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from marshmallow.validate import Regexp
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from services.chassis import chain
from services.chassis.cloud_event import CloudEvent
from services.chassis.config import Env
from services.chassis.event_store import Commit, Document, EventStore

log = structlog.get_logger()

ALGORITHM = "Ed25519"
TYPE = "mpp-seal"  # so that no token can be taken for a seal, nor a seal for a token
PRIVATE_FILE, PUBLIC_FILE = "seal_private.pem", "seal_public.pem"
PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
SEAL_WITHIN = timedelta(days=2)  # after that a stream is signed by the command `seal` only
MANY = 100_000  # finished streams of one service: one a day for 270 years
PENDING = timedelta(minutes=15)  # so long a finished stream may wait for its seal

Publish = Callable[[Commit], Iterable[CloudEvent]]


class BadSeal(ValueError):
    """The seal was not signed with one of the known keys, or is malformed. `reason` is the code of the fault."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Seal:
    """What a seal says: the stream had so many commits and ended with this hash; `key` is the id of the signing key."""

    stream: str
    commits: int
    hash: str
    sealed_at: str
    key: str = ""


class Keys:
    """The public keys of seals, the current one first. Old ones stay, for the seals that were signed with them."""

    def __init__(self, pem: str) -> None:
        """`pem` holds any number of public keys in PEM, one after the other."""
        keys = [OKPKey.import_key(found) for found in PEM.findall(pem)]
        self._keys = {key.thumbprint(): key for key in keys}

    @classmethod
    def from_env(cls, env: Env) -> "Keys":
        """Read `SEAL_PUBLIC_KEYS`; no keys where it is not set, and then no seal is valid."""
        return cls(env.str("SEAL_PUBLIC_KEYS", "") or "")

    @property
    def as_jwks(self) -> dict[str, Any]:
        """Return the keys as a JSON Web Key Set (RFC 7517); `kid` is the key's thumbprint (RFC 7638)."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid, "alg": ALGORITHM, "use": "sig"}
                for kid, key in self._keys.items()
            ]
        }

    def read(self, text: str) -> Seal:
        """Return what a seal says if its signature is valid. Raises `BadSeal`."""
        try:
            header = jws.extract_compact(text.encode()).headers()
            key = self._keys.get(header.get("kid", ""))
            if key is None:
                raise BadSeal("seal-key-unknown")
            verified = jws.deserialize_compact(text, key, algorithms=[ALGORITHM])
            if header.get("typ") != TYPE:
                raise BadSeal("seal-invalid")
            return Seal(**json.loads(verified.payload), key=header["kid"])
        except (JoseError, ValueError, TypeError) as error:
            if isinstance(error, BadSeal):
                raise
            raise BadSeal("seal-invalid") from error


class Signer:
    """Signs seals with the private key."""

    def __init__(self, private_pem: str) -> None:
        self._key = OKPKey.import_key(private_pem)

    @classmethod
    def from_env(cls, env: Env) -> "Signer | None":
        """Read `SEAL_PRIVATE_KEY`; None where it is missing or wrong (`env.check()` reports it)."""
        is_pem = Regexp("^-----BEGIN PRIVATE KEY-----", error="must be a private key in PEM: `make secrets` makes one")
        pem = env.str("SEAL_PRIVATE_KEY", validate=is_pem)
        return cls(pem) if pem else None

    def sign(self, seal: Seal) -> str:
        """Return the seal as a JSON Web Signature."""
        said = {"stream": seal.stream, "commits": seal.commits, "hash": seal.hash, "sealed_at": seal.sealed_at}
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self._key.thumbprint()}
        return jws.serialize_compact(header, json.dumps(said).encode(), self._key, algorithms=[ALGORITHM])


def make_keys(folder: Path) -> None:
    """Write a key pair to `seal_private.pem` (mode 0600) and `seal_public.pem`.

    A private key that exists stays. A new one puts its public key before those that the public file holds already, so
    that seals of earlier keys remain valid: to rotate the key, delete the private file and run this again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / PRIVATE_FILE, folder / PUBLIC_FILE
    if private.exists():
        key = OKPKey.import_key(private.read_bytes())
    else:
        key = OKPKey.generate_key("Ed25519", private=True)
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.as_pem(private=True))
    own, known = key.as_pem(private=False).decode().strip(), public.read_text() if public.exists() else ""
    others = [pem for pem in PEM.findall(known) if pem != own]
    public.write_text("\n".join([own, *others]) + "\n")
    public.chmod(0o644)


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit: a reason code, and the values that describe it."""

    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in one English sentence."""
        return FAULTS[self.reason].format(**self.values)


FAULTS = {
    "chain": "{commit} does not fit: it, or what came before it, was changed",
    "commits-missing": "the record was sealed or published as closed, and has no commits",
    "seal-missing": "the record is closed and has no seal",
    "seal-invalid": "the signature of the seal is not valid",
    "seal-key-unknown": "the seal was signed with a key that is not among SEAL_PUBLIC_KEYS",
    "seal-differs": "the seal was signed for {sealed_commits} commits ending with {sealed}; "
    "the record has {commits} ending with {hash}",
    "seal-of-another": "the seal was signed for the record {sealed_stream}",
    "journal-missing": "the record is closed, and the journal has no event that published it",
    "journal-differs": "the journal published the hash {published}; the record ends with {hash}",
    "journal-seal-differs": "the seal that the journal published is not the one that is kept",
}


@dataclass(frozen=True)
class Published:
    """What the journal says of a finished stream: its hash, its seal (empty before seals were signed)."""

    hash: str
    seal: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a verification found. `signature`: valid, invalid, missing, pending, or none for an unfinished stream."""

    commits: int
    hash: str | None
    signature: str
    seal: Seal | None
    faults: tuple[Fault, ...]

    def print_faults(self, stream: str, say: Callable[[str], None]) -> None:
        """Say each fault in a line that names the stream or the commit."""
        for fault in self.faults:
            say(str(fault) if fault.reason == "chain" else f"{stream}: {fault}")

    @property
    def first_misfit(self) -> str | None:
        """The id of the first commit that does not fit the chain."""
        return next((fault.values["commit"] for fault in self.faults if fault.reason == "chain"), None)


class Seals:
    """The seals of one service's finished streams, kept in a collection that is only added to."""

    def __init__(self, database: Database[Document], keys: Keys, finished_by: str = "") -> None:
        """`finished_by` is the stored event that ends a stream; empty where the service has none."""
        self.keys = keys
        self._seals: Collection[Document] = database["seals"]
        self._journal: Collection[Document] = database["journal"]
        self._store, self._finished_by = EventStore(database), finished_by

    def of(self, stream: str) -> str | None:
        """Return the kept seal of a stream."""
        found = self._seals.find_one({"_id": stream})
        return found["seal"] if found else None

    def keep(self, stream: str, text: str) -> str:
        """Keep a stream's seal, unless another process has kept one; return the one that is kept."""
        try:
            self._seals.insert_one({"_id": stream, "seal": text})
        except DuplicateKeyError:
            return self.of(stream) or text
        return text

    def published(self, stream: str) -> Published | None:
        """Return what the journal says of a finished stream."""
        return self._published({"_id": {"$regex": f"^{re.escape(stream)}@"}}).get(stream)

    def unsealed(self) -> list[str]:
        """Return the finished streams without a seal, in order of their names."""
        ended = self._store.recent(self._finished_by, limit=MANY) if self._finished_by else []
        kept = {document["_id"] for document in self._seals.find({}, {"_id": 1})}
        return sorted({*ended} - kept)

    def verify(self, stream: str, commits: list[Commit], now: datetime) -> Verdict:
        """Compare a stream with its hash chain, its seal and what the journal published of it."""
        return self._examine(stream, commits, self.of(stream), self.published(stream), now)

    def report(self, say: Callable[[str], None]) -> int:
        """Verify every stream and say what does not fit; return the exit status, 0 or 1."""
        kept = {document["_id"]: document["seal"] for document in self._seals.find()}
        published, now = self._published({}), datetime.now(UTC)
        fit = misfits = sealed = 0
        unseen = kept.keys() | published.keys()
        for stream, found in groupby(self._store.everything(), key=lambda commit: commit.stream):
            verdict = self._examine(stream, list(found), kept.get(stream), published.get(stream), now)
            unseen -= {stream}
            sealed += verdict.signature == "valid" and not verdict.faults
            fit, misfits = fit + (not verdict.faults), misfits + bool(verdict.faults)
            verdict.print_faults(stream, say)
        for stream in sorted(unseen):
            misfits += 1
            say(f"{stream}: {Fault('commits-missing')}")
        name = self._store.database.name
        seals = f", {sealed} of them with a valid seal" if sealed else ""
        say(f"{name}: {fit} streams fit{seals}" + (f", {misfits} do not" if misfits else ""))
        return 1 if misfits else 0

    def _published(self, query: Document) -> dict[str, Published]:
        """What the journal says of finished streams: of all events those whose data holds the hash of their commit."""
        holds_a_hash = {**query, "data": {"$regex": '"hash":"'}}
        found = {}
        for entry in self._journal.find(holds_a_hash, {"data": 1}):
            data = json.loads(entry["data"])
            if "hash" in data:
                found[entry["_id"].rpartition("@")[0]] = Published(data["hash"], data.get("seal", ""))
        return found

    def _examine(
        self, stream: str, commits: list[Commit], text: str | None, published: Published | None, now: datetime
    ) -> Verdict:
        last = commits[-1] if commits else None
        faults = []
        if misfit := chain.first_misfit(commits):
            faults.append(Fault("chain", {"commit": misfit.id}))
        if last is None and (text or published):
            faults.append(Fault("commits-missing"))
        seal, signature = None, "none"
        is_finished = bool(text or published or (last and self.is_finished(last)))
        is_pending = not text and last is not None and now - last.at < PENDING
        if is_finished:
            seal, signature, wrong = self._examine_seal(stream, commits, text)
            faults += [] if is_pending and signature == "missing" else wrong
            signature = "pending" if is_pending and signature == "missing" else signature
            faults += self._compare(last, text, published, is_pending)
        return Verdict(len(commits), last.hash if last else None, signature, seal, tuple(faults))

    def is_finished(self, last: Commit) -> bool:
        """Whether this last commit ends its stream."""
        return any(event.type == self._finished_by for event in last.events)

    def _examine_seal(
        self, stream: str, commits: list[Commit], text: str | None
    ) -> tuple[Seal | None, str, list[Fault]]:
        """The seal if its signature is valid, the state of the signature, and what does not fit."""
        if not text:
            return None, "missing", [Fault("seal-missing")]
        try:
            seal = self.keys.read(text)
        except BadSeal as error:
            return None, "invalid", [Fault(error.reason)]
        if seal.stream != stream:
            return seal, "valid", [Fault("seal-of-another", {"sealed_stream": seal.stream})]
        if commits and (seal.commits, seal.hash) != (len(commits), commits[-1].hash):
            values = {"sealed_commits": seal.commits, "sealed": seal.hash}
            return seal, "valid", [Fault("seal-differs", values | {"commits": len(commits), "hash": commits[-1].hash})]
        return seal, "valid", []

    def _compare(
        self, last: Commit | None, text: str | None, published: Published | None, is_pending: bool
    ) -> Iterator[Fault]:
        """What differs between the record, its kept seal and the journal."""
        if published is None:
            if last is not None and not is_pending:
                yield Fault("journal-missing")
            return
        if last is not None and published.hash != last.hash:
            yield Fault("journal-differs", {"published": published.hash, "hash": last.hash})
        if published.seal and text and published.seal != text:
            yield Fault("journal-seal-differs")


class Sealing:
    """Signs the seals of finished streams before they are published. One per worker."""

    def __init__(self, seals: Seals, store: EventStore, signer: Signer, published_as: str) -> None:
        """`published_as` is the type of the public event that ends a stream and carries its hash."""
        self._seals, self._store, self._signer, self._published_as = seals, store, signer, published_as

    def sealed(self, publish: Publish) -> Publish:
        """Return `publish` with the seal added to the event that ends a stream."""

        def with_seals(commit: Commit) -> list[CloudEvent]:
            return [self._with_seal(commit, event) for event in publish(commit)]

        return with_seals

    def _with_seal(self, commit: Commit, event: CloudEvent) -> CloudEvent:
        if event.type != self._published_as:
            return event
        text = self.seal(commit.stream)
        if text is None:
            return event
        key = jws.extract_compact(text.encode()).headers()["kid"]
        return replace(event, data={**event.data, "seal": text, "seal_key": key})

    def seal(self, stream: str, within: timedelta | None = SEAL_WITHIN) -> str | None:
        """Return the stream's seal: the kept one, or a new one that is kept from now on; None if it is refused.

        Refused where the chain does not fit, where the journal published another hash, and where the stream ended more
        than `within` ago (None: any time): so a rewritten day of the past is not signed by asking for a replay.
        """
        if kept := self._seals.of(stream):
            return kept
        now, commits = datetime.now(UTC), self._store.read(stream)
        refusal = self._refusal(stream, commits, now, within)
        if refusal:
            log.error("did not seal the record: verify it, then use `worker seal`", stream=stream, cause=refusal)
            return None
        seal = Seal(stream, len(commits), commits[-1].hash, now.isoformat(timespec="seconds"))
        published = self._seals.published(stream)
        text = published.seal if published and published.seal else self._signer.sign(seal)
        return self._seals.keep(stream, text)

    def _refusal(self, stream: str, commits: list[Commit], now: datetime, within: timedelta | None) -> str:
        if not commits or not self._seals.is_finished(commits[-1]):
            return "the record is not closed"
        faults = self._seals.verify(stream, commits, now).faults
        wrong = [str(fault) for fault in faults if fault.reason not in ("seal-missing", "journal-missing")]
        if not wrong and within is not None and now - commits[-1].at > within:
            return f"it was closed more than {within.days} days ago"
        return "; ".join(wrong)
