"""Steps of traces, recorded by OpenTelemetry and sent by OTLP. Imported only where somebody wants that.

Settings are OpenTelemetry's own: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER` and so on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

_beginning: ContextVar[str] = ContextVar("beginning")  # the id of a trace that begins


class _Ids(RandomIdGenerator):
    """A trace that begins with a request has the request's id, so that both are found by one."""

    def generate_trace_id(self) -> int:
        """That of the trace that begins now."""
        return int(_beginning.get(), 16)


class Recorder:
    """Records the steps of this process."""

    def __init__(self, process: str) -> None:
        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: process}), id_generator=_Ids())
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = provider.get_tracer("mpp")

    @contextmanager
    def step(self, name: str, kind: str, parent: str, begun: str, about: Mapping[str, str]) -> Iterator[str]:
        """Record a step; its traceparent."""
        token = _beginning.set(begun)
        try:
            span = self._tracer.start_span(
                name, context=_context(parent), kind=SpanKind[kind.upper()], attributes=dict(about)
            )
        finally:
            _beginning.reset(token)
        made = span.get_span_context()
        with trace.use_span(span, end_on_exit=True):
            yield f"00-{made.trace_id:032x}-{made.span_id:016x}-{int(made.trace_flags):02x}"

    def note(self, about: Mapping[str, str | int]) -> None:
        """Say more about the step that is being done."""
        trace.get_current_span().set_attributes(dict(about))


def _context(parent: str) -> Context:
    if not parent:
        return Context()
    _, trace_id, span_id, flags = parent.split("-")
    remote = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return set_span_in_context(NonRecordingSpan(remote), Context())
