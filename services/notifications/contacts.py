"""Phone numbers: the one place that holds them, erased by deleting, and by itself after the business day."""

import re
from datetime import UTC, datetime, timedelta

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from pymongo.database import Database

from services.chassis.errors import Invalid
from services.chassis.event_store import Document
from services.chassis.seal import Seal

DIALLED = re.compile(r"[0-9+() ./-]+", re.ASCII)
# A ticket's business day is over by then. Erasure when the purpose is over: UU 27/2022 articles 43 and 44.
KEPT = timedelta(hours=24)


class InvalidPhone(Invalid):
    """This is no Indonesian mobile number."""


def parse(text: str) -> str:
    """An Indonesian mobile number in any usual form, as E.164 (`+62812…`). Raises `InvalidPhone`."""
    dialled = text.strip()
    if not DIALLED.fullmatch(dialled):
        raise InvalidPhone()  # a letter typed for a digit would be dropped, and the text reach somebody else
    # libphonenumber knows 00 only behind an operator's digit, people dial it alone.
    international = f"+{dialled[2:]}" if dialled.startswith("00") else dialled
    if dialled.lstrip("+").startswith("62") and not dialled.startswith("+"):
        international = f"+{dialled}"
    try:
        number = phonenumbers.parse(international, "ID")
    except phonenumbers.NumberParseException:
        raise InvalidPhone() from None
    mobile = phonenumbers.number_type(number) == PhoneNumberType.MOBILE
    if number.country_code != 62 or not mobile or not phonenumbers.is_valid_number(number):
        raise InvalidPhone()
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def masked(phone: str) -> str:
    """Return a number as it may be shown and recorded: `+62****90`.

    Two digits tell a visitor's numbers apart; more would narrow those of one operator to a few. Of a number that an
    earlier release masked less (`+62812****890`) it returns the same.
    """
    return f"+62****{phone[-2:]}"


def counted(phone: str, day: str) -> str:
    """Return what is hashed to count the tickets of a day (`20261124`) for which a number is texted."""
    return f"{phone}\n{day}\n"


class Contacts:
    """Which number belongs to which ticket or booking."""

    def __init__(self, database: Database[Document], seal: Seal | None = None) -> None:
        self._contacts, self._seal = database["contacts"], seal or Seal()
        self._indexed = False

    def keep(self, ticket_id: str, phone: str, until: datetime | None = None) -> None:
        """Keep a number for a ticket, for a day or, if that is later, until then.

        What it is counted by is part of the document and is erased with it.
        """
        if not self._indexed:
            self._contacts.create_index("expires_at", expireAfterSeconds=0)
            self._contacts.create_index("marks")
            self._indexed = True
        now = datetime.now(UTC)
        days = {f"{now:%Y%m%d}", ticket_id.partition("-")[0]}
        marks = sorted(self._seal.marks(counted(phone, day))[0] for day in days)
        kept = {**self._seal.close("phone", phone), "marks": marks, "expires_at": max(until or now, now + KEPT)}
        self._contacts.replace_one({"_id": ticket_id}, kept, upsert=True)

    def count_texted(self, ticket_id: str) -> int:
        """Record that the number of a ticket is texted; return for how many tickets and bookings it is, this included.

        The most of two counts: of those for which it was left on the same day (UTC), and of those for the same
        business day. Only what exists is texted, so made-up codes do not count. 0 where no number is kept.
        """
        self._contacts.update_one({"_id": ticket_id}, {"$set": {"texted": True}})  # before it counts: none is missed
        kept = self._contacts.find_one({"_id": ticket_id}, {"marks": 1}) or {}
        counts = (self._contacts.count_documents({"marks": mark, "texted": True}) for mark in kept.get("marks", []))
        return max(counts, default=0)

    def find(self, ticket_id: str) -> str | None:
        """The number of a ticket, while it is kept."""
        found = self._contacts.find_one({"_id": ticket_id, "expires_at": {"$gt": datetime.now(UTC)}})
        return self._seal.open("phone", found) if found else None

    def of_day(self, day: str) -> list[str]:
        """The tickets and bookings of a day (`20261124`) for which a number is kept."""
        return [str(found["_id"]) for found in self._contacts.find({"_id": {"$regex": f"^{day}-"}}, {"_id": 1})]

    def erase(self, ticket_id: str) -> bool:
        """Forget the number of a ticket; whether there was one."""
        return self._contacts.delete_one({"_id": ticket_id}).deleted_count > 0

    def erase_number(self, phone: str) -> int:
        """Forget a number (E.164) wherever it was left; for how many tickets it was."""
        theirs = [kept["_id"] for kept in self._contacts.find() if self._seal.open("phone", kept) == phone]
        return self._contacts.delete_many({"_id": {"$in": theirs}}).deleted_count
