"""The occasions of texts in tables: how long each is worth sending, and while what it is true."""

from collections.abc import Mapping
from datetime import timedelta

from services.notifications.domain.correspondence.state import Standing
from services.notifications.domain.events import Kind, What

# A text that comes later than this is worse than none: the visitor has been called past, or sits there already.
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
# Of use until the time by which the booked place has to be claimed.
UNTIL_CLAIMED: tuple[Kind, ...] = ("closed", "reopened", "rescheduled")
# How a ticket must stand for a text about it to be true.
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
# True only until the next thing happens.
OF_THE_LATEST = ("issued", "called", "recalled", "transferred", "missed", "unserved")
TOLD: Mapping[What, Kind] = {
    "approaching": "approaching",
    "recalled": "recalled",
    "transferred": "transferred",
    "missed": "missed",
    "unserved": "unserved",
}
