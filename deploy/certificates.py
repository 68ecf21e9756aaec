"""A certificate for the gateway, signed by a certificate authority (CA) that can sign for the given hosts only.

Devices trust the CA. The gateway holds the certificate that it signed, which can sign nothing. The CA's key is never
in the folder that is deployed: it is not kept, or kept in a folder elsewhere for renewals.
"""

import datetime
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = datetime.timedelta(days=825)  # the longest that phones of all makes accept
CA_VALID = datetime.timedelta(days=3650)  # of a CA whose key is kept
CA_FILE, CA_KEY_FILE = "tls_ca.pem", "tls_ca_key.pem"
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

Key = ec.EllipticCurvePrivateKey


class WrongAuthority(Exception):
    """The CA in the folder cannot sign for these hosts; the message says what to do."""


def issue(hosts: Sequence[str], ca_folder: Path | None = None) -> tuple[str, str, str]:
    """Return a certificate for `hosts`, its key, and the certificate of the CA that signed it, each as PEM.

    With `ca_folder` the CA is taken from there, or made and kept there, so that devices which trust it accept the next
    certificate too. Raises `WrongAuthority` if that CA has expired or was not made for all of `hosts`.
    """
    now = datetime.datetime.now(datetime.UTC)
    if ca_folder is None:
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca = _authority(ca_key, hosts, now, VALID)
    else:
        ca, ca_key = _kept_authority(ca_folder, hosts, now)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(key, "MPP queue", now, min(now + VALID, ca.not_valid_after_utc))
        .issuer_name(ca.subject)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key), _pem(ca)


def can_sign_others(certificate: bytes) -> bool:
    """Return whether this certificate (PEM) is a CA's, as those of earlier versions were. False for anything else."""
    try:
        extensions = x509.load_pem_x509_certificate(certificate).extensions
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound):
        return False


def _kept_authority(folder: Path, hosts: Sequence[str], now: datetime.datetime) -> tuple[x509.Certificate, Key]:
    file, key_file = folder / CA_FILE, folder / CA_KEY_FILE
    if not file.exists() and not key_file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        ca = _authority(key, hosts, now, CA_VALID)
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.write(_key_pem(key))
        file.write_text(_pem(ca))
        return ca, key
    ca, loaded = (
        x509.load_pem_x509_certificate(file.read_bytes()),
        serialization.load_pem_private_key(key_file.read_bytes(), password=None),
    )
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.public_key() != ca.public_key():
        raise WrongAuthority(f"{key_file} is not the key of {file}.")
    allowed = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    if missing := [host for host in hosts if _constraint(host) not in allowed]:
        raise WrongAuthority(
            f"The CA in {folder} cannot sign for {', '.join(missing)}. Name another folder; devices then have to trust "
            "its tls_ca.pem."
        )
    if ca.not_valid_after_utc <= now:
        raise WrongAuthority(f"The CA in {folder} has expired. Name another folder; devices then have to trust it.")
    return ca, loaded


def _authority(key: Key, hosts: Sequence[str], now: datetime.datetime, valid: datetime.timedelta) -> x509.Certificate:
    """Make a CA whose certificates are accepted for TLS servers under `hosts` alone (RFC 5280, 4.2.1.10)."""
    allowed = list(dict.fromkeys(_constraint(host) for host in hosts))
    builder = _builder(key, f"MPP queue CA {now:%Y-%m-%d %H:%M}", now, now + valid)
    return (
        builder.issuer_name(x509.Name([_common_name(f"MPP queue CA {now:%Y-%m-%d %H:%M}")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign"), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(key: Key, name: str, now: datetime.datetime, until: datetime.datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([_common_name(name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks in a LAN differ
        .not_valid_after(until)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _common_name(text: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(NameOID.COMMON_NAME, text)


def _usage(only: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage == only for usage in USAGES})


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _constraint(host: str) -> x509.GeneralName:
    """A host as a name constraint: an address alone, a name with what is below it."""
    try:
        return x509.IPAddress(ipaddress.ip_network(host))
    except ValueError:
        return x509.DNSName(host.removeprefix("*."))


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: Key) -> str:
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password).decode()
