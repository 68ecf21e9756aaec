"""Gateways against a real server on this machine, which refuses, breaks off, is slow, or says no in its own way."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from services.chassis.config import Env
from services.notifications.sms.gateways.by_apprise import AppriseGateway
from services.notifications.sms.gateways.gateway import CertainlyNotSent, Rejected, Text
from services.notifications.sms.gateways.http import HttpGateway, Misdescribed, described
from services.notifications.sms.gateways.providers import PROVIDERS
from services.notifications.sms.gateways.settings import gateways

PHONE = "+6281277114455"
TEXT = Text("ref-1", PHONE, "MPP Kota Pekalongan: nomor B-012 & kawan", "http://mpp.test/reports/one")
SETTINGS = {
    "username": "mpp",
    "password": "s3cret",
    "sender": "MPPPKL",
    "userkey": "uk",
    "passkey": "pk",
    "account": "AC1",
    "token": "tok",
    "key": "k-1",
    "subaccount": "sub1",
}


@dataclass
class Provider:
    """A provider's server: what it is asked, and how it answers."""

    url: str
    asked: list[dict] = field(default_factory=list)
    status: int = 200
    body: object = None
    breaks_off: bool = False
    waits: threading.Event | None = None


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider("")

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            query = dict(parse_qsl(parts.query))
            found.asked.append({"path": parts.path, "query": query, "headers": dict(self.headers), "body": body})
            if found.waits:
                found.waits.wait(10)
            if found.breaks_off:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            answer = json.dumps(found.body).encode() if found.body is not None else b"0: Accepted for delivery"
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    if found.waits:
        found.waits.set()
    server.shutdown()
    server.server_close()
    thread.join()


def gateway(name: str, url: str, **options: float) -> HttpGateway:
    return HttpGateway(PROVIDERS[name], {**SETTINGS, "url": url}, **options)


# What each provider answers when it takes a text, and its own id for it.
YES = {
    "kannel": (202, None, ""),
    "zenziva": (200, {"messageId": 77, "to": "0812", "status": "1", "text": "Success"}, "77"),
    "twilio": (201, {"sid": "SM1", "status": "queued"}, "SM1"),
    "infobip": (200, {"messages": [{"messageId": "m1", "status": {"groupName": "PENDING"}}]}, "m1"),
    "8x8": (200, {"umid": "u1", "status": {"state": "queued"}}, "u1"),
}
# What each says when it never will.
NO = {
    "kannel": (400, None),
    "twilio": (400, {"code": 21614, "message": "not a mobile number"}),
    "infobip": (200, {"messages": [{"messageId": "m1", "status": {"groupName": "REJECTED"}}]}),
    "8x8": (200, {"umid": "u1", "status": {"state": "rejected"}}),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_that_takes_a_text_answers_with_its_own_id(provider, name):
    provider.status, provider.body, own_id = YES[name]
    assert gateway(name, provider.url).send(TEXT) == own_id
    assert len(provider.asked) == 1


@pytest.mark.parametrize("name", NO)
def test_what_a_provider_will_never_take_is_rejected(provider, name):
    provider.status, provider.body = NO[name]
    with pytest.raises(Rejected):
        gateway(name, provider.url).send(TEXT)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_wrong_password_or_a_provider_out_of_order_has_certainly_sent_nothing(provider, name, status):
    provider.status = status
    with pytest.raises(CertainlyNotSent) as told:
        gateway(name, provider.url).send(TEXT)
    assert not isinstance(told.value, Rejected)


def test_zenziva_says_no_with_a_status_of_its_own(provider):
    provider.body = {"status": "5", "text": "Userkey / Passkey Salah"}
    with pytest.raises(CertainlyNotSent):
        gateway("zenziva", provider.url).send(TEXT)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("status", [500, 502, 504, 302])
def test_an_answer_that_can_mean_anything_leaves_it_open(provider, name, status):
    provider.status = status
    with pytest.raises(RuntimeError):
        gateway(name, provider.url).send(TEXT)


@pytest.mark.parametrize("name", ["zenziva", "twilio", "infobip", "8x8"])
def test_a_yes_without_the_word_for_it_leaves_it_open(provider, name):
    provider.status, provider.body = YES[name][0], ["?"]
    with pytest.raises(RuntimeError):
        gateway(name, provider.url).send(TEXT)


def test_a_provider_that_cannot_be_reached_has_certainly_sent_nothing():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(CertainlyNotSent, match="unreachable"):
            gateway("kannel", f"http://127.0.0.1:{nobody.getsockname()[1]}").send(TEXT)


def test_a_provider_whose_certificate_is_nothing_has_certainly_sent_nothing(provider):
    with pytest.raises(CertainlyNotSent, match="tls"):
        gateway("kannel", provider.url.replace("http:", "https:")).send(TEXT)
    assert provider.asked == []


def test_a_connection_that_breaks_after_the_text_was_read_leaves_it_open(provider):
    provider.breaks_off = True
    with pytest.raises(ConnectionError):
        gateway("kannel", provider.url).send(TEXT)
    assert len(provider.asked) == 1, "and it is not asked again"


def test_a_provider_that_does_not_answer_in_time_leaves_it_open(provider):
    provider.waits = threading.Event()
    with pytest.raises(TimeoutError):
        gateway("kannel", provider.url, connect_seconds=0.1, read_seconds=0.1).send(TEXT)
    assert len(provider.asked) == 1


def test_kannel_is_asked_by_a_query_with_the_address_for_reports(provider):
    provider.status = 202
    gateway("kannel", provider.url).send(TEXT)
    (asked,) = provider.asked
    assert asked["path"] == "/cgi-bin/sendsms"
    assert asked["query"] == {
        "username": "mpp",
        "password": "s3cret",
        "from": "MPPPKL",
        "to": "6281277114455",
        "text": TEXT.text,
        "dlr-mask": "19",
        "dlr-url": TEXT.report_url,
    }


def test_what_stands_in_an_address_is_escaped(provider):
    own = described(
        json.dumps({"url": provider.url + "/{to}?isi={text}", "method": "GET", "query": {"r": "{reference}"}})
    )
    HttpGateway(own, {}).send(TEXT)
    assert (provider.asked[0]["path"], provider.asked[0]["query"]) == (
        f"/{PHONE.replace('+', '%2B')}",
        {"isi": TEXT.text, "r": "ref-1"},
    )


def test_twilio_is_asked_by_a_form_and_a_password(provider):
    provider.status, provider.body, _ = YES["twilio"]
    gateway("twilio", provider.url).send(TEXT)
    (asked,) = provider.asked
    form = dict(parse_qsl(asked["body"]))
    assert asked["path"] == "/2010-04-01/Accounts/AC1/Messages.json"
    assert form == {"To": PHONE, "From": "MPPPKL", "Body": TEXT.text, "StatusCallback": TEXT.report_url}
    assert base64.b64decode(asked["headers"]["Authorization"].removeprefix("Basic ")) == b"AC1:tok"


def test_infobip_is_asked_in_json_and_without_what_is_not_there(provider):
    provider.body = YES["infobip"][1]
    gateway("infobip", provider.url).send(Text("ref-1", PHONE, "Halo"))
    (asked,) = provider.asked
    assert asked["headers"]["Authorization"] == "App k-1"
    assert json.loads(asked["body"]) == {
        "messages": [{"sender": "MPPPKL", "destinations": [{"to": "6281277114455"}], "content": {"text": "Halo"}}]
    }


OWN = {
    "url": "{host}/kirim",
    "headers": {"X-Api-Key": "{api_key}"},
    "form": {"nomor": "{to_local}", "isi": "{text}", "trxid": "{reference}"},
    "settings": ["host", "api_key"],
    "words": {"path": "hasil", "accepted": ["ok"], "rejected": ["tolak"]},
    "id": "id",
}


def test_a_gateway_can_be_described_in_a_file(provider, tmp_path, monkeypatch):
    file = tmp_path / "gateway.json"
    file.write_text(json.dumps(OWN | {"url": "{host}/kirim"}).replace("{host}", provider.url))
    monkeypatch.setenv("SMS_GATEWAY", "http")
    monkeypatch.setenv("SMS_HTTP_FILE", str(file))
    monkeypatch.setenv("SMS_HTTP_HOST", provider.url)
    (tmp_path / "key").write_text("rahasia\n")
    monkeypatch.setenv("SMS_HTTP_API_KEY_FILE", str(tmp_path / "key"))
    env = Env()
    (chosen,) = gateways(env)
    env.check()
    provider.body = {"hasil": "ok", "id": 9}
    assert chosen.make().send(TEXT) == "9"
    (asked,) = provider.asked
    assert asked["headers"]["X-Api-Key"] == "rahasia"
    assert dict(parse_qsl(asked["body"])) == {"nomor": "081277114455", "isi": TEXT.text, "trxid": "ref-1"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "{host}/{tujuan}"}, "there is no {tujuan}"),
        ({"url": "ftp://x"}, "url must be http"),
        ({"url": "https://user:secret@x/{host}"}, "without spaces, a user"),
        ({"url": "https://x/?text={text} {to}"}, "without spaces"),
        ({"acepted": [200]}, "acepted"),
        ({"accepted": ["yes"]}, "accepted"),
        ({"form": {"to": "{to"}}, "expected '}'"),
    ],
)
def test_a_description_that_cannot_be_used_says_why(change, says):
    with pytest.raises(Misdescribed, match=says):
        described(json.dumps({**OWN, "url": "https://x/{host}", **change}))


def test_everything_that_is_wrong_with_the_settings_is_told_at_once(monkeypatch, capsys, tmp_path):
    (tmp_path / "gateway.json").write_text("{")
    for name, value in {
        "SMS_GATEWAY": "kannel",
        "SMS_GATEWAY_SECOND": "http",
        "SMS_KANNEL_URL": "kannel:13013",
        "SMS_HTTP_FILE": str(tmp_path / "gateway.json"),
        "SMS_RATE": "0",
    }.items():
        monkeypatch.setenv(name, value)
    env = Env()
    gateways(env)
    with pytest.raises(SystemExit):
        env.check()
    told = capsys.readouterr().err
    for name in ("SMS_KANNEL_URL", "SMS_KANNEL_USERNAME", "SMS_KANNEL_PASSWORD", "SMS_HTTP_FILE", "SMS_RATE"):
        assert f"setting {name}: " in told


def test_apprise_that_is_not_installed_is_told_at_the_start(monkeypatch, capsys):
    monkeypatch.setattr("services.notifications.sms.gateways.settings.is_installed", lambda: False)
    monkeypatch.setenv("SMS_GATEWAY", "apprise")
    monkeypatch.setenv("SMS_APPRISE_URL", "json://localhost/{to_digits}")
    env = Env()
    gateways(env)
    with pytest.raises(SystemExit):
        env.check()
    assert "setting SMS_GATEWAY: the package is not there: pip install apprise" in capsys.readouterr().err


def test_apprise_carries_a_text_and_leaves_open_what_it_cannot_tell(provider):
    address = provider.url.replace("http://", "json://") + "/{to_digits}"
    assert AppriseGateway(address).send(TEXT) == ""
    (asked,) = provider.asked
    assert (asked["path"], json.loads(asked["body"])["message"]) == ("/6281277114455", TEXT.text)
    provider.status = 503
    with pytest.raises(RuntimeError):
        AppriseGateway(address).send(TEXT)


def test_nothing_of_a_text_or_of_its_gateway_is_logged(provider, caplog):
    caplog.set_level("DEBUG")
    provider.status = 202
    gateway("kannel", provider.url).send(TEXT)
    assert [record.name for record in caplog.records if "81277114455" in record.getMessage()] == []
    assert "s3cret" not in caplog.text
