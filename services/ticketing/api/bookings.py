"""Online booking: a place on a day to come, which becomes a ticket when its holder checks in."""

from typing import Any

from services.chassis.clock import now
from services.chassis.idempotency import command_context, keyed_request
from services.chassis.routes import public
from services.kernel.guard import is_staff, limited
from services.ticketing import views
from services.ticketing.api.admission import WITH_PASS, channel_of_booking, channel_of_ticket
from services.ticketing.api.schemas import KEY, BookableOut, BookingOut, NewBooking, TicketOut, WantedBooking
from services.ticketing.api.tickets import blueprint, codes, must_be_of, queue
from services.ticketing.domain.day.commands import BookPlace, CancelBooking, CheckIn
from services.ticketing.domain.day.events import PlaceBooked, TicketIssued
from services.ticketing.domain.day.state import Booking
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import booking_of, day_of, day_stream, ticket_of

PLACES_AGE = 5.0  # seconds that the days on offer may be behind: booking one looks again


@blueprint.post("/bookings")
@public
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(NewBooking())
@blueprint.response(201, BookingOut)
@blueprint.alt_response(
    409,
    description="`no-bookings`, `service-away`, `capacity-reached`, `service-full`, `places-kept`, "
    "`booking-share-reached`",
)
@limited("bookings")
def book(wanted: dict[str, Any], mall: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Book a place on a day to come."""
    known, day, at = queue().mall(mall), wanted["day"], now()
    code = codes().booking(day, *keyed_request())
    wish = (wanted["service"], wanted["priority"], day)
    command = BookPlace(booking_of(code), *wish, at, known, channel_of_booking())
    outcome = queue().act(known, command, **command_context())
    placed = next(event for event in outcome.events if isinstance(event, PlaceBooked))
    must_be_of(code, placed.booking_id)
    where = {"Location": f"/ticketing/api/malls/{mall}/bookings/{code}"}
    return shown_booking(known, outcome.now.state.booking(placed.booking_id), code), 201, where


@blueprint.get("/bookings/days")
@public
@blueprint.arguments(WantedBooking(), location="query")
@blueprint.response(200, BookableOut)
def bookable_days(wanted: dict[str, Any], mall: str) -> dict[str, Any]:
    """The days ahead on which this service can be booked, and why not on the others."""
    return {"days": bookable(queue().mall(mall), wanted["service"], wanted["priority"])}


def bookable(known: Mall, service: str, priority: str | None = None) -> list[dict[str, Any]]:
    """The days ahead of a service. Raises `UnknownService`."""
    known.service(service)
    days, at = queue().days, now()
    return views.bookable_days(
        known,
        service,
        priority,
        at,
        lambda on: days.snapshot(day_stream(known.about.code, on), max_age=PLACES_AGE).state,
        channel_of_booking(),
    )


@blueprint.get("/bookings/<booking_code>")
@public
@blueprint.response(200, BookingOut)
def get_booking(mall: str, booking_code: str) -> dict[str, Any]:
    """The current state of a booking: by its code for the visitor, by its id for staff."""
    day = queue().day_with(mall, booking_code)
    if is_staff() and (found := day.bookings.get(booking_code)):
        return views.booking(queue().mall(mall), found, now())
    return shown_booking(queue().mall(mall), day.booking(booking_of(booking_code)), booking_code)


def shown_booking(known: Mall, found: Booking, code: str) -> dict[str, Any]:
    """A booking for its holder, with the way to the ticket that was issued for it."""
    ticket = codes().claimed(day_of(code), code)
    return views.booking(known, found, now(), code, ticket if ticket_of(ticket) == found.ticket_id else "")


@blueprint.post("/bookings/<booking_code>/cancellation")
@public
@blueprint.response(200, BookingOut)
@blueprint.alt_response(409, description="`booking-used`")
@limited("cancellations")
def cancel_booking(mall: str, booking_code: str) -> dict[str, Any]:
    """Give the place back."""
    known, booking_id = queue().mall(mall), booking_of(booking_code)
    outcome = queue().act_on(mall, booking_id, CancelBooking(booking_id, now()), **command_context())
    return shown_booking(known, outcome.now.state.booking(booking_id), booking_code)


@blueprint.post("/bookings/<booking_code>/check-in")
@public
@blueprint.doc(parameters=[KEY, WITH_PASS])
@blueprint.response(201, TicketOut)
@blueprint.alt_response(409, description="`booking-used`, `booking-over`, `other-day`, and as for taking a ticket")
@limited("tickets")
def check_in(mall: str, booking_code: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Who booked has come: take the ticket, once."""
    known, booking_id = queue().mall(mall), booking_of(booking_code)
    ticket = codes().claimed(day_of(booking_id), booking_code)
    at = now()
    command = CheckIn(booking_id, ticket_of(ticket), at, known, channel_of_ticket(mall, at))
    outcome = queue().act_on(mall, booking_id, command, **command_context())
    issued = next(event for event in outcome.events if isinstance(event, TicketIssued))
    must_be_of(ticket, issued.ticket_id)
    where = {"Location": f"/ticketing/api/malls/{mall}/tickets/{ticket}"}
    return views.issued_ticket(outcome.now.state, known, issued, ticket), 201, where
