"""Traces: which request led to what, from one process to the next, as W3C's Trace Context names it (`traceparent`).

The name of a trace travels with commits and events whether or not anybody records traces, and log lines carry it. Where
`OTEL_EXPORTER_OTLP_ENDPOINT` is set and the extra `traces` is installed, each step is also recorded by OpenTelemetry.

Source: W3C Trace Context, level 1, section 3.2 (version 00).
"""

import os
import re
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any, Literal

TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

Kind = Literal["server", "consumer", "client", "internal"]

current: ContextVar[str] = ContextVar("traceparent", default="")  # of the step that is being done
_recorder: Any = None  # what records steps; None: nobody


def valid(given: str) -> str:
    """What somebody sent us, if it is a traceparent; otherwise nothing."""
    return given if TRACEPARENT.fullmatch(given) else ""


def trace_of(traceparent: str) -> str:
    """The id of the trace, 32 hexadecimal digits; nothing where there is none."""
    return traceparent[3:35]


@contextmanager
def step(name: str, kind: Kind, parent: str = "", trace: str = "", **about: str) -> Iterator[str]:
    """Do a step of the trace that `parent` belongs to; without one a trace begins, called `trace` if that can be an id.

    Gives the step's traceparent, which is `current` meanwhile. Unrecorded steps are their parent's: nobody would find
    them.
    """
    begun = trace if TRACE_ID.fullmatch(trace) else secrets.token_hex(16)
    if _recorder is not None:
        with _recorder.step(name, kind, parent, begun, about) as traceparent, within(traceparent):
            yield traceparent
        return
    with within(parent or f"00-{begun}-{secrets.token_hex(8)}-00") as traceparent:
        yield traceparent


@contextmanager
def within(traceparent: str) -> Iterator[str]:
    """Go on with a step that was begun elsewhere."""
    token = current.set(traceparent)
    try:
        yield traceparent
    finally:
        current.reset(token)


def note(**about: str | int) -> None:
    """Say more about the step that is being done, to whoever records it."""
    if _recorder is not None:
        _recorder.note({name.replace("__", "."): value for name, value in about.items()})


def told(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log line with the id of its trace."""
    if traceparent := current.get():
        line["trace"] = trace_of(traceparent)
    return line


def is_wanted() -> bool:
    """Whether the environment names somebody to send traces to."""
    return any(os.environ.get(name) for name in ENDPOINTS)


def is_possible() -> bool:
    """Whether the extra `traces` is installed."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ImportError:
        return False


def record(process: str) -> None:
    """From now on send the steps of this process to where `OTEL_…` says, if that is wanted. Not before a fork."""
    global _recorder
    if is_wanted() and is_possible():
        from services.chassis.otel import Recorder

        _recorder = Recorder(process)
