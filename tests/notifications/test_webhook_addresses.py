"""Where a webhook may lead: never inside, whatever name, number or certificate stands before it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.chassis.config import Env
from services.notifications.exchange import _in_turns, trusted
from services.notifications.webhooks import post as posting
from services.notifications.webhooks.addresses import Gate, InternalAddress, InvalidUrl, UnknownHost
from services.notifications.webhooks.post import post

INSIDE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "169.254.169.254", "169.254.170.2", "168.63.129.16", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::1", "3fff::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1"),
]
OUTSIDE = [
    *("8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1"),
    *("2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_let_through(address):
    assert not Gate().lets_through(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_is(address):
    assert Gate().lets_through(ip_address(address))


def test_an_operator_can_allow_the_network_of_the_mall_and_nothing_else_inside():
    gate = Gate((ip_network("192.168.7.0/24"),))
    assert gate.lets_through(ip_address("192.168.7.20"))
    assert gate.lets_through(ip_address("::ffff:192.168.7.20"))
    assert not any(map(gate.lets_through, map(ip_address, ("192.168.8.1", "127.0.0.1", "169.254.169.254"))))


@pytest.mark.parametrize(
    "url",
    [
        "http://agency.example/",
        "ftp://agency.example/",
        "file:///etc/passwd",
        "gopher://agency.example/",
        "javascript:alert(1)",
        "agency.example/hook",
        "https://",
        "https:///hook",
        "https://user@agency.example/",
        "https://user:pass@agency.example/",
        "https://agency.example#@127.0.0.1/",
        "https://agency.example\\@127.0.0.1/",
        "https://agency.example:22/",
        "https://agency.example:25/",
        "https://agency.example:0/",
        "https://agency.example:65536/",
        "https://agency.example:port/",
        "https://agency.example/a b",
        "https://agency.example/\r\nX-Evil: 1",
        "https://agency.example/\u00e9",
        "https://ag\u2024ency.example/",
        "https://[fe80::1%25eth0]/",
        "https://[nonsense]/",
        "https://-agency.example/",
        "https://agency.example/" + "x" * 500,
    ],
)
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(InvalidUrl):
        Gate().target(url)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "017700000001", "0", "localhost", "[::1]"])
def test_other_ways_to_write_an_address_inside_lead_nowhere(host):
    gate = Gate()
    with pytest.raises((InternalAddress, UnknownHost)):
        gate.addresses(gate.target(f"https://{host}/"))


def names(*addresses: str):
    def look_up(host, port, type):
        return [(socket.AF_INET, type, 6, "", (address, port)) for address in addresses]

    return look_up


def whole(connection: socket.socket) -> bytes:
    """A request with the body `{}`, however it comes."""
    said = b""
    while not said.endswith(b"{}"):
        said += connection.recv(4000)
    return said


def test_a_name_that_leads_inside_among_others_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", names("8.8.8.8", "10.0.0.7"))
    with pytest.raises(InternalAddress):
        Gate().addresses(Gate().target("https://agency.example/"))


def test_a_name_that_changes_after_it_was_judged_is_judged_again_and_nothing_is_sent(monkeypatch):
    gate, url = Gate(http=True), "http://agency.example:8080/"
    monkeypatch.setattr(socket, "getaddrinfo", names("8.8.8.8"))
    gate.addresses(gate.target(url))
    monkeypatch.setattr(socket, "getaddrinfo", names("169.254.169.254"))
    attempt = post(gate, url, {}, b"{}")
    assert (attempt.came, attempt.answer) == ("address", "internal-address")


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    """The name is looked up once for each attempt: a second look could find another address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port, looks = server.getsockname()[1], []
        real = socket.getaddrinfo

        def look_up(host, *rest, **more):
            looks.append(host)
            return real("127.0.0.1" if host == "agency.example" else host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        said = []

        def answer() -> None:
            connection, _ = server.accept()
            said.append(whole(connection))
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        gate = Gate((ip_network("127.0.0.0/8"),), http=True)
        assert post(gate, f"http://agency.example:{port}/hook?x=1", {}, b"{}").delivered
        thread.join()
    assert looks.count("agency.example") == 1
    assert set(looks) <= {"agency.example", "127.0.0.1"}
    assert said[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert f"Host: agency.example:{port}\r\n".encode() in said[0]


BOTH = Gate((ip_network("127.0.0.0/8"), ip_network("::1/128")), http=True)


@contextmanager
def listening(address: str, port: int = 0, connections: int = 1, answers: bool = True) -> Iterator[tuple[int, list]]:
    """A server on a real socket that answers each request with success, or takes nothing from its backlog."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family, backlog=connections if answers else 0) as server:
        said: list[bytes] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    said.append(whole(connection))
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        if answers:
            threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], said
        if answers:
            server.shutdown(socket.SHUT_RDWR)


def resolved(*addresses: str):
    """A look-up that answers with these addresses, in this order; and the names that were looked up."""
    looked_up: list[str] = []

    def look_up(host, port, type):
        looked_up.append(host)
        return [(None, type, 6, "", (address, port)) for address in addresses]

    return look_up, looked_up


@pytest.mark.parametrize(
    ("dead", "alive"), [("::1", "127.0.0.1"), ("127.0.0.1", "::1"), ("127.0.0.2", "127.0.0.1")], ids=str
)
def test_next_judged_address_is_tried_where_the_first_refuses(monkeypatch, dead, alive):
    with listening(alive) as (port, said):
        look_up, looked_up = resolved(dead, alive)
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        attempt = post(BOTH, f"http://agency.example:{port}/hook", {}, b"{}")
    assert (attempt.came, looked_up, len(said)) == ("delivered", ["agency.example"], 1)
    assert f"Host: agency.example:{port}\r\n".encode() in said[0]
    assert attempt.millis < 2000


@contextmanager
def silent(address: str, port: int = 0) -> Iterator[int]:
    """A port where no connection comes about, as behind a firewall that drops: its backlog is full."""
    with listening(address, port, answers=False) as (port, _), ExitStack() as held:
        for _ in range(4):
            filler = held.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield port


def test_next_judged_address_is_tried_beside_one_that_does_not_answer(monkeypatch):
    with silent("::1") as port, listening("127.0.0.1", port) as (_, said):
        monkeypatch.setattr(socket, "getaddrinfo", resolved("::1", "127.0.0.1")[0])
        attempt = post(BOTH, f"http://agency.example:{port}/", {}, b"{}")
    assert (attempt.came, len(said)) == ("delivered", 1)
    assert 200 <= attempt.millis < 2500, "after a quarter of a second, not after the time limit"


def test_all_addresses_together_have_one_time_limit(monkeypatch):
    monkeypatch.setattr(posting, "CONNECTING", 1.0)
    with silent("::1") as port, silent("127.0.0.1", port), silent("127.0.0.2", port):
        monkeypatch.setattr(socket, "getaddrinfo", resolved("::1", "127.0.0.1", "127.0.0.2")[0])
        attempt = post(BOTH, f"http://agency.example:{port}/", {}, b"{}")
    assert attempt.came == "timeout"
    assert 900 <= attempt.millis < 3000


def test_server_with_dead_addresses_alone_is_unreachable(monkeypatch):
    with listening("127.0.0.1") as (port, said):
        monkeypatch.setattr(socket, "getaddrinfo", resolved("::1", "127.0.0.2")[0])
        attempt = post(BOTH, f"http://agency.example:{port}/", {}, b"{}")
    assert (attempt.came, attempt.answer, said) == ("unreachable", "ConnectionRefusedError", [])


def test_no_address_is_tried_where_one_of_them_is_inside(monkeypatch):
    gate = Gate((ip_network("127.0.0.0/8"),), http=True)
    with listening("127.0.0.1") as (port, said):
        monkeypatch.setattr(socket, "getaddrinfo", resolved("127.0.0.1", "::1")[0])
        attempt = post(gate, f"http://agency.example:{port}/", {}, b"{}")
    assert (attempt.came, said) == ("address", [])


def test_families_of_addresses_take_turns():
    given = ["2606::1", "2606::2", "2606::3", "8.8.8.8", "8.8.4.4"]
    assert list(_in_turns(given)) == ["2606::1", "8.8.8.8", "2606::2", "8.8.4.4", "2606::3"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority, and a certificate of `localhost` by it."""
    folder, now = tmp_path_factory.mktemp("tls"), datetime.now(UTC)

    def certificate(name, key, issuer, issuer_key, ca, alternative=None):
        def named(n):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)])

        made = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if alternative:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(alternative)]), critical=False)
        return made.sign(issuer_key, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(certificate("root", root, "root", root, True).public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    chain = certificate("localhost", own, "root", root, False, "localhost").public_bytes(pem)
    (folder / "own.pem").write_bytes(own.private_bytes(pem, *form) + chain)
    return folder


@pytest.fixture
def tls_server(authority):
    """A server that speaks TLS as `localhost` and answers whatever comes with success; the names it was asked as."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "own.pem")
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
                with context.wrap_socket(connection, server_side=True) as secure:
                    whole(secure)
                    secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    trusted.cache_clear()
    yield server.getsockname()[1], asked
    trusted.cache_clear()
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def test_the_certificate_must_be_of_the_name_while_the_address_is_the_judged_one(monkeypatch, authority, tls_server):
    port, asked = tls_server
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "root.pem"))
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))
    gate = Gate((ip_network("127.0.0.0/8"),))
    assert post(gate, f"https://localhost:{port}/", {}, b"{}").delivered
    assert post(gate, f"https://agency.example:{port}/", {}, b"{}").came == "tls"
    assert asked == ["localhost", "agency.example"]


def test_a_certificate_of_nobody_we_trust_is_refused(tls_server):
    port, _ = tls_server
    attempt = post(Gate((ip_network("127.0.0.0/8"),)), f"https://localhost:{port}/", {}, b"{}")
    assert (attempt.came, attempt.answer) == ("tls", "CERTIFICATE_VERIFY_FAILED")


def test_a_wrong_setting_is_told_at_the_start(monkeypatch, capsys):
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", "192.168.0.0/16,rumah")
    env = Env()
    Gate.from_env(env)
    with pytest.raises(SystemExit):
        env.check()
    assert "rumah" in capsys.readouterr().err


def test_nothing_inside_is_allowed_unless_somebody_says_so(monkeypatch):
    monkeypatch.delenv("WEBHOOK_ALLOWED_NETWORKS", raising=False)
    monkeypatch.delenv("WEBHOOK_HTTP", raising=False)
    assert Gate.from_env(Env()) == Gate((), False)
