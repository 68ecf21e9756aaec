"""Tables of the occasions of texts: how long each is worth sending, and in which status of the ticket it holds."""

from collections.abc import Mapping
from datetime import timedelta

from services.notifications.domain.correspondence.state import Standing
from services.notifications.domain.events import Kind, What

# A later text is worse than none: the next visitor has been called, or this one is at the counter already.
WORTH_SENDING: Mapping[Kind, timedelta] = {
    "issued": timedelta(hours=1),
    "approaching": timedelta(minutes=10),
    "called": timedelta(minutes=10),
    "recalled": timedelta(minutes=5),
    "transferred": timedelta(minutes=15),
    "missed": timedelta(minutes=30),
    "unserved": timedelta(minutes=30),
    "suspended": timedelta(minutes=30),
    "continued": timedelta(minutes=30),
    "booked": timedelta(hours=2),
    "reminded": timedelta(hours=3),
}
# Worth sending until the claim time of the booked place.
UNTIL_CLAIMED: tuple[Kind, ...] = ("closed", "reopened", "rescheduled")
# The standings of a ticket or booking in which a text about it holds.
TRUE_WHILE: Mapping[Kind, tuple[Standing, ...]] = {
    "issued": ("waiting",),
    "approaching": ("waiting",),
    "called": ("called",),
    "recalled": ("called",),
    "transferred": ("waiting",),
    "missed": ("missed",),
    "unserved": ("over",),
    "suspended": ("waiting", "held"),
    "continued": ("waiting", "held"),
    "booked": ("booked",),
    "reminded": ("booked",),
    "closed": ("booked",),
    "reopened": ("booked",),
    "rescheduled": ("booked",),
}
# Texts that hold only until the next event of the ticket.
OF_THE_LATEST = ("issued", "called", "recalled", "transferred", "missed", "unserved")
# The kind of text that news of a ticket leads to; news that is not listed leads to none.
TEXT_ABOUT: Mapping[What, Kind] = {
    "approaching": "approaching",
    "recalled": "recalled",
    "transferred": "transferred",
    "missed": "missed",
    "unserved": "unserved",
}
