"""A collector of traces, as OpenTelemetry's own would be: what processes send to it by OTLP."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as collector


class Collector:
    """Takes spans as OTLP over HTTP, and remembers them: process, name, trace, own id, parent."""

    def __init__(self) -> None:
        self.spans = spans = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                asked = collector.ExportTraceServiceRequest.FromString(body)
                for resource in asked.resource_spans:
                    name = {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"]
                    for scope in resource.scope_spans:
                        spans.extend(
                            (name, s.name, s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex())
                            for s in scope.spans
                        )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
