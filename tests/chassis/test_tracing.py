"""The name of a trace, from a request to what it leads to, whether or not anybody records traces."""

import pipeline
import pytest
from structlog.testing import capture_logs

from services.chassis import chain, tracing
from services.chassis.cloud_event import decode, encode
from services.chassis.config import Env
from services.chassis.event_store import EventStore
from services.chassis.outbox import Topic
from services.chassis.routes import public
from services.kernel import tokens
from services.kernel.app import make_app
from services.kernel.tokens import Verifier

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"
OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@pytest.fixture
def client(tmp_path):
    tokens.make_keys(tmp_path)
    verifier = Verifier((tmp_path / "token_public.pem").read_text())
    app = make_app("ticketing", verifier, [], {}, "MPP test")

    @app.get("/ticketing/api/trace")
    @public
    def trace():
        return {"traceparent": tracing.current.get()}

    return app.test_client()


def test_a_request_belongs_to_the_trace_that_it_names(client):
    assert client.get("/ticketing/api/trace", headers={"traceparent": GIVEN}).json["traceparent"] == GIVEN


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "nonsense",
        GIVEN.upper(),
        GIVEN + "-more",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"01{GIVEN[2:]}",
        "00-\u0663",
    ],
)
def test_what_is_no_traceparent_begins_a_trace_that_is_called_as_the_request(client, odd):
    answer = client.get("/ticketing/api/trace", headers={"traceparent": odd} if odd.isascii() else {})
    made = answer.json["traceparent"]
    assert tracing.valid(made)
    assert tracing.trace_of(made) == answer.headers["X-Request-Id"]


def test_a_request_id_that_can_be_no_traces_name_is_kept_beside_it(client):
    answer = client.get("/ticketing/api/trace", headers={"X-Request-Id": "my-request-1"})
    assert answer.headers["X-Request-Id"] == "my-request-1"
    assert tracing.valid(answer.json["traceparent"])


def test_nothing_of_a_trace_is_left_when_its_request_is_over(client):
    client.get("/ticketing/api/trace", headers={"traceparent": GIVEN})
    assert tracing.current.get() == ""


def test_a_log_line_names_the_trace_that_it_belongs_to():
    with tracing.within(GIVEN):
        assert tracing.told(None, "info", {"event": "done"}) == {"event": "done", "trace": TRACE}
    assert tracing.told(None, "info", {"event": "done"}) == {"event": "done"}


def test_each_command_of_a_commit_keeps_its_own_trace(store: EventStore):
    counting = pipeline.counting(store)
    counting.execute_all([("pekalongan", pipeline.Count())] * 2, [GIVEN, OTHER])
    (commit,) = store.read("pekalongan")
    assert [commit.traceparent(index) for index in range(2)] == [GIVEN, OTHER]


def test_a_trace_changes_no_hash_and_one_that_nobody_knows_leaves_no_mark(store: EventStore, database):
    with tracing.within(GIVEN):
        pipeline.counting(store).execute("pekalongan", pipeline.Count())
    pipeline.counting(store).execute("pekalongan", pipeline.Count())
    commits = store.read("pekalongan")
    assert chain.first_misfit(commits) is None
    assert TRACE.encode() not in chain.canonical(commits[0])
    assert [("traceparents" in kept) for kept in database["commits"].find().sort("version")] == [True, False]
    assert commits[1].traceparent(0) == ""


def test_an_event_takes_its_trace_along_in_a_header_that_other_programs_know(store, kafka_settings):
    sent = []

    class Listening(Topic):
        def __init__(self):
            self._publish, self._waiting = pipeline.publish, sent

    with tracing.within(GIVEN):
        pipeline.counting(store).execute("pekalongan", pipeline.Count())
    pipeline.counting(store).execute("pekalongan", pipeline.Count())
    topic = Listening()
    for commit in store.read("pekalongan"):
        topic.deliver(commit)
    traced, untraced = topic._waiting
    _, value, headers = encode(traced)
    assert ("traceparent", GIVEN.encode()) in headers
    assert decode(value, headers).traceparent == GIVEN
    assert "traceparent" not in dict(encode(untraced)[2])


@pytest.mark.parametrize("odd", [b"nonsense", b"\xff\xfe", b""])
def test_an_event_whose_trace_is_none_is_read_without_it(odd):
    event = decode(b'{"a": 1}', [*HEADERS, ("traceparent", odd)])
    assert (event.traceparent, event.data) == ("", {"a": 1})


HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"a@1.0"),
    ("ce_source", b"/test"),
    ("ce_type", b"test"),
    ("ce_time", b"2026-11-24T02:20:36+00:00"),
]


def test_whoever_wants_traces_and_lacks_the_extra_is_told_so_at_the_start(monkeypatch, capsys):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr(tracing, "is_possible", lambda: False)
    with pytest.raises(SystemExit):
        Env().check()
    assert "setting OTEL_EXPORTER_OTLP_ENDPOINT: needs the extra 'traces'" in capsys.readouterr().err


def test_without_recording_nothing_of_opentelemetry_is_loaded():
    import subprocess
    import sys

    code = "import services.ticketing.worker, services.ticketing.app, sys; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_log_of_a_request_names_its_trace(client):
    with capture_logs(processors=[tracing.told]) as lines:
        client.post("/ticketing/api/trace", headers={"traceparent": GIVEN})
    assert {line["trace"] for line in lines} == {TRACE}
