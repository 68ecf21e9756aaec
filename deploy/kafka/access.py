"""Kafka's topics, its users and what each of them may do: told here, made so by `prepare`, which is safe to run again.

    python -m deploy.kafka.access prepare           topics, and a user for each service (passwords from files)
    python -m deploy.kafka.access agency DUKCAPIL   a user for an agency; prints its password, once; again: a new one
    python -m deploy.kafka.access remove DUKCAPIL   takes the agency's user and rights away

What is not allowed here is denied (StandardAuthorizer). `KAFKA_…` says where the administrator signs in, `SECRETS` in
which folder the passwords of the services lie.
"""

import argparse
import os
import re
import secrets
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    NewTopic,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, NoError, TopicAlreadyExistsError
from services.chassis.broker import LARGE, Kafka
from services.chassis.config import Env

SERVICES = ("catalog", "ticketing", "notifications")
PUBLIC = tuple(f"mpp.{service}" for service in SERVICES)  # no personal data is in them: agencies may read them
ACCESS = "mpp.access"  # what was revoked, from catalog to the other services: no agency reads it
DAY = 24 * 60 * 60 * 1000  # ms
RETENTION = 30 * DAY  # the services' stores keep everything for longer; see `replay`
ATTEMPTS = 5
ITERATIONS = 4096  # Kafka's own least; the passwords are random and long
AGENCY = re.compile(r"[A-Z][A-Z0-9-]{1,31}")  # as the catalogue writes codes, but no dot: it ends the group's prefix


@dataclass(frozen=True)
class Right:
    """That a user may do something with a topic or a consumer group, or with all whose names begin so."""

    kind: ResourceType
    name: str
    operation: ACLOperation
    prefix: bool = False


def rights_of_service(name: str) -> set[Right]:
    """It writes its own topics, dead letters included; it reads what all publish, in groups of its own name."""
    revocations = ACLOperation.WRITE if name == "catalog" else ACLOperation.READ
    return {
        *(Right(ResourceType.TOPIC, topic, ACLOperation.READ) for topic in PUBLIC),
        Right(ResourceType.TOPIC, ACCESS, revocations),
        Right(ResourceType.TOPIC, f"mpp.{name}", ACLOperation.WRITE),
        Right(ResourceType.TOPIC, dead_letters(name), ACLOperation.WRITE),
        Right(ResourceType.GROUP, name, ACLOperation.READ, prefix=True),
    }


def rights_of_agency(code: str) -> set[Right]:
    """It reads what is published, in groups whose names begin with `agency-CODE.`, and nothing else."""
    return {
        *(Right(ResourceType.TOPIC, topic, ACLOperation.READ) for topic in PUBLIC),
        Right(ResourceType.GROUP, f"{agency_user(code)}.", ACLOperation.READ, prefix=True),
    }


def dead_letters(service: str) -> str:
    """The topic in which a service parks what it cannot read."""
    return f"mpp.{service}.dead-letters"


def agency_user(code: str) -> str:
    """The name under which an agency signs in."""
    return f"agency-{code.lower()}"


def settings_of_topics(replication: int) -> dict[str, dict[str, str]]:
    """Each topic, with how long it keeps its events and how many copies must have one before it counts as written."""
    usual = {"retention.ms": str(RETENTION), "min.insync.replicas": str(max(1, replication - 1))}
    parked = usual | {"max.message.bytes": str(LARGE)}
    return dict.fromkeys((*PUBLIC, ACCESS), usual) | {dead_letters(service): parked for service in SERVICES}


class Administration:
    """Kafka as its administrator sees it. Every method may be called again."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._admin = KafkaAdminClient(
            bootstrap_servers=list(kafka.bootstrap), bootstrap_timeout_ms=30000, **kafka.login.options()
        )

    def __enter__(self) -> "Administration":
        return self

    def __exit__(self, *_: object) -> None:
        self._admin.close()

    def make_topics(self) -> None:
        """Make what is missing; the settings of what is there follow. Partitions stay: another number breaks order."""
        settings, there = settings_of_topics(self._kafka.replication), set(self._admin.list_topics())
        for name, configs in settings.items():
            if name not in there:
                try:
                    new = NewTopic(name, self._kafka.partitions, self._kafka.replication, topic_configs=configs)
                    self._admin.create_topics([new])
                except TopicAlreadyExistsError:
                    pass
        self._admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, configs=configs) for name, configs in settings.items()],
            raise_on_unknown=False,  # the client knows no setting of a topic before it was set once
        )

    def set_user(self, name: str, password: str, rights: Iterable[Right]) -> None:
        """A user with this password and exactly these rights."""
        self._alter(UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_512, password, ITERATIONS))
        self._set_rights(name, set(rights))

    def remove_user(self, name: str) -> None:
        """No such user, and no right of its name."""
        self._set_rights(name, set())
        if self._admin.describe_user_scram_credentials([name])[name]["credential_infos"]:
            self._alter(UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512))

    def rights_of(self, name: str) -> set[Right]:
        """What a user may do."""
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        found, error = self._admin.describe_acls(
            ACLFilter(f"User:{name}", "*", ACLOperation.ANY, ACLPermissionType.ANY, everything)
        )
        _must_be_well(error)
        return {
            Right(
                acl.resource_pattern.resource_type,
                acl.resource_pattern.resource_name,
                acl.operation,
                acl.resource_pattern.pattern_type == ACLResourcePatternType.PREFIXED,
            )
            for acl in found
        }

    def _set_rights(self, name: str, wanted: set[Right]) -> None:
        given = self.rights_of(name)
        if more := wanted - given:
            for error in self._admin.create_acls([_acl(ACL, name, right) for right in more])["failed"]:
                _must_be_well(error)
        if less := given - wanted:
            for _, _, error in self._admin.delete_acls([_acl(ACLFilter, name, right) for right in less]):
                _must_be_well(error)

    def _alter(self, change: Any) -> None:
        for user, error in self._admin.alter_user_scram_credentials([change]).items():
            if error:
                raise KafkaError(f"{user}: {error}")


def _acl(kind: Any, name: str, right: Right) -> Any:
    pattern = ACLResourcePatternType.PREFIXED if right.prefix else ACLResourcePatternType.LITERAL
    resource = ResourcePattern(right.kind, right.name, pattern)
    return kind(f"User:{name}", "*", right.operation, ACLPermissionType.ALLOW, resource)


def _must_be_well(error: Any) -> None:
    """Raise what a single change ended with: kafka-python gives its class, `NoError` too."""
    if error is not NoError:
        raise error()


def prepare(administration: Administration, passwords: Path) -> None:
    """Topics, and a user for each service, whose password lies in the file `kafka_SERVICE`."""
    administration.make_topics()
    for service in SERVICES:
        password = (passwords / f"kafka_{service}").read_text().strip()
        administration.set_user(service, password, rights_of_service(service))
    print(f"Kafka has its topics and the users {', '.join(SERVICES)}.")


def add_agency(administration: Administration, code: str) -> str:
    """A user for an agency, or a new password for the one it has; the password, which nobody can read again."""
    password = secrets.token_urlsafe(24)
    administration.set_user(agency_user(code), password, rights_of_agency(code))
    return password


def _code(text: str) -> str:
    if not AGENCY.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no agency's code: capitals, digits and hyphens, as in DUKCAPIL")
    return text


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka.access", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="make the topics, and a user for each service")
    commands.add_parser("agency", help="make a user for an agency").add_argument("code", type=_code)
    commands.add_parser("remove", help="take an agency's user away").add_argument("code", type=_code)
    given = parser.parse_args(arguments)
    env = Env()
    kafka = Kafka.from_env(env)
    env.check()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with Administration(kafka) as administration:
                _do(administration, given)
            return
        except (KafkaError, OSError) as error:
            if attempt == ATTEMPTS:
                sys.exit(f"Kafka is not prepared: {error}")
            time.sleep(2)  # it may just be starting; whatever was done already is done again


def _do(administration: Administration, given: argparse.Namespace) -> None:
    match given.command:
        case "prepare":
            prepare(administration, Path(os.environ.get("SECRETS", "/run/secrets")))
        case "agency":
            password, user = add_agency(administration, given.code), agency_user(given.code)
            print(f"user      {user}\npassword  {password}\ngroups    {user}.…\ntopics    {', '.join(PUBLIC)}")
        case "remove":
            administration.remove_user(agency_user(given.code))
            print(f"{agency_user(given.code)} is gone; its open connections end within five minutes.")


if __name__ == "__main__":
    main()
