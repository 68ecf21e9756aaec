"""The journal of this domain: an event belongs to the agencies that it names, to all if it names none."""

from typing import ClassVar

from services.chassis import journal

AGENCIES = ("agency", "from_agency")  # fields of an event's data that say whose it is


class Journal(journal.Journal):
    """Numbers events and returns those of an agency. Entries hold their agencies under the name they always had."""

    OWNERS: ClassVar[tuple[str, ...]] = AGENCIES
    OWNERS_AS: ClassVar[str] = "agencies"
