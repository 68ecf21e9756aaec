"""`make secrets`: every key and password that docker-compose.yml needs, each in a file; what is there stays.

    python -m deploy.make_secrets FOLDER [--host NAME_OR_ADDRESS]…

The folder is shut (0700); the files in it can be read by all (0644), because each container reads its own under a user
id of its own. To change a password, delete its file, run this again and then `docker compose up -d --force-recreate`.
"""

import argparse
import base64
import datetime
import ipaddress
import os
import secrets
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.chassis import tokens

SERVICES = ("catalog", "ticketing", "notifications")
PASSWORDS = (*(f"{server}_{user}" for server in ("kafka", "mongo") for user in ("admin", *SERVICES)), "grafana_admin")
VALID = datetime.timedelta(days=825)  # the longest that phones of all makes accept
JAAS = """\
// The administrator, on the two listeners that only the broker's own container reaches; users of SCRAM on the others.
internal.KafkaServer {{
  org.apache.kafka.common.security.plain.PlainLoginModule required
    username="admin" password="{password}" user_admin="{password}";
}};
controller.KafkaServer {{
  org.apache.kafka.common.security.plain.PlainLoginModule required
    username="admin" password="{password}" user_admin="{password}";
}};
client.KafkaServer {{
  org.apache.kafka.common.security.scram.ScramLoginModule required;
}};
agencies.KafkaServer {{
  org.apache.kafka.common.security.scram.ScramLoginModule required;
}};
"""


def make(folder: Path, hosts: list[str]) -> None:
    """Write what is missing. `hosts` are the names and addresses of a new certificate, beside this machine's own."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    tokens.make_keys(folder)
    for name in PASSWORDS:
        _write(folder / name, secrets.token_urlsafe(24))
    for name in ("contacts_keys", "access_keys"):
        _write(folder / name, secrets.token_urlsafe(32))
    _write(folder / "mongo_keyfile", base64.b64encode(secrets.token_bytes(512)).decode())
    jaas = folder / "kafka_jaas"
    jaas.write_text(JAAS.format(password=(folder / "kafka_admin").read_text()))
    _make_certificate(folder, hosts)
    for file in folder.iterdir():
        file.chmod(0o644)


def _write(file: Path, text: str) -> None:
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.write(text)


def _make_certificate(folder: Path, hosts: list[str]) -> None:
    """Sign a certificate with its own key, unless one was made or given."""
    key_file, certificate_file = folder / "tls_key.pem", folder / "tls_cert.pem"
    if key_file.exists() or certificate_file.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MPP queue")])
    names = dict.fromkeys([*hosts, socket.gethostname(), "localhost", "127.0.0.1"])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks in a LAN differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    _write(key_file, key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password).decode())
    _write(certificate_file, certificate.public_bytes(encoding).decode())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.make_secrets", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", action="append", default=[], help="a name or address people reach this machine by")
    given = parser.parse_args()
    make(given.folder, [host for text in given.host for host in text.split(",") if host])
    print(f"{given.folder} holds what docker compose needs. Keep the folder shut, and a copy of it in a safe place.")


if __name__ == "__main__":
    main()
