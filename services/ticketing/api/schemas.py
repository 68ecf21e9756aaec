"""What comes in and goes out over HTTP, for validation and for the API's documentation."""

import unicodedata
from typing import Any, get_args

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from services.chassis.instants import Instant
from services.ticketing.domain.day.state import Status
from services.ticketing.domain.mall import RATIO, RuleName, Scope

UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Cn")  # control, format, surrogate, private use, unassigned
RESULTS = ("done", "incomplete", "referred")
STANDINGS = ("free", "full", "holiday", "closed", "suspended", "too-late")
ID = "Public: events and staff screens carry it, and nothing can be done with it alone."
CODE = "The visitor's secret, for cancelling, phone number and survey; null in answers to staff."
PAGE = "The visitor's own page; null in answers to staff."
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
    "description": "The same key again from the same caller (token, session or network address) gets the same answer; "
    "with another request it is refused (422 key-reused).",
}


class Text(ma.fields.String):
    """A text for people: composed characters (NFC), one line, without spaces around it and control characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **more))
        text = " ".join(text.split())
        if any(unicodedata.category(character) in UNPRINTABLE for character in text):
            raise ma.ValidationError("Contains characters that cannot be printed.")
        return text


def text(longest: int, shortest: int = 0, **more: Any) -> Text:
    """A text of so many characters; optional unless it has to have some."""
    if shortest:
        return Text(required=True, validate=Length(shortest, longest), **more)
    return Text(load_default="", validate=Length(max=longest), **more)


class Reason(ma.Schema):
    """Why; it is recorded, and shown where the act concerns visitors."""

    reason = text(200, 3)


class Note(ma.Schema):
    """Why, for the record and for the staff alone."""

    reason = text(200, 3)


class NewTicket(ma.Schema):
    """What a visitor needs, the priority class they claim, if any, and another ticket of the same visit."""

    service = text(64, 1, metadata={"example": "DUKCAPIL-KTPREKAM"})
    priority = ma.fields.String(load_default=None, allow_none=True, validate=Length(1, 30))
    beside = text(
        64, metadata={"description": "Code of a ticket of the same visitor, who is called to one counter at a time."}
    )


class NewWalkIn(ma.Schema):
    """A visitor who stands at the counter without a ticket; a reason is needed if others wait."""

    service = text(64, 1)
    priority = ma.fields.String(load_default=None, allow_none=True, validate=Length(1, 30))
    reason = text(200)


class NewBooking(ma.Schema):
    """A service and the day to come for it."""

    service = text(64, 1, metadata={"example": "DUKCAPIL-KTPREKAM"})
    day = ma.fields.Date(required=True, metadata={"example": "2026-11-30"})
    priority = ma.fields.String(load_default=None, allow_none=True, validate=Length(1, 30))


class WantedBooking(ma.Schema):
    """A service, and the priority class of whoever wants to book it."""

    service = text(64, 1)
    priority = ma.fields.String(load_default=None, allow_none=True, validate=Length(1, 30))


class Call(ma.Schema):
    """Nothing to call the next visitor; a ticket's id and a reason to call that one out of turn."""

    ticket = text(64)
    reason = text(200)


class Finished(ma.Schema):
    """How the visit ended, and codes of further services that were given in it."""

    result = ma.fields.String(load_default="done", validate=OneOf(RESULTS))
    also = ma.fields.List(ma.fields.String(validate=Length(1, 64)), load_default=list, validate=Length(max=20))


class Transfer(ma.Schema):
    """Where the visitor goes: a service, or one counter of it; the note is for the next clerk."""

    service = text(64, 1)
    counter = text(10)
    note = text(200)


class AtCounter(ma.Schema):
    """The counter the visitor comes back to; a clerk's own, if left out."""

    counter = text(10)


class NewRule(ma.Schema):
    """Who is called next for the rest of the day, and why it changes."""

    rule = ma.fields.String(required=True, validate=OneOf(get_args(RuleName)))
    in_a_row = ma.fields.Integer(load_default=RATIO.in_a_row, validate=Range(1, 20))
    ceiling_minutes = ma.fields.Integer(load_default=RATIO.ceiling_minutes, allow_none=True, validate=Range(1, 600))
    reason = text(200, 3)


class NewClosure(ma.Schema):
    """The mall, a counter or a service is closed from now or `since`, until it is reopened or `until`."""

    scope = ma.fields.String(required=True, validate=OneOf(get_args(Scope)))
    code = text(64, metadata={"description": "The counter's or service's code; none for the mall."})
    reason = text(200, 3)
    since = Instant(load_default=None, allow_none=True)
    until = Instant(load_default=None, allow_none=True)


class WhichClosure(ma.Schema):
    """The closure's id; left out: those that hold now or, if none does, those that are planned."""

    id = ma.fields.String(load_default="", validate=Length(max=40))


class Period(ma.Schema):
    """Days from first to last (both included; today if left out), divided by something, as JSON or CSV."""

    first = ma.fields.Date(data_key="from", load_default=None)
    last = ma.fields.Date(data_key="to", load_default=None)
    by = ma.fields.String(
        load_default="agency", validate=OneOf(["service", "agency", "counter", "class", "hour", "day"])
    )
    format = ma.fields.String(load_default="json", validate=OneOf(["json", "csv"]))

    @ma.validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            raise ma.ValidationError("Must not be before the first day.", "to")


class Format(ma.Schema):
    """JSON or CSV."""

    format = ma.fields.String(load_default="json", validate=OneOf(["json", "csv"]))


class PlaceOut(ma.Schema):
    """A counter and its floor."""

    code = ma.fields.String()
    floor = ma.fields.Integer()


class EstimateOut(ma.Schema):
    """How long the wait will be, in whole minutes: eight of ten waits are meant to fall inside."""

    low_minutes = ma.fields.Integer()
    high_minutes = ma.fields.Integer()


class InForceOut(ma.Schema):
    """What holds for a visitor now: `open`, or what prevents a call or a claim, with its public reason and end."""

    state = ma.fields.String(metadata={"example": "open"})
    reason = ma.fields.String()
    until = ma.fields.String(allow_none=True)


class NewPass(ma.Schema):
    """The code that a screen in the mall shows."""

    code = text(20, 1, metadata={"example": "K7M2QX", "description": "Spaces and hyphens do not count."})


class PassOut(ma.Schema):
    """A pass, to be sent as `Presence-Pass` with so many requests for a ticket until it expires."""

    pass_ = ma.fields.String(data_key="pass", attribute="pass")
    expires_at = ma.fields.String()
    tickets = ma.fields.Integer()


class PresenceOut(ma.Schema):
    """What a screen of the mall shows: the code of this minute, and a QR code (SVG) that leads a phone on with it.

    `seconds` later there is another one. All null where the deployment asks for no proof of presence.
    """

    code = ma.fields.String(allow_none=True, metadata={"example": "K7M2QX"})
    until = ma.fields.String(allow_none=True)
    seconds = ma.fields.Float(allow_none=True)
    qr = ma.fields.String(allow_none=True)


class TransferredOut(ma.Schema):
    """How many tickets were sent on, and their numbers."""

    transferred = ma.fields.Integer()
    numbers = ma.fields.List(ma.fields.String())


class TicketOut(ma.Schema):
    """A ticket without personal data; times in ISO 8601.

    `ahead` and `estimate` are null once it does not wait, and while no counter can call it (`in_force`).
    """

    id = ma.fields.String(metadata={"description": ID})
    code = ma.fields.String(allow_none=True, metadata={"description": CODE})
    number = ma.fields.String(metadata={"example": "B-012"})
    status = ma.fields.String(validate=OneOf(get_args(Status)))
    service = ma.fields.String()
    service_name = ma.fields.String()
    agency = ma.fields.String()
    agency_name = ma.fields.String()
    counters = ma.fields.List(ma.fields.Nested(PlaceOut))
    counter = ma.fields.Nested(PlaceOut, allow_none=True)
    in_force = ma.fields.Nested(InForceOut, allow_none=True)
    ending_reason = ma.fields.String(allow_none=True, metadata={"description": "Why a supervisor ended it."})
    ahead = ma.fields.Integer(allow_none=True)
    estimate = ma.fields.Nested(EstimateOut, allow_none=True)
    issued_at = ma.fields.String()
    called_at = ma.fields.String(allow_none=True)
    calls = ma.fields.Integer(metadata={"description": "How often it was called, repeats included."})
    mall_name = ma.fields.String()
    business_day = ma.fields.String()
    status_url = ma.fields.String(allow_none=True, metadata={"description": PAGE})


class BookingOut(ma.Schema):
    """A booked place: it becomes a ticket by checking in, once, and falls back to everybody at `claim_by`."""

    id = ma.fields.String(metadata={"description": ID})
    code = ma.fields.String(allow_none=True, metadata={"description": CODE})
    status = ma.fields.String(validate=OneOf(["booked", "claimed", "cancelled", "lapsed"]))
    service = ma.fields.String()
    service_name = ma.fields.String()
    agency = ma.fields.String()
    agency_name = ma.fields.String()
    day = ma.fields.String()
    claim_by = ma.fields.String()
    in_force = ma.fields.Nested(InForceOut, allow_none=True)
    ticket = ma.fields.String(allow_none=True, metadata={"description": "Id of the ticket that was issued for it."})
    ticket_url = ma.fields.String(allow_none=True, metadata={"description": "The visitor's page of that ticket."})
    mall_name = ma.fields.String()
    status_url = ma.fields.String(allow_none=True, metadata={"description": PAGE})


class BookableDayOut(ma.Schema):
    """A day ahead: its hours and until when a place booked for it is kept; `reason` as booking it would be refused."""

    day = ma.fields.String()
    bookable = ma.fields.Boolean()
    reason = ma.fields.String(allow_none=True, metadata={"example": "capacity-reached"})
    standing = ma.fields.String(validate=OneOf(STANDINGS))
    why_closed = ma.fields.String(allow_none=True)
    hours = ma.fields.List(ma.fields.List(ma.fields.String()))
    claim_by = ma.fields.String()


class BookableOut(ma.Schema):
    """The days ahead, today first; none where the mall takes no bookings."""

    days = ma.fields.List(ma.fields.Nested(BookableDayOut))


class RuleOut(ma.Schema):
    """Who is called next."""

    rule = ma.fields.String(validate=OneOf(get_args(RuleName)))
    in_a_row = ma.fields.Integer()
    ceiling_minutes = ma.fields.Integer(allow_none=True)


class HallOut(ma.Schema):
    """What the hall display shows; `position` grows with every event of the day."""

    mall = ma.fields.String()
    name = ma.fields.String()
    zone = ma.fields.String()
    business_day = ma.fields.String()
    position = ma.fields.String(metadata={"example": "2026-11-24@57"})
    open = ma.fields.Boolean()
    tickets = ma.fields.Boolean(metadata={"description": "Whether tickets are given now."})
    override = ma.fields.String(allow_none=True)
    stopped = ma.fields.String(allow_none=True)
    why_closed = ma.fields.String(allow_none=True)
    next_opening = ma.fields.String(allow_none=True)
    capacity = ma.fields.Integer()
    issued = ma.fields.Integer(metadata={"description": "Places taken: tickets and bookings that were not given back."})
    rule = ma.fields.Nested(RuleOut)
    closures = ma.fields.List(ma.fields.Dict())
    serving = ma.fields.List(ma.fields.Dict())
    calls = ma.fields.List(ma.fields.Dict())
    waiting = ma.fields.List(ma.fields.Dict())
    catalogue = ma.fields.String(metadata={"description": "Another one whenever what the kiosk offers has changed."})
    seal = ma.fields.String(allow_none=True, metadata={"description": "Once the day is closed, its last hash."})
