"""The gateway's certificate: good for its hosts, unable to sign, from an authority that can sign for these hosts alone.

Clients are OpenSSL's (Python's `ssl`), with its strict checks.
"""

import datetime
import ipaddress
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy import certificates, make_secrets

HOSTS = ["antrean.example", "192.168.1.10"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_secrets.make(tmp_path / "secrets", HOSTS)
    return tmp_path / "secrets"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere/ca"


@pytest.fixture
def renewable(tmp_path: Path, elsewhere: Path) -> Path:
    make_secrets.make(tmp_path / "renewable", HOSTS, elsewhere)
    return tmp_path / "renewable"


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.Extension:
    return certificate.extensions.get_extension_for_class(kind)


def connect(ca: Path, certificate: Path, key: Path, host: str) -> None:
    """A TLS handshake with a server that has this certificate. Raises `SSLError` where the client refuses it."""
    client = ssl.create_default_context(cafile=str(ca))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert not ends


@pytest.mark.parametrize("host", ["antrean.example", "192.168.1.10", "localhost", "127.0.0.1"])
def test_clients_that_trust_the_authority_accept_the_certificate(folder: Path, host: str):
    connect(folder / "tls_ca.pem", folder / "tls_cert.pem", folder / "tls_key.pem", host)


@pytest.mark.parametrize("host", ["bank.example", "10.0.0.1", "example"])
def test_certificate_is_refused_for_another_host(folder: Path, host: str):
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        connect(folder / "tls_ca.pem", folder / "tls_cert.pem", folder / "tls_key.pem", host)


def test_certificate_is_a_leaf_for_tls_servers(folder: Path):
    certificate = read(folder / "tls_cert.pem")
    constraints = extension(certificate, x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    usage = extension(certificate, x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert not usage.value.crl_sign
    assert list(extension(certificate, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    names = extension(certificate, x509.SubjectAlternativeName).value
    assert {"antrean.example", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    assert {"192.168.1.10", "127.0.0.1"} == {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}
    assert certificate.issuer == read(folder / "tls_ca.pem").subject != certificate.subject


def test_authority_signs_for_the_given_hosts_alone(folder: Path):
    authority = read(folder / "tls_ca.pem")
    constraints = extension(authority, x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = extension(authority, x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, True, False)
    allowed = extension(authority, x509.NameConstraints)
    assert allowed.critical
    assert {x509.DNSName("antrean.example"), x509.DNSName("localhost")} <= set(allowed.value.permitted_subtrees)
    assert {one.value for one in allowed.value.permitted_subtrees if isinstance(one, x509.IPAddress)} == {
        ipaddress.ip_network("192.168.1.10/32"),
        ipaddress.ip_network("127.0.0.1/32"),
    }


def test_key_of_the_authority_is_not_kept(folder: Path):
    authority = read(folder / "tls_ca.pem").public_key()
    keys = [file for file in folder.iterdir() if b"PRIVATE KEY" in file.read_bytes()]
    assert keys
    for file in keys:
        assert serialization.load_pem_private_key(file.read_bytes(), None).public_key() != authority


def signed(folder: Path, host: x509.GeneralName, issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
    """A certificate for this host, made with a stolen key; its own key is beside it."""
    own, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "made.key").write_bytes(own.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password))
    (folder / "made.pem").write_bytes(certificate.public_bytes(encoding) + issuer.public_bytes(encoding))
    return folder / "made.pem"


def test_stolen_key_of_the_gateway_signs_nothing(folder: Path, tmp_path: Path):
    key = serialization.load_pem_private_key((folder / "tls_key.pem").read_bytes(), None)
    made = signed(tmp_path, x509.DNSName("antrean.example"), read(folder / "tls_cert.pem"), key)
    with pytest.raises(ssl.SSLCertVerificationError, match="invalid CA"):
        connect(folder / "tls_ca.pem", made, tmp_path / "made.key", "antrean.example")


@pytest.mark.parametrize("host", ["bank.example", "10.0.0.1", "::1"])
def test_stolen_key_of_the_authority_signs_for_no_other_host(renewable, elsewhere, tmp_path: Path, host: str):
    key = serialization.load_pem_private_key((elsewhere / "tls_ca_key.pem").read_bytes(), None)
    try:
        name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        name = x509.DNSName(host)
    made = signed(tmp_path, name, read(elsewhere / "tls_ca.pem"), key)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        connect(elsewhere / "tls_ca.pem", made, tmp_path / "made.key", host)


def test_kept_authority_renews_a_certificate_that_devices_accept(renewable: Path, elsewhere: Path):
    trusted, before = (renewable / "tls_ca.pem").read_bytes(), (renewable / "tls_cert.pem").read_bytes()
    for name in ("tls_cert.pem", "tls_key.pem"):
        (renewable / name).unlink()
    make_secrets.make(renewable, HOSTS, elsewhere)
    assert (renewable / "tls_cert.pem").read_bytes() != before
    assert (renewable / "tls_ca.pem").read_bytes() == trusted
    connect(elsewhere / "tls_ca.pem", renewable / "tls_cert.pem", renewable / "tls_key.pem", "antrean.example")


def test_key_of_a_kept_authority_is_readable_by_its_owner_alone(renewable: Path, elsewhere: Path):
    assert stat.S_IMODE((elsewhere / "tls_ca_key.pem").stat().st_mode) == 0o600
    assert not (renewable / "tls_ca_key.pem").exists()


def test_kept_authority_refuses_hosts_it_was_not_made_for(renewable: Path, elsewhere: Path, tmp_path: Path):
    with pytest.raises(certificates.WrongAuthority, match=r"cannot sign for other\.example"):
        make_secrets.make(tmp_path / "other", ["other.example"], elsewhere)


def make_secrets_command(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "deploy.make_secrets", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_command_refuses_to_keep_the_authority_with_the_secrets(tmp_path: Path):
    done = make_secrets_command(tmp_path / "secrets", "--ca", tmp_path / "secrets/ca")
    assert done.returncode == 2
    assert "must be outside" in done.stderr
    assert not (tmp_path / "secrets").exists()


def test_command_warns_of_a_certificate_that_can_sign_others(folder: Path):
    assert "can sign certificates" not in make_secrets_command(folder).stdout
    (folder / "tls_cert.pem").write_bytes((folder / "tls_ca.pem").read_bytes())  # as earlier versions made it
    assert "trust tls_ca.pem in its place" in make_secrets_command(folder).stdout


def test_command_warns_of_provider_settings_that_are_not_read_any_more(folder: Path):
    (folder / "oidc.env").write_text("OIDC_CLIENT_SECRET=x")
    assert "oidc_client_secret" in make_secrets_command(folder).stdout
