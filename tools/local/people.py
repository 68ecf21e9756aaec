"""Who works at the local mall: accounts, tokens and the pages they open, all told in credentials.json."""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

MALL = "pekalongan"
# Who can sign in, with the passwords of `credentials.json`.
USERS = {
    "admin": {"role": "administrator"},
    "supervisor": {"role": "supervisor", "mall": MALL},
    "auditor": {"role": "auditor", "mall": MALL},
    "g02": {"role": "operator", "mall": MALL, "counter": "G02"},
    "dukcapil": {"role": "agency", "mall": MALL, "agency": "DUKCAPIL"},
}


class Running(Protocol):
    """What is needed of the running system."""

    @property
    def url(self) -> str:
        """The gateway's address."""

    def token(self, role: str, **scope: str) -> str:
        """Return an access token."""

    def ask(self, url: str, body: Any = None, token: str = "", method: str = "") -> Any:
        """Send a request, and return its JSON."""


Users = dict[str, dict[str, str]]  # password, role and scope by user name


def users_of_an_earlier_run(file: Path) -> Users:
    """The accounts whose passwords are known still."""
    with suppress(OSError, ValueError):
        return dict(json.loads(file.read_text()).get("users", {}))
    return {}


def make_accounts(system: Running, users: Users) -> None:
    """An account for each role, unless an earlier run made it; one whose password is lost gets another."""
    administrator = system.token("administrator")
    accounts = f"{system.url}/catalog/api/access/accounts"
    known = {one["name"]: one["id"] for one in system.ask(accounts, token=administrator)["accounts"]}
    for name, access in USERS.items():
        if name in known and name in users:
            continue
        password = secrets.token_urlsafe(12)
        if name in known:
            system.ask(f"{accounts}/{known[name]}/password", {"password": password}, administrator, "PUT")
        else:
            system.ask(accounts, {"name": name, "password": password, **access}, administrator)
        users[name] = {"password": password, **access}


def tokens_and_pages(system: Running) -> dict[str, Any]:
    """Tokens for every role and counter, and the pages they open."""
    counters = [c["code"] for c in system.ask(f"{system.url}/catalog/api/malls/{MALL}")["counters"]]
    operators = {code: system.token("operator", mall=MALL, counter=code) for code in counters}
    supervisor, administrator = system.token("supervisor", mall=MALL), system.token("administrator")
    device = system.token("device", mall=MALL)
    staff = f"{system.url}/ticketing/malls/{MALL}"
    return {
        "supervisor": supervisor,
        "administrator": administrator,
        "operators": operators,
        "device": device,
        "pages": {
            "home": f"{system.url}/",
            "sign in": f"{system.url}/catalog/sign-in",
            "access": f"{system.url}/catalog/access",
            "directory": f"{system.url}/catalog/malls/{MALL}",
            "kiosk": f"{staff}/kiosk#token={device}",
            "hall": f"{staff}/hall#token={device}",
            "phone": f"{staff}/take",
            "booking": f"{staff}/book",
            "supervisor": f"{staff}/supervisor#token={supervisor}",
            "administration": f"{system.url}/catalog/malls/{MALL}/admin#token={administrator}",
            "statistics": f"{staff}/statistics#token={supervisor}",
            "message log": f"{system.url}/notifications/messages#token={supervisor}",
            "API": f"{system.url}/ticketing/api/docs",
            **{f"counter {code}": f"{staff}/counters/{code}#token={token}" for code, token in operators.items()},
        },
    }


def keep(file: Path, credentials: dict[str, Any]) -> None:
    """Write them down, for the owner of the data alone."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump(credentials, output, indent=2)
