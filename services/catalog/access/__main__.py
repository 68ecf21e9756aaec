"""Accounts on the command line: `python -m services.catalog.access create --name ratna --role administrator`.

The password is read from the file given with `--password-file`, from MPP_PASSWORD, or from the standard input.
"""

import argparse
import getpass
import os
import sys
from pathlib import Path

from services.catalog.access.people import Registry
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.errors import Problem
from services.chassis.event_store import EventStore, connect
from services.chassis.tokens import ROLES, SCOPES


def main() -> None:
    """Create an account, or give one a new password; exit 1 with the reason if it is refused."""
    arguments = _arguments()
    env = Env()
    settings = Settings.from_env(env, "catalog")
    env.check()
    configure_logging("catalog-access", settings.log_level)
    registry, password = Registry(EventStore(connect(settings.mongo_url, settings.database))), _password(arguments)
    try:
        if arguments.command == "create":
            scope = {place: code for place in SCOPES if (code := getattr(arguments, place))}
            registry.create(arguments.name, password, arguments.role, scope, actor="command line")
        else:
            found = registry.people().named(arguments.name)
            registry.set_password(found.id if found else "", password, actor="command line")
    except Problem as problem:
        print(f"refused: {problem.reason}. {problem.__doc__}", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"{arguments.name} can sign in")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.catalog.access", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="a new account")
    create.add_argument("--role", choices=ROLES, required=True)
    for place in SCOPES:
        create.add_argument(f"--{place}")
    password = commands.add_parser("password", help="another password for an account")
    for command in (create, password):
        command.add_argument("--name", required=True)
        command.add_argument("--password-file", type=Path)
    return parser.parse_args()


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_file:
        return str(arguments.password_file.read_text()).strip()
    if given := os.environ.get("MPP_PASSWORD"):
        return given
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().strip()


if __name__ == "__main__":
    main()
