"""nginx with the settings of the compose deployment, in front of processes that die: who is asked again, and who not.

Only names and ports differ: a name server of the test stands in for Docker's.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gateways import PROGRAMS, Names, compose_gateway
from servers import free_port
from waiting import eventually

from deploy import make_secrets

DIES, LIVES = "127.0.0.61", "127.0.0.62"
MANY = 40  # requests, each of which nginx gives to one of the two by chance


class Process(threading.Thread):
    """A process of a service at an address: it answers with it, or closes the connection over the first request."""

    def __init__(self, address: str, port: int, *, dies: bool) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, port))
        self.address, self.dies = address, dies
        self.heard: list[bytes] = []

    def run(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    self.heard.append(connection.recv(10_000))
                    if not self.dies:
                        body = self.address.encode()
                        head = b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
                        connection.sendall(head + body)


class Gateway:
    """nginx in front of two processes, the first of which dies over each request."""

    def __init__(self, program: str, folder: Path) -> None:
        self.names = Names(DIES)
        service = free_port()
        self.dying, self.living = Process(DIES, service, dies=True), Process(LIVES, service, dies=False)
        for process in (self.dying, self.living):
            process.start()
        self.running = compose_gateway(program, folder, self.names, service)

    def __enter__(self) -> "Gateway":
        self.url = f"http://127.0.0.1:{self.running.__enter__()}"
        return self

    def __exit__(self, *_: object) -> None:
        self.running.__exit__(None, None, None)
        for one in (self.names.socket, self.dying.listener, self.living.listener):
            one.close()


@pytest.fixture(params=PROGRAMS.values(), ids=PROGRAMS)
def gateway(request, tmp_path) -> Iterator[Gateway]:
    with Gateway(request.param, tmp_path) as found:
        yield found


def test_a_request_with_a_key_is_asked_again_of_another_process(gateway: Gateway):
    gateway.names.addresses = (DIES, LIVES)
    for number in range(MANY):
        body = {"service": f"S{number}"}
        answer = httpx.post(f"{gateway.url}/ticketing/api/x", json=body, headers={"Idempotency-Key": "k" * 22})
        assert (answer.status_code, answer.text) == (201, LIVES)
        assert f"S{number}".encode() in gateway.living.heard[-1]
        assert b"POST /ticketing/api/x HTTP/1.1" in gateway.living.heard[-1]
    assert gateway.dying.heard, "the one that dies was asked first at least once"
    assert len(gateway.dying.heard) < MANY, "and the other one too"


def test_a_request_without_a_key_may_have_been_done_and_is_not_asked_again(gateway: Gateway):
    answer = httpx.post(f"{gateway.url}/ticketing/api/x", json={})
    assert (answer.status_code, answer.json()["reason"]) == (502, "service-down")
    assert len(gateway.dying.heard) == 1
    gateway.names.addresses = (DIES, LIVES)
    keyed = {"Idempotency-Key": "k" * 22}
    asked = f"{gateway.url}/ticketing/api/x"
    assert eventually(lambda: httpx.post(asked, json={}, headers=keyed).status_code == 201), "the names are read again"
    before = len(gateway.living.heard)
    answers = [httpx.post(f"{gateway.url}/ticketing/api/x", json={}).status_code for _ in range(MANY)]
    assert set(answers) == {201, 502}
    assert len(gateway.living.heard) - before == answers.count(201)


def test_where_nobody_else_is_a_request_with_a_key_is_refused_in_our_words(gateway: Gateway):
    answer = httpx.post(f"{gateway.url}/ticketing/api/x", json={}, headers={"Idempotency-Key": "k" * 22})
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.text)["reason"] == "service-down"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k" * 22}])
def test_a_body_that_is_too_large_is_refused_in_our_words_with_or_without_a_key(gateway: Gateway, headers):
    answer = httpx.post(f"{gateway.url}/ticketing/api/x", content=b"x" * 70_000, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (413, "too-large")
    assert not gateway.dying.heard


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_https_is_accepted_by_clients_that_trust_the_authority(program: str, tmp_path: Path):
    make_secrets.make(tmp_path / "secrets", [])
    tls_port, names = free_port(), Names(LIVES)
    changes = {
        "listen 8443": f"listen 127.0.0.1:{tls_port}",
        "/run/secrets/tls_cert": str(tmp_path / "secrets/tls_cert.pem"),
        "/run/secrets/tls_key": str(tmp_path / "secrets/tls_key.pem"),
    }
    trusting = ssl.create_default_context(cafile=str(tmp_path / "secrets/tls_ca.pem"))
    with compose_gateway(program, tmp_path / "nginx", names, free_port(), changes, "https") as port:
        assert httpx.get(f"https://localhost:{tls_port}/livez", verify=trusting).text == "ok\n"
        refused = httpx.get(f"https://127.0.0.1:{tls_port}/catalog/x", verify=trusting)
        assert (refused.status_code, refused.json()["reason"]) == (502, "service-down")
        with pytest.raises(httpx.ConnectError, match="certificate"):
            httpx.get(f"https://localhost:{tls_port}/livez")
        assert "Strict-Transport-Security" not in refused.headers, "port 8443 is not the one that HSTS means"
        moved = httpx.get(f"http://127.0.0.1:{port}/catalog/x?y=1")
        assert (moved.status_code, moved.headers["Location"]) == (308, "https://127.0.0.1:8443/catalog/x?y=1")
        for path in ("/ticketing/api/malls/pekalongan/events", "/catalog/api/session", "/ticketing/live/malls/x/hall"):
            refused = httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer x"})
            assert (refused.status_code, refused.json()["reason"]) == (403, "needs-https"), path
        assert httpx.get(f"http://127.0.0.1:{port}/ticketing/api/docs").status_code == 308, "a page for people"


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_answer_of_the_gateway_has_the_headers_of_service_answers(program: str, tmp_path: Path):
    make_secrets.make(tmp_path / "secrets", [])
    changes = {
        "listen 8443": f"listen 127.0.0.1:{free_port()}",
        "/run/secrets/tls_cert": str(tmp_path / "secrets/tls_cert.pem"),
        "/run/secrets/tls_key": str(tmp_path / "secrets/tls_key.pem"),
    }
    answers = []
    with compose_gateway(program, tmp_path / "http", Names(LIVES), free_port()) as port:
        answers += [httpx.get(f"http://127.0.0.1:{port}{path}") for path in ("/metrics", "/livez", "/catalog/x")]
    with compose_gateway(program, tmp_path / "https", Names(LIVES), free_port(), changes, "https") as port:
        answers += [httpx.get(f"http://127.0.0.1:{port}{path}") for path in ("/livez", "/", "/catalog/api/me")]
    assert [answer.status_code for answer in answers] == [404, 200, 502, 200, 308, 403]
    for headers in (answer.headers for answer in answers):
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(headers["Content-Security-Policy"].split("; "))
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert len(headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_usual_tls_port_announces_hsts_for_a_year_and_subdomains(program: str, tmp_path: Path):
    make_secrets.make(tmp_path / "secrets", [])
    tls_port = free_port()
    changes = {
        "listen 8443": f"listen 127.0.0.1:{tls_port}",
        "/run/secrets/tls_cert": str(tmp_path / "secrets/tls_cert.pem"),
        "/run/secrets/tls_key": str(tmp_path / "secrets/tls_key.pem"),
        "$scheme $https_port": "$scheme 443",  # what the container writes for MPP_HTTPS_PORT=443
    }
    trusting = ssl.create_default_context(cafile=str(tmp_path / "secrets/tls_ca.pem"))
    with compose_gateway(program, tmp_path / "nginx", Names(LIVES), free_port(), changes, "https"):
        for path in ("/livez", "/metrics", "/catalog/x"):
            answer = httpx.get(f"https://localhost:{tls_port}{path}", verify=trusting)
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path
