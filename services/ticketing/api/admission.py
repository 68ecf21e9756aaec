"""How a place is taken: by a kiosk or staff, by a phone in the hall with proof of presence, or from home."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, request

from services.chassis.errors import Forbidden, Problem, TooMany, Unavailable
from services.chassis.limits import Limits
from services.chassis.origin import address
from services.kernel.guard import is_of_the_house
from services.ticketing.domain.day.events import Channel
from services.ticketing.presence import TICKETS_A_PASS, Presence

SHOWN_TO = ("device", "supervisor", "administrator")  # roles whose screens show the code
HEADER = "Presence-Pass"  # header of a request for a ticket
WITH_PASS = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "maxLength": 1000},
    "description": "The pass that a code on a screen of the mall was exchanged for. Without one, kiosks and staff "
    "apart, the ticket is taken from home.",
}


class DevicesOnly(Forbidden):
    """Only kiosks and staff may take tickets in this deployment."""


class HomeLimitReached(TooMany):
    """This address has taken as many tickets from home today as one may."""


class PassUsedUp(Forbidden):
    """As many tickets as a pass allows were taken with it."""


@dataclass
class Admission:
    """How a ticket is taken; `is_repeat` where an earlier request was answered again, which was counted then."""

    channel: Channel
    is_repeat: bool = False


def presence() -> Presence:
    """This process's maker of codes and passes."""
    found: Presence = current_app.extensions["presence"]
    return found


def limits() -> Limits:
    """This process's limits."""
    found: Limits = current_app.extensions["limits"]
    return found


def tickets_from() -> str:
    """Return the setting `TICKETS_FROM`: `anybody`, `presence` or `devices`."""
    return str(current_app.config["TICKETS_FROM"])


def channel_of_booking() -> Channel:
    """Return how the caller books a place. A pass is for tickets of today alone."""
    if is_of_the_house():
        return "kiosk"
    return "" if tickets_from() == "anybody" else "home"


def channel_of_ticket(mall: str, at: datetime) -> Channel:
    """Return how the caller takes a ticket. Raises `PresenceOver` for a pass that is not valid here and now."""
    channel = channel_of_booking()
    if channel == "home" and (given := request.headers.get(HEADER)):
        presence().holder(mall, given, at)
        return "hall"
    return channel


@contextmanager
def admitted(mall: str, at: datetime) -> Iterator[Admission]:
    """Admit the caller to one more ticket, and count it unless it is refused or was counted before.

    It is counted under the pass of a visitor in the hall, or the address of one at home. Raises `DevicesOnly`,
    `PresenceOver`, `PassUsedUp` and `HomeLimitReached`.
    """
    channel = channel_of_ticket(mall, at)
    if channel != "kiosk" and tickets_from() == "devices":
        raise DevicesOnly()
    admission, counted = Admission(channel), _counted(mall, channel, at)
    try:
        yield admission
    except Unavailable:
        raise  # whether the ticket was recorded is not known
    except Problem:
        limits().give_back(counted)
        raise
    if admission.is_repeat:
        limits().give_back(counted)


def _counted(mall: str, channel: Channel, at: datetime) -> str:
    """Count a ticket of a visitor; return the key of the count, empty for other channels."""
    match channel:
        case "hall":
            return _counted_of_pass(presence().holder(mall, request.headers[HEADER], at))
        case "home":
            return _counted_from_home(mall)
        case _:
            return ""


def _counted_of_pass(holder: str) -> str:
    try:
        return limits().take("tickets_of_pass", holder)
    except TooMany as error:
        raise PassUsedUp(most=TICKETS_A_PASS) from error


def _counted_from_home(mall: str) -> str:
    try:
        return limits().take("home", address(), mall)
    except TooMany as error:
        raise HomeLimitReached(most=current_app.config["HOME_MOST"], **error.params) from error
