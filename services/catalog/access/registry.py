"""The parts of access in one process: accounts, sessions, signing in, enrolment of second factors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.catalog.access.accounts import Accounts
from services.catalog.access.attempts import Attempts
from services.catalog.access.enrolment import Enrolment
from services.catalog.access.sessions import Sessions
from services.catalog.access.sign_in import SignIn
from services.chassis.event_store import EventStore
from services.chassis.seal import Seal


@dataclass(frozen=True)
class Registry:
    """Access in this process; `public_url` is the address that passkeys are bound to, empty where none is set."""

    accounts: Accounts
    sessions: Sessions
    sign_in: SignIn
    enrolment: Enrolment
    public_url: str


def make_registry(
    store: EventStore,
    private_pem: str,
    provider: str,
    seal: Seal,
    local_words: Callable[[], Iterable[str]],
    public_url: str,
) -> Registry:
    """Return the parts, on one store and with one key to sign with; without a key, signing in is refused."""
    accounts, attempts = Accounts(store, private_pem, provider, seal, local_words), Attempts(store.database)
    sessions = Sessions(accounts, store.database, private_pem)
    sign_in = SignIn(accounts, sessions, attempts, private_pem)
    enrolment = Enrolment(accounts, sessions, sign_in, attempts)
    return Registry(accounts, sessions, sign_in, enrolment, public_url)
