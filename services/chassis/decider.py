"""Runs deciders against the event store: one insert per append, hot streams kept folded, waiting commands combined."""

import random
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Generic, TypeVar

import structlog
from cattrs.preconf.json import make_converter
from pymongo.errors import PyMongoError

from services.chassis import metrics, tracing
from services.chassis.chain import sealed
from services.chassis.errors import KeyReused, Unavailable
from services.chassis.event_store import Commit, Conflict, EventStore, StoredCommand, StoredEvent, Unsettled

log = structlog.get_logger()
converter = make_converter()

Command = TypeVar("Command")
State = TypeVar("State")
Event = TypeVar("Event")

# What each command of a stream led to: its digest and events, by command id.
Recorded = dict[str, tuple[str, tuple[Event, ...]]]

ATTEMPTS = 40  # with their pauses about a second, then 503
HOT_STREAMS = 1000


class StoreUnavailable(Unavailable):
    """The database does not answer."""


class StreamBusy(Unavailable):
    """Too many processes write this stream at once."""


@dataclass(frozen=True)
class Decider(Generic[Command, State, Event]):
    """Pure rules of one kind of stream: how it starts, what a command leads to, what an event changes."""

    initial: State
    decide: Callable[[Command, State], list[Event]]
    evolve: Callable[[State, Event], State]
    events: Sequence[type[Event]]

    def recorded(self, commit: Commit) -> list[Event]:
        """The commit's events in the decider's own types."""
        return [converter.structure(event.data, self._types[event.type]) for event in commit.events]

    @cached_property
    def _types(self) -> dict[str, type[Event]]:
        return {event.__name__: event for event in self.events}


@dataclass(frozen=True)
class Snapshot(Generic[State]):
    """A stream folded up to `version`; `hash` is that of its last commit."""

    state: State
    version: int = 0
    hash: str = ""


@dataclass(frozen=True)
class Outcome(Generic[State, Event]):
    """What a command led to: its events (none if there was nothing new to say) and the stream as it is now."""

    events: tuple[Event, ...]
    now: Snapshot[State]


@dataclass
class _Waiting(Generic[Command, State, Event]):
    command: Command
    stored: StoredCommand
    trace: str
    traceparent: str
    turn: threading.Lock = field(default_factory=threading.Lock)  # held until it is this one's turn, or answered
    answer: Outcome[State, Event] | BaseException | None = None

    def __post_init__(self) -> None:
        self.turn.acquire()


class _Hot(Generic[Command, State, Event]):
    def __init__(self, initial: State) -> None:
        self.mutex = threading.Lock()
        self.snapshot = Snapshot(initial)
        self.checked = 0.0
        self.recorded: Recorded[Event] = {}
        self.waiting: list[_Waiting[Command, State, Event]] = []
        self.busy = False


class Streams(Generic[Command, State, Event]):
    """All streams of one kind, as this process knows them. Thread-safe."""

    def __init__(
        self,
        store: EventStore,
        decider: Decider[Command, State, Event],
        outboxes: Mapping[str, Sequence[type[Event]]],
    ) -> None:
        """`outboxes` names, for each outbox, the events that are to leave by it."""
        self._store = store
        self._decider = decider
        self._outboxes = outboxes
        self._hot: OrderedDict[str, _Hot[Command, State, Event]] = OrderedDict()
        self._mutex = threading.Lock()

    @property
    def store(self) -> EventStore:
        """Where they are."""
        return self._store

    def execute(
        self, stream: str, command: Command, *, id: str = "", digest: str = "", actor: str = "", trace: str = ""
    ) -> Outcome[State, Event]:
        """Decide the command and make its events durable.

        A command whose `id` is recorded already is answered with what it led to the first time. Raises the decider's
        refusals, `KeyReused` (same id, other `digest`), `StreamBusy` and `StoreUnavailable`.

        Commands of one process for one stream are combined: whoever finds nobody at work decides for all who wait,
        and appends one commit.
        """
        hot = self._hot_stream(stream)
        mine = _Waiting[Command, State, Event](
            command, StoredCommand(id or secrets.token_hex(16), digest, actor), trace, tracing.current.get()
        )
        with hot.mutex:
            hot.waiting.append(mine)
            lead, hot.busy = not hot.busy, True
        if not lead:
            mine.turn.acquire()
        if mine.answer is None:
            self._lead(stream, hot)
        if isinstance(mine.answer, Outcome):
            metrics.command(command, mine.answer.events)
            return mine.answer
        metrics.command(command, mine.answer)
        assert mine.answer is not None
        raise mine.answer

    def execute_all(
        self, jobs: Sequence[tuple[str, Command]], traceparents: Sequence[str] = ()
    ) -> list[Outcome[State, Event] | Exception]:
        """Decide commands of many streams: each one's outcome or refusal, in the same order.

        `traceparents` says of each job which trace it belongs to.
        For reactions to events that come in batches: what is new costs one round trip together. A stream this process
        does not know is taken for new, and decided anew should that be wrong.
        """
        waiting = [
            _Waiting[Command, State, Event](command, StoredCommand(secrets.token_hex(16)), "", traceparent)
            for (_, command), traceparent in zip(jobs, traceparents or [""] * len(jobs), strict=True)
        ]
        by_stream: dict[str, list[_Waiting[Command, State, Event]]] = {}
        for (stream, _), job in zip(jobs, waiting, strict=True):
            by_stream.setdefault(stream, []).append(job)
        self._append_together(by_stream)
        away: Unavailable | None = None  # once the database does not answer, the others need not wait for it too
        for (stream, _), job in zip(jobs, waiting, strict=True):
            if job.answer is None:
                try:
                    with tracing.within(job.traceparent):
                        # By the same id: if the batch is stored and its answer was lost, this is a repeat.
                        job.answer = away or self.execute(stream, job.command, id=job.stored.id)
                except Unavailable as error:
                    job.answer = away = error
                except Exception as refusal:
                    job.answer = refusal
        return [job.answer for job in waiting]  # type: ignore[misc]

    def _append_together(self, by_stream: Mapping[str, list[_Waiting[Command, State, Event]]]) -> None:
        """Answer the commands of all streams whose commit needs no second look; leave the others open."""
        commits, plans = [], []
        for stream, batch in by_stream.items():
            hot = self._hot_stream(stream)
            answers, commit, state, fresh = self._decide(stream, hot.snapshot, hot.recorded, batch)
            if commit is not None and all(isinstance(answer, tuple) for answer in answers):
                commits.append(commit)
                plans.append((hot, batch, answers, Snapshot(state, commit.version, commit.hash), fresh))
        if not commits:
            return
        try:
            with metrics.APPEND_SECONDS.time():
                appended = self._store.append_all(commits)
        except Unsettled:
            return
        for (hot, batch, answers, after, fresh), done in zip(plans, appended, strict=True):
            if done:
                hot.recorded.update(fresh)
                self._advance(hot, after)
                for job, answer in zip(batch, answers, strict=True):
                    job.answer = Outcome(answer, after) if isinstance(answer, tuple) else answer
                    metrics.command(job.command, answer)
                _count_events(fresh)

    def snapshot(self, stream: str, max_age: float = 0.0) -> Snapshot[State]:
        """The stream as the store has it, or as it was at most `max_age` seconds ago. Raises `StoreUnavailable`."""
        hot = self._hot_stream(stream)
        if max_age and time.monotonic() - hot.checked < max_age:
            return hot.snapshot
        return self._catch_up(stream, hot)

    def _hot_stream(self, stream: str) -> _Hot[Command, State, Event]:
        with self._mutex:
            hot = self._hot.get(stream) or self._hot.setdefault(stream, _Hot(self._decider.initial))
            self._hot.move_to_end(stream)
            if len(self._hot) > HOT_STREAMS:
                self._drop_the_coldest()
            return hot

    def _drop_the_coldest(self) -> None:
        for name, hot in self._hot.items():
            if not hot.busy:
                del self._hot[name]
                return

    def _lead(self, stream: str, hot: _Hot[Command, State, Event]) -> None:
        with hot.mutex:
            batch, hot.waiting = hot.waiting, []
        try:
            self._settle(stream, hot, batch)
        except BaseException as error:
            for job in batch:
                job.answer = job.answer or error
        finally:
            with hot.mutex:
                next_leader = hot.waiting[0] if hot.waiting else None
                hot.busy = next_leader is not None
            if next_leader:
                next_leader.turn.release()
            for job in batch[1:]:
                job.turn.release()  # the first of a batch is the one who leads it

    def _settle(
        self, stream: str, hot: _Hot[Command, State, Event], batch: list[_Waiting[Command, State, Event]]
    ) -> None:
        """Answer the whole batch with one append; on a conflict read the tail and decide anew."""
        checked = False
        for attempt in range(ATTEMPTS):
            before = hot.snapshot
            answers, commit, state, fresh = self._decide(stream, before, hot.recorded, batch)
            if commit is not None:
                try:
                    with metrics.APPEND_SECONDS.time():
                        self._store.append(commit)
                except (Conflict, Unsettled) as error:
                    metrics.APPEND_RETRIES.labels(type(error).__name__).inc()
                    log.info("append again", stream=stream, version=commit.version, cause=type(error).__name__)
                    time.sleep(random.uniform(0, min(0.05, 0.002 * attempt)))
                    self._catch_up(stream, hot)
                    continue
                hot.recorded.update(fresh)
                self._advance(hot, Snapshot(state, commit.version, commit.hash))
                _count_events(fresh)
            elif not checked:
                # Nothing to append, so no version check: a refusal must not rest on a state others have moved on from.
                checked = True
                if self._catch_up(stream, hot).version != before.version:
                    continue
            for job, answer in zip(batch, answers, strict=True):
                job.answer = Outcome(answer, hot.snapshot) if isinstance(answer, tuple) else answer
            return
        raise StreamBusy()

    def _decide(
        self,
        stream: str,
        before: Snapshot[State],
        recorded: Recorded[Event],
        batch: list[_Waiting[Command, State, Event]],
    ) -> tuple[list[tuple[Event, ...] | Exception], Commit | None, State, Recorded[Event]]:
        """Each job's events or refusal, the commit that makes them true, the state after it, what it records."""
        answers: list[tuple[Event, ...] | Exception] = []
        stored: list[StoredEvent] = []
        commands: list[StoredCommand] = []
        traceparents: list[str] = []
        leaving: set[str] = set()
        fresh: Recorded[Event] = {}
        state = before.state
        for job in batch:
            known = recorded.get(job.stored.id) or fresh.get(job.stored.id)
            if known:
                answers.append(known[1] if known[0] == job.stored.digest else KeyReused())
                continue
            try:
                events = tuple(self._decider.decide(job.command, state))
            except Exception as refusal:
                answers.append(refusal)
                continue
            answers.append(events)
            if not events:
                continue
            for event in events:
                state = self._decider.evolve(state, event)
                stored.append(StoredEvent(type(event).__name__, converter.unstructure(event), len(commands)))
                leaving.update(outbox for outbox, types in self._outboxes.items() if type(event) in types)
            commands.append(job.stored)
            traceparents.append(job.traceparent)
            fresh[job.stored.id] = (job.stored.digest, events)
        if not stored:
            return answers, None, state, fresh
        trace = next((job.trace for job in batch if job.trace), "")
        version, outboxes = before.version + 1, sorted(leaving)
        commit = Commit(
            *(stream, version, stored, commands, _now(), trace, outboxes),
            previous=before.hash,
            traceparents=traceparents,
        )
        return answers, sealed(commit), state, fresh

    def _catch_up(self, stream: str, hot: _Hot[Command, State, Event]) -> Snapshot[State]:
        before, asked = hot.snapshot, time.monotonic()
        try:
            tail = self._store.read(stream, after=before.version)
        except PyMongoError as error:
            raise StoreUnavailable() from error
        state = before.state
        for commit in tail:
            state = self._fold(state, commit, hot.recorded)
        if tail:
            self._advance(hot, Snapshot(state, tail[-1].version, tail[-1].hash))
        hot.checked = asked
        return hot.snapshot

    def _fold(self, state: State, commit: Commit, recorded: Recorded[Event]) -> State:
        events = self._decider.recorded(commit)
        for event in events:
            state = self._decider.evolve(state, event)
        for index, command in enumerate(commit.commands):
            mine = tuple(e for e, stored in zip(events, commit.events, strict=True) if stored.command == index)
            recorded[command.id] = (command.digest, mine)
        return state

    def _advance(self, hot: _Hot[Command, State, Event], after: Snapshot[State]) -> None:
        with hot.mutex:
            if after.version > hot.snapshot.version:
                hot.snapshot = after


def _count_events(fresh: Recorded[Event]) -> None:
    for _, events in fresh.values():
        for event in events:
            metrics.EVENTS.labels(type(event).__name__).inc()


def _now() -> datetime:
    """This instant as the database keeps it: to the millisecond."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
