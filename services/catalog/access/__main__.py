"""Accounts on the command line: `python -m services.catalog.access create --name ratna --role administrator`.

The password is read from the file given with `--password-file`, from MPP_PASSWORD, or from the standard input.
"""

import argparse
import getpass
import os
import sys
from pathlib import Path

from services.catalog.access.accounts import Accounts
from services.catalog.directory import Malls
from services.chassis.config import Env, Settings, configure_logging
from services.chassis.errors import Problem
from services.chassis.event_store import EventStore, connect
from services.kernel.tokens import ROLES, SCOPES


def main() -> None:
    """Create an account, give one a new password or take its second factor away; exit 1 if it is refused."""
    arguments = _arguments()
    env = Env()
    settings = Settings.from_env(env, "catalog")
    env.check()
    configure_logging("catalog-access", settings.log_level)
    store = EventStore(connect(settings.mongo_url, settings.database))
    try:
        _do(arguments, Accounts(store, local_words=Malls(store).names))
    except Problem as problem:
        print(f"refused: {problem.reason}. {problem.__doc__}", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"{arguments.name} can sign in")


def _do(arguments: argparse.Namespace, accounts: Accounts) -> None:
    if arguments.command == "create":
        scope = {name: code for name in SCOPES if (code := getattr(arguments, name))}
        accounts.create(arguments.name, _password(arguments), arguments.role, scope, actor="command line")
        return
    found = accounts.people().named(arguments.name)
    id = found.id if found else ""
    if arguments.command == "password":
        accounts.set_password(id, _password(arguments), actor="command line")
    else:
        accounts.reset_second_factor(id, actor="command line")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.catalog.access", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="a new account")
    create.add_argument("--role", choices=ROLES, required=True)
    for name in SCOPES:
        create.add_argument(f"--{name}")
    password = commands.add_parser("password", help="another password for an account")
    reset = commands.add_parser("second-factor", help="take the second factor of an account away, for who lost it")
    for command in (create, password, reset):
        command.add_argument("--name", required=True)
    for command in (create, password):
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
