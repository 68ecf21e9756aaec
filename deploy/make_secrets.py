"""`make secrets`: every key and password that docker-compose.yml needs, each in a file; what is there stays.

    python -m deploy.make_secrets FOLDER [--host NAME_OR_ADDRESS]… [--ca FOLDER_ELSEWHERE]

To rotate the key of seals, delete seal_private.pem: its public key stays valid for earlier seals.

The folder is shut (0700); the files in it can be read by all (0644), because each container reads its own under a user
id of its own. To change a password, delete its file, run this again and then `docker compose up -d --force-recreate`.
"""

import argparse
import base64
import os
import secrets
import socket
import sys
from pathlib import Path

from deploy import certificates
from services.chassis import seals
from services.kernel import tokens

SERVICES = ("catalog", "ticketing", "notifications")
PASSWORDS = (
    *(f"{server}_{user}" for server in ("kafka", "mongo") for user in ("admin", *SERVICES)),
    "mongo_eraser",
    "grafana_admin",
)
OLD_CERTIFICATE = """\
{folder}/tls_cert.pem can sign certificates for any host (an earlier version made it). Remove it and tls_key.pem, run
this again, restart the gateway, and on all devices trust tls_ca.pem in its place.
"""
OLD_PROVIDER = """\
{folder}/oidc.env is not read any more: the client secret belongs into {folder}/oidc_client_secret, the other OIDC_…
settings into .env, with COMPOSE_FILE=docker-compose.yml:deploy/oidc.yml (see deploy/example.env). Then remove it.
"""
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


def make(folder: Path, hosts: list[str], ca_folder: Path | None = None) -> None:
    """Write what is missing. `hosts` are the names and addresses of a new certificate, beside this machine's own.

    `ca_folder` is where the key of the certificate authority is kept; without it the key is not kept. Raises
    `WrongAuthority` if that authority cannot sign for `hosts`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    tokens.make_keys(folder)
    seals.make_keys(folder)
    for name in PASSWORDS:
        _write(folder / name, secrets.token_urlsafe(24))
    for name in ("contacts_keys", "access_keys", "visitor_secret"):
        _write(folder / name, secrets.token_urlsafe(32))
    _write(folder / "mongo_keyfile", base64.b64encode(secrets.token_bytes(512)).decode())
    jaas = folder / "kafka_jaas"
    jaas.write_text(JAAS.format(password=(folder / "kafka_admin").read_text()))
    _make_certificate(folder, hosts, ca_folder)
    for file in folder.iterdir():
        file.chmod(0o644)


def _write(file: Path, text: str) -> None:
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.write(text)


def _make_certificate(folder: Path, hosts: list[str], ca_folder: Path | None) -> None:
    """Issue a certificate, unless one was issued or given."""
    certificate_file, key_file = folder / "tls_cert.pem", folder / "tls_key.pem"
    if key_file.exists() or certificate_file.exists():
        return
    names = dict.fromkeys([*hosts, socket.gethostname(), "localhost", "127.0.0.1"])
    certificate, key, ca = certificates.issue(list(names), ca_folder)
    (folder / certificates.CA_FILE).write_text(ca)  # a new one takes the place of the one before
    _write(key_file, key)
    _write(certificate_file, certificate)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.make_secrets", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", action="append", default=[], help="a name or address people reach this machine by")
    parser.add_argument("--ca", type=Path, help="a folder elsewhere, for the key that signs certificates: kept there")
    given = parser.parse_args()
    if given.ca and given.ca.resolve().is_relative_to(given.folder.resolve()):
        parser.error("--ca must be outside the folder of the secrets: the authority's key is not deployed")
    try:
        make(given.folder, [host for text in given.host for host in text.split(",") if host], given.ca)
    except certificates.WrongAuthority as error:
        sys.exit(str(error))
    if certificates.can_sign_others((given.folder / "tls_cert.pem").read_bytes()):
        print(OLD_CERTIFICATE.format(folder=given.folder))
    if (given.folder / "oidc.env").exists():
        print(OLD_PROVIDER.format(folder=given.folder))
    print(f"{given.folder} holds what docker compose needs. Keep the folder shut, and a copy of it in a safe place.")


if __name__ == "__main__":
    main()
