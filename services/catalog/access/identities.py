"""By which name a provider knows people: kept beside the store, as passwords are, so that it can be erased."""

from collections.abc import Mapping

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from services.chassis.errors import Refused
from services.chassis.event_store import Document


class AlreadyLinked(Refused):
    """Another account is linked to this person."""


class Identities:
    """Which account is whose, at one provider and by one of its claims; those of another provider count for nothing."""

    def __init__(self, database: Database[Document], provider: str) -> None:
        self._identities = database["identities"]
        self._provider = provider
        self._indexed = False

    def keep(self, account: str, known_as: str) -> None:
        """Keep whose account it is, instead of an earlier one. Raises `AlreadyLinked`."""
        if not self._indexed:
            self._identities.create_index([("provider", 1), ("known_as", 1)], unique=True)
            self._indexed = True
        said = {"provider": self._provider, "known_as": known_as}
        try:
            self._identities.update_one({"_id": account}, {"$set": said}, upsert=True)
        except DuplicateKeyError:
            raise AlreadyLinked() from None

    def erase(self, account: str) -> None:
        """Forget whose account it is."""
        self._identities.delete_one({"_id": account})

    def account(self, known_as: str) -> str:
        """The account of whom the provider knows by this name; empty if there is none."""
        found = self._identities.find_one({"provider": self._provider, "known_as": known_as})
        return found["_id"] if found else ""

    def all(self) -> Mapping[str, str]:
        """The name of each, by account."""
        return {found["_id"]: found["known_as"] for found in self._identities.find({"provider": self._provider})}
